//! What `new` makes: every stack with every way to its model server is without findings, and accepted by docker-compose where
//! there is one; the files of some projects stand in `fixtures/stacks/`, for people to read.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test may panic")]

mod common;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use common::{command, contents, expect, finish, root, run};
use dockline::compose::{Selection, discover};
use dockline::diag::Lang;
use dockline::lint::{Choice, Options, lint};
use dockline::network::{Facts, HostListener, Platform};
use dockline::rule::RuleSet;
use dockline::source::Files;
use dockline::stacks::{
    Gpu, PROVIDERS, Plan, Rendered, Role, SecretSource, Strategy, Target, Wish, plan, render, stacks,
};

/// Secrets that are the same in every run, and look like secrets.
fn secrets() -> SecretSource {
    let state = AtomicU64::new(0x9e37_79b9_7f4a_7c15);
    Arc::new(move |digits| {
        let mut out = String::new();
        while out.len() < digits {
            let mut x = state.load(Ordering::Relaxed);
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            state.store(x, Ordering::Relaxed);
            let _ = write!(out, "{x:016x}");
        }
        out.truncate(digits);
        out
    })
}

fn made(wish: &Wish) -> (Plan, Rendered) {
    let plan = plan(wish).unwrap_or_else(|r| panic!("{:?}: {:?}", wish.stacks, r.message));
    let rendered = render(&plan, &secrets(), &BTreeMap::new()).unwrap_or_else(|e| panic!("{:?}: {e:#}", wish.stacks));
    (plan, rendered)
}

fn write(dir: &Path, rendered: &Rendered) {
    for made in &rendered.files {
        let path = dir.join(&made.path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, &made.text).unwrap();
    }
}

/// What every set of rules says, beside what a comment in the project gives reasons for.
fn findings(dir: &Path, plan: &Plan) -> Vec<String> {
    let mut files = Files::new(dir.to_path_buf());
    let selection = Selection { paths: vec![dir.to_path_buf()], ..Selection::default() };
    let none = foldhash::HashMap::default();
    let (found, _) = discover(&mut files, &selection, &none);
    let mut options =
        Options { choice: Choice { sets: RuleSet::ALL.to_vec(), ..Choice::default() }, ..Options::default() };
    if let Some(port) = plan.host_port() {
        options.facts =
            Facts { listeners: vec![HostListener::parse(&format!("*:{port}")).unwrap()], ..Facts::default() };
    }
    if plan.target == Target::Swarm {
        options.facts.platform = Platform::Swarm;
    }
    let outcome = lint(&mut files, &found, &none, &options);
    assert_eq!(outcome.projects.len(), 1);
    assert!(outcome.gaps.is_empty(), "{:?}", outcome.gaps);
    let told = |t: &dockline::lint::Told| {
        let f = &t.finding;
        format!("{} {}: {}", f.rule, f.place.path, f.message.get(Lang::En))
    };
    outcome.findings.iter().map(told).collect()
}

/// Every stack, choice, strategy and provider that goes together.
fn wishes() -> Vec<Wish> {
    let mut out = Vec::new();
    for stack in stacks() {
        let base = Wish { stacks: vec![stack.name.clone()], name: "demo".to_owned(), ..Wish::default() };
        for choice in &stack.choice {
            for value in choice.values.iter().skip(1) {
                out.push(Wish { with: vec![format!("{}={value}", choice.name)], ..base.clone() });
            }
        }
        for gpu in [Gpu::Nvidia, Gpu::Amd] {
            if stack.gpus.iter().any(|g| g == gpu.word()) {
                out.push(Wish { gpu: Some(gpu), ..base.clone() });
            }
        }
        for registry in ["m.daocloud.io", "docker.io=hub.example.com/mirror"] {
            out.push(Wish { registry: Some(registry.to_owned()), ..base.clone() });
        }
        if !matches!(stack.role, Role::App | Role::Gateway) {
            out.push(base);
            continue;
        }
        for provider in PROVIDERS {
            for net in Strategy::ALL {
                let lan_ip = (net == Strategy::LanIp).then(|| "192.168.1.10".parse().unwrap());
                let wish = Wish { provider: Some(provider.id.to_owned()), net: Some(net), lan_ip, ..base.clone() };
                let able = match net {
                    Strategy::Service => provider.stack.is_some() || provider.outside.is_some(),
                    Strategy::HostNetwork => stack.host_mode && provider.outside.is_none(),
                    _ => provider.outside.is_none(),
                };
                assert_eq!(
                    plan(&wish).is_ok() || provider.outside.is_some(),
                    able || provider.outside.is_some(),
                    "{wish:?}"
                );
                if able {
                    out.push(wish);
                }
            }
        }
        for gateway in stacks().iter().filter(|s| s.role == Role::Gateway && stack.role == Role::App) {
            for net in Strategy::ALL {
                let lan_ip = (net == Strategy::LanIp).then(|| "192.168.1.10".parse().unwrap());
                if net == Strategy::HostNetwork && !(stack.host_mode && gateway.host_mode) {
                    continue;
                }
                let stacks = vec![stack.name.clone(), gateway.name.clone()];
                out.push(Wish { stacks, net: Some(net), lan_ip, ..base.clone() });
            }
        }
    }
    // A swarm has no host to call, and no cards but by the number of them.
    let swarm: Vec<Wish> = out.iter().map(|wish| Wish { target: Target::Swarm, ..wish.clone() }).collect();
    out.extend(swarm.into_iter().filter(|wish| plan(wish).is_ok()));
    out
}

