use crate::compose::Mode;
use crate::diag::{Category, Severity};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "host-network",
    category: Category::Hardening,
    set: RuleSet::Hardening,
    causes: &[],
    severity: Severity::Warning,
    fix: FixKind::Never,
    since: "0.1.0",
    title: Words { en: "A container in the host's network", zh: "容器用宿主机的网络" },
    doc: Words {
        en: "\
With `network_mode: host` a container listens on all of the host's addresses whatever `ports` says, reaches what the host keeps on its loopback (databases, admin
pages) and sees all of its traffic. Media servers and what looks for devices on the LAN need it; a web application that was to reach a program on the host does
not: `host.docker.internal` leads there too.",
        zh: "\
用 `network_mode: host`，容器会在宿主机的所有地址上监听，不管 `ports` 怎么写；宿主机只放在回环地址上的东西（数据库、管理页面）它也连得上，还能看到宿主机的全部流量。
媒体服务、要在局域网里发现设备的程序需要它；只是要连宿主机上某个程序的 Web 应用不需要：`host.docker.internal` 就能连到。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let mut found = Vec::new();
    for (id, service) in cx.containers().filter(|(_, s)| s.mode == Mode::Host) {
        if let Some(value) = service.value.get("network_mode").filter(|v| !v.uncertain()) {
            found.push((id, cx.place(value, service.path("network_mode")), ()));
        }
    }
    for held in Cx::by_place(found) {
        let who = cx.listed(&held.services);
        let message = text!(
            "the host's whole network, its loopback too, is open to ",
            "宿主机的整个网络连同回环地址都开放给 "
        )
        .and(&who);
        let mut finding = cx.held(&held, message);
        finding.help.push(text!(
            "a network of the project, `ports` for what others call, host.docker.internal for what is on the host",
            "用项目的网络；要给外面访问的用 `ports`，要连宿主机的用 host.docker.internal"
        ));
        cx.report(finding);
    }
}
