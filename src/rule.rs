//! A rule is a value: what it is called, what it says of itself, a function over [`Cx`]. It reads the project and its survey; it
//! never reads files, the environment or another rule.

use crate::compose::{Problem, Project, Service, ServiceId, SetBy};
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
    findings: Vec<Finding>,
}

impl<'a> Cx<'a> {
    /// Runs a rule.
    pub fn run(
        rule: &'static Rule,
        files: &'a Files,
        survey: &'a Survey<'a>,
        lan_ip: Option<std::net::IpAddr>,
        into_override: bool,
    ) -> Vec<Finding> {
        let mut cx = Self { files, survey, lan_ip, into_override, rule, findings: Vec::new() };
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

    /// A finding at a place, with the rule's own severity.
    pub fn finding(&self, span: Span, path: impl Into<String>, message: Text) -> Finding {
        Finding {
            rule: self.rule.id,
            category: self.rule.category,
            cause: None,
            severity: self.rule.severity,
            place: Place { span, path: path.into() },
            label: Text::default(),
            message,
            help: Vec::new(),
            services: Vec::new(),
            related: Vec::new(),
            fixes: Vec::new(),
            refusals: Vec::new(),
        }
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

/// The service that a path of the project belongs to.
pub fn service_of(path: &str) -> Option<&str> {
    path.strip_prefix("services.")?.split('.').next()
}

/// What was meant by a name that nobody has, where one of the known ones is near.
pub fn nearest<'k, S: AsRef<str>>(name: &str, known: &'k [S]) -> Option<&'k str> {
    let distance = |known: &str| strsim::damerau_levenshtein(known, &name.to_ascii_lowercase());
    let best = known.iter().map(AsRef::as_ref).min_by_key(|k| distance(k))?;
    (distance(best) <= 1 + name.len() / 4).then_some(best)
}
