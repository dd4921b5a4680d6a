use crate::diag::{Category, Lang, Severity};
use crate::network::{Fault, edges};
use crate::remedy;
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "host-firewall",
    category: Category::Reach,
    set: RuleSet::Default,
    causes: &["host-firewall"],
    severity: Severity::Error,
    fix: FixKind::Never,
    since: "0.1.0",
    title: Words {
        en: "The host's firewall drops what containers send to the host",
        zh: "宿主机的防火墙丢弃容器发来的连接",
    },
    doc: Words {
        en: "\
A firewall that drops new incoming connections (ufw's `deny incoming`, firewalld's default zone) also drops those of containers to the host's own
addresses, published ports included. Nothing is refused: the call hangs until the client gives up, `i/o timeout`, `Connection timed out`.

Let in the bridge networks: `sudo ufw allow from 172.16.0.0/12 to any port 11434 proto tcp`. Containers that talk to each other are not affected.

dockline knows of this only where it is told: `--host-firewall drop`, or `firewall = \"drop\"` under `[host]` in dockline.toml.",
        zh: "\
会丢弃新连接的防火墙（ufw 的 `deny incoming`、firewalld 的默认区域），也会丢弃容器到宿主机自己地址的连接，包括已发布的端口。这时不会被拒绝，而是一直卡到客户端放弃：
`i/o timeout`、`Connection timed out`。

放行网桥的网段：`sudo ufw allow from 172.16.0.0/12 to any port 11434 proto tcp`。容器之间互访不受影响。

只有告诉了 dockline，它才知道：`--host-firewall drop`，或 dockline.toml 里 `[host]` 下的 `firewall = \"drop\"`。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    for edge in edges(cx.survey, |j| j.counts() && j.fault == Some(Fault::Firewall)) {
        let judged = edge.first();
        let url = Cx::shown(judged);
        let askers = cx.askers(&edge);
        let (en, zh) = (askers.get(Lang::En), askers.get(Lang::Zh));
        let message = text!("{en} can't reach `{url}`: timeout", "{zh}连不上 `{url}`：超时（timeout）");
        let mut finding = cx.edge(&edge, message, judged.reason.clone());
        finding.cause = Some("host-firewall");
        finding.help.push(remedy::firewall_commands(judged.endpoint.address.port.unwrap_or_default()));
        cx.report(finding);
    }
}
