use crate::compose::Mode;
use crate::diag::{Applicability, Category, Severity, Strategy};
use crate::remedy::Draft;
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "host-mode-ports",
    category: Category::Reach,
    set: RuleSet::Default,
    causes: &["host-mode-ports"],
    severity: Severity::Warning,
    fix: FixKind::Sometimes,
    since: "0.1.0",
    title: Words { en: "ports beside network_mode: host are discarded", zh: "network_mode: host 时，ports 会被忽略" },
    doc: Words {
        en: "\
In the host's network there is nothing to publish: the process listens on the host's own ports, the ones that the image uses. The engine says `Published
ports are discarded when using host network mode`; docker-compose v1 refused. A mapping such as `8088:8080` does not happen: the server is on 8080.",
        zh: "\
使用宿主机网络时没有“发布”这回事：程序直接在宿主机的端口上监听，用的就是镜像自己的端口。引擎会提示 `Published ports are discarded when using host network mode`；docker-compose v1
会直接拒绝。像 `8088:8080` 这样的映射不会生效，服务就在 8080 上。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    for service in &cx.project().services {
        if service.mode != Mode::Host || service.ports.is_empty() {
            continue;
        }
        let Some(entry) = service.value.map().and_then(|m| m.get("ports")) else { continue };
        let name = &service.name;
        let message = text!("the ports of `{name}` are discarded: it uses the host's network", "`{name}` 的 ports 会被忽略：它用的是宿主机网络");
        let mut finding = cx.finding(entry.key_span, service.path("ports"), message);
        finding.cause = Some("host-mode-ports");
        finding.services = vec![name.to_string()];
        finding.label = text!("no effect with network_mode: host", "network_mode: host 时不起作用");
        let moved: Vec<String> = service
            .ports
            .iter()
            .filter_map(|p| {
                let (published, _) = p.published?;
                (published != p.target.0).then(|| format!("{published} -> {}", p.target.0))
            })
            .collect();
        if !moved.is_empty() {
            let moved = moved.join(", ");
            finding.help.push(text!("not mapped: {moved}", "不会映射：{moved}"));
        }
        finding.help.push(text!(
            "take ports away, or network_mode: host",
            "去掉 ports，或者去掉 network_mode: host"
        ));
        let mut draft = Draft::new(cx.desk());
        let plan = draft.remove_key(service, "ports").map(|()| {
            draft.finish(Strategy::Repair, Applicability::Unsafe, text!("take ports away from `{name}`", "去掉 `{name}` 的 ports"))
        });
        Cx::plan(&mut finding, plan);
        cx.report(finding);
    }
}
