use crate::compose::ProblemKind;
use crate::diag::{Category, Related, Severity};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "duplicate-key",
    category: Category::Model,
    set: RuleSet::Default,
    causes: &[],
    severity: Severity::Error,
    fix: FixKind::Never,
    since: "0.1.0",
    title: Words { en: "A key stands twice in one mapping", zh: "同一个映射里有重复的键" },
    doc: Words {
        en: "\
Compose rejects the file: `mapping key \"image\" already defined at line 3`. That holds for services, for variables and for `<<` (write `<<: [*a, *b]` to
merge two blocks).",
        zh: "\
Compose 会拒绝这个文件：`mapping key \"image\" already defined at line 3`。服务、变量、`<<` 都一样（要合并两个段落就写 `<<: [*a, *b]`）。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    for problem in &cx.project().problems {
        let ProblemKind::DuplicateKey { key, first } = &problem.kind else { continue };
        let mut finding = cx.problem(problem, text!("`{key}` is given twice", "`{key}` 重复了"));
        finding.label = text!("again here", "这里又写了一次");
        finding.related.push(Related {
            place: crate::diag::Place { span: *first, path: problem.path.clone() },
            service: None,
            message: text!("first here", "第一次在这里"),
        });
        if &**key == "<<" {
            finding.help.push(text!("merge several with a list: <<: [*a, *b]", "合并多个要写成列表：<<: [*a, *b]"));
        } else {
            finding.help.push(text!("take one of the two away", "去掉其中一个"));
        }
        cx.report(finding);
    }
}
