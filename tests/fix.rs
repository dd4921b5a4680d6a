//! `fix`: edits land where a value came from, and nothing else changes.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, reason = "a test may panic")]

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

/// The places that a value can come from, one by one: what the line was, and what it must be. All else stays byte for byte.
#[test]
fn every_place_is_edited_in_its_own_way() {
    for (before, after) in [
        ("      OLLAMA_BASE_URL: http://localhost:11434", "      OLLAMA_BASE_URL: http://host.docker.internal:11434"),
        (
            "      OLLAMA_BASE_URL: \"http://localhost:11434\" # c",
            "      OLLAMA_BASE_URL: \"http://host.docker.internal:11434\" # c",
        ),
        (
            "      'OLLAMA_BASE_URL':   'http://127.0.0.1:11434/'",
            "      'OLLAMA_BASE_URL':   'http://host.docker.internal:11434/'",
        ),
        ("      - OLLAMA_BASE_URL=http://localhost:11434", "      - OLLAMA_BASE_URL=http://host.docker.internal:11434"),
        ("      - 'OLLAMA_BASE_URL=http://[::1]:11434'", "      - 'OLLAMA_BASE_URL=http://host.docker.internal:11434'"),
        (
            "    - \"OLLAMA_BASE_URL=http://localhost:11434\"",
            "    - \"OLLAMA_BASE_URL=http://host.docker.internal:11434\"",
        ),
        (
            "      OLLAMA_BASE_URL: &u http://localhost:11434",
            "      OLLAMA_BASE_URL: &u http://host.docker.internal:11434",
        ),
        (
            "      OLLAMA_BASE_URL: !!str http://localhost:11434",
            "      OLLAMA_BASE_URL: !!str http://host.docker.internal:11434",
        ),
        (
            "      OLLAMA_BASE_URL: >-\n        http://localhost:11434",
            "      OLLAMA_BASE_URL: >-\n        http://host.docker.internal:11434",
        ),
        (
            "      OLLAMA_BASE_URL: http://${H:-localhost}:${P:-11434}",
            "      OLLAMA_BASE_URL: http://${H:-host.docker.internal}:${P:-11434}",
        ),
        (
            "      OLLAMA_BASE_URL: http://${H-${G:-localhost}}:11434",
            "      OLLAMA_BASE_URL: http://${H-${G:-host.docker.internal}}:11434",
        ),
        (
            "      OLLAMA_BASE_URLS: http://localhost:11434;http://127.0.0.1:11434",
            "      OLLAMA_BASE_URLS: http://host.docker.internal:11434;http://host.docker.internal:11434",
        ),
    ] {
        let head = "# 注释\nservices:\n  a:\n    image:  x:1\n    environment:\n";
        let tail = "\n\n    # end\n    restart: 'no'\n";
        let out = one(&format!("{head}{before}{tail}"), &[]);
        let start = format!("{head}{after}\n");
        assert!(out.starts_with(&start), "{before}\n{out}");
        let rest = out.get(start.len()..).unwrap();
        assert!(
            rest.contains("\n    # end\n    restart: 'no'\n") && rest.contains("host.docker.internal:host-gateway"),
            "{out}"
        );
    }
}

#[test]
fn one_edit_serves_all_who_share_it() {
    let shared = "x-env: &env
  OLLAMA_BASE_URL: http://localhost:11434  # all five
services:
  a: {image: 'x:1', environment: *env}
  b: {image: 'x:1', environment: *env}
  c: {image: 'x:1', environment: {<<: *env, K: v}}
  d:
    image: x:1
    environment:
      <<: *env
  e:
    extends: d
";
    let out = one(shared, &[]);
    assert_eq!(out.matches("host.docker.internal:11434  # all five").count(), 1, "{out}");
    assert_eq!(out.matches("environment: *env").count(), 2, "{out}");
    assert!(!out.contains("localhost"), "{out}");
    assert!(out.matches("host.docker.internal:host-gateway").count() >= 4, "{out}");
}