#[test]
fn every_project_is_without_findings() {
    let mut wrong = Vec::new();
    let all = wishes();
    for wish in &all {
        let (plan, rendered) = made(wish);
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), &rendered);
        let found = findings(dir.path(), &plan);
        if !found.is_empty() {
            let Wish { stacks, target, provider, net, with, gpu, .. } = wish;
            wrong.push(format!(
                "{target:?} {stacks:?} {provider:?} {net:?} {with:?} {gpu:?}:\n    {}",
                found.join("\n    ")
            ));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), all.len(), wrong.join("\n"));
}

#[test]
fn docker_compose_takes_every_project() {
    let Some(compose) = common::compose() else {
        assert!(std::env::var_os("REQUIRE_ENGINE").is_none(), "no docker-compose v2");
        common::skipped("no docker-compose v2");
        return;
    };
    let mut seen = std::collections::BTreeSet::new();
    for wish in wishes() {
        // The same file with another address tells nothing new.
        let (_, rendered) = made(&wish);
        let Wish { stacks, target, with, .. } = &wish;
        let way = (wish.net.map(Strategy::word), wish.registry.clone());
        if !seen.insert((stacks.clone(), *target == Target::Swarm, with.clone(), way)) {
            continue;
        }
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), &rendered);
        let mut command = Command::new(&compose);
        command.args(["config", "--quiet"]).current_dir(dir.path()).env_clear().env("HOME", "/nonexistent");
        let done = command.stdin(Stdio::null()).output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(done.status.success() && said.is_empty(), "{wish:?}: {said}");
    }
}

/// With the shell's variables set as the closing text says, and without a word about anything that it passes over.
#[test]
fn docker_stack_takes_every_project_for_a_swarm() {
    let Some(docker) = common::docker() else {
        assert!(std::env::var_os("REQUIRE_ENGINE").is_none(), "no docker");
        common::skipped("no docker command line");
        return;
    };
    let mut seen = std::collections::BTreeSet::new();
    for wish in wishes().into_iter().filter(|wish| wish.target == Target::Swarm) {
        let Wish { stacks, with, .. } = &wish;
        if !seen.insert((stacks.clone(), with.clone(), wish.gpu.is_some(), wish.registry.is_some())) {
            continue;
        }
        let (_, rendered) = made(&wish);
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), &rendered);
        let mut command = Command::new("sh");
        command.args(["-c", "set -a; . ./.env; set +a; exec \"$DOCKER\" stack config -c compose.yaml"]);
        command.current_dir(dir.path()).env_clear().env("HOME", "/nonexistent").env("DOCKER", &docker);
        let done = command.stdin(Stdio::null()).output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(done.status.success() && said.is_empty(), "{wish:?}: {said}");
        // What every secret's file holds is in no definition, and every file that is named is there.
        let text = String::from_utf8_lossy(&done.stdout);
        for made in rendered.files.iter().filter(|m| m.path.starts_with("secrets/")) {
            assert!(made.private && !made.text.is_empty(), "{wish:?}: {}", made.path);
            assert!(made.text.len() < 16 || !text.contains(made.text.trim()), "{wish:?}: {}", made.path);
        }
        for path in text.lines().filter_map(|l| l.trim().strip_prefix("file: ")) {
            assert!(Path::new(path).is_file(), "{wish:?}: {path}");
        }
    }
    assert!(seen.len() > 20, "{}", seen.len());
}

