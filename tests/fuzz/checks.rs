//! What must hold of any bytes at all: shared by the fuzzers in `fuzz/` and by `tests/fuzz.rs`, which replays what they found.
//! Each check panics where it does not hold.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use dockline::compose::{self, Found, Request, canonical, load_found};
use dockline::diag::Lang;
use dockline::interpolation::{Layered, Scope, interpolate};
use dockline::lint::{FixOptions, Options, findings, fix};
use dockline::network::{Facts, Survey};
use dockline::source::{FileId, Files, Sourced, Span, apply};
use dockline::{dotenv, template, yaml};
use foldhash::HashMap;

/// A check by the name of its fuzz target.
pub type Check = fn(&[u8]);

pub const ALL: [(&str, Check); 5] =
    [("yaml", yaml_text), ("dotenv", env_text), ("interpolation", template_text), ("load", project), ("fix", fixed)];

/// An address with all that quoting has to get right.
const NEW: &str = "http://host.docker.internal:11434/v1?a=b#c: d";

/// The input as a file: whether it may be edited, which only UTF-8 may, its id and text.
fn file(bytes: &[u8]) -> (bool, FileId, Rc<str>) {
    let mut files = Files::new(PathBuf::from("/nowhere"));
    let id = files.add_text("text", bytes.to_vec());
    let file = files.get(id);
    (file.editable(), id, file.text.clone())
}

fn inside(text: &str, span: Span, what: &str) {
    assert!(text.get(span.range()).is_some(), "{what}: {:?} is no range of {} bytes", span.range(), text.len());
}

/// YAML: every span lies in the text, and an edit of a scalar changes that scalar and nothing else.
pub fn yaml_text(bytes: &[u8]) {
    let (editable, id, text) = file(bytes);
    let (tree, faults) = yaml::parse(id, &text);
    for fault in &faults {
        assert!(fault.at <= text.len(), "fault at {} of {}", fault.at, text.len());
    }
    let scalars: Vec<yaml::NodeId> = tree.scalars().collect();
    for scalar in &scalars {
        inside(&text, tree.span(*scalar), "scalar");
        let sourced = yaml::sourced(&tree, *scalar);
        sourced.spans().iter().for_each(|span| inside(&text, *span, "piece"));
    }
    if !editable || !faults.is_empty() || scalars.is_empty() {
        return;
    }
    let chosen = scalars[bytes.iter().map(|b| usize::from(*b)).sum::<usize>() % scalars.len()];
    let Some(edit) = yaml::replace_scalar(&tree, chosen, NEW) else { return };
    let after: Rc<str> = apply(&text, &[edit]).expect("an edit of one scalar fits its text").into();
    let (again, faults) = yaml::parse(id, &after);
    assert!(faults.is_empty(), "{:?} after the edit: {after:?}", faults.first());
    let others: Vec<yaml::NodeId> = again.scalars().collect();
    assert_eq!(scalars.len(), others.len(), "scalars came or went: {after:?}");
    for (old, new) in scalars.iter().zip(&others) {
        let wanted = if *old == chosen { NEW } else { tree.scalar(*old) };
        assert_eq!(again.scalar(*new), wanted, "in {after:?}");
    }
}

/// An env file: every span lies in the text, and an edit of a value changes that value and nothing else.
pub fn env_text(bytes: &[u8]) {
    let (editable, id, text) = file(bytes);
    let raw = dotenv::parse_raw(id, &text);
    let parsed = dotenv::parse(id, &text);
    for line in raw.lines.iter().chain(&parsed.lines) {
        inside(&text, line.span, "line");
        inside(&text, line.key_span, "name");
        line.value.iter().for_each(|v| v.spans().iter().for_each(|span| inside(&text, *span, "value")));
    }
    let mut scope = Scope::new(HashMap::default());
    scope.add_file(&parsed);
    if !editable || parsed.fault.is_some() || parsed.lines.is_empty() {
        return;
    }
    let chosen = bytes.len() % parsed.lines.len();
    let line = &parsed.lines[chosen];
    let Some(span) = line.value.as_ref().and_then(|v| v.exact(0..v.text.len())).filter(|s| !s.is_empty()) else {
        return;
    };
    let new = "http://host.docker.internal:11434/v1";
    let Some(edit) = dotenv::replace_part(&text, line, span, new) else { return };
    let after = apply(&text, &[edit]).expect("an edit of one value fits its text");
    let again = dotenv::parse(id, &after);
    assert_eq!(again.fault, None, "after the edit: {after:?}");
    assert_eq!(parsed.lines.len(), again.lines.len(), "lines came or went: {after:?}");
    for (index, (old, now)) in parsed.lines.iter().zip(&again.lines).enumerate() {
        let wanted = if index == chosen { Some(new) } else { old.value.as_ref().map(|v| &*v.text) };
        assert_eq!((&old.key, wanted), (&now.key, now.value.as_ref().map(|v| &*v.text)), "in {after:?}");
    }
}

