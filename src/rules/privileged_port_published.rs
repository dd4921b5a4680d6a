use crate::compose::Mode;
use crate::diag::Place;
use crate::diag::{Category, Severity};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "privileged-port-published",
    category: Category::Hardening,
    set: RuleSet::Hardening,
    causes: &[],
    severity: Severity::Info,
    fix: FixKind::Never,
    since: "0.1.0",
    title: Words { en: "A low port of the host that is given to a container", zh: "占用宿主机的低位端口" },
    doc: Words {
        en: "\
Ports below 1024 belong to the system: 22 is the host's own sshd, 53 systemd-resolved or dnsmasq, 25 its mail server, 111 and 445 file sharing. A container that takes
one stands in the host's place for whoever calls it, or fails to start with `address already in use`. 80 and 443 are what a web server is for and are left alone.",
        zh: "\
1024 以下的端口属于系统：22 是宿主机自己的 sshd，53 是 systemd-resolved 或 dnsmasq，25 是邮件服务，111、445 是文件共享。容器占了其中一个，连过来的人就以为它是宿主机；或者因为 `address already in use` 启动不了。
80 和 443 本来就是 Web 服务用的，不报。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let mut found = Vec::new();
    for (id, service) in cx.containers().filter(|(_, s)| s.mode != Mode::Host) {
        for port in service.ports.iter().filter(|p| !p.uncertain && !p.on_loopback()) {
            let Some((first, last)) = port.published else { continue };
            if first < 1024 && !((first, last) == (80, 80) || (first, last) == (443, 443)) {
                let place = Place { span: port.span, path: service.path(&format!("ports.{}", port.index)) };
                found.push((id, place, first));
            }
        }
    }
    for held in Cx::by_place(found) {
        let number = held.what;
        let message = text!(
            "port {number} is one of the host's own, and goes to ",
            "端口 {number} 是宿主机自己的端口，给了 "
        )
        .and(&cx.listed(&held.services));
        let finding = cx.held(&held, message);
        cx.report(finding);
    }
}
