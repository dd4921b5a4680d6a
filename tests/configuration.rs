//! What people ask to be left alone, what they know already, what they tell of their own: comments, `dockline.toml`, the baseline.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod common;

use common::{folder, run};

const BROKEN: &str = "services:
  open-webui:
    image: ghcr.io/open-webui/open-webui:v0.6.5
    environment:
      OLLAMA_BASE_URL: http://localhost:11434
";

/// The rules that are told, sorted.
fn told(dir: &std::path::Path, args: &[&str]) -> Vec<String> {
    let args: Vec<&str> = ["lint", "--format", "json"].into_iter().chain(args.iter().copied()).collect();
    let json = run(dir, &args).json();
    let mut out: Vec<String> = json["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| {
            format!(
                "{} {} {}",
                f["severity"].as_str().unwrap(),
                f["rule"].as_str().unwrap(),
                f["file"].as_str().unwrap()
            )
        })
        .collect();
    out.sort();
    out
}

#[test]
fn a_comment_ignores_a_line_or_a_file() {
    let file = format!("# dockline: ignore-file[loopback-url] the sidecar of our lab listens there\n{BROKEN}");
    let dir = folder(&[("compose.yaml", &file)]);
    assert!(told(dir.path(), &[]).is_empty());
    assert_eq!(told(dir.path(), &["--no-ignores"]), ["error loopback-url compose.yaml"]);
    let said = run(dir.path(), &["lint"]);
    assert!(said.out.contains("1 ignored as asked"), "{}", said.out);
    // It holds for fixes.
    run(dir.path(), &["fix"]);
    assert_eq!(std::fs::read_to_string(dir.path().join("compose.yaml")).unwrap(), file);
    // In env files it stands behind the value or above the line.
    for env in [
        "URL=http://localhost:11434 # dockline: ignore[reach] a sidecar\n",
        "# dockline: ignore[loopback-url]\nURL=http://localhost:11434\n",
    ] {
        let compose = BROKEN.replace("http://localhost:11434", "${URL}");
        let dir = folder(&[("compose.yaml", &compose), (".env", env)]);
        assert!(told(dir.path(), &[]).is_empty(), "{env}");
    }
}

#[test]
fn a_comment_that_ignores_nothing_is_told() {
    for (comment, severity, words) in [
        ("# dockline: ignore[exposed-port] once it was", "info", "nothing to ignore"),
        ("# dockline: ignore[loopback-ulr]", "warning", "did you mean `loopback-url`?"),
        ("# dockline: ignore loopback-url", "warning", "names no rule in brackets"),
        ("# dockline: disable-line", "warning", "`disable-line` is not `ignore`"),
        ("# dockline: ignore[loopback-url] until next year", "warning", "`until` wants a day"),
    ] {
        let compose = BROKEN.replace("11434\n", &format!("11434 {comment}\n"));
        let dir = folder(&[("compose.yaml", &compose)]);
        let expected = format!("{severity} unused-ignore compose.yaml");
        assert!(told(dir.path(), &[]).contains(&expected), "{comment}");
        let said = run(dir.path(), &["lint", "--select", "unused-ignore"]);
        // What does not run is not judged; mistakes in comments are.
        assert_eq!(said.out.contains(words), severity == "warning", "{comment}: {}", said.out);
        assert!(run(dir.path(), &["lint"]).out.contains(words), "{comment}");
    }
    let prose = BROKEN.replace("11434\n", "11434 # dockline: finds this one\n");
    assert_eq!(told(folder(&[("compose.yaml", &prose)]).path(), &[]), ["error loopback-url compose.yaml"]);
}

#[test]
fn what_is_ignored_until_a_day_comes_back() {
    for (until, comes_back) in [("2020-01-31", true), ("9999-01-31", false)] {
        let comment = format!("11434 # dockline: ignore[loopback-url] until {until} we move\n");
        let dir = folder(&[("compose.yaml", &BROKEN.replace("11434\n", &comment))]);
        let said = run(dir.path(), &["lint"]);
        assert_eq!(said.out.contains("error[loopback-url]"), comes_back, "{}", said.out);
        assert_eq!(
            said.out.contains("was to be ignored until 2020-01-31 (compose.yaml:5)"),
            comes_back,
            "{}",
            said.out
        );
        assert!(!said.out.contains("unused-ignore"), "{}", said.out);
    }
}