/// What goes before the programs of a swarm, with folders of its own for the secrets and no swarm.
#[cfg(target_os = "linux")]
#[test]
fn secrets_get_into_words_and_variables() {
    let wish = Wish { stacks: vec!["one-api".to_owned()], target: Target::Swarm, ..Wish::default() };
    let (_, rendered) = made(&wish);
    let script = &rendered.files.iter().find(|m| m.path == "swarm/with-secrets").unwrap().text;
    let dir = common::folder(&[("secrets/A", "s3&c\"r$x\n"), ("secrets/AB", "two words\n"), ("secrets/NONE", "\n")]);
    let secrets = dir.path().join("secrets").display().to_string();
    let path = dir.path().join("with-secrets");
    std::fs::write(&path, script.replace("/run/secrets", &secrets)).unwrap();
    for shell in ["sh", "bash"] {
        let mut command = Command::new(shell);
        command.arg(&path).args([
            "sh",
            "-c",
            "printf '%s\\n' \"$@\"; env",
            "x",
            "--key=${A}",
            "${AB} ${OTHER} $HOME",
            "",
        ]);
        command.env_clear().env("PATH", "/usr/bin:/bin").env("PLAIN", "as it was");
        command.env("DSN", "u:${A}@tcp(db:3306)/x?a=${AB}&b=${A}").env("dotted.name", "${AB}").env("EMPTY", "${NONE}");
        let done = command.stdin(Stdio::null()).output().unwrap();
        let said = String::from_utf8(done.stdout).unwrap();
        assert!(done.status.success() && done.stderr.is_empty(), "{shell}: {}", String::from_utf8_lossy(&done.stderr));
        assert!(said.starts_with("--key=s3&c\"r$x\ntwo words ${OTHER} $HOME\n\n"), "{shell}: {said}");
        for line in ["PLAIN=as it was", "DSN=u:s3&c\"r$x@tcp(db:3306)/x?a=two words&b=s3&c\"r$x", "EMPTY="] {
            assert!(said.lines().any(|l| l == line), "{shell}: no {line} in {said}");
        }
    }
}

