use foldhash::{HashMap, HashMapExt as _};

use crate::diag::{Applicability, Category, Lang, Place, Related, Severity, Text};
use crate::mounted::{Format, Lookup};
use crate::network::{Edge, Fault, NoName, faults};
use crate::remedy::{self, Plan};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "unknown-service-name",
    category: Category::Reach,
    set: RuleSet::Default,
    causes: &["wrong-service-name"],
    severity: Severity::Error,
    fix: FixKind::Sometimes,
    since: "0.1.0",
    title: Words { en: "An address names a service that is not there", zh: "地址里写的服务不存在" },
    doc: Words {
        en: "\
On a project's networks a container is found by its service name, `container_name`, `hostname` and aliases, on networks that both are on, and by
nothing else. Another name ends in `no such host`, `Name or service not known`, `getaddrinfo ENOTFOUND`.

Not flagged where somebody else may answer: on an external network, with a DNS server of one's own, or where a part of the project can't be read.",
        zh: "\
在项目的网络里，要找一个容器，只能用服务名、`container_name`、`hostname` 或别名，而且双方要在同一个网络上。写别的名字，报错是 `no such host`、
`Name or service not known`、`getaddrinfo ENOTFOUND`。

如果别人可能会应答，就不报：在 external 网络上、用了自己的 DNS 服务器、或者项目有一部分读不到。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let found = faults(cx.survey, |fault| matches!(fault, Fault::NoName(NoName::Nobody { .. } | NoName::Beside { .. } | NoName::Elsewhere { .. } | NoName::TargetInside { .. } | NoName::ScaledToZero { .. } | NoName::NoContainer { .. })));
    for mistake in mistakes(cx, &found) {
        let Some((edge, more)) = mistake.split_first() else { continue };
        let judged = edge.first();
        let Some(Fault::NoName(why)) = &judged.fault else { continue };
        let host = &judged.endpoint.address.host;
        let askers = cx.askers(edge);
        let (en, zh) = (askers.get(Lang::En), askers.get(Lang::Zh));
        let message =
            text!("{en} can't resolve `{host}`: no such host", "{zh}解析不了 `{host}`：没有这个主机名（no such host）");
        let mut finding = cx.edge(edge, message, judged.reason.clone());
        finding.cause = Some("wrong-service-name");
        finding.severity = Cx::weight(judged);
        if let NoName::Beside { file } = why {
            let base = cx.project().files.first().map_or("", |f| &cx.files.get(*f).name);
            finding.message =
                text!("{en} calls `{host}`, a service of {file}", "{zh}要找的 `{host}` 是 {file} 里的服务");
            finding.severity = Severity::Info;
            finding.help.push(text!(
                "load both: docker compose -f {base} -f {file} up -d",
                "两个文件要一起加载：docker compose -f {base} -f {file} up -d"
            ));
        }
        if let Some((_, one)) = cx.directive(judged) {
            finding.help.push(if one.setting.directive.is_some_and(|d| d.lookup == Lookup::EachRequest) {
                text!("nginx answers 502: `{host} could not be resolved`", "nginx 会返回 502：`{host} could not be resolved`")
            } else {
                text!(
                    "nginx does not even start: `[emerg] host not found in upstream \"{host}\"`",
                    "nginx 连启动都不行：`[emerg] host not found in upstream \"{host}\"`"
                )
            });
        }
        for later in more {
            let first = later.first();
            let Some(span) = first.endpoint.span_of(first.endpoint.address.host_range.clone()) else { continue };
            let place = Place { span, path: cx.path_of(first, span) };
            finding.related.push(Related { place, service: None, message: text!("and here", "还有这里") });
        }
        // A bare name without a port in a variable of unknown use may be read by nobody.
        let plan = match why {
            NoName::Nobody { similar: Some(name) } => cx.project().service(name).map(|id| {
                finding.help.push(text!("write `{name}`", "改成 `{name}`"));
                let port = judged.endpoint.address.port;
                let fits =
                    cx.survey.net.nodes.get(id).is_some_and(|n| port.is_none_or(|p| n.listening.on(p).is_some()));
                let port = if fits { None } else { remedy::container_port(cx.desk(), judged, id) };
                // A likeness is a guess unless the port agrees.
                let applicability = if fits && port.is_none() && judged.endpoint.address.port.is_some() {
                    Applicability::Safe
                } else {
                    Applicability::Unsafe
                };
                everywhere(edge, more, &|e| remedy::retarget(cx.desk(), e, id, port, applicability))
            }),
            NoName::Elsewhere { service } => {
                Some(everywhere(edge, more, &|e| remedy::retarget(cx.desk(), e, *service, None, Applicability::Safe)))
            }
            NoName::TargetInside { owner: Some(owner), .. } => {
                let name = cx.name(*owner);
                finding.help.push(text!("call it as `{name}`", "用 `{name}` 这个名字去找它"));
                Some(everywhere(edge, more, &|e| remedy::retarget(cx.desk(), e, *owner, None, Applicability::Safe)))
            }
            NoName::ScaledToZero { service } => {
                let name = cx.name(*service);
                finding.help.push(text!("let `{name}` have at least one replica", "让 `{name}` 至少有一个副本"));
                None
            }
            NoName::NoContainer { .. } => {
                finding.help.push(given(host));
                None
            }
            NoName::Nobody { similar: None } if cx.project().root.get("models").is_some_and(|m| m.get(host).is_some()) => {
                finding.label = text!("{host} is a model, not a container", "{host} 是模型，不是容器");
                finding.help.push(given(host));
                let variable = &judged.endpoint.variable;
                finding.help.push(text!(
                    "or take `{variable}` out and let Compose set it: models: {{{host}: {{endpoint_var: {variable}}}}}",
                    "或者去掉 `{variable}`，让 Compose 来设置：models: {{{host}: {{endpoint_var: {variable}}}}}"
                ));
                None
            }
            NoName::Nobody { similar: None } => {
                let port = judged.endpoint.address.port.map_or(String::new(), |p| format!(":{p}"));
                let services = &cx.project().services;
                if services.len() <= 8 {
                    let known = services.iter().map(|s| s.name.to_string()).collect::<Vec<_>>().join(", ");
                    finding.help.push(text!("services here: {known}", "这里的服务有：{known}"));
                }
                finding.help.push(text!(
                    "a server on the host is called host.docker.internal{port}",
                    "宿主机上的服务要写 host.docker.internal{port}"
                ));
                None
            }
            _ => None,
        };
        if let Some(plan) = plan {
            Cx::plan(&mut finding, plan);
        }
        cx.report(finding);
    }
}

