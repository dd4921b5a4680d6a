//! `dockline doctor` against a real Docker engine: broken situations, each with its healthy twin, and every tool that a probe can
//! use. The engine is that of `tests/common/engine.rs`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a test may panic and says what it skips"
)]

mod common;

use std::path::Path;

use common::engine::{Engine, engine, outcome};
use common::folder;
use common::stack::{GATEWAY, Stack, client, doctor, of, server};
use serde_json::Value;

/// A rule of the host's firewall, as long as the value lives.
struct Rule<'e>(&'e Engine, Vec<&'static str>);

impl<'e> Rule<'e> {
    fn new(engine: &'e Engine, rule: &[&'static str]) -> Self {
        let mut command = engine.beside(&["iptables", "-I", "INPUT"]);
        command.args(rule);
        let (fine, said) = outcome(command);
        assert!(fine, "iptables: {said}");
        Self(engine, rule.to_vec())
    }
}

impl Drop for Rule<'_> {
    fn drop(&mut self) {
        let mut command = self.0.beside(&["iptables", "-D", "INPUT"]);
        command.args(&self.1);
        let _ = outcome(command);
    }
}

/// Situations: the service, the layer and the cause that the doctor must name.
const SICK: &[(&str, &str, &str)] = &[
    ("host-loopback", "connect", "host-bind-loopback"),
    ("no-mapping", "name", "missing-host-gateway"),
    ("loopback-host", "connect", "loopback-to-host"),
    ("loopback-service", "connect", "loopback-to-service"),
    ("firewall", "connect", "host-firewall"),
    ("rejected", "connect", "host-firewall"),
    ("nobody-there", "connect", "server-not-running"),
    ("lan-only", "connect", "host-bind-loopback"),
    ("other-network", "name", "network-mismatch"),
    ("published", "connect", "published-port-between-services"),
    ("wrong-port", "connect", "wrong-container-port"),
    ("typo", "name", "wrong-service-name"),
    ("stopped", "name", "server-not-running"),
    ("gone", "container", "server-not-running"),
    ("bound-inside", "connect", "container-bind-loopback"),
    ("bound-published", "connect", "container-bind-loopback"),
    ("shy", "connect", "container-bind-loopback"),
    ("published-loopback", "connect", "host-bind-loopback"),
    ("missing-v1", "api", "url-missing-v1"),
    ("extra-path", "api", "url-extra-path"),
    ("wrong-server", "api", "wrong-server-mode"),
    ("other-api", "api", "wrong-server-mode"),
    ("model-missing", "model", "model-not-found"),
    ("no-http", "http", "wrong-server-mode"),
    ("bad-gateway", "http", "server-not-running"),
    ("no-answer", "http", "timeout-tuning"),
    ("unhealthy", "container", "healthcheck-missing-tool"),
    ("restarting", "container", "server-not-running"),
    ("internal", "connect", "network-mismatch"),
    ("on-host", "name", "network-mismatch"),
    ("to-host-mode", "name", "network-mismatch"),
];

fn servers() -> String {
    [
        server("ollama", "\"serve\", \"ollama@[::]:11434\"", "ports: [\"21434:11434\"]"),
        server("redis", "\"serve\", \"banner@[::]:6379\"", ""),
        server("vllm", "\"serve\", \"openai@[::]:8000\"", ""),
        server("web", "\"serve\", \"web@[::]:80\"", ""),
    ]
    .concat()
}

/// Where a report does not name what was to be named, or says something of those who are fine.
fn misnamed(report: &Value, sick: &[(&str, &str, &str)], fine: &[&str]) -> Vec<String> {
    let mut wrong = Vec::new();
    for (service, layer, cause) in sick {
        let found = of(report, service);
        if !found.iter().any(|(l, c)| l == layer && c == cause) {
            let endpoint = report["endpoints"].as_array().unwrap().iter().find(|e| e["service"] == *service);
            wrong.push(format!("{service}: wanted {layer} {cause}, found {found:?}; {endpoint:?}"));
        }
        if found.len() > 1 {
            wrong.push(format!("{service}: more than one, {found:?}"));
        }
    }
    let said = fine.iter().map(|service| (service, of(report, service)));
    wrong.extend(said.filter(|(_, found)| !found.is_empty()).map(|(service, found)| format!("{service}: {found:?}")));
    wrong
}

