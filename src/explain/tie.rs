//! From what a message says to the places of a project that say it.

use super::read::Match;
use crate::catalog::Symptom;
use crate::diag::Finding;
use crate::network::{Audience, HOST_ALIASES, Judged, Survey, Verdict, is_loopback};

/// The endpoints of a project that a message is about: those that name its address; where it names none, those that fail in
/// the way that it tells of.
pub fn tie<'s>(survey: &'s Survey<'_>, one: &Match) -> Vec<&'s Judged> {
    let speakers: Vec<usize> = one.speakers.iter().filter_map(|s| speaker(survey, s)).collect();
    let read = survey
        .endpoints
        .iter()
        .filter(|j| j.counts() && j.role.audience != Audience::Healthcheck)
        .filter(|j| speakers.is_empty() || speakers.contains(&j.endpoint.service));
    match &one.target {
        Some(target) => {
            let found: Vec<&Judged> = read
                .filter(|j| same_host(&j.endpoint.address.host, &target.host))
                .filter(|j| match (target.port, j.endpoint.address.port) {
                    (Some(a), Some(b)) => a == b,
                    _ => true,
                })
                .collect();
            // What is broken there, where anything is.
            let broken: Vec<&Judged> = found.iter().copied().filter(|j| j.verdict.broken()).collect();
            if broken.is_empty() { found } else { broken }
        }
        None => read.filter(|j| j.verdict.broken() && fits(j.verdict, one.symptom)).collect(),
    }
}

/// The service that a name in a log stands for: `api-1`, `project-api-1`, or the name that the container is given.
pub fn speaker(survey: &Survey<'_>, name: &str) -> Option<usize> {
    let project = survey.project();
    let given = project.services.iter().position(|s| s.container_name.as_deref() == Some(name));
    let short = || {
        let (service, number) = name.rsplit_once(['-', '_'])?;
        let own = service.strip_prefix(&*project.name).and_then(|s| s.strip_prefix(['-', '_']));
        number.chars().all(|c| c.is_ascii_digit()).then_some(())?;
        project.service(service).or_else(|| project.service(own?))
    };
    given.or_else(short).or_else(|| project.service(name))
}

fn fits(verdict: Verdict, symptom: Option<Symptom>) -> bool {
    match symptom {
        Some(Symptom::Refused) => verdict == Verdict::Refused,
        Some(Symptom::Name) => verdict == Verdict::Dns,
        Some(Symptom::Timeout) => verdict == Verdict::Timeout,
        Some(Symptom::Unreachable) => verdict == Verdict::Unreachable,
        Some(Symptom::Reset) => verdict == Verdict::Reset,
        Some(Symptom::Unspecific) => true,
        None => false,
    }
}

/// Whether two spellings name one host: `localhost` and `::1`, `host.docker.internal` and docker0's address.
fn same_host(a: &str, b: &str) -> bool {
    let gateway = |h: &str| HOST_ALIASES.contains(&h.to_ascii_lowercase().as_str()) || h == "172.17.0.1";
    a.eq_ignore_ascii_case(b) || (is_loopback(a) && is_loopback(b)) || (gateway(a) && gateway(b))
}

/// The finding that stands for an endpoint, if lint has one.
pub fn finding_of<'f>(findings: &'f [Finding], survey: &Survey<'_>, judged: &Judged) -> Option<&'f Finding> {
    let service = survey.project().services.get(judged.endpoint.service)?;
    let path = judged.endpoint.path(service);
    findings.iter().find(|f| {
        let here = f.place.path == path || f.related.iter().any(|r| r.place.path == path);
        here && f.cause.is_some() && f.services.iter().any(|s| **s == *service.name)
    })
}
