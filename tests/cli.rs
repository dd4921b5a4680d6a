//! The commands as a person or a script meets them: exit statuses, the JSON contract, languages, options, secrets.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod common;

use common::{Said, command, finish, folder, root, run, run_with};

const BROKEN: &str = "services:
  open-webui:
    image: ghcr.io/open-webui/open-webui:v0.6.5
    environment:
      OLLAMA_BASE_URL: http://localhost:11434
";
const FINE: &str = "services:
  open-webui:
    image: ghcr.io/open-webui/open-webui:v0.6.5
    environment:
      OLLAMA_BASE_URL: http://ollama:11434
  ollama:
    image: ollama/ollama:0.6.5
";
const REJECTED: &str = "services:\n  app:\n    image: x:1\n    ports: 80\n";

fn with(compose: &str) -> tempfile::TempDir {
    folder(&[("compose.yaml", compose)])
}

fn status(compose: &str, args: &[&str]) -> i32 {
    run(with(compose).path(), args).status
}

#[test]
fn exit_statuses_are_those_of_the_contract() {
    assert_eq!(status(FINE, &["lint"]), 0);
    assert_eq!(status(BROKEN, &["lint"]), 1);
    assert_eq!(status(BROKEN, &["lint", "--fail-on", "never"]), 0);
    assert_eq!(status(BROKEN, &["lint", "--ignore", "reach"]), 0);
    assert_eq!(status(BROKEN, &["lint", "--select", "env"]), 0);
    assert_eq!(status(BROKEN, &["fix"]), 0);
    assert_eq!(status(BROKEN, &["fix", "--diff"]), 1);
    assert_eq!(status(FINE, &["fix", "--diff"]), 0);
    assert_eq!(status(BROKEN, &["fix", "--to", "service"]), 1);
    assert_eq!(status(BROKEN, &["reach"]), 0);
    assert_eq!(status(BROKEN, &["reach", "--fail-on-broken"]), 1);
    assert_eq!(status(FINE, &["reach", "--fail-on-broken"]), 0);
    assert_eq!(status(FINE, &["env"]), 0);
    assert_eq!(status(REJECTED, &["env"]), 1);
    assert_eq!(status(REJECTED, &["config"]), 1);
    assert_eq!(status(FINE, &["explain", "dial tcp [::1]:11434: connect: connection refused"]), 0);
    assert_eq!(status(FINE, &["explain", "all is well"]), 1);
    assert_eq!(status(FINE, &["rules"]), 0);
}

#[test]
fn what_cannot_run_ends_with_two_and_says_why() {
    let dir = with(FINE);
    for (args, says) in [
        (&["lint", "nowhere.yaml"][..], "nowhere.yaml"),
        (&["lint", "--platform", "beos"], "beos"),
        (&["lint", "--host-listener", "11434"], "11434"),
        (&["lint", "--select", "no-such-rule"], "no-such-rule"),
        (&["lint", "--no-such-option"], "--no-such-option"),
        (&["fix", "--to", "magic"], "magic"),
        (&["fix", "--to", "lan-ip"], "lan-ip"),
        (&["env", "no-such-service"], "open-webui"),
        (&["reach", "--from", "nobody", "--to", "host:1"], "open-webui"),
        (&["lint", "--config", "none.toml"], "none.toml"),
    ] {
        let said = run(dir.path(), args);
        assert_eq!(said.status, 2, "{args:?}: {}{}", said.out, said.err);
        assert!(said.err.contains(says), "{args:?} does not name {says}: {}", said.err);
        assert!(said.out.is_empty(), "{args:?} prints on stdout: {}", said.out);
    }
    let empty = tempfile::tempdir().unwrap();
    let said = run(empty.path(), &["lint"]);
    assert_eq!(said.status, 2);
    assert!(said.err.contains("-f FILE"), "{}", said.err);
}

