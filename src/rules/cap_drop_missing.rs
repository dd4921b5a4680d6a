use crate::compose::{Service, ServiceId};
use crate::diag::{Category, Severity};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "cap-drop-missing",
    category: Category::Hardening,
    set: RuleSet::Hardening,
    causes: &[],
    severity: Severity::Info,
    fix: FixKind::Never,
    since: "0.1.0",
    title: Words { en: "Capabilities that nobody asked for", zh: "没有人要的 capability" },
    doc: Words {
        en: "\
A container that runs as root keeps fourteen capabilities by default, among them to send raw packets (`NET_RAW`), to pass over file permissions
(`DAC_OVERRIDE`) and to make device nodes (`MKNOD`). Most servers need none: `cap_drop: [ALL]`, and give back what the log misses. A server that changes to
another user as it starts needs `SETUID` and `SETGID`, mostly `CHOWN` too.

One finding for all services that don't drop `ALL`; a privileged one has them whatever it drops.",
        zh: "\
以 root 运行的容器默认保留十四个 capability，其中有发送原始报文（`NET_RAW`）、无视文件权限（`DAC_OVERRIDE`）、创建设备节点（`MKNOD`）。多数服务一个也不需要：写 `cap_drop: [ALL]`，日志里缺哪个再加回哪个。
启动后换用户的服务需要 `SETUID`、`SETGID`，通常还有 `CHOWN`。

所有没有丢弃 `ALL` 的服务合在一条里报告；privileged 的容器丢弃也没用，不在其中。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let lacking: Vec<ServiceId> = cx.containers().filter(|(_, s)| !drops(s) && !privileged(s)).map(|(id, _)| id).collect();
    let message = text!(
        "all of Docker's default capabilities are left to ",
        "保留着 Docker 的全部默认 capability："
    );
    let Some((mut finding, _)) = cx.absent(&lacking, "cap_drop", &message) else { return };
    finding.help.push(text!(
        "cap_drop: [ALL], then cap_add what it stops without",
        "先 cap_drop: [ALL]，再用 cap_add 加回缺的"
    ));
    cx.report(finding);
}

/// Whether it drops all, or may.
fn drops(service: &Service) -> bool {
    let items = service.value.get("cap_drop").map_or(&[][..], |v| v.items());
    items.iter().any(|item| item.uncertain() || item.str().is_some_and(|name| name.trim().eq_ignore_ascii_case("ALL")))
}

fn privileged(service: &Service) -> bool {
    service.value.get("privileged").is_some_and(|v| v.truth() == Some(true))
}
