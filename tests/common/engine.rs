//! The Docker engine of the tests: started by `tests/engine/setup` (root, Debian, network), shared by those who hold its lock.
//! Where it can't be had they say SKIPPED and why, and fail with `REQUIRE_ENGINE=1`, which also lets it install packages.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, OnceLock};

use super::{root, skipped};

/// One stack at a time: ports of the host side are shared.
static ONE: Mutex<()> = Mutex::new(());

pub struct Engine {
    vars: BTreeMap<String, String>,
}

/// Keeps other runs off the engine for as long as this process lives: the lock's holder ends with its input.
fn lock() -> Result<(), String> {
    static HOLDER: OnceLock<Child> = OnceLock::new();
    let cache = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")))
        .ok_or("no home")?
        .join("dockline-engine");
    std::fs::create_dir_all(&cache).map_err(|e| e.to_string())?;
    let mut command = Command::new("flock");
    command.arg(cache.join("users")).args(["sh", "-c", "echo held; exec cat"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().map_err(|e| format!("flock: {e}"))?;
    let mut said = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut said).map_err(|e| e.to_string())?;
    HOLDER.get_or_init(|| child);
    if said == "held\n" { Ok(()) } else { Err("flock gives no lock".to_owned()) }
}

/// The engine, for one test at a time; `None` where there is none, which has been said.
pub fn engine() -> Option<(&'static Engine, MutexGuard<'static, ()>)> {
    static FOUND: OnceLock<Result<Engine, String>> = OnceLock::new();
    let required = std::env::var_os("REQUIRE_ENGINE").is_some();
    let found = FOUND.get_or_init(|| {
        lock()?;
        let mut command = Command::new(root().join("tests/engine/setup"));
        command.arg("--while-used").args(required.then_some("--install"));
        let done = command.output().map_err(|e| e.to_string())?;
        let said = String::from_utf8_lossy(&done.stderr);
        if !done.status.success() {
            let last = said.lines().last().unwrap_or("tests/engine/setup fails");
            return Err(last.trim_start_matches("setup: ").to_owned());
        }
        let text = String::from_utf8_lossy(&done.stdout).into_owned();
        let vars = text.lines().filter_map(|l| l.split_once('=')).map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
        Ok(Engine { vars })
    });
    match found {
        Ok(engine) => Some((engine, ONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner))),
        Err(why) if required => panic!("no engine: {why}"),
        Err(why) => {
            skipped(why);
            None
        }
    }
}

impl Engine {
    /// What `tests/engine/setup` printed: `DOCKER_HOST`, `DOCKER`, `COMPOSE`, `PID`, `STUB`, `IMAGE`.
    pub fn var(&self, key: &str) -> &str {
        self.vars.get(key).unwrap()
    }

    pub fn docker(&self, args: &[&str]) -> (bool, String) {
        let mut command = Command::new(self.var("DOCKER"));
        command.args(args).env("DOCKER_HOST", self.var("DOCKER_HOST"));
        outcome(command)
    }

    pub fn compose(&self, dir: &Path, args: &[&str]) -> (bool, String) {
        let mut command = Command::new(self.var("COMPOSE"));
        command.args(args).current_dir(dir).env_clear().env("HOME", "/nonexistent").env("PATH", "/usr/bin:/bin");
        command.env("DOCKER_HOST", self.var("DOCKER_HOST"));
        outcome(command)
    }

    /// A command on the engine's host side.
    pub fn beside(&self, words: &[&str]) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["-t", self.var("PID"), "-n"]).args(words);
        command
    }

    /// A server on the engine's host side: `[KIND@]ADDRESS:PORT`, as the stub takes it.
    pub fn host_listener(&self, place: &str) -> Running {
        let mut command = self.beside(&[self.var("STUB"), "serve", place]);
        let child = command.stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(200));
        Running(child)
    }
}

/// Whether a command succeeds, and all that it says.
pub fn outcome(mut command: Command) -> (bool, String) {
    let done = command.stdin(Stdio::null()).output().unwrap();
    let text = [done.stdout, done.stderr].map(|b| String::from_utf8_lossy(&b).into_owned()).concat();
    (done.status.success(), text)
}

/// A process that ends with the value.
pub struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
