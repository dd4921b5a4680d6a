//! One test per folder of `fixtures/rules`: what lint says there in both languages, and what must hold of every rule.
//! `BLESS=1 cargo test --test rules` rewrites the expected texts; read what changed.
//!
//! Besides the project's own files a folder holds what belongs to the test: `args` (more of the command line), `shell` (`NAME=value`
//! lines, the environment that dockline is started in), `expected.txt`, `expected.zh.txt` and `fixed/` (the files that
//! `fix --unsafe` changes, as they are afterwards).
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::string_slice, reason = "a test may panic")]

mod common;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use common::{Said, command, contents, copy, expect, finish, root};
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

/// A folder of fixtures.
struct Case {
    dir: PathBuf,
    rule: String,
    args: Vec<String>,
    shell: Vec<(String, String)>,
}

impl Case {
    fn new(rule: &str, dir: &Path) -> Self {
        let read = |name: &str| std::fs::read_to_string(dir.join(name)).unwrap_or_default();
        Self {
            dir: dir.to_path_buf(),
            rule: rule.to_owned(),
            args: read("args").split_whitespace().map(str::to_owned).collect(),
            shell: read("shell").lines().filter_map(|l| l.split_once('=')).map(|(k, v)| (k.into(), v.into())).collect(),
        }
    }

    fn run(&self, work: &Path, verb: &str, more: &[&str]) -> Said {
        let mut args = vec![verb];
        args.extend(self.args.iter().map(String::as_str));
        args.extend(more);
        let mut command = command(work, &args);
        command.envs(self.shell.iter().map(|(k, v)| (k, v)));
        finish(command)
    }

    fn found(&self, work: &Path) -> Value {
        self.run(work, "lint", &["--format", "json"]).json()
    }
}

fn check(rule: &str, dir: &Path) -> Result<(), Failed> {
    let case = Case::new(rule, dir);
    let work = copy(dir);
    let here = work.path();
    let found = case.found(here);
    let mine = of(&found, rule);
    if name(dir).starts_with("ok-") {
        let loud: Vec<&Value> = list(&found).iter().filter(|f| f["severity"] != "info").collect();
        if !mine.is_empty() || !loud.is_empty() {
            return Err(format!("must be silent: {}", serde_json::to_string_pretty(&found["findings"]).unwrap()).into());
        }
        return Ok(());
    }
    if mine.is_empty() {
        return Err(format!(
            "the rule says nothing, but: {}",
            serde_json::to_string_pretty(&found["findings"]).unwrap()
        )
        .into());
    }
    places(here, &found)?;
    declared(rule, &mine)?;
    let english = case.run(here, "lint", &[]);
    let chinese = case.run(here, "lint", &["--lang", "zh"]);
    expect(&dir.join("expected.txt"), &english.out)?;
    expect(&dir.join("expected.zh.txt"), &chinese.out)?;
    only_chinese(&chinese.out, here)?;
    marks(&english.out, here, &found)?;
    marks(&chinese.out, here, &found)?;
    variants(&case, &found)?;
    fixes(&case, here, &mine)
}

fn list(found: &Value) -> &Vec<Value> {
    found["findings"].as_array().unwrap()
}

fn of<'v>(found: &'v Value, rule: &str) -> Vec<&'v Value> {
    list(found).iter().filter(|f| f["rule"] == rule).collect()
}