/// Edges that one repair mends: a name that stands twice in a file of nginx is one mistake, since nginx does not start for the first.
fn mistakes<'e, 's>(cx: &Cx<'_>, found: &'e [Edge<'s>]) -> Vec<Vec<&'e Edge<'s>>> {
    let mut out: Vec<Vec<&Edge<'_>>> = Vec::new();
    let mut known = HashMap::new();
    for edge in found {
        let first = edge.first();
        let key = (edge.origin.map(|span| span.file), &first.endpoint.address.host, first.endpoint.address.port);
        let nginx = cx.format_of(first) == Some(Format::Nginx);
        let at = if nginx { *known.entry(key).or_insert(out.len()) } else { out.len() };
        match out.get_mut(at) {
            Some(mistake) => mistake.push(edge),
            None => out.push(vec![edge]),
        }
    }
    out
}

/// One repair of all the places of a mistake.
fn everywhere(edge: &Edge<'_>, more: &[&Edge<'_>], plan: &dyn Fn(&Edge<'_>) -> Plan) -> Plan {
    let mut fix = plan(edge)?;
    for later in more {
        let other = plan(later)?;
        fix.edits.extend(other.edits.into_iter().filter(|e| !fix.edits.contains(e)).collect::<Vec<_>>());
        fix.changes.extend(other.changes);
    }
    Ok(fix)
}

/// The variable that a model's address comes in. Source: <https://docs.docker.com/compose/how-tos/model-runner/>
fn given(model: &str) -> Text {
    let prefix = model.to_ascii_uppercase().replace('-', "_");
    text!(
        "Compose gives the model's address to the services that name it, in {prefix}_URL: read that variable",
        "Compose 会把模型的地址放在 {prefix}_URL 里，交给用到它的服务：请读这个变量"
    )
}