#[test]
fn a_mapping_goes_where_the_others_are() {
    let service = |hosts: &str| {
        format!(
            "services:\n  a:\n    image: x:1\n    environment:\n      OLLAMA_BASE_URL: http://localhost:11434\n    extra_hosts:{hosts}\n"
        )
    };
    for (before, after) in [
        ("\n      - foo:1.2.3.4", "\n      - foo:1.2.3.4\n      - host.docker.internal:host-gateway"),
        ("\n    - 'foo=1.2.3.4'", "\n    - 'foo=1.2.3.4'\n    - "),
        ("\n      foo: 1.2.3.4", "\n      foo: 1.2.3.4\n      host.docker.internal: host-gateway"),
        (" ['foo:1.2.3.4']", " ['foo:1.2.3.4', "),
        (" {foo: 1.2.3.4}", " {foo: 1.2.3.4, host.docker.internal: host-gateway}"),
        ("\n      - host.docker.internal:host-gateway", "\n      - host.docker.internal:host-gateway\n"),
    ] {
        let out = one(&service(before), &[]);
        assert!(out.contains(&format!("    extra_hosts:{after}")), "{out}");
        assert_eq!(out.matches("host-gateway").count(), 1, "{out}");
    }
}

#[test]
fn data_source_names_and_pairs_keep_their_form() {
    let out = one(
        "services:
  a:
    image: x:1
    environment:
      DSN: root:pw@tcp(localhost:3306)/db?parseTime=true
      DATABASE_URL: postgres://u:${PW:-x}@127.0.0.1:5433/d
      REDIS_HOST: localhost
      REDIS_PORT: 6379
  mysql: {image: 'mysql:8'}
  pg: {image: 'postgres:16', ports: ['5433:5432']}
  cache: {image: 'redis:7'}
",
        &[],
    );
    assert!(out.contains("      DSN: root:pw@tcp(mysql:3306)/db?parseTime=true\n"), "{out}");
    assert!(out.contains("      DATABASE_URL: postgres://u:${PW:-x}@pg:5432/d\n"), "the container's port: {out}");
    assert!(out.contains("      REDIS_HOST: cache\n      REDIS_PORT: 6379\n"), "{out}");
}

