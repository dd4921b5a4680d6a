use crate::compose::ProblemKind;
use crate::diag::{Category, Severity};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "invalid-template",
    category: Category::Env,
    set: RuleSet::Default,
    causes: &["dollar-interpolation"],
    severity: Severity::Error,
    fix: FixKind::Never,
    since: "0.1.0",
    title: Words { en: "A ${...} that Compose can't read", zh: "Compose 读不懂的 ${...}" },
    doc: Words {
        en: "\
Compose knows `${NAME}`, `${NAME:-default}`, `${NAME-default}`, `${NAME:?message}`, `${NAME?message}`, `${NAME:+other}` and `${NAME+other}`; names are made of letters,
digits and `_`. Anything else between braces ends in `invalid interpolation format`. A dollar sign that means itself is written `$$`.",
        zh: "\
Compose 认识 `${NAME}`、`${NAME:-默认值}`、`${NAME-默认值}`、`${NAME:?提示}`、`${NAME?提示}`、`${NAME:+替换}`、`${NAME+替换}`；名字由字母、数字和 `_` 组成。花括号里写别的都会报 `invalid interpolation format`。
美元符号本身要写成 `$$`。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    for problem in &cx.project().problems {
        let ProblemKind::Template { .. } = &problem.kind else { continue };
        let mut finding =
            cx.problem(problem, text!("this ${{...}} has no meaning to Compose", "Compose 读不懂这个 ${{...}}"));
        finding.label =
            text!("Compose says `invalid interpolation format`", "Compose 会报 `invalid interpolation format`");
        finding.cause = Some("dollar-interpolation");
        finding
            .help
            .push(text!("write $$ for a dollar sign, or close the brace", "美元符号本身写成 $$；或者补上右花括号"));
        cx.report(finding);
    }
}
