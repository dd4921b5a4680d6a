//! The survey as nodes and edges: what is the same is one, what is too much is told beside the picture.

use std::collections::BTreeSet;

use super::super::survey::{ordered, verdict_words};
use super::bundle;
use crate::compose::ServiceId;
use crate::diag::{Lang, mask};
use crate::network::{Audience, Fault, HOST_ALIASES, Judged, Reached, Space, Survey, Verdict};
use crate::report::tame;
use crate::source::Files;
use crate::text;

/// How an edge is drawn.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Class {
    Broken,
    /// Leads outside, or nobody knows.
    Grey,
    Ok,
    /// Who comes in: no address says it.
    Way,
}

impl Class {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Broken => "broken",
            Self::Grey => "grey",
            Self::Ok => "ok",
            Self::Way => "way",
        }
    }

    fn of(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Ok => Self::Ok,
            Verdict::External | Verdict::Unknown => Self::Grey,
            _ => Self::Broken,
        }
    }
}

/// What a node stands for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Kind {
    /// Published ports of a service, or a browser.
    Entry,
    Service,
    /// Where edges of several services meet that lead to the same targets.
    Joint,
    Host,
    Outside,
    /// An address that nobody answers.
    Nobody,
    Unknown,
}

#[derive(Clone, Debug)]
pub(super) struct Node {
    pub kind: Kind,
    pub name: String,
    pub note: String,
    /// Index in [`Graph::lanes`], of services and joints.
    pub lane: Option<usize>,
    /// `up` does not start it.
    pub off: bool,
    /// What it calls of itself: health checks, mostly.
    pub own: Option<(Class, Vec<usize>)>,
}

#[derive(Clone, Debug)]
pub(super) struct Edge {
    pub from: usize,
    pub to: usize,
    pub class: Class,
    /// Indices in [`Graph::rows`].
    pub rows: Vec<usize>,
}

/// Endpoints that differ in nothing but the service.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Row {
    pub services: Vec<String>,
    pub variable: String,
    pub address: String,
    pub audience: &'static str,
    pub verdict: Verdict,
    pub class: Class,
    pub words: String,
    pub to: String,
    pub reason: String,
    pub place: String,
}

#[derive(Debug)]
pub(super) struct Graph {
    pub project: String,
    pub nodes: Vec<Node>,
    pub edges: Vec<Edge>,
    /// Titles of the networks, or sets of networks, that services are on.
    pub lanes: Vec<String>,
    pub rows: Vec<Row>,
    /// Services without an edge: name, what it is, where it is.
    pub lone: Vec<(String, String, String)>,
}

/// Where the files say an address: `compose.yaml:7`.
pub(super) fn in_files(files: &Files, judged: &Judged) -> String {
    judged.endpoint.span_of(judged.endpoint.address.host_range.clone()).map_or_else(String::new, |span| {
        format!("{}:{}", files.get(span.file).name, files.position(span.file, span.start as usize).line)
    })
}

/// Text of a file as it may be shown.
fn plain(text: &str) -> String {
    tame(&mask(text)).replace('\n', " ")
}

struct Builder<'s, 'a> {
    survey: &'s Survey<'a>,
    place: &'s dyn Fn(&Judged) -> String,
    lang: Lang,
    graph: Graph,
    /// The node of each service.
    services: Vec<usize>,
}

impl Graph {
    /// `place` says where an address stands.
    pub(super) fn new(survey: &Survey<'_>, place: &dyn Fn(&Judged) -> String, lang: Lang) -> Self {
        let mut builder = Builder {
            survey,
            place,
            lang,
            graph: Self {
                project: plain(&survey.project().name),
                nodes: Vec::new(),
                edges: Vec::new(),
                lanes: Vec::new(),
                rows: Vec::new(),
                lone: Vec::new(),
            },
            services: Vec::new(),
        };
        builder.services();
        for judged in ordered(survey).into_iter().filter(|j| j.counts()) {
            builder.endpoint(judged);
        }
        builder.entries();
        let mut graph = builder.graph;
        graph.leave_out();
        bundle::bundle(&mut graph);
        graph
    }

    /// How many folded endpoints are of a class.
    pub(super) fn count(&self, class: Class) -> usize {
        self.rows.iter().filter(|r| r.class == class).map(|r| r.services.len()).sum()
    }

    /// The words that explain an edge or a node: one line an address.
    pub(super) fn told(&self, rows: &[usize]) -> Vec<String> {
        rows.iter()
            .filter_map(|r| self.rows.get(*r))
            .map(|r| {
                let who = r.services.join(", ");
                format!("{who} {} → {}: {}. {}", r.variable, r.address, r.words, r.reason)
            })
            .collect()
    }

