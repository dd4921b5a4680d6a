//! `fix`: edits land where a value came from, and nothing else changes.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod common;

use std::path::Path;
use std::process::{Command, Stdio};

use common::{contents, copy, folder, root, run};

fn fixed(files: &[(&str, &str)], args: &[&str]) -> std::collections::BTreeMap<String, String> {
    let dir = folder(files);
    let mut all = vec!["fix", "--isolated"];
    all.extend(args);
    let said = run(dir.path(), &all);
    assert!((0..=1).contains(&said.status), "{}{}", said.out, said.err);
    contents(dir.path()).into_iter().map(|(name, bytes)| (name, String::from_utf8(bytes).unwrap())).collect()
}

fn one(compose: &str, args: &[&str]) -> String {
    fixed(&[("compose.yaml", compose)], args).remove("compose.yaml").unwrap()
}

const WEBUI: &str = "services:
  open-webui:
    image: ghcr.io/open-webui/open-webui:v0.6.5
    ports:
      - \"3000:8080\"
    environment:
      OLLAMA_BASE_URL: 'http://localhost:11434'   # the host
";

#[test]
fn each_strategy_writes_what_it_says() {
    let gateway = one(WEBUI, &["--to", "host-gateway"]);
    assert!(gateway.contains("OLLAMA_BASE_URL: 'http://host.docker.internal:11434'   # the host\n"), "{gateway}");
    assert!(gateway.contains("    extra_hosts:\n      - \"host.docker.internal:host-gateway\"\n"), "{gateway}");

    let host = one(WEBUI, &["--to", "host-network"]);
    assert!(host.contains("network_mode: host") && host.contains("'http://127.0.0.1:11434'"), "{host}");
    assert!(!host.contains("ports:"), "{host}");

    let lan = fixed(&[("compose.yaml", WEBUI), (".env", "A=1\n")], &["--to", "lan-ip", "--lan-ip", "192.168.1.20"]);
    assert!(lan["compose.yaml"].contains("'http://${HOST_LAN_IP}:11434'"), "{}", lan["compose.yaml"]);
    // Above the lines that may read it.
    assert_eq!(lan[".env"], "HOST_LAN_IP=192.168.1.20\nA=1\n");

    let with_server = format!("{WEBUI}  ollama:\n    image: ollama/ollama:0.6.5\n");
    let service = one(&with_server, &["--to", "service"]);
    assert!(service.contains("'http://ollama:11434'"), "{service}");
    assert!(!service.contains("extra_hosts"), "{service}");
}

#[test]
fn edits_land_where_the_value_came_from() {
    let read = "services:\n  a:\n    image: x:1\n    environment:\n      OLLAMA_BASE_URL: ${U}\n";
    let out = fixed(&[("compose.yaml", read), (".env", "# mine\nexport U=\"http://localhost:11434\" # here\n")], &[]);
    assert_eq!(out[".env"], "# mine\nexport U=\"http://host.docker.internal:11434\" # here\n");
    assert!(out["compose.yaml"].starts_with(read));

    let out = fixed(
        &[
            ("compose.yaml", "services:\n  a:\n    image: x:1\n    env_file: [a.env]\n"),
            ("a.env", "OLLAMA_BASE_URL=http://localhost:11434"),
        ],
        &[],
    );
    assert_eq!(out["a.env"], "OLLAMA_BASE_URL=http://host.docker.internal:11434");

    let default = one(
        "services:\n  a:\n    image: x:1\n    environment:\n      - OLLAMA_BASE_URL=${U:-http://localhost:11434}/v1\n",
        &[],
    );
    assert!(default.contains("      - OLLAMA_BASE_URL=${U:-http://host.docker.internal:11434}/v1\n"), "{default}");
}

#[test]
fn line_ends_marks_and_missing_newlines_stay() {
    let crlf = "\u{feff}services:\r\n  a:\r\n    image: x:1 # 镜像\r\n    environment:\r\n      OLLAMA_BASE_URL: http://localhost:11434";
    let out = one(crlf, &[]);
    assert!(out.starts_with('\u{feff}'));
    assert!(!out.replace("\r\n", "").contains('\n'), "{out:?}");
    assert!(!out.ends_with('\n'), "{out:?}");
    assert!(out.contains("# 镜像\r\n"));
    let flow = one(
        "services: {a: {image: 'x:1', environment: {OLLAMA_BASE_URL: 'http://localhost:11434'}}} # one line\n",
        &[],
    );
    assert_eq!(
        flow,
        "services: {a: {image: 'x:1', environment: {OLLAMA_BASE_URL: 'http://host.docker.internal:11434'}, extra_hosts: [\"host.docker.internal:host-gateway\"]}} # one line\n"
    );
    let wide = one(
        "services:\n    a:\n        image: x:1\n        environment:\n        - OLLAMA_BASE_URL=http://localhost:11434\n",
        &[],
    );
    assert!(wide.contains("\n        extra_hosts:\n        - \"host.docker.internal:host-gateway\"\n"), "{wide}");
}

#[test]
fn a_second_run_changes_nothing_and_unsafe_waits_to_be_asked() {
    let choice = "services:\n  a:\n    image: x:1\n    environment:\n      REDIS_URL: redis://localhost:6379\n  one:\n    image: redis:7\n  two:\n    image: redis:7\n";
    assert_eq!(one(choice, &[]), choice);
    let dir = folder(&[("compose.yaml", choice)]);
    let said = run(dir.path(), &["fix"]);
    assert_eq!(said.status, 1);
    assert!(said.out.contains("--unsafe"), "{}", said.out);
    run(dir.path(), &["fix", "--unsafe"]);
    let once = contents(dir.path());
    run(dir.path(), &["fix", "--unsafe"]);
    assert_eq!(contents(dir.path()), once);
}

