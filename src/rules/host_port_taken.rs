use crate::diag::{Category, Severity};
use crate::network::Blocked;
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
    title: Words { en: "A published port is held by a process of the host", zh: "要发布的端口已经被宿主机上的程序占用" },
    doc: Words {
        en: "\
`up` fails for the service: `failed to bind host port for 0.0.0.0:11434: address already in use`, and its name does not resolve for the others. Often the
port need not be published at all: services of the project reach each other without. Else publish another: `\"11435:11434\"`.

dockline knows of the host's processes only where it is told: `--host-listener`.",
        zh: "\
这个服务 `up` 会失败：`failed to bind host port for 0.0.0.0:11434: address already in use`，别的服务也解析不了它的名字。往往根本不需要发布这个端口：项目里的服务互访用不着。需要的话就换一个：
`\"11435:11434\"`。

只有用 `--host-listener` 告诉了 dockline，它才知道宿主机上有哪些程序。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
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