    fn node(&mut self, kind: Kind, name: &str, note: &str) -> usize {
        if let Some(known) = self.nodes.iter().position(|n| n.kind == kind && n.name == name && n.note == note) {
            return known;
        }
        self.nodes.push(Node { kind, name: name.to_owned(), note: note.to_owned(), lane: None, off: false, own: None });
        self.nodes.len() - 1
    }

    fn edge(&mut self, from: usize, to: usize, class: Class, row: Option<usize>) {
        let known = self.edges.iter().position(|e| e.from == from && e.to == to && e.class == class);
        let at = known.unwrap_or_else(|| {
            self.edges.push(Edge { from, to, class, rows: Vec::new() });
            self.edges.len() - 1
        });
        if let (Some(edge), Some(row)) = (self.edges.get_mut(at), row)
            && !edge.rows.contains(&row)
        {
            edge.rows.push(row);
        }
    }

    /// Takes services without edges out of the picture, and networks that are then empty.
    fn leave_out(&mut self) {
        // A service that `up` does not start stays for its addresses, not for its published ports.
        let called: BTreeSet<usize> =
            self.edges.iter().filter(|e| e.class != Class::Way).flat_map(|e| [e.from, e.to]).collect();
        let off: Vec<bool> = self.nodes.iter().map(|n| n.off && n.kind == Kind::Service).collect();
        let idle = |n: usize| off.get(n) == Some(&true) && !called.contains(&n);
        for edge in self.edges.iter().filter(|e| e.class == Class::Way && idle(e.to)) {
            let ports = self.nodes.get(edge.from).map(|n| n.name.clone()).unwrap_or_default();
            if let Some(node) = self.nodes.get_mut(edge.to) {
                node.note = format!("{} {ports}", node.note);
            }
        }
        self.edges.retain(|e| e.class != Class::Way || !idle(e.to));
        let used: BTreeSet<usize> = self.edges.iter().flat_map(|e| [e.from, e.to]).collect();
        let broken = |n: &Node| n.own.as_ref().is_some_and(|(class, _)| *class == Class::Broken);
        let stays: Vec<bool> = self.nodes.iter().enumerate().map(|(i, n)| used.contains(&i) || broken(n)).collect();
        let mut place = Vec::new();
        let mut next = 0;
        for stays in &stays {
            place.push(next);
            next += usize::from(*stays);
        }
        let nodes = std::mem::take(&mut self.nodes);
        for (node, stays) in nodes.into_iter().zip(&stays) {
            if *stays {
                self.nodes.push(node);
            } else if node.kind == Kind::Service {
                let lane = node.lane.and_then(|l| self.lanes.get(l)).cloned().unwrap_or_default();
                self.lone.push((node.name, node.note, lane));
            }
        }
        for edge in &mut self.edges {
            edge.from = place.get(edge.from).copied().unwrap_or(0);
            edge.to = place.get(edge.to).copied().unwrap_or(0);
        }
        let full: Vec<usize> =
            (0..self.lanes.len()).filter(|l| self.nodes.iter().any(|n| n.lane == Some(*l))).collect();
        for node in &mut self.nodes {
            node.lane = node.lane.and_then(|l| full.iter().position(|f| *f == l));
        }
        self.lanes = full.iter().filter_map(|l| self.lanes.get(*l)).cloned().collect();
    }
}

impl Builder<'_, '_> {
    fn services(&mut self) {
        let project = self.survey.project();
        let mut networks: Vec<BTreeSet<String>> = Vec::new();
        for (id, service) in project.services.iter().enumerate() {
            let image = service.image_text().unwrap_or_default();
            let image = image.rsplit('/').next().unwrap_or_default().split('@').next().unwrap_or_default();
            let note = if image.is_empty() && service.builds {
                text!("built here", "本地构建").get(self.lang).to_owned()
            } else {
                plain(image)
            };
            let (title, on) = self.lane(id);
            let lane = self.graph.lanes.iter().position(|l| *l == title).unwrap_or_else(|| {
                networks.push(on);
                self.graph.lanes.push(title);
                self.graph.lanes.len() - 1
            });
            self.graph.nodes.push(Node {
                kind: Kind::Service,
                name: plain(&service.name),
                note,
                lane: Some(lane),
                off: !service.active,
                own: None,
            });
            self.services.push(self.graph.nodes.len() - 1);
        }
        let order = self.lane_order(&networks);
        self.graph.lanes = order.iter().filter_map(|l| self.graph.lanes.get(*l)).cloned().collect();
        for node in &mut self.graph.nodes {
            node.lane = node.lane.and_then(|l| order.iter().position(|o| *o == l));
        }
    }

