//! A rule is a value: what it is called, what it says of itself, a function over [`Cx`]. It reads the project and its survey; it
//! never reads files, the environment or another rule.

use crate::catalog::{ImageKind, Reach};
use crate::compose::{Configured, Data, Dependency, Problem, Project, Service, ServiceId, SetBy, Value};
use crate::diag::{Applicability, Category, Finding, Fix, Lang, Place, Related, Severity, Strategy, Text};
use crate::interpolation;
use crate::mounted::Format;
use crate::network::{Edge, Facts, Judged, Site, Survey};
use crate::remedy::{Desk, Draft, Plan, Prospects, choices, reorder};
use crate::source::{Files, Span};
use crate::text;
use crate::yaml::{NodeId, Tree};

/// Whether findings of a rule come with a fix.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FixKind {
    Never,
    Sometimes,
    Always,
}

impl FixKind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Sometimes => "sometimes",
            Self::Always => "always",
        }
    }
}

/// What a rule is asked for. Source: what people expect of a linter that they have just installed: what is broken or dangerous,
/// and nothing else.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RuleSet {
    /// Correctness, reachability, serious exposure.
    Default,
    /// What makes a stack harder to break into or to lose.
    Hardening,
    /// Order, spelling, portability.
    Style,
}

impl RuleSet {
    pub const ALL: [Self; 3] = [Self::Default, Self::Hardening, Self::Style];

    pub fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Hardening => "hardening",
            Self::Style => "style",
        }
    }
}

/// Fixed words in both languages.
#[derive(Clone, Copy, Debug)]
pub struct Words {
    pub en: &'static str,
    pub zh: &'static str,
}

impl Words {
    pub fn get(self, lang: Lang) -> &'static str {
        match lang {
            Lang::En => self.en,
            Lang::Zh => self.zh,
        }
    }
}

/// A rule.
#[derive(Debug)]
pub struct Rule {
    /// Kebab-case, the smell's name, readable after "ignore". Frozen once released.
    pub id: &'static str,
    pub category: Category,
    pub set: RuleSet,
    /// Slugs of the causes that its findings name.
    pub causes: &'static [&'static str],
    /// The severity of most of its findings; a finding may have another.
    pub severity: Severity,
    pub fix: FixKind,
    pub since: &'static str,
    /// One line.
    pub title: Words,
    /// The page: what happens, why it is bad, what to do.
    pub doc: Words,
    pub check: fn(&mut Cx<'_>),
}

/// What a rule may see, and where it says what it found.
pub struct Cx<'a> {
    pub files: &'a Files,
    pub survey: &'a Survey<'a>,
    /// The host's LAN address and whether base files stay as they are: what repairs depend on.
    pub lan_ip: Option<std::net::IpAddr>,
    pub into_override: bool,
    rule: &'static Rule,
    ignored: &'a dyn Fn(&'static Rule, &Service) -> bool,
    findings: Vec<Finding>,
}

/// Something that services have at one place: through an anchor or `extends` several have it there.
pub struct Held<T> {
    pub place: Place,
    pub services: Vec<ServiceId>,
    pub what: T,
}

