//! From the words of many clients to a cause, and inside a project to the line.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::format_push_string,
    reason = "a test may panic"
)]

mod common;

use common::{folder, run};

fn diagnosis(text: &str) -> Option<String> {
    let dir = tempfile::tempdir().unwrap();
    let said = run(dir.path(), &["explain", "--format", "json", text]);
    let found = said.json();
    let first = found["matches"].as_array().unwrap().first()?;
    Some(first["diagnosis"].as_str().unwrap().to_owned())
}

#[test]
fn clients_of_every_kind_are_understood() {
    for (line, wanted) in [
        (
            "Get \"http://host.docker.internal:11434/api/tags\": dial tcp: lookup host.docker.internal on 127.0.0.11:53: no such host",
            "missing-host-gateway",
        ),
        ("dial tcp 172.17.0.1:11434: connect: connection refused", "host-bind-loopback"),
        (
            "requests.exceptions.ConnectionError: HTTPConnectionPool(host='host.docker.internal', port=11434): Max retries exceeded (Caused by NameResolutionError: Failed to resolve 'host.docker.internal' ([Errno -2] Name or service not known))",
            "missing-host-gateway",
        ),
        ("Error: getaddrinfo ENOTFOUND host.docker.internal", "missing-host-gateway"),
        (
            "curl: (28) Failed to connect to 172.17.0.1 port 11434 after 130000 ms: Connection timed out",
            "host-firewall",
        ),
        // Go
        (
            "Post \"http://localhost:1234/v1/chat/completions\": dial tcp 127.0.0.1:1234: connect: connection refused",
            "loopback-to-host",
        ),
        ("dial tcp: lookup qdrant on 127.0.0.11:53: server misbehaving", "name-resolution"),
        ("dial tcp 172.17.0.1:8000: i/o timeout", "host-firewall"),
        ("Get \"http://10.0.0.9:11434/\": dial tcp 10.0.0.9:11434: connect: no route to host", "host-unreachable"),
        ("parse \"ollama:11434/v1\": first path segment in URL cannot contain colon", "url-missing-scheme"),
        // Python
        (
            "requests.exceptions.ConnectionError: HTTPConnectionPool(host='127.0.0.1', port=11434): Max retries exceeded with url: /v1/models (Caused by NewConnectionError('<urllib3.connection.HTTPConnection object at 0x1>: Failed to establish a new connection: [Errno 111] Connection refused'))",
            "loopback-to-host",
        ),
        (
            "aiohttp.client_exceptions.ClientConnectorError: Cannot connect to host localhost:11434 ssl:default [Connect call failed ('127.0.0.1', 11434)]",
            "loopback-to-host",
        ),
        ("httpx.ConnectError: All connection attempts failed", "connection-refused"),
        ("httpx.ConnectError: [Errno -3] Temporary failure in name resolution", "name-resolution"),
        ("openai.APIConnectionError: Connection error.", "connection-refused"),
        (
            "requests.exceptions.MissingSchema: Invalid URL 'ollama:11434/api/tags': No scheme supplied. Perhaps you meant https://ollama:11434/api/tags?",
            "url-missing-scheme",
        ),
        (
            "psycopg2.OperationalError: connection to server at \"localhost\" (127.0.0.1), port 5432 failed: Connection refused",
            "loopback-to-service",
        ),
        (
            "redis.exceptions.ConnectionError: Error 111 connecting to localhost:6379. Connection refused.",
            "loopback-to-service",
        ),
        // Node
        ("TypeError: fetch failed\n    cause: Error: connect ECONNREFUSED ::1:11434", "loopback-to-host"),
        ("Error: connect ETIMEDOUT 172.17.0.1:11434", "host-firewall"),
        (
            "FetchError: request to http://chroma:8000/api/v1 failed, reason: getaddrinfo EAI_AGAIN chroma",
            "name-resolution",
        ),
        ("TypeError: Only absolute URLs are supported", "url-missing-scheme"),
        // curl and wget
        (
            "curl: (7) Failed to connect to localhost port 11434 after 0 ms: Couldn't connect to server",
            "loopback-to-host",
        ),
        ("curl: (6) Could not resolve host: host.docker.internal", "missing-host-gateway"),
        ("wget: bad address 'vllm:8000'", "name-resolution"),
        // nginx
        ("nginx: [emerg] host not found in upstream \"api\" in /etc/nginx/conf.d/default.conf:5", "name-resolution"),
        (
            "[error] 7#7: *3 upstream timed out (110: Connection timed out) while reading response header from upstream, upstream: \"http://172.18.0.4:11434/\"",
            "timeout-tuning",
        ),
        // Java, Rust
        ("java.net.UnknownHostException: ollama", "name-resolution"),
        (
            "org.springframework.web.client.ResourceAccessException: I/O error on POST request for \"http://localhost:11434/api/chat\": Connection refused",
            "loopback-to-host",
        ),
        (
            "error sending request for url (http://localhost:11434/api/tags): error trying to connect: tcp connect error: Connection refused (os error 111)",
            "loopback-to-host",
        ),
        // Chinese
        ("请求失败：无法连接到 http://localhost:11434，连接被拒绝", "loopback-to-host"),
        ("连接 127.0.0.1:11434 失败: 由于目标计算机积极拒绝，无法连接。", "loopback-to-host"),
        ("无法解析主机名 host.docker.internal", "missing-host-gateway"),
        ("连接超时：172.17.0.1:11434", "host-firewall"),
        ("域名解析失败：ollama", "name-resolution"),
        // Compose and the engine
        ("network backend declared as external, but could not be found", "network-mismatch"),
        ("env file /srv/app/.env not found: stat /srv/app/.env: no such file or directory", "env-file-missing"),
        ("unsupported protocol scheme \"\"", "url-missing-scheme"),
        ("{\"error\":\"model 'qwen2.5:7b' not found\"}", "model-not-found"),
        (
            "Access to fetch at 'http://localhost:11434/api/tags' from origin 'http://localhost:3000' has been blocked by CORS policy: Request header field x-stainless-timeout is not allowed by Access-Control-Allow-Headers in preflight response.",
            "cors-preflight-header",
        ),
        (
            "Error response from daemon: driver failed programming external connectivity: Bind for 0.0.0.0:11434 failed: port is already allocated",
            "port-conflict",
        ),
    ] {
        assert_eq!(diagnosis(line).as_deref(), Some(wanted), "{line}");
    }
}