    /// The network with the most services first, then those that share one with it.
    fn lane_order(&self, networks: &[BTreeSet<String>]) -> Vec<usize> {
        let count = |lane: usize| self.graph.nodes.iter().filter(|n| n.lane == Some(lane)).count();
        let mut rest: Vec<usize> = (0..networks.len()).collect();
        let mut order: Vec<usize> = Vec::new();
        while !rest.is_empty() {
            let shares = |lane: usize| {
                let (one, last) = (networks.get(lane), order.last().and_then(|l| networks.get(*l)));
                one.zip(last).is_some_and(|(a, b)| !a.is_disjoint(b))
            };
            let Some(next) = rest.iter().copied().max_by_key(|l| (shares(*l), count(*l), std::cmp::Reverse(*l))) else {
                break;
            };
            rest.retain(|l| *l != next);
            order.push(next);
        }
        order
    }

    /// The networks of a service, as a title and by name.
    fn lane(&self, id: ServiceId) -> (String, BTreeSet<String>) {
        let project = self.survey.project();
        let mut set = BTreeSet::new();
        let title = match self.survey.net.space(id) {
            Space::Networks(owner) => {
                let on = project.services.get(owner).map_or(&[][..], |s| &s.attachments);
                let mut names: Vec<String> = on
                    .iter()
                    .map(|a| {
                        let internal = a.network.and_then(|n| project.networks.get(n)).is_some_and(|n| n.internal);
                        let mark = if internal { text!(" (internal)", "（internal）") } else { text!("", "") };
                        format!("{}{}", a.key, mark.get(self.lang))
                    })
                    .collect();
                set = names.iter().cloned().collect();
                names.sort();
                let list = names.join(" + ");
                if names.len() > 1 {
                    text!("networks {list}", "网络 {list}")
                } else {
                    text!("network {list}", "网络 {list}")
                }
            }
            Space::Host => text!("the host's network", "宿主机的网络"),
            Space::Alone(_) => text!("no network", "没有网络"),
            Space::Bridge(_) => text!("the default bridge", "默认网桥"),
            Space::Foreign(_) | Space::Outside => text!("a network of others", "别处的网络"),
        };
        (plain(title.get(self.lang)), set)
    }

    fn endpoint(&mut self, judged: &Judged) {
        let (survey, lang) = (self.survey, self.lang);
        let endpoint = &judged.endpoint;
        let bracketed = |host: &str| if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        let host = plain(&bracketed(&endpoint.address.host));
        let address = endpoint.address.port.map_or(host.clone(), |p| format!("{host}:{p}"));
        let class = Class::of(judged.verdict);
        let words = verdict_words(judged.verdict).get(lang).to_owned();
        let place = plain(&(self.place)(judged));
        let to = match judged.reached {
            Some(Reached::Service { service, port }) => {
                format!("{}{}", survey.net.name(service), port.map_or(String::new(), |p| format!(":{p}")))
            }
            Some(Reached::Host { port }) => text!("host:{port}", "宿主机:{port}").get(lang).to_owned(),
            None => String::new(),
        };
        let mut reason = plain(judged.reason.get(lang));
        for (platform, verdict) in &judged.elsewhere {
            let (name, words) = (platform.name(), verdict_words(*verdict));
            let more = text!("; on {name}: {}", "；在 {name} 上：{}", words.get(lang));
            reason.push_str(more.get(lang));
        }
        let asker = plain(survey.net.name(endpoint.service));
        let row = Row {
            services: vec![asker],
            variable: plain(&endpoint.variable),
            address: address.clone(),
            audience: judged.role.audience.name(),
            verdict: judged.verdict,
            class,
            words,
            to: plain(&to),
            reason,
            place,
        };
        let row = self.row(row);
        let Some(mut from) = self.services.get(endpoint.service).copied() else { return };
        let browser = judged.role.audience == Audience::Browser;
        if browser {
            from = self.graph.node(Kind::Entry, text!("browser", "浏览器").get(lang), "");
        }
        // Where a browser goes outside is told at the browser: as lines it would hide the rest.
        let to = if browser && class == Class::Grey { from } else { self.target(judged, &address) };
        if from == to {
            let Some(node) = self.graph.nodes.get_mut(from) else { return };
            let (worst, rows) = node.own.get_or_insert((class, Vec::new()));
            *worst = class.min(*worst);
            if !rows.contains(&row) {
                rows.push(row);
            }
            return;
        }
        self.graph.edge(from, to, class, Some(row));
    }

