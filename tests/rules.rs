//! One test per folder of `fixtures/rules`: what lint says there in both languages, and what must hold of every rule.
//! `BLESS=1 cargo test --test rules` rewrites the expected texts; read what changed.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::string_slice, reason = "a test may panic")]

mod common;

use std::path::{Path, PathBuf};

use common::{contents, copy, expect, root, run};
use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;

fn main() {
    let args = Arguments::from_args();
    let mut trials = Vec::new();
    for rule in folders(&root().join("fixtures/rules")) {
        for case in folders(&rule) {
            let id = name(&rule);
            trials.push(Trial::test(format!("{id}/{}", name(&case)), move || check(&id, &case)));
        }
    }
    libtest_mimic::run(&args, trials).exit();
}

fn folders(dir: &Path) -> Vec<PathBuf> {
    let mut out: Vec<PathBuf> =
        std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()).filter(|p| p.is_dir()).collect();
    out.sort();
    out
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

fn arguments<'a>(verb: &'a str, own: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut out = vec![verb];
    out.extend(own.split_whitespace());
    out.extend(more);
    out
}

fn check(rule: &str, case: &Path) -> Result<(), Failed> {
    let own = std::fs::read_to_string(case.join("args")).unwrap_or_default();
    let work = copy(case);
    let here = work.path();
    let lint = |dir: &Path, more: &[&str]| run(dir, &arguments("lint", &own, more));
    let found = lint(here, &["--format", "json"]).json();
    let mine = of(&found, rule);
    if name(case).starts_with("ok-") {
        let loud: Vec<&Value> = list(&found).iter().filter(|f| f["severity"] != "info").collect();
        if !mine.is_empty() || !loud.is_empty() {
            return Err(format!("must be silent: {}", serde_json::to_string_pretty(&found["findings"]).unwrap()).into());
        }
        return Ok(());
    }
    if mine.is_empty() {
        return Err("the rule says nothing".into());
    }
    places(here, &found)?;
    fix_kind(rule, &mine)?;
    let english = lint(here, &[]);
    let chinese = lint(here, &["--lang", "zh"]);
    expect(&case.join("expected.txt"), &english.out)?;
    expect(&case.join("expected.zh.txt"), &chinese.out)?;
    only_chinese(&chinese.out, here)?;
    carets(&english.out)?;
    carets(&chinese.out)?;
    variants(case, &own, rule, &found)?;
    fixes(case, here, &own, rule, &mine)
}

fn list(found: &Value) -> &Vec<Value> {
    found["findings"].as_array().unwrap()
}

fn of<'v>(found: &'v Value, rule: &str) -> Vec<&'v Value> {
    list(found).iter().filter(|f| f["rule"] == rule).collect()
}

/// Every range lies in its file, on character boundaries, and line and column say the same as the offset.
fn places(dir: &Path, found: &Value) -> Result<(), Failed> {
    let mut ranges = Vec::new();
    for finding in list(found) {
        ranges.push((&finding["file"], &finding["range"]));
        ranges.extend(finding["related"].as_array().unwrap().iter().map(|r| (&r["file"], &r["range"])));
        for fix in finding["fixes"].as_array().unwrap() {
            for edit in fix["edits"].as_array().unwrap().iter().filter(|e| e["create"] != true) {
                ranges.push((&edit["file"], &edit["range"]));
            }
        }
    }
    for (file, range) in ranges {
        let text = std::fs::read_to_string(dir.join(file.as_str().unwrap())).unwrap();
        for end in ["start", "end"] {
            let at = &range[end];
            let offset = at["offset"].as_u64().unwrap() as usize;
            let before = text.get(..offset).ok_or(format!("{file} {at}: not on a character"))?;
            let line = before.matches('\n').count() + 1;
            let column = before[before.rfind('\n').map_or(0, |i| i + 1)..].chars().count() + 1;
            if (Some(line as u64), Some(column as u64)) != (at["line"].as_u64(), at["column"].as_u64()) {
                return Err(format!("{file}: {at} is line {line}, column {column}").into());
            }
        }
    }
    Ok(())
}

/// A rule that says it never fixes offers nothing; one that always does offers something each time.
fn fix_kind(rule: &str, mine: &[&Value]) -> Result<(), Failed> {
    let kind = dockline::rules::rule(rule).ok_or("no such rule")?.fix;
    for finding in mine {
        let offered = !finding["fixes"].as_array().unwrap().is_empty();
        let wrong = match kind {
            dockline::rule::FixKind::Never => offered,
            dockline::rule::FixKind::Always => !offered,
            dockline::rule::FixKind::Sometimes => false,
        };
        if wrong {
            return Err(format!("the rule says it fixes {}: {finding}", kind.name()).into());
        }
    }
    Ok(())
}

/// No English sentence is left: no four words in a row outside code, paths and commands.
fn only_chinese(text: &str, dir: &Path) -> Result<(), Failed> {
    // What the person's own files say is theirs.
    let own: String = contents(dir).values().map(|b| String::from_utf8_lossy(b).into_owned()).collect();
    for line in text.lines() {
        let snippet = line.trim_start_matches(['│', ' ', '┆']).chars().next().is_some_and(|c| c.is_ascii_digit())
            || line.contains("sudo ")
            || own.contains(line.rsplit(['━', '─']).next().unwrap_or(line).trim())
            || line.contains('│') && !line.contains('━') && !line.contains('─');
        if snippet {
            continue;
        }
        let mut plain = String::new();
        for (index, part) in line.split('`').enumerate() {
            if index % 2 == 0 {
                plain.push_str(part);
            }
        }
        let mut row = 0;
        for word in plain.split_whitespace() {
            let word = word.trim_matches(|c: char| ",.:;()（），。：；、".contains(c));
            let english = word.len() > 1 && word.bytes().all(|b| b.is_ascii_lowercase());
            row = if english { row + 1 } else { 0 };
            if row == 4 {
                return Err(format!("English in the Chinese text: {line}").into());
            }
        }
    }
    Ok(())
}

