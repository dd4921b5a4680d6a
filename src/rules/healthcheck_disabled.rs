use crate::diag::Place;
use crate::diag::{Category, Severity};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "healthcheck-disabled",
    category: Category::Hardening,
    set: RuleSet::Hardening,
    causes: &[],
    severity: Severity::Info,
    fix: FixKind::Never,
    since: "0.1.0",
    title: Words { en: "A health check that is switched off", zh: "关掉了健康检查" },
    doc: Words {
        en: "\
`disable: true` or `test: [NONE]` takes away the check that the image brings: a server that hangs counts as running, and whoever waits for it with `condition:
service_healthy` waits in vain. If the check was wrong, or slow at the start, write a right one, with `start_period`.",
        zh: "\
`disable: true` 或 `test: [NONE]` 会去掉镜像自带的检查：卡死的服务也算正常，用 `condition: service_healthy` 等它的服务永远等不到。如果是检查写得不对，或者启动太慢，就写一个对的，加上 `start_period`。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let mut found = Vec::new();
    for (id, service) in cx.containers() {
        if let Some(check) = service.healthcheck.as_ref().filter(|h| h.disabled) {
            found.push((id, Place { span: check.span, path: service.path("healthcheck") }, ()));
        }
    }
    for held in Cx::by_place(found) {
        let message = text!(
            "the image's own health check is switched off for ",
            "镜像自带的健康检查被关掉了："
        )
        .and(&cx.listed(&held.services));
        let mut finding = cx.held(&held, message);
        finding.label = text!("a server that hangs counts as running", "卡死了也算正常");
        cx.report(finding);
    }
}
