//! The survey of what runs, with what was seen in place of what files would let one expect.

use std::net::IpAddr;

use super::running::key;
use super::{Examined, Layer, Looked, Patient};
use crate::diag::Text;
use crate::engine::{Name, Tcp};
use crate::network::{DOCKER0, Judged, Reached, Survey, Verdict};
use crate::text;

/// Puts what was seen into a survey over [`super::compose_text`]. What was not tried keeps its verdict.
pub fn put_seen(survey: &mut Survey<'_>, patient: &Patient<'_>, examined: &Examined) {
    let project = survey.project();
    let seen: Vec<Option<(Verdict, Option<Reached>, Text)>> = survey
        .endpoints
        .iter()
        .map(|judged| {
            let looked = examined.looked.iter().find(|l| is_of(survey, patient, judged, l))?;
            let verdict = verdict(looked)?;
            let service = |ip: &IpAddr| {
                let container = patient.container_at(*ip)?;
                project.service(&key(patient.facts, container))
            };
            let addresses = &looked.answer.addresses;
            let port = looked.planned.target.port;
            let host = |ip: &IpAddr| !ip.is_loopback() && (*ip == IpAddr::V4(DOCKER0) || patient.host.own.contains(ip));
            let reached = match addresses.iter().find_map(service) {
                Some(service) => Some(Reached::Service { service, port: Some(port) }),
                None if addresses.iter().any(host) => Some(Reached::Host { port }),
                None => judged.reached.filter(|_| verdict == Verdict::Ok),
            };
            Some((verdict, reached, reason(looked, examined)))
        })
        .collect();
    for (judged, seen) in survey.endpoints.iter_mut().zip(seen) {
        let Some((verdict, reached, reason)) = seen else { continue };
        (judged.verdict, judged.reached, judged.reason) = (verdict, reached, reason);
        judged.fault = None;
        judged.elsewhere.clear();
    }
}

fn is_of(survey: &Survey<'_>, patient: &Patient<'_>, judged: &Judged, looked: &Looked) -> bool {
    let planned = &looked.planned;
    let own = patient.container(&planned.container).map(|c| key(patient.facts, c));
    own.as_deref() == Some(survey.net.name(judged.endpoint.service))
        && *judged.endpoint.variable == *planned.variable
        && judged.endpoint.address.host == planned.target.host
        && judged.endpoint.address.port.is_none_or(|port| port == planned.target.port)
}

fn verdict(looked: &Looked) -> Option<Verdict> {
    if looked.answer.name == Name::Unresolved {
        return Some(Verdict::Dns);
    }
    Some(match looked.answer.tcp {
        Tcp::Unknown => return None,
        Tcp::Ok if looked.failed.is_some_and(|(layer, _)| layer != Layer::Files) => Verdict::WrongAnswer,
        Tcp::Ok => Verdict::Ok,
        Tcp::Refused => Verdict::Refused,
        Tcp::Timeout => Verdict::Timeout,
        Tcp::Reset => Verdict::Reset,
        Tcp::Unreachable => Verdict::Unreachable,
    })
}

fn reason(looked: &Looked, examined: &Examined) -> Text {
    let planned = &looked.planned;
    let told = examined.ailments.iter().find(|a| {
        a.address.as_deref() == Some(planned.shown.as_str())
            && a.variable.as_deref() == Some(planned.variable.as_str())
            && a.services.contains(&planned.service)
    });
    told.map_or_else(
        || match looked.answer.pages.first() {
            Some(page) if page.status > 0 => {
                let (status, path) = (page.status, &page.path);
                text!("it answers {status} to {path}", "{path} 返回 {status}")
            }
            _ => text!("it takes the connection", "能连上"),
        },
        |a| a.message.clone(),
    )
}