/// A line of marks lies under the columns that the snippet line above it has: nothing is marked beyond its end.
fn carets(text: &str) -> Result<(), Failed> {
    let width = |s: &str| unicode_width::UnicodeWidthStr::width(s);
    let lines: Vec<&str> = text.lines().collect();
    for pair in lines.windows(2) {
        let (Some(above), Some(below)) = (pair[0].split_once("│ "), pair[1].split_once("│ ")) else { continue };
        if !above.0.trim().chars().all(|c| c.is_ascii_digit()) || above.0.trim().is_empty() {
            continue;
        }
        let Some(start) = below.1.find(['━', '─']) else { continue };
        let end = below.1[start..].find(|c| c != '━' && c != '─').map_or(below.1.len(), |i| start + i);
        let (from, to) = (width(&below.1[..start]), width(&below.1[..end]));
        // One column more than the text is the place behind its end.
        if to > width(above.1) + 1 || from > width(above.1) {
            return Err(format!("marks beyond the text:\n{}\n{}", pair[0], pair[1]).into());
        }
        if above.1.chars().nth(from).is_none() && from > 0 && above.1.is_ascii() && from > above.1.len() {
            return Err(format!("marks start behind the text:\n{}\n{}", pair[0], pair[1]).into());
        }
    }
    Ok(())
}

fn facts(found: &Value, rule: &str) -> Vec<String> {
    let mut out: Vec<String> = of(found, rule)
        .iter()
        .map(|f| format!("{} {} {} {}", f["severity"], f["cause"], f["file"], f["path"]))
        .collect();
    out.sort();
    out
}

/// Other line ends and a missing last one change nothing that is found.
fn variants(case: &Path, own: &str, rule: &str, found: &Value) -> Result<(), Failed> {
    for (what, change) in [
        ("CRLF", (|t: &str| t.replace("\r\n", "\n").replace('\n', "\r\n")) as fn(&str) -> String),
        ("no final newline", |t: &str| t.trim_end().to_owned()),
    ] {
        let work = copy(case);
        for (file, bytes) in contents(work.path()) {
            if let Ok(text) = String::from_utf8(bytes) {
                std::fs::write(work.path().join(file), change(&text)).unwrap();
            }
        }
        let again = run(work.path(), &arguments("lint", own, &["--format", "json"])).json();
        if facts(&again, rule) != facts(found, rule) {
            return Err(format!("{what}: {:?} instead of {:?}", facts(&again, rule), facts(found, rule)).into());
        }
    }
    Ok(())
}

fn comments(files: &std::collections::BTreeMap<String, Vec<u8>>) -> Vec<String> {
    let mut out = Vec::new();
    for bytes in files.values() {
        for line in String::from_utf8_lossy(bytes).lines() {
            if let Some(at) = line.find(" #").or_else(|| line.starts_with('#').then_some(0)) {
                out.push(line[at..].trim().to_owned());
            }
        }
    }
    out.sort();
    out
}

/// What fix writes: once, nothing lost, and the rule is silent where it offered something.
fn fixes(case: &Path, here: &Path, own: &str, rule: &str, mine: &[&Value]) -> Result<(), Failed> {
    let before = contents(here);
    let said = run(here, &arguments("fix", own, &["--unsafe", "--format", "json"]));
    if !(0..=1).contains(&said.status) {
        return Err(format!("fix ended with {}: {}", said.status, said.err).into());
    }
    let after = contents(here);
    let again = run(here, &arguments("fix", own, &["--unsafe"]));
    if contents(here) != after {
        return Err(format!("a second fix changed files again: {}", again.out).into());
    }
    let (old, new) = (comments(&before), comments(&after));
    if let Some(lost) = old.iter().find(|c| !new.contains(c)) {
        return Err(format!("a comment is gone: {lost}").into());
    }
    let wanted = case.join("fixed");
    let bless = std::env::var_os("BLESS").is_some();
    if bless && wanted.exists() {
        std::fs::remove_dir_all(&wanted).unwrap();
    }
    for (file, bytes) in &after {
        if before.get(file) == Some(bytes) {
            continue;
        }
        if bless {
            std::fs::create_dir_all(&wanted).unwrap();
            std::fs::write(wanted.join(file), bytes).unwrap();
        } else if std::fs::read(wanted.join(file)).ok().as_ref() != Some(bytes) {
            let text = String::from_utf8_lossy(bytes);
            return Err(format!("fixed/{file} is not what fix wrote (BLESS=1 rewrites it):\n{text}").into());
        }
    }
    if !bless && wanted.exists() {
        for file in contents(&wanted).keys() {
            if before.get(file) == after.get(file) {
                return Err(format!("fix no longer changes {file}").into());
            }
        }
    }
    let offered = mine.iter().any(|f| !f["fixes"].as_array().unwrap().is_empty());
    if offered && before == after {
        return Err("a fix is offered and fix wrote nothing".into());
    }
    let left = run(here, &arguments("lint", own, &["--format", "json"])).json();
    let still: Vec<&Value> =
        of(&left, rule).into_iter().filter(|f| !f["fixes"].as_array().unwrap().is_empty()).collect();
    if !still.is_empty() {
        return Err(format!("fix left what it offered to mend: {still:?}").into());
    }
    Ok(())
}
