//! Endpoints that one place in a file says: one cause, however many services read it.

use foldhash::{HashMap, HashMapExt as _};

use super::audience::{Audience, Reading};
use super::survey::{Fault, Judged, Survey};
use crate::compose::ServiceId;
use crate::source::Span;

/// Endpoints whose host is said by the same bytes.
#[derive(Clone, Debug)]
pub struct Edge<'s> {
    pub judged: Vec<&'s Judged>,
    /// The bytes of the host; `None` where no file says it.
    pub origin: Option<Span>,
}

impl<'s> Edge<'s> {
    /// The endpoint that stands for the others: the first whose fault is certain, else the first.
    pub fn first(&self) -> &'s Judged {
        let sure = self.judged.iter().find(|j| j.fault.is_some());
        // An edge is only made of at least one endpoint.
        sure.or(self.judged.first()).expect("an edge has an endpoint")
    }

    pub fn services(&self) -> Vec<ServiceId> {
        let mut out: Vec<ServiceId> = Vec::new();
        for judged in &self.judged {
            if !out.contains(&judged.endpoint.service) {
                out.push(judged.endpoint.service);
            }
        }
        out
    }
}

/// Where a host is said.
pub(super) fn origin(judged: &Judged) -> Option<Span> {
    let endpoint = &judged.endpoint;
    endpoint.value.sourced.first(endpoint.address.host_range.clone())
}

/// The endpoints that a rule is about, gathered by origin.
pub fn edges<'s>(survey: &'s Survey<'_>, select: impl Fn(&Judged) -> bool) -> Vec<Edge<'s>> {
    let mut out: Vec<Edge<'s>> = Vec::new();
    // By the bytes of the host, which edges are said by them.
    let mut known: HashMap<Span, Vec<usize>> = HashMap::new();
    for judged in survey.endpoints.iter().filter(|j| select(j)) {
        let origin = origin(judged);
        // Two variables that share the bytes of a host but not its port are two edges.
        let same = |at: &usize| {
            out.get(*at).is_some_and(|e| {
                e.first().endpoint.address.port == judged.endpoint.address.port && same_kind(e.first(), judged)
            })
        };
        let there = origin.and_then(|span| known.get(&span)?.iter().copied().find(same));
        if let Some(edge) = there.and_then(|at| out.get_mut(at)) {
            edge.judged.push(judged);
            continue;
        }
        if let Some(span) = origin {
            known.entry(span).or_default().push(out.len());
        }
        out.push(Edge { judged: vec![judged], origin });
    }
    out
}

/// The edges of containers themselves whose certain fault a rule is about.
pub fn faults<'s>(survey: &'s Survey<'_>, about: impl Fn(&Fault) -> bool) -> Vec<Edge<'s>> {
    edges(survey, |j| j.counts() && j.role.audience == Audience::Server && j.fault.as_ref().is_some_and(&about))
}

fn same_kind(a: &Judged, b: &Judged) -> bool {
    match (&a.fault, &b.fault) {
        (Some(a), Some(b)) => std::mem::discriminant(a) == std::mem::discriminant(b),
        // Where one is certain and the other unknown, the same bytes are at fault: a rule that wants certainty selects for it.
        _ => true,
    }
}

/// Other endpoints that the bytes of an edge say and that work, or that somebody else uses, so that changing the bytes would
/// change what is right.
pub fn bystanders<'s>(survey: &'s Survey<'_>, edge: &Edge<'_>) -> Vec<&'s Judged> {
    let Some(span) = edge.origin else { return Vec::new() };
    let ours = |j: &Judged| edge.judged.iter().any(|e| std::ptr::eq(*e, j));
    survey
        .endpoints
        .iter()
        .filter(|j| {
            !ours(j)
                && origin(j).is_some_and(|o| o.touches(span))
                && matches!(j.role.reading, Reading::Yes)
                && (!j.verdict.broken() || j.role.audience != Audience::Server)
        })
        .collect()
}
