use crate::compose::{Mode, Service};
use crate::diag::{Applicability, Category, Finding, Severity, Strategy, Text};
use crate::network::Blocked;
use crate::remedy::Draft;
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;
use crate::yaml::Fragment;

pub(super) static RULE: Rule = Rule {
    id: "shared-namespace-conflict",
    category: Category::Start,
    set: RuleSet::Default,
    causes: &["network-mismatch"],
    severity: Severity::Error,
    fix: FixKind::Sometimes,
    since: "0.1.0",
    title: Words {
        en: "An attribute that the engine refuses together with another container's network",
        zh: "和别的容器共用网络时，引擎不接受的属性",
    },
    doc: Words {
        en: "\
With `network_mode: service:x` the container uses the network of `x`, names and hosts file included. `ports`, `expose`, `extra_hosts`, `hostname`, `dns` and
`links` then belong to `x`: `docker compose config` accepts them here, and `up` fails (`conflicting options: port publishing and the container type
network mode`, `custom host-to-IP mapping and the network mode`, ...). `links` fail with `network_mode: host` too. Write them on `x`.",
        zh: "\
`network_mode: service:x` 表示使用 `x` 的网络，连名字和 hosts 文件也一起用。这时 `ports`、`expose`、`extra_hosts`、`hostname`、`dns`、`links` 都要写在 `x` 上：写在这里 `docker compose config` 会接受，
`up` 却会失败（`conflicting options: port publishing and the container type network mode`、`custom host-to-IP mapping and the network mode` 等）。`links` 和 `network_mode: host` 也不能一起用。",
    },
    check,
};

/// What the engine says, by attribute.
fn refusal(attribute: &str) -> &'static str {
    match attribute {
        "ports" => "conflicting options: port publishing and the container type network mode",
        "expose" => "conflicting options: port exposing and the container type network mode",
        "extra_hosts" => "conflicting options: custom host-to-IP mapping and the network mode",
        "hostname" => "conflicting options: hostname and the network mode",
        "dns" => "conflicting options: dns and the network mode",
        _ => "conflicting options: container type network can't be used with links",
    }
}

fn check(cx: &mut Cx<'_>) {
    for (id, node) in cx.survey.net.nodes.iter().enumerate() {
        let Some(service) = cx.service(id) else { continue };
        let name = &service.name;
        match &node.blocked {
            Some(Blocked::SharedNamespace { .. }) => {
                for attribute in ["ports", "expose", "extra_hosts", "hostname", "dns", "links"] {
                    let Some(entry) = service.value.map().and_then(|m| m.get(attribute)).filter(|e| !e.value.is_null())
                    else {
                        continue;
                    };
                    if entry.value.seq().is_some_and(<[_]>::is_empty) {
                        continue;
                    }
                    let owner = match &service.mode {
                        Mode::Service(owner) | Mode::Container(owner) => owner.clone(),
                        _ => String::new(),
                    };
                    let message = text!(
                        "`{name}` can't start: it uses the network of `{owner}`, so {attribute} must be set there",
                        "`{name}` 启动不了：它用的是 `{owner}` 的网络，{attribute} 要写在那里"
                    );
                    let mut finding = cx.finding(entry.key_span, service.path(attribute), message);
                    let said = refusal(attribute);
                    finding.label = text!("the engine says `{said}`", "引擎会报 `{said}`");
                    finding.cause = Some("network-mismatch");
                    finding.services = vec![name.to_string()];
                    finding.help.push(match service.mode {
                        Mode::Container(_) => text!(
                            "set {attribute} where the container `{owner}` is made",
                            "在创建容器 `{owner}` 的地方设置 {attribute}"
                        ),
                        _ => text!("move {attribute} to `{owner}`", "把 {attribute} 移到 `{owner}`"),
                    });
                    relocate(cx, service, &owner, attribute, &mut finding);
                    cx.report(finding);
                }
            }
            Some(Blocked::LinksOnHost) => {
                let Some(entry) = service.value.map().and_then(|m| m.get("links")) else { continue };
                let message = text!(
                    "`{name}` can't start: links don't go with network_mode: host",
                    "`{name}` 启动不了：links 不能和 network_mode: host 一起用"
                );
                let mut finding = cx.finding(entry.key_span, service.path("links"), message);
                finding.label = text!(
                    "the engine says `host type networking can't be used with links`",
                    "引擎会报 `host type networking can't be used with links`"
                );
                finding.cause = Some("network-mismatch");
                finding.services = vec![name.to_string()];
                finding.help.push(text!(
                    "take links away; from the host's network other services are called at 127.0.0.1 and the ports that they publish",
                    "去掉 links；在宿主机网络里，要用 127.0.0.1 加上别的服务发布的端口去找它们"
                ));
                cx.report(finding);
            }
            _ => {}
        }
    }
}

/// Moves list attributes to the service that owns the network.
fn relocate(cx: &Cx<'_>, service: &Service, owner: &str, attribute: &'static str, finding: &mut Finding) {
    let Some(owner) = cx.project().services.iter().find(|s| &*s.name == owner) else { return };
    let owner_name = &owner.name;
    let plan = || -> Result<_, Text> {
        let mut draft = Draft::new(cx.desk());
        let id = cx.project().service(owner_name).unwrap_or_default();
        match attribute {
            "extra_hosts" => {
                for entry in &service.extra_hosts {
                    draft.map_host(id, &entry.name, &entry.address)?;
                }
            }
            "ports" => {
                let items: Vec<Fragment> = service
                    .value
                    .get("ports")
                    .map_or(&[][..], |v| v.items())
                    .iter()
                    .filter_map(|v| v.shown().map(Fragment::Quoted))
                    .collect();
                if items.len() != service.ports.len() || owner.value.get("ports").is_some() {
                    return Err(text!("move them by hand", "请手工移动"));
                }
                draft.changes(owner.path("ports"));
                draft.insert_key(owner, "ports", &Fragment::List(items))?;
            }
            // What the image listens on is open to the network anyway.
            "expose" => {}
            _ => return Err(text!("move {attribute} by hand", "请手工移动 {attribute}")),
        }
        draft.remove_key(service, attribute)?;
        let description = if attribute == "expose" {
            text!(
                "take expose away from `{name}`: it opens nothing",
                "去掉 `{name}` 的 expose：它并不开放端口",
                name = service.name
            )
        } else {
            text!("move {attribute} to `{owner_name}`", "把 {attribute} 移到 `{owner_name}`")
        };
        Ok(draft.finish(Strategy::Repair, Applicability::Unsafe, description))
    };
    Cx::plan(finding, plan());
}