impl<'a> Cx<'a> {
    /// Runs a rule. `ignored` says whether somebody wants it left out for a service: who speaks of several services at once
    /// passes over those.
    pub fn run(
        rule: &'static Rule,
        files: &'a Files,
        survey: &'a Survey<'a>,
        lan_ip: Option<std::net::IpAddr>,
        into_override: bool,
        ignored: &'a dyn Fn(&'static Rule, &Service) -> bool,
    ) -> Vec<Finding> {
        let mut cx = Self { files, survey, lan_ip, into_override, rule, ignored, findings: Vec::new() };
        (rule.check)(&mut cx);
        cx.findings
    }

    pub fn project(&self) -> &'a Project {
        self.survey.project()
    }

    pub fn facts(&self) -> &'a Facts {
        self.survey.net.facts
    }

    pub fn name(&self, id: ServiceId) -> &'a str {
        self.survey.net.name(id)
    }

    pub fn service(&self, id: ServiceId) -> Option<&'a Service> {
        self.project().services.get(id)
    }

    /// The services that wait for another to be healthy.
    pub fn waiting_for(&self, name: &str) -> Vec<&'a str> {
        let waits = |s: &&Service| {
            s.depends_on.iter().any(|d| *d.name == *name && d.condition.as_deref() == Some("service_healthy"))
        };
        self.project().services.iter().filter(waits).map(|s| &*s.name).collect()
    }

    /// A finding at a place, with the rule's own severity.
    pub fn finding(&self, span: Span, path: impl Into<String>, message: Text) -> Finding {
        let place = Place { span, path: path.into() };
        Finding::new(self.rule.id, self.rule.category, self.rule.severity, place, message)
    }

    pub fn report(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// A finding for a problem of the loader.
    pub fn problem(&self, problem: &Problem, message: Text) -> Finding {
        let mut finding = self.finding(problem.span, problem.path.clone(), message);
        finding.services = service_of(&problem.path).map(str::to_owned).into_iter().collect();
        if !problem.rejects {
            // Compose loads it all the same: a service whose profile is off, say.
            finding.severity = finding.severity.min(Severity::Warning);
        }
        finding
    }

    /// A finding at the address that an edge's endpoints share: at its origin, with the services that read it.
    pub fn edge(&self, edge: &Edge<'_>, message: Text, label: Text) -> Finding {
        let judged = edge.first();
        let address = &judged.endpoint.address;
        let range = address.whole.start..address.path_range.start.max(address.host_range.end);
        let sourced = &judged.endpoint.value.sourced;
        let span = sourced
            .exact(range)
            .or_else(|| sourced.exact(address.host_range.clone()))
            .or_else(|| sourced.first(address.host_range.clone()))
            .or_else(|| self.setting(judged).map(|(span, _)| span))
            .unwrap_or_else(|| self.service(judged.endpoint.service).map_or_else(|| self.nowhere(), |s| s.name_span));
        let mut finding = self.finding(span, self.path_of(judged, span), message);
        finding.label = label;
        finding.services = edge.services().iter().map(|id| self.name(*id).to_owned()).collect();
        self.relate(edge, &mut finding);
        finding
    }

    fn nowhere(&self) -> Span {
        let file = self.project().files.first().copied();
        Span::at(file.unwrap_or_else(|| self.project().root.at.file), 0)
    }

    /// The place that a value comes from: the line of an env file by its name, else `path` in the Compose file.
    pub fn origin(&self, value: &interpolation::Value, path: impl FnOnce() -> String) -> Option<Place> {
        let span = value.sourced.first(0..value.text().len())?;
        let text = self.project().env_texts.get(&span.file);
        let line = text.and_then(|text| text.lines.iter().find(|l| l.span.contains(span)));
        Some(Place { span, path: line.map_or_else(path, |l| l.key.to_string()) })
    }

    /// The path of a place that an endpoint's value comes from: the variable's name in an env file, else the service's path.
    pub fn path_of(&self, judged: &Judged, span: Span) -> String {
        if let Some(text) = self.project().env_texts.get(&span.file) {
            let line = text.lines.iter().find(|l| l.span.contains(span));
            return line.map_or_else(String::new, |l| l.key.to_string());
        }
        self.service(judged.endpoint.service).map_or_else(String::new, |s| judged.endpoint.path(s))
    }

    /// The format of the configuration file that an endpoint stands in.
    pub fn format_of(&self, judged: &Judged) -> Option<Format> {
        let Site::Configured(index) = judged.endpoint.site else { return None };
        Some(self.service(judged.endpoint.service)?.configured.get(index)?.format)
    }

    /// The directive of an nginx file that an endpoint stands in, and the service that has the file.
    pub fn directive(&self, judged: &Judged) -> Option<(&'a Service, &'a Configured)> {
        let Site::Configured(index) = judged.endpoint.site else { return None };
        let service = self.service(judged.endpoint.service)?;
        let configured = service.configured.get(index).filter(|c| c.format == Format::Nginx)?;
        Some((service, configured))
    }

    /// Where an endpoint's variable is set: the span of its name.
    fn setting(&self, judged: &Judged) -> Option<(Span, SetBy)> {
        let Site::Env(index) = judged.endpoint.site else { return None };
        let var = self.service(judged.endpoint.service)?.environment.get(index)?;
        Some((var.key_span, var.set_by))
    }

    /// Names each place where a service takes the value, other than the one that the finding stands at.
    fn relate(&self, edge: &Edge<'_>, finding: &mut Finding) {
        let mut placed: Vec<(Span, Vec<String>)> = Vec::new();
        for (position, judged) in edge.judged.iter().enumerate() {
            let Some(service) = self.service(judged.endpoint.service) else { continue };
            let span = match self.setting(judged) {
                Some((span, SetBy::Environment { .. })) => span,
                Some((_, SetBy::EnvFile { .. })) => service.name_span,
                None => continue,
            };
            let place = Place { span, path: judged.endpoint.path(service) };
            let same_line = self.same_line(span, finding.place.span);
            let name = service.name.to_string();
            if position == 0 && same_line && place.path == finding.place.path {
                continue;
            }
            match placed.iter_mut().find(|(s, _)| *s == span) {
                Some((_, names)) => names.push(name.clone()),
                None => placed.push((span, vec![name.clone()])),
            }
            let message = text!("`{name}` reads it here", "`{name}` 在这里读它");
            finding.related.push(Related { place, service: Some(name), message });
        }
        // One label for the services that share a place.
        for related in &mut finding.related {
            let Some((_, names)) = placed.iter().find(|(s, _)| *s == related.place.span) else { continue };
            let names: Vec<String> = names.iter().map(|n| format!("`{n}`")).collect();
            let shown = names.join(", ");
            related.message = if names.len() == 1 {
                text!("{shown} reads it here", "{shown} 在这里读它")
            } else {
                text!("{shown} read it here", "{shown} 在这里读它")
            };
        }
    }

    fn same_line(&self, a: Span, b: Span) -> bool {
        let line = |s: Span| self.files.position(s.file, s.start as usize).line;
        a.file == b.file && line(a) == line(b)
    }

    /// `http://localhost:11434` as a message may show it: without credentials and path.
    pub fn shown(judged: &Judged) -> String {
        let address = &judged.endpoint.address;
        let text = judged.endpoint.text();
        let host = if address.host.contains(':') { format!("[{}]", address.host) } else { address.host.clone() };
        let port = match (&address.port_range, address.form, address.port) {
            (Some(_), _, Some(port)) | (None, crate::network::Form::Pair, Some(port)) => format!(":{port}"),
            _ => String::new(),
        };
        let scheme = match &address.scheme {
            Some(scheme) if crate::source::slice(text, address.whole.clone()).contains("://") => format!("{scheme}://"),
            _ => String::new(),
        };
        format!("{scheme}{host}{port}")
    }

    /// What repairs are planned on.
    pub fn desk(&self) -> Desk<'a> {
        Desk { files: self.files, survey: self.survey, lan_ip: self.lan_ip, into_override: self.into_override }
    }

    /// Plans the strategies of an edge and puts them to its finding.
    pub fn choose(&self, finding: &mut Finding, edge: &Edge<'_>, prospects: &Prospects<'_>) {
        let made = choices(self.desk(), edge, prospects);
        finding.fixes = made.fixes;
        finding.refusals = made.refusals;
    }

    /// Puts a plan to a finding: as a fix, or as the reason why there is none.
    pub fn plan(finding: &mut Finding, plan: Plan) {
        match plan {
            Ok(fix) => finding.fixes.push(fix),
            Err(reason) => finding.refusals.push((Strategy::Repair, reason)),
        }
    }

    /// Offers to put the entries of a collection in order; where that can't be done, the reason is told too.
    pub fn reorder(
        &self,
        finding: &mut Finding,
        tree: &Tree,
        at: NodeId,
        order: &[usize],
        applicability: Applicability,
    ) {
        let plan = reorder(self.desk(), tree, at, order, applicability);
        finding.help.extend(plan.as_ref().err().cloned());
        Self::plan(finding, plan);
    }

    /// The paths of the resolved project that change with the bytes of an edge.
    pub fn changed_by(&self, edge: &Edge<'_>) -> Vec<String> {
        let mut draft = Draft::new(self.desk());
        draft.note_edge(edge);
        draft.finish(Strategy::Repair, Applicability::Safe, Text::default()).changes
    }

    /// Offers to replace a part of an edge's value where it stands.
    pub fn rewrite(
        &self,
        finding: &mut Finding,
        edge: &Edge<'_>,
        range: std::ops::Range<usize>,
        new: &str,
        applicability: Applicability,
        description: Text,
    ) {
        let endpoint = &edge.first().endpoint;
        let plan = match endpoint.value.sourced.exact(range) {
            Some(span) => self.desk().replace(span, new).map(|edit| {
                let mut fix = Fix::new(Strategy::Repair, applicability, description);
                fix.edits.push(edit);
                fix.changes = self.changed_by(edge);
                fix
            }),
            None => Err(self.desk().by_hand(finding.place.span)),
        };
        Self::plan(finding, plan);
    }

    /// The severity of a broken edge: a warning where it works on one of the platforms in question, or is only likely.
    pub fn weight(judged: &Judged) -> Severity {
        let somewhere = judged.elsewhere.iter().any(|(_, verdict)| !verdict.broken());
        if judged.certain && !somewhere { Severity::Error } else { Severity::Warning }
    }

    // -- what services have or lack --

    /// Where a value stands: in the env file that brings it, or in the Compose file.
    pub fn place(&self, value: &Value, path: String) -> Place {
        let brought = match &value.data {
            Data::Str(text) => self.origin(text, || path.clone()),
            _ => None,
        };
        brought.unwrap_or(Place { span: value.span, path })
    }

    /// The place of a part of a value, where a Compose file says all of it.
    pub fn in_compose(&self, value: &interpolation::Value, range: std::ops::Range<usize>) -> Option<Span> {
        let parts = || value.sourced.origins(range.clone()).filter(|(covered, ..)| !covered.is_empty());
        let here = |span: Option<Span>| span.is_some_and(|span| self.project().trees.contains_key(&span.file));
        let all = parts().next().is_some() && parts().all(|(_, span, _)| here(span));
        all.then(|| value.sourced.exact(range.clone()).or_else(|| value.sourced.first(range.clone()))).flatten()
    }

    /// Whether a service does its work and ends: others wait for that, its image is made for it, or swarm is told so.
    pub fn ends(&self, id: ServiceId) -> bool {
        let done = |d: &Dependency| {
            d.condition.as_deref() == Some("service_completed_successfully") && d.name == self.name(id)
        };
        self.project().services.iter().any(|s| s.depends_on.iter().any(done))
            || self.survey.net.image(id).is_some_and(|image| image.kind == Some(ImageKind::Job))
            || self
                .service(id)
                .and_then(|s| s.value.get("deploy")?.get("mode")?.str())
                .is_some_and(|m| m.ends_with("-job"))
    }

    /// The services that are Linux containers, whatever their profiles.
    pub fn containers(&self) -> impl Iterator<Item = (ServiceId, &'a Service)> {
        let windows =
            |s: &Service| s.value.get("platform").and_then(|p| p.str()).is_some_and(|p| p.starts_with("windows"));
        self.project().services.iter().enumerate().filter(move |(_, s)| !s.provider && !windows(s))
    }

    /// One finding for all services that lack something, at the first of them: nobody writes it for one service and means
    /// the others to go without. None of a project of which a part is not there, which may have it.
    pub fn absent(&self, lacking: &[ServiceId], key: &str, message: &Text) -> Option<(Finding, Vec<ServiceId>)> {
        let project = self.project();
        if project.part.is_some() || project.incomplete {
            return None;
        }
        let whole = |s: &Service| s.image.is_some() || s.builds;
        let told = |id: &&ServiceId| self.service(**id).is_some_and(|s| whole(s) && !(self.ignored)(self.rule, s));
        let ids: Vec<ServiceId> = lacking.iter().filter(told).copied().collect();
        let first = self.service(*ids.first()?)?;
        let mut finding = self.finding(first.name_span, first.path(key), message.clone().and(&self.listed(&ids)));
        finding.services = self.names(&ids);
        Some((finding, ids))
    }

    /// What was found, by place.
    pub fn by_place<T: PartialEq>(found: impl IntoIterator<Item = (ServiceId, Place, T)>) -> Vec<Held<T>> {
        let mut out: Vec<Held<T>> = Vec::new();
        for (id, place, what) in found {
            match out.iter_mut().find(|h| h.place.span == place.span && h.what == what) {
                Some(held) if held.services.contains(&id) => {}
                Some(held) => held.services.push(id),
                None => out.push(Held { place, services: vec![id], what }),
            }
        }
        out
    }

    /// A finding of what services have at one place.
    pub fn held<T>(&self, held: &Held<T>, message: Text) -> Finding {
        let mut finding = self.finding(held.place.span, held.place.path.clone(), message);
        finding.services = self.names(&held.services);
        finding
    }

    /// One finding for several attributes, at the first of them, with a list of what they are called; the others, each once, are
    /// related.
    pub fn gathered(&self, uses: &[Held<String>], message: impl Fn(&str) -> Text) -> Option<Finding> {
        let mut firsts: Vec<&Held<String>> = Vec::new();
        for one in uses {
            if !firsts.iter().any(|first| first.what == one.what) {
                firsts.push(one);
            }
        }
        let list: Vec<&str> = firsts.iter().map(|one| one.what.as_str()).collect();
        let mut finding = self.held(firsts.first()?, message(&list.join(", ")));
        for name in uses.iter().flat_map(|one| self.names(&one.services)) {
            if !finding.services.contains(&name) {
                finding.services.push(name);
            }
        }
        finding.related = firsts
            .iter()
            .skip(1)
            .map(|one| {
                let service = one.services.first().map(|id| self.name(*id).to_owned());
                Related { place: one.place.clone(), service, message: Text::default() }
            })
            .collect();
        Some(finding)
    }

    pub fn names(&self, ids: &[ServiceId]) -> Vec<String> {
        ids.iter().map(|id| self.name(*id).to_owned()).collect()
    }

    /// Services for a message: "`a`", "`a` and `b`", "`a`, `b`, `c`, `d` and 3 more services".
    pub fn listed(&self, ids: &[ServiceId]) -> Text {
        const SHOWN: usize = 5;
        let named = |ids: &[ServiceId]| ids.iter().map(|id| format!("`{}`", self.name(*id))).collect::<Vec<_>>();
        match ids {
            [] => Text::default(),
            [one] => Text::same(format!("`{}`", self.name(*one))),
            [rest @ .., last] if ids.len() <= SHOWN => {
                let (rest, last) = (named(rest), self.name(*last));
                Text::new(format!("{} and `{last}`", rest.join(", ")), format!("{}、`{last}`", rest.join("、")))
            }
            _ => {
                let (first, count) = (named(ids.get(..SHOWN - 1).unwrap_or(ids)), ids.len());
                let more = count + 1 - SHOWN;
                Text::new(
                    format!("{} and {more} more services", first.join(", ")),
                    format!("{} 等 {count} 个服务", first.join("、")),
                )
            }
        }
    }

    /// The names of an edge's services for a message: "`api`", "`api` and 2 more".
    pub fn askers(&self, edge: &Edge<'_>) -> Text {
        let ids = edge.services();
        let first = self.name(*ids.first().unwrap_or(&0));
        match ids.len() {
            0 | 1 => text!("`{first}`", "`{first}` "),
            2 => {
                let second = self.name(*ids.get(1).unwrap_or(&0));
                text!("`{first}` and `{second}`", "`{first}` 和 `{second}` ")
            }
            n => {
                let more = n - 1;
                text!("`{first}` and {more} more services", "`{first}` 等 {n} 个服务")
            }
        }
    }
}

/// How loud a privilege is.
pub fn severity(reach: Reach) -> Severity {
    match reach {
        Reach::Host => Severity::Error,
        Reach::Beyond => Severity::Warning,
        Reach::Within => Severity::Info,
    }
}

/// The service that a path of the project belongs to.
pub fn service_of(path: &str) -> Option<&str> {
    path.strip_prefix("services.")?.split('.').next()
}
