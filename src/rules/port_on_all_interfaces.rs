use crate::catalog::ImageKind;
use crate::compose::{Mode, Port, Service, ServiceId, fields};
use crate::diag::Place;
use crate::remedy::loopback_only;
use crate::diag::{Category, Severity};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "port-on-all-interfaces",
    category: Category::Hardening,
    set: RuleSet::Hardening,
    causes: &[],
    severity: Severity::Info,
    fix: FixKind::Sometimes,
    since: "0.1.0",
    title: Words { en: "A port that is open on every address of the host", zh: "端口在宿主机的所有地址上开放" },
    doc: Words {
        en: "\
`ports: \"8080:80\"` listens on all addresses, IPv6 too, and Docker's own firewall rules come before ufw's and firewalld's. What a reverse proxy on the same host
passes on needs `\"127.0.0.1:8080:80\"`; what only other services call needs no published port; a LAN address in front keeps a port off the other interfaces.

Databases, caches and model servers get a warning, other services a note, as many of them are meant to be reached. What is certainly usable without a password is
`exposed-port`'s; in host mode nothing is published.",
        zh: "\
`ports: \"8080:80\"` 会在所有地址上监听，包括 IPv6，而且 Docker 自己的防火墙规则排在 ufw、firewalld 前面。同一台机器上由反向代理转发的服务写 `\"127.0.0.1:8080:80\"`；只给其他服务用的不需要发布端口；前面写上局域网地址，
就不会在别的网卡上开放。

数据库、缓存、模型服务报警告；其他服务只作提示，因为很多本来就是给人访问的。确定不要密码就能用的由 `exposed-port` 报；host 模式下不发布端口。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let mut found = Vec::new();
    for (id, service) in cx.containers() {
        if matches!(service.mode, Mode::Host | Mode::None | Mode::Service(_) | Mode::Container(_)) {
            continue;
        }
        for port in service.ports.iter().filter(|p| !p.uncertain && p.on_all()) {
            if !cx.survey.net.open_to_anyone(id, port) && !bound_by_variable(cx, service, port) {
                let place = Place { span: port.span, path: service.path(&format!("ports.{}", port.index)) };
                found.push((id, place, port.at));
            }
        }
    }
    for held in Cx::by_place(found) {
        let ports = held.services.iter().filter_map(|id| cx.service(*id)).flat_map(|s| &s.ports);
        let Some(port) = ports.into_iter().find(|p| p.at == held.what).cloned() else { continue };
        let who = cx.listed(&held.services);
        let target = port.target.0;
        let items = held.services.first().and_then(|id| cx.service(*id)?.value.get("ports"));
        let uncertain = items.and_then(|items| items.items().get(port.index)).is_some_and(|item| item.uncertain());
        let message = match port.published {
            _ if uncertain => text!(
                "container port {target} is open on every address of the host, past its firewall, for ",
                "容器端口 {target} 在宿主机的所有地址上开放，绕过防火墙："
            ),
            Some((number, _)) => text!(
                "port {number} is open on every address of the host, past its firewall, for ",
                "端口 {number} 在宿主机的所有地址上开放，绕过防火墙："
            ),
            None => text!(
                "container port {target} is open on every address of the host, at a port that the engine picks, for ",
                "容器端口 {target} 在宿主机的所有地址上开放，端口号由引擎挑选："
            ),
        };
        let mut finding = cx.held(&held, message.and(&who));
        if held.services.iter().any(|id| keeps_data(cx, *id)) {
            finding.severity = Severity::Warning;
        }
        let published = port.published.map_or(String::new(), |(first, _)| first.to_string());
        let entry = if uncertain { "127.0.0.1:...".to_owned() } else { format!("127.0.0.1:{published}:{target}") };
        finding.help.push(text!(
            "for this host alone: \"{entry}\"; services of the project need no published port",
            "只在本机使用：\"{entry}\"；项目里的服务互访不需要发布端口"
        ));
        Cx::plan(&mut finding, loopback_only(cx.desk(), &port));
        cx.report(finding);
    }
}

/// Whether a variable that is not set stands where the address goes.
fn bound_by_variable(cx: &Cx<'_>, service: &Service, port: &Port) -> bool {
    let items = service.value.get("ports").map_or(&[][..], |v| v.items());
    items.get(port.index).is_some_and(|item| item.uncertain()) && fields(cx.files.text(port.span)) > 2
}

/// Whether it is called by programs rather than people.
fn keeps_data(cx: &Cx<'_>, id: ServiceId) -> bool {
    use ImageKind as K;
    let kind = cx.survey.net.image(id).and_then(|image| image.kind);
    matches!(kind, Some(K::ModelServer | K::Database | K::VectorStore | K::Cache | K::Queue | K::Storage | K::Search))
}
