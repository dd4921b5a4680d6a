use crate::diag::{Category, Lang, Severity};
use crate::network::{Fault, faults};
use crate::remedy;
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "host-listens-on-loopback",
    category: Category::Reach,
    set: RuleSet::Default,
    causes: &["host-bind-loopback"],
    severity: Severity::Error,
    fix: FixKind::Sometimes,
    since: "0.1.0",
    title: Words {
        en: "The server on the host listens where containers can't get",
        zh: "宿主机上的服务监听的地址，容器到不了",
    },
    doc: Words {
        en: "\
On Linux `host.docker.internal` leads to docker0's address. A server that listens on 127.0.0.1 only, as Ollama does by itself, refuses there:
`dial tcp 172.17.0.1:11434: connect: connection refused`. The Compose file is right; the mend is on the host:

1. listen on all interfaces, with a firewall rule that lets in the bridge networks and nobody else;
2. or leave the server on loopback and forward a socket on docker0 to it (`socat`, systemd-socket-proxyd);
3. or bind docker0's address. Then the host's own `ollama run` and `curl localhost:11434` stop, the unit must start after Docker, and the
   address may change.

dockline knows of this only where it is told: `--host-listener 127.0.0.1:11434`, or `[host] listeners` in dockline.toml.",
        zh: "\
在 Linux 上，`host.docker.internal` 指向 docker0 的地址。只监听 127.0.0.1 的服务（Ollama 默认就是这样）在那里会拒绝连接：
`dial tcp 172.17.0.1:11434: connect: connection refused`。Compose 文件没错，要改的是宿主机：

1. 监听所有网卡，再加一条防火墙规则，只放行网桥的网段；
2. 或者让服务继续监听回环地址，另外在 docker0 上转发一个端口给它（`socat`、systemd-socket-proxyd）；
3. 或者只监听 docker0 的地址。这样宿主机自己的 `ollama run` 和 `curl localhost:11434` 就不能用了，服务要在 Docker 之后启动，地址也可能变。

只有告诉了 dockline，它才知道：`--host-listener 127.0.0.1:11434`，或 dockline.toml 里的 `[host] listeners`。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let found = faults(cx.survey, |fault| matches!(fault, Fault::HostOnLoopback { .. } | Fault::HostElsewhere { .. } | Fault::PublishedOnLoopback { .. }));
    for edge in found {
        let judged = edge.first();
        let url = Cx::shown(judged);
        let askers = cx.askers(&edge);
        let (en, zh) = (askers.get(Lang::En), askers.get(Lang::Zh));
        let port = judged.endpoint.address.port.unwrap_or_default();
        let message = text!(
            "{en} can't reach `{url}`: connection refused",
            "{zh}连不上 `{url}`：连接被拒绝（connection refused）"
        );
        let mut finding = cx.edge(&edge, message, judged.reason.clone());
        finding.cause = Some("host-bind-loopback");
        finding.severity = Cx::weight(judged);
        finding.help.push(match &judged.fault {
            Some(Fault::PublishedOnLoopback { service }) => {
                let name = cx.name(*service);
                text!("call `{name}` by its service name instead", "改用服务名 `{name}`")
            }
            _ => remedy::listen_commands(port).and(&remedy::podman_note(cx.facts())),
        });
        if let Some(Fault::PublishedOnLoopback { service }) = judged.fault {
            let target = remedy::container_port(cx.desk(), judged, service);
            let plan = remedy::retarget(cx.desk(), &edge, service, target, crate::diag::Applicability::Safe);
            Cx::plan(&mut finding, plan);
        }
        cx.report(finding);
    }
}
