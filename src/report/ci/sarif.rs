//! SARIF 2.1.0. Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0".

use serde_json::{Value, json};

use super::Told;
use crate::diag::{Applicability, Finding, Severity, fingerprint};
use crate::report::json::{TOOL, document};
use crate::source::Span;

/// The findings as a SARIF log of one run.
pub fn sarif(told: &Told<'_>) -> String {
    let rules = told.rules.iter().map(|rule| {
        json!({
            "id": rule.id,
            "shortDescription": {"text": rule.title},
            "fullDescription": {"text": rule.doc},
            "help": {"text": rule.doc},
            "defaultConfiguration": {"level": level(rule.severity)},
            "properties": {"tags": [rule.category]},
        })
    });
    let results = told.findings.iter().map(|finding| result(told, finding));
    document(&json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": TOOL.name,
                "version": TOOL.version,
                "rules": rules.collect::<Vec<_>>(),
            }},
            "columnKind": "utf16CodeUnits",
            "results": results.collect::<Vec<_>>(),
        }],
    }))
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

fn result(told: &Told<'_>, finding: &Finding) -> Value {
    let span = finding.place.span;
    let mut out = json!({
        "ruleId": finding.rule,
        "level": level(finding.severity),
        "message": {"text": told.message(finding)},
        "locations": [location(told, span)],
        "partialFingerprints": {
            "dockline/v1": fingerprint(finding.rule, finding.cause, told.name(span), &finding.place.path),
        },
    });
    let Some(fields) = out.as_object_mut() else { return out };
    if let Some(index) = told.rules.iter().position(|rule| rule.id == finding.rule) {
        fields.insert("ruleIndex".to_owned(), json!(index));
    }
    let related = finding.related.iter().enumerate().map(|(index, related)| {
        let mut place = location(told, related.place.span);
        if let Some(place) = place.as_object_mut() {
            place.insert("id".to_owned(), json!(index));
            place.insert("message".to_owned(), json!({"text": related.message.get(told.lang)}));
        }
        place
    });
    let related: Vec<Value> = related.collect();
    if !related.is_empty() {
        fields.insert("relatedLocations".to_owned(), related.into());
    }
    // Who applies a SARIF fix asks nobody: only those that are safe.
    let safe = finding.fixes.iter().filter(|f| f.applicability == Applicability::Safe && f.creates.is_empty());
    let fixes: Vec<Value> = safe.map(|f| fix(told, f)).collect();
    if !fixes.is_empty() {
        fields.insert("fixes".to_owned(), fixes.into());
    }
    out
}

fn fix(told: &Told<'_>, fix: &crate::diag::Fix) -> Value {
    let mut changes: Vec<(&str, Vec<Value>)> = Vec::new();
    for edit in &fix.edits {
        let replacement = json!({
            "deletedRegion": region(told, edit.span),
            "insertedContent": {"text": edit.text},
        });
        let name = told.name(edit.span);
        match changes.iter_mut().find(|(known, _)| *known == name) {
            Some((_, list)) => list.push(replacement),
            None => changes.push((name, vec![replacement])),
        }
    }
    let changes = changes
        .into_iter()
        .map(|(name, replacements)| json!({"artifactLocation": {"uri": uri(name)}, "replacements": replacements}));
    json!({"description": {"text": fix.description.get(told.lang)}, "artifactChanges": changes.collect::<Vec<_>>()})
}

fn location(told: &Told<'_>, span: Span) -> Value {
    json!({"physicalLocation": {"artifactLocation": {"uri": uri(told.name(span))}, "region": region(told, span)}})
}

fn region(told: &Told<'_>, span: Span) -> Value {
    let ((line, column), (end_line, end_column)) = (told.utf16(span, span.start), told.utf16(span, span.end));
    json!({"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column})
}

/// A path as a relative reference. Source: RFC 3986, sections 2.3 and 4.2.
fn uri(name: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~/".contains(&b);
    name.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}
