//! From the words of many clients to a cause, and inside a project to the line.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

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
    for line in
        ["Listening on [::]:8080", "GET /health 200 in 3ms", "user logged in from 10.0.0.3", "缓存已更新，共 12 条"]
    {
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
