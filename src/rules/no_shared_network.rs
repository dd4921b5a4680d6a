use crate::diag::{Applicability, Category, Lang, Related, Severity};
use crate::network::{Fault, NoName, faults};
use crate::remedy;
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "no-shared-network",
    category: Category::Reach,
    set: RuleSet::Default,
    causes: &["network-mismatch"],
    severity: Severity::Error,
    fix: FixKind::Sometimes,
    since: "0.1.0",
    title: Words { en: "A service calls another with which it shares no network", zh: "服务要找的另一个服务，和它没有共同的网络" },
    doc: Words {
        en: "\
A service that lists `networks` is on those and no others: it has left the `default` network, on which services without `networks` are. Names resolve
only over a network that both are on, so the call ends in `no such host`, not in a timeout. `depends_on` and `links` join no networks.

Put both on one network; `default` can be listed too: `networks: [default, proxy]`.",
        zh: "\
写了 `networks` 的服务只在写出来的网络上，已经不在 `default` 网络里；没写 `networks` 的服务才在 `default` 上。名字只能在双方共有的网络里解析，所以报错是 `no such host`，
不是超时。`depends_on` 和 `links` 不会让服务加入网络。

让双方加入同一个网络即可；`default` 也可以写出来：`networks: [default, proxy]`。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let found = faults(cx.survey, |fault| matches!(fault, Fault::NoName(NoName::NoSharedNetwork { .. }) | Fault::AcrossNetworks { .. } | Fault::PeersIsolated | Fault::NobodyThere));
    for edge in found {
        let judged = edge.first();
        let url = Cx::shown(judged);
        let askers = cx.askers(&edge);
        let (en, zh) = (askers.get(Lang::En), askers.get(Lang::Zh));
        let message = match judged.fault {
            Some(Fault::NoName(_)) => {
                let host = &judged.endpoint.address.host;
                text!(
                    "{en} can't resolve `{host}`: no such host",
                    "{zh}解析不了 `{host}`：没有这个主机名（no such host）"
                )
            }
            Some(Fault::NobodyThere) => text!(
                "{en} can't reach `{url}`: no route to host",
                "{zh}连不上 `{url}`：没有到主机的路由（no route to host）"
            ),
            _ => text!("{en} can't reach `{url}`: timeout", "{zh}连不上 `{url}`：超时（timeout）"),
        };
        let mut finding = cx.edge(&edge, message, judged.reason.clone());
        finding.cause = Some("network-mismatch");
        finding.severity = Cx::weight(judged);
        let target = match judged.fault {
            Some(Fault::NoName(NoName::NoSharedNetwork { service }) | Fault::AcrossNetworks { service }) => {
                Some(service)
            }
            _ => None,
        };
        if let Some(target) = target {
            for id in [Some(judged.endpoint.service), Some(target)].into_iter().flatten() {
                let Some(service) = cx.service(id) else { continue };
                let listed: Vec<&str> = service.attachments.iter().map(|a| a.key.as_str()).collect();
                let listed = listed.join(", ");
                let name = &service.name;
                let span = service.attachments.iter().find_map(|a| a.span).unwrap_or(service.name_span);
                finding.related.push(Related {
                    place: crate::diag::Place { span, path: service.path("networks") },
                    service: Some(name.to_string()),
                    message: text!("`{name}` is on: {listed}", "`{name}` 在这些网络上：{listed}"),
                });
            }
            finding.help.push(text!("put both on one network", "让双方加入同一个网络"));
            Cx::plan(&mut finding, remedy::retarget(cx.desk(), &edge, target, None, Applicability::Safe));
        } else if judged.fault == Some(Fault::PeersIsolated) {
            finding.help.push(text!(
                "take com.docker.network.bridge.enable_icc away from the network's driver_opts",
                "从这个网络的 driver_opts 里去掉 com.docker.network.bridge.enable_icc"
            ));
        } else {
            finding.help.push(text!("call the service by its name: addresses change", "改用服务名：地址是会变的"));
        }
        cx.report(finding);
    }
}
