//! The loader against docker-compose v2, over every fixture and over projects made at random. `REQUIRE_ENGINE=1` makes it a
//! failure when there is no docker-compose; `PROJECTS=5000` sets how many random ones (300 without it).
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

mod common;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use common::dice::Dice;
use common::{copy, folder, root, run};
use serde_json::Value;

fn compose() -> Option<PathBuf> {
    let found = common::compose();
    if found.is_none() {
        assert!(std::env::var_os("REQUIRE_ENGINE").is_none(), "no docker-compose v2");
        common::skipped("no docker-compose v2 (tests/engine/setup fetches one, COMPOSE_BIN names another)");
    }
    found
}

fn reference(compose: &Path, dir: &Path) -> Result<Value, String> {
    let mut command = Command::new(compose);
    command.args(["config", "--format", "json"]).current_dir(dir).env_clear();
    command.env("HOME", "/nonexistent").env("PATH", "/nonexistent").stdin(Stdio::null());
    let done = command.output().unwrap();
    if !done.status.success() {
        return Err(String::from_utf8_lossy(&done.stderr).into_owned());
    }
    Ok(serde_json::from_slice(&done.stdout).unwrap())
}

/// Empty and absent are one.
fn void(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => true,
        Some(Value::Array(items)) => items.is_empty(),
        Some(Value::Object(map)) => map.is_empty(),
        Some(_) => false,
    }
}

fn differences(theirs: Option<&Value>, ours: Option<&Value>, at: &str, out: &mut Vec<String>) {
    match (theirs, ours) {
        (Some(Value::Object(a)), Some(Value::Object(b))) => {
            let mut keys: Vec<&String> = a.keys().chain(b.keys()).collect();
            keys.sort();
            keys.dedup();
            for key in keys {
                differences(a.get(key), b.get(key), &format!("{at}.{key}"), out);
            }
        }
        (Some(Value::Array(a)), Some(Value::Array(b))) if a.len() == b.len() => {
            for (index, (x, y)) in a.iter().zip(b).enumerate() {
                differences(Some(x), Some(y), &format!("{at}.{index}"), out);
            }
        }
        (Some(Value::Number(a)), Some(Value::Number(b))) if a.as_f64() == b.as_f64() => {}
        (a, b) if a == b || (void(a) && void(b)) => {}
        (a, b) => out.push(format!("{at}: reference {a:?}, dockline {b:?}")),
    }
}

/// The reference's environments against `env`: it writes `$` as `$$`, so that its output can be read as a project again.
fn environments(theirs: &Value, dir: &Path, out: &mut Vec<String>) {
    let ours = run(dir, &["env", "--format", "json", "--show-secrets"]).json();
    for (service, model) in theirs["services"].as_object().into_iter().flatten() {
        let said = ours["services"][service].as_object();
        let mine = said.into_iter().flatten().map(|(key, found)| (key.clone(), found["value"].clone()));
        let plain = |value: &Value| value.as_str().map_or(value.clone(), |text| text.replace("$$", "$").into());
        let real =
            model["environment"].as_object().into_iter().flatten().map(|(key, value)| (key.clone(), plain(value)));
        let (real, mine) = (Value::Object(real.collect()), Value::Object(mine.collect()));
        differences(Some(&real), Some(&mine), &format!("env {service}"), out);
    }
}

/// What differs between the two on a project, in one line; `None` where they agree.
fn disagree(compose: &Path, dir: &Path) -> Option<String> {
    let ours = run(dir, &["config", "--format", "json"]);
    match reference(compose, dir) {
        Err(said) if ours.status == 0 => Some(format!("only dockline accepts: {}", said.trim())),
        Err(_) => None,
        Ok(_) if ours.status != 0 => {
            let lint = run(dir, &["lint", "--format", "concise", "--isolated"]);
            Some(format!("only the reference accepts: {}{}", ours.err, lint.out))
        }
        Ok(theirs) => {
            let mut out = Vec::new();
            differences(Some(&theirs), Some(&ours.json()), "", &mut out);
            environments(&theirs, dir, &mut out);
            (!out.is_empty()).then(|| out.join("; "))
        }
    }
}

