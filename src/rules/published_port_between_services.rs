use crate::diag::{Applicability, Category, Lang, Severity};
use crate::network::{Audience, Fault, edges};
use crate::remedy;
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "published-port-between-services",
    category: Category::Reach,
    set: RuleSet::Default,
    causes: &["published-port-between-services"],
    severity: Severity::Error,
    fix: FixKind::Sometimes,
    since: "0.1.0",
    title: Words {
        en: "A service is called by its name with the port that is published on the host",
        zh: "用服务名去连，却写了发布在宿主机上的端口",
    },
    doc: Words {
        en: "\
In `ports: [\"8010:8000\"]` the left number is the port on the host, the right one the port in the container. Between services only the right one
counts: `http://webserver:8000`. The left one is refused there.",
        zh: "\
`ports: [\"8010:8000\"]` 里，左边是宿主机上的端口，右边是容器里的端口。服务之间只认右边的：`http://webserver:8000`；写左边的会被拒绝。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let found = edges(cx.survey, |j| {
        j.counts()
            && j.role.audience == Audience::Server
            && matches!(j.fault, Some(Fault::WrongPort { published: true, .. }))
            && j.verdict == crate::network::Verdict::Refused
    });
    for edge in found {
        let judged = edge.first();
        let Some(Fault::WrongPort { service, .. }) = judged.fault else { continue };
        let url = Cx::shown(judged);
        let askers = cx.askers(&edge);
        let (en, zh) = (askers.get(Lang::En), askers.get(Lang::Zh));
        let message = text!("{en} can't reach `{url}`: connection refused", "{zh}连不上 `{url}`：连接被拒绝（connection refused）");
        let mut finding = cx.edge(&edge, message, judged.reason.clone());
        finding.cause = Some("published-port-between-services");
        finding.severity = Cx::weight(judged);
        let target = remedy::container_port(cx.desk(), judged, service);
        let name = cx.name(service);
        if let Some(port) = target {
            finding.help.push(text!("between services call the container port: {name}:{port}", "服务之间要用容器端口：{name}:{port}"));
        }
        Cx::plan(&mut finding, remedy::retarget(cx.desk(), &edge, service, target, Applicability::Safe));
        cx.report(finding);
    }
}
