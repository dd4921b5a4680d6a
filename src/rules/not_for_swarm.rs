use crate::compose::{Entry, Service};
use crate::diag::{Category, Place, Severity};
use crate::network::Platform;
use crate::rule::{Cx, FixKind, Held, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "not-for-swarm",
    category: Category::Model,
    set: RuleSet::Default,
    causes: &[],
    severity: Severity::Warning,
    fix: FixKind::Never,
    since: "0.1.0",
    title: Words { en: "Attributes that swarm refuses or ignores", zh: "swarm 会拒绝或忽略的属性" },
    doc: Words {
        en: "\
With `--platform swarm`: `docker stack deploy` reads the Compose files of version 3, not the whole specification. It refuses a file with attributes that it does not know (`profiles`, `gpus`,
`pull_policy`, `depends_on` with conditions, GPU reservations under `deploy`), and passes in silence over others: `build`, `container_name`, `network_mode`, `restart`, `privileged`,
`devices`, the address in `127.0.0.1:8080:80`. So that port is open on every address, a service that relies on `network_mode: host` is on an overlay network there, and one that must be built finds no image.

Take `deploy.restart_policy` for `restart`, `deploy.resources.limits` for `mem_limit`, a registry for `build`. `depends_on` gives no order in swarm: let programs try again.",
        zh: "\
用 `--platform swarm` 时：`docker stack deploy` 只认第 3 版的 Compose 文件，不认完整的规范。遇到不认识的属性（`profiles`、`gpus`、`pull_policy`、带条件的 `depends_on`、`deploy` 里的 GPU 预留）就拒绝整个文件，
另一些则不声不响地跳过：`build`、`container_name`、`network_mode`、`restart`、`privileged`、`devices`、`127.0.0.1:8080:80` 里的地址。所以这个端口会在所有地址上开放，依赖 `network_mode: host` 的服务到了那里会接在 overlay 网络上，要构建的服务则找不到镜像。

`restart` 换成 `deploy.restart_policy`，`mem_limit` 换成 `deploy.resources.limits`，`build` 换成镜像仓库。swarm 里 `depends_on` 不保证顺序：让程序自己重试。",
    },
    check,
};

/// Source: <https://github.com/docker/cli/blob/master/cli/compose/types/types.go>, measured with `docker stack config` 28.5.
const KNOWN: [&str; 53] = [
    "build", "cap_add", "cap_drop", "cgroup_parent", "cgroupns_mode", "command", "configs", "container_name",
    "credential_spec", "depends_on", "deploy", "devices", "dns", "dns_search", "domainname", "entrypoint", "env_file",
    "environment", "expose", "external_links", "extra_hosts", "healthcheck", "hostname", "image", "init", "ipc",
    "isolation", "labels", "links", "logging", "mac_address", "network_mode", "networks", "oom_score_adj", "pid",
    "ports", "privileged", "read_only", "restart", "secrets", "security_opt", "shm_size", "stdin_open",
    "stop_grace_period", "stop_signal", "sysctls", "tmpfs", "tty", "ulimits", "user", "userns_mode", "volumes",
    "working_dir",
];
const IGNORED: [&str; 17] = [
    "build", "cgroup_parent", "cgroupns_mode", "container_name", "devices", "domainname", "external_links", "ipc",
    "links", "mac_address", "network_mode", "pid", "privileged", "restart", "security_opt", "shm_size", "userns_mode",
];

fn check(cx: &mut Cx<'_>) {
    if cx.facts().platform != Platform::Swarm {
        return;
    }
    let (mut refused, mut ignored) = (Vec::new(), Vec::new());
    if let Some(entry) = cx.project().root.entries().iter().find(|e| &*e.key == "name") {
        let key = entry.key.to_string();
        refused.push(Held { place: Place { span: entry.key_span, path: key.clone() }, services: Vec::new(), what: key });
    }
    for (id, service) in cx.project().services.iter().enumerate().filter(|(_, s)| s.active) {
        for entry in service.value.entries() {
            let key = &*entry.key;
            if key.starts_with("x-") || entry.value.is_null() {
                continue;
            }
            let place = Place { span: entry.key_span, path: service.path(key) };
            if let Some(what) = refuses(service, entry) {
                refused.push(Held { place, services: vec![id], what });
            } else if IGNORED.contains(&key) {
                ignored.push(Held { place, services: vec![id], what: key.to_owned() });
            } else if key == "ports" && service.ports.iter().any(|p| p.bound_to().is_some_and(|ip| !ip.is_unspecified())) {
                ignored.push(Held { place, services: vec![id], what: "ports (address)".to_owned() });
            }
        }
    }
    let found = cx.gathered(&refused, |list| text!("swarm refuses the file: {list}", "swarm 会拒绝这个文件：{list}"));
    if let Some(mut finding) = found {
        finding.severity = Severity::Error;
        finding.help.push(text!(
            "docker stack config -c FILE shows what it takes",
            "docker stack config -c 文件名 可以看它认哪些"
        ));
        cx.report(finding);
    }
    let found = cx.gathered(&ignored, |list| text!("swarm ignores {list}", "swarm 会忽略 {list}"));
    if let Some(mut finding) = found {
        finding.help.push(text!(
            "deploy.restart_policy stands for restart, a pushed image for build",
            "restart 换成 deploy.restart_policy，build 换成推送好的镜像"
        ));
        cx.report(finding);
    }
}

/// What of an attribute makes swarm refuse the file.
fn refuses(service: &Service, entry: &Entry) -> Option<String> {
    let key = &*entry.key;
    if !KNOWN.contains(&key) {
        return Some(key.to_owned());
    }
    match key {
        "depends_on" if entry.value.map().is_some() => Some("depends_on (mapping)".to_owned()),
        "env_file" if entry.value.items().iter().any(|i| i.map().is_some()) => Some("env_file (mapping)".to_owned()),
        "ports" if entry.value.items().iter().any(|i| i.get("host_ip").is_some()) => Some("ports (host_ip)".to_owned()),
        "deploy" => {
            let reserved = service.value.get("deploy")?.get("resources")?.get("reservations")?;
            reserved.get("devices").map(|_| "deploy.resources.reservations.devices".to_owned())
        }
        _ => None,
    }
}