#[test]
fn fixtures_load_alike() {
    let Some(compose) = compose() else { return };
    let mut wrong = Vec::new();
    let mut compared = 0;
    let mut todo = vec![root().join("fixtures")];
    while let Some(dir) = todo.pop() {
        for entry in std::fs::read_dir(&dir).unwrap().map(Result::unwrap) {
            if entry.path().is_dir() {
                todo.push(entry.path());
            }
        }
        if dir.join("compose.yaml").is_file() {
            compared += 1;
            let work = copy(&dir);
            wrong.extend(disagree(&compose, work.path()).map(|why| format!("{}: {why}", dir.display())));
        }
    }
    assert!(compared > 100, "only {compared} fixtures");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Attributes in the forms that people write, right and wrong.
const ATTRIBUTES: &[&[&str]] = &[
    &["command: echo a", "command: [a, b]", "command: sh -c \"x && y\"", "command:", "command: 5"],
    &[
        "ports: [\"80:80\"]",
        "ports: [8080]",
        "ports: [\"127.0.0.1:3000-3001:3000-3001\"]",
        "ports: [{target: 80, published: \"81\"}]",
        "ports: [\"x:80\"]",
        "ports: [\"80/udp\", \"80/udp\"]",
    ],
    &[
        "environment: {A: 1, B: null, C: \"x$$y\"}",
        "environment: [A=1, B, \"C=${V:-d}\"]",
        "environment: {A: true, B: 010, C: 1.50}",
        "environment: [A=${W}]",
        "environment: {A: !!binary JFc=, B: !!binary \"\"}",
        "environment: {A: !!binary JFc}",
        "environment: {A: [1]}",
        "environment: {A: ${V:?must}}",
    ],
    &[
        "env_file: a.env",
        "env_file: [a.env, {path: none.env, required: false}]",
        "env_file: none.env",
        "env_file: [{path: a.env, format: raw}]",
    ],
    &[
        "volumes: [data:/d]",
        "volumes: [./x:/x:ro]",
        "volumes: [/a]",
        "volumes: [{type: bind, source: ./y, target: /y}]",
        "volumes: [nowhere:/n]",
        "volumes: [./x:/x, ./y:/x]",
    ],
    &[
        "depends_on: [b]",
        "depends_on: {b: {condition: service_healthy}}",
        "depends_on: [c]",
        "depends_on: {b: {condition: x}}",
    ],
    &[
        "networks: [front]",
        "networks: {front: {aliases: [z]}, default: }",
        "network_mode: host",
        "network_mode: service:b",
        "networks: [none-such]",
    ],
    &[
        "healthcheck: {test: [CMD, x], interval: 1m30s, retries: 3}",
        "healthcheck: {test: x, timeout: 5}",
        "healthcheck: {disable: true}",
        "healthcheck: {test: [x]}",
    ],
    &[
        "deploy: {replicas: 2}",
        "deploy: {resources: {limits: {cpus: \"0.5\", memory: 1g}}}",
        "deploy: {resources: {reservations: {devices: [{driver: nvidia, count: all, capabilities: [gpu]}]}}}",
        "deploy: {resources: {limits: {memory: 1gg}}}",
    ],
    &["restart: always", "restart: no", "restart: yes", "restart: \"no\""],
    &[
        "extra_hosts: [\"h:host-gateway\"]",
        "extra_hosts: {h: 1.2.3.4}",
        "extra_hosts: [\"h=::1\"]",
        "extra_hosts: [h]",
        "extra_hosts: {h: [9.1.1.1, 1.2.3.4]}",
    ],
    &["labels: {a: 1, b: true}", "labels: [a=b, c]", "labels: {a: {}}"],
    &["mem_limit: 512m", "mem_limit: 1.5g", "mem_limit: 1000", "mem_limit: lots"],
    &["ulimits: {nofile: 100}", "ulimits: {nofile: {soft: 1, hard: 2}}", "ulimits: {nofile: {soft: 1}}"],
    &["tty: yes", "tty: \"true\"", "tty: maybe", "init: false", "privileged: true"],
    &[
        "stop_grace_period: 30s",
        "stop_grace_period: 1m",
        "stop_grace_period: 30",
        "shm_size: 1gb",
        "cpus: 0.5",
        "pids_limit: 100",
    ],
    &["logging: {driver: json-file, options: {max-size: 10m}}", "logging: {options: {n: 3}}", "logging: json-file"],
    &["secrets: [key]", "secrets: [{source: key, target: k, mode: 0400}]", "secrets: [nope]", "configs: [conf]"],
    &["build: .", "build: {context: ./x, args: [A=1, B]}", "build: {dockerfile: D, target: t}", "build: {contxt: .}"],
    &[
        "dns: 8.8.8.8",
        "dns: [8.8.8.8, 1.1.1.1]",
        "tmpfs: /t",
        "cap_add: [A, A]",
        "security_opt: [a, a]",
        "expose: [80, \"81\"]",
    ],
    &[
        "profiles: [p]",
        "container_name: name-a",
        "hostname: h",
        "user: 1000",
        "user: \"1000\"",
        "platform: linux/amd64",
    ],
    &["x-note: {a: 1}", "foo: bar", "gpus: all", "pull_policy: if_not_present", "sysctls: {net.core.somaxconn: 1024}"],
    &[
        "devices: [\"/dev/a:/dev/b\"]",
        "group_add: [1, a]",
        "stdin_open: true",
        "working_dir: /w",
        "annotations: {a: b}",
    ],
];

fn service(dice: &mut Dice) -> String {
    let mut out = "    image: x:1\n".to_owned();
    let mut used: Vec<&str> = vec!["image"];
    for _ in 0..=dice.roll(6) {
        let forms = ATTRIBUTES[dice.roll(ATTRIBUTES.len())];
        // Mostly the first forms, which are right.
        let form = if dice.chance(80) { forms[dice.roll(forms.len().min(2))] } else { dice.one(forms) };
        let key = form.split(':').next().unwrap();
        if !used.contains(&key) {
            used.push(key);
            let _ = writeln!(out, "    {form}");
        }
    }
    out
}

fn project(seed: u64) -> Vec<(String, String)> {
    let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    for _ in 0..8 {
        dice.roll(2);
    }
    let mut text = String::new();
    if dice.chance(10) {
        text.push_str("name: my-project\n");
    }
    let anchor = dice.chance(20);
    if anchor {
        text.push_str("x-base: &base\n  restart: always\n  labels: {k: v}\n");
    }
    text.push_str("services:\n");
    for name in ["a", "b"] {
        let _ = writeln!(text, "  {name}:");
        if anchor && dice.chance(50) {
            text.push_str("    <<: *base\n");
        }
        if name == "b" && dice.chance(15) {
            text.push_str("    extends: {service: a}\n    container_name: name-b\n");
        }
        text.push_str(&service(&mut dice));
    }
    text.push_str("networks:\n  front: {}\nvolumes:\n  data:\n");
    text.push_str(dice.one(&[
        "secrets:\n  key: {file: ./key}\n",
        "secrets:\n  key: {environment: KEY}\n",
        "secrets:\n  key: {}\n",
    ]));
    text.push_str(
        dice.one(&["configs:\n  conf: {content: \"a$$b\"}\n", "configs:\n  conf: {file: ./c, external: true}\n"]),
    );
    let mut files = vec![
        ("compose.yaml".to_owned(), text),
        (
            ".env".to_owned(),
            dice.one(&["V=from-env\n", "W=1\n", "# nothing\n", "V='a b' # c\nW=\"${V}x\"\n"]).to_owned(),
        ),
        ("a.env".to_owned(), dice.one(&["E=1\nF=\"two words\" # c\n", "A=file\nG=${V}\n", "H\n"]).to_owned()),
    ];
    if dice.chance(40) {
        let mut over = "services:\n  a:\n".to_owned();
        over.push_str(service(&mut dice).strip_prefix("    image: x:1\n").unwrap());
        if dice.chance(30) {
            over.push_str(dice.one(&[
                "    ports: !reset []\n",
                "    labels: !override {z: y}\n",
                "    command: !reset null\n",
            ]));
        }
        if over.ends_with("a:\n") {
            over.push_str("    image: y:2\n");
        }
        files.push(("compose.override.yaml".to_owned(), over));
    }
    files
}

/// Environment, arguments, folder below.
type Choice<'a> = (&'a [(&'a str, &'a str)], &'a [&'a str], &'a str);

