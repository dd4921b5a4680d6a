use crate::diag::{Category, Place, Related, Severity};
use crate::network::{Blocked, Taker, clashes};
use crate::remedy;
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "host-port-taken",
    category: Category::Start,
    set: RuleSet::Default,
    causes: &["port-conflict"],
    severity: Severity::Error,
    fix: FixKind::Sometimes,
    since: "0.1.0",
    title: Words { en: "A published port is taken already", zh: "要发布的端口已经被占用" },
    doc: Words {
        en: "\
`up` fails for the service: `failed to bind host port for 0.0.0.0:11434: address already in use`, and its name does not resolve for the others. Often the
port need not be published at all: services of the project reach each other without. Else publish another: `\"11435:11434\"`.

Two services of one project can't share a host port either, nor two entries of one service: `Bind for 0.0.0.0:8080 failed: port is already allocated`. Ranges,
protocols and host addresses count: `53/tcp` beside `53/udp`, or `127.0.0.1:80` beside `192.168.1.2:80`, is right. Services of inactive profiles don't count, and one in
host mode holds the ports that its image listens on.

dockline knows of the host's processes only where it is told: `--host-listener`.",
        zh: "\
这个服务 `up` 会失败：`failed to bind host port for 0.0.0.0:11434: address already in use`，别的服务也解析不了它的名字。往往根本不需要发布这个端口：项目里的服务互访用不着。需要的话就换一个：
`\"11435:11434\"`。

同一个项目的两个服务也不能共用一个宿主机端口，一个服务的两项也不行：`Bind for 0.0.0.0:8080 failed: port is already allocated`。判断时会看范围、协议和宿主机地址：`53/tcp` 和 `53/udp`、
`127.0.0.1:80` 和 `192.168.1.2:80` 并存没有问题。未启用的 profile 里的服务不算；host 模式的服务占着它的镜像监听的端口。

只有用 `--host-listener` 告诉了 dockline，它才知道宿主机上有哪些程序。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    by_processes(cx);
    by_services(cx);
}

/// Ports that another service of the project has.
fn by_services(cx: &mut Cx<'_>) {
    for clash in clashes(&cx.survey.net) {
        let (Some(service), Some(holder)) = (cx.service(clash.service), cx.service(clash.holder)) else { continue };
        let Some(mapping) = service.ports.iter().find(|p| p.index == clash.index) else { continue };
        let (name, other, port) = (&service.name, &holder.name, clash.port);
        let place = match clash.by {
            Taker::Published(index) => {
                let held = holder.ports.iter().find(|p| p.index == index);
                held.map(|p| Place { span: p.span, path: holder.path(&format!("ports.{index}")) })
            }
            Taker::Listening => holder.mode_at.map(|span| Place { span, path: holder.path("network_mode") }),
        };
        // An anchored service is written once.
        let Some(place) = place.filter(|p| p.span != mapping.span || clash.service != clash.holder) else { continue };
        let message = if clash.service == clash.holder {
            text!("`{name}` publishes host port {port} twice", "`{name}` 把宿主机端口 {port} 发布了两次")
        } else {
            text!(
                "`{name}` can't start beside `{other}`: both want host port {port}",
                "`{name}` 和 `{other}` 不能同时启动：都要宿主机的 {port} 端口"
            )
        };
        let mut finding = cx.finding(mapping.span, service.path(&format!("ports.{}", clash.index)), message);
        finding.cause = Some("port-conflict");
        finding.services = vec![name.to_string()];
        if clash.service != clash.holder {
            finding.services.push(other.to_string());
        }
        finding.label = text!("the engine says `port is already allocated`", "引擎会报 `port is already allocated`");
        if matches!(clash.by, Taker::Listening) {
            finding.label = text!("the engine says `address already in use`", "引擎会报 `address already in use`");
        }
        let message = match clash.by {
            Taker::Published(_) => text!("{port} is published here", "{port} 已经在这里发布"),
            Taker::Listening => {
                finding.severity = Severity::Warning;
                text!("on the host's network, where it listens on {port}", "它在宿主机网络里，监听 {port}")
            }
        };
        if place.span != mapping.span {
            finding.related.push(Related { place, service: Some(other.to_string()), message });
        }
        let (free, target) = (port.saturating_add(1), mapping.target.0);
        finding.help.push(text!(
            "publish another host port, such as {free}:{target}, or none: services of the project need none",
            "换一个宿主机端口，比如 {free}:{target}，或者不发布：项目里的服务互访不需要它"
        ));
        cx.report(finding);
    }
}

/// Ports that a process of the host was said to hold.
fn by_processes(cx: &mut Cx<'_>) {
    for (id, node) in cx.survey.net.nodes.iter().enumerate() {
        let (Some(Blocked::PortTaken { index, port }), Some(service)) = (&node.blocked, cx.service(id)) else {
            continue;
        };
        let Some(mapping) = service.ports.iter().find(|p| p.index == *index) else { continue };
        let name = &service.name;
        let message = text!(
            "`{name}` can't start: the host holds port {port} already",
            "`{name}` 启动不了：宿主机的 {port} 端口已被占用"
        );
        let mut finding = cx.finding(mapping.span, service.path(&format!("ports.{index}")), message);
        finding.label = text!("the engine says `address already in use`", "引擎会报 `address already in use`");
        finding.cause = Some("port-conflict");
        finding.services = vec![name.to_string()];
        let (other, target) = (port.saturating_add(1), mapping.target.0);
        finding.help.push(text!(
            "publish another host port, such as {other}:{target}, or none: services of the project need none",
            "换一个宿主机端口，比如 {other}:{target}，或者不发布：项目里的服务互访不需要它"
        ));
        // An image that is known not to listen there loses nothing.
        let idle = |target: u16| node.listening.complete && node.listening.on(target).is_none();
        if mapping.target.0 == mapping.target.1 && idle(mapping.target.0) {
            Cx::plan(&mut finding, remedy::unpublish(cx.desk(), service, mapping));
        }
        cx.report(finding);
    }
}
