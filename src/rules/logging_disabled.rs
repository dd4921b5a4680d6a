use crate::remedy::say;
use crate::diag::{Category, Severity};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "logging-disabled",
    category: Category::Hardening,
    set: RuleSet::Hardening,
    causes: &[],
    severity: Severity::Info,
    fix: FixKind::Sometimes,
    since: "0.1.0",
    title: Words { en: "A service that leaves no log", zh: "不留日志的服务" },
    doc: Words {
        en: "\
With `driver: none` `docker compose logs` shows nothing, so neither a fault nor a break-in leaves a trace. If the log was too large, bound it instead:
`driver: json-file` with `max-size: 10m` and `max-file: \"3\"`, or the `local` driver, which does so by itself.",
        zh: "\
用 `driver: none`，`docker compose logs` 什么也看不到，出了故障、被攻破都不留痕迹。如果是嫌日志太大，应该限制它：`driver: json-file` 加 `max-size: 10m`、`max-file: \"3\"`，或者用自带上限的 `local` 驱动。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let mut found = Vec::new();
    for (id, service) in cx.containers() {
        let driver = service.value.get("logging").and_then(|l| l.get("driver"));
        if let Some(driver) = driver.filter(|d| d.str() == Some("none") && !d.uncertain()) {
            found.push((id, cx.place(driver, service.path("logging.driver")), ()));
        }
    }
    for held in Cx::by_place(found) {
        let message = text!(
            "neither a fault nor a break-in leaves a trace in ",
            "故障和入侵都不留痕迹："
        )
        .and(&cx.listed(&held.services));
        let mut finding = cx.held(&held, message);
        finding.help.push(text!("to bound the log: driver: local", "要限制日志大小：driver: local"));
        let description = text!(
            "write to a log that bounds itself: driver: local",
            "写进自带上限的日志：driver: local"
        );
        Cx::plan(&mut finding, say(cx.desk(), &held.services, &["logging", "driver"], "local", description));
        cx.report(finding);
    }
}
