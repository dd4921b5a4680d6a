use crate::diag::{Applicability, Category, Fix, Related, Severity, Strategy};
use crate::network::{Audience, Fault, Judged, LoopbackSetting};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "server-listens-on-loopback",
    category: Category::Reach,
    set: RuleSet::Default,
    causes: &["container-bind-loopback"],
    severity: Severity::Error,
    fix: FixKind::Sometimes,
    since: "0.1.0",
    title: Words {
        en: "A server in a container listens on 127.0.0.1, where nobody else gets",
        zh: "容器里的服务只监听 127.0.0.1，别的容器连不上",
    },
    doc: Words {
        en: "\
127.0.0.1 is the container's own loopback. Other containers that call the service are refused; its published port takes the connection and
drops it (`connection reset by peer`, `Empty reply from server`). Inside a container listen on 0.0.0.0, and limit who gets in by what you publish:
`127.0.0.1:11434:11434` for this machine only.

Not flagged where all clients share the server's network namespace (`network_mode: service:...`) and nothing is published.",
        zh: "\
127.0.0.1 是容器自己的回环地址。别的容器去连会被拒绝；发布的端口会接受连接又断开（`connection reset by peer`、`Empty reply from server`）。在容器里要监听 0.0.0.0，
谁能访问由发布方式来管：只给本机用就写 `127.0.0.1:11434:11434`。

如果所有客户端都和它在同一个网络命名空间（`network_mode: service:...`），也没有发布端口，就不报。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    for (id, node) in cx.survey.net.nodes.iter().enumerate() {
        let (Some(setting), Some(service)) = (&node.listening.loopback, cx.service(id)) else { continue };
        let suffers = |j: &&Judged| {
            j.fault == Some(Fault::ServerOnLoopback { service: id })
                && j.role.audience == Audience::Server
                && j.counts()
        };
        let callers: Vec<&Judged> = cx.survey.endpoints.iter().filter(suffers).collect();
        let published = service.ports.iter().any(|p| {
            p.tcp
                && (p.target.0..=p.target.1)
                    .any(|port| node.listening.on(port).is_some() || node.listening.listeners.is_empty())
        });
        // A name that only looks like a bind address counts where somebody is seen to suffer from it.
        if callers.is_empty() && !published {
            continue;
        }
        let name = &service.name;
        let variable = &setting.name;
        let message = text!(
            "`{name}` listens on its own loopback: nobody outside the container reaches it",
            "`{name}` 只在容器自己的回环地址上监听：容器外谁也连不上"
        );
        let span = setting.span.unwrap_or(service.name_span);
        let path = match setting.variable {
            Some(_) if cx.project().env_texts.contains_key(&span.file) => variable.clone(),
            Some(_) => service.path(&format!("environment.{variable}")),
            None => service.path("command"),
        };
        let mut finding = cx.finding(span, path, message);
        finding.cause = Some("container-bind-loopback");
        finding.severity = if setting.certain { Severity::Error } else { Severity::Warning };
        finding.services = vec![name.to_string()];
        finding.label = if published {
            text!("its published port takes the connection and drops it", "发布的端口会接受连接又断开")
        } else {
            text!("other containers are refused", "别的容器会被拒绝")
        };
        finding.help.push(text!("listen on 0.0.0.0 inside the container", "在容器里监听 0.0.0.0"));
        for caller in callers.iter().take(8) {
            let Some(asker) = cx.service(caller.endpoint.service) else { continue };
            let Some(span) = caller.endpoint.span_of(caller.endpoint.address.host_range.clone()) else { continue };
            let who = asker.name.to_string();
            finding.related.push(Related {
                place: crate::diag::Place { span, path: cx.path_of(caller, span) },
                message: text!("`{who}` calls it here", "`{who}` 在这里去连它"),
                service: Some(who),
            });
        }
        repair(cx, id, setting, &mut finding);
        cx.report(finding);
    }
}

fn repair(cx: &Cx<'_>, id: usize, setting: &LoopbackSetting, finding: &mut crate::diag::Finding) {
    let (Some(service), Some(span)) = (cx.service(id), setting.span) else { return };
    let text = cx.files.text(span).to_owned();
    let host =
        ["127.0.0.1", "localhost", "[::1]", "::1"].into_iter().find_map(|h| text.find(h).map(|at| at..at + h.len()));
    let mut fix = Fix::new(
        Strategy::Repair,
        if setting.certain { Applicability::Safe } else { Applicability::Unsafe },
        text!("listen on 0.0.0.0", "监听 0.0.0.0"),
    );
    let edit = match host {
        Some(range) => cx.desk().replace(span.part(range), "0.0.0.0"),
        None => cx.desk().replace(span, "0.0.0.0"),
    };
    match edit {
        Ok(edit) => {
            fix.edits.push(edit);
            fix.changes = vec![match setting.variable {
                Some(_) => service.path(&format!("environment.{}", setting.name)),
                None => service.path("command"),
            }];
            // A port that is published already opens with it.
            fix.announces.push("exposed-port");
            finding.fixes.push(fix);
        }
        Err(reason) => finding.refusals.push((Strategy::Repair, reason)),
    }
}