/// A file as dockline reads it: a byte that is no text counts as one character.
fn decoded(path: &Path) -> String {
    let bytes = std::fs::read(path).unwrap_or_default();
    bytes.utf8_chunks().flat_map(|c| [c.valid().to_owned(), "?".repeat(c.invalid().len())]).collect()
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
        let text = decoded(&dir.join(file.as_str().unwrap()));
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

/// What a rule says of itself holds of its findings: the causes, and whether they come with a fix.
fn declared(rule: &str, mine: &[&Value]) -> Result<(), Failed> {
    let rule = dockline::rules::rule(rule).ok_or("no such rule")?;
    let kind = rule.fix;
    for finding in mine {
        if finding["cause"].as_str().is_some_and(|cause| !rule.causes.contains(&cause)) {
            return Err(format!("the rule names no such cause: {finding}").into());
        }
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

/// No English sentence is left: no four words in a row outside code, places, commands and what the files themselves say.
fn only_chinese(text: &str, dir: &Path) -> Result<(), Failed> {
    let own: String = contents(dir).values().map(|b| String::from_utf8_lossy(b).into_owned()).collect();
    for line in text.lines() {
        let said = line.rsplit(['━', '─']).next().unwrap_or(line).trim();
        // Lines of the files, labels that quote them, names of menus, and commands to copy.
        let quoted = Drawn::of(line).is_some()
            || own.contains(said)
            || line.starts_with("  位置 ")
            || line.starts_with("          ");
        if quoted {
            continue;
        }
        let mut plain = String::new();
        for (index, part) in said.split('`').enumerate() {
            plain.push_str(if index % 2 == 0 { part } else { "`" });
        }
        // What stands in brackets behind its translation is the wording of error messages.
        let gloss = |part: &str| {
            part.rsplit_once('（').map_or(part.to_owned(), |(before, inside)| {
                if inside.is_ascii() { before.to_owned() } else { part.to_owned() }
            })
        };
        let plain: String = plain.split('）').map(gloss).collect::<Vec<_>>().join("）");
        let mut row = 0;
        for word in plain.split(|c: char| c == ' ' || !c.is_ascii()) {
            let word = word.trim_matches(|c: char| ",.:;()!?".contains(c));
            row = if !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphabetic() || b == b'\'') {
                row + 1
            } else {
                0
            };
            if row == 4 {
                return Err(format!("English in the Chinese text: {line}").into());
            }
        }
    }
    Ok(())
}

/// A line of a file as it is drawn.
struct Drawn<'t> {
    number: u64,
    text: &'t str,
}

impl<'t> Drawn<'t> {
    fn of(line: &'t str) -> Option<Self> {
        let (number, text) = line.split_once(" │ ")?;
        Some(Self { number: number.trim().parse().ok()?, text })
    }

    /// What stands in these columns, counting wide characters as two.
    fn columns(&self, from: usize, to: usize) -> String {
        let mut at = 0;
        let mut out = String::new();
        for c in self.text.chars() {
            if at >= from && at < to {
                out.push(c);
            }
            at += unicode_width::UnicodeWidthChar::width(c).unwrap_or(0);
        }
        out
    }
}

/// The runs of marks at the start of a line under a drawn one, as columns; the label that follows is none.
fn runs(line: &str) -> Vec<(usize, usize)> {
    let Some((_, rest)) = line.split_once("│ ").or_else(|| line.split_once("╰╴")) else { return Vec::new() };
    let mut out: Vec<(usize, usize)> = Vec::new();
    let mut open = false;
    for (column, c) in rest.chars().enumerate() {
        let mark = matches!(c, '━' | '─' | '┬' | '┳');
        match (mark, open) {
            (true, true) => out.last_mut().unwrap().1 = column + 1,
            (true, false) => out.push((column, column + 1)),
            (false, _) if c == ' ' => {}
            (false, _) => break,
        }
        open = mark;
    }
    out
}

/// Each mark stands under the text that a range of the findings covers, and each finding is named with its place.
fn marks(text: &str, dir: &Path, found: &Value) -> Result<(), Failed> {
    let mut ranges = Vec::new();
    for finding in list(found) {
        let start = &finding["range"]["start"];
        let place = format!("{}:{}:{}", finding["file"].as_str().unwrap(), start["line"], start["column"]);
        if !text.contains(&place) {
            return Err(format!("nothing is said of {place}").into());
        }
        ranges.push((&finding["file"], &finding["range"]));
        ranges.extend(finding["related"].as_array().unwrap().iter().map(|r| (&r["file"], &r["range"])));
    }
    let covered = |file: &str, line: u64| -> Vec<String> {
        let here = ranges.iter().filter(|(f, r)| *f == file && r["start"]["line"] == line);
        let text = decoded(&dir.join(file));
        let cut = |range: &Value| {
            let at = |end: &str| range[end]["offset"].as_u64().unwrap() as usize;
            // A tab is drawn as a blank.
            text.get(at("start")..at("end")).and_then(|t| t.lines().next()).unwrap_or("").replace('\t', " ")
        };
        here.map(|(_, range)| cut(range)).collect()
    };
    let (mut file, mut seen) = ("", 0);
    let lines: Vec<&str> = text.lines().collect();
    for pair in lines.windows(2) {
        if let Some((_, place)) = pair[0].split_once("╭▸ ").or_else(|| pair[0].split_once("⸬  ")) {
            file = place.rsplitn(3, ':').last().unwrap_or(place);
        }
        let Some(drawn) = Drawn::of(pair[0]) else { continue };
        for (from, to) in runs(pair[1]) {
            seen += 1;
            let marked = drawn.columns(from, to);
            let wanted = covered(file, drawn.number);
            // An empty range is marked by one column; of a secret only the ends can be compared, of a part of one nothing.
            let fits = |w: &String| match marked.split_once("***") {
                Some((before, after)) => w.starts_with(before) && w.ends_with(after),
                None if marked.is_empty() => w.is_empty() || drawn.text.ends_with("***"),
                None => *w == marked || w.is_empty() && marked.chars().count() == 1,
            };
            if !wanted.iter().any(fits) {
                return Err(format!("`{marked}` is marked, not {wanted:?}:\n{}\n{}", pair[0], pair[1]).into());
            }
        }
    }
    if seen == 0 && list(found).iter().any(|f| f["severity"] != "info") {
        return Err("nothing is marked".into());
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
fn variants(case: &Case, found: &Value) -> Result<(), Failed> {
    for (what, change) in [
        ("CRLF", (|t: &str| t.replace("\r\n", "\n").replace('\n', "\r\n")) as fn(&str) -> String),
        ("no final newline", |t: &str| t.trim_end().to_owned()),
    ] {
        let work = copy(&case.dir);
        for (file, bytes) in contents(work.path()) {
            if let Ok(text) = String::from_utf8(bytes) {
                std::fs::write(work.path().join(file), change(&text)).unwrap();
            }
        }
        let again = facts(&case.found(work.path()), &case.rule);
        let first = facts(found, &case.rule);
        if again != first {
            return Err(format!("{what}: {again:?} instead of {first:?}").into());
        }
    }
    Ok(())
}

fn comments(files: &BTreeMap<String, Vec<u8>>) -> Vec<String> {
    let mut out = Vec::new();
    for bytes in files.values() {
        for line in String::from_utf8_lossy(bytes).lines() {
            if let Some(at) = line.find(" #").or_else(|| line.starts_with('#').then_some(0)) {
                out.push(line[at..].trim().to_owned());
            }
        }
    }
    out
}

/// What fix writes: once, nothing lost, and the rule is silent where it offered something.
fn fixes(case: &Case, here: &Path, mine: &[&Value]) -> Result<(), Failed> {
    let before = contents(here);
    let said = case.run(here, "fix", &["--unsafe", "--format", "json"]);
    if !(0..=1).contains(&said.status) {
        return Err(format!("fix ended with {}: {}", said.status, said.err).into());
    }
    let told = said.json();
    if told["bugs"].as_array().is_some_and(|bugs| !bugs.is_empty()) {
        return Err(format!("a fix broke a guard: {}", told["bugs"]).into());
    }
    let after = contents(here);
    let again = case.run(here, "fix", &["--unsafe"]);
    if contents(here) != after {
        return Err(format!("a second fix changed files again: {}", again.out).into());
    }
    let mut left = comments(&after);
    for comment in comments(&before) {
        let at = left.iter().position(|c| *c == comment).ok_or(format!("a comment is gone: {comment}"))?;
        left.swap_remove(at);
    }
    blessed(&case.dir.join("fixed"), &before, &after)?;
    let offered = mine.iter().any(|f| !f["fixes"].as_array().unwrap().is_empty());
    if offered && before == after {
        return Err("a fix is offered and fix wrote nothing".into());
    }
    let found = case.found(here);
    let still: Vec<&Value> =
        of(&found, &case.rule).into_iter().filter(|f| !f["fixes"].as_array().unwrap().is_empty()).collect();
    if !still.is_empty() {
        return Err(format!("fix left what it offered to mend: {still:?}").into());
    }
    by_hand(case, &after)
}

/// The changed files are those of `fixed/`, and no other file is there.
fn blessed(wanted: &Path, before: &BTreeMap<String, Vec<u8>>, after: &BTreeMap<String, Vec<u8>>) -> Result<(), Failed> {
    let changed = after.iter().filter(|(file, bytes)| before.get(*file) != Some(*bytes));
    if std::env::var_os("BLESS").is_some() && wanted.exists() {
        std::fs::remove_dir_all(wanted).unwrap();
    }
    let mut known = if wanted.exists() { contents(wanted) } else { BTreeMap::new() };
    for (file, bytes) in changed {
        known.remove(file);
        match std::str::from_utf8(bytes) {
            // The bytes, not only the lines, must be the same.
            Ok(text) if text.contains('\r') && std::env::var_os("BLESS").is_none() => {
                if std::fs::read(wanted.join(file)).ok().as_ref() != Some(bytes) {
                    return Err(format!("fixed/{file} is not what fix wrote (BLESS=1 rewrites it):\n{text}").into());
                }
            }
            Ok(text) => expect(&wanted.join(file), text)?,
            Err(_) => return Err(format!("fix wrote what is no text to {file}").into()),
        }
    }
    known.keys().next().map_or(Ok(()), |file| Err(format!("fix no longer changes {file}").into()))
}

/// The edits of the JSON, made by hand one finding after the other, give the files that fix wrote: every other byte stays.
fn by_hand(case: &Case, fixed: &BTreeMap<String, Vec<u8>>) -> Result<(), Failed> {
    let work = copy(&case.dir);
    for _ in 0..40 {
        let found = case.found(work.path());
        let Some(fix) = list(&found).iter().find_map(|f| pick(f["fixes"].as_array().unwrap())) else { break };
        let mut edits: Vec<&Value> = fix["edits"].as_array().unwrap().iter().collect();
        // From the last to the first, so that the places of the others hold.
        edits.sort_by_key(|e| e["range"]["start"]["offset"].as_u64());
        edits.reverse();
        for edit in edits {
            let path = work.path().join(edit["file"].as_str().unwrap());
            let mut text = std::fs::read_to_string(&path).unwrap_or_default();
            let at = |end: &str| edit["range"][end]["offset"].as_u64().unwrap() as usize;
            text.replace_range(at("start")..at("end"), edit["replacement"].as_str().unwrap());
            std::fs::write(&path, text).unwrap();
        }
    }
    for (file, bytes) in contents(work.path()) {
        if fixed.get(&file) != Some(&bytes) {
            let text = String::from_utf8_lossy(&bytes);
            return Err(format!("the edits of the JSON make another {file} than fix wrote:\n{text}").into());
        }
    }
    Ok(())
}

/// The fix that `fix --unsafe` takes: the only repair, else a safe one, else by service name before by host gateway.
fn pick(fixes: &[Value]) -> Option<&Value> {
    let by = |strategy: &str| fixes.iter().find(|f| f["strategy"] == strategy);
    let safe = fixes
        .iter()
        .find(|f| f["applicability"] == "safe" && (f["strategy"] == "service" || f["strategy"] == "host-gateway"));
    by("repair").or(safe).or_else(|| by("service")).or_else(|| by("host-gateway"))
}
