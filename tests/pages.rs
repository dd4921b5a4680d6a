//! What the READMEs and `docs/commands.md` show is what the commands say: each `console` block is run in a copy of the shipped
//! examples, and its output compared. `BLESS=1 cargo test --test pages` rewrites the blocks. Links lead to files.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use common::{copy, expect, finish, root};

const PAGES: &[&str] = &["README.md", "README.zh-CN.md", "docs/commands.md"];

/// What a shell prints for a line, in a fresh copy of the One-API example (the Dify one lies beside it).
fn shell(line: &str) -> String {
    let seeds = copy(&root().join("fixtures/seeds"));
    let bin = Path::new(env!("CARGO_BIN_EXE_dockline")).parent().unwrap().display().to_string();
    let mut command = Command::new("/bin/sh");
    command.args(["-c", &format!("{{ {line}\n}} 2>&1")]).current_dir(seeds.path().join("one-api"));
    command.env_clear().env("PATH", format!("{bin}:/usr/bin:/bin")).env("HOME", "/nonexistent");
    finish(command).out
}

/// A page with what the commands of its blocks say today.
fn today(page: &str) -> String {
    let mut out = String::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        out.push_str(line);
        out.push('\n');
        if line != "```console" {
            continue;
        }
        let asked = lines.next().unwrap_or_default();
        let command = asked.strip_prefix("$ ").unwrap_or_else(|| panic!("a console block begins with `$ `: {asked}"));
        let said = shell(command);
        let _ = writeln!(out, "{asked}\n{}\n```", said.trim_end());
        assert!(lines.any(|l| l == "```"), "the block of `{asked}` has no end");
    }
    out
}

#[test]
fn examples_are_real() {
    let page = |name: &&str| {
        let path = root().join(name);
        expect(&path, &today(&std::fs::read_to_string(&path).unwrap())).err()
    };
    let wrong: Vec<String> = PAGES.iter().filter_map(page).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn links_lead_somewhere() {
    let docs = std::fs::read_dir(root().join("docs")).unwrap().map(|e| e.unwrap().path());
    let top = ["README.md", "README.zh-CN.md", "CONTRIBUTING.md"].map(|n| root().join(n));
    let mut dead = Vec::new();
    for page in docs.chain(top).filter(|p| p.extension().is_some_and(|e| e == "md")) {
        let text = std::fs::read_to_string(&page).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = link.split('#').next().unwrap();
            if !link.contains("://") && !file.is_empty() && !page.parent().unwrap().join(file).exists() {
                dead.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert!(dead.is_empty(), "{}", dead.join("\n"));
}
