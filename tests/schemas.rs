//! SARIF against the standard's schema, and `docs/dockline.schema.json` against what the program takes. `BLESS=1` rewrites the latter.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod common;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use common::{copy, expect, folder, root, run, skipped};
use dockline::catalog::{Audience, Auth, ImageKind};
use dockline::network::Platform;
use dockline::rules::ALL;
use jsonschema::Validator;
use serde_json::{Value, json};

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

/// What a schema has against a document.
fn against(schema: &Validator, document: &Value) -> Vec<String> {
    schema.iter_errors(document).map(|e| format!("{}: {e}", e.instance_path())).collect()
}

/// The standard's schema, as the crate `serde-sarif` ships it, which is fetched and never built; `None` without a network.
/// Source: OASIS SARIF 2.1.0, Errata 01.
fn sarif_schema() -> Option<Validator> {
    let manifest = root().join("tests/sarif/Cargo.toml");
    let cargo = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO"));
        command.args(args).arg("--manifest-path").arg(&manifest).output().unwrap()
    };
    let metadata = ["metadata", "--format-version", "1"];
    let said = cargo(&metadata);
    let metadata: Value = serde_json::from_slice(&said.stdout).ok()?;
    let packages = metadata["packages"].as_array()?;
    let package = packages.iter().find(|p| p["name"] == "serde-sarif")?;
    let manifest = Path::new(package["manifest_path"].as_str()?).to_path_buf();
    let text = read(&manifest.parent()?.join("src/schema.json"));
    let mut schema: Value = serde_json::from_str(&text).unwrap();
    // The standard's pattern for languages has a bracket too many, which only ECMAScript's loose reading lets pass.
    for of in ["run", "toolComponent"] {
        schema["definitions"][of]["properties"]["language"]["pattern"] = json!("^[a-zA-Z]{2}(-[a-zA-Z]{2})?$");
    }
    Some(jsonschema::validator_for(&schema).unwrap())
}

#[test]
fn sarif_is_valid() {
    let Some(schema) = sarif_schema() else {
        return skipped("the crate with the schema of SARIF can't be fetched");
    };
    assert!(
        !against(&schema, &json!({"version": "2.1.0", "runs": [{"results": []}]})).is_empty(),
        "a run without a tool"
    );
    // All that the rules find in their fixtures, and names that a URI must spell otherwise.
    let bad = "services:\n  a:\n    image: x:1\n    environment: [\"OLLAMA_BASE_URL=http://localhost:11434/😀\"]\n";
    let odd = folder(&[("a b#%/ü.yaml", bad), ("c/compose.yaml", bad)]);
    let fixtures = copy(&root().join("fixtures"));
    let mut count = 0;
    for dir in [odd.path(), fixtures.path()] {
        let log = run(dir, &["lint", "--recursive", "--rules", "all", "--format", "sarif"]).json();
        assert_eq!(against(&schema, &log), Vec::<String>::new());
        let results = log["runs"][0]["results"].as_array().unwrap();
        assert!(!results.is_empty());
        count += results.iter().filter(|r| r.get("fixes").is_some()).count();
    }
    assert!(count > 20, "{count} fixes");
}

// -- dockline.toml --

fn strings(enumeration: &[&str]) -> Value {
    json!({"type": "string", "enum": enumeration})
}

fn list_of(items: &Value) -> Value {
    json!({"type": "array", "items": items})
}

/// The schema of `dockline.toml`.
fn written() -> Value {
    let word = json!({"type": "string", "pattern": "^[^\\s|,=]+$"});
    let ids: Vec<&str> = ALL.iter().map(|r| r.id).collect();
    let categories: BTreeSet<&str> = ALL.iter().map(|r| r.category.name()).collect();
    let named: Vec<&str> = ids.iter().copied().chain(categories).collect();
    let severities = strings(&["error", "warning", "info", "off"]);
    let rules: serde_json::Map<String, Value> =
        ALL.iter().map(|r| (r.id.to_owned(), json!({"description": r.title.en, "$ref": "#/$defs/severity"}))).collect();
    let day = json!({"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"});
    let table = |required: &[&str], properties: Value| json!({"type": "object", "additionalProperties": false, "required": required, "properties": properties});
    let ignore = table(
        &["rules", "reason"],
        json!({
            "rules": {"description": "rules or categories", "type": "array", "items": strings(&named)},
            "service": {"description": "a service; * stands for anything", "type": "string"},
            "path": {"description": "a place, such as services.*.environment.OLLAMA_*", "type": "string"},
            "file": {"description": "a file, from this one's folder", "type": "string"},
            "reason": {"type": "string", "pattern": "\\S"},
            "until": {"description": "the last day that it holds on", "$ref": "#/$defs/day"},
        }),
    );
    let image = table(
        &["name"],
        json!({
            "name": word,
            "ports": {"description": "what it listens on; [] for a client", "type": "array", "items": {"type": "integer", "minimum": 0, "maximum": 65535}},
            "kind": strings(&ImageKind::ALL.map(ImageKind::word)),
            "speaks": list_of(&word),
            "auth": strings(&Auth::ALL.map(Auth::word)),
            "health": word,
            "port-env": word,
            "bind-env": word,
            "tools": list_of(&word),
            "no-tools": list_of(&word),
        }),
    );
    let variable = table(
        &["name", "audience"],
        json!({
            "name": word,
            "images": list_of(&word),
            "audience": strings(&Audience::ALL.map(Audience::word)),
            "speaks": word,
            "path": word,
            "scheme": strings(&["required", "optional"]),
            "port": word,
        }),
    );
    let host = table(
        &[],
        json!({
            "listeners": {"description": "processes of the host, such as 127.0.0.1:11434", "type": "array", "items": {"type": "string"}},
            "addresses": {"description": "addresses that are the host's own", "type": "array", "items": {"type": "string"}},
            "firewall": strings(&["drop", "allow"]),
            "lan-ip": {"type": "string"},
        }),
    );
    let mut schema = table(
        &[],
        json!({
            "lang": {"type": "string", "enum": ["en", "zh"]},
            "platform": strings(&Platform::ALL.map(Platform::name)),
            "host": host,
            "rule-sets": list_of(&strings(&["default", "hardening", "style", "all"])),
            "rules": {"type": "object", "additionalProperties": false, "properties": rules},
            "fail-on": strings(&["error", "warning", "info", "never"]),
            "baseline": {"description": "findings that are known, a file beside this one", "type": "string"},
            "include": {"description": "what --recursive takes: gitignore patterns", "type": "array", "items": {"type": "string"}},
            "exclude": {"description": "what --recursive leaves out", "type": "array", "items": {"type": "string"}},
            "ignore": list_of(&ignore),
            "image": list_of(&image),
            "variable": list_of(&variable),
        }),
    );
    let head = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "dockline.toml",
        "$defs": {"severity": severities, "day": day},
    });
    for (key, value) in head.as_object().unwrap() {
        schema[key] = value.clone();
    }
    schema
}

