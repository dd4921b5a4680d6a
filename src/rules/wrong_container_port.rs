use crate::diag::{Applicability, Category, Finding, Fix, Lang, Severity, Strategy};
use crate::network::{Audience, Fault, Listening, Verdict, edges};
use crate::remedy;
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "wrong-container-port",
    category: Category::Reach,
    set: RuleSet::Default,
    causes: &["wrong-container-port"],
    severity: Severity::Warning,
    fix: FixKind::Sometimes,
    since: "0.1.0",
    title: Words { en: "Nothing in the container listens on that port", zh: "容器里没有程序监听这个端口" },
    doc: Words {
        en: "\
The image is known and listens on other ports, and nothing in the service's settings moves it: a call to the port is refused, and a published
port leads nowhere (the engine takes the connection and drops it). Give the port that the image listens on, or the setting that moves it.",
        zh: "\
这个镜像监听哪些端口是已知的，服务的设置也没有改动它：连这个端口会被拒绝，发布这个端口也没有用（引擎接受连接又断开）。应写镜像真正监听的端口，或者加上改变端口的设置。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let found = edges(cx.survey, |j| {
        let wrong =
            matches!(j.fault, Some(Fault::WrongPort { published, .. }) if !published || j.verdict == Verdict::Reset);
        j.counts() && j.role.audience == Audience::Server && wrong
    });
    for edge in found {
        let judged = edge.first();
        let Some(Fault::WrongPort { service, offered, .. }) = &judged.fault else { continue };
        let url = Cx::shown(judged);
        let askers = cx.askers(&edge);
        let (en, zh) = (askers.get(Lang::En), askers.get(Lang::Zh));
        let message = if judged.verdict == Verdict::Reset {
            text!("{en} can't reach `{url}`: connection reset", "{zh}连不上 `{url}`：连接被重置（connection reset）")
        } else {
            text!(
                "{en} can't reach `{url}`: connection refused",
                "{zh}连不上 `{url}`：连接被拒绝（connection refused）"
            )
        };
        let mut finding = cx.edge(&edge, message, judged.reason.clone());
        finding.cause = Some("wrong-container-port");
        finding.severity = Cx::weight(judged);
        let name = cx.name(*service);
        let ports = offered.iter().map(u16::to_string).collect::<Vec<_>>().join(", ");
        finding.help.push(text!("`{name}` listens on {ports}", "`{name}` 监听的是 {ports}"));
        if judged.verdict == Verdict::Refused
            && let [port] = offered.as_slice()
        {
            Cx::plan(&mut finding, remedy::retarget(cx.desk(), &edge, *service, Some(*port), Applicability::Safe));
        } else if let Some(port) = spoken(cx, judged, *service) {
            Cx::plan(&mut finding, remedy::retarget(cx.desk(), &edge, *service, Some(port), Applicability::Unsafe));
        }
        cx.report(finding);
    }
    published(cx);
}

/// The main port of a service that speaks what the variable wants.
fn spoken(cx: &Cx<'_>, judged: &crate::network::Judged, service: usize) -> Option<u16> {
    let node = cx.survey.net.nodes.get(service)?;
    let speaks = judged.role.speaks?;
    node.image.filter(|i| i.speaks(speaks))?;
    node.listening.listeners.first().map(|l| l.port)
}

/// `ports` entries that lead to a port on which the image does not listen.
fn published(cx: &mut Cx<'_>) {
    for (id, node) in cx.survey.net.nodes.iter().enumerate() {
        let (Some(service), Some(image)) = (cx.service(id), node.image) else { continue };
        let configured = matches!(image.kind, Some(crate::catalog::ImageKind::Proxy)) || image.speaks.is_empty();
        if !node.listening.complete || configured || service.builds || node.space != crate::network::Space::Networks(id)
        {
            continue;
        }
        // A guest in the namespace may listen there.
        if cx.survey.net.in_space(node.space).count() > 1 {
            continue;
        }
        // One entry that leads to the server shows that the others are there for something else: metrics, a second protocol.
        if service.ports.iter().any(|p| !p.tcp || node.listening.listeners.iter().any(|l| p.has_target(l.port))) {
            continue;
        }
        for port in service.ports.iter().filter(|p| p.tcp && !p.uncertain && p.target.0 == p.target.1) {
            let target = port.target.0;
            let exposed = service.expose.iter().any(|(first, last)| (*first..=*last).contains(&target));
            if exposed || node.listening.on(target).is_some() || node.listening.mentions(target) {
                continue;
            }
            let name = &service.name;
            let ports = listed(&node.listening);
            let message = text!(
                "`{name}` publishes {target}, on which nothing in it listens",
                "`{name}` 发布了 {target}，而容器里没有程序监听它"
            );
            let span = port.target_span.unwrap_or(port.span);
            let mut finding = cx.finding(span, service.path(&format!("ports.{}", port.index)), message);
            finding.cause = Some("wrong-container-port");
            finding.services = vec![name.to_string()];
            finding.label = text!("this image listens on {ports}", "这个镜像监听的是 {ports}");
            offer(cx, id, port, &mut finding);
            cx.report(finding);
        }
    }
}

fn listed(listening: &Listening) -> String {
    let ports: Vec<String> = listening.listeners.iter().map(|l| l.port.to_string()).collect();
    if ports.is_empty() { "-".to_owned() } else { ports.join(", ") }
}

/// One port that is not published yet is the one that was meant.
fn offer(cx: &Cx<'_>, id: usize, port: &crate::compose::Port, finding: &mut Finding) {
    let (Some(service), Some(node)) = (cx.service(id), cx.survey.net.nodes.get(id)) else { return };
    let free: Vec<u16> = node
        .listening
        .listeners
        .iter()
        .map(|l| l.port)
        .filter(|p| !service.ports.iter().any(|other| other.has_target(*p)))
        .collect();
    let description;
    let edit = match free.as_slice() {
        [only] => {
            description = text!("publish {only} instead", "改为发布 {only}");
            let Some(span) = port.target_span else { return };
            cx.desk().replace(span, &only.to_string()).map(|e| vec![e])
        }
        [] => {
            Cx::plan(finding, remedy::unpublish(cx.desk(), service, port));
            return;
        }
        _ => return,
    };
    match edit {
        Ok(edits) => {
            let mut fix = Fix::new(Strategy::Repair, Applicability::Unsafe, description);
            fix.edits = edits;
            fix.changes = vec![service.path("ports")];
            // What nothing answered on was open to nobody.
            fix.announces.push("exposed-port");
            finding.fixes.push(fix);
        }
        Err(reason) => finding.refusals.push((Strategy::Repair, reason)),
    }
}
