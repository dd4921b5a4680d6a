//! What the tests share: the real binary in a scrubbed environment, copies of fixture folders, and the reference.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "each test binary uses its own part of it; a test may panic"
)]

pub mod dice;
pub mod engine;
pub mod nginx;
pub mod stack;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What a run said.
pub struct Said {
    pub status: i32,
    pub out: String,
    pub err: String,
}

impl Said {
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("no JSON ({e}): {}{}", self.out, self.err))
    }
}

/// Says why a test does nothing here, also where the test harness keeps what tests print to itself.
pub fn skipped(why: &str) {
    let _ = writeln!(std::io::stdout(), "SKIPPED: {why}");
}

/// Says what was measured, also where the test harness keeps what tests print to itself.
pub fn measured(what: &str) {
    let _ = writeln!(std::io::stdout(), "MEASURED: {what}");
}

pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The binary with nothing of the caller's environment but what finds programs.
pub fn command(dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dockline"));
    command.args(args).current_dir(dir).env_clear().env("HOME", "/nonexistent").env("PATH", "/nonexistent");
    command.stdin(Stdio::null());
    command
}

pub fn finish(mut command: Command) -> Said {
    let dir = command.get_current_dir().map_or_else(PathBuf::new, Path::to_path_buf);
    let done = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let status = done.status.code().unwrap_or(-1);
    let said = Said { status, out: text(&done.stdout), err: text(&done.stderr) };
    assert!(!said.err.contains("panicked"), "in {}: {}", dir.display(), said.err);
    said
}

pub fn run(dir: &Path, args: &[&str]) -> Said {
    finish(command(dir, args))
}

/// The same with a text on standard input.
pub fn run_with(dir: &Path, args: &[&str], input: &str) -> Said {
    let mut command = command(dir, args);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let done = child.wait_with_output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Said { status: done.status.code().unwrap_or(-1), out: text(&done.stdout), err: text(&done.stderr) }
}

/// A folder that goes away with the value.
pub fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    dir
}

/// A copy of a folder's files, without what belongs to the test.
pub fn copy(from: &Path) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    copy_into(from, dir.path());
    dir
}

fn copy_into(from: &Path, to: &Path) {
    let entries = std::fs::read_dir(from).unwrap_or_else(|e| panic!("{}: {e}", from.display()));
    for entry in entries.map(Result::unwrap) {
        let name = entry.file_name();
        let ours =
            name.to_string_lossy().starts_with("expected") || ["args", "shell", "fixed"].iter().any(|n| name == *n);
        if ours {
            continue;
        }
        let target = to.join(&name);
        if entry.path().is_dir() {
            std::fs::create_dir_all(&target).unwrap();
            copy_into(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Every file below a folder by its relative name.
pub fn contents(dir: &Path) -> std::collections::BTreeMap<String, Vec<u8>> {
    let mut out = std::collections::BTreeMap::new();
    let mut todo = vec![dir.to_path_buf()];
    while let Some(next) = todo.pop() {
        for entry in std::fs::read_dir(&next).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                todo.push(path);
            } else {
                let name = path.strip_prefix(dir).unwrap().to_string_lossy().into_owned();
                out.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    out
}

/// Compares with a file, or writes it where `BLESS=1`.
pub fn expect(path: &Path, text: &str) -> Result<(), String> {
    if std::env::var_os("BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        return Ok(());
    }
    let wanted = std::fs::read_to_string(path).unwrap_or_default();
    if wanted == text {
        return Ok(());
    }
    let diff = similar::TextDiff::from_lines(&wanted, text).unified_diff().header("expected", "said").to_string();
    Err(format!("{} (BLESS=1 rewrites it):\n{diff}", path.display()))
}

/// What the engine tests unpacked, then what is on the path.
fn unpacked_or_installed(unpacked: &str, name: &str) -> impl Iterator<Item = PathBuf> {
    let cache = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")));
    let unpacked = cache.map(|c| c.join("dockline-engine").join(unpacked));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path: Vec<PathBuf> = std::env::split_paths(&path).map(|dir| dir.join(name)).collect();
    unpacked.into_iter().chain(on_path).filter(|p| p.is_file())
}

/// Docker's command line. It reads stacks without an engine.
pub fn docker() -> Option<PathBuf> {
    unpacked_or_installed("root/usr/bin/docker", "docker").next()
}

/// docker-compose v2: `$COMPOSE_BIN`, what the engine tests unpacked, or the one on the path.
pub fn compose() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("COMPOSE_BIN") {
        return Some(PathBuf::from(named));
    }
    unpacked_or_installed("docker-compose", "docker-compose").find(|p| {
        // Debian 12's own is version 1, which is another program.
        Command::new(p).arg("version").output().is_ok_and(|o| {
            let said = String::from_utf8_lossy(&o.stdout);
            said.contains("v2") || said.contains(" 2.") || said.contains(" 5.")
        })
    })
}
