//! What `dockline doctor` asks beside its probes, on a real Docker engine: published ports, preflights of pages, a model's first
//! words on each way to it. Each broken situation has its healthy twin.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a test may panic and says what it measures"
)]

mod common;

use std::net::{Shutdown, TcpListener};
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};

use common::engine::{Engine, Running, engine, outcome};
use common::nginx::{places, tool};
use common::stack::{GATEWAY, Stack, client, doctor, of, server};
use serde_json::Value;

/// A page: a container with a published port, whose address is for browsers.
fn page(name: &str, port: u16, variable: &str, value: &str) -> String {
    let places = "\"serve\", \"web@[::]:80\"";
    server(name, places, &format!("ports: [\"{port}:80\"]\nenvironment: {{{variable}: \"{value}\"}}"))
}

fn found(layer: &str, cause: &str) -> Vec<(String, String)> {
    vec![(layer.to_owned(), cause.to_owned())]
}

fn warm(stack: &Stack<'_>, args: &[&str]) -> Value {
    let mut all = vec!["-p", &stack.project, "--format", "json", "--warm"];
    all.extend(args);
    doctor(stack.engine, stack.dir.path(), &all).json()
}

#[test]
fn published_ports_that_nobody_answers_are_told() {
    let Some((engine, _guard)) = engine() else { return };
    let text = [
        "services:\n".to_owned(),
        server("fine", "\"serve\", \"web@[::]:80\"", "ports: [\"18080:80\"]"),
        server("other-protocol", "\"serve\", \"banner@[::]:7000\"", "ports: [\"17000:7000\"]"),
        server("behind", "\"serve\", \"broken@[::]:80\"", "ports: [\"18081:80\"]"),
        server("shy", "\"serve\", \"web@127.0.0.1:80\"", "ports: [\"18082:80\"]"),
    ]
    .concat();
    let stack = Stack::up(engine, &text, true);
    let report = stack.doctor();
    assert_eq!(of(&report, "fine"), []);
    assert_eq!(of(&report, "other-protocol"), []);
    assert_eq!(of(&report, "behind"), found("http", "bad-gateway"));
    assert_eq!(of(&report, "shy"), found("connect", "container-bind-loopback"));
}

#[test]
fn a_page_that_the_server_refuses_is_told() {
    let Some((engine, _guard)) = engine() else { return };
    let lan = "http://192.168.51.10";
    let text = [
        "services:\n".to_owned(),
        server("ollama", "\"serve\", \"ollama@[::]:11434\"", "ports: [\"21434:11434\"]"),
        server("old", "\"serve\", \"old-ollama@[::]:11434\"", "ports: [\"21435:11434\"]"),
        server(
            "open",
            "\"serve\", \"ollama@[::]:11434\"",
            "ports: [\"21436:11434\"]\nenvironment: {OLLAMA_ORIGINS: \"http://192.168.51.10:18093\"}",
        ),
        // Ollama lets pages of localhost in, and no others.
        page("local", 18090, "NEXT_PUBLIC_OLLAMA_URL", "http://localhost:21434"),
        page("refused", 18091, "NEXT_PUBLIC_OLLAMA_URL", &format!("{lan}:21434")),
        page("headers", 18092, "NEXT_PUBLIC_OPENAI_BASE_URL", "http://localhost:21435/v1"),
        page("invited", 18093, "NEXT_PUBLIC_OPENAI_BASE_URL", &format!("{lan}:21436/v1")),
        page("new", 18094, "NEXT_PUBLIC_OPENAI_BASE_URL", "http://localhost:21434/v1"),
    ]
    .concat();
    let stack = Stack::up(engine, &text, true);
    let report = stack.doctor();
    assert_eq!(of(&report, "refused"), found("browser", "cors-origins"), "{report:#}");
    assert_eq!(of(&report, "headers"), found("browser", "cors-preflight-header"), "{report:#}");
    for fine in ["local", "invited", "new", "ollama", "old", "open"] {
        assert_eq!(of(&report, fine), [], "{fine}");
    }
    let refused = report["findings"].as_array().unwrap().iter().find(|f| f["cause"] == "cors-origins").unwrap();
    assert!(
        refused["help"][0].as_str().unwrap().contains("OLLAMA_ORIGINS: \"http://192.168.51.10:18091\""),
        "{refused}"
    );
    assert_eq!(refused["variable"], "NEXT_PUBLIC_OLLAMA_URL");
}