#[test]
fn dockline_toml_ignores_by_service_path_and_file() {
    let entry = |more: &str| format!("[[ignore]]\nrules = [\"loopback-url\"]\nreason = \"the lab\"\n{more}\n");
    for (more, ignored) in [
        ("", true),
        ("service = \"open-*\"", true),
        ("service = \"api\"", false),
        ("path = \"services.*.environment.OLLAMA_*\"", true),
        ("path = \"services.*.command\"", false),
        ("file = \"deploy/*.yaml\"", true),
        ("file = \"other/*\"", false),
        ("until = 2020-01-01", false),
        ("until = \"9999-01-01\"", true),
    ] {
        let dir = folder(&[("deploy/compose.yaml", BROKEN), ("dockline.toml", &entry(more))]);
        let said = told(&dir.path().join("deploy"), &[]);
        assert_eq!(said.is_empty(), ignored, "{more}: {said:?}");
    }
    // An entry is idle where what it names is there and has no such finding.
    let fine = BROKEN.replace("localhost", "ollama.example.com");
    let toml = entry("service = \"open-webui\"");
    let dir = folder(&[("compose.yaml", &fine), ("dockline.toml", &toml)]);
    assert_eq!(told(dir.path(), &[]), ["info unused-ignore dockline.toml"]);
}

#[test]
fn mistakes_are_shown_at_their_line() {
    for (toml, place, words) in [
        ("platfrom = \"linux\"\n", "dockline.toml:1:1", "did you mean `platform`?"),
        ("[host]\nlistners = []\n", "dockline.toml:2:1", "did you mean `listeners`?"),
        ("[host]\ncolour = \"red\"\n", "dockline.toml:2:1", "listeners, addresses, firewall, lan-ip"),
        ("[rules]\nloopback-ulr = \"off\"\n", "dockline.toml:2:1", "`loopback-url`"),
        ("[rules]\nloopback-url = \"loud\"\n", "dockline.toml:2:16", "error, warning, info or off"),
        ("platform = 3\n", "dockline.toml:1:12", ""),
        ("a = [\n", "dockline.toml:1", ""),
        ("[[ignore]]\nrules = [\"loopback-ulr\"]\nreason = \"x\"\n", "dockline.toml:2:10", "`loopback-url`"),
        ("[[ignore]]\nrules = [\"reach\"]\nreason = \" \"\n", "dockline.toml:3:10", "say why"),
        ("[[ignore]]\nrules = [\"reach\"]\n", "dockline.toml:1", "reason"),
        ("[[ignore]]\nrules = [\"reach\"]\nreason = \"x\"\nuntil = \"soon\"\n", "dockline.toml:4:9", "2027-01-31"),
        ("[[ignore]]\nrule = \"reach\"\nreason = \"x\"\n", "dockline.toml:2:1", "did you mean `rules`?"),
        ("fail-on = \"loud\"\n", "dockline.toml:1:11", "error, warning, info or never"),
        ("exclude = [\"a/{b\"]\n", "dockline.toml:1:12", "gitignore"),
        ("[[image]]\nname = \"a b\"\n", "dockline.toml:2:8", "not one word"),
        ("[[image]]\nname = \"a\"\nkind = \"databse\"\n", "dockline.toml:3:8", "did you mean `database`?"),
        ("[[variable]]\nname = \"A\"\naudience = \"people\"\n", "dockline.toml:3:12", "server, browser, bind"),
    ] {
        let dir = folder(&[("compose.yaml", "services: {}\n"), ("dockline.toml", toml)]);
        let said = run(dir.path(), &["lint"]);
        assert_eq!((said.status, said.out.as_str()), (2, ""), "{toml}");
        assert!(said.err.contains(place) && said.err.contains(words), "{toml}: {}", said.err);
        assert_eq!(run(dir.path(), &["lint", "--isolated"]).status, 0);
    }
}

