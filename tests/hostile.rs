//! No input makes the program panic, hang or eat memory, and what is whole beside a broken file is still linted.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod common;

use std::fmt::Write as _;
use std::path::Path;

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

/// A small fixed generator, so that a failure can be made again.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % (sides as u64)).unwrap()
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
        let overlay = std::collections::HashMap::from([(path.clone(), text.clone().into_bytes())]);
        let mut files = Files::with_overlay(dir.path().to_path_buf(), overlay);
        let request = dockline::compose::Request {
            dir: dir.path().to_path_buf(),
            files: vec![path],
            env_files: None,
            profiles: Vec::new(),
            name: None,
        };
        let project = dockline::compose::load(&mut files, &request, &std::collections::HashMap::new());
        let facts = dockline::network::Facts::default();
        let survey = dockline::network::Survey::new(&project, &facts);
        for rule in dockline::rules::ALL {
            for finding in dockline::rule::Cx::run(rule, &files, &survey, None, false) {
                let span = finding.place.span;
                let there = files.get(span.file).text.get(span.range()).is_some();
                assert!(there, "round {round}: {} points outside the text:\n{text}", rule.id);
            }
        }
        dockline::compose::canonical(&project);
    }
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