    /// The row of an endpoint: an old one, if it differs in nothing but the service.
    fn row(&mut self, row: Row) -> usize {
        let same =
            |known: &Row| Row { services: Vec::new(), ..known.clone() } == Row { services: Vec::new(), ..row.clone() };
        let Some(at) = self.graph.rows.iter().position(same) else {
            self.graph.rows.push(row);
            return self.graph.rows.len() - 1;
        };
        if let Some(known) = self.graph.rows.get_mut(at) {
            known.services.extend(row.services);
        }
        at
    }

    /// The node that an address leads to, or would.
    fn target(&mut self, judged: &Judged, address: &str) -> usize {
        let of = |id: ServiceId| self.services.get(id).copied();
        let project = self.survey.project();
        // A health check is about its own service, whatever becomes of it.
        let own = (judged.role.audience == Audience::Healthcheck).then_some(judged.endpoint.service);
        let meant = match (&judged.reached, &judged.fault) {
            (Some(Reached::Service { service, .. }), _) => Some(*service),
            (
                _,
                Some(
                    Fault::WrongPort { service, .. }
                    | Fault::ServerOnLoopback { service }
                    | Fault::PublishedOnLoopback { service }
                    | Fault::AcrossNetworks { service }
                    | Fault::BrowserGetsInternalName { service },
                ),
            ) => Some(*service),
            (None, _) => project.service(&judged.endpoint.address.host),
            _ => None,
        };
        if let Some(node) = own.or(meant).and_then(of) {
            return node;
        }
        let host = text!("host", "宿主机");
        match (judged.reached, judged.verdict, &judged.fault) {
            (Some(Reached::Host { port }), ..) => {
                self.graph.node(Kind::Host, &format!("{}:{port}", host.get(self.lang)), "")
            }
            (_, _, Some(Fault::HostOnLoopback { listener } | Fault::HostElsewhere { listener })) => {
                let port = listener.port;
                self.graph.node(Kind::Host, &format!("{}:{port}", host.get(self.lang)), "")
            }
            // The name leads to the host; what listens there nobody told, or it does not answer.
            (_, verdict, _)
                if verdict != Verdict::Dns && HOST_ALIASES.contains(&judged.endpoint.address.host.as_str()) =>
            {
                let port = judged.endpoint.address.port.map_or(String::new(), |p| format!(":{p}"));
                self.graph.node(Kind::Host, &format!("{}{port}", host.get(self.lang)), "")
            }
            (_, Verdict::External, _) => self.graph.node(Kind::Outside, address, ""),
            (_, Verdict::Ok | Verdict::Unknown, _) => self.graph.node(Kind::Unknown, address, ""),
            (_, verdict, _) => {
                let words = verdict_words(verdict);
                self.graph.node(Kind::Nobody, address, words.get(self.lang))
            }
        }
    }

    /// Who comes in by published ports.
    fn entries(&mut self) {
        let project = self.survey.project();
        for (id, service) in project.services.iter().enumerate() {
            let mut here: Vec<(bool, String)> = Vec::new();
            for port in service.ports.iter().filter(|p| !p.uncertain) {
                let Some((first, last)) = port.published else { continue };
                let local = port.bound_to().is_some_and(|ip| ip.is_loopback());
                let text = if first == last { first.to_string() } else { format!("{first}-{last}") };
                if !here.iter().any(|(_, t)| *t == text) {
                    here.push((local, text));
                }
            }
            for local in [false, true] {
                let ports: Vec<&str> = here.iter().filter(|(l, _)| *l == local).map(|(_, t)| t.as_str()).collect();
                let Some(to) = self.services.get(id).copied().filter(|_| !ports.is_empty()) else { continue };
                let name = if let [first, second, _, _, ..] = ports.as_slice() {
                    format!(":{first} :{second} +{}", ports.len() - 2)
                } else {
                    ports.iter().map(|p| format!(":{p}")).collect::<Vec<_>>().join(" ")
                };
                let note = if local {
                    text!("this machine only", "仅本机")
                } else {
                    text!("every interface", "所有网卡")
                };
                let from = self.graph.node(Kind::Entry, &name, note.get(self.lang));
                if self.graph.nodes.get(to).is_some_and(|n| n.off)
                    && let Some(entry) = self.graph.nodes.get_mut(from)
                {
                    entry.off = true;
                }
                self.graph.edge(from, to, Class::Way, None);
            }
        }
    }
}
