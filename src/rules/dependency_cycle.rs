use crate::compose::ProblemKind;
use crate::diag::{Category, Severity};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "dependency-cycle",
    category: Category::Model,
    set: RuleSet::Default,
    causes: &["startup-order"],
    severity: Severity::Error,
    fix: FixKind::Never,
    since: "0.1.0",
    title: Words { en: "Services that wait for each other", zh: "服务之间互相等待" },
    doc: Words {
        en: "\
Compose starts a service after those that it needs: `depends_on`, `links`, `network_mode: service:`, `volumes_from`. A circle can't be started:
`dependency cycle detected`. Take out one edge; two services that call each other at run time need no `depends_on` in both directions, their names
resolve as soon as both run.",
        zh: "\
Compose 先启动被依赖的服务：`depends_on`、`links`、`network_mode: service:`、`volumes_from`。绕成一圈就没法启动：`dependency cycle detected`。
去掉其中一条；运行时互相调用的两个服务不需要两个方向都写 `depends_on`，两边都启动后名字自然能解析。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    for problem in &cx.project().problems {
        let ProblemKind::Cycle { services } = &problem.kind else { continue };
        let circle = services.join(" → ");
        let message = text!("services that wait for each other: {circle}", "服务互相等待：{circle}");
        let mut finding = cx.problem(problem, message);
        finding.cause = Some("startup-order");
        finding.help.push(text!(
            "remove one of these dependencies: to call each other at run time they need none",
            "去掉其中一个依赖：运行时互相调用不需要它"
        ));
        cx.report(finding);
    }
}
