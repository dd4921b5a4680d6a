use crate::compose::ProblemKind;
use crate::diag::{Category, Severity};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "network-mode-conflict",
    category: Category::Model,
    set: RuleSet::Default,
    causes: &["network-mismatch"],
    severity: Severity::Error,
    fix: FixKind::Never,
    since: "0.1.0",
    title: Words { en: "network_mode and networks exclude each other", zh: "network_mode 和 networks 不能同时写" },
    doc: Words {
        en: "Compose rejects the project: `service x declares mutually exclusive network_mode and networks`. Keep one of the two.",
        zh: "Compose 会拒绝这个项目：`service x declares mutually exclusive network_mode and networks`。两者只留一个。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    for problem in &cx.project().problems {
        if !matches!(problem.kind, ProblemKind::Exclusive { one: "network_mode", .. }) {
            continue;
        }
        let message = text!("network_mode and networks exclude each other", "network_mode 和 networks 不能同时写");
        let mut finding = cx.problem(problem, message);
        finding.cause = Some("network-mismatch");
        finding.help.push(text!("keep one of the two", "两者只留一个"));
        cx.report(finding);
    }
}
