//! The proxy that `new ollama-host` makes, run by a real nginx.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::{folder, run, skipped};

/// The folder of `new ollama-host` below `dir`, and what was said.
pub fn made(dir: &Path, args: &[&str]) -> String {
    let mut all = vec!["new", "ollama-host", "./host"];
    all.extend(args);
    let said = run(dir, &all);
    assert_eq!(said.status, 0, "{args:?}: {}", said.err);
    said.out
}

/// A program of the machine, or a word that it is not there.
pub fn tool(name: &str) -> Option<PathBuf> {
    let found =
        ["/usr/sbin", "/usr/bin", "/sbin", "/bin"].iter().map(|dir| Path::new(dir).join(name)).find(|p| p.exists());
    if found.is_none() {
        skipped(&format!("no {name}"));
    }
    found
}

/// Runs a command that must succeed.
pub fn check(command: &mut Command, what: &str) {
    let done = command.stdin(Stdio::null()).output().unwrap();
    let said = [done.stdout, done.stderr].map(|b| String::from_utf8_lossy(&b).into_owned()).concat();
    assert!(done.status.success(), "{what}: {said}");
}

/// A program that is asked to end when the value goes.
pub struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Its workers end with it where it is asked to end.
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let _ = self.0.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Directives that keep nginx's temporary files below a folder.
pub fn places(home: &Path) -> String {
    let home = home.display();
    ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {home}/{kind};\n"))
        .concat()
}

/// nginx with the folder's file, its two ports replaced; `None` where there is no nginx.
pub fn proxy(args: &[&str], backend: u16) -> Option<(tempfile::TempDir, Running, u16)> {
    let nginx = tool("nginx")?;
    let dir = folder(&[]);
    made(dir.path(), args);
    let home = dir.path().join("host/nginx");
    let front = free_port();
    let conf = std::fs::read_to_string(home.join("ollama.conf")).unwrap();
    let conf = conf.replace("11435", &front.to_string()).replace("11434", &backend.to_string());
    std::fs::write(home.join("ollama.conf"), conf).unwrap();
    let temp = places(&home);
    let home_path = home.display();
    let all = format!(
        "daemon off;\nmaster_process off;\npid {home_path}/pid;\nerror_log {home_path}/error.log;\nevents {{}}\nhttp {{\n    access_log off;\n{temp}    include ollama.conf;\n}}\n"
    );
    std::fs::write(home.join("nginx.conf"), all).unwrap();
    let start = |test: bool| {
        let mut command = Command::new(&nginx);
        command.args(test.then_some("-t")).arg("-p").arg(&home).arg("-c").arg(home.join("nginx.conf"));
        command.args(["-e", "stderr"]).stdin(Stdio::null());
        command
    };
    check(&mut start(true), "nginx -t");
    let running = Running(start(false).stderr(Stdio::null()).spawn().unwrap());
    let began = Instant::now();
    while TcpStream::connect(("127.0.0.1", front)).is_err() {
        assert!(began.elapsed() < Duration::from_secs(20), "nginx does not start");
        std::thread::sleep(Duration::from_millis(50));
    }
    Some((dir, running, front))
}