#[test]
fn what_says_nothing_gets_no_diagnosis() {
    for line in [
        "Listening on [::]:8080",
        "GET /health 200 in 3ms",
        "user logged in from 10.0.0.3",
        "缓存已更新，共 12 条",
        "Connected to database db:5432",
        "INFO refused to give up; retry count 3",
        "timeout=30 retries=5",
        "GET /api/tags 200 OK 12ms http://localhost:11434",
        "config loaded: host=localhost port=11434",
        "已连接到 127.0.0.1:11434",
        "The name of the model is not found in this poem",
        "Downloading model 5%",
        "panic: runtime error: index out of range",
        "docker compose up -d",
        "Worker exited with code 0",
        "",
    ] {
        assert_eq!(diagnosis(line), None, "{line}");
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(run(dir.path(), &["explain", line]).status, 1);
    }
}

#[test]
fn inside_a_project_the_line_is_named() {
    let dir = folder(&[(
        "compose.yaml",
        "services:\n  n8n:\n    image: docker.n8n.io/n8nio/n8n:1.85.0\n    environment:\n      OLLAMA_HOST: http://localhost:11434\n",
    )]);
    let line = "connect ECONNREFUSED ::1:11434";
    let english = run(dir.path(), &["explain", line]);
    assert!(english.out.contains("compose.yaml:5") && english.out.contains("n8n"), "{}", english.out);
    let chinese = run(dir.path(), &["explain", line, "--lang", "zh"]);
    assert!(chinese.out.contains("compose.yaml:5") && chinese.out.contains("容器"), "{}", chinese.out);
}

#[test]
fn rules_and_causes_have_pages() {
    let dir = tempfile::tempdir().unwrap();
    for word in ["loopback-url", "host-bind-loopback", "loopback-to-host"] {
        let said = run(dir.path(), &["explain", word]);
        assert_eq!(said.status, 0, "{}", said.err);
        assert!(said.out.lines().count() > 5, "{}", said.out);
    }
}

