//! Stacks of stubs on the tests' engine, and what `dockline doctor` says of them.

use std::path::Path;
use std::process::Stdio;

use serde_json::Value;

use super::engine::Engine;
use super::{Said, finish, folder};

/// `dockline doctor` on the engine's host side.
pub fn doctor(engine: &Engine, dir: &Path, args: &[&str]) -> Said {
    let mut command = engine.beside(&[env!("CARGO_BIN_EXE_dockline"), "doctor", "--isolated"]);
    command.args(args).current_dir(dir).env_clear().env("HOME", "/nonexistent").env("PATH", "/usr/bin:/usr/sbin");
    command.env("DOCKER_HOST", engine.var("DOCKER_HOST")).stdin(Stdio::null());
    finish(command)
}

/// A running project, for as long as the value lives.
pub struct Stack<'e> {
    pub engine: &'e Engine,
    pub dir: tempfile::TempDir,
    pub project: String,
}

impl<'e> Stack<'e> {
    /// `text` is a Compose file in which IMAGE stands for the stub.
    pub fn up(engine: &'e Engine, text: &str, must_start: bool) -> Self {
        static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let text = text.replace("IMAGE", engine.var("IMAGE"));
        let dir = folder(&[("compose.yaml", &text)]);
        let stack = Self { engine, dir, project: format!("doc{}x{count}", std::process::id()) };
        let (fine, said) = stack.compose(&["up", "-d", "--quiet-pull"]);
        assert!(fine || !must_start, "up: {said}");
        std::thread::sleep(std::time::Duration::from_millis(2500));
        stack
    }

    pub fn compose(&self, args: &[&str]) -> (bool, String) {
        let all: Vec<&str> = ["-p", &self.project].into_iter().chain(args.iter().copied()).collect();
        self.engine.compose(self.dir.path(), &all)
    }

    pub fn doctor(&self) -> Value {
        let said = doctor(self.engine, self.dir.path(), &["-p", &self.project, "--format", "json"]);
        assert!((0..=1).contains(&said.status), "{}{}", said.out, said.err);
        said.json()
    }
}

impl Drop for Stack<'_> {
    fn drop(&mut self) {
        let (fine, said) = self.compose(&["--profile", "*", "down", "-v", "--remove-orphans", "-t", "0"]);
        if !fine {
            println!("down: {said}");
        }
    }
}

/// What is said of a service: layer and cause.
pub fn of(report: &Value, service: &str) -> Vec<(String, String)> {
    let named = |f: &&Value| f["services"].as_array().unwrap().iter().any(|s| s == service);
    let text = |f: &Value, key: &str| f[key].as_str().unwrap().to_owned();
    report["findings"].as_array().unwrap().iter().filter(named).map(|f| (text(f, "layer"), text(f, "cause"))).collect()
}

/// What gives a container the host's name.
pub const GATEWAY: &str = "extra_hosts: [\"host.docker.internal:host-gateway\"]";

/// A client, with one address in its environment.
pub fn client(name: &str, variable: &str, value: &str, more: &str) -> String {
    let more: String = more.lines().flat_map(|l| ["    ", l, "\n"]).collect();
    format!(
        "  {name}:\n    image: IMAGE\n    entrypoint: [\"/stub\", \"serve\", \"127.0.0.1:9\"]\n    stop_grace_period: 0s\n    \
         environment:\n      {variable}: \"{value}\"\n{more}"
    )
}

/// A server: `places` are the quoted words behind `/stub`.
pub fn server(name: &str, places: &str, more: &str) -> String {
    let more: String = more.lines().flat_map(|l| ["    ", l, "\n"]).collect();
    format!("  {name}:\n    image: IMAGE\n    entrypoint: [\"/stub\", {places}]\n    stop_grace_period: 0s\n{more}")
}
