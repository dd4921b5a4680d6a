use crate::compose::Mode;
use crate::diag::{Applicability, Category, Severity};
use crate::network::Platform;
use crate::remedy;
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "host-mode-docker-desktop",
    category: Category::Reach,
    set: RuleSet::Default,
    causes: &["host-mode-docker-desktop"],
    severity: Severity::Warning,
    fix: FixKind::Sometimes,
    since: "0.1.0",
    title: Words { en: "network_mode: host on Docker Desktop is the virtual machine's network", zh: "在 Docker Desktop 上，network_mode: host 用的是虚拟机的网络" },
    doc: Words {
        en: "\
Docker Desktop runs containers in a virtual machine. `network_mode: host` joins that machine's network: what listens there is not on the computer's
localhost, and what listens on the computer is not on the container's. Since 4.34 a setting (Resources, Network, Enable host networking) bridges the
two; it is off by itself.

Publish the ports instead and call the computer as `host.docker.internal`. Flagged only where the platform is said to be docker-desktop.",
        zh: "\
Docker Desktop 在虚拟机里运行容器。`network_mode: host` 加入的是那台虚拟机的网络：容器监听的端口不在电脑的 localhost 上，电脑上监听的端口也不在容器的 localhost 上。4.34 起有一个设置
（Resources、Network、Enable host networking）可以打通，默认是关的。

应改为发布端口，并用 `host.docker.internal` 去找电脑。只有指明平台是 docker-desktop 时才报。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    if cx.facts().platform != Platform::DockerDesktop {
        return;
    }
    for (id, service) in cx.project().services.iter().enumerate() {
        let (Mode::Host, Some(span)) = (&service.mode, service.mode_at) else { continue };
        let name = &service.name;
        let message = text!("`{name}` is not on this computer's network: host means the virtual machine", "`{name}` 不在这台电脑的网络上：host 指的是虚拟机");
        let mut finding = cx.finding(span, service.path("network_mode"), message);
        finding.cause = Some("host-mode-docker-desktop");
        finding.services = vec![name.to_string()];
        finding.label = text!("unless Docker Desktop's host networking is switched on", "除非打开了 Docker Desktop 的 host networking");
        finding.help.push(text!(
            "take network_mode away, publish the ports, and call the computer as host.docker.internal",
            "去掉 network_mode，发布端口，并用 host.docker.internal 去找电脑"
        ));
        Cx::plan(&mut finding, remedy::off_host_network(cx.desk(), id, Applicability::Unsafe));
        cx.report(finding);
    }
}
