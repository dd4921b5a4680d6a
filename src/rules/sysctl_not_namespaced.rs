use crate::compose::{Mode, Service};
use crate::diag::{Category, Severity};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::source::Span;
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "sysctl-not-namespaced",
    category: Category::Start,
    set: RuleSet::Default,
    causes: &["kernel-setting"],
    severity: Severity::Error,
    fix: FixKind::Never,
    since: "0.1.0",
    title: Words { en: "A kernel setting that a container can't have of its own", zh: "容器不能单独设置的内核参数" },
    doc: Words {
        en: "\
`sysctls` reaches only settings that the kernel keeps for each namespace: `net.*`, `fs.mqueue.*`, and a few `kernel.*` of System V IPC. With any other, `vm.max_map_count`
for Elasticsearch say, the container does not start: `sysctl \"vm.max_map_count\" is not in a separate kernel namespace`; `privileged` changes nothing. Set it on the host: `sysctl
-w vm.max_map_count=262144`, and in a file under `/etc/sysctl.d` for the next boot. With Docker Desktop the host is the virtual machine.

With `network_mode: host` the `net.*` settings are the host's too, `not allowed in host network namespace`; with `ipc: host` those of IPC.",
        zh: "\
`sysctls` 只能改内核按命名空间分开保存的参数：`net.*`、`fs.mqueue.*`，以及少数几个属于 System V IPC 的 `kernel.*`。写了别的，比如 Elasticsearch 要的 `vm.max_map_count`，容器就起不来：
`sysctl \"vm.max_map_count\" is not in a separate kernel namespace`；加 `privileged` 也没用。要在宿主机上设置：`sysctl -w vm.max_map_count=262144`，再写进 `/etc/sysctl.d` 下的文件，重启后才还在。
用 Docker Desktop 时，宿主机是那台虚拟机。

`network_mode: host` 时，`net.*` 也是宿主机的：`not allowed in host network namespace`；`ipc: host` 时，IPC 的参数也一样。",
    },
    check,
};

/// Source: runc, libcontainer/configs/validate (`sysctl`); measured with Docker Engine 28.5.
const OF_IPC: [&str; 8] = [
    "kernel.msgmax",
    "kernel.msgmnb",
    "kernel.msgmni",
    "kernel.sem",
    "kernel.shmall",
    "kernel.shmmax",
    "kernel.shmmni",
    "kernel.shm_rmid_forced",
];

fn check(cx: &mut Cx<'_>) {
    let mut seen = Vec::new();
    for service in &cx.project().services {
        // Another runtime may give a container a kernel of its own.
        let runtime = service.value.get("runtime").and_then(|r| r.str());
        if !service.active || runtime.is_some_and(|r| !matches!(r, "runc" | "nvidia")) {
            continue;
        }
        for (key, value, span) in settings(service) {
            let ipc = OF_IPC.contains(&key.as_str()) || key.starts_with("fs.mqueue.");
            let refusal = if key.starts_with("net.") {
                if service.mode != Mode::Host {
                    continue;
                }
                "not allowed in host network namespace"
            } else if ipc {
                if service.value.get("ipc").and_then(|i| i.str()) != Some("host") {
                    continue;
                }
                "not allowed in the hosts ipc namespace"
            } else if matches!(key.as_str(), "kernel.domainname" | "kernel.hostname") {
                continue;
            } else {
                "not in a separate kernel namespace"
            };
            let name = service.name.to_string();
            if seen.contains(&span) {
                continue;
            }
            seen.push(span);
            let message = text!(
                "`{name}` does not start: `{key}` can't be set for one container",
                "`{name}` 起不来：`{key}` 不能只给一个容器设置"
            );
            let mut finding = cx.finding(span, service.path(&format!("sysctls.{key}")), message);
            finding.cause = Some("kernel-setting");
            finding.services = vec![name];
            finding.label = text!("`sysctl \"{key}\" is {refusal}`", "`sysctl \"{key}\" is {refusal}`");
            finding.help.push(text!(
                "take it out, and set it on the host: sudo sysctl -w {key}={value}",
                "去掉这一项，在宿主机上设置：sudo sysctl -w {key}={value}"
            ));
            cx.report(finding);
        }
    }
}

/// `sysctls` in both forms: name, value, place.
fn settings(service: &Service) -> Vec<(String, String, Span)> {
    let Some(value) = service.value.get("sysctls") else { return Vec::new() };
    let entries = value.entries().iter().map(|e| (e.key.to_string(), e.value.shown().unwrap_or_default(), e.key_span));
    let items = value.items().iter().filter_map(|item| {
        let text = item.string().filter(|t| !t.uncertain)?.text();
        let (key, value) = text.split_once('=')?;
        Some((key.trim().to_owned(), value.trim().to_owned(), item.span))
    });
    entries.chain(items).collect()
}
