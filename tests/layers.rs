//! Imports point downward: a room of `src/` uses only rooms below it. No exceptions.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The rooms by floor, the lowest first. Rooms of one floor don't know each other.
const FLOORS: &[&[&str]] = &[
    &["source"],
    &["diag"],
    &["template"],
    &["yaml", "dotenv", "report", "config", "templates"],
    &["catalog", "interpolation", "mounted", "stacks"],
    &["compose"],
    &["network", "engine"],
    &["remedy"],
    &["rule", "view"],
    &["rules"],
    &["lint", "explain", "doctor"],
    &["cli"],
    &["lib", "main"],
];

fn floor(room: &str) -> usize {
    FLOORS.iter().position(|rooms| rooms.contains(&room)).unwrap_or_else(|| panic!("`{room}` has no floor"))
}

fn sources(dir: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap().map(Result::unwrap) {
        if entry.path().is_dir() {
            sources(&entry.path(), out);
        } else if entry.path().extension().is_some_and(|e| e == "rs") {
            out.push(entry.path());
        }
    }
}

/// The names behind a path's start: one, or those of a group in braces.
fn heads(rest: &str) -> Vec<String> {
    let name = |text: &str| text.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let Some(group) = rest.strip_prefix('{') else { return vec![name(rest)] };
    let (mut depth, mut out, mut item) = (0, Vec::new(), String::new());
    for c in group.chars() {
        match c {
            '}' if depth == 0 => break,
            ',' if depth == 0 => out.push(name(&std::mem::take(&mut item))),
            _ => {
                depth += i32::from(c == '{') - i32::from(c == '}');
                item.push(c);
            }
        }
    }
    out.push(name(&item));
    out.retain(|n| !n.is_empty());
    out
}

/// A file's text without what stands behind `//`: what a comment names is no import.
fn code(text: &str) -> String {
    text.lines().flat_map(|line| [line.split("//").next().unwrap_or(line), "\n"]).collect()
}

#[test]
fn imports_point_downward() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    let mut wrong = Vec::new();
    let mut seen = 0;
    let mut rooms = BTreeSet::new();
    for file in files {
        let inside = file.strip_prefix(&src).unwrap();
        let first = inside.components().next().unwrap().as_os_str().to_string_lossy().into_owned();
        let room = first.trim_end_matches(".rs").to_owned();
        rooms.insert(room.clone());
        let text = code(&std::fs::read_to_string(&file).unwrap());
        // The library's own name is another word for its root, and so is one `super` too many.
        let depth = inside.components().count() - usize::from(inside.ends_with("mod.rs"));
        let above = format!("use {}", "super::".repeat(depth));
        for start in ["crate::", "dockline::", &above] {
            for (at, _) in text.match_indices(start) {
                let line = text.get(..at).unwrap().matches('\n').count() + 1;
                for used in heads(text.get(at + start.len()..).unwrap()) {
                    // `crate::text!` is the macro of `diag`.
                    let used = if used == "text" { "diag".to_owned() } else { used };
                    let known = FLOORS.iter().flat_map(|rooms| rooms.iter()).any(|r| **r == used);
                    // In a module inside a file, `super` may be the file itself.
                    if used == room || (start == above && !known) {
                        continue;
                    }
                    seen += 1;
                    if floor(&used) >= floor(&room) {
                        wrong.push(format!("{}:{line}: {room} uses {used}", inside.display()));
                    }
                }
            }
        }
    }
    assert!(seen > 100, "only {seen} imports were read: has the form of paths changed?");
    assert!(wrong.is_empty(), "upward imports:\n{}", wrong.join("\n"));
    let listed: BTreeSet<String> = FLOORS.iter().flat_map(|rooms| rooms.iter()).map(|r| (*r).to_owned()).collect();
    assert_eq!(rooms, listed, "the rooms of src/ and those of the table differ");
}

#[test]
fn groups_are_taken_apart() {
    assert_eq!(heads("diag::{Text, Lang};"), ["diag"]);
    assert_eq!(heads("{diag::{Text, Lang}, source, yaml::Tree};"), ["diag", "source", "yaml"]);
}