/// A message that lint can confirm is told by lint's cause, with the place.
#[test]
fn the_project_decides_between_causes() {
    let services = "services:
  app:
    image: x:1
    networks: [front]
    environment:
      QDRANT_URL: http://qdrant:6333
      DB_URL: postgres://u:p@localhost:5433/x
  qdrant:
    image: qdrant/qdrant:v1.13.0
    networks: [back]
  db:
    image: postgres:16
    ports: [\"5433:5432\"]
    networks: [front]
networks:
  front:
  back:
";
    let dir = folder(&[("compose.yaml", services)]);
    for (line, cause, variable, at) in [
        ("dial tcp: lookup qdrant on 127.0.0.11:53: no such host", "network-mismatch", "QDRANT_URL", 6),
        (
            "connection to server at \"localhost\" (::1), port 5433 failed: Connection refused",
            "loopback-to-service",
            "DB_URL",
            7,
        ),
    ] {
        let found = run(dir.path(), &["explain", "--format", "json", line]).json();
        let first = &found["matches"][0];
        assert_eq!(first["diagnosis"], cause, "{line}");
        let place = &first["places"][0];
        assert_eq!((&place["service"], &place["file"]), (&"app".into(), &"compose.yaml".into()));
        assert_eq!(place["path"], format!("services.app.environment.{variable}"));
        assert_eq!(place["range"]["start"]["line"], at);
    }
}

/// Of a log only what speaks of a failure counts, and what several lines say alike counts once.
#[test]
fn a_log_is_read_for_its_failures() {
    let log = "INFO starting
GET /health 200
WARN retry 1: dial tcp: lookup milvus on 127.0.0.11:53: no such host
WARN retry 2: dial tcp: lookup milvus on 127.0.0.11:53: no such host
ERROR Post \"http://localhost:11434/api/chat\": dial tcp [::1]:11434: connect: connection refused
INFO shutting down
";
    let dir = tempfile::tempdir().unwrap();
    let found = common::run_with(dir.path(), &["explain", "-", "--format", "json"], log).json();
    let told: Vec<(&str, &str)> = found["matches"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| (m["target"]["host"].as_str().unwrap(), m["diagnosis"].as_str().unwrap()))
        .collect();
    assert_eq!(told.iter().filter(|t| **t == ("milvus", "name-resolution")).count(), 1, "{told:?}");
    assert!(told.contains(&("localhost", "loopback-to-host")), "{told:?}");
    let bytes =
        common::run_with(dir.path(), &["explain", "-"], "\u{1b}[31mconnect ECONNREFUSED 127.0.0.1:11434\u{1b}[0m\n");
    assert_eq!(bytes.status, 0);
    assert!(!bytes.out.contains('\u{1b}'), "{:?}", bytes.out);
    assert_eq!(common::run_with(dir.path(), &["explain", "-"], "").status, 1);
}

#[test]
fn a_pages_language_follows() {
    let dir = tempfile::tempdir().unwrap();
    for word in ["loopback-url", "host-bind-loopback"] {
        let said = run(dir.path(), &["explain", word, "--lang", "zh"]);
        assert!(said.out.contains("容器"), "{}", said.out);
    }
    let said = run(dir.path(), &["explain", "loopback-ulr"]);
    assert_eq!(said.status, 1);
    assert!(said.out.contains("loopback-url"), "{}", said.out);
}

/// The lines of a list without its comments.
fn lines(name: &str) -> Vec<String> {
    let path = common::root().join("fixtures/explain").join(name);
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().filter(|l| !l.starts_with('#') && !l.is_empty()).map(str::to_owned).collect()
}

#[test]
fn symptoms_have_their_cause() {
    let wrong: Vec<String> = lines("symptoms.txt")
        .iter()
        .filter_map(|row| {
            let (wanted, line) = row.split_once(" | ").unwrap();
            let said = diagnosis(line);
            (said.as_deref() != Some(wanted)).then(|| format!("{said:?} is not {wanted}: {line}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn nothing_is_invented_for_lines_of_others() {
    let lines = lines("foreign.txt");
    assert!(lines.len() >= 50);
    let told: Vec<String> =
        lines.iter().filter_map(|line| diagnosis(line).map(|cause| format!("{cause}: {line}"))).collect();
    assert!(told.is_empty(), "{}", told.join("\n"));
}

/// A log of Compose says who speaks: repeats are counted, and places are those of the speaker.
#[test]
fn a_log_of_a_project_is_tied_to_its_services() {
    let dir = folder(&[(
        "compose.yaml",
        "name: stack
services:
  api:
    image: x:1
    environment:
      OLLAMA_URL: http://localhost:11434
  worker:
    image: x:1
    environment:
      OLLAMA_URL: http://localhost:11434
  web:
    image: x:1
    container_name: front
    environment:
      API_URL: http://apii:8000
",
    )]);
    let log = "api-1     | INFO starting
worker-1  | connecting to http://elsewhere:1
api-1     | dial tcp 127.0.0.1:11434: connect: connection refused
front     | Error: getaddrinfo ENOTFOUND apii
api-1     | dial tcp 127.0.0.1:11434: connect: connection refused
api-1     | dial tcp 127.0.0.1:11434: connect: connection refused
front     | GET / 200
";
    let found = common::run_with(dir.path(), &["explain", "-", "--format", "json"], log).json();
    let all = found["matches"].as_array().unwrap();
    let ollama = all.iter().find(|m| m["diagnosis"] == "loopback-to-host").unwrap();
    assert_eq!((&ollama["count"], &ollama["said_by"]), (&3.into(), &serde_json::json!(["api-1"])));
    let places = ollama["places"].as_array().unwrap();
    assert!(places.len() == 1 && places[0]["service"] == "api", "{places:?}");
    let name = all.iter().find(|m| m["target"]["host"] == "apii").unwrap();
    assert_eq!((&name["diagnosis"], &name["places"][0]["service"]), (&"wrong-service-name".into(), &"web".into()));
    let english = common::run_with(dir.path(), &["explain", "-"], log).out;
    assert!(english.contains("(said by api-1, 3 lines)") && english.contains("(said by front)"), "{english}");
    let chinese = common::run_with(dir.path(), &["explain", "-", "--lang", "zh"], log).out;
    assert!(chinese.contains("（api-1 的日志，3 行）"), "{chinese}");
}

/// What `docker compose logs | dockline explain -` gets: most of it says nothing, failures repeat, services speak in turn.
#[test]
fn a_long_log_is_told_by_who_fails_at_what() {
    let dir = folder(&[(
        "compose.yaml",
        "services:\n  one-api:\n    image: justsong/one-api\n  chat:\n    image: example/chat\n    environment:\n      OPENAI_BASE_URL: http://localhost:3000/v1\n  db:\n    image: mysql:8\n",
    )]);
    let mut log = String::new();
    for second in 0..50 {
        log += &format!(
            "one-api-1  | [GIN] 2026/02/01 - 08:00:{second:02} | 200 |  1.32ms |  172.20.0.5 | GET \"/api/status\"\n"
        );
        log += &format!(
            "db-1       | 2026-02-01T08:00:{second:02}Z 8 [Warning] [Server] IP address '172.20.0.5' could not be resolved: Name or service not known\n"
        );
        if second % 7 == 0 {
            log += "one-api-1  | [ERR] relay error (channel id 3, user id: 1): do request failed: Post \"http://localhost:11434/api/chat\": dial tcp [::1]:11434: connect: connection refused\n";
            log += "chat-1     | [Error] Api response error: /api/v1/chat/completions, Connection error.\n";
            log += "chat-1     |   cause: Error: connect ECONNREFUSED 127.0.0.1:3000\n";
        }
    }
    log += "db-1 exited with code 137\n";
    let said = common::run_with(dir.path(), &["explain", "--format", "json", "-"], &log).json();
    let told = |cause: &str, port: Option<u64>| {
        let mut all = said["matches"].as_array().unwrap().iter();
        all.find(|m| m["diagnosis"] == cause && m["target"]["port"].as_u64() == port).cloned()
    };
    let channel = told("loopback-to-host", Some(11434)).unwrap();
    assert_eq!((&channel["said_by"], &channel["count"]), (&serde_json::json!(["one-api-1"]), &8.into()), "{channel:#}");
    let chat = told("loopback-to-service", Some(3000)).unwrap_or_else(|| panic!("{said:#}"));
    assert_eq!(chat["said_by"], serde_json::json!(["chat-1"]), "{chat:#}");
    assert_eq!(chat["places"][0]["service"], "chat", "{chat:#}");
    assert!(told("memory-limit", None).is_some() && told("name-resolution", None).is_none(), "{said:#}");
    let human = common::run_with(dir.path(), &["explain", "-"], &log).out;
    assert!(human.contains("`one-api` keeps the addresses of model servers in its database"), "{human}");
    assert!(human.contains("exited with code 137\n\nmemory-limit"), "{human}");
}
