//! dockline's words against a real Docker engine: mistakes are broken there, what `fix` writes reaches there, and verdicts are
//! what a probe from inside the container finds. The engine is that of `tests/common/engine.rs`.
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

use common::engine::{Engine, Running, engine};
use common::{copy, folder, root};

/// A project whose services are stubs.
struct Stack<'e> {
    engine: &'e Engine,
    dir: &'e Path,
    project: String,
    files: Vec<String>,
}

impl<'e> Stack<'e> {
    /// Starts the project in `dir`. `listens` says where the stub of a service listens: `[::]:8080`, `127.0.0.1:11434`.
    fn up(engine: &'e Engine, dir: &'e Path, listens: &[(&str, &[&str])], profiles: &[&str]) -> Self {
        static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let mut files = Vec::new();
        for name in ["compose.yaml", "compose.override.yaml"] {
            if dir.join(name).exists() {
                files.extend(["-f".to_owned(), name.to_owned()]);
            }
        }
        let project = format!("dl{}x{count}", std::process::id());
        let mut stack = Stack { engine, dir, project, files };
        let (fine, services) = stack.compose(&["--profile", "*", "config", "--services"]);
        assert!(fine, "the project does not load: {services}");
        let mut stubs = "services:\n".to_owned();
        for service in services.lines() {
            let places = listens.iter().filter(|(name, _)| *name == service).flat_map(|(_, places)| places.iter());
            let serve: String = places.map(|place| format!(", \"{place}\"")).collect();
            let image = engine.var("IMAGE");
            let _ = write!(
                stubs,
                "  {service}:\n    image: {image}\n    pull_policy: never\n    restart: \"no\"\n    build: !reset null\n    \
                 volumes: !reset []\n    depends_on: !reset {{}}\n    healthcheck: !reset null\n    command: !override []\n    \
                 entrypoint: !override [\"/stub\", \"serve\"{serve}]\n    stop_grace_period: 0s\n"
            );
        }
        std::fs::write(dir.join("stubs.yaml"), stubs).unwrap();
        stack.files.extend(["-f".to_owned(), "stubs.yaml".to_owned()]);
        let mut args: Vec<&str> = profiles.iter().flat_map(|p| ["--profile", *p]).collect();
        args.extend(["up", "-d", "--quiet-pull"]);
        let (fine, said) = stack.compose(&args);
        assert!(fine, "up: {said}");
        std::thread::sleep(std::time::Duration::from_millis(300));
        stack
    }

    fn compose(&self, args: &[&str]) -> (bool, String) {
        let mut all = vec!["-p", &self.project];
        all.extend(self.files.iter().map(String::as_str));
        all.extend(args);
        self.engine.compose(self.dir, &all)
    }

    fn container(&self, service: &str) -> String {
        let (_, id) = self.compose(&["--profile", "*", "ps", "-q", service]);
        id.lines().last().unwrap_or_default().trim().to_owned()
    }

