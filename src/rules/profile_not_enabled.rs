use crate::diag::{Applicability, Category, Creation, Fix, Lang, Related, Severity, Strategy};
use crate::interpolation::ReadFrom;
use crate::network::{Audience, Judged, Reached, Sure, edges};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "profile-not-enabled",
    category: Category::Reach,
    set: RuleSet::Default,
    causes: &["profile-not-enabled"],
    severity: Severity::Warning,
    fix: FixKind::Sometimes,
    since: "0.1.0",
    title: Words { en: "A service calls one that only starts with a profile, and the profile is off", zh: "服务要找的另一个服务要打开 profile 才会启动，而它没有打开" },
    doc: Words {
        en: "\
A service with `profiles` is started only when one of them is on: `docker compose --profile NAME up`, or `COMPOSE_PROFILES=NAME` in `.env`. Until then its
name does not resolve. Where several services stand behind different profiles for the same thing, the choice is the user's, and this is only an
information.",
        zh: "\
写了 `profiles` 的服务，要打开其中一个 profile 才会启动：`docker compose --profile 名字 up`，或在 `.env` 里写 `COMPOSE_PROFILES=名字`。在此之前它的名字解析不了。如果同一个用途有好几个服务，
分别放在不同的 profile 里，那是留给使用者选的，这里只作提示。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let off = |j: &Judged| {
        let asker = cx.service(j.endpoint.service);
        j.counts() && j.role.audience == Audience::Server && !j.profiles.is_empty() && asker.is_some_and(|s| s.active)
    };
    let found = edges(cx.survey, off);
    for edge in found {
        let judged = edge.first();
        // Whether a profile is on may stand in an env file that is not there.
        if cx.project().scope.uncertain_about("COMPOSE_PROFILES") {
            continue;
        }
        let Some(Reached::Service { service, .. }) = judged.reached else { continue };
        let Some(target) = cx.service(service) else { continue };
        let host = judged.endpoint.address.host.to_lowercase();
        // Others that would answer to the name under another profile: a switch, not a slip.
        let alternatives = (0..cx.project().services.len())
            .filter(|id| cx.survey.net.all_names(*id).contains(&host))
            .count()
            > 1;
        let others = cx.project().services.iter().filter(|s| {
            !s.profiles.is_empty() && s.profiles != target.profiles && same_kind(cx, &s.name, service)
        });
        // Who calls several that are off has a choice of parts, not a slip.
        let menu = found_off(cx, judged.endpoint.service) > 1;
        let a_switch = alternatives || menu || others.count() > 0;
        let name = &target.name;
        let profiles = target.profiles.join(", ");
        let first = target.profiles.first().cloned().unwrap_or_default();
        let askers = cx.askers(&edge);
        let (en, zh) = (askers.get(Lang::En), askers.get(Lang::Zh));
        let message = text!(
            "`{name}`, called by {en}, starts only with the profile {profiles}",
            "{zh}要找的 `{name}`，只有打开 profile {profiles} 才会启动"
        );
        let label = text!("no such host until the profile is on", "在打开之前，没有这个主机名（no such host）");
        let mut finding = cx.edge(&edge, message, label);
        finding.cause = Some("profile-not-enabled");
        // A part that only a default of its own names is one that people choose.
        let default = judged.endpoint.value.reads.iter().any(|r| r.from == ReadFrom::Default);
        if a_switch || (default && judged.role.sure < Sure::Catalog) {
            finding.severity = Severity::Info;
        }
        finding.help.push(text!("docker compose --profile {first} up -d", "docker compose --profile {first} up -d"));
        let span = target.value.get("profiles").map_or(target.name_span, |v| v.span);
        finding.related.push(Related {
            place: crate::diag::Place { span, path: target.path("profiles") },
            service: Some(name.to_string()),
            message: text!("the profile of `{name}`", "`{name}` 的 profile"),
        });
        if let Some(fix) = enable(cx, &first) {
            finding.fixes.push(fix);
        }
        cx.report(finding);
    }
}

/// How many services that a profile keeps off one service calls.
fn found_off(cx: &Cx<'_>, asker: usize) -> usize {
    let mut targets: Vec<usize> = Vec::new();
    for judged in cx.survey.endpoints.iter().filter(|j| j.endpoint.service == asker && !j.profiles.is_empty()) {
        if let Some(Reached::Service { service, .. }) = judged.reached
            && !targets.contains(&service)
        {
            targets.push(service);
        }
    }
    targets.len()
}

/// Whether another service's image is of the same software.
fn same_kind(cx: &Cx<'_>, name: &str, service: usize) -> bool {
    let image = |id: usize| cx.survey.net.image(id).map(|i| i.names.first());
    cx.project().service(name).filter(|id| *id != service).is_some_and(|id| image(id).is_some() && image(id) == image(service))
}

/// `COMPOSE_PROFILES` in `.env`.
fn enable(cx: &Cx<'_>, profile: &str) -> Option<Fix> {
    let project = cx.project();
    let mut fix = Fix::new(
        Strategy::Repair,
        Applicability::Unsafe,
        text!("set COMPOSE_PROFILES={profile} in the env file", "在 env 文件里设置 COMPOSE_PROFILES={profile}"),
    );
    fix.changes.push("profiles".to_owned());
    let Some(file) = project.env_files.first().copied() else {
        fix.creates.push(Creation { path: project.dotenv.clone(), text: format!("COMPOSE_PROFILES={profile}\n") });
        return Some(fix);
    };
    let text = project.env_texts.get(&file)?;
    let known = text.lines.iter().rev().find(|l| &*l.key == "COMPOSE_PROFILES");
    fix.edits.push(match known.and_then(|l| l.value.as_ref()) {
        Some(value) => {
            let span = value.exact(0..value.text.len())?;
            let joined = if value.text.is_empty() { profile.to_owned() } else { format!("{},{profile}", value.text) };
            cx.desk().replace(span, &joined).ok()?
        }
        None => crate::dotenv::insert_line(file, &cx.files.get(file).text, None, &format!("COMPOSE_PROFILES={profile}")),
    });
    Some(fix)
}
