use crate::diag::{Category, Lang, Severity};
use crate::network::{Fault, MODEL_PORTS, faults, protocol_port};
use crate::remedy::Prospects;
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "wildcard-as-target",
    category: Category::Reach,
    set: RuleSet::Default,
    causes: &["wildcard-as-target"],
    severity: Severity::Error,
    fix: FixKind::Sometimes,
    since: "0.1.0",
    title: Words { en: "0.0.0.0 is used as an address to call", zh: "把 0.0.0.0 当成了要连接的地址" },
    doc: Words {
        en: "\
0.0.0.0 (and `::`) says \"listen on every interface\". Called from a container, Linux takes it for the container's own loopback: refused, unless
the server is in the same container. It belongs in the server's own setting; clients get a name: `http://ollama:11434`, or
`http://host.docker.internal:11434` for a server on the host.",
        zh: "\
0.0.0.0（以及 `::`）的意思是“在所有网卡上监听”。从容器里去连它，Linux 会当成容器自己的回环地址：除非服务就在同一个容器里，否则会被拒绝。它应该写在服务端自己的设置里；
客户端要写名字：`http://ollama:11434`，或者宿主机上的服务写 `http://host.docker.internal:11434`。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let found = faults(cx.survey, |fault| matches!(fault, Fault::Wildcard { .. }));
    for edge in found {
        let judged = edge.first();
        let Some(Fault::Wildcard { candidates }) = &judged.fault else { continue };
        let askers = cx.askers(&edge);
        let (en, zh) = (askers.get(Lang::En), askers.get(Lang::Zh));
        let host = &judged.endpoint.address.host;
        let message = text!("{en} calls {host}, which is no address to call", "{zh}去连 {host}，而这不是能连的地址");
        let label = text!(
            "from inside a container this is the container itself: connection refused",
            "从容器里看，这就是容器自己：连接被拒绝"
        );
        let mut finding = cx.edge(&edge, message, label);
        finding.cause = Some("wildcard-as-target");
        finding.severity = Cx::weight(judged);
        let port = judged.endpoint.address.port.or_else(|| judged.role.speaks.and_then(protocol_port));
        let port_text = port.map_or(String::new(), |p| format!(":{p}"));
        finding.help.push(match candidates.first() {
            Some(id) => {
                let name = cx.name(*id);
                text!("the server is `{name}`: call it by that name", "服务端是 `{name}`：地址里写这个名字")
            }
            None => text!(
                "a server on the host is called host.docker.internal{port_text} from a container",
                "宿主机上的服务，从容器里要写 host.docker.internal{port_text}"
            ),
        });
        let on_host =
            port.is_some_and(|p| cx.facts().on(p).next().is_some() || MODEL_PORTS.iter().any(|(m, _)| *m == p));
        cx.choose(&mut finding, &edge, &Prospects { candidates, on_host, certain: judged.certain });
        cx.report(finding);
    }
}
