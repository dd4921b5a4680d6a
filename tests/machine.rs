//! What the machine and its settings do to a stack, on a real Docker engine: `dockline doctor` tells it, and is quiet on the
//! healthy twin.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

mod common;

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use common::engine::engine;
use common::stack::{Stack, client, of, server};

fn found(layer: &str, cause: &str) -> Vec<(String, String)> {
    vec![(layer.to_owned(), cause.to_owned())]
}

#[test]
fn what_the_machine_keeps_from_a_stack_is_told() {
    let Some((engine, _guard)) = engine() else { return };
    let files = tempfile::tempdir().unwrap();
    std::fs::set_permissions(files.path(), PermissionsExt::from_mode(0o755)).unwrap();
    for (name, mode) in [("shut", 0o600), ("open", 0o644)] {
        let path = files.path().join(name);
        std::fs::write(&path, "x").unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
    }
    let mount = |name: &str| format!("volumes: [\"{}/{name}:/etc/own.yaml:ro\"]", files.path().display());
    let idle = "\"serve\", \"127.0.0.1:9\"";
    let proxy = "    environment:\n      HTTP_PROXY: http://forward:3128\n";
    let url = "http://ollama:11434";
    let with = |text: String, more: &str| text.replace("    environment:\n", more);
    let text = [
        "services:\n".to_owned(),
        server("ollama", "\"serve\", \"ollama@[::]:11434\"", "mem_limit: 2g"),
        server("small", "\"serve\", \"ollama@[::]:11434\"", "mem_limit: 64m"),
        server("forward", "\"serve\", \"web@[::]:3128\"", ""),
        server("shut", idle, &format!("user: \"1000\"\n{}", mount("shut"))),
        server("as-root", idle, &mount("shut")),
        server("open", idle, &format!("user: \"1000\"\n{}", mount("open"))),
        with(client("proxied", "OLLAMA_BASE_URL", url, ""), proxy),
        with(client("exempt", "OLLAMA_BASE_URL", url, ""), &format!("{proxy}      NO_PROXY: localhost,ollama\n")),
        with(client("fits", "OLLAMA_BASE_URL", url, ""), "    environment:\n      OLLAMA_MODEL: llama3\n"),
        with(
            client("too-big", "OLLAMA_BASE_URL", "http://small:11434", ""),
            "    environment:\n      OLLAMA_MODEL: llama3\n",
        ),
    ]
    .concat();
    let stack = Stack::up(engine, &text, true);
    let report = stack.doctor();
    assert_eq!(of(&report, "shut"), found("container", "permission"), "{report:#}");
    assert_eq!(of(&report, "proxied"), found("connect", "proxy-without-no-proxy"), "{report:#}");
    let graphics =
        std::path::Path::new("/dev/dri/renderD128").exists() || std::path::Path::new("/dev/nvidia0").exists();
    if !graphics {
        assert_eq!(of(&report, "small"), found("model", "memory-limit"), "{report:#}");
    }
    for fine in ["ollama", "as-root", "open", "exempt", "fits", "too-big"] {
        assert_eq!(of(&report, fine), [], "{fine}");
    }
}

/// Printed, not asserted: the machine of a test may be busy. docs/commands.md says what it was.
#[test]
fn ten_healthy_containers_take_this_long() {
    let Some((engine, _guard)) = engine() else { return };
    let mut text = "services:\n".to_owned();
    text += &server("ollama", "\"serve\", \"ollama@[::]:11434\"", "ports: [\"21434:11434\"]");
    text += &server("redis", "\"serve\", \"banner@[::]:6379\"", "");
    text += &server("db", "\"serve\", \"banner@[::]:5432\"", "");
    text += &server("web", "\"serve\", \"web@[::]:80\"", "ports: [\"18085:80\"]");
    for i in 0..6 {
        let more = "    environment:\n      REDIS_URL: redis://redis:6379\n      DATABASE_URL: postgres://db:5432/x\n";
        text += &client(&format!("app{i}"), "OLLAMA_BASE_URL", "http://ollama:11434", "")
            .replace("    environment:\n", more);
    }
    let stack = Stack::up(engine, &text, true);
    let start = Instant::now();
    let report = stack.doctor();
    let took = start.elapsed();
    assert_eq!(report["findings"], serde_json::json!([]));
    assert!(report["endpoints"].as_array().unwrap().len() >= 18, "{report:#}");
    assert!(took < Duration::from_secs(20), "{took:?}");
    common::measured(&format!("10 healthy containers in {took:?}"));
}
