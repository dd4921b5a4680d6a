//! What `dockline doctor` hands on: the page of `--format html`, and the bundle of `--report`, which holds no secret. On the engine of
//! `tests/common/engine.rs`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic and says what it skips"
)]

mod common;

use common::engine::engine;
use common::stack::{GATEWAY, Stack, client, doctor, server};

/// Everything that must not be in a bundle, and where it stands.
const SECRETS: [(&str, &str); 7] = [
    ("hunter2-variable", "a variable of a telling name"),
    ("hunter2-url", "a URL"),
    ("hunter2-flag", "an argument"),
    ("hunter2-env-file", ".env, where no service reads it"),
    ("p@ss hunter2", "a password, percent-encoded in a URL"),
    ("sk-hunter2hunter2hunter2", "a token in a log that nobody declared"),
    ("hunter2-header", "a header in a log"),
];

#[test]
fn a_bundle_has_what_helps_and_no_secret() {
    let Some((engine, _guard)) = engine() else { return };
    let text = [
        "services:\n".to_owned(),
        server("ollama", "\"serve\", \"ollama@[::]:11434\"", "ports: [\"21434:11434\"]"),
        client("api", "OLLAMA_BASE_URL", "http://localhost:11434", GATEWAY).replace(
            "    environment:\n",
            "    environment:\n      API_PASSWORD: hunter2-variable\n      OTHER_URL: http://app:hunter2-url@ollama:11434\n      \
             PG_URL: postgres://app:p%40ss%20hunter2@nowhere/x\n",
        ),
        // It says its argument before it ends, as programs do with addresses that they can't use.
        server("logs", "\"serve\", \"redis://:hunter2-url@x hunter2-variable sk-hunter2hunter2hunter2\"", ""),
        server("header", "\"serve\", \"Authorization: Bearer hunter2-header\"", ""),
        server("flag", "\"serve\", \"--requirepass\", \"hunter2-flag\"", ""),
    ]
    .concat();
    let stack = Stack::up(engine, &text, true);
    let dir = stack.dir.path();
    std::fs::write(dir.join(".env"), "UNREAD_TOKEN=hunter2-env-file\nTAG=1\n").unwrap();
    let said = doctor(engine, dir, &["-p", &stack.project, "--report"]);
    assert_eq!(said.status, 1, "{}{}", said.out, said.err);
    assert!(said.err.contains("dockline-report.md has ") && said.err.contains("secrets"), "{}", said.err);
    let report = std::fs::read_to_string(dir.join("dockline-report.md")).unwrap();
    for (secret, place) in SECRETS {
        assert!(!report.contains(secret), "{secret}, {place}:\n{report}");
    }
    assert!(!report.contains("hunter2"), "{report}");
    for there in [
        "error[loopback-to-service]",
        "OLLAMA_BASE_URL",
        "## compose.yaml",
        "## .env",
        "TAG=1",
        "invalid socket address",
        "-api-1",
    ] {
        assert!(report.contains(there), "no {there}:\n{report}");
    }
    let said = doctor(engine, dir, &["-p", &stack.project, "--lang", "zh", "--report", "求助.md"]);
    assert!(said.err.contains("求助.md 里有"), "{}", said.err);
    assert!(std::fs::read_to_string(dir.join("求助.md")).unwrap().starts_with("# dockline 报告\n"));
    if let Some(to) = std::env::var_os("SHOW") {
        std::fs::write(std::path::Path::new(&to).join("report.md"), report).unwrap();
    }
}

#[test]
fn a_page_shows_who_reaches_whom_and_what_fails() {
    let Some((engine, _guard)) = engine() else { return };
    let _host = engine.host_listener("ollama@127.0.0.1:11434");
    let host = "http://host.docker.internal:11434";
    let text = [
        "services:\n".to_owned(),
        server("ollama", "\"serve\", \"ollama@[::]:11434\"", "ports: [\"21434:11434\"]"),
        server("redis", "\"serve\", \"banner@[::]:6379\"", ""),
        server("db", "\"serve\", \"banner@[::]:5432\"", "networks: [back]"),
        server("web", "\"serve\", \"web@[::]:80\"", "ports: [\"28080:80\"]"),
        client("api", "OLLAMA_BASE_URL", host, GATEWAY)
            .replace("    environment:\n", "    environment:\n      REDIS_URL: redis://:hunter2@redis:6379\n      DATABASE_URL: postgres://db:5432/x\n"),
        client("worker", "OLLAMA_BASE_URL", "http://ollama:11434", "")
            .replace("    environment:\n", "    environment:\n      REDIS_URL: redis://:hunter2@redis:6379\n      OPENAI_API_BASE: http://ollama:11434\n"),
        client("lost", "OLLAMA_BASE_URL", "http://localhost:11434", ""),
        client("outside", "OPENAI_API_BASE", "https://api.openai.com/v1", ""),
        "networks:\n  back:\n".to_owned(),
    ]
    .concat();
    let stack = Stack::up(engine, &text, true);
    for lang in ["en", "zh"] {
        let said = doctor(engine, stack.dir.path(), &["-p", &stack.project, "--format", "html", "--lang", lang]);
        assert_eq!(said.status, 1, "{}", said.err);
        let page = said.out;
        if let Some(to) = std::env::var_os("SHOW") {
            std::fs::write(std::path::Path::new(&to).join(format!("doctor.{lang}.html")), &page).unwrap();
        }
        assert!(!page.contains("hunter2"), "a secret is shown");
        // One file: no script, nothing fetched.
        for outside in ["<script", "<link", "<img", "src=", "url(h", "@import"] {
            assert!(!page.contains(outside), "{outside}");
        }
        for verdict in ["ok", "refused", "dns", "wrong-answer", "external"] {
            assert!(page.contains(&format!("data-verdict=\"{verdict}\"")), "{verdict}: {page}");
        }
        for cause in ["host-bind-loopback", "network-mismatch", "url-missing-v1", "loopback-to-service"] {
            assert!(page.contains(&format!("[{cause}]")), "{cause}: {page}");
        }
        assert!(page.contains("compose.yaml:") && !page.contains("(engine)"), "places are those of the files");
    }
}