/// What chooses files, names, variables and profiles.
#[test]
fn projects_are_chosen_alike() {
    let Some(compose) = compose() else { return };
    let dir = folder(&[
        (
            "compose.yaml",
            "x-top: {a: 1}\nservices:\n  app:\n    image: \"a:${TAG:-none}\"\n    label_file: labels.txt\n    labels: {own: \"1\", \
             both: own}\n    x-own: {b: [1, 2]}\n    environment: {N: \"${COMPOSE_PROJECT_NAME}\", P}\n  a: {image: a:1, \
             profiles: [a]}\n  b: {image: b:1, profiles: [b, \"\"]}\n",
        ),
        ("labels.txt", "both=file\nfrom.file=${TAG}\nabove=1\nbelow=${above}2\n# c\nq=\"x y\"\n"),
        (".env", "TAG=dotenv\n"),
        ("one.env", "TAG=one\nONLY=1\n"),
        ("two.env", "TAG=two\nCOMPOSE_PROJECT_NAME=fromtwo\n"),
        ("o.yaml", "services: {app: {image: \"b:1\"}}\n"),
        ("sub/labels.txt", "s=1\n"),
        ("deep/er/note", ""),
    ]);
    let choices: &[Choice<'_>] = &[
        (&[], &[], "."),
        (&[], &[], "deep/er"),
        (&[("TAG", "shell")], &[], "."),
        (&[("COMPOSE_ENV_FILES", "one.env,two.env")], &[], "."),
        (&[("COMPOSE_ENV_FILES", "nope.env")], &[], "."),
        (&[], &["--env-file", "one.env", "--env-file", "two.env"], "."),
        (&[("COMPOSE_PROJECT_NAME", "foo_1")], &[], "."),
        (&[("COMPOSE_PROJECT_NAME", "Foo_1")], &[], "."),
        (&[], &["-f", "compose.yaml", "--project-directory", "sub"], "."),
        (&[], &["-f", "../compose.yaml"], "sub"),
        (&[], &["-f", "o.yaml", "-f", "compose.yaml"], "."),
        (&[("COMPOSE_FILE", "compose.yaml:o.yaml")], &[], "."),
        (&[("COMPOSE_FILE", "compose.yaml;o.yaml"), ("COMPOSE_PATH_SEPARATOR", ";")], &[], "."),
        (&[("COMPOSE_FILE", "nope.yaml")], &[], "."),
        (&[("COMPOSE_PROFILES", "a")], &[], "."),
        (&[("COMPOSE_PROFILES", "a,")], &[], "."),
        (&[("COMPOSE_PROFILES", " a , b")], &[], "."),
        (&[("COMPOSE_PROFILES", "*")], &[], "."),
        (&[("COMPOSE_PROFILES", "a")], &["--profile", "b"], "."),
        (&[], &["--profile", "a,b"], "."),
        (&[], &["--profile", ""], "."),
    ];
    let mut wrong = Vec::new();
    for (environment, args, below) in choices {
        let here = dir.path().join(below);
        let mut theirs = Command::new(&compose);
        theirs.args(*args).args(["config", "--format", "json"]).current_dir(&here).env_clear();
        theirs.env("HOME", "/nonexistent").envs(environment.iter().copied()).stdin(Stdio::null());
        let mut words = vec!["config", "--format", "json"];
        words.extend(*args);
        let mut ours = common::command(&here, &words);
        ours.envs(environment.iter().copied());
        let (theirs, ours) = (theirs.output().unwrap(), common::finish(ours));
        let model: Option<Value> = serde_json::from_slice(&theirs.stdout).ok();
        let mine: Option<Value> = (ours.status == 0).then(|| ours.json());
        if model != mine {
            wrong.push(format!("{environment:?} {args:?} in {below}: reference {model:?}, dockline {mine:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A number that the environment may set.
fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|n| n.parse().ok())
}

/// A line that begins with a tab, behind and before all kinds of lines.
#[test]
fn tabs_are_read_alike() {
    let Some(compose) = compose() else { return };
    let before = [
        "image: x\n",
        "image: x # c\n",
        "image: \"x\"\n",
        "image: x\n    # c\n",
        "image: x\n    # c\n\n    # d\n",
        "image: x\n    command: [a, b]\n",
        "image: x\n    command: [a,\n",
        "image: x\n    command: [a, # c\n",
        "image: x\n    command: [\"a\"\n",
        "image: x\n    labels: {a: {b: c},\n",
        "image: x\n    environment:\n",
        "image: x\n    command:\n      - a\n",
        "image: x\n    command: a\n      b\n",
        "image: x\n    command: \"a\n",
        "image: x\n    command: |\n      a\n",
        "image: x\n    command: |\n      a\n      # b\n",
        "image: x\n    command: >2\n        a\n",
        "image: x\n    command: |\n\n",
        "image: &i x\n    container_name: *i\n",
        "image: x\n    ports: !reset\n",
    ];
    let lines = [
        "\t",
        "\t\t",
        "  \t",
        "      \t",
        "        \t",
        "\t# c",
        "      \t# c",
        "    # c\n\t\n\t# d",
        "\t\r",
        "\tb",
        "\t\"b\"",
    ];
    let behind = [
        "",
        "    tty: true\n",
        "volumes: {}\n",
        "      A: b\n",
        "      - b\n",
        "    b]\n",
        "\tb]\n",
        "    ,b]\n",
        "      b\"\n",
        "      b\n",
        "\t}\n",
    ];
    let mut dice = Dice(number("SEED").unwrap_or(1).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let mut wrong = Vec::new();
    for _ in 0..number("PROJECTS").unwrap_or(300) {
        let text = format!("services:\n  a:\n    {}{}\n{}", dice.one(&before), dice.one(&lines), dice.one(&behind));
        let work = folder(&[("compose.yaml", text.as_str())]);
        wrong.extend(disagree(&compose, work.path()).map(|why| format!("{text:?}: {why}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn random_projects_load_alike() {
    let Some(compose) = compose() else { return };
    let (count, first) = (number("PROJECTS").unwrap_or(300), number("SEED").unwrap_or(1));
    let mut wrong = Vec::new();
    let mut accepted = 0;
    for seed in first..first + count {
        let files = project(seed);
        let files: Vec<(&str, &str)> = files.iter().map(|(n, t)| (n.as_str(), t.as_str())).collect();
        let work = folder(&files);
        // Shown where the test fails on the way.
        print!("\rseed {seed} ");
        match disagree(&compose, work.path()) {
            Some(why) => {
                let texts: Vec<String> = files.iter().map(|(name, text)| format!("--- {name}\n{text}")).collect();
                wrong.push(format!("seed {seed}: {why}\n{}", texts.concat()));
            }
            None => accepted += u64::from(run(work.path(), &["config"]).status == 0),
        }
    }
    println!("{accepted} of {count} are accepted by both");
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(
        count < 100 || accepted * 5 > count,
        "the generator makes too few projects that load: {accepted} of {count}"
    );
}
