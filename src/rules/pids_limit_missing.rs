use crate::compose::{Service, ServiceId, V};
use crate::diag::{Category, Severity};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "pids-limit-missing",
    category: Category::Hardening,
    set: RuleSet::Hardening,
    causes: &[],
    severity: Severity::Info,
    fix: FixKind::Never,
    since: "0.1.0",
    title: Words { en: "Services that may start processes without end", zh: "可以无限创建进程的服务" },
    doc: Words {
        en: "\
A service that starts processes without end, by mistake or as an attack (`:(){ :|:& };:`), takes them from the whole host until nobody can log in. `pids_limit: 512`
(or `deploy.resources.limits.pids`) stops it at itself. Threads count too: what serves models or runs Java takes hundreds. `docker stats` shows how many there are.

One finding for all services that go without; the engine may have a limit of its own for all.",
        zh: "\
服务无限创建进程，不管是出错还是攻击（`:(){ :|:& };:`），都会占光整台机器的进程数，直到谁也登录不上。`pids_limit: 512`（或 `deploy.resources.limits.pids`）能把它挡在自己的范围内。线程也算：模型服务、Java 要几百个。
用 `docker stats` 看现在有多少。

所有没写的服务合在一条里报告；引擎可能对所有容器另有上限。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let limited = |s: &Service| {
        let deployed = s.value.get("deploy").and_then(|d| d.get("resources")?.get("limits")?.get("pids"));
        // -1 and 0 are no limit.
        let bounds = |v: &V| v.uncertain() || v.shown().and_then(|n| n.parse::<i64>().ok()).is_none_or(|n| n > 0);
        s.value.get("pids_limit").into_iter().chain(deployed).any(bounds)
    };
    let lacking: Vec<ServiceId> = cx.containers().filter(|(_, s)| !limited(s)).map(|(id, _)| id).collect();
    let message = text!("the host's processes can be used up by ", "可以用光宿主机的进程数：");
    let Some((mut finding, _)) = cx.absent(&lacking, "pids_limit", &message) else { return };
    finding.help.push(text!(
        "count with docker stats, then pids_limit: 512",
        "先用 docker stats 数一下，再写 pids_limit: 512"
    ));
    cx.report(finding);
}
