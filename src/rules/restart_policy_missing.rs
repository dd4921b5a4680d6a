use crate::compose::{Service, ServiceId};
use crate::diag::Text;
use crate::remedy::give;
use crate::yaml::Fragment;
use crate::diag::{Category, Severity};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "restart-policy-missing",
    category: Category::Hardening,
    set: RuleSet::Hardening,
    causes: &[],
    severity: Severity::Info,
    fix: FixKind::Sometimes,
    since: "0.1.0",
    title: Words { en: "Services that stay down", zh: "停了就不再启动的服务" },
    doc: Words {
        en: "\
Without `restart` a service that ends, for whatever reason, stays down, and none comes back after the host was restarted. `restart: unless-stopped` brings it back
unless somebody stopped it.

One finding for all services that say nothing. Those that say `restart: \"no\"`, jobs that end, and services of a profile, which are started by hand, are not among
them.",
        zh: "\
没有 `restart`，服务不管因为什么退出都不会再启动，宿主机重启后也不会回来。`restart: unless-stopped` 会把它拉起来，除非是有人停掉的。

所有没写的服务合在一条里报告。写了 `restart: \"no\"` 的、跑完就结束的任务、要手工启动的 profile 里的服务不算。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let says = |s: &Service| {
        s.value.get("restart").is_some() || s.value.get("deploy").is_some_and(|d| d.get("restart_policy").is_some())
    };
    let lacking: Vec<ServiceId> = cx
        .containers()
        .filter(|(id, s)| !says(s) && s.profiles.is_empty() && !cx.ends(*id))
        .map(|(id, _)| id)
        .collect();
    let message = text!(
        "after a crash or a restart of the host nothing starts ",
        "崩溃或宿主机重启之后不会再启动："
    );
    let Some((mut finding, ids)) = cx.absent(&lacking, "restart", &message) else { return };
    let description = Text::same("restart: unless-stopped");
    finding.help.push(description.clone());
    let value = Fragment::text("unless-stopped");
    Cx::plan(&mut finding, give(cx.desk(), &ids, "restart", &value, description));
    cx.report(finding);
}
