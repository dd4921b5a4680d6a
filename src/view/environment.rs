//! `dockline env`: what a container gets, and where each value came from.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use super::table::Table;
use crate::compose::{EnvVar, Project, Service};
use crate::diag::{self, Lang};
use crate::report::{self, Range};
use crate::source::{Files, Span};
use crate::text;

#[derive(Serialize)]
struct Document {
    version: u32,
    services: BTreeMap<String, BTreeMap<String, Variable>>,
}

#[derive(Serialize)]
struct Variable {
    value: Option<String>,
    redacted: bool,
    origins: Vec<Origin>,
}

#[derive(Serialize)]
struct Origin {
    file: String,
    range: Range,
}

/// Which part of the environment is asked for.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    pub service: Option<String>,
    pub variable: Option<String>,
    pub secrets: bool,
}

impl Wanted {
    fn services<'a>(&'a self, project: &'a Project) -> impl Iterator<Item = &'a Service> {
        project.services.iter().filter(|s| self.service.as_deref().is_none_or(|name| name == &*s.name))
    }

    fn variables<'a>(&'a self, service: &'a Service) -> impl Iterator<Item = &'a EnvVar> {
        service.environment.iter().filter(|v| self.variable.as_deref().is_none_or(|name| name == &*v.key))
    }
}

/// A value as it may be shown: the text, and whether it was held back.
fn shown(var: &EnvVar, secrets: bool) -> (Option<String>, bool) {
    let Some(value) = &var.value else { return (None, false) };
    let text = value.text();
    if secrets {
        return (Some(text.to_owned()), false);
    }
    match diag::shown(&var.key, text) {
        Some(masked) if masked == text => (Some(masked), false),
        _ => (None, true),
    }
}

/// A value from more places than this is shown with the first of them.
const PLACES: usize = 100;

fn origins(files: &Files, var: &EnvVar) -> Vec<Origin> {
    let Some(value) = &var.value else { return Vec::new() };
    let mut spans: Vec<Span> = Vec::new();
    for span in value.sourced.pieces.iter().filter_map(|p| p.span) {
        // Text around an escape is one place.
        if let Some(last) = spans.last_mut().filter(|last| last.file == span.file && last.end == span.start) {
            *last = last.to(span);
        } else if spans.len() == PLACES {
            break;
        } else if !spans.contains(&span) {
            spans.push(span);
        }
    }
    spans
        .into_iter()
        .map(|span| Origin { file: files.get(span.file).name.clone(), range: Range::of(files, span) })
        .collect()
}

/// The contract's JSON.
pub fn environment_json(files: &Files, project: &Project, wanted: &Wanted) -> String {
    let services = wanted
        .services(project)
        .map(|service| {
            let variables = wanted
                .variables(service)
                .map(|var| {
                    let (value, redacted) = shown(var, wanted.secrets);
                    (var.key.to_string(), Variable { value, redacted, origins: origins(files, var) })
                })
                .collect();
            (service.name.to_string(), variables)
        })
        .collect();
    report::document(&Document { version: 1, services })
}

/// A table for people: variable, value, and the line that says it.
pub fn environment_table(files: &Files, project: &Project, wanted: &Wanted, lang: Lang) -> String {
    let mut out = String::new();
    for service in wanted.services(project) {
        let mut table = Table::default();
        for var in wanted.variables(service) {
            let (value, redacted) = shown(var, wanted.secrets);
            let cell = match value {
                Some(text) if text.is_empty() => text!("(empty)", "（空）").get(lang).to_owned(),
                Some(text) => text.replace('\n', "\\n"),
                None if redacted => diag::MASK.to_owned(),
                None => text!("(no value)", "（没有值）").get(lang).to_owned(),
            };
            let mut places: Vec<String> =
                origins(files, var).iter().map(|o| format!("{}:{}", o.file, o.range.start.line)).collect();
            places.dedup();
            let place = match (places.is_empty(), &var.value) {
                (false, _) => places.join(" + "),
                (true, Some(_)) => text!("shell", "shell 环境").get(lang).to_owned(),
                (true, None) => String::new(),
            };
            let beaten: Vec<String> = var
                .beaten
                .iter()
                .map(|(_, span, _)| {
                    let at = files.position(span.file, span.start as usize);
                    format!("{}:{}", files.get(span.file).name, at.line)
                })
                .collect();
            let over = if beaten.is_empty() {
                String::new()
            } else {
                let beaten = beaten.join(", ");
                text!("over {beaten}", "盖过 {beaten}").get(lang).to_owned()
            };
            table.row([var.key.to_string(), cell, place, over]);
        }
        if table.is_empty() && wanted.variable.is_some() {
            continue;
        }
        let _ = write!(out, "{}\n{}", report::tame(&service.name), table.render(2));
    }
    out
}