#[test]
fn a_proxy_that_holds_the_stream_back_is_told() {
    let Some((engine, _guard)) = engine() else { return };
    let text = [
        "services:\n".to_owned(),
        server("ollama", "\"serve\", \"ollama@[::]:11434\"", ""),
        server("vllm", "\"serve\", \"openai@[::]:8000\"", ""),
        server(
            "passes",
            "\"serve\", \"pass=ollama:11434@[::]:80\", \"pass=vllm:8000@[::]:81\"",
            "ports: [\"18083:80\"]",
        ),
        server(
            "holds",
            "\"serve\", \"hold=ollama:11434@[::]:80\", \"hold=vllm:8000@[::]:81\"",
            "ports: [\"18084:80\"]",
        ),
        client("direct", "OLLAMA_BASE_URL", "http://ollama:11434", ""),
        client("streams", "OLLAMA_BASE_URL", "http://passes:80", ""),
        client("stalls", "OLLAMA_BASE_URL", "http://holds:80", ""),
        client("openai", "OPENAI_API_BASE", "http://passes:81/v1", ""),
        client("openai-stalls", "OPENAI_API_BASE", "http://holds:81/v1", ""),
    ]
    .concat();
    let stack = Stack::up(engine, &text, true);
    assert_eq!(stack.doctor()["findings"], serde_json::json!([]));
    let report = warm(&stack, &["llama3"]);
    for stalls in ["stalls", "holds", "openai-stalls"] {
        assert_eq!(of(&report, stalls), found("http", "nginx-buffering"), "{stalls}: {report:#}");
    }
    for fine in ["direct", "streams", "openai", "ollama", "vllm", "passes"] {
        assert_eq!(of(&report, fine), [], "{fine}");
    }
    let direct = report["warm"].as_array().unwrap().iter().find(|w| w["service"] == "direct").unwrap();
    let times = &direct["times"];
    assert_eq!(
        (&times["load"], &times["wrote"], &times["tokens"], &times["lump"]),
        (&300.into(), &1000.into(), &10.into(), &false.into())
    );
    if std::env::var_os("SHOW").is_some() {
        for lang in ["en", "zh"] {
            let args = ["-p", &stack.project, "--warm", "llama3", "--lang", lang];
            println!("{}", doctor(engine, stack.dir.path(), &args).out);
        }
    }
}

/// The same with a real nginx on the host, as it comes and as it is mended.
#[test]
fn nginx_as_it_comes_holds_the_stream_back() {
    let Some((engine, _guard)) = engine() else { return };
    let Some(nginx) = tool("nginx") else { return };
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().display();
    let temp = places(dir.path());
    let place = |port: u16, more: &str| {
        format!("server {{ listen {port}; location / {{ proxy_pass http://127.0.0.1:21434; {more} }} }}\n")
    };
    let servers = [place(18086, ""), place(18087, "proxy_buffering off;")].concat();
    let conf = format!(
        "daemon off; master_process off; pid {home}/pid; error_log stderr;\nevents {{}}\nhttp {{ access_log off;\n{temp}{servers}}}\n"
    );
    std::fs::write(dir.path().join("nginx.conf"), conf).unwrap();
    let mut command = engine.beside(&[nginx.to_str().unwrap(), "-e", "stderr", "-c"]);
    let _nginx = Running(command.arg(dir.path().join("nginx.conf")).stderr(Stdio::null()).spawn().unwrap());
    let text = [
        "services:\n".to_owned(),
        server("ollama", "\"serve\", \"ollama@[::]:11434\"", "ports: [\"21434:11434\"]"),
        client("stalls", "OLLAMA_BASE_URL", "http://host.docker.internal:18086", GATEWAY),
        client("streams", "OLLAMA_BASE_URL", "http://host.docker.internal:18087", GATEWAY),
    ]
    .concat();
    let stack = Stack::up(engine, &text, true);
    let report = warm(&stack, &["llama3"]);
    assert_eq!(of(&report, "stalls"), found("http", "nginx-buffering"), "{report:#}");
    assert_eq!(of(&report, "streams"), [], "{report:#}");
}

#[test]
fn what_a_model_answers_is_told() {
    let Some((engine, _guard)) = engine() else { return };
    let text = [
        "services:\n".to_owned(),
        server("ollama", "\"serve\", \"ollama@[::]:11434\"", ""),
        server("small", "\"serve\", \"small@[::]:11434\"", ""),
        server("busy", "\"serve\", \"busy@[::]:11434\"", ""),
        client("roomy", "OLLAMA_BASE_URL", "http://ollama:11434", ""),
        client("cramped", "OLLAMA_BASE_URL", "http://small:11434", ""),
    ]
    .concat();
    let stack = Stack::up(engine, &text, true);
    let report = warm(&stack, &["llama3:latest"]);
    assert_eq!(of(&report, "cramped"), found("model", "memory-limit"), "{report:#}");
    assert_eq!(of(&report, "roomy"), []);
    // A model that only makes vectors is asked for one.
    let vectors = warm(&stack, &["nomic-embed-text", "--load", "4"]);
    assert_eq!(of(&vectors, "roomy"), []);
    let missing = warm(&stack, &["lama3"]);
    let missing = missing["findings"].as_array().unwrap().iter().find(|f| f["cause"] == "model-not-found").unwrap();
    assert_eq!(missing["help"][0], "did you mean `llama3:latest`?");
}

