use crate::diag::{Category, Place, Related, Severity};
use crate::network::Platform;
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "rootless-low-port",
    category: Category::Start,
    set: RuleSet::Default,
    causes: &[],
    severity: Severity::Warning,
    fix: FixKind::Never,
    since: "0.1.0",
    title: Words { en: "A port below 1024 published by a rootless engine", zh: "rootless 引擎发布 1024 以下的端口" },
    doc: Words {
        en: "\
With `--platform rootless`: a user's process may not listen below 1024 as Linux comes, so `80:80` ends in `cannot expose privileged port 80` and the container does not start. Publish
another port, or let users have low ones: `sudo sysctl -w net.ipv4.ip_unprivileged_port_start=80`, kept in `/etc/sysctl.d`; for Docker also `sudo setcap cap_net_bind_service=ep
$(which rootlesskit)`. Where that was done this finding is to be ignored.",
        zh: "\
用 `--platform rootless` 时：Linux 默认不允许普通用户的进程监听 1024 以下的端口，`80:80` 会报 `cannot expose privileged port 80`，容器起不来。换一个端口，或者放开低端口：
`sudo sysctl -w net.ipv4.ip_unprivileged_port_start=80`，并写进 `/etc/sysctl.d`；Docker 也可以用 `sudo setcap cap_net_bind_service=ep $(which rootlesskit)`。已经放开的机器请忽略这一条。",
    },
    check,
};

/// Source: <https://docs.docker.com/engine/security/rootless/>, "Exposing privileged ports".
fn check(cx: &mut Cx<'_>) {
    if cx.facts().platform != Platform::Rootless {
        return;
    }
    let mut low: Vec<(u16, String, Place)> = Vec::new();
    for service in cx.project().services.iter().filter(|s| s.active) {
        for port in service.ports.iter().filter(|p| !p.uncertain) {
            let Some((first, _)) = port.published.filter(|(first, _)| (1..1024).contains(first)) else { continue };
            let place = Place { span: port.span, path: service.path(&format!("ports.{}", port.index)) };
            if !low.iter().any(|(_, _, p)| p.span == place.span) {
                low.push((first, service.name.to_string(), place));
            }
        }
    }
    let Some((port, name, place)) = low.first() else { return };
    // One setting of the host lets all of them through.
    let least = low.iter().map(|(port, ..)| *port).min().unwrap_or(*port);
    let message = text!(
        "`{name}` publishes port {port}, and a rootless engine may not listen below 1024",
        "`{name}` 发布了 {port} 端口，而 rootless 引擎不能监听 1024 以下的端口"
    );
    let mut finding = cx.finding(place.span, place.path.clone(), message);
    finding.label = text!("`cannot expose privileged port {port}`", "`cannot expose privileged port {port}`");
    for (_, name, other) in &low {
        if !finding.services.contains(name) {
            finding.services.push(name.clone());
        }
        if other.span != place.span {
            let message = text!("this one too", "这里也是");
            finding.related.push(Related { place: other.clone(), service: Some(name.clone()), message });
        }
    }
    finding.help.push(text!(
        "publish ports from 1024 on, or let users have low ones: sudo sysctl -w net.ipv4.ip_unprivileged_port_start={least}",
        "改为发布 1024 以上的端口，或者放开低端口：sudo sysctl -w net.ipv4.ip_unprivileged_port_start={least}"
    ));
    cx.report(finding);
}