    /// What happens when a service calls an address: dockline's word for it.
    fn call(&self, service: &str, host: &str, port: u64) -> String {
        let port = port.to_string();
        let (fine, said) = self.engine.docker(&["exec", &self.container(service), "/stub", "call", host, &port]);
        assert!(fine, "{service} can't be asked: {said}");
        said.trim().to_owned()
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

fn dockline(dir: &Path, args: &[&str]) -> common::Said {
    common::run(dir, args)
}

/// The endpoints of variables, as `reach` lists them.
fn endpoints(dir: &Path, args: &[&str], variables: &[&str]) -> Vec<(String, String, u64, String)> {
    let mut all = vec!["reach", "--format", "json", "--isolated"];
    all.extend(args);
    let found = dockline(dir, &all).json();
    found["endpoints"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|e| variables.contains(&e["variable"].as_str().unwrap()))
        .map(|e| {
            let text = |key: &str| e[key].as_str().unwrap_or_default().to_owned();
            (text("service"), text("host"), e["port"].as_u64().unwrap(), text("verdict"))
        })
        .collect()
}

/// Breaks on the engine as it stands, is fixed, and reaches then.
fn proven(case: &Path, listens: &[(&str, &[&str])], variables: &[&str], fix: &[&str]) {
    let Some((engine, _guard)) = engine() else { return };
    let work = copy(case);
    let dir = work.path();
    let _host = engine.host_listener("0.0.0.0:11434");
    let told = ["--platform", "linux", "--host-listener", "*:11434"];
    {
        let stack = Stack::up(engine, dir, listens, &[]);
        let before = endpoints(dir, &told, variables);
        assert!(!before.is_empty(), "no endpoint of {variables:?}");
        for (service, host, port, verdict) in before {
            let real = stack.call(&service, &host, port);
            assert_eq!(real, verdict, "{service} to {host}:{port} before the fix");
            assert_ne!(real, "ok", "{service} to {host}:{port} works before the fix");
        }
    }
    let mut args = vec!["fix", "--isolated"];
    args.extend(told);
    args.extend(fix);
    let said = dockline(dir, &args);
    assert!((0..=1).contains(&said.status), "{}{}", said.out, said.err);
    let stack = Stack::up(engine, dir, listens, &[]);
    for (service, host, port, verdict) in endpoints(dir, &told, variables) {
        let real = stack.call(&service, &host, port);
        assert_eq!(real, "ok", "{service} to {host}:{port} after {fix:?} (dockline: {verdict})\n{}", said.out);
    }
}

const ONE_API: &[(&str, &[&str])] =
    &[("one-api", &["[::]:3000"]), ("redis", &["[::]:6379"]), ("db", &["[::]:3306"]), ("lobe-chat", &["[::]:3210"])];
const ONE_API_EDGES: &[&str] = &["OPENAI_PROXY_URL", "OLLAMA_PROXY_URL"];

#[test]
fn one_api_is_mended_by_auto() {
    proven(&root().join("fixtures/seeds/one-api"), ONE_API, ONE_API_EDGES, &[]);
}

#[test]
fn one_api_is_mended_by_host_gateway() {
    let args = ["--to", "host-gateway", "--unsafe"];
    // One-API itself is published on loopback, which the gateway does not lead to: that edge keeps to the service.
    proven(&root().join("fixtures/seeds/one-api"), ONE_API, &["OLLAMA_PROXY_URL"], &args);
}

#[test]
fn one_api_is_mended_by_host_network() {
    proven(&root().join("fixtures/seeds/one-api"), ONE_API, ONE_API_EDGES, &["--to", "host-network", "--unsafe"]);
}

#[test]
fn one_api_is_mended_by_lan_ip() {
    let args = ["--to", "lan-ip", "--lan-ip", "192.168.51.10", "--unsafe"];
    proven(&root().join("fixtures/seeds/one-api"), ONE_API, &["OLLAMA_PROXY_URL"], &args);
}

#[test]
fn one_api_is_mended_by_service() {
    proven(&root().join("fixtures/seeds/one-api"), ONE_API, &["OPENAI_PROXY_URL"], &["--to", "service", "--unsafe"]);
}

#[test]
fn one_api_is_mended_in_an_override_file() {
    proven(&root().join("fixtures/seeds/one-api"), ONE_API, ONE_API_EDGES, &["--override"]);
}

const DIFY: &[(&str, &[&str])] = &[
    ("api", &["[::]:5001"]),
    ("db", &["[::]:5432"]),
    ("redis", &["[::]:6379"]),
    ("weaviate", &["[::]:8080"]),
    ("sandbox", &["[::]:8194"]),
    ("ssrf_proxy", &["[::]:3128"]),
    ("plugin_daemon", &["[::]:5002", "[::]:5003"]),
    ("nginx", &["[::]:80"]),
    ("web", &["[::]:3000"]),
];

#[test]
fn dify_is_mended_by_host_gateway() {
    proven(&root().join("fixtures/seeds/dify"), DIFY, &["OPENAI_API_BASE"], &["--to", "host-gateway"]);
}

#[test]
fn dify_is_mended_by_lan_ip() {
    let args = ["--to", "lan-ip", "--lan-ip", "192.168.51.10"];
    proven(&root().join("fixtures/seeds/dify"), DIFY, &["OPENAI_API_BASE"], &args);
}

#[test]
fn dify_is_pointed_at_the_host() {
    proven(
        &root().join("fixtures/seeds/dify"),
        DIFY,
        &["OPENAI_API_BASE"],
        &["--set", "api.OPENAI_API_BASE=host:11434/v1"],
    );
}

/// Fixture folders whose mistake a stub shows: broken as `reach` says, and reached after `fix --unsafe`.
#[test]
fn fixtures_of_rules_are_broken_and_mended_on_the_engine() {
    type Row<'a> = (&'a str, &'a [(&'a str, &'a [&'a str])], &'a [&'a str]);
    let rows: &[Row<'_>] = &[
        ("loopback-url/bad-dsn", &[("mysql", &["[::]:3306"])], &["SQL_DSN"]),
        ("loopback-url/bad-pair", &[("db", &["[::]:5432"])], &["DB_HOST"]),
        ("loopback-url/bad-anchor", &[], &["OLLAMA_BASE_URL"]),
        ("loopback-url/bad-service-env-file", &[], &["OLLAMA_BASE_URL"]),
        ("loopback-url/bad-default", &[], &["OLLAMA_BASE_PATH"]),
        ("loopback-url/bad-ipv6", &[], &["OLLAMA_HOST"]),
        ("missing-host-gateway/bad-linux", &[], &["OLLAMA_API_BASE"]),
        ("misspelt-host-name/bad-typo", &[], &["OLLAMA_HOST"]),
        ("no-shared-network/bad-two-networks", &[("db", &["[::]:5432"])], &["DB_HOST"]),
        ("no-shared-network/bad-left-default", &[("ollama", &["[::]:11434"])], &["OLLAMA_BASE_URL"]),
        ("published-port-between-services/bad-mapped", &[("ollama", &["[::]:11434"])], &["OLLAMA_BASE_URL"]),
        ("wrong-container-port/bad-nobody-listens", &[("redis", &["[::]:6379"])], &["REDIS_URL"]),
        ("unknown-service-name/bad-almost-right", &[("postgres", &["[::]:5432"])], &["DATABASE_URL"]),
        ("unknown-service-name/bad-known-elsewhere", &[("ollama", &["[::]:11434"])], &["OPENAI_API_BASE"]),
        ("wildcard-as-target/bad-client", &[("ollama", &["[::]:11434"])], &["OLLAMA_BASE_URL"]),
        ("wildcard-as-target/bad-ipv6", &[("redis", &["[::]:6379"])], &["REDIS_CONN_STRING"]),
        ("host-mode-service-name/bad-from-host-mode", &[("db", &["[::]:5432"])], &["DATABASE_URL"]),
        ("host-mode-service-name/bad-published-port", &[("db", &["[::]:3306"])], &["SQL_DSN"]),
    ];
    for (case, listens, variables) in rows {
        println!("{case}");
        proven(&root().join("fixtures/rules").join(case), listens, variables, &["--unsafe"]);
    }
}

