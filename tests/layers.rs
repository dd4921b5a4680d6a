//! Imports point downward: a room of `src/` uses only rooms below it. No exceptions.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::path::{Path, PathBuf};

/// The rooms by floor, the lowest first. Rooms of one floor don't know each other.
const FLOORS: &[&[&str]] = &[
    &["source"],
    &["diag"],
    &["template"],
    &["yaml", "dotenv", "report", "config"],
    &["catalog", "interpolation"],
    &["compose"],
    &["network"],
    &["remedy"],
    &["rule", "view"],
    &["rules"],
    &["lint", "explain"],
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

#[test]
fn imports_point_downward() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    let mut wrong = Vec::new();
    let mut seen = 0;
    for file in files {
        let inside = file.strip_prefix(&src).unwrap();
        let first = inside.components().next().unwrap().as_os_str().to_string_lossy().into_owned();
        let room = first.trim_end_matches(".rs").to_owned();
        let text = std::fs::read_to_string(&file).unwrap();
        for (number, line) in text.lines().enumerate() {
            // What a macro's documentation names is no import.
            let code = line.split("//").next().unwrap_or(line);
            for (at, _) in code.match_indices("crate::") {
                let rest = &code.get(at + "crate::".len()..).unwrap_or("");
                let used: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                // `crate::text!` is the macro of `diag`.
                let used = if used == "text" { "diag".to_owned() } else { used };
                if used.is_empty() || used == room {
                    continue;
                }
                seen += 1;
                if floor(&used) >= floor(&room) {
                    wrong.push(format!("{}:{}: {room} uses {used}", inside.display(), number + 1));
                }
            }
        }
    }
    assert!(seen > 100, "only {seen} imports were read: has the form of paths changed?");
    assert!(wrong.is_empty(), "upward imports:\n{}", wrong.join("\n"));
}