#[test]
fn lint_json_keeps_its_contract() {
    let found = run(with(BROKEN).path(), &["lint", "--format", "json"]).json();
    assert_eq!(found["version"], 1);
    assert_eq!(found["tool"]["name"], "dockline");
    assert_eq!(found["projects"][0]["dir"], ".");
    assert_eq!(found["projects"][0]["files"][0], "compose.yaml");
    let finding = &found["findings"][0];
    for (key, value) in [
        ("rule", "loopback-url"),
        ("category", "reach"),
        ("cause", "loopback-to-host"),
        ("severity", "error"),
        ("file", "compose.yaml"),
        ("path", "services.open-webui.environment.OLLAMA_BASE_URL"),
    ] {
        assert_eq!(finding[key], value);
    }
    assert_eq!(finding["project"], 0);
    assert_eq!(finding["services"][0], "open-webui");
    assert_eq!(finding["range"]["start"]["line"], 5);
    assert_eq!(finding["range"]["start"]["column"], 24);
    let start = usize::try_from(finding["range"]["start"]["offset"].as_u64().unwrap()).unwrap();
    assert!(BROKEN.get(start..).unwrap().starts_with("http://localhost:11434"));
    let fix = &finding["fixes"][0];
    assert_eq!((&fix["strategy"], &fix["applicability"]), (&"host-gateway".into(), &"safe".into()));
    assert!(fix["edits"].as_array().unwrap().len() >= 2, "{fix}");
    assert_eq!(found["summary"]["error"], 1);
    assert_eq!(found["summary"]["fixable"], 1);
    let moved = format!("# a line above\n{BROKEN}");
    let again = run(with(&moved).path(), &["lint", "--format", "json"]).json();
    assert_eq!(again["findings"][0]["fingerprint"], finding["fingerprint"]);
}

#[test]
fn reach_json_keeps_its_contract() {
    let found = run(with(FINE).path(), &["reach", "--format", "json"]).json();
    let endpoint = &found["endpoints"][0];
    for (key, value) in [
        ("service", "open-webui"),
        ("variable", "OLLAMA_BASE_URL"),
        ("value", "http://ollama:11434"),
        ("host", "ollama"),
        ("audience", "server"),
        ("verdict", "ok"),
        ("file", "compose.yaml"),
    ] {
        assert_eq!(endpoint[key], value);
    }
    assert_eq!(endpoint["port"], 11434);
    assert_eq!(endpoint["reached"], serde_json::json!({"service": "ollama", "port": 11434}));
}

#[test]
fn one_question_gets_the_url_to_type() {
    let dir = with(FINE);
    let said = run(dir.path(), &["reach", "--from", "open-webui", "--to", "host:11434", "--platform", "linux"]);
    assert!(said.out.contains("http://host.docker.internal:11434"), "{}", said.out);
    assert!(said.out.contains("extra_hosts"), "{}", said.out);
    let said = run(dir.path(), &["reach", "--from", "open-webui", "--to", "ollama"]);
    assert!(said.out.contains("http://ollama:11434"), "{}", said.out);
    let json = run(dir.path(), &["reach", "--from", "open-webui", "--to", "ollama", "--format", "json"]).json();
    assert_eq!(json["url"], "http://ollama:11434");
    assert_eq!(json["verdict"], "ok");
}

const SECRETS: &str = "services:
  app:
    image: registry.example.com/app:1
    environment:
      OPENAI_API_KEY: sk-verysecretvalue1234567890
      DATABASE_URL: postgres://root:hunter2secret@localhost:5432/app
      AUTH_HEADER: Bearer topsecrettoken99
      PASSWORD_OF_ADMIN: correcthorsebattery
  db:
    image: postgres:16
    environment:
      POSTGRES_PASSWORD: hunter2secret
";

#[test]
fn secrets_stay_secret() {
    let dir = with(SECRETS);
    let hidden = ["sk-verysecretvalue", "hunter2secret", "correcthorsebattery"];
    for args in [
        &["lint"][..],
        &["lint", "--format", "json"],
        &["lint", "--format", "concise"],
        &["reach"],
        &["reach", "--format", "json"],
        &["env"],
        &["env", "--format", "json"],
        &["config", "--origins"],
        &["fix", "--format", "json", "--unsafe"],
        &["explain", "connect to postgres://root:hunter2secret@localhost:5432 failed: Connection refused"],
    ] {
        let said = run(dir.path(), args);
        for secret in hidden {
            let told = said.out.contains(secret) || said.err.contains(secret);
            assert!(!told, "{args:?} tells {secret}:\n{}{}", said.out, said.err);
        }
    }
    let shown = run(dir.path(), &["env", "--show-secrets", "--format", "json"]).json();
    assert_eq!(shown["services"]["db"]["POSTGRES_PASSWORD"]["value"], "hunter2secret");
    let masked = run(dir.path(), &["env", "--format", "json"]).json();
    assert_eq!(masked["services"]["db"]["POSTGRES_PASSWORD"]["redacted"], true);
    assert!(masked["services"]["db"]["POSTGRES_PASSWORD"]["value"].is_null());
}