#[test]
fn each_sickness_is_named_by_its_layer() {
    let Some((engine, _guard)) = engine() else { return };
    let host = "http://host.docker.internal";
    let _host = [
        "ollama@0.0.0.0:11434",
        "openai@127.0.0.1:1234",
        "openai@0.0.0.0:9999",
        "openai@0.0.0.0:9998",
        "openai@192.168.51.10:9997",
    ]
    .map(|place| engine.host_listener(place));
    let _drop = Rule::new(engine, &["-p", "tcp", "--dport", "9999", "-j", "DROP"]);
    let _reject = Rule::new(engine, &["-p", "tcp", "--dport", "9998", "-j", "REJECT", "--reject-with", "tcp-reset"]);
    let text = [
        "services:\n".to_owned(),
        servers(),
        server("db", "\"serve\", \"banner@[::]:5432\"", "networks: [back]"),
        server("shy", "\"serve\", \"ollama@127.0.0.1:11434\"", "ports: [\"31434:11434\"]"),
        server("local", "\"serve\", \"ollama@[::]:11434\"", "ports: [\"127.0.0.1:31435:11434\"]\nnetworks: [back]"),
        server("gone", "\"end\", \"3\"", ""),
        server("raw", "\"serve\", \"banner@[::]:7000\"", ""),
        server("proxy", "\"serve\", \"broken@[::]:80\"", ""),
        server("mute", "\"serve\", \"silent@[::]:11434\"", ""),
        server(
            "on-host",
            "\"serve\", \"web@127.0.0.1:18080\"",
            "network_mode: host\nenvironment:\n  OLLAMA_BASE_URL: http://ollama:11434",
        ),
        server("restarting", "\"end\", \"1\"", "restart: always"),
        server(
            "unhealthy",
            "\"serve\", \"web@[::]:80\"",
            "healthcheck: {test: [CMD, curl, -f, \"http://localhost\"], interval: 1s, retries: 1}",
        ),
        client("host-loopback", "LMSTUDIO_BASE_URL", &format!("{host}:1234/v1"), GATEWAY),
        client("no-mapping", "OLLAMA_BASE_URL", &format!("{host}:11434"), ""),
        client("loopback-host", "LMSTUDIO_BASE_URL", "http://localhost:1234/v1", ""),
        client("loopback-service", "REDIS_URL", "redis://:hunter2@localhost:6379", ""),
        client("firewall", "OPENAI_API_BASE", &format!("{host}:9999/v1"), GATEWAY),
        client("rejected", "OPENAI_API_BASE", &format!("{host}:9998/v1"), GATEWAY),
        client("nobody-there", "OPENAI_API_BASE", &format!("{host}:9996/v1"), GATEWAY),
        client("lan-only", "OPENAI_API_BASE", &format!("{host}:9997/v1"), GATEWAY),
        client("other-network", "DATABASE_URL", "postgres://app:hunter2@db:5432/x", ""),
        client("published", "OLLAMA_BASE_URL", "http://ollama:21434", ""),
        client("wrong-port", "OLLAMA_BASE_URL", "http://ollama:11435", ""),
        client("typo", "OLLAMA_BASE_URL", "http://olama:11434", ""),
        client("stopped", "REDIS_URL", "redis://gone:6379", ""),
        client("bound-inside", "OLLAMA_BASE_URL", "http://shy:11434", ""),
        client("bound-published", "OLLAMA_BASE_URL", &format!("{host}:31434"), GATEWAY),
        client("published-loopback", "OLLAMA_BASE_URL", &format!("{host}:31435"), GATEWAY),
        client("missing-v1", "OPENAI_API_BASE", "http://ollama:11434", ""),
        client("extra-path", "OLLAMA_BASE_URL", "http://ollama:11434/api", ""),
        client("wrong-server", "OLLAMA_BASE_URL", "http://web:80", ""),
        client("other-api", "OLLAMA_BASE_URL", "http://vllm:8000", ""),
        client("model-missing", "OLLAMA_BASE_URL", "http://ollama:11434", "")
            .replace("    environment:\n", "    environment:\n      OLLAMA_MODEL: qwen2.5:7b\n"),
        client("no-http", "OLLAMA_BASE_URL", "http://raw:7000", ""),
        client("bad-gateway", "OLLAMA_BASE_URL", "http://proxy:80", ""),
        client("no-answer", "OLLAMA_BASE_URL", "http://mute:11434", ""),
        client("internal", "OLLAMA_BASE_URL", &format!("{host}:11434"), &format!("{GATEWAY}\nnetworks: [inner]")),
        client("to-host-mode", "OLLAMA_BASE_URL", "http://on-host:18080", ""),
        "networks:\n  back:\n  inner: {internal: true}\n".to_owned(),
    ]
    .concat();
    let stack = Stack::up(engine, &text, true);
    // On a busy machine it takes its time to end again and again.
    let restarts = || {
        let name = format!("{}-restarting-1", stack.project);
        engine.docker(&["inspect", "-f", "{{.RestartCount}}", &name]).1.trim().parse::<u32>().unwrap_or_default()
    };
    for _ in 0..100 {
        if restarts() >= 3 {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    let report = stack.doctor();
    let fine = ["ollama", "redis", "vllm", "web", "db", "local", "raw", "proxy", "mute"];
    let wrong = misnamed(&report, SICK, &fine);
    let human = doctor(engine, stack.dir.path(), &["-p", &stack.project]);
    assert!(!human.out.contains("hunter2") && !report.to_string().contains("hunter2"), "a secret is printed");
    if std::env::var_os("SHOW").is_some() {
        println!("{}", human.out);
        println!("{}", doctor(engine, stack.dir.path(), &["-p", &stack.project, "--lang", "zh"]).out);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(human.status, 1);
}

/// More of them, with what each needs of its own.
const SICKER: &[(&str, &str, &str)] = &[
    ("wildcard", "connect", "wildcard-as-target"),
    ("quotes", "name", "env-quoting"),
    ("profile-off", "name", "profile-not-enabled"),
    ("no-network", "name", "network-mismatch"),
    ("apart", "connect", "network-mismatch"),
    ("tls-to-plain", "http", "tls-mismatch"),
    ("plain-to-tls", "http", "tls-mismatch"),
    ("frozen", "container", "server-not-running"),
    ("old-address", "connect", "wrong-host"),
    ("no-file", "container", "mount-source-missing"),
];

#[test]
fn rarer_sicknesses_are_named_by_their_layer() {
    let Some((engine, _guard)) = engine() else { return };
    let text = [
        "services:\n".to_owned(),
        servers(),
        server("off", "\"serve\", \"ollama@[::]:11434\"", "profiles: [gpu]"),
        server("secure", "\"serve\", \"secure@[::]:443\"", ""),
        server("closed", "\"serve\", \"ollama@[::]:11434\"", "networks: [apart]"),
        server("frozen", "\"serve\", \"web@[::]:80\"", ""),
        server("no-file", "\"serve\", \"web@[::]:80\"", "volumes: [\"./folder:/stub:ro\"]"),
        client("wildcard", "OLLAMA_BASE_URL", "http://0.0.0.0:11434", ""),
        client("quotes", "OLLAMA_BASE_URL", "'http://ollama:11434'", ""),
        client("profile-off", "OLLAMA_BASE_URL", "http://off:11434", ""),
        client("no-network", "OLLAMA_BASE_URL", "http://ollama:11434", "network_mode: none"),
        client("apart", "OLLAMA_BASE_URL", "http://closed:11434", "networks: [apart]"),
        client("tls-to-plain", "OLLAMA_BASE_URL", "https://ollama:11434", ""),
        client("plain-to-tls", "OPENAI_API_BASE", "http://secure:443/v1", ""),
        client("old-address", "OLLAMA_BASE_URL", "http://172.30.99.9:11434", "networks: [subnet]"),
        "networks:\n  apart:\n    driver_opts: {com.docker.network.bridge.enable_icc: \"false\"}\n  subnet:\n    ipam: {config: [{subnet: 172.30.99.0/24}]}\n".to_owned(),
    ]
    .concat();
    let stack = Stack::up(engine, &text, false);
    let (fine, said) = stack.compose(&["pause", "frozen"]);
    assert!(fine, "{said}");
    let report = stack.doctor();
    if std::env::var_os("SHOW").is_some() {
        println!("{}", doctor(engine, stack.dir.path(), &["-p", &stack.project]).out);
    }
    let wrong = misnamed(&report, SICKER, &["ollama", "redis", "vllm", "web", "secure", "closed"]);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_healthy_twin_is_left_alone() {
    let Some((engine, _guard)) = engine() else { return };
    let host = "http://host.docker.internal";
    let _host = ["ollama@0.0.0.0:11434", "openai@0.0.0.0:1234", "openai@0.0.0.0:9999", "openai@172.17.0.1:9997"]
        .map(|place| engine.host_listener(place));
    let text = [
        "services:\n".to_owned(),
        servers(),
        server("db", "\"serve\", \"banner@[::]:5432\"", "networks: [back, default]"),
        server("local", "\"serve\", \"ollama@[::]:11434\"", "ports: [\"31435:11434\"]\nnetworks: [back]"),
        server(
            "on-host",
            "\"serve\", \"web@0.0.0.0:18080\"",
            "network_mode: host\nenvironment:\n  OLLAMA_BASE_URL: http://127.0.0.1:21434",
        ),
        server("done", "\"end\", \"0\"", ""),
        server(
            "healthy",
            "\"serve\", \"web@[::]:80\"",
            "healthcheck: {test: [CMD, /stub, call, localhost, \"80\"], interval: 1s, retries: 1}",
        ),
        client("host-server", "LMSTUDIO_BASE_URL", &format!("{host}:1234/v1"), GATEWAY),
        client("mapping", "OLLAMA_BASE_URL", &format!("{host}:11434"), GATEWAY),
        client("no-firewall", "OPENAI_API_BASE", &format!("{host}:9999/v1"), GATEWAY),
        client("docker0", "OPENAI_API_BASE", &format!("{host}:9997/v1"), GATEWAY),
        client("shared-network", "DATABASE_URL", "postgres://app:hunter2@db:5432/x", ""),
        client("container-port", "OLLAMA_BASE_URL", "http://ollama:11434", ""),
        client("slash", "OLLAMA_BASE_URL", "http://ollama:11434/", ""),
        client("right-name", "REDIS_URL", "redis://redis:6379", ""),
        client("by-host", "OLLAMA_BASE_URL", &format!("{host}:31435"), GATEWAY),
        client("with-v1", "OPENAI_API_BASE", "http://ollama:11434/v1", ""),
        client("vllm-v1", "OPENAI_API_BASE", "http://vllm:8000/v1/", ""),
        client("model-there", "OLLAMA_BASE_URL", "http://ollama:11434", "")
            .replace("    environment:\n", "    environment:\n      OLLAMA_MODEL: llama3\n"),
        client("some-page", "BACKEND_URL", "http://web:80/app", ""),
        client("own-port", "OWN_URL", "http://127.0.0.1:9", ""),
        client("to-host-mode", "BACKEND_URL", &format!("{host}:18080"), GATEWAY),
        server("secure", "\"serve\", \"secure@[::]:443\"", ""),
        client("tls-to-tls", "OPENAI_API_BASE", "https://secure:443/v1", ""),
        client("quoted-word", "BACKEND_URL", "http://web:80/a'b'", ""),
        client("fixed-address", "BACKEND_URL", "http://172.30.98.9:80/", "networks: [subnet]"),
        server("fixed", "\"serve\", \"web@[::]:80\"", "networks: {subnet: {ipv4_address: 172.30.98.9}}"),
        client("browser", "NEXT_PUBLIC_API_URL", "http://localhost:3999", ""),
        "networks:\n  back:\n  subnet:\n    ipam: {config: [{subnet: 172.30.98.0/24}]}\n".to_owned(),
    ]
    .concat();
    let stack = Stack::up(engine, &text, true);
    let start = std::time::Instant::now();
    let report = stack.doctor();
    let took = start.elapsed();
    let endpoints = report["endpoints"].as_array().unwrap();
    assert!(endpoints.len() >= 14, "only {} addresses tried", endpoints.len());
    assert_eq!(report["findings"], serde_json::json!([]), "{:#}", report["findings"]);
    assert_eq!(report["gaps"], serde_json::json!([]));
    assert!(endpoints.iter().all(|e| e["connect"] == "ok"), "{endpoints:#?}");
    println!("20 containers in {took:?}");
    assert!(took < std::time::Duration::from_secs(10), "{took:?}");
}

#[test]
fn a_stale_container_is_told_from_its_files() {
    let Some((engine, _guard)) = engine() else { return };
    let text = [
        "services:\n".to_owned(),
        server("ollama", "\"serve\", \"ollama@[::]:11434\"", "ports: [\"21434:11434\"]"),
        client("api", "OLLAMA_BASE_URL", "${URL}", "")
            .replace("    environment:\n", "    environment:\n      API_KEY: ${KEY}\n"),
    ]
    .concat();
    let text = text.replace("${URL}", "http://nowhere:11434").replace("${KEY}", "hunter2");
    let stack = Stack::up(engine, &text, true);
    assert_eq!(of(&stack.doctor(), "api"), [("name".to_owned(), "name-resolution".to_owned())]);
    let changed = text.replace("nowhere", "ollama").replace("hunter2", "hunter3").replace("IMAGE", engine.var("IMAGE"));
    let changed = changed.replace("21434:11434", "22434:11434");
    std::fs::write(stack.dir.path().join("compose.yaml"), changed).unwrap();
    let report = stack.doctor();
    let found = of(&report, "api");
    assert!(found.contains(&("files".to_owned(), "stale-container".to_owned())), "{found:?}");
    assert_eq!(of(&report, "ollama"), [("files".to_owned(), "stale-container".to_owned())]);
    assert!(!report.to_string().contains("hunter"), "a secret is printed");
    let fine = report["findings"].as_array().unwrap().iter().all(|f| {
        let commands = f["commands"].as_array().unwrap();
        commands.len() == 1
            && commands[0].as_str().unwrap().starts_with(&format!("docker compose -p {} up -d ", stack.project))
    });
    assert!(fine, "{:#}", report["findings"]);
    let (fine, said) = stack.compose(&["up", "-d"]);
    assert!(fine, "{said}");
    assert_eq!(stack.doctor()["findings"], serde_json::json!([]));
}

#[test]
fn what_could_not_be_started_is_told() {
    let Some((engine, _guard)) = engine() else { return };
    let _host = engine.host_listener("web@0.0.0.0:24680");
    let text =
        ["services:\n".to_owned(), server("taken", "\"serve\", \"web@[::]:80\"", "ports: [\"24680:80\"]")].concat();
    let stack = Stack::up(engine, &text, false);
    let report = stack.doctor();
    assert_eq!(of(&report, "taken"), [("container".to_owned(), "port-conflict".to_owned())], "{report:#}");
}

#[test]
fn memory_that_runs_out_is_told() {
    let Some((engine, _guard)) = engine() else { return };
    let text = ["services:\n".to_owned(), server("eater", "\"eat\"", "mem_limit: 32m\nmemswap_limit: 32m")].concat();
    let stack = Stack::up(engine, &text, false);
    std::thread::sleep(std::time::Duration::from_secs(2));
    let report = stack.doctor();
    let (_, said) = engine.docker(&["inspect", "-f", "{{.State.OOMKilled}}", &format!("{}-eater-1", stack.project)]);
    if said.trim() != "true" {
        common::skipped("this kernel limits no memory");
        return;
    }
    assert_eq!(of(&report, "eater"), [("container".to_owned(), "memory-limit".to_owned())], "{report:#}");
}

/// Every tool that an image may have says the same of the same addresses; so does dockline itself where there is none.
#[test]
fn tools_of_images_agree() {
    let Some((engine, _guard)) = engine() else { return };
    let tools: &[(&str, &[&str])] = &[
        ("python3", &["sh:/usr/bin/dash", "python3:/usr/bin/python3"]),
        ("node", &["sh:/usr/bin/dash", "node:/usr/bin/node"]),
        ("curl", &["sh:/usr/bin/dash", "curl:/usr/bin/curl", "getent:/usr/bin/getent"]),
        ("bash", &["sh:/usr/bin/bash", "bash:/usr/bin/bash", "timeout:/usr/bin/timeout", "cat:/usr/bin/cat"]),
        ("wget", &["sh:/usr/bin/dash", "wget:/usr/bin/wget", "nc:/usr/bin/busybox"]),
        ("dockline", &[]),
    ];
    let dir = tempfile::tempdir().unwrap();
    let mut text = "services:\n".to_owned();
    let mut have = Vec::new();
    for (name, programs) in tools {
        let bin = dir.path().join(name);
        std::fs::create_dir_all(&bin).unwrap();
        let split = programs.iter().map(|p| p.split_once(':').unwrap());
        if split.clone().any(|(_, real)| !Path::new(real).exists()) {
            println!("no {name} here");
            continue;
        }
        for (word, real) in split {
            std::os::unix::fs::symlink(real, bin.join(word)).unwrap();
        }
        have.push(*name);
        let volumes = format!(
            "volumes: [\"{}:/tools:ro\", \"/usr:/usr:ro\", \"/usr/lib:/lib:ro\", \"/usr/lib64:/lib64:ro\"]",
            bin.display()
        );
        let more = if programs.is_empty() { GATEWAY.to_owned() } else { format!("{GATEWAY}\n{volumes}") };
        let variables = "    environment:\n      PATH: /tools\n      OLLAMA_BASE_URL: http://ollama:11434\n      \
                         OPENAI_API_BASE: http://ollama:11434\n      REDIS_URL: redis://redis:6379\n      DB_URL: postgres://db:5432\n      \
                         LM_URL: http://host.docker.internal:9999\n      BACKEND_URL: http://nowhere:80\n";
        text += &client(&format!("by-{name}"), "OWN_URL", "http://ollama:1", &more)
            .replace("    environment:\n", variables);
    }
    text += &servers();
    text += &server("db", "\"serve\", \"banner@[::]:5433\"", "");
    let _drop = Rule::new(engine, &["-p", "tcp", "--dport", "9999", "-j", "DROP"]);
    let stack = Stack::up(engine, &text, true);
    let report = stack.doctor();
    let wanted = [
        ("OLLAMA_BASE_URL", "ok", "ok", None),
        ("OPENAI_API_BASE", "ok", "ok", Some("url-missing-v1")),
        ("REDIS_URL", "ok", "ok", None),
        ("DB_URL", "ok", "refused", Some("wrong-container-port")),
        ("LM_URL", "ok", "timeout", Some("host-firewall")),
        ("BACKEND_URL", "unresolved", "unknown", Some("name-resolution")),
        ("OWN_URL", "ok", "refused", Some("wrong-container-port")),
    ];
    let mut wrong = Vec::new();
    for name in have {
        for (variable, resolved, connect, cause) in wanted {
            let service = format!("by-{name}");
            let mine = |e: &&Value| e["service"] == service.as_str() && e["variable"] == variable;
            let Some(e) = report["endpoints"].as_array().unwrap().iter().find(mine) else {
                wrong.push(format!("{service} {variable} is not there"));
                continue;
            };
            if e["name"] != resolved || e["connect"] != connect || e["cause"].as_str() != cause || e["tool"] != name {
                wrong.push(format!("{service} {variable}: {e}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_container_without_a_project_is_examined() {
    let Some((engine, _guard)) = engine() else { return };
    let name = format!("doc{}alone", std::process::id());
    let image = engine.var("IMAGE");
    let (fine, said) = engine.docker(&[
        "run",
        "-d",
        "--rm",
        "--name",
        &name,
        "-e",
        "OLLAMA_BASE_URL=http://localhost:11434",
        "--entrypoint",
        "/stub",
        image,
        "serve",
        "[::]:9",
    ]);
    assert!(fine, "{said}");
    let dir = tempfile::tempdir().unwrap();
    let said = doctor(engine, dir.path(), &["--container", &name, "--format", "json"]);
    engine.docker(&["rm", "-f", &name]);
    assert_eq!(said.status, 1, "{}{}", said.out, said.err);
    assert_eq!(of(&said.json(), &name), [("connect".to_owned(), "loopback-to-host".to_owned())]);
}

#[test]
fn no_engine_is_said() {
    let dir = folder(&[("compose.yaml", "services:\n  a:\n    image: x\n")]);
    for (host, word) in [("unix:///nonexistent/docker.sock", "docker context ls"), ("ssh://me@there", "ssh -nNT")] {
        let mut command = common::command(dir.path(), &["doctor"]);
        command.env("DOCKER_HOST", host);
        let said = common::finish(command);
        assert_eq!(said.status, 2, "{}{}", said.out, said.err);
        assert!(said.err.contains(word), "{}", said.err);
    }
}