/// A TOML document as JSON; dates as text.
fn as_json(value: toml::Value) -> Value {
    match value {
        toml::Value::Datetime(date) => date.to_string().into(),
        toml::Value::Array(items) => items.into_iter().map(as_json).collect(),
        toml::Value::Table(table) => Value::Object(table.into_iter().map(|(k, v)| (k, as_json(v))).collect()),
        other => serde_json::to_value(other).unwrap(),
    }
}

fn toml_schema() -> Validator {
    let text = read(&root().join("docs/dockline.schema.json"));
    jsonschema::validator_for(&serde_json::from_str(&text).unwrap()).unwrap()
}

#[test]
fn the_schema_of_the_configuration_is_up_to_date() {
    let text = serde_json::to_string_pretty(&written()).unwrap() + "\n";
    expect(&root().join("docs/dockline.schema.json"), &text).unwrap();
}

/// The parser's own list of what may stand somewhere is the schema's.
#[test]
fn the_schema_has_every_key() {
    let schema = written();
    let keys = |table: &Value| table["properties"].as_object().unwrap().keys().cloned().collect::<BTreeSet<String>>();
    for (text, table) in [
        ("zzz = 1", &schema),
        ("[host]\nzzz = 1", &schema["properties"]["host"]),
        ("[[ignore]]\nzzz = 1", &schema["properties"]["ignore"]["items"]),
        ("[[image]]\nzzz = 1", &schema["properties"]["image"]["items"]),
        ("[[variable]]\nzzz = 1", &schema["properties"]["variable"]["items"]),
    ] {
        let fault = dockline::config::parse(text).unwrap_err();
        let known: BTreeSet<String> = fault.unknown.unwrap().known.into_iter().collect();
        assert_eq!(keys(table), known, "{text}");
    }
}

/// What the pages show is right, and what the program refuses the schema refuses.
#[test]
fn the_schema_takes_what_the_program_takes() {
    let schema = toml_schema();
    let takes = |text: &str| {
        let none = "{\"version\": 1, \"findings\": []}";
        let files = [("compose.yaml", "services: {}\n"), ("dockline.toml", text), ("dockline-baseline.json", none)];
        let dir = folder(&files);
        let said = run(dir.path(), &["lint"]);
        assert!(matches!(said.status, 0 | 2), "{text}: {}", said.out);
        let by_schema = against(&schema, &as_json(toml::from_str(text).unwrap()));
        assert_eq!(
            said.status == 0,
            by_schema.is_empty(),
            "{text}\nthe program: {}\nthe schema: {by_schema:?}",
            said.err
        );
        said.status == 0
    };
    let mut shown = 0;
    for page in ["README.md", "README.zh-CN.md", "docs/configuration.md", "docs/configuration.zh-CN.md"] {
        let text = read(&root().join(page));
        for block in text.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()) {
            assert!(takes(block), "{page}: {block}");
            shown += 1;
        }
    }
    assert!(shown >= 8, "{shown}");
    for wrong in [
        "platfrom = \"linux\"",
        "platform = \"lunix\"",
        "rule-sets = [\"strict\"]",
        "fail-on = \"off\"",
        "[rules]\nloopback-ulr = \"off\"",
        "[rules]\nloopback-url = \"never\"",
        "[host]\nfirewall = \"open\"",
        "[[ignore]]\nrules = [\"reach\"]",
        "[[ignore]]\nrules = [\"loopback\"]\nreason = \"x\"",
        "[[ignore]]\nrules = [\"reach\"]\nreason = \"x\"\nuntil = \"soon\"",
        "[[image]]\nports = [1]",
        "[[image]]\nname = \"a\"\nports = [70000]",
        "[[image]]\nname = \"a\"\nkind = \"thing\"",
        "[[variable]]\nname = \"A\"",
    ] {
        assert!(!takes(wrong), "{wrong}");
    }
}