#[test]
fn a_server_that_turns_requests_away_is_told() {
    let Some((engine, _guard)) = engine() else { return };
    for (kind, wanted) in [("busy", found("model", "rate-limited")), ("ollama", Vec::new())] {
        let text = [
            "services:\n".to_owned(),
            server("model", &format!("\"serve\", \"{kind}@[::]:11434\""), ""),
            client("api", "OLLAMA_BASE_URL", "http://model:11434", GATEWAY),
        ]
        .concat();
        let stack = Stack::up(engine, &text, true);
        assert_eq!(of(&warm(&stack, &["llama3"]), "api"), []);
        assert_eq!(of(&warm(&stack, &["llama3", "--load", "5"]), "api"), wanted);
    }
}

/// The engine's socket as a port of this machine, which is not the engine's host for doctor: as with Docker Desktop, no network
/// namespace can be entered, and no published port is called.
fn from_afar(socket: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let server = UnixStream::connect(&socket).unwrap();
            let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            std::thread::spawn(move || {
                let _ = std::io::copy(&mut from, &mut to);
                let _ = to.shutdown(Shutdown::Write);
            });
            let (mut from, mut to) = (server, client);
            std::thread::spawn(move || {
                let _ = std::io::copy(&mut from, &mut to);
                let _ = to.shutdown(Shutdown::Both);
            });
        }
    });
    format!("tcp://{address}")
}

/// An image with a shell and curl, made of this machine's.
fn helper(engine: &Engine) -> String {
    let image = format!("dockline-helper-test:{}", std::process::id());
    let script = "set -e; d=$(mktemp -d); mkdir -p $d/bin $d/etc; cp -L /usr/bin/dash $d/bin/sh; cp -L /usr/bin/curl /usr/bin/sleep /usr/bin/getent $d/bin/
        for l in $(ldd /usr/bin/dash /usr/bin/curl /usr/bin/sleep /usr/bin/getent | grep -oE '/[^ :]+\\.so[^ ]*' | sort -u); do mkdir -p $d$(dirname $l); cp -L $l $d$l; done
        for l in $(ls /lib/*/libnss_dns.so.2 /lib/*/libnss_files.so.2 2>/dev/null); do mkdir -p $d$(dirname $l); cp -L $l $d$l; done
        printf 'hosts: files dns\\n' >$d/etc/nsswitch.conf; tar -C $d -c . | \"$0\" import --change 'ENV PATH=/bin' - \"$1\"; rm -rf $d";
    let mut command = Command::new("sh");
    command.args(["-c", script, engine.var("DOCKER"), &image]).env("DOCKER_HOST", engine.var("DOCKER_HOST"));
    let (fine, said) = outcome(command);
    assert!(fine, "{said}");
    image
}

#[test]
fn a_helper_asks_where_nothing_else_can() {
    let Some((engine, _guard)) = engine() else { return };
    let text = [
        "services:\n".to_owned(),
        server("ollama", "\"serve\", \"ollama@[::]:11434\"", ""),
        client("fine", "OLLAMA_BASE_URL", "http://ollama:11434", ""),
        client("wrong", "OLLAMA_BASE_URL", "http://ollama:11435", ""),
    ]
    .concat();
    let stack = Stack::up(engine, &text, true);
    let host = from_afar(engine.var("DOCKER_HOST").trim_start_matches("unix://").to_owned());
    let doctor = |args: &[&str]| {
        let mut command =
            common::command(stack.dir.path(), &["doctor", "--isolated", "-p", &stack.project, "--format", "json"]);
        command.args(args).env("DOCKER_HOST", &host);
        common::finish(command).json()
    };
    let gaps = |report: &Value| report["gaps"].to_string();
    let without = doctor(&[]);
    assert!(of(&without, "wrong").is_empty() && gaps(&without).contains("--helper IMAGE"), "{without:#}");
    let absent = doctor(&["--helper", "nobody/has-this:1"]);
    assert!(gaps(&absent).contains("docker pull nobody/has-this:1"), "{absent:#}");
    let image = helper(engine);
    let report = doctor(&["--helper", &image]);
    assert_eq!(of(&report, "wrong"), found("connect", "wrong-container-port"), "{report:#}");
    assert_eq!(of(&report, "fine"), []);
    assert!(report["endpoints"].as_array().unwrap().iter().all(|e| e["tool"] == "curl"), "{report:#}");
    let (_, left) = engine.docker(&["ps", "-a", "--filter", "name=dockline-helper-", "--format", "{{.Names}}"]);
    engine.docker(&["rmi", &image]);
    assert_eq!(left.trim(), "", "a helper was left behind");
}