/// A template: the parts lie in the text in order, and a text without `$` is itself.
pub fn template_text(bytes: &[u8]) {
    let (_, id, text) = file(bytes);
    if let Err(invalid) = template::parse(&text) {
        assert!(text.get(invalid.at..).is_some_and(|rest| rest.starts_with('$')), "fault at {}", invalid.at);
    }
    let env = "A=1\nB=${A}x\nEMPTY=\nURL=http://localhost:11434/v1\n";
    let mut files = Files::new(PathBuf::from("/nowhere"));
    let env_id = files.add_text(".env", env.into());
    let mut scope = Scope::new([("HOME".to_owned(), "/root".to_owned())].into_iter().collect());
    scope.add_file(&dotenv::parse(env_id, env));
    let whole = Rc::new(Sourced::verbatim(&text, Span::new(id, 0..text.len())));
    let then = HashMap::default();
    let plain = interpolate(&whole, &scope);
    assert_eq!(plain, interpolate(&whole, &Layered { first: &scope, then: &then }));
    if !text.contains('$') {
        assert_eq!(plain.map(|v| v.text().to_owned()).ok().as_deref(), Some(&*text));
    }
}

/// The texts of an input: Compose file, `.env`, override file, parted by a line of dashes.
fn parts(bytes: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let mark = b"\n-----\n";
    let names = ["compose.yaml", ".env", "compose.override.yaml"].into_iter();
    let mut out = Vec::new();
    let mut rest = bytes;
    for name in names {
        let end = rest.windows(mark.len()).position(|w| w == mark);
        out.push((name, rest[..end.map_or(rest.len(), |i| i + 1)].to_vec()));
        match end {
            Some(at) => rest = &rest[at + mark.len()..],
            None => break,
        }
    }
    out
}

fn found(dir: &Path, parts: &[(&str, Vec<u8>)]) -> Found {
    let yaml = parts.iter().map(|(name, _)| *name).filter(|name| *name != ".env");
    let request = Request {
        dir: dir.to_path_buf(),
        files: yaml.map(|name| dir.join(name)).collect(),
        env_files: None,
        profiles: Vec::new(),
        name: None,
    };
    Found { request, base: None, reads: None, named: true, passed_over: Vec::new() }
}

/// A whole project: it loads, it is judged, and every finding points into a file.
pub fn project(bytes: &[u8]) {
    let dir = Path::new("/nowhere/project");
    let parts = parts(bytes);
    let found = found(dir, &parts);
    let overlay = parts.into_iter().map(|(name, text)| (dir.join(name), text)).collect();
    let mut files = Files::with_overlay(dir.to_path_buf(), overlay);
    let project = load_found(&mut files, &found, &HashMap::default());
    let _ = canonical(&project, compose::Notation::Yaml);
    let _ = compose::flatten(&project);
    let facts = Facts::default();
    let survey = Survey::new(&project, &facts);
    for finding in findings(&files, &survey, &Options::default()) {
        let places = std::iter::once(&finding.place).chain(finding.related.iter().map(|r| &r.place));
        for place in places {
            inside(&files.get(place.span.file).text, place.span, finding.rule);
        }
        assert!(!finding.message.get(Lang::En).is_empty() && !finding.message.get(Lang::Zh).is_empty());
    }
}

/// A whole project fixed: no guard is broken, what loaded still loads, and a second run has nothing to do.
pub fn fixed(bytes: &[u8]) {
    // In memory where the system has such a place: fixing reads what is on disk.
    let home = Path::new("/dev/shm");
    let builder = tempfile::Builder::new();
    let dir = if home.is_dir() { builder.tempdir_in(home) } else { builder.tempdir() }.expect("a scratch folder");
    let dir = dir.path();
    let parts = parts(bytes);
    for (name, text) in &parts {
        std::fs::write(dir.join(name), text).expect("a scratch file");
    }
    let found = [found(dir, &parts)];
    let process = HashMap::default();
    let loads = || !load_found(&mut Files::new(dir.to_path_buf()), &found[0], &process).rejected();
    let before = loads();
    let wanted = FixOptions { to: None, unsafe_fixes: true, listed: true, ..FixOptions::default() };
    let done = fix(dir, &found, &process, &Options::default(), &wanted);
    // Of keys that Compose refuses no fix knows whom they concern; that the guard takes it back is enough there.
    assert!(!before || done.bugs.is_empty(), "a guard was broken: {:?}", done.bugs);
    dockline::source::write_all(&done.changes).expect("changes that can be written");
    assert!(!before || loads(), "the fixed project no longer loads");
    let again = fix(dir, &found, &process, &Options::default(), &wanted);
    assert!(again.changes.is_empty(), "a second run changes more: {:?}", again.applied);
}