#[test]
fn env_tells_where_a_value_comes_from() {
    let dir = folder(&[
        (
            "compose.yaml",
            "services:\n  app:\n    image: x:1\n    environment:\n      URL: http://${HOST:-localhost}:1\n      BARE:\n",
        ),
        (".env", "HOST=db\n"),
    ]);
    let found = run(dir.path(), &["env", "--format", "json"]).json();
    let url = &found["services"]["app"]["URL"];
    assert_eq!(url["value"], "http://db:1");
    let files: Vec<&str> = url["origins"].as_array().unwrap().iter().map(|o| o["file"].as_str().unwrap()).collect();
    assert_eq!(files, ["compose.yaml", ".env", "compose.yaml"]);
    let bare = &found["services"]["app"]["BARE"];
    assert!(bare["value"].is_null() && bare["redacted"] == false);
    let said = run(dir.path(), &["env", "app", "URL"]);
    assert!(said.out.contains("http://db:1") && said.out.contains(".env:1"), "{}", said.out);
}

#[test]
fn the_language_follows_option_variable_and_locale() {
    let dir = with(BROKEN);
    let chinese = |said: &Said| said.out.contains("连接被拒绝");
    assert!(!chinese(&run(dir.path(), &["lint"])));
    assert!(chinese(&run(dir.path(), &["lint", "--lang", "zh"])));
    for (name, value) in [("DOCKLINE_LANG", "zh"), ("LANG", "zh_CN.UTF-8"), ("LC_ALL", "zh_CN.UTF-8")] {
        let mut with_variable = command(dir.path(), &["lint"]);
        with_variable.env(name, value);
        assert!(chinese(&finish(with_variable)), "{name}={value}");
    }
    let mut machine = command(dir.path(), &["lint", "--format", "json"]);
    machine.env("LANG", "zh_CN.UTF-8");
    assert!(!chinese(&finish(machine)), "machine formats are English unless asked for");
}

#[test]
fn colour_is_for_terminals_and_those_who_ask() {
    let dir = with(BROKEN);
    assert!(!run(dir.path(), &["lint"]).out.contains('\u{1b}'));
    assert!(run(dir.path(), &["lint", "--color", "always"]).out.contains('\u{1b}'));
}

#[test]
fn escapes_in_files_do_not_reach_the_terminal() {
    let dir = with(
        "services:\n  app:\n    image: x:1\n    environment:\n      OLLAMA_BASE_URL: \"http://localhost:11434/\\e[31mred\\a\"\n",
    );
    for args in [&["lint"][..], &["reach"], &["env"], &["lint", "--format", "concise"]] {
        let said = run(dir.path(), args);
        assert!(!said.out.contains(['\u{1b}', '\u{7}']), "{args:?}: {:?}", said.out);
    }
}

#[test]
fn a_comment_leaves_a_place_alone() {
    let ignored =
        BROKEN.replace("      OLLAMA", "      # dockline: ignore[loopback-url] a sidecar listens there\n      OLLAMA");
    assert_eq!(status(&ignored, &["lint"]), 0);
    let trailing = BROKEN.replace("11434\n", "11434  # dockline: ignore[loopback-url] a sidecar\n");
    assert_eq!(status(&trailing, &["lint"]), 0);
    let other = BROKEN.replace("11434\n", "11434  # dockline: ignore[url-missing-v1] not this one\n");
    assert_eq!(status(&other, &["lint"]), 1);
    let dir = with(&ignored);
    run(dir.path(), &["fix", "--unsafe"]);
    assert_eq!(std::fs::read_to_string(dir.path().join("compose.yaml")).unwrap(), ignored);
}

