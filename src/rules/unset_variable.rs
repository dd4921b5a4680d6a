use crate::compose::ProblemKind;
use crate::diag::{Category, Severity, Text};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "unset-variable",
    category: Category::Env,
    set: RuleSet::Default,
    causes: &["env-file-missing"],
    severity: Severity::Error,
    fix: FixKind::Never,
    since: "0.1.0",
    title: Words { en: "A variable that must be set is not", zh: "必须设置的变量没有设置" },
    doc: Words {
        en: "\
`${NAME:?message}` makes Compose stop where NAME is not set: `required variable NAME is missing a value: message`. Set it in `.env` or in the shell. Where `.env`
is not in the checkout (an example stands beside it, or git leaves it out) this is an information.",
        zh: "\
`${NAME:?提示}` 的意思是：NAME 没有设置，Compose 就停下：`required variable NAME is missing a value: 提示`。请在 `.env` 或 shell 里设置它。如果仓库里本来就没有 `.env`（旁边有示例，或者 git 忽略了它），这里只作提示。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    for problem in &cx.project().problems {
        let ProblemKind::Required { name, message: said, uncertain } = &problem.kind else { continue };
        let empty = cx.project().scope.get(name).is_some();
        let message = if empty {
            text!("`{name}` must not be empty", "`{name}` 不能为空")
        } else {
            text!("`{name}` must be set", "必须设置 `{name}`")
        };
        let mut finding = cx.problem(problem, message);
        finding.cause = Some("env-file-missing");
        if *uncertain {
            finding.severity = Severity::Info;
        }
        if !said.is_empty() {
            finding.label = Text::same(said.to_string());
        }
        finding.help.push(if empty {
            text!("give it a value where it is set: {name}=...", "在设置它的地方写上值：{name}=...")
        } else {
            text!("add to .env: {name}=...", "在 .env 里加上：{name}=...")
        });
        cx.report(finding);
    }
}