/// A second time secrets and numbers stay, since databases have the passwords and the swarm has the objects.
#[test]
fn a_swarm_keeps_its_secrets_and_numbers() {
    let dir = tempfile::tempdir().unwrap();
    let new = ["new", "one-api", "./a", "--engine", "swarm", "--force"];
    assert_eq!(run(dir.path(), &new).status, 0);
    let env = dir.path().join("a/.env");
    let changed =
        std::fs::read_to_string(&env).unwrap().replace("REVISION=1", "REVISION=7").replace("REPLICAS=2", "REPLICAS=5");
    std::fs::write(&env, &changed).unwrap();
    let before = contents(&dir.path().join("a"));
    assert_eq!(run(dir.path(), &new).status, 0);
    assert_eq!(contents(&dir.path().join("a")), before);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(dir.path().join("a/secrets/ONE_API_TOKEN")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

/// The projects whose files people read: one of each stack, and the ways that differ.
const GOLDEN: &[(&str, &[&str])] = &[
    ("ollama", &["ollama"]),
    ("ollama-nvidia", &["ollama", "--gpu", "nvidia"]),
    ("open-webui", &["open-webui"]),
    ("open-webui-host-gateway", &["open-webui", "--net", "host-gateway"]),
    ("open-webui-host-network", &["open-webui", "--net", "host-network", "--with", "search=searxng"]),
    (
        "open-webui-lan-ip",
        &["open-webui", "--net", "lan-ip", "--lan-ip", "192.168.1.10", "--registry", "m.daocloud.io"],
    ),
    ("open-webui-openai", &["open-webui", "--provider", "openai", "--publish", "0.0.0.0"]),
    ("anythingllm", &["anythingllm"]),
    ("dify", &["dify"]),
    ("dify-milvus", &["dify", "--with", "vector-store=milvus", "--net", "host-gateway"]),
    ("dify-one-api", &["dify", "one-api", "--provider", "ollama"]),
    ("fastgpt", &["fastgpt", "one-api", "--net", "host-gateway"]),
    ("fastgpt-milvus", &["fastgpt", "--with", "vector-store=milvus", "--lang", "zh"]),
    ("flowise", &["flowise"]),
    ("langfuse", &["langfuse"]),
    ("librechat", &["librechat", "--net", "host-gateway", "--provider", "lm-studio"]),
    ("perplexica", &["perplexica"]),
    ("litellm", &["litellm", "--with", "database=postgres", "--provider", "vllm"]),
    ("llama-cpp", &["llama-cpp"]),
    ("lobe-chat", &["lobe-chat", "litellm"]),
    ("localai", &["localai"]),
    ("n8n", &["n8n", "--with", "database=postgres"]),
    ("new-api", &["new-api", "open-webui", "--net", "host-gateway"]),
    ("one-api", &["one-api"]),
    ("one-api-mysql", &["one-api", "--with", "database=mysql", "--net", "host-network"]),
    ("ragflow", &["ragflow"]),
    ("ragflow-infinity", &["ragflow", "--with", "doc-engine=infinity", "--provider", "vllm", "--lang", "zh"]),
    (
        "ragflow-opensearch",
        &["ragflow", "--with", "doc-engine=opensearch", "--net", "lan-ip", "--lan-ip", "192.168.1.10"],
    ),
    ("one-api-master-slave", &["one-api", "open-webui", "--with", "nodes=master-slave", "--net", "host-gateway"]),
    (
        "new-api-master-slave",
        &["new-api", "--with", "nodes=master-slave", "--with", "database=postgres", "--lang", "zh"],
    ),
    ("vllm", &["vllm"]),
    ("open-webui-zh", &["open-webui", "--with", "search=searxng", "--lang", "zh"]),
    ("dify-zh", &["dify", "new-api", "--with", "dify.vector-store=qdrant", "--lang", "zh"]),
    ("librechat-zh", &["librechat", "--provider", "llama-cpp", "--lang", "zh"]),
    ("n8n-zh", &["n8n", "--net", "host-gateway", "--lang", "zh"]),
    ("anythingllm-vllm", &["anythingllm", "--provider", "vllm"]),
    ("one-api-swarm", &["one-api", "--engine", "swarm", "--provider", "ollama"]),
    (
        "litellm-swarm",
        &["litellm", "open-webui", "--engine", "swarm", "--provider", "vllm", "--with", "database=postgres"],
    ),
    (
        "dify-swarm",
        &["dify", "new-api", "--engine", "swarm", "--net", "lan-ip", "--lan-ip", "192.168.1.10", "--lang", "zh"],
    ),
];

#[test]
fn the_files_are_those_that_were_read() {
    let mut wrong = Vec::new();
    for (name, args) in GOLDEN {
        let dir = tempfile::tempdir().unwrap();
        let mut all = vec!["new"];
        all.extend(*args);
        let stack = args.iter().position(|a| a.starts_with("--")).unwrap_or(args.len());
        all.insert(stack + 1, "./demo");
        let said = run(dir.path(), &all);
        assert_eq!(said.status, 0, "{name}: {}{}", said.out, said.err);
        let mut files = contents(&dir.path().join("demo"));
        let env = files.get(".env").map(|e| String::from_utf8(e.clone()).unwrap()).unwrap_or_default();
        for (path, text) in files.iter_mut().filter(|(path, _)| path.starts_with("secrets/")) {
            let secret = String::from_utf8(text.clone()).unwrap();
            let secret = secret.trim();
            assert!(secret.is_empty() || !said.out.contains(secret), "{name} prints {path}");
            *text = format!("({} random characters)\n", secret.len()).into_bytes();
        }
        for secret in
            env.lines().filter_map(|l| l.split_once('=')).map(|(_, v)| v).filter(|v| v.len() >= 16 && !v.contains('.'))
        {
            assert!(!said.out.contains(secret), "{name} prints a secret");
        }
        if let Some(text) = files.get_mut(".env") {
            *text = hidden(&env).into_bytes();
        }
        let folder = root().join("fixtures/stacks").join(name);
        for (path, text) in &files {
            // Git would heed the one that the project gets.
            let path = path.strip_prefix('.').map_or_else(|| path.clone(), |rest| format!("dot{rest}"));
            wrong.extend(expect(&folder.join(path), &String::from_utf8(text.clone()).unwrap()).err());
        }
        wrong.extend(expect(&folder.join("expected.txt"), &said.out).err());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Random digits are told by their number.
fn hidden(env: &str) -> String {
    let mut out = String::new();
    for line in env.lines() {
        let fixed = line.trim_end_matches(|c: char| c.is_ascii_hexdigit());
        let random = line.len() - fixed.len();
        // What stands before them belongs to the value of some: `sk-`.
        match fixed.split_once('=') {
            Some((key, _)) if random >= 16 => {
                let _ = writeln!(out, "{key}=({} random characters)", line.len() - key.len() - 1);
            }
            _ => {
                let _ = writeln!(out, "{line}");
            }
        }
    }
    out
}

#[test]
fn secrets_are_new_each_time_and_nobody_else_reads_them() {
    let dir = tempfile::tempdir().unwrap();
    let env = |name: &str| std::fs::read_to_string(dir.path().join(name).join(".env")).unwrap();
    for name in ["./a", "./b"] {
        assert_eq!(run(dir.path(), &["new", "open-webui", name]).status, 0);
    }
    assert_ne!(env("a"), env("b"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(dir.path().join("a/.env")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    // A second time nothing is written, and --force keeps the passwords.
    let before = contents(&dir.path().join("a"));
    let said = run(dir.path(), &["new", "open-webui", "./a", "--provider", "openai"]);
    assert_eq!(said.status, 2);
    assert!(said.out.contains("-      OLLAMA_BASE_URL"), "{}", said.out);
    assert_eq!(contents(&dir.path().join("a")), before);
    let secret = env("a").lines().find(|l| l.starts_with("OPEN_WEBUI_SECRET_KEY=")).unwrap().to_owned();
    assert_eq!(run(dir.path(), &["new", "open-webui", "./a", "--provider", "openai", "--force"]).status, 0);
    assert!(env("a").contains(&secret) && env("a").contains("OPENAI_API_KEY="));
    assert!(!said.out.contains(secret.split_once('=').unwrap().1));
}

#[test]
fn what_cannot_be_made_is_refused_with_the_way_out() {
    let dir = tempfile::tempdir().unwrap();
    for (args, says) in [
        (&["new"][..], "open-webui"),
        (&["new", "opn-webui"], "did you mean `open-webui`?"),
        (&["new", "open-webui", "--provider", "lm-studio", "--net", "service"], "--net host-gateway"),
        (&["new", "open-webui", "--net", "lan-ip"], "--lan-ip"),
        (&["new", "open-webui", "ollama", "--net", "host-gateway"], "leave out one"),
        (&["new", "open-webui", "--with", "search=google"], "none, searxng"),
        (&["new", "open-webui", "--with", "vector=x"], "open-webui.search"),
        (&["new", "one-api", "--with", "nodes=master-slave", "--with", "database=sqlite"], "--with database=mysql"),
        (&["new", "one-api", "--with", "nodes=master-slave", "--net", "host-network"], "--net host-gateway"),
        (&["new", "open-webui", "--port", "ollama"], "STACK=PORT"),
        (&["new", "open-webui", "--name", "My Stack"], "lower-case"),
        (&["new", "open-webui", "--gpu", "intel"], "nvidia"),
        (&["new", "open-webui", "--registry", "https://m.example.com"], "docker.io="),
        (&["new", "open-webui", "--registry", "docker.io="], "docker.io="),
        (&["new", "open-webui", "--platform", "docker"], "docker-desktop"),
        (&["new", "n8n", "--platform", "docker-desktop", "--net", "host-network"], "--net host-gateway"),
        (&["new", "open-webui", "--platform", "podman", "--engine", "swarm"], "leave --engine swarm out"),
        (&["new", "open-webui", "--engine", "nomad"], "compose or swarm"),
        (&["new", "open-webui", "--engine", "swarm", "--provider", "lm-studio"], "--net lan-ip"),
        (&["new", "open-webui", "--engine", "swarm", "--net", "host-network"], "--provider ollama --net service"),
        (&["new", "open-webui", "--engine", "swarm", "--publish", "127.0.0.1"], "leave --publish out"),
        (&["new", "open-webui", "--engine", "swarm", "--gpu", "amd"], "--net lan-ip"),
    ] {
        let said = run(dir.path(), args);
        assert_eq!(said.status, 2, "{args:?}: {}", said.out);
        assert!(said.err.contains(says), "{args:?}: {}", said.err);
    }
    assert!(contents(dir.path()).is_empty());
    let said = run(dir.path(), &["new", "open-webui", "--dry-run"]);
    assert_eq!(said.status, 0);
    assert!(said.out.contains("── .env") && said.out.contains("OPEN_WEBUI_SECRET_KEY=********"), "{}", said.out);
    assert!(contents(dir.path()).is_empty());
    let mut chinese = command(dir.path(), &["new", "--list"]);
    chinese.env("LANG", "zh_CN.UTF-8");
    assert!(finish(chinese).out.contains("联网搜索"));
}

/// The lines of a text that are not among another's, in order: what was taken away or changed.
fn lost<'t>(old: &'t str, new: &str) -> Vec<&'t str> {
    let mut rest = new.lines();
    old.lines().filter(|line| !rest.by_ref().any(|l| l == *line)).collect()
}

#[test]
fn a_stack_is_added_in_lines_of_its_own() {
    const THERE: &str = "\
# Our shop.
services:
    shop:   # ours
        image: registry.example.com/shop:1.4.2
        networks: [back]
    models:
        image: ollama/ollama:0.32.6
        networks:
            - back

# Only for these two.
networks:
    back:
";
    for newline in ["\n", "\r\n"] {
        let compose = THERE.replace('\n', newline);
        let dir = common::folder(&[("compose.yaml", &compose), (".env", "SHOP=1")]);
        let dry = run(dir.path(), &["add", "open-webui", "--dry-run", "--with", "search=searxng"]);
        assert_eq!(dry.status, 0, "{}{}", dry.out, dry.err);
        assert!(dry.out.contains("SEARXNG_SECRET=********"), "{}", dry.out);
        assert_eq!(std::fs::read_to_string(dir.path().join("compose.yaml")).unwrap(), compose);
        let said = run(dir.path(), &["add", "open-webui", "--with", "search=searxng"]);
        assert_eq!(said.status, 0, "{}{}", said.out, said.err);
        let new = std::fs::read_to_string(dir.path().join("compose.yaml")).unwrap();
        assert_eq!(lost(&compose, &new), Vec::<&str>::new(), "{new}");
        // It calls the Ollama that is there, over its network.
        assert!(new.contains("OLLAMA_BASE_URL: http://models:11434") && new.contains("            - back"), "{new}");
        assert!(new.contains(&format!("{newline}# Only for these two.{newline}networks:")), "{new}");
        assert_eq!(new.matches('\n').count(), new.matches(newline).count(), "one kind of line end");
        assert!(!new.contains("image: ollama/ollama:0.32.6\n\n"));
        let env = std::fs::read_to_string(dir.path().join(".env")).unwrap();
        assert!(env.starts_with("SHOP=1\n") && env.contains("\nOPEN_WEBUI_SECRET_KEY="), "{env}");
        let lint = run(dir.path(), &["lint"]);
        assert_eq!(lint.status, 0, "{}", lint.out);
        // Twice is refused, and so is a port that is taken.
        let twice = run(dir.path(), &["add", "open-webui"]);
        assert_eq!(twice.status, 2);
        assert!(twice.err.contains("`open-webui` already"), "{}", twice.err);
        let taken = run(dir.path(), &["add", "n8n", "--port", "n8n=3000"]);
        assert_eq!(taken.status, 2);
        assert!(taken.err.contains("host-port-taken") && taken.err.contains("--port"), "{}", taken.err);
    }
}

/// What `new` does for the stacks that it brings, `add` says for the services that were there.
#[test]
fn the_services_that_were_there_are_led_to_a_new_server() {
    let compose = "\
services:
  web:
    image: ghcr.io/open-webui/open-webui:v0.6.5
    environment:
      OLLAMA_BASE_URL: http://localhost:11434
  bot:
    image: ghcr.io/example/bot:1.0
    environment:
      OPENAI_API_BASE: http://127.0.0.1:11434/v1
";
    let dir = common::folder(&[("compose.yaml", compose)]);
    let said = run(dir.path(), &["add", "ollama"]);
    assert_eq!(said.status, 0, "{}{}", said.out, said.err);
    for says in ["dockline fix --diff", "`bot`, `web`", "type     http://ollama:11434   (Ollama)"] {
        assert!(said.out.contains(says), "{says}: {}", said.out);
    }
    assert_eq!(run(dir.path(), &["fix", "--select", "reach"]).status, 0);
    let text = std::fs::read_to_string(dir.path().join("compose.yaml")).unwrap();
    assert!(text.contains("http://ollama:11434\n") && text.contains("http://ollama:11434/v1"), "{text}");
    // A gateway comes before the server: its address is the one to type.
    let said = run(dir.path(), &["add", "one-api"]);
    assert_eq!(said.status, 0, "{}{}", said.out, said.err);
    assert!(said.out.contains("type     http://one-api:3000/v1"), "{}", said.out);
    assert!(!said.out.contains("fix --diff"), "{}", said.out);
}

/// Podman takes cards by another name, Docker Desktop reaches loopback, and each is told what it needs.
#[test]
fn a_project_is_made_for_its_platform() {
    let dir = common::folder(&[]);
    let text = |name: &str| std::fs::read_to_string(dir.path().join(name).join("compose.yaml")).unwrap();
    let said = run(dir.path(), &["new", "ollama", "./pod", "--gpu", "nvidia", "--platform", "podman"]);
    assert_eq!(said.status, 0, "{}{}", said.out, said.err);
    assert!(text("pod").contains("devices:\n      - nvidia.com/gpu=all") && !text("pod").contains("reservations"));
    assert!(said.out.contains("nvidia-ctk cdi generate"), "{}", said.out);
    let lint = run(dir.path(), &["lint", "pod", "--platform", "podman", "--rules", "all"]);
    assert_eq!((lint.status, lint.out.contains("nothing wrong")), (0, true), "{}", lint.out);
    for (platform, says) in [
        ("docker-desktop", "also where it listens on 127.0.0.1"),
        ("podman", "10.88.0.0/15"),
        ("linux", "ufw allow from 172.16.0.0/12"),
    ] {
        let name = format!("./{platform}");
        let args = ["new", "open-webui", &name, "--net", "host-gateway", "--platform", platform];
        let said = run(dir.path(), &args);
        assert!(said.status == 0 && said.out.contains(says), "{platform}: {}{}", said.out, said.err);
    }
    let said = run(dir.path(), &["new", "one-api", "./swarm", "--platform", "swarm"]);
    assert!(said.status == 0 && said.out.contains("docker stack deploy"), "{}{}", said.out, said.err);
}

/// A mirror of all registries has images under their full names, one of Docker Hub only its own.
#[test]
fn images_come_from_the_mirror_that_has_them() {
    for (registry, redis, front) in [
        ("m.example.com/", "${REGISTRY:?}/docker.io/library/redis:", "${REGISTRY:?}/ghcr.io/open-webui/open-webui:"),
        ("docker.io=hub.example.com", "${REGISTRY:?}/library/redis:", " ghcr.io/open-webui/open-webui:"),
    ] {
        let dir = common::folder(&[]);
        let args = ["new", "open-webui", "one-api", "./x", "--with", "one-api.database=mysql", "--registry", registry];
        let said = run(dir.path(), &args);
        assert_eq!(said.status, 0, "{}{}", said.out, said.err);
        let text = std::fs::read_to_string(dir.path().join("x/compose.yaml")).unwrap();
        assert!(text.contains(redis) && text.contains(front), "{text}");
        let env = std::fs::read_to_string(dir.path().join("x/.env")).unwrap();
        let prefix = registry.rsplit('=').next().unwrap().trim_end_matches('/');
        assert!(env.contains(&format!("\nREGISTRY={prefix}\n")), "{registry}");
        assert!(said.out.contains(&format!("docker pull {prefix}/")), "{}", said.out);
    }
    let dir = common::folder(&[]);
    let said = run(dir.path(), &["new", "ollama", "./x", "--registry", "ghcr.io=m.example.com"]);
    assert!(said.out.contains("no image here comes from ghcr.io"), "{}", said.out);
    assert_eq!(run(dir.path(), &["lint", "--rules", "all", "x"]).status, 0);
}

/// What is there stays as it is; one override file and lines of `.env` make the project reach its models.
#[test]
fn a_project_of_others_is_taken_over_beside_its_files() {
    const OVER: &[&str] = &["docker-compose.override.yaml", "docker-compose.override.yml", "compose.override.yaml"];
    let rows: &[(&str, &[&str], &str)] = &[
        ("one-api", &["--net", "host-gateway"], "host.docker.internal:host-gateway"),
        ("one-api", &["ollama"], "image: ollama/ollama:"),
        ("dify", &["--provider", "lm-studio"], "host.docker.internal:host-gateway"),
        ("dify", &["one-api", "--with", "database=mysql", "--port", "one-api=3011"], "INITIAL_ROOT_TOKEN"),
    ];
    for (seed, args, says) in rows {
        let work = common::copy(&root().join("fixtures/seeds").join(seed));
        let dir = work.path();
        let before = contents(dir);
        let mut all = vec!["new", "--onto", "."];
        all.extend(*args);
        let mut dry = all.clone();
        dry.push("--dry-run");
        let shown = run(dir, &dry);
        assert_eq!(shown.status, 0, "{seed} {args:?}: {}{}", shown.out, shown.err);
        assert_eq!(contents(dir), before, "{seed} {args:?}: --dry-run writes");
        let said = run(dir, &all);
        assert_eq!(said.status, 0, "{seed} {args:?}: {}{}", said.out, said.err);
        assert!(said.out.contains("--- /dev/null\n+++ b/compose.override"), "{seed} {args:?}: no patch: {}", said.out);
        let after = contents(dir);
        let over = OVER.iter().find_map(|name| after.get(*name)).unwrap();
        assert!(String::from_utf8_lossy(over).contains(says), "{seed} {args:?}: {}", String::from_utf8_lossy(over));
        for (name, text) in &before {
            let new = after.get(name).unwrap();
            let same = if name == ".env" { new.starts_with(text) } else { new == text };
            assert!(same, "{seed} {args:?}: {name} was changed");
        }
        let lint = run(dir, &["lint", "--select", "reach", "--host-listener", "*:11434", "--host-listener", "*:1234"]);
        assert_eq!(lint.status, 0, "{seed} {args:?}: {}", lint.out);
        if let Some(compose) = common::compose() {
            let mut command = Command::new(compose);
            command.args(["config", "--quiet"]).current_dir(dir).env_clear().env("HOME", "/nonexistent");
            let done = command.stdin(Stdio::null()).output().unwrap();
            assert!(done.status.success(), "{seed} {args:?}: {}", String::from_utf8_lossy(&done.stderr));
        }
        // A second time there is nothing to do, or nothing that could be put in again.
        let again = run(dir, &all);
        assert!(
            again.out.contains("nothing to change") || again.err.contains("already"),
            "{seed} {args:?}: {}",
            again.out
        );
        assert_eq!(contents(dir), after);
    }
}

/// An example file that everybody is told to copy comes first, and the lines go behind it.
#[test]
fn an_env_file_begins_as_its_example() {
    let compose = "services:\n  open-webui:\n    image: ghcr.io/open-webui/open-webui:v0.10.2\n    ports:\n      - 127.0.0.1:${PORT:?}:8080\n";
    let dir = common::folder(&[("compose.yaml", compose), (".env.example", "PORT=3000\n")]);
    let said = run(dir.path(), &["new", "ollama", "--onto", "."]);
    assert_eq!(said.status, 0, "{}{}", said.out, said.err);
    let env = std::fs::read_to_string(dir.path().join(".env")).unwrap();
    assert!(env.starts_with("PORT=3000\n") && env.contains("OLLAMA_MEMORY="), "{env}");
    // A name that the project has would be merged, and is refused.
    let twice = common::folder(&[("compose.yaml", "services:\n  one-api:\n    image: justsong/one-api:v0.6.10\n")]);
    let said = run(twice.path(), &["new", "one-api", "--onto", "."]);
    assert!(said.status == 2 && said.err.contains("`one-api` already"), "{}{}", said.out, said.err);
    assert_eq!(contents(twice.path()).len(), 1);
}

/// Every stack goes into a project that has nothing of it.
#[test]
fn every_stack_can_be_added() {
    for stack in stacks() {
        let dir = common::folder(&[(
            "docker-compose.yml",
            "services:\n  shop:\n    image: registry.example.com/shop:1.4.2\n",
        )]);
        let said = run(dir.path(), &["add", &stack.name]);
        assert_eq!(said.status, 0, "{}: {}{}", stack.name, said.out, said.err);
        let lint = run(dir.path(), &["lint", "--fail-on", "info"]);
        assert_eq!(lint.status, 0, "{}: {}", stack.name, lint.out);
    }
}

/// Types into a pseudo-terminal, as a person would.
#[cfg(target_os = "linux")]
fn typed(dir: &Path, args: &str, answers: &[&str]) -> Option<common::Said> {
    use std::io::Write as _;
    let script = Path::new("/usr/bin/script");
    if !script.exists() {
        common::skipped("no script(1)");
        return None;
    }
    let mut command = Command::new(script);
    command.args(["-q", "-e", "-c", &format!("{} {args}", env!("CARGO_BIN_EXE_dockline")), "/dev/null"]);
    command
        .current_dir(dir)
        .env_clear()
        .env("HOME", "/nonexistent")
        .env("PATH", "/usr/bin:/bin")
        .env("SHELL", "/bin/sh");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    for answer in answers {
        // A terminal that is not read yet keeps what is typed.
        input.write_all(format!("{answer}\n").as_bytes()).unwrap();
    }
    let done = child.wait_with_output().unwrap();
    drop(input);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace('\r', "");
    Some(common::Said { status: done.status.code().unwrap_or(-1), out: text(&done.stdout), err: text(&done.stderr) })
}

#[cfg(target_os = "linux")]
#[test]
fn a_person_is_asked_in_a_terminal() {
    let dir = tempfile::tempdir().unwrap();
    let answers = ["nothing like it", "open-webui", "", "2", "ollama", "host-gateway", "./demo", "n"];
    let Some(said) = typed(dir.path(), "new", &answers) else { return };
    assert_eq!(said.status, 0, "{}{}", said.out, said.err);
    assert!(said.out.contains("Which stack?") && said.out.contains("── .env"), "{}", said.out);
    assert!(contents(dir.path()).is_empty(), "written without a yes");
    let said = typed(dir.path(), "new", &[&answers[1..7], &["y"]].concat()).unwrap();
    assert_eq!(said.status, 0, "{}{}", said.out, said.err);
    assert!(said.out.contains("docker compose up -d"), "{}", said.out);
    let compose = std::fs::read_to_string(dir.path().join("demo/compose.yaml")).unwrap();
    assert!(compose.contains("http://host.docker.internal:11434") && compose.contains("searxng"), "{compose}");
    let env = std::fs::read_to_string(dir.path().join("demo/.env")).unwrap();
    for secret in env.lines().filter_map(|l| l.split_once('=')).map(|(_, v)| v).filter(|v| v.len() >= 16) {
        assert!(!said.out.contains(secret), "a secret is shown");
    }
    // In Chinese, a gateway besides, and an end of the input instead of an answer.
    let said = typed(dir.path(), "new --lang zh", &["dify", "one-api", "qdrant", "sqlite", "\u{4}"]).unwrap();
    assert_eq!(said.status, 0, "{}{}", said.out, said.err);
    assert!(said.out.contains("要哪个栈？") && said.out.contains("用哪个模型服务？"), "{}", said.out);
}