#[test]
fn several_projects_and_what_belongs_to_one() {
    let dir = folder(&[
        ("a/compose.yaml", BROKEN),
        ("b/docker-compose.yml", FINE),
        (
            "b/docker-compose.override.yml",
            "services:\n  open-webui:\n    environment:\n      OLLAMA_BASE_URL: http://localhost:11434\n",
        ),
        ("node_modules/x/compose.yaml", BROKEN),
        ("ignored/compose.yaml", BROKEN),
        (".gitignore", "ignored/\n"),
        (".git/HEAD", "ref: refs/heads/main\n"),
    ]);
    let found = run(dir.path(), &["lint", "--recursive", "--format", "json"]).json();
    let dirs: Vec<&str> = found["projects"].as_array().unwrap().iter().map(|p| p["dir"].as_str().unwrap()).collect();
    assert_eq!(dirs, ["a", "b"]);
    let files: Vec<&str> = found["findings"].as_array().unwrap().iter().map(|f| f["file"].as_str().unwrap()).collect();
    assert_eq!(files, ["a/compose.yaml", "b/docker-compose.override.yml"]);
    assert_eq!(run(dir.path(), &["-C", "a", "lint"]).status, 1);
    assert_eq!(run(dir.path(), &["lint", "-f", "b/docker-compose.yml"]).status, 0);
}

#[test]
fn an_env_file_stands_for_the_projects_that_read_it() {
    let dir = folder(&[
        ("compose.yaml", "services:\n  a:\n    image: x:1\n    environment:\n      OLLAMA_BASE_URL: ${URL}\n"),
        (".env", "URL=http://localhost:11434\n"),
        ("other/lonely.env", "A=1\n"),
    ]);
    let found = run(dir.path(), &["lint", ".env", "--format", "json"]).json();
    assert_eq!(found["findings"][0]["file"], ".env");
    let said = run(dir.path(), &["lint", "other/lonely.env"]);
    assert_eq!(said.status, 0);
    assert_eq!(said.err.lines().count(), 1, "{}", said.err);
}

