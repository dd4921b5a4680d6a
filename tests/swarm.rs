//! What `new --engine swarm` writes, deployed on a swarm of one node by the commands that it prints. Every program is a stub; networks,
//! names, labels, replicas, secrets, configs and published ports are those of the project. A kernel without IPVS has no virtual
//! addresses; these projects ask for none (`endpoint_mode: dnsrr`), so what is seen here is what they do everywhere.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::format_collect,
    reason = "a test may panic and says what it skips"
)]

mod common;

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use common::engine::{Engine, engine, outcome};
use common::{folder, run};
use serde_json::Value;

/// An image of the stub with the programs that `with-secrets` needs, and one that asks for names.
const MAKE_IMAGE: &str = r#"
set -eu
"$DOCKER" image inspect "$IMAGE" >/dev/null 2>&1 && exit 0
root=$(mktemp -d)
mkdir -p "$root/bin" "$root/etc" "$root/tmp"
for program in "$STUB" "$(command -v sh)" "$(command -v cat)" "$(command -v tr)" "$(command -v env)" "$(command -v getent)"; do
  case $program in "$STUB") cp "$program" "$root/stub" ;; *) cp -L "$program" "$root/bin/" ;; esac
  for library in $(ldd "$program" | grep -oE '/[^ ]+'); do
    mkdir -p "$root$(dirname "$library")"
    cp -L "$library" "$root$library"
  done
done
printf 'hosts: files dns\n' >"$root/etc/nsswitch.conf"
printf 'multi on\n' >"$root/etc/host.conf"
tar -C "$root" -c . | "$DOCKER" import - "$IMAGE" >/dev/null
rm -rf "$root"
"#;

fn image(engine: &Engine) -> String {
    engine.var("IMAGE").replace(':', "-with-sh:")
}

/// A swarm of one, and the project in it, for as long as the value lives.
struct Swarm<'e> {
    engine: &'e Engine,
    work: tempfile::TempDir,
    said: String,
    /// What `reach` says of the project as it was written.
    reach: Value,
}

impl<'e> Swarm<'e> {
    fn new(engine: &'e Engine, args: &[&str]) -> Self {
        let mut command = Command::new("sh");
        command.args(["-c", MAKE_IMAGE]).env("IMAGE", image(engine));
        for key in ["STUB", "DOCKER", "DOCKER_HOST"] {
            command.env(key, engine.var(key));
        }
        let (fine, said) = outcome(command);
        assert!(fine, "the image: {said}");
        let work = folder(&[]);
        let stacks = args.iter().position(|a| a.starts_with("--")).unwrap_or(args.len());
        let mut all = vec!["new"];
        all.extend(&args[..stacks]);
        all.extend(["./demo", "--engine", "swarm"]);
        all.extend(&args[stacks..]);
        let said = run(work.path(), &all);
        assert_eq!(said.status, 0, "{args:?}: {}", said.err);
        let ask = ["reach", "--format", "json", "--isolated", "--platform", "swarm", "demo"];
        let reach = run(work.path(), &ask).json();
        Self { engine, work, said: said.out, reach }
    }

    fn dir(&self) -> std::path::PathBuf {
        self.work.path().join("demo")
    }

    /// The commands that stand behind a word, as they were printed.
    fn commands(&self, word: &str) -> Vec<String> {
        let lines = self.said.lines().filter_map(|l| l.strip_prefix(word));
        lines.map(|l| l.split("   (").next().unwrap().trim().to_owned()).collect()
    }

    /// Types them, where they were printed.
    fn typed(&self, word: &str) -> String {
        let commands = self.commands(word);
        assert!(!commands.is_empty(), "no {word} in {}", self.said);
        let docker = Path::new(self.engine.var("DOCKER")).parent().unwrap().display().to_string();
        let mut all = String::new();
        for typed in commands {
            let mut command = Command::new("sh");
            command.args(["-c", &typed]).current_dir(self.work.path()).env_clear().env("HOME", "/nonexistent");
            command.env("PATH", format!("{docker}:/usr/bin:/bin")).env("DOCKER_HOST", self.engine.var("DOCKER_HOST"));
            let (fine, said) = outcome(command);
            assert!(fine, "{typed}: {said}");
            all.push_str(&said);
        }
        all
    }

    /// Waits until every service has its tasks.
    fn settle(&self) {
        let until = Instant::now() + Duration::from_secs(180);
        loop {
            let (_, said) = self.engine.docker(&["stack", "services", "demo", "--format", "{{.Name}} {{.Replicas}}"]);
            let there = |line: &str| {
                let (now, all) = line.rsplit(' ').next().and_then(|n| n.split_once('/'))?;
                (now == all).then_some(())
            };
            if said.lines().count() > 0 && said.lines().all(|line| there(line).is_some()) {
                return;
            }
            assert!(Instant::now() < until, "{said}{}", self.typed("        "));
            std::thread::sleep(Duration::from_millis(500));
        }
    }

