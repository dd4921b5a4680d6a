//! No input makes the program panic, hang or eat memory, and what is whole beside a broken file is still linted.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

mod common;

use std::fmt::Write as _;
use std::path::Path;

use common::dice::Dice;
use common::{command, folder, run};

/// Runs with a memory limit where the system has one, so that an input that eats memory fails instead of swapping.
fn survives(dir: &Path, what: &str) -> common::Said {
    for args in [
        &["lint", "--format", "json", "--isolated"][..],
        &["reach", "--isolated"],
        &["env"],
        &["config"],
        &["fix", "--unsafe", "--isolated"],
    ] {
        let said = run(dir, args);
        assert!((0..=2).contains(&said.status), "{what}: {args:?} ended with {}: {}", said.status, said.err);
    }
    run(dir, &["lint", "--format", "json", "--isolated"])
}

fn rules(said: &common::Said) -> Vec<String> {
    said.json()["findings"].as_array().unwrap().iter().map(|f| f["rule"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn alias_bombs_end_with_a_finding() {
    let mut text = "a0: &a0 [x, x]\n".to_owned();
    for n in 1..40 {
        let _ = writeln!(text, "a{n}: &a{n} [*a{}, *a{}]", n - 1, n - 1);
    }
    text.push_str("services:\n  app:\n    image: x:1\n    command: *a39\n");
    let dir = folder(&[("compose.yaml", &text)]);
    assert!(rules(&survives(dir.path(), "alias bomb")).contains(&"yaml-syntax".to_owned()));
    let dir = folder(&[("compose.yaml", "services: &s\n  app:\n    image: x:1\n    labels: {a: *s}\n")]);
    assert!(rules(&survives(dir.path(), "alias of itself")).contains(&"yaml-syntax".to_owned()));
}

#[test]
fn deep_nesting_ends_with_a_finding() {
    for open in ["[", "{a: "] {
        let text = format!("services:\n  app:\n    image: x:1\nx-deep: {}", open.repeat(10_000));
        let dir = folder(&[("compose.yaml", &text)]);
        assert_eq!(rules(&survives(dir.path(), "deep flow")), ["yaml-syntax"]);
    }
    let mut text = "services:\n  app:\n    image: x:1\nx-deep:\n".to_owned();
    for depth in 1..2_000 {
        let _ = writeln!(text, "{}a:", " ".repeat(depth));
    }
    let dir = folder(&[("compose.yaml", &text)]);
    survives(dir.path(), "deep block");
    let template = format!("services:\n  app:\n    image: x:{}1{}\n", "${A:-".repeat(5_000), "}".repeat(5_000));
    let dir = folder(&[("compose.yaml", &template)]);
    survives(dir.path(), "deep template");
    let env = format!("A={}1{}\n", "${B:-".repeat(5_000), "}".repeat(5_000));
    let dir = folder(&[("compose.yaml", "services:\n  app:\n    image: x:${A}\n"), (".env", &env)]);
    survives(dir.path(), "deep template in .env");
}

#[test]
fn large_files_are_read_or_refused() {
    let scalar =
        format!("services:\n  app:\n    image: x:1\n    environment:\n      BIG: \"{}\"\n", "x".repeat(10 << 20));
    let dir = folder(&[("compose.yaml", &scalar)]);
    let said = run(dir.path(), &["lint", "--format", "json"]);
    assert_eq!(said.status, 0, "{}", said.err);
    let mut many = String::new();
    for n in 0..100_000 {
        let _ = writeln!(many, "KEY_{n}=value {n}");
    }
    let dir =
        folder(&[("compose.yaml", "services:\n  app:\n    image: x:1\n    env_file: big.env\n"), ("big.env", &many)]);
    assert_eq!(run(dir.path(), &["lint"]).status, 0);
    assert_eq!(run(dir.path(), &["env"]).status, 0);
}

#[test]
fn bytes_that_are_no_text_are_shown_where_they_stand() {
    let whole = "services:\n  ok:\n    image: x:1\n";
    for (what, bytes) in [
        ("invalid UTF-8", &b"services:\n  a:\n    image: x\xff1\n"[..]),
        ("NUL", b"services:\n  a:\n    image: x\x001\n"),
        ("control character", b"services:\n  a:\n    image: x\x071\n"),
        ("half a character", b"services:\n  a:\n    image: \xe4\xbd"),
    ] {
        let dir = folder(&[("b/compose.yaml", whole)]);
        std::fs::create_dir(dir.path().join("a")).unwrap();
        std::fs::write(dir.path().join("a/compose.yaml"), bytes).unwrap();
        let found = run(dir.path(), &["lint", "--recursive", "--format", "json"]).json();
        let first = &found["findings"][0];
        assert_eq!((&first["rule"], &first["file"]), (&"yaml-syntax".into(), &"a/compose.yaml".into()), "{what}");
        assert_eq!(first["range"]["start"]["line"], 3, "{what}");
        assert_eq!(found["projects"].as_array().unwrap().len(), 2, "{what}");
    }
    let dir = folder(&[("compose.yaml", "services:\r  a:\r    image: x:1\r")]);
    survives(dir.path(), "lone carriage returns");
    let dir = folder(&[("compose.yaml", ""), (".env", "\u{feff}A=1")]);
    survives(dir.path(), "nothing");
    let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(whole.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let dir = folder(&[]);
    std::fs::write(dir.path().join("compose.yaml"), &utf16).unwrap();
    assert_eq!(run(dir.path(), &["lint"]).status, 0, "UTF-16 with a mark is what Compose reads too");
    run(dir.path(), &["fix", "--unsafe"]);
    assert_eq!(std::fs::read(dir.path().join("compose.yaml")).unwrap(), utf16);
}

#[test]
fn what_stands_in_a_files_place_is_told() {
    let dir = folder(&[("compose.yaml/inside", ""), (".env/inside", "")]);
    assert_eq!(run(dir.path(), &["lint"]).status, 2);
    let dir = folder(&[
        ("compose.yaml", "services:\n  a:\n    image: x:1\n    env_file: e\n"),
        ("e/inside", ""),
        (".env/inside", ""),
    ]);
    let said = run(dir.path(), &["lint", "--format", "json"]);
    assert!((1..=2).contains(&said.status), "{}", said.err);
    assert!(said.err.contains("directory") || said.out.contains("directory"), "{}{}", said.out, said.err);
}

#[test]
fn circles_of_files_end() {
    let dir = folder(&[
        ("compose.yaml", "include: [other.yaml]\nservices:\n  a:\n    extends: {file: other.yaml, service: b}\n"),
        ("other.yaml", "include: [compose.yaml]\nservices:\n  b:\n    extends: {file: compose.yaml, service: a}\n"),
    ]);
    survives(dir.path(), "files that draw each other in");
    let dir = folder(&[("compose.yaml", "services:\n  a:\n    extends: b\n  b:\n    extends: a\n")]);
    assert!(rules(&survives(dir.path(), "extends in a circle")).contains(&"undefined-reference".to_owned()));
}

/// What templates become is bounded, in `.env` and in Compose files alike.
#[test]
fn templates_that_double_end_with_a_finding() {
    let mut env = "V0=xxxxxxxxxx\n".to_owned();
    for n in 1..40 {
        let _ = writeln!(env, "V{n}=${{V{}}}$V{}", n - 1, n - 1);
    }
    let dir = folder(&[
        ("compose.yaml", "services:\n  app:\n    image: x:1\n    environment:\n      A: ${V39}\n"),
        (".env", &env),
    ]);
    assert!(rules(&survives(dir.path(), "doubling templates")).contains(&"invalid-template".to_owned()));
    let wide = format!("A={}\n", "${B:-x}".repeat(100_000));
    let dir = folder(&[("compose.yaml", "services:\n  app:\n    image: x:1\n    env_file: .env\n"), (".env", &wide)]);
    let said = run(dir.path(), &["env", "--format", "json"]);
    assert_eq!(said.json()["services"]["app"]["A"]["value"].as_str().unwrap().len(), 100_000);
}

/// A line that is broken costs that line; all services beside it are judged.
#[test]
fn the_rest_of_a_broken_file_is_linted() {
    let healthy = "  b:\n    image: x:1\n    environment:\n      OLLAMA_BASE_URL: http://localhost:11434\n";
    for (broken, line, column) in [
        ("    environment:\n      N: \"x\"y\n", 5, 13),
        ("    ports: [\"80:80\"\n", 4, 12),
        ("    ports: [\"80:80\"\n    labels: {a: b}\n", 4, 12),
        ("    labels: {a: b\n", 4, 13),
        ("    hostname: \"open\n", 4, 15),
        ("    hostname: \"open\n    ports:\n      - \"80:80\"\n", 4, 15),
        ("    hostname: 'open\n    ports:\n      - '80:80'\n      - '81:81'\n", 4, 15),
        ("   ports: []\n", 4, 4),
        ("    @ports: []\n", 4, 5),
        ("    command: *gone\n", 4, 14),
        ("    command: {a: b]\n", 4, 14),
    ] {
        let text = format!("services:\n  a:\n    image: x:1\n{broken}{healthy}");
        let found = run(folder(&[("compose.yaml", &text)]).path(), &["lint", "--format", "json"]).json();
        let findings = found["findings"].as_array().unwrap();
        let of = |rule: &str| findings.iter().filter(|f| f["rule"] == rule).collect::<Vec<_>>();
        let [fault] = of("yaml-syntax")[..] else { panic!("{text}{found}") };
        let start = &fault["range"]["start"];
        assert_eq!((start["line"].as_u64(), start["column"].as_u64()), (Some(line), Some(column)), "{text}{fault}");
        let [told] = of("loopback-url")[..] else { panic!("{text}{found}") };
        assert_eq!(told["services"][0], "b");
    }
    // A broken override or env file doesn't hide what the base says.
    let base = format!("services:\n{healthy}");
    for (name, text) in [("compose.override.yaml", "services:\n  b:\n    ports: [\n"), (".env", "A=\"open\n")] {
        let dir = folder(&[("compose.yaml", &base), (name, text)]);
        let found = run(dir.path(), &["lint", "--format", "json"]).json();
        let told: Vec<&str> =
            found["findings"].as_array().unwrap().iter().map(|f| f["file"].as_str().unwrap()).collect();
        assert!(told.contains(&name) && told.contains(&"compose.yaml"), "{found}");
    }
}

#[cfg(unix)]
#[test]
fn pipes_devices_and_circles_of_links_are_no_files() {
    use std::os::unix::fs::symlink;
    let whole = "services:\n  a:\n    image: x:1\n    env_file: a.env\n";
    let pipe = |path: &Path| {
        let made = std::process::Command::new("mkfifo").arg(path).status();
        made.is_ok_and(|s| s.success())
    };
    let dir = folder(&[("compose.yaml", whole)]);
    if pipe(&dir.path().join("a.env")) {
        // Nobody writes into it: reading would wait for ever.
        assert!((1..=2).contains(&run(dir.path(), &["lint"]).status));
    }
    let dir = folder(&[]);
    symlink("/dev/zero", dir.path().join("compose.yaml")).unwrap();
    assert_eq!(run(dir.path(), &["lint"]).status, 2);
    let dir = folder(&[]);
    symlink("compose.yaml", dir.path().join("compose.yaml")).unwrap();
    assert_eq!(run(dir.path(), &["lint"]).status, 2);
    let dir = folder(&[("x/compose.yaml", "services:\n  a:\n    image: x:1\n")]);
    symlink("..", dir.path().join("x/up")).unwrap();
    let found = run(dir.path(), &["lint", "--recursive", "--format", "json"]).json();
    assert_eq!(found["projects"].as_array().unwrap().len(), 1);
}

#[cfg(unix)]
#[test]
fn an_unreadable_file_is_told() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = folder(&[("compose.yaml", "services:\n  a:\n    image: x:1\n    env_file: a.env\n"), ("a.env", "A=1\n")]);
    let path = dir.path().join("a.env");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).unwrap();
    if std::fs::read(&path).is_ok() {
        println!("SKIPPED: root may read everything");
        return;
    }
    let said = run(dir.path(), &["lint", "--format", "json"]);
    assert!((1..=2).contains(&said.status), "{}", said.err);
    assert!(said.err.contains("a.env") || said.out.contains("a.env"), "{}{}", said.out, said.err);
}

/// Control characters and marks that turn the writing direction, wherever they stand in a file or its name.
#[test]
fn nothing_in_a_file_steers_the_terminal() {
    let compose = "services:
  \"a\\e[31mX\":
    image: \"x\\e]0;title\\a:1\"
    env_file: \"v\\e[31m.env\"
    depends_on: [\"z\\e[2Jz\"]
    ports: [\"\\e[1mx:80\"]
    environment:
      OLLAMA_BASE_URL: \"http://localhost:11434/\\e[31m\"
      \"K\\e[2J\": \"http://gone\\u202e\\u009b1m:80\"
      RAW: http://localhost:11434/\u{202e}\u{2066}
  \"b\\r\\e[A\": {image: \"x:1\", network_mode: \"service:a\\e[31mX\"}
";
    let dir = folder(&[("compose.yaml", compose), (".env", "A\u{1b}[31m=1\nB=\u{9b}2J\n")]);
    let bad = |c: char| {
        (c.is_control() && c != '\n')
            || ('\u{202a}'..='\u{202e}').contains(&c)
            || ('\u{2066}'..='\u{2069}').contains(&c)
    };
    for args in [
        &["lint"][..],
        &["lint", "--lang", "zh"],
        &["lint", "--format", "concise"],
        &["lint", "--format", "json"],
        &["reach"],
        &["reach", "--from", "a\u{1b}[31m", "--to", "b\u{1b}[2J"],
        &["env"],
        &["env", "no\u{1b}[31m"],
        &["config", "--origins"],
        &["fix", "--unsafe", "--to", "host-network"],
        &["explain", "connect ECONNREFUSED localhost:11434 \u{1b}[31m\u{202e}"],
        &["lint", "no\u{1b}[31mfile"],
    ] {
        let dir = common::copy(dir.path());
        let said = run(dir.path(), args);
        assert!(!said.out.contains(bad), "{args:?}: {:?}", said.out);
        assert!(!said.err.contains(bad), "{args:?}: {:?}", said.err);
    }
}

/// In this process: load, survey and check texts that were cut and changed at random.
#[test]
fn changed_texts_never_panic() {
    use dockline::source::Files;
    let seeds = [
        std::fs::read_to_string(common::root().join("fixtures/seeds/dify/compose.yaml")).unwrap(),
        std::fs::read_to_string(common::root().join("fixtures/seeds/one-api/compose.yaml")).unwrap(),
        "services:\n  a: &a\n    image: \"x:1\" # c\n    command: |\n      a\n      b\n    environment: {A: '1', <<: *b, \"B\": ${C:-d}}\n".to_owned(),
    ];
    let bits = [
        "\n", " ", "\t", ":", "- ", "#", "'", "\"", "{", "}", "[", "]", "&a", "*a", "<<: ", "|", ">", "${", "}", "$$",
        "!reset ", "中", "\u{feff}", "\r", "?", "%", "---\n",
    ];
    let mut dice = Dice(7);
    let dir = folder(&[]);
    for round in 0..1_500 {
        let mut text = seeds[round % seeds.len()].clone();
        for _ in 0..=dice.roll(4) {
            let mut at = dice.roll(text.len() + 1);
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            match dice.roll(4) {
                0 => text.truncate(at),
                1 => text.insert_str(at, bits[dice.roll(bits.len())]),
                2 => {
                    let end = (at + dice.roll(20)).min(text.len());
                    if text.is_char_boundary(end) {
                        text.replace_range(at..end, "");
                    }
                }
                _ => {
                    let end = (at + dice.roll(60)).min(text.len());
                    if text.is_char_boundary(end) {
                        let piece = text.get(at..end).unwrap().to_owned();
                        text.insert_str(at, &piece);
                    }
                }
            }
        }
        let path = dir.path().join("compose.yaml");
        let overlay = std::iter::once((path.clone(), text.clone().into_bytes())).collect();
        let mut files = Files::with_overlay(dir.path().to_path_buf(), overlay);
        let request = dockline::compose::Request {
            dir: dir.path().to_path_buf(),
            files: vec![path],
            env_files: None,
            profiles: Vec::new(),
            name: None,
        };
        let project = dockline::compose::load(&mut files, &request, &foldhash::HashMap::default());
        let facts = dockline::network::Facts::default();
        let survey = dockline::network::Survey::new(&project, &facts);
        for rule in dockline::rules::ALL {
            for finding in dockline::rule::Cx::run(rule, &files, &survey, None, false, &|_, _| false) {
                let span = finding.place.span;
                let there = files.get(span.file).text.get(span.range()).is_some();
                assert!(there, "round {round}: {} points outside the text:\n{text}", rule.id);
            }
        }
        dockline::compose::canonical(&project, dockline::compose::Notation::Yaml);
    }
}

/// In this process: `.env` texts, templates, messages and configurations out of pieces that mean something there.
#[test]
fn texts_of_every_kind_never_panic() {
    let bits = [
        "A",
        "=",
        ":",
        " ",
        "\n",
        "\r",
        "\t",
        "\"",
        "'",
        "\\",
        "$",
        "{",
        "}",
        "${A:-",
        "${B:?",
        "$$",
        "#",
        " #",
        "export ",
        "中",
        "\u{feff}",
        "\0",
        "`",
        "\\n",
        "[",
        "]",
        "localhost:11434",
        "http://",
        "->",
        "@",
        "%3a%2f%2f",
        "refused",
        "lookup ",
    ];
    let mut dice = Dice(11);
    let process = foldhash::HashMap::default();
    for _ in 0..20_000 {
        let text: String = (0..dice.roll(24)).map(|_| bits[dice.roll(bits.len())]).collect();
        let mut files = dockline::source::Files::new("/nonexistent".into());
        let id = files.add_text("t", text.clone().into_bytes());
        let read = dockline::dotenv::parse(id, &files.get(id).text);
        for line in &read.lines {
            assert!(files.get(id).text.get(line.span.range()).is_some(), "{text:?}");
        }
        dockline::interpolation::Scope::new(process.clone()).add_file(&read);
        let _ = dockline::template::parse(&text);
        let _ = dockline::config::parse(&text);
        let (tree, _) = dockline::yaml::parse(id, &files.get(id).text);
        for comment in &tree.comments {
            assert!(files.get(id).text.get(comment.start as usize..comment.end as usize).is_some(), "{text:?}");
        }
        dockline::explain::read(&text);
        dockline::diag::mask(&text);
    }
}

/// What `fix` makes of changed texts still parses, keeps every guard, and is not changed again. `ROUNDS=5000` tries more.
#[test]
fn fixes_of_changed_texts_hold() {
    let seed = "x-e: &e\n  OLLAMA_BASE_URL: http://localhost:11434 # c\nservices:\n  a: # 中\n    image: x:1\n    environment:\n      <<: *e\n      B: \"http://127.0.0.1:5432\"\n    ports:\n    - \"3000:80\"\n  db: {image: 'postgres:16', networks: [n]}\n  c:\n    image: x:1\n    network_mode: host\n    environment:\n      - U=postgres://u:p@db:5432/x\n      - V=http://localhost:11434\nnetworks:\n  n:\n";
    let lines: Vec<&str> = seed.lines().collect();
    let mut dice = Dice(3);
    let mut changed = 0;
    let rounds = std::env::var("ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(120);
    for round in 0..rounds {
        let mut text: Vec<String> = lines.iter().map(|l| (*l).to_owned()).collect();
        for _ in 0..=dice.roll(3) {
            let at = dice.roll(text.len());
            match dice.roll(5) {
                0 => drop(text.remove(at)),
                1 => text.insert(at, lines[dice.roll(lines.len())].to_owned()),
                2 => text.insert(at, "   # note".to_owned()),
                3 => text[at] = text[at].replace("localhost", "db").replace(": ", ":  "),
                _ => text[at].push_str("  # tail"),
            }
        }
        let text = text.join(if round % 3 == 0 { "\r\n" } else { "\n" });
        let dir = folder(&[("compose.yaml", &text)]);
        if run(dir.path(), &["config"]).status != 0 {
            continue;
        }
        let strategy = ["auto", "host-gateway", "host-network", "service"][round % 4];
        let args = ["fix", "--unsafe", "--format", "json", "--to", strategy];
        let said = run(dir.path(), &args);
        assert!((0..=1).contains(&said.status), "{text}\n{}", said.err);
        assert_eq!(said.json()["bugs"], serde_json::json!([]), "round {round}, --to {strategy}:\n{text}");
        let once = common::contents(dir.path());
        changed += usize::from(once["compose.yaml"] != text.as_bytes());
        run(dir.path(), &args);
        assert_eq!(common::contents(dir.path()), once, "round {round}, --to {strategy}: not stable\n{text}");
    }
    assert!(changed > rounds / 5, "only {changed} texts had anything to fix");
}

#[test]
fn every_cut_of_a_file_is_survived() {
    let text =
        std::fs::read_to_string(common::root().join("fixtures/rules/loopback-url/bad-anchor/compose.yaml")).unwrap();
    for end in (0..text.len()).filter(|i| text.is_char_boundary(*i)).step_by(7) {
        let dir = folder(&[("compose.yaml", text.get(..end).unwrap())]);
        let said = common::finish(command(dir.path(), &["lint"]));
        assert!((0..=2).contains(&said.status), "cut at {end}: {}", said.err);
    }
}