#[test]
fn set_points_a_variable_at_the_host() {
    let dify = copy(&root().join("fixtures/seeds/dify"));
    std::fs::write(
        dify.path().join(".env"),
        "SECRET_KEY=a\nDB_PASSWORD=b\nOPENAI_API_BASE=https://api.openai.com/v1\n",
    )
    .unwrap();
    let said = run(dify.path(), &["fix", "--set", "api.OPENAI_API_BASE=host:11434/v1"]);
    assert_eq!(said.status, 0, "{}{}", said.out, said.err);
    let env = std::fs::read_to_string(dify.path().join(".env")).unwrap();
    assert!(env.contains("OPENAI_API_BASE=http://host.docker.internal:11434/v1\n"), "{env}");
    let compose = std::fs::read_to_string(dify.path().join("compose.yaml")).unwrap();
    assert!(compose.contains("host.docker.internal:host-gateway"), "{compose}");
    assert!(said.out.contains("docker compose up -d"), "{}", said.out);
}

#[test]
fn override_leaves_the_base_alone() {
    let dir = folder(&[("docker-compose.yml", WEBUI)]);
    let said = run(dir.path(), &["fix", "--override"]);
    assert_eq!(said.status, 0, "{}{}", said.out, said.err);
    let out = contents(dir.path());
    assert_eq!(out.keys().collect::<Vec<_>>(), ["docker-compose.override.yml", "docker-compose.yml"]);
    assert_eq!(out["docker-compose.yml"], WEBUI.as_bytes());
    assert_eq!(run(dir.path(), &["lint"]).status, 0);

    let mine = "services:\n  open-webui:\n    restart: always # mine\n";
    let dir = folder(&[("compose.yaml", WEBUI), ("compose.override.yml", mine)]);
    run(dir.path(), &["fix", "--override"]);
    let out = contents(dir.path());
    assert_eq!(out.keys().collect::<Vec<_>>(), ["compose.override.yml", "compose.yaml"]);
    let over = String::from_utf8(out["compose.override.yml"].clone()).unwrap();
    assert!(over.contains("restart: always # mine\n") && over.contains("host.docker.internal"), "{over}");
}

#[test]
fn diff_is_the_patch_of_what_the_same_command_writes() {
    for (case, args) in
        [("one-api", &["--to", "host-network", "--unsafe"][..]), ("dify", &["--to", "host-gateway"]), ("one-api", &[])]
    {
        let seed = root().join("fixtures/seeds").join(case);
        let (written, patched) = (copy(&seed), copy(&seed));
        let mut fix = vec!["fix"];
        fix.extend(args);
        run(written.path(), &fix);
        fix.push("--diff");
        let before = contents(patched.path());
        let diff = run(patched.path(), &fix);
        assert_eq!(contents(patched.path()), before, "--diff writes nothing");
        if !apply(patched.path(), &diff.out) {
            continue;
        }
        assert_eq!(contents(patched.path()), contents(written.path()), "{case} {args:?}\n{}", diff.out);
    }
}

/// Applies a patch as git does; false where there is no git.
fn apply(dir: &Path, patch: &str) -> bool {
    let started = Command::new("git")
        .args(["apply", "--unidiff-zero", "-p1", "-"])
        .current_dir(dir)
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = started else { return false };
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), patch.as_bytes()).unwrap();
    let done = child.wait_with_output().unwrap();
    assert!(done.status.success(), "{}\n{patch}", String::from_utf8_lossy(&done.stderr));
    true
}

#[test]
fn what_is_not_mended_says_why() {
    let found = {
        let dir = folder(&[("compose.yaml", WEBUI)]);
        run(dir.path(), &["fix", "--to", "service", "--format", "json"]).json()
    };
    assert_eq!(found["version"], 1);
    assert!(found["applied"].as_array().unwrap().is_empty());
    let skipped = &found["skipped"][0];
    assert_eq!(skipped["service"], "open-webui");
    assert_eq!(skipped["path"], "services.open-webui.environment.OLLAMA_BASE_URL");
    assert_eq!(skipped["strategy"], "service");
    assert!(skipped["reason"].as_str().unwrap().contains("11434"), "{skipped}");
    assert_eq!(found["left"][0]["rule"], "loopback-url");
}

#[cfg(unix)]
#[test]
fn modes_stay_and_links_are_followed() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let dir = folder(&[("real/stack.yaml", WEBUI)]);
    let real = dir.path().join("real/stack.yaml");
    std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o640)).unwrap();
    symlink("real/stack.yaml", dir.path().join("compose.yaml")).unwrap();
    assert_eq!(run(dir.path(), &["fix"]).status, 0);
    assert!(std::fs::symlink_metadata(dir.path().join("compose.yaml")).unwrap().is_symlink());
    assert_eq!(std::fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
    assert!(std::fs::read_to_string(&real).unwrap().contains("host.docker.internal"));
}

#[test]
fn no_passwords_stand_in_replacements() {
    let dir = folder(&[(
        "compose.yaml",
        "services:\n  a:\n    image: x:1\n    environment:\n      DATABASE_URL: postgres://u:hunter2secret@localhost:5432/x\n  db:\n    image: postgres:16\n",
    )]);
    let found = run(dir.path(), &["lint", "--format", "json"]);
    assert!(!found.out.contains("hunter2secret"), "{}", found.out);
    let edit = found.json()["findings"][0]["fixes"][0]["edits"][0]["replacement"].clone();
    assert_eq!(edit, "db");
}