    /// The output of a command in a task of the service.
    fn exec(&self, service: &str, words: &[&str]) -> String {
        let (_, ids) = self.engine.docker(&["ps", "-q", "-f", &format!("name=demo_{service}\\.")]);
        let id = ids.lines().next().unwrap_or_default();
        let (_, said) = self.engine.docker(&[&["exec", id], words].concat());
        said.trim().to_owned()
    }

    /// The addresses behind a name, as a task of the service sees them.
    fn addresses(&self, service: &str, name: &str) -> Vec<String> {
        let said = self.exec(service, &["getent", "ahostsv4", name]);
        let mut all: Vec<String> = said.lines().filter_map(|l| l.split(' ').next()).map(str::to_owned).collect();
        all.sort();
        all.dedup();
        all
    }
}

impl Drop for Swarm<'_> {
    fn drop(&mut self) {
        // A network that is still there when the swarm goes is in the next one's way.
        self.engine.docker(&["stack", "rm", "demo"]);
        for _ in 0..60 {
            let (_, networks) = self.engine.docker(&["network", "ls", "-q", "-f", "name=demo_"]);
            let (_, tasks) = self.engine.docker(&["ps", "-aq", "-f", "name=demo_"]);
            if networks.is_empty() && tasks.is_empty() {
                break;
            }
            std::thread::sleep(Duration::from_millis(500));
        }
        let (fine, said) = self.engine.docker(&["swarm", "leave", "--force"]);
        println!("leave: {fine} {said}");
        let (_, volumes) = self.engine.docker(&["volume", "ls", "-q", "-f", "name=demo_"]);
        for _ in 0..20 {
            let all: Vec<&str> = ["volume", "rm"].into_iter().chain(volumes.lines()).collect();
            if volumes.is_empty() || self.engine.docker(&all).0 {
                break;
            }
            std::thread::sleep(Duration::from_millis(500));
        }
    }
}

/// The project with stubs for programs. What goes before the program stays.
fn stubs(swarm: &Swarm<'_>, listens: &[(&str, &[&str])]) {
    let (dir, image) = (swarm.dir(), image(swarm.engine));
    let path = dir.join("compose.yaml");
    let text = std::fs::read_to_string(&path).unwrap();
    let (mut out, mut service, mut skip) = (String::new(), String::new(), false);
    let mut inside = false;
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        if indent == 0 && !line.is_empty() {
            inside = line == "services:";
        }
        if inside && indent == 2 && !line.trim_start().starts_with('#') {
            line.trim().trim_end_matches(':').clone_into(&mut service);
        }
        if inside && indent == 4 {
            let key = line.trim_start().split(':').next().unwrap();
            skip = matches!(key, "command" | "entrypoint" | "healthcheck");
            if key == "image" {
                let secrets = text.split(&format!("\n  {service}:\n")).nth(1).unwrap().split("\n\n").next().unwrap();
                let first = if secrets.contains("\"/with-secrets\"") { "\"sh\", \"/with-secrets\", " } else { "" };
                let places = listens.iter().filter(|(name, _)| *name == service).flat_map(|(_, places)| places.iter());
                let serve: String = places.map(|place| format!(", \"{place}\"")).collect();
                let _ = writeln!(out, "    image: {image}\n    entrypoint: [{first}\"/stub\", \"serve\"{serve}]");
                continue;
            }
        }
        if !(inside && skip && indent >= 4) {
            out.push_str(line);
            out.push('\n');
        }
    }
    std::fs::write(path, out).unwrap();
}

/// Every address that `reach` knows of is reached.
fn proven(swarm: &Swarm<'_>, least: usize) {
    let mut compared = 0;
    for e in swarm.reach["endpoints"].as_array().unwrap().iter().filter(|e| e["audience"] == "server") {
        let text = |key: &str| e[key].as_str().unwrap();
        let port = e["port"].to_string();
        let real = swarm.exec(text("service"), &["/stub", "call", text("host"), &port]);
        assert_eq!((real.as_str(), text("verdict")), ("ok", "ok"), "{}.{}", text("service"), text("variable"));
        compared += 1;
    }
    assert!(compared >= least, "only {compared} compared");
}

