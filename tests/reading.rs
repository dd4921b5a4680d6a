//! What a container gets from `.env` files, `${...}` and YAML scalars, in tables that hold what docker-compose 2.40.3 makes of each
//! row. `BLESS=1 cargo test --test reading` measures the tables again where a docker-compose v2 is found; read what changed.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::format_collect,
    reason = "a test may panic"
)]

mod common;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use common::{command, finish, folder, root};
use serde_json::{Map, Value, json};

/// What a program makes of a project: the environment of its service `a`, or `None` where it rejects the project.
type Environment = Option<Map<String, Value>>;

/// Reads a project's files under a process environment.
type Reader<'a> = &'a dyn Fn(&[(&str, &str)], &Value) -> Environment;

/// Stands for a variable that nobody set.
const UNSET: &str = "(unset)";

#[test]
fn env_files() {
    check("dotenv", |row, read| {
        let text = &row["text"].as_str().unwrap().to_owned();
        let service = |body: &str| compose(&format!("    env_file:\n      - path: service.env\n{body}"));
        row["env_file"] = value(read(&[("compose.yaml", &service("")), ("service.env", text)], &json!({})));
        let raw = service("        format: raw\n");
        row["raw"] = value(read(&[("compose.yaml", &raw), ("service.env", text)], &json!({})));
        let asked = row["ask"].as_array().unwrap().iter().map(|k| k.as_str().unwrap());
        let asked: String = asked.map(|k| format!("      {k}: '${{{k}-{UNSET}}}'\n")).collect();
        let asked = compose(&format!("    environment:\n{asked}"));
        row["dotenv"] = value(read(&[("compose.yaml", &asked), (".env", text)], &json!({})));
    });
}

#[test]
fn interpolation() {
    check("interpolation", |row, read| {
        let file = compose(&format!("    environment:\n      R: {}\n", row["template"]));
        row["value"] = result(read(&[("compose.yaml", &file)], &row["env"]));
    });
}

#[test]
fn scalars() {
    check("scalars", |row, read| {
        let scalar = row["scalar"].as_str().unwrap();
        let file = compose(&format!("    environment:\n      R: {scalar}\n"));
        row["value"] = result(read(&[("compose.yaml", &file)], &json!({})));
    });
}

fn compose(service: &str) -> String {
    format!("name: probe\nservices:\n  a:\n    image: x\n{service}")
}

fn value(environment: Environment) -> Value {
    environment.map_or_else(|| json!({"rejected": true}), Value::Object)
}

/// The value of `R`.
fn result(environment: Environment) -> Value {
    environment.map_or_else(|| json!({"rejected": true}), |mut e| e.remove("R").unwrap_or(Value::Null))
}

/// Fills in each row of a table from dockline's reading, and compares; `BLESS=1` fills it in from the reference's.
fn check(table: &str, fill: fn(&mut Value, Reader<'_>)) {
    let path = root().join(format!("tests/reading/{table}.jsonl"));
    let text = std::fs::read_to_string(&path).unwrap();
    let rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(rows.len() >= 60, "{table}: only {} rows", rows.len());
    let bless = std::env::var_os("BLESS").and_then(|_| common::compose());
    if let Some(reference) = bless {
        let measure = |row: &Value| {
            let mut row = row.clone();
            fill(&mut row, &|files, env| theirs(&reference, files, env));
            format!("{row}\n")
        };
        std::fs::write(&path, rows.iter().map(measure).collect::<String>()).unwrap();
        return;
    }
    let differ = rows.iter().filter_map(|want| {
        let mut got = want.clone();
        fill(&mut got, &ours);
        (got != *want).then(|| format!("reference {want}\ndockline  {got}\n"))
    });
    let differ: Vec<String> = differ.collect();
    assert!(differ.is_empty(), "{table}: {} of {} rows differ:\n{}", differ.len(), rows.len(), differ.concat());
}

fn ours(files: &[(&str, &str)], env: &Value) -> Environment {
    let dir = folder(files);
    let mut command = command(dir.path(), &["env", "--format", "json", "--show-secrets", "."]);
    command.envs(variables(env));
    let said = finish(command);
    if said.status != 0 {
        assert_eq!(said.status, 1, "{}", said.err);
        return None;
    }
    let read = said.json();
    let all = read["services"]["a"].as_object().unwrap();
    Some(all.iter().map(|(k, v)| (k.clone(), v["value"].clone())).collect())
}

fn theirs(reference: &PathBuf, files: &[(&str, &str)], env: &Value) -> Environment {
    let dir = folder(files);
    let mut command = Command::new(reference);
    command.args(["config", "--format", "json"]).current_dir(dir.path()).env_clear().envs(variables(env));
    command.env("HOME", Path::new("/nonexistent")).env("PATH", "/nonexistent").stdin(Stdio::null());
    let done = command.output().unwrap();
    if !done.status.success() {
        return None;
    }
    let read: Value = serde_json::from_slice(&done.stdout).unwrap();
    let all = read["services"]["a"]["environment"].as_object().cloned().unwrap_or_default();
    // `config` writes `$` as `$$`, so that its output can be read again.
    let plain = |v: Value| v.as_str().map_or_else(|| v.clone(), |text| Value::from(text.replace("$$", "$")));
    Some(all.into_iter().map(|(k, v)| (k, plain(v))).collect())
}

fn variables(env: &Value) -> Vec<(String, String)> {
    env.as_object().unwrap().iter().map(|(k, v)| (k.clone(), v.as_str().unwrap().to_owned())).collect()
}

/// Who wins: the shell over `.env`, `environment` over `env_file`; a name without a value takes the project's.
#[test]
fn precedence() {
    let dir = folder(&[
        (
            "compose.yaml",
            "services:\n  a:\n    image: x:1\n    env_file: a.env\n    environment:\n      V: ${X}\n      W:\n",
        ),
        (".env", "X=file\nW=project\n"),
        ("a.env", "V=service\nY=only\nW=service\n"),
    ]);
    let mut asked = command(dir.path(), &["env", "--format", "json"]);
    asked.env("X", "shell");
    let found = finish(asked).json();
    let get = |key: &str| found["services"]["a"][key]["value"].as_str().unwrap().to_owned();
    assert_eq!((get("V"), get("Y"), get("W")), ("shell".to_owned(), "only".to_owned(), "project".to_owned()));
}