#[test]
fn host_mode_takes_along_who_is_called_and_who_calls() {
    let stack = "services:
  web:
    image: ghcr.io/open-webui/open-webui:v0.6.5
    restart: always
    ports: [\"3000:8080\"]
    networks: [front]
    environment:
      OLLAMA_BASE_URL: http://localhost:11434
      DATABASE_URL: postgres://u:p@db:5432/x
  db:
    image: postgres:16
    networks: [front]
  proxy:
    image: nginx:1
    networks: [front]
    environment:
      UPSTREAM: http://web:8080
networks:
  front:
";
    let dir = folder(&[("compose.yaml", stack)]);
    let said = run(dir.path(), &["fix", "--to", "host-network"]);
    assert_eq!(said.status, 0, "{}{}", said.out, said.err);
    let out = std::fs::read_to_string(dir.path().join("compose.yaml")).unwrap();
    for line in [
        "      OLLAMA_BASE_URL: http://127.0.0.1:11434\n",
        "      DATABASE_URL: postgres://u:p@127.0.0.1:5432/x\n",
        "    network_mode: host\n",
        "      - \"127.0.0.1:5432:5432\"\n",
        "      UPSTREAM: http://host.docker.internal:8080\n",
    ] {
        assert!(out.contains(line), "{line}{out}");
    }
    assert!(!out.contains("3000:8080"), "{out}");
    assert!(said.out.contains("all of its interfaces") && said.out.contains("up -d web db proxy"), "{}", said.out);
    accepted(dir.path());
}

#[test]
fn override_takes_away_with_reset_and_never_makes_a_second_file() {
    let dir = folder(&[("compose.yml", WEBUI)]);
    let said = run(dir.path(), &["fix", "--override", "--to", "host-network"]);
    assert!(said.out.contains("!reset") && said.out.contains("2.24.4"), "{}", said.out);
    let out = contents(dir.path());
    assert_eq!(out.keys().collect::<Vec<_>>(), ["compose.override.yml", "compose.yml"]);
    assert!(String::from_utf8_lossy(&out["compose.override.yml"]).contains("ports: !reset null"));
    accepted(dir.path());
    let before = contents(dir.path());
    run(dir.path(), &["fix", "--override", "--to", "host-network"]);
    assert_eq!(contents(dir.path()), before);

    // With a list of files the new one must be listed too.
    let dir = folder(&[("stack.yaml", WEBUI)]);
    let said = run(dir.path(), &["fix", "--override", "-f", "stack.yaml"]);
    assert!(dir.path().join("stack.override.yaml").is_file());
    assert!(said.out.contains("docker compose -f stack.yaml -f stack.override.yaml up -d open-webui"), "{}", said.out);

    // A file that can't be edited is left alone, and that is no bug of ours.
    let mine = "services:\n  open-webui:\n    environment: &e {OLLAMA_BASE_URL: 'http://localhost:11434'}\n  b:\n    image: x:1\n    environment: *e\n";
    let dir = folder(&[("compose.yaml", WEBUI), ("compose.override.yaml", mine)]);
    let said = run(dir.path(), &["fix", "--override"]);
    assert_eq!(said.status, 1);
    assert!(said.out.contains("skipped") && said.out.contains("compose.override.yaml"), "{}", said.out);
    assert!(!said.out.contains("bug"), "{}", said.out);
    assert_eq!(contents(dir.path())["compose.override.yaml"], mine.as_bytes());
}

#[test]
fn lan_ip_makes_the_env_file_where_there_is_none() {
    let out = fixed(&[("compose.yaml", WEBUI)], &["--to", "lan-ip", "--lan-ip", "10.0.0.5"]);
    assert_eq!(out[".env"], "HOST_LAN_IP=10.0.0.5\n");
    let dir = folder(&[
        ("compose.yaml", "services:\n  a:\n    image: x:1\n    environment:\n      OLLAMA_BASE_URL: ${U}\n"),
        (".env", "U=http://localhost:11434\r\nB=2"),
        ("dockline.toml", "[host]\nlan-ip = \"10.0.0.5\"\n"),
    ]);
    let said = run(dir.path(), &["fix", "--to", "lan-ip"]);
    assert_eq!(said.status, 0, "{}{}", said.out, said.err);
    let env = std::fs::read_to_string(dir.path().join(".env")).unwrap();
    assert_eq!(env, "HOST_LAN_IP=10.0.0.5\r\nU=http://${HOST_LAN_IP}:11434\r\nB=2");
}

#[test]
fn wishes_that_nobody_can_grant_end_with_two() {
    for (wish, says) in [
        ("nope=host:1", "nope"),
        ("open-webui.OLLAMA_BASE_URL=elsewhere:1", "elsewhere"),
        ("garbage", "garbage"),
        ("open-webui=host:99999", "99999"),
    ] {
        let dir = folder(&[("compose.yaml", WEBUI)]);
        let said = run(dir.path(), &["fix", "--set", wish]);
        assert_eq!((said.status, said.out.as_str()), (2, ""), "{wish}");
        assert!(said.err.contains(says), "{}", said.err);
        assert_eq!(contents(dir.path())["compose.yaml"], WEBUI.as_bytes());
    }
    let out = one(WEBUI, &["--set", "open-webui.OPENAI_API_BASE_URL=host:1234/v1"]);
    assert!(out.contains("      OPENAI_API_BASE_URL: http://host.docker.internal:1234/v1\n"), "{out}");
}

#[test]
fn the_command_that_applies_it_names_the_same_project() {
    let dir = folder(&[("stack/compose.yaml", WEBUI), ("stack/prod.env", "A=1\n")]);
    let apply = |args: &[&str]| {
        let mut all = vec!["fix", "--diff", "--format", "json"];
        all.extend(args);
        run(dir.path(), &all).json()["apply"][0].as_str().unwrap().to_owned()
    };
    assert_eq!(apply(&["stack"]), "cd stack && docker compose up -d open-webui");
    assert_eq!(
        apply(&["-f", "stack/compose.yaml", "--env-file", "stack/prod.env", "--profile", "gpu"]),
        "docker compose -f stack/compose.yaml --env-file stack/prod.env --profile gpu up -d open-webui"
    );
}

#[test]
fn all_files_are_written_or_none() {
    use dockline::source::{Change, WriteError, write_all};
    let dir = folder(&[("a", "old a"), ("b", "old b")]);
    let change = |name: &str, old: Option<&str>, new: &str| Change {
        path: dir.path().join(name),
        old: old.map(|t| t.as_bytes().to_vec()),
        new: new.as_bytes().to_vec(),
        private: false,
    };
    let unchanged = || {
        let out = contents(dir.path());
        assert_eq!(out.keys().collect::<Vec<_>>(), ["a", "b"], "no temporary file is left");
        assert_eq!((out["a"].as_slice(), out["b"].as_slice()), (&b"old a"[..], &b"old b"[..]));
    };
    // `b` changed since it was read.
    let error = write_all(&[change("a", Some("old a"), "new a"), change("b", Some("older b"), "new b")]);
    assert!(matches!(error, Err(WriteError::Changed(path)) if path.ends_with("b")));
    unchanged();
    // A file that was to be made is there by now, one that was there is gone.
    let error = write_all(&[change("a", Some("old a"), "new a"), change("b", None, "new b")]);
    assert!(matches!(error, Err(WriteError::Changed(_))));
    let error = write_all(&[change("a", Some("old a"), "new a"), change("c", Some("x"), "new c")]);
    assert!(matches!(error, Err(WriteError::Changed(_))));
    // The second can't be put in place: a folder stands there by then.
    let error = write_all(&[change("a", Some("old a"), "new a"), change("no/folder/c", None, "new c")]);
    assert!(matches!(error, Err(WriteError::Io(..))));
    unchanged();
    assert!(write_all(&[change("a", Some("old a"), "new a"), change("c", None, "new c")]).is_ok());
    let out = contents(dir.path());
    assert_eq!((out["a"].as_slice(), out["c"].as_slice()), (&b"new a"[..], &b"new c"[..]));
}

/// Compose takes what was written; says SKIPPED where there is no docker-compose.
fn accepted(dir: &Path) {
    let Some(compose) = common::compose() else {
        println!("SKIPPED: no docker-compose v2 to show the fixed project to");
        return;
    };
    let done = Command::new(compose)
        .args(["config", "-q"])
        .current_dir(dir)
        .env_clear()
        .env("HOME", "/nonexistent")
        .env("PATH", "/nonexistent")
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

/// Over the fixtures of every rule: what Compose took before it takes afterwards, and a second run finds nothing to do.
#[test]
fn fixed_projects_stay_valid_and_fixed() {
    let mut seen = 0;
    let mut rules: Vec<_> =
        std::fs::read_dir(root().join("fixtures/rules")).unwrap().map(|e| e.unwrap().path()).collect();
    rules.sort();
    for (index, rule) in rules.iter().enumerate() {
        // One case of each rule, one way each: tests/rules.rs sees the rest.
        let mut cases: Vec<_> = std::fs::read_dir(rule).unwrap().map(|e| e.unwrap().path()).collect();
        cases.sort();
        let Some(case) = cases.into_iter().find(|c| c.join("compose.yaml").is_file()) else { continue };
        let args = if index % 2 == 0 { &["--to", "host-network", "--unsafe"][..] } else { &["--override", "--unsafe"] };
        let dir = copy(&case);
        let valid = run(dir.path(), &["config", "--isolated"]).status == 0;
        let mut fix = vec!["fix", "--format", "json"];
        fix.extend(args);
        let said = run(dir.path(), &fix);
        assert_eq!(said.json()["bugs"], serde_json::json!([]), "{} {args:?}", case.display());
        let once = contents(dir.path());
        run(dir.path(), &fix);
        assert_eq!(contents(dir.path()), once, "{} {args:?}", case.display());
        if valid {
            accepted(dir.path());
            seen += 1;
        }
    }
    assert!(seen > 20, "only {seen} projects were valid to begin with");
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

/// As in the real Dify: the value stands in a `.env` that another service is given whole.
#[test]
fn an_env_file_that_others_are_given_whole_is_no_hindrance() {
    let files = [
        (
            "compose.yaml",
            "services:\n  a:\n    image: x:1\n    environment:\n      OLLAMA_BASE_URL: ${U}\n  b:\n    image: redis:7\n    env_file: .env\n    networks: [inner]\nnetworks:\n  inner: {internal: true}\n",
        ),
        (".env", "U=http://localhost:11434\n"),
    ];
    let dir = folder(&files);
    let said = run(dir.path(), &["fix", "--to", "lan-ip", "--lan-ip", "192.168.1.9", "--isolated"]);
    let env = std::fs::read_to_string(dir.path().join(".env")).unwrap();
    assert!(env.contains("U=http://${HOST_LAN_IP}:11434\n"), "{}{}", said.out, said.err);
    let dir = folder(&files);
    let said = run(dir.path(), &["fix", "--set", "a.OLLAMA_BASE_URL=host:11434", "--isolated"]);
    let env = std::fs::read_to_string(dir.path().join(".env")).unwrap();
    assert_eq!(env, "U=http://host.docker.internal:11434\n", "{}{}", said.out, said.err);
}
