//! `dockline reach`: every endpoint, whom it reaches, why not.

use std::collections::BTreeMap;

use serde::Serialize;

use super::table::Table;
use crate::diag::{Lang, MASK, Text, shown};
use crate::network::{Audience, Judged, Reached, Reading, Survey, Verdict};
use crate::report::Range;
use crate::source::Files;
use crate::text;

#[derive(Serialize)]
struct Row {
    project: usize,
    service: String,
    variable: String,
    value: String,
    host: String,
    port: Option<u16>,
    audience: &'static str,
    verdict: &'static str,
    elsewhere: BTreeMap<&'static str, &'static str>,
    reached: Option<To>,
    reason: String,
    read: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    profiles: Vec<String>,
    file: Option<String>,
    range: Option<Range>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum To {
    Service { service: String, port: Option<u16> },
    Host { host: bool, port: u16 },
}

/// The rows of one project, as JSON values in the order of the survey, broken ones first.
pub fn survey_json(files: &Files, survey: &Survey<'_>, project: usize, lang: Lang) -> Vec<serde_json::Value> {
    let rows = ordered(survey).into_iter().map(|judged| {
        let endpoint = &judged.endpoint;
        let span = endpoint.span_of(endpoint.address.host_range.clone());
        let row = Row {
            project,
            service: survey.net.name(endpoint.service).to_owned(),
            variable: endpoint.variable.to_string(),
            value: shown(&endpoint.variable, endpoint.text()).unwrap_or_else(|| MASK.to_owned()),
            host: endpoint.address.host.clone(),
            port: endpoint.address.port,
            audience: judged.role.audience.name(),
            verdict: judged.verdict.name(),
            elsewhere: judged.elsewhere.iter().map(|(p, v)| (p.name(), v.name())).collect(),
            reached: judged.reached.map(|r| to(survey, r)),
            reason: judged.reason.get(lang).to_owned(),
            read: judged.role.reading == Reading::Yes,
            profiles: judged.profiles.clone(),
            file: span.map(|s| files.get(s.file).name.clone()),
            range: span.map(|s| Range::of(files, s)),
        };
        serde_json::to_value(row).unwrap_or_default()
    });
    rows.collect()
}

fn to(survey: &Survey<'_>, reached: Reached) -> To {
    match reached {
        Reached::Service { service, port } => To::Service { service: survey.net.name(service).to_owned(), port },
        Reached::Host { port } => To::Host { host: true, port },
    }
}

/// Who answers, as the contract has it: `{"service": "ollama", "port": 11434}` or `{"host": true, "port": 11434}`.
pub fn reached_json(survey: &Survey<'_>, reached: Reached) -> serde_json::Value {
    serde_json::to_value(to(survey, reached)).unwrap_or_default()
}

/// Broken first, then unknown, then what works, then what nobody judges; the order of the files within each.
pub(super) fn ordered<'s>(survey: &'s Survey<'_>) -> Vec<&'s Judged> {
    let mut out: Vec<&Judged> = survey.endpoints.iter().collect();
    out.sort_by_key(|j| {
        let class = match j.verdict {
            _ if j.verdict.broken() && j.counts() => 0,
            Verdict::Unknown if j.role.audience == Audience::Server => 1,
            Verdict::Ok => 2,
            Verdict::External => 3,
            _ => 4,
        };
        (class, j.endpoint.service)
    });
    out
}

/// A verdict in words.
pub fn verdict_words(verdict: Verdict) -> Text {
    match verdict {
        Verdict::Ok => text!("ok", "通"),
        Verdict::Refused => text!("refused", "被拒绝"),
        Verdict::Reset => text!("reset", "被断开"),
        Verdict::Dns => text!("no such name", "名字解析不了"),
        Verdict::Timeout => text!("timeout", "超时"),
        Verdict::Unreachable => text!("unreachable", "不可达"),
        Verdict::WrongAnswer => text!("wrong answer", "回答不对"),
        Verdict::External => text!("external", "外部"),
        Verdict::Unknown => text!("unknown", "未知"),
    }
}

/// A table for people.
pub fn survey_table(files: &Files, survey: &Survey<'_>, lang: Lang) -> String {
    let mut table = Table::default();
    for judged in ordered(survey) {
        let endpoint = &judged.endpoint;
        if judged.role.audience == Audience::Bind {
            continue;
        }
        let mark = match judged.verdict {
            _ if judged.role.reading != Reading::Yes => "-",
            v if v.broken() => "x",
            Verdict::Ok => "+",
            Verdict::External => ">",
            _ => "?",
        };
        let address = match endpoint.address.port {
            Some(port) => format!("{}:{port}", endpoint.address.host),
            None => endpoint.address.host.clone(),
        };
        let whom = match judged.reached {
            Some(Reached::Service { service, port: Some(port) }) => format!("{}:{port}", survey.net.name(service)),
            Some(Reached::Service { service, port: None }) => survey.net.name(service).to_owned(),
            Some(Reached::Host { port }) => text!("host:{port}", "宿主机:{port}").get(lang).to_owned(),
            None => String::new(),
        };
        let place = endpoint.span_of(endpoint.address.host_range.clone()).map_or_else(String::new, |span| {
            let at = files.position(span.file, span.start as usize);
            format!("{}:{}", files.get(span.file).name, at.line)
        });
        let reason = match &judged.role.reading {
            Reading::Yes => judged.reason.clone(),
            Reading::Unselected { variable, .. } => {
                text!("not read: {variable} selects another", "不会读取：{variable} 选的是别的")
            }
            Reading::Ignored => text!("not read by this image", "这个镜像不读它"),
            Reading::Rewritten => {
                text!("the program rewrites loopback inside containers", "程序在容器里会自己改写回环地址")
            }
        };
        table.row([
            mark.to_owned(),
            survey.net.name(endpoint.service).to_owned(),
            endpoint.variable.to_string(),
            address,
            verdict_words(judged.verdict).get(lang).to_owned(),
            whom,
            place,
            reason.get(lang).to_owned(),
        ]);
    }
    table.render(0)
}