#[test]
fn profiles_and_env_files_are_composes() {
    let dir = folder(&[
        (
            "compose.yaml",
            "services:\n  web:\n    image: x:1\n    environment:\n      OLLAMA_BASE_URL: http://${H}:11434\n  ollama:\n    image: ollama/ollama:0.6.5\n    profiles: [local]\n",
        ),
        ("prod.env", "H=ollama\n"),
    ]);
    let rules = |args: &[&str]| {
        let mut all = vec!["lint", "--format", "json", "--env-file", "prod.env"];
        all.extend(args);
        let found = run(dir.path(), &all).json();
        found["findings"].as_array().unwrap().iter().map(|f| f["rule"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(rules(&[]), ["profile-not-enabled"]);
    assert!(rules(&["--profile", "local"]).is_empty());
}

#[test]
fn a_log_on_standard_input_is_tied_to_the_project() {
    let dir = with(BROKEN);
    let log = "starting\nopen-webui | ConnectionError: HTTPConnectionPool(host='localhost', port=11434): Max retries exceeded with url: /api/tags (Caused by NewConnectionError: [Errno 111] Connection refused)\n";
    let said = run_with(dir.path(), &["explain", "-"], log);
    assert_eq!(said.status, 0, "{}", said.err);
    assert!(said.out.contains("compose.yaml:5"), "{}", said.out);
    let json = run_with(dir.path(), &["explain", "-", "--format", "json"], log);
    let found = json.json();
    assert_eq!(found["matches"][0]["diagnosis"], "loopback-to-host");
    assert_eq!(found["matches"][0]["places"][0]["service"], "open-webui");
}

#[test]
fn concise_is_a_line_for_each_finding() {
    let said = run(with(BROKEN).path(), &["lint", "--format", "concise"]);
    let lines: Vec<&str> = said.out.lines().collect();
    assert_eq!(lines.len(), 1, "{}", said.out);
    assert!(lines[0].starts_with("compose.yaml:5:24: error[loopback-url] "), "{}", lines[0]);
    assert_eq!(run(with(FINE).path(), &["lint", "--format", "concise"]).out, "");
}

#[test]
fn the_threshold_and_the_severities_decide_the_status() {
    let toml = |severity: &str| format!("[rules]\nloopback-url = \"{severity}\"\n");
    for (severity, fail_on, status) in [
        ("error", "error", 1),
        ("warning", "error", 0),
        ("warning", "warning", 1),
        ("info", "warning", 0),
        ("info", "info", 1),
        ("error", "never", 0),
        ("off", "info", 0),
    ] {
        let dir = folder(&[("compose.yaml", BROKEN), ("dockline.toml", &toml(severity))]);
        let said = run(dir.path(), &["lint", "--fail-on", fail_on, "--format", "json"]);
        assert_eq!(said.status, status, "{severity} under --fail-on {fail_on}");
        let found = said.json();
        let told = found["findings"].as_array().unwrap();
        assert!(told.iter().all(|f| f["severity"] == severity), "{found}");
        assert_eq!(told.is_empty(), severity == "off");
    }
}

#[test]
fn select_and_ignore_take_rules_and_categories() {
    let rules = |args: &[&str]| {
        let mut all = vec!["lint", "--format", "json"];
        all.extend(args);
        let found = run(with(SECRETS).path(), &all).json();
        let of = |f: &serde_json::Value| f["rule"].as_str().unwrap().to_owned();
        found["findings"].as_array().unwrap().iter().map(of).collect::<Vec<_>>()
    };
    assert_eq!(rules(&[]), ["loopback-url"]);
    assert_eq!(rules(&["--select", "reach"]), ["loopback-url"]);
    assert_eq!(rules(&["--select", "unknown-key,loopback-url"]), ["loopback-url"]);
    assert!(rules(&["--select", "unknown-key"]).is_empty());
    assert!(rules(&["--ignore", "loopback-url"]).is_empty());
    assert!(rules(&["--select", "reach", "--ignore", "loopback-url"]).is_empty());
}

#[test]
fn strict_counts_what_could_not_be_judged() {
    // Nothing here says what the service runs, and no base file stands beside it.
    let over = "services:\n  app:\n    ports: !reset []\n    environment:\n      A: b\n";
    let dir = folder(&[("over/stack.yaml", over)]);
    let said = run(dir.path(), &["lint", "--recursive", "--format", "json"]);
    assert_eq!(said.status, 0, "{}", said.err);
    let gap = &said.json()["gaps"][0];
    assert_eq!(gap["file"], "over/stack.yaml");
    assert!(gap["message"].as_str().unwrap().contains("base file"), "{gap}");
    assert_eq!(run(dir.path(), &["lint", "--recursive", "--strict"]).status, 1);
    assert_eq!(run(with(FINE).path(), &["lint", "--strict"]).status, 0);
}

#[test]
fn related_places_name_service_and_path() {
    let shared = "x-env: &env\n  OLLAMA_BASE_URL: http://localhost:11434\nservices:\n  a: {image: 'x:1', environment: *env}\n  b: {image: 'x:1', environment: *env}\n";
    let found = run(with(shared).path(), &["lint", "--format", "json"]).json();
    assert_eq!(found["findings"].as_array().unwrap().len(), 1, "{found}");
    let finding = &found["findings"][0];
    assert_eq!(finding["services"], serde_json::json!(["a", "b"]));
    assert_eq!(finding["range"]["start"]["line"], 2);
    let page = finding["url"].as_str().unwrap();
    assert!(root().join(page).is_file(), "{page}");
    let dotenv = folder(&[
        ("compose.yaml", "services:\n  a:\n    image: x:1\n    environment:\n      OLLAMA_BASE_URL: ${URL}\n"),
        (".env", "URL=http://localhost:11434\n"),
    ]);
    let found = run(dotenv.path(), &["lint", "--format", "json"]).json();
    let finding = &found["findings"][0];
    assert_eq!((&finding["file"], &finding["path"]), (&".env".into(), &"URL".into()));
    let related = &finding["related"][0];
    assert_eq!((&related["file"], &related["service"]), (&"compose.yaml".into(), &"a".into()));
    assert_eq!(related["path"], "services.a.environment.OLLAMA_BASE_URL");
    assert_eq!(related["range"]["start"]["line"], 5);
}

#[test]
fn fix_json_keeps_its_contract() {
    let found = run(with(BROKEN).path(), &["fix", "--diff", "--format", "json"]).json();
    assert_eq!(found["version"], 1);
    let applied = &found["applied"][0];
    for (key, value) in [
        ("rule", "loopback-url"),
        ("strategy", "host-gateway"),
        ("applicability", "safe"),
        ("file", "compose.yaml"),
        ("path", "services.open-webui.environment.OLLAMA_BASE_URL"),
    ] {
        assert_eq!(applied[key], value);
    }
    assert_eq!(applied["services"][0], "open-webui");
    assert_eq!(found["skipped"], serde_json::json!([]));
    assert_eq!(found["left"], serde_json::json!([]));
    assert_eq!(found["written"], serde_json::json!(["compose.yaml"]));
    assert_eq!(found["apply"], serde_json::json!(["docker compose up -d open-webui"]));
}

#[test]
fn explain_json_keeps_its_contract() {
    let line = "Get \"http://localhost:11434/api/tags\": dial tcp [::1]:11434: connect: connection refused";
    let found = run(with(BROKEN).path(), &["explain", "--format", "json", line]).json();
    assert_eq!(found["version"], 1);
    let first = &found["matches"][0];
    assert_eq!((&first["diagnosis"], &first["layer"]), (&"loopback-to-host".into(), &"connect".into()));
    assert_eq!(first["target"], serde_json::json!({"host": "localhost", "port": 11434}));
    assert!(line.contains(first["text"].as_str().unwrap()), "{first}");
    let place = &first["places"][0];
    assert_eq!((&place["file"], &place["service"]), (&"compose.yaml".into(), &"open-webui".into()));
    assert_eq!(place["path"], "services.open-webui.environment.OLLAMA_BASE_URL");
    let nothing = run(with(BROKEN).path(), &["explain", "--format", "json", "all is well"]);
    assert_eq!((nothing.status, nothing.json()["matches"].clone()), (1, serde_json::json!([])));
}

#[test]
fn reach_json_says_what_is_broken_and_where() {
    let found = run(with(BROKEN).path(), &["reach", "--format", "json"]).json();
    let endpoint = &found["endpoints"][0];
    assert_eq!((&endpoint["verdict"], &endpoint["host"]), (&"refused".into(), &"localhost".into()));
    assert!(endpoint["reached"].is_null());
    assert!(!endpoint["reason"].as_str().unwrap().is_empty());
    assert_eq!(endpoint["range"]["start"]["line"], 5);
    let mapped = BROKEN.replace("localhost", "host.docker.internal");
    let found = run(with(&mapped).path(), &["reach", "--format", "json"]).json();
    let endpoint = &found["endpoints"][0];
    assert_eq!(endpoint["verdict"], "dns");
    assert!(endpoint["elsewhere"].get("docker-desktop").is_some(), "{endpoint}");
}

#[test]
fn compose_may_come_from_standard_input_and_go_to_a_file() {
    let dir = folder(&[]);
    let said = run_with(dir.path(), &["lint", "-f", "-", "--format", "json"], BROKEN);
    assert_eq!(said.status, 1, "{}", said.err);
    assert_eq!(said.json()["findings"][0]["file"], "(stdin)");
    let dir = with(BROKEN);
    let said = run(dir.path(), &["lint", "--format", "json", "--output", "report.json"]);
    assert_eq!((said.status, said.out.as_str()), (1, ""));
    let written = std::fs::read_to_string(dir.path().join("report.json")).unwrap();
    assert_eq!(serde_json::from_str::<serde_json::Value>(&written).unwrap()["summary"]["error"], 1);
    assert_eq!(run(dir.path(), &["lint", "--output", "no/such/folder/x"]).status, 2);
}

#[test]
fn several_files_and_another_directory_are_composes() {
    let dir = folder(&[
        ("base.yaml", "services:\n  a:\n    image: x:1\n    env_file: a.env\n"),
        ("more.yaml", "services:\n  a:\n    environment:\n      B: ${C}\n"),
        ("elsewhere/a.env", "A=1\n"),
        ("elsewhere/.env", "C=3\n"),
    ]);
    let args = ["env", "-f", "base.yaml", "-f", "more.yaml", "--project-directory", "elsewhere", "--format", "json"];
    let found = run(dir.path(), &args).json();
    assert_eq!(found["services"]["a"]["A"]["value"], "1");
    assert_eq!(found["services"]["a"]["B"]["value"], "3");
    let moved = run(dir.path(), &["-C", "elsewhere", "lint", "-f", "../more.yaml", "--format", "json"]).json();
    assert_eq!(moved["projects"][0]["files"][0], "../more.yaml");
    assert_eq!(run(dir.path(), &["-C", "nowhere", "lint"]).status, 2);
}

#[test]
fn a_language_that_is_not_spoken_is_refused() {
    let dir = with(BROKEN);
    let said = run(dir.path(), &["lint", "--lang", "tlh"]);
    assert_eq!(said.status, 2);
    assert!(said.err.contains("tlh") && said.err.contains("en or zh"), "{}", said.err);
    // The option goes before the variable, the variable before the configuration, that before the locale.
    std::fs::write(dir.path().join("dockline.toml"), "lang = \"zh\"\n").unwrap();
    let speaks = |args: &[&str], variables: &[(&str, &str)]| {
        let mut command = command(dir.path(), args);
        command.envs(variables.iter().copied());
        if finish(command).out.contains("连接被拒绝") { "zh" } else { "en" }
    };
    assert_eq!(speaks(&["lint"], &[("LANG", "en_US.UTF-8")]), "zh");
    assert_eq!(speaks(&["lint"], &[("DOCKLINE_LANG", "en")]), "en");
    assert_eq!(speaks(&["lint", "--lang", "zh"], &[("DOCKLINE_LANG", "en")]), "zh");
}

#[test]
fn no_color_is_heard() {
    let dir = with(BROKEN);
    let coloured = |variables: &[(&str, &str)]| {
        let mut command = command(dir.path(), &["lint"]);
        command.env("CLICOLOR_FORCE", "1").envs(variables.iter().copied());
        finish(command).out.contains('\u{1b}')
    };
    assert!(coloured(&[]));
    assert!(!coloured(&[("NO_COLOR", "1")]));
    assert!(!coloured(&[("TERM", "dumb")]));
    assert!(coloured(&[("NO_COLOR", "")]), "set and empty does not count: no-color.org");
}

#[test]
fn secrets_stay_secret_wherever_they_stand() {
    let dir = folder(&[
        (
            "compose.yaml",
            "services:
  a:
    image: x:1
    env_file: a.env
    command: [serve, --db, 'postgres://u:insecret1@localhost:5432/x']
    healthcheck:
      test: [CMD, curl, 'http://user:insecret2@localhost:9999/']
    environment:
      - API_TOKEN=${TOKEN:-insecret3}
      - MONGO_URL=mongodb://root:insecret4@localhost:27017/?authSource=admin
      - DSN=user:insecret5@tcp(127.0.0.1:3306)/db
      - REDIS_URL=redis://:insecret6@localhost:6379/0
      - OLLAMA_BASE_URL=http://localhost:11434/?api_key=insecret7
      - AMQP_URL=amqp://guest:${AMQP}@localhost:5672
      - PG=host=localhost port=5432 password=insecret8 user=x
",
        ),
        ("a.env", "JWT_SECRET=\"insecret9\" # c\nSITE_URL=https://me:insecret10@localhost:3000\n"),
        (".env", "AMQP=insecret11\nUNUSED_PASSWORD=insecret12\nUNUSED_URL=http://u:insecret13@localhost:1\n"),
    ]);
    for args in [
        &["lint"][..],
        &["lint", "--lang", "zh"],
        &["lint", "--format", "json"],
        &["lint", "--format", "concise"],
        &["reach"],
        &["reach", "--format", "json"],
        &["env"],
        &["env", "a", "MONGO_URL"],
        &["env", "--format", "json"],
        &["config", "--origins"],
        &["fix", "--diff", "--unsafe", "--format", "json"],
        &["fix", "--diff", "--to", "host-network", "--format", "json"],
        &["explain", "connect ECONNREFUSED 127.0.0.1:3306"],
    ] {
        let said = run(dir.path(), args);
        assert!(
            !said.out.contains("insecret") && !said.err.contains("insecret"),
            "{args:?}:\n{}{}",
            said.out,
            said.err
        );
    }
    let log = "dial postgres://u:insecret1@localhost:5432/x: connection refused password=insecret8\n";
    for format in ["human", "json"] {
        let said = run_with(dir.path(), &["explain", "-", "--format", format], log);
        assert_eq!(said.status, 0);
        assert!(!said.out.contains("insecret"), "{}", said.out);
    }
}

#[test]
fn a_closed_pipe_is_no_failure() {
    let mut child = command(&root().join("fixtures/seeds/dify"), &["reach", "--format", "json"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let done = child.wait_with_output().unwrap();
    assert!(done.stderr.is_empty(), "{}", String::from_utf8_lossy(&done.stderr));
    assert_eq!(done.status.code(), Some(0));
}

/// A file whose name and text try to end a workflow command, an XML element and a JSON string.
fn nasty() -> tempfile::TempDir {
    folder(&[(
        "compose.yaml",
        "services:\n  \"a,b\":\n    image: x:1\n    environment:\n      # 二😀\n      \"U\": \"二😀 http://localhost:11434/?a=<b>&c=%0A::error::x\"\n",
    )])
}

#[test]
fn formats_of_other_programs_say_the_same() {
    let dir = nasty();
    let json = run(dir.path(), &["lint", "--format", "json"]).json();
    let found = json["findings"].as_array().unwrap();
    let rules: Vec<&str> = found.iter().map(|f| f["rule"].as_str().unwrap()).collect();
    assert!(rules.contains(&"loopback-url"), "{rules:?}");

    let sarif = run(dir.path(), &["lint", "--format", "sarif"]).json();
    assert_eq!(sarif["version"], "2.1.0");
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let known = &sarif["runs"][0]["tool"]["driver"]["rules"];
    for (result, finding) in results.iter().zip(found) {
        assert_eq!(result["ruleId"], finding["rule"]);
        assert_eq!(known[result["ruleIndex"].as_u64().unwrap() as usize]["id"], finding["rule"]);
        assert_eq!(result["partialFingerprints"]["dockline/v1"], finding["fingerprint"]);
        let region = &result["locations"][0]["physicalLocation"]["region"];
        assert_eq!(region["startLine"], finding["range"]["start"]["line"]);
        // A character outside the basic plane is two units of UTF-16.
        let column = finding["range"]["start"]["column"].as_u64().unwrap();
        let wide = u64::from(finding["rule"] == "loopback-url");
        assert_eq!(region["startColumn"].as_u64(), Some(column + wide));
    }
    let rdjson = run(dir.path(), &["lint", "--format", "rdjson"]).json();
    let at = rules.iter().position(|rule| *rule == "loopback-url").unwrap();
    let first = &rdjson["diagnostics"][at]["location"]["range"]["start"];
    let column = found[at]["range"]["start"]["column"].as_u64().unwrap();
    // And four bytes of UTF-8, as the other one is three.
    assert_eq!(first["column"].as_u64(), Some(column + 5));

    let github = run(dir.path(), &["lint", "--format", "github"]).out;
    assert_eq!(github.lines().count(), found.len(), "{github}");
    assert!(github.lines().all(|l| l.starts_with("::") && l.matches("::").count() >= 2), "{github}");
    let gitlab = run(dir.path(), &["lint", "--format", "gitlab"]).json();
    assert_eq!(gitlab.as_array().unwrap().len(), found.len());
    let junit = run(dir.path(), &["lint", "--format", "junit"]).out;
    assert_eq!(junit.matches("<testcase ").count(), found.len(), "{junit}");
    assert!(!junit.contains("<b>"), "{junit}");
}

#[test]
fn several_formats_go_to_files() {
    let dir = nasty();
    let said = run(dir.path(), &["lint", "-o", "sarif=out.sarif", "-o", "junit=out.xml", "--format", "concise"]);
    assert!(said.out.starts_with("compose.yaml:"), "{}", said.out);
    let read = |name: &str| std::fs::read_to_string(dir.path().join(name)).unwrap();
    assert!(read("out.sarif").contains("\"2.1.0\"") && read("out.xml").starts_with("<?xml"));
    let said = run(dir.path(), &["lint", "-o", "out.txt"]);
    assert!(said.out.is_empty() && read("out.txt").contains("loopback-url"), "{}", said.out);
}

/// Git keeps no empty folder, so no fixture can have one.
#[test]
fn a_folder_that_docker_made_in_place_of_a_file_must_go_first() {
    let dir =
        with("services:\n  web:\n    image: nginx:1.27\n    volumes:\n      - ./nginx.conf:/etc/nginx/nginx.conf\n");
    std::fs::create_dir(dir.path().join("nginx.conf")).unwrap();
    let said = run(dir.path(), &["lint"]);
    assert!(said.out.contains("error[mount-source-missing]: nginx.conf is an empty folder"), "{}", said.out);
    assert!(said.out.contains("rmdir nginx.conf"), "{}", said.out);
    std::fs::create_dir(dir.path().join("nginx.conf/conf.d")).unwrap();
    assert!(!run(dir.path(), &["lint"]).out.contains("mount-source-missing"));
}

/// Where git has the rest of the project, a file that is not there is missing.
#[test]
fn in_a_checkout_a_missing_file_is_an_error() {
    let dir =
        with("services:\n  web:\n    image: nginx:1.27\n    volumes:\n      - ./nginx.conf:/etc/nginx/nginx.conf\n");
    std::fs::create_dir(dir.path().join(".git")).unwrap();
    assert!(run(dir.path(), &["lint"]).out.contains("error[mount-source-missing]"));
    std::fs::write(dir.path().join(".gitignore"), "nginx.conf\n").unwrap();
    assert!(run(dir.path(), &["lint"]).out.contains("info[mount-source-missing]"));
}