#[test]
fn configuration_gives_host_facts_and_severities() {
    let mapped = "services:
  open-webui:
    image: ghcr.io/open-webui/open-webui:v0.6.5
    extra_hosts: [\"host.docker.internal:host-gateway\"]
    environment:
      OLLAMA_BASE_URL: http://host.docker.internal:11434
";
    let toml = "platform = \"linux\"\n[host]\nlisteners = [\"127.0.0.1:11434\"]\n";
    let dir = folder(&[("compose.yaml", mapped), ("dockline.toml", toml)]);
    let found = run(dir.path(), &["lint", "--format", "json"]).json();
    assert_eq!(found["findings"][0]["rule"], "host-listens-on-loopback");
    let quiet = format!("{toml}[rules]\nhost-listens-on-loopback = \"off\"\n");
    std::fs::write(dir.path().join("dockline.toml"), quiet).unwrap();
    assert_eq!(run(dir.path(), &["lint"]).status, 0);
}

#[test]
fn a_baseline_holds_what_is_known() {
    let dir = folder(&[("app/compose.yaml", BROKEN)]);
    let (root, app) = (dir.path(), dir.path().join("app"));
    let missing = run(root, &["lint", "app", "--baseline", "known.json"]);
    assert_eq!(missing.status, 2);
    assert!(missing.err.contains("--write-baseline"), "{}", missing.err);
    assert_eq!(run(root, &["lint", "app", "--baseline", "known.json", "--write-baseline"]).status, 0);
    let said = run(root, &["lint", "app", "--baseline", "known.json"]);
    assert_eq!(said.status, 0);
    assert!(said.out.contains("nothing new found") && said.out.contains("1 known from the baseline"), "{}", said.out);
    // Wherever it is started from, and named in the configuration.
    std::fs::write(root.join("dockline.toml"), "baseline = \"known.json\"\n").unwrap();
    assert!(told(&app, &[]).is_empty());
    // A line more above does not make it new, another variable does.
    let more = format!("# moved\n{BROKEN}      OPENAI_API_BASE_URL: http://127.0.0.1:1234/v1\n");
    std::fs::write(app.join("compose.yaml"), more).unwrap();
    assert_eq!(told(&app, &[]), ["error loopback-url compose.yaml"]);
    // What is mended is said.
    std::fs::write(app.join("compose.yaml"), BROKEN.replace("localhost", "ollama.example.com")).unwrap();
    let said = run(&app, &["lint"]);
    assert!(said.out.contains("1 of the baseline are gone"), "{}", said.out);
    std::fs::write(root.join("known.json"), "{}").unwrap();
    assert_eq!(run(&app, &["lint"]).status, 2);
}

#[test]
fn a_search_takes_what_is_included_and_leaves_out_what_is_excluded() {
    let dir = folder(&[
        ("a/compose.yaml", BROKEN),
        ("b/compose.yaml", BROKEN),
        ("b/old/compose.yaml", BROKEN),
        ("dockline.toml", "exclude = [\"old/\"]\n"),
    ]);
    let found = |args: &[&str]| told(dir.path(), args);
    assert_eq!(found(&["-r"]), ["error loopback-url a/compose.yaml", "error loopback-url b/compose.yaml"]);
    // What is named is meant.
    assert_eq!(found(&["b/old/compose.yaml"]), ["error loopback-url b/old/compose.yaml"]);
    std::fs::write(dir.path().join("dockline.toml"), "include = [\"b/**\"]\nexclude = [\"b/old/**\"]\n").unwrap();
    assert_eq!(found(&["-r"]), ["error loopback-url b/compose.yaml"]);
    // pre-commit names files that nobody has chosen.
    assert!(found(&["--force-exclude", "a/compose.yaml", "b/old/compose.yaml"]).is_empty());
}

#[test]
fn images_and_variables_of_ones_own_are_known() {
    let compose = "services:
  app:
    image: registry.example.com/team/app:1
    environment:
      GATEWAY_ADDR: http://gateway:9999
      LINK: http://localhost:8080
  gateway:
    image: registry.example.com/team/gateway:2
    ports: [\"127.0.0.1:8080:8080\"]
";
    let toml = "[[image]]
name = \"registry.example.com/team/gateway\"
ports = [8080]
kind = \"gateway\"
speaks = [\"openai\"]

[[variable]]
name = \"GATEWAY_ADDR\"
images = [\"registry.example.com/team/app\"]
audience = \"server\"
speaks = \"openai\"
path = \"/v1\"

[[variable]]
name = \"LINK\"
audience = \"browser\"

[[image]]
name = \"registry.example.com/team/app\"
";
    let dir = folder(&[("compose.yaml", compose)]);
    assert!(!told(dir.path(), &[]).iter().any(|f| f.contains("wrong-container-port")));
    std::fs::write(dir.path().join("dockline.toml"), toml).unwrap();
    assert_eq!(told(dir.path(), &[]), ["error wrong-container-port compose.yaml"]);
    let shown = run(dir.path(), &["reach", "--format", "json"]).json();
    let audience = |name: &str| {
        let all = shown["endpoints"].as_array().unwrap();
        all.iter().find(|e| e["variable"] == name).map(|e| e["audience"].as_str().unwrap().to_owned())
    };
    assert_eq!(audience("LINK").as_deref(), Some("browser"));
    let fixed = compose.replace("9999", "8080");
    std::fs::write(dir.path().join("compose.yaml"), fixed).unwrap();
    assert_eq!(told(dir.path(), &[]), ["warning url-missing-v1 compose.yaml"]);
}

#[test]
fn many_projects_get_a_table() {
    let dir = folder(&[("a/compose.yaml", BROKEN), ("b/compose.yaml", BROKEN), ("c/compose.yaml", "services: {}\n")]);
    let said = run(dir.path(), &["lint", "-r"]);
    assert!(said.out.contains("errors  warnings  info  fixable  project\n     1"), "{}", said.out);
    let zh = run(dir.path(), &["lint", "-r", "--lang", "zh"]);
    assert!(zh.out.contains("错误  警告  提示  可修复  项目\n   1"), "{}", zh.out);
}