/// Every verdict of one project against the engine.
fn agrees(files: &[(&str, &str)], listens: &[(&str, &[&str])], told: &[&str], host: &[&str], profiles: &[&str]) {
    let Some((engine, _guard)) = engine() else { return };
    let work = folder(files);
    let dir = work.path();
    let _host: Vec<Running> = host.iter().map(|a| engine.host_listener(a)).collect();
    let stack = Stack::up(engine, dir, listens, profiles);
    let mut args = vec!["reach", "--format", "json", "--isolated", "--platform", "linux"];
    args.extend(told);
    args.extend(profiles.iter().flat_map(|p| ["--profile", p]));
    args.extend(["-f", "compose.yaml"]);
    let found = dockline(dir, &args).json();
    let mut wrong = Vec::new();
    let mut compared = 0;
    for e in found["endpoints"].as_array().unwrap() {
        let (verdict, variable) = (e["verdict"].as_str().unwrap(), e["variable"].as_str().unwrap());
        if e["audience"] == "bind" {
            continue;
        }
        if e["audience"] != "server" || matches!(verdict, "unknown" | "external") {
            wrong.push(format!("{variable} is {} and {verdict}: nothing to compare", e["audience"]));
            continue;
        }
        let (service, host) = (e["service"].as_str().unwrap(), e["host"].as_str().unwrap());
        let real = stack.call(service, host, e["port"].as_u64().unwrap());
        compared += 1;
        if real != verdict {
            wrong.push(format!("{service}.{variable} {}: dockline {verdict}, engine {real}", e["value"]));
        }
    }
    assert!(compared > 3, "only {compared} compared");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn names_and_ports_between_services() {
    agrees(
        &[(
            "compose.yaml",
            "services:
  app:
    image: registry.example.com/app:1
    extra_hosts: [\"pinned:172.17.0.1\"]
    environment:
      BY_NAME_URL: redis://redis:6379
      PUBLISHED_URL: redis://redis:16379
      BY_HOSTNAME_URL: redis://cachehost:6379
      BY_ALIAS_URL: redis://cachealias:6379
      BY_FULL_NAME_URL: redis://redis.dlnet:6379
      OTHER_NETWORK_URL: postgres://db:5432/x
      OWN_IPV6_REDIS_URL: redis://[::1]:6379
      LOOPBACK_REDIS_URL: redis://localhost:6379
      CASE_URL: redis://Redis:6379
    networks: [front]
  redis:
    image: redis:7
    hostname: cachehost
    ports: [\"16379:6379\"]
    networks:
      front:
        aliases: [cachealias]
  db:
    image: postgres:16
    networks: [back]
networks:
  front: {name: dlnet}
  back:
",
        )],
        &[("redis", &["[::]:6379"]), ("db", &["[::]:5432"])],
        &[],
        &[],
        &[],
    );
}

#[test]
fn the_host_and_its_names() {
    agrees(
        &[(
            "compose.yaml",
            "services:
  mapped:
    image: registry.example.com/app:1
    extra_hosts: [\"host.docker.internal:host-gateway\", \"lan=192.168.51.10\"]
    environment:
      OLLAMA_BASE_URL: http://host.docker.internal:11434
      LMSTUDIO_BASE_URL: http://host.docker.internal:1234/v1
      LAN_OLLAMA_URL: http://192.168.51.10:11434
      PUBLISHED_REDIS_URL: redis://host.docker.internal:16379
  unmapped:
    image: registry.example.com/app:1
    environment:
      OLLAMA_BASE_URL: http://host.docker.internal:11434
  inner:
    image: registry.example.com/app:1
    networks: [inner]
    extra_hosts: [\"host.docker.internal:host-gateway\"]
    environment:
      OLLAMA_BASE_URL: http://host.docker.internal:11434
  redis:
    image: redis:7
    ports: [\"16379:6379\"]
networks:
  inner: {internal: true}
",
        )],
        &[("redis", &["[::]:6379"])],
        &["--host-listener", "*:11434", "--host-listener", "127.0.0.1:1234", "--host-address", "192.168.51.10"],
        &["0.0.0.0:11434", "127.0.0.1:1234"],
        &[],
    );
}

#[test]
fn network_modes() {
    agrees(
        &[(
            "compose.yaml",
            "services:
  on-host:
    image: registry.example.com/app:1
    network_mode: host
    environment:
      OLLAMA_BASE_URL: http://127.0.0.1:11434
      REDIS_URL: redis://redis:6379
      PUBLISHED_REDIS_URL: redis://127.0.0.1:16379
  shares:
    image: registry.example.com/app:1
    network_mode: service:redis
    environment:
      REDIS_URL: redis://127.0.0.1:6379
      OLLAMA_BASE_URL: http://127.0.0.1:11434
  bridged:
    image: registry.example.com/app:1
    network_mode: bridge
    environment:
      REDIS_URL: redis://redis:6379
  redis:
    image: redis:7
    ports: [\"127.0.0.1:16379:6379\"]
",
        )],
        &[("redis", &["[::]:6379"])],
        &["--host-listener", "127.0.0.1:11434"],
        &["127.0.0.1:11434"],
        &[],
    );
}

#[test]
fn names_that_only_some_know() {
    agrees(
        &[(
            "compose.yaml",
            "services:
  app:
    image: registry.example.com/app:1
    links: [\"db:linked\"]
    environment:
      BY_CONTAINER_NAME_URL: redis://cache-one:6379
      BY_LINK_URL: postgres://linked:5432/x
      AWAKE_URL: http://awake:11434
      ON_HOST_URL: http://on-host:11434
  other:
    image: registry.example.com/app:1
    extra_hosts: [\"host.docker.internal:host-gateway\", \"db:172.17.0.1\"]
    environment:
      BY_LINK_URL: postgres://linked:5432/x
      MAPPED_AWAY_URL: postgres://db:15432/x
      ON_HOST_URL: http://host.docker.internal:11434
  alone:
    image: registry.example.com/app:1
    network_mode: none
    environment:
      REDIS_URL: redis://cache:6379
      OWN_URL: http://127.0.0.1:11434
      HOST_URL: http://172.17.0.1:11434
  on-host:
    image: ollama/ollama:0.6.5
    network_mode: host
  awake:
    image: ollama/ollama:0.6.5
    profiles: [gpu]
  cache:
    image: redis:7
    container_name: cache-one
  db:
    image: postgres:16
    ports: [\"15432:5432\"]
",
        )],
        &[
            ("on-host", &["0.0.0.0:11434"]),
            ("awake", &["[::]:11434"]),
            ("cache", &["[::]:6379"]),
            ("db", &["[::]:5432"]),
        ],
        &[],
        &[],
        &["gpu"],
    );
}

#[test]
fn servers_on_their_own_loopback() {
    agrees(
        &[(
            "compose.yaml",
            "services:
  ollama:
    image: ollama/ollama:0.6.5
    ports: [\"21434:11434\"]
    environment:
      OLLAMA_HOST: 127.0.0.1:11434
  peer:
    image: registry.example.com/app:1
    extra_hosts: [\"host.docker.internal:host-gateway\"]
    environment:
      OLLAMA_BASE_URL: http://ollama:11434
      PUBLISHED_OLLAMA_URL: http://host.docker.internal:21434
  inside:
    image: registry.example.com/app:1
    network_mode: service:ollama
    environment:
      OLLAMA_BASE_URL: http://127.0.0.1:11434
      OLLAMA_URL: http://127.0.0.1:11435
",
        )],
        &[("ollama", &["127.0.0.1:11434"])],
        &[],
        &[],
        &[],
    );
}

/// What `new` makes: every address that a service of it calls is reached, as `reach` says.
#[test]
fn new_projects_reach_their_servers() {
    type Row<'a> = (&'a [&'a str], &'a [&'a str], &'a [(&'a str, &'a [&'a str])], usize);
    let Some((engine, _guard)) = engine() else { return };
    let rows: &[Row<'_>] = &[
        (
            &["dify", "one-api", "--with", "one-api.database=mysql"],
            &[],
            &[
                ("dify-api", &["[::]:5001"]),
                ("dify-db", &["[::]:5432"]),
                ("dify-redis", &["[::]:6379"]),
                ("dify-weaviate", &["[::]:8080", "[::]:50051"]),
                ("dify-sandbox", &["[::]:8194"]),
                ("dify-ssrf-proxy", &["[::]:3128"]),
                ("dify-plugin-daemon", &["[::]:5002", "[::]:5003"]),
                ("dify-web", &["[::]:3000"]),
                ("one-api-db", &["[::]:3306"]),
                ("one-api-redis", &["[::]:6379"]),
            ],
            30,
        ),
        (
            &["fastgpt", "--with", "vector-store=milvus", "--net", "host-gateway"],
            &["0.0.0.0:11434"],
            &[
                ("fastgpt", &["[::]:3000"]),
                ("fastgpt-aiproxy", &["[::]:3000"]),
                ("fastgpt-aiproxy-db", &["[::]:5432"]),
                ("fastgpt-etcd", &["[::]:2379"]),
                ("fastgpt-milvus", &["[::]:19530"]),
                ("fastgpt-minio", &["[::]:9000"]),
                ("fastgpt-mongo", &["[::]:27017"]),
                ("fastgpt-plugin", &["[::]:3000"]),
                ("fastgpt-redis", &["[::]:6379"]),
                ("fastgpt-sandbox", &["[::]:3000"]),
            ],
            13,
        ),
        (
            &["open-webui", "--net", "host-network", "--with", "search=searxng"],
            &["127.0.0.1:11434"],
            &[("searxng", &["[::]:8080"])],
            2,
        ),
        (
            &[
                "lobe-chat",
                "litellm",
                "--net",
                "host-gateway",
                "--provider",
                "lm-studio",
                "--with",
                "database=postgres",
            ],
            &["0.0.0.0:1234"],
            &[("litellm", &["[::]:4000"]), ("litellm-db", &["[::]:5432"])],
            3,
        ),
        (
            &["open-webui", "one-api", "--net", "host-gateway", "--with", "nodes=master-slave"],
            &["0.0.0.0:11434"],
            &[
                ("one-api", &["[::]:3000"]),
                ("one-api-slave", &["[::]:3000"]),
                ("one-api-db", &["[::]:3306"]),
                ("one-api-redis", &["[::]:6379"]),
            ],
            5,
        ),
        (&["anythingllm", "--net", "lan-ip", "--lan-ip", "192.168.51.10"], &["192.168.51.10:11434"], &[], 1),
    ];
    for (args, host, listens, least) in rows {
        let work = folder(&[]);
        let stacks = args.iter().position(|a| a.starts_with("--")).unwrap_or(args.len());
        let mut all = vec!["new"];
        all.extend(&args[..stacks]);
        all.push("./demo");
        all.extend(&args[stacks..]);
        let said = dockline(work.path(), &all);
        assert_eq!(said.status, 0, "{args:?}: {}", said.err);
        let dir = work.path().join("demo");
        let _host: Vec<Running> = host.iter().map(|a| engine.host_listener(a)).collect();
        let stack = Stack::up(engine, &dir, listens, &[]);
        let mut ask = vec!["reach", "--format", "json", "--isolated", "--platform", "linux", "-f", "compose.yaml"];
        ask.extend(["--host-address", "192.168.51.10"]);
        ask.extend(host.iter().flat_map(|h| ["--host-listener", *h]));
        let found = dockline(&dir, &ask).json();
        let mut compared = 0;
        let mut wrong = Vec::new();
        for e in found["endpoints"].as_array().unwrap().iter().filter(|e| e["audience"] == "server") {
            let text = |key: &str| e[key].as_str().unwrap();
            let real = stack.call(text("service"), text("host"), e["port"].as_u64().unwrap());
            compared += 1;
            if real != "ok" || text("verdict") != "ok" {
                let (service, variable, value) = (text("service"), text("variable"), text("value"));
                wrong.push(format!("{service}.{variable} {value}: dockline {}, engine {real}", text("verdict")));
            }
        }
        assert!(wrong.is_empty(), "{args:?}:\n{}", wrong.join("\n"));
        assert!(compared >= *least, "{args:?}: only {compared} compared");
    }
}
