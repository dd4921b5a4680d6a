use crate::diag::{Applicability, Category, Lang, Severity};
use crate::network::{Fault, NoName, faults};
use crate::remedy;
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "host-mode-service-name",
    category: Category::Reach,
    set: RuleSet::Default,
    causes: &["network-mismatch"],
    severity: Severity::Error,
    fix: FixKind::Sometimes,
    since: "0.1.0",
    title: Words {
        en: "A service name is used from, or for, a service on the host's network",
        zh: "使用宿主机网络的服务，用了服务名，或被用服务名去找",
    },
    doc: Words {
        en: "\
A service with `network_mode: host` is on no project network. Service names don't resolve in it: it finds the others on `127.0.0.1` and the ports that they
publish. And the others don't find it by name: they call `host.docker.internal` and the port that it listens on (its `ports` are discarded), with
`extra_hosts: [\"host.docker.internal:host-gateway\"]` on Linux.",
        zh: "\
`network_mode: host` 的服务不在任何项目网络上。在它里面服务名解析不了：要找别的服务，得用 `127.0.0.1` 加上它们发布的端口。别的服务也没法用名字找它：要用
`host.docker.internal` 加上它真正监听的端口（它的 `ports` 会被忽略），在 Linux 上还要加 `extra_hosts: [\"host.docker.internal:host-gateway\"]`。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let found = faults(cx.survey, |fault| matches!(fault, Fault::NoName(NoName::AskerOnHost { .. } | NoName::TargetOnHost { .. })));
    for edge in found {
        let judged = edge.first();
        let host = &judged.endpoint.address.host;
        let askers = cx.askers(&edge);
        let (en, zh) = (askers.get(Lang::En), askers.get(Lang::Zh));
        let message = text!("{en} can't resolve `{host}`: no such host", "{zh}解析不了 `{host}`：没有这个主机名（no such host）");
        let mut finding = cx.edge(&edge, message, judged.reason.clone());
        finding.cause = Some("network-mismatch");
        finding.severity = Cx::weight(judged);
        match judged.fault {
            Some(Fault::NoName(NoName::AskerOnHost { service })) => {
                let name = cx.name(service);
                finding.help.push(text!(
                    "from the host's network call 127.0.0.1 and the port that `{name}` publishes",
                    "从宿主机网络里要写 127.0.0.1 和 `{name}` 发布的端口"
                ));
                let plan = remedy::by_loopback(cx.desk(), &edge, service, Applicability::Unsafe);
                Cx::plan(&mut finding, plan);
            }
            Some(Fault::NoName(NoName::TargetOnHost { service })) => {
                let port = remedy::container_port(cx.desk(), judged, service).or(judged.endpoint.address.port);
                let shown = port.map_or(String::new(), |p| format!(":{p}"));
                finding.help.push(text!(
                    "call host.docker.internal{shown} and map that name with extra_hosts",
                    "改为 host.docker.internal{shown}，并用 extra_hosts 定义这个名字"
                ));
                Cx::plan(&mut finding, remedy::by_gateway(cx.desk(), &edge, port, Applicability::Unsafe));
            }
            _ => {}
        }
        cx.report(finding);
    }
}
