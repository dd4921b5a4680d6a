use crate::diag::{Category, Lang, Severity, Text};
use crate::network::{Audience, Fault, MODEL_PORTS, edges};
use crate::remedy::Prospects;
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "loopback-url",
    category: Category::Reach,
    set: RuleSet::Default,
    causes: &["loopback-to-host", "loopback-to-service", "loopback-in-container"],
    severity: Severity::Error,
    fix: FixKind::Sometimes,
    since: "0.1.0",
    title: Words {
        en: "An address in a container names localhost, and nothing in that container listens there",
        zh: "容器里的地址写了 localhost，而这个容器里没有程序监听那个端口",
    },
    doc: Words {
        en: "\
Every container has a loopback of its own. `localhost`, `127.0.0.1` and `[::1]` in its environment mean the container itself, not the
machine that Docker runs on and not another service. The call ends in `connection refused` (Go: `dial tcp [::1]:11434: connect: connection
refused`, because `::1` is tried first).

What to write instead depends on where the server is:

- a service of the same project: its service name and container port, `http://ollama:11434`;
- the host: `http://host.docker.internal:11434`, with `extra_hosts: [\"host.docker.internal:host-gateway\"]` on Linux, and the server
  listening on more than 127.0.0.1;
- on Linux, if the service may use the host's network: `network_mode: host` and `http://127.0.0.1:11434`.

Replacing `localhost` by `127.0.0.1` changes nothing: it is the same container.

Not flagged: addresses that a browser opens, addresses to listen on, servers in the same container or network namespace, variables that
the program does not read as it is set up.",
        zh: "\
每个容器都有自己的回环地址。环境变量里的 `localhost`、`127.0.0.1`、`[::1]` 指的是容器自己，不是运行 Docker 的那台机器，也不是别的服务。结果就是
`connection refused`（Go 程序的报错是 `dial tcp [::1]:11434: connect: connection refused`，因为它先试 `::1`）。

该写什么，要看服务在哪里：

- 在同一个项目里：写服务名和容器端口，`http://ollama:11434`；
- 在宿主机上：写 `http://host.docker.internal:11434`，在 Linux 上还要加 `extra_hosts: [\"host.docker.internal:host-gateway\"]`，并且那个服务不能只监听
  127.0.0.1；
- 在 Linux 上，如果可以让这个服务使用宿主机网络：`network_mode: host`，地址写 `http://127.0.0.1:11434`。

把 `localhost` 换成 `127.0.0.1` 没有用：还是同一个容器。

以下情况不报：给浏览器用的地址、监听地址、同一容器或同一网络命名空间里的服务、按当前设置程序不会读取的变量。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let relevant = |fault: &Fault| {
        matches!(
            fault,
            Fault::LoopbackToService { .. } | Fault::LoopbackToHost | Fault::LoopbackNobody | Fault::TalksToItself { .. }
        )
    };
    let found = edges(cx.survey, |j| {
        j.counts() && j.role.audience == Audience::Server && !j.role.proxy && j.fault.as_ref().is_some_and(relevant)
    });
    for edge in found {
        let judged = edge.first();
        let url = Cx::shown(judged);
        let askers = cx.askers(&edge);
        let (asker_en, asker_zh) = (askers.get(Lang::En), askers.get(Lang::Zh));
        let none = Vec::new();
        let (cause, candidates) = match &judged.fault {
            Some(Fault::LoopbackToService { candidates } | Fault::TalksToItself { candidates }) => {
                ("loopback-to-service", candidates)
            }
            Some(Fault::LoopbackToHost) => ("loopback-to-host", &none),
            _ => ("loopback-in-container", &none),
        };
        let own = cx.name(judged.endpoint.service);
        let port = judged.endpoint.address.port.unwrap_or_default();
        let itself = matches!(judged.fault, Some(Fault::TalksToItself { .. }));
        let (message, label) = if itself {
            let wanted = judged.role.speaks.unwrap_or_default();
            (
                text!("`{url}` leads {asker_en} back to itself", "`{url}` 让 {asker_zh}连到了自己"),
                text!("port {port} here is `{own}` itself, which is no {wanted} server", "这里的 {port} 端口就是 `{own}` 自己，它不是 {wanted} 服务"),
            )
        } else {
            let host = &judged.endpoint.address.host;
            (
                text!("{asker_en} can't reach `{url}`: connection refused", "{asker_zh}连不上 `{url}`：连接被拒绝（connection refused）"),
                text!(
                    "{host} is the container itself, and nothing in it listens on {port}",
                    "{host} 指容器自己，而容器里没有程序监听 {port}"
                ),
            )
        };
        let mut finding = cx.edge(&edge, message, label);
        finding.cause = Some(cause);
        finding.severity = Cx::weight(judged);
        finding.help.push(match candidates.as_slice() {
            [] => {
                let server = MODEL_PORTS.iter().find(|(p, _)| *p == port);
                let server = server.map_or(Text::default(), |(_, name)| text!(" ({name})", "（{name}）"));
                let (server, server_zh) = (server.get(Lang::En), server.get(Lang::Zh));
                text!(
                    "a server on the host{server} is called host.docker.internal:{port} from a container; a server in the project by its service name",
                    "宿主机上的服务{server_zh}，从容器里要写 host.docker.internal:{port}；项目里的服务则写它的服务名"
                )
            }
            [one] => {
                let name = cx.name(*one);
                text!("`{name}` offers it: call it by that name", "`{name}` 提供这个服务：地址里写这个名字")
            }
            many => {
                let names: Vec<String> = many.iter().map(|id| format!("`{}`", cx.name(*id))).collect();
                let names = names.join(", ");
                text!("{names} offer that port: write the name of the one that is meant", "{names} 都提供这个端口：写上要找的那个的名字")
            }
        });
        let told = cx.facts().on(port).next().is_some();
        let model = MODEL_PORTS.iter().any(|(p, _)| *p == port);
        let certain = if itself { told } else { judged.certain };
        cx.choose(&mut finding, &edge, &Prospects { candidates, on_host: told || model, certain });
        cx.report(finding);
    }
}