#[test]
fn several_model_servers_stand_behind_one_name() {
    let Some((engine, _guard)) = engine() else { return };
    let args = ["one-api", "open-webui", "--provider", "ollama", "--with", "nodes=master-slave"];
    let swarm = Swarm::new(engine, &args);
    let listens: &[(&str, &[&str])] = &[
        ("ollama", &["0.0.0.0:11434"]),
        ("one-api", &["0.0.0.0:3000"]),
        ("one-api-slave", &["0.0.0.0:3000"]),
        ("one-api-db", &["0.0.0.0:3306"]),
        ("one-api-redis", &["0.0.0.0:6379"]),
        ("open-webui", &["0.0.0.0:8080"]),
    ];
    stubs(&swarm, listens);
    for word in ["swarm:", "label:", "start:"] {
        swarm.typed(word);
    }
    swarm.settle();
    assert!(swarm.typed("look:").contains("demo_ollama"));
    // Both replicas, by the name that clients use and by swarm's own for the tasks; each with a volume of its own.
    for name in ["ollama", "tasks.ollama"] {
        let all = swarm.addresses("one-api", name);
        assert_eq!(all.len(), 2, "{name}: {all:?}");
        for address in &all {
            assert_eq!(swarm.exec("one-api", &["/stub", "call", address, "11434"]), "ok", "{name} at {address}");
        }
    }
    let (_, volumes) = engine.docker(&["volume", "ls", "-q", "-f", "name=demo_ollama"]);
    assert_eq!(volumes.lines().collect::<Vec<_>>(), ["demo_ollama-1", "demo_ollama-2"]);
    // Master and slave answer to one name as well.
    assert_eq!(swarm.addresses("open-webui", "one-api").len(), 2);
    proven(&swarm, 5);
    // The secret is in the program's variables, and in no definition.
    let secret = std::fs::read_to_string(swarm.dir().join("secrets/ONE_API_DB_PASSWORD")).unwrap().trim().to_owned();
    assert_eq!(secret.len(), 32);
    let variables = swarm.exec("one-api", &["sh", "-c", "tr '\\0' '\\n' </proc/1/environ"]);
    let dsn = format!("SQL_DSN=oneapi:{secret}@tcp(one-api-db:3306)/oneapi");
    assert!(variables.lines().any(|l| l == dsn), "{variables}");
    assert!(!variables.contains("${"), "{variables}");
    let (_, known) = engine.docker(&["service", "inspect", "demo_one-api", "demo_one-api-db"]);
    assert!(known.contains("SQL_DSN") && !known.contains(&secret));
    // The port is open on the node.
    let (_, real) = outcome(engine.beside(&[engine.var("STUB"), "call", "127.0.0.1", "3001"]));
    assert_eq!(real.trim(), "ok");
    swarm.typed("remove:");
}

#[test]
fn files_and_secrets_are_objects_of_the_swarm() {
    let Some((engine, _guard)) = engine() else { return };
    let swarm = Swarm::new(engine, &["litellm", "lobe-chat", "--provider", "vllm", "--with", "database=postgres"]);
    // No machine here has cards.
    let path = swarm.dir().join("compose.yaml");
    let text = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once("        reservations:\n").unwrap();
    let (_, after) = rest.split_once("value: 1\n").unwrap();
    std::fs::write(&path, format!("{before}{after}")).unwrap();
    let listens: &[(&str, &[&str])] = &[
        ("litellm", &["0.0.0.0:4000"]),
        ("litellm-db", &["0.0.0.0:5432"]),
        ("lobe-chat", &["0.0.0.0:3210"]),
        ("vllm", &["0.0.0.0:8000"]),
    ];
    stubs(&swarm, listens);
    for word in ["swarm:", "label:", "start:"] {
        swarm.typed(word);
    }
    swarm.settle();
    proven(&swarm, 3);
    let config = swarm.exec("litellm", &["cat", "/app/config.yaml"]);
    assert_eq!(config, std::fs::read_to_string(swarm.dir().join("litellm/config.yaml")).unwrap().trim());
    // A changed file is refused under its old name, and taken with a new number.
    let file = swarm.dir().join("litellm/config.yaml");
    std::fs::write(&file, format!("{config}\n# changed\n")).unwrap();
    let env = std::fs::read_to_string(swarm.dir().join(".env")).unwrap();
    std::fs::write(swarm.dir().join(".env"), env.replace("REVISION=1", "REVISION=2")).unwrap();
    swarm.typed("start:");
    let until = Instant::now() + Duration::from_secs(90);
    while !swarm.exec("litellm", &["cat", "/app/config.yaml"]).ends_with("# changed") {
        assert!(Instant::now() < until, "the old file is still there");
        std::thread::sleep(Duration::from_secs(1));
    }
    swarm.typed("remove:");
}
