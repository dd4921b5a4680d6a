//! Addresses that gateways keep in their databases: `dockline doctor` finds them, names the layer that fails and the change, shows no
//! key, and leaves the database as it is. On the engine of `tests/common/engine.rs`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a test may panic and says what it skips"
)]

mod common;

use std::path::Path;

use common::engine::{Engine, engine, outcome};
use common::stack::{Stack, doctor, of, server};
use common::{contents, root};
use rusqlite::Connection;
use serde_json::Value;

/// An image name for the stub, for as long as the value lives.
struct Tag<'e>(&'e Engine, &'static str);

impl<'e> Tag<'e> {
    fn new(engine: &'e Engine, name: &'static str) -> Self {
        let (fine, said) = engine.docker(&["tag", engine.var("IMAGE"), name]);
        assert!(fine, "{said}");
        Self(engine, name)
    }
}

impl Drop for Tag<'_> {
    fn drop(&mut self) {
        self.0.docker(&["rmi", self.1]);
    }
}

const KEY: &str = "sk-hunter2hunter2hunter2";

/// A database with channels: type, status, name, base URL, models, model mapping.
type Rows<'a> = &'a [(i64, i64, &'a str, &'a str, &'a str, &'a str)];

fn database(at: &Path, schema: &str, rows: Rows<'_>) -> Connection {
    let database = Connection::open(at).unwrap();
    let schema = std::fs::read_to_string(root().join("fixtures/doctor").join(schema)).unwrap();
    database.execute_batch(&schema).unwrap();
    for (kind, status, name, base_url, models, mapping) in rows {
        let values = (kind, status, name, base_url, models, mapping, KEY);
        let insert = "INSERT INTO channels (type, status, name, base_url, models, model_mapping, key) VALUES (?, ?, ?, ?, ?, ?, ?)";
        database.execute(insert, values).unwrap();
    }
    database
}

fn gateway(name: &str, image: &str, data: &Path, more: &str) -> String {
    let data = data.display();
    let more = format!("working_dir: /data\nvolumes: [\"{data}:/data\"]\n{more}");
    server(name, "\"serve\", \"web@[::]:3000\"", &more).replace("image: IMAGE", &format!("image: {image}"))
}

fn finding<'r>(report: &'r Value, service: &str, id: i64) -> Option<&'r Value> {
    let variable = format!("channels.{id}.base_url");
    let mine = |f: &&Value| {
        f["variable"] == variable.as_str() && f["services"].as_array().unwrap().iter().any(|s| s == service)
    };
    report["findings"].as_array().unwrap().iter().find(mine)
}

fn help(finding: &Value) -> String {
    finding["help"].as_array().unwrap().iter().map(|h| h.as_str().unwrap()).collect::<Vec<_>>().join("\n")
}

#[test]
fn channels_of_one_api_are_judged_and_its_database_is_left_alone() {
    let Some((engine, _guard)) = engine() else { return };
    let _one = Tag::new(engine, "justsong/one-api");
    let _new = Tag::new(engine, "calciumion/new-api");
    let _host = engine.host_listener("ollama@127.0.0.1:11434");
    let dir = tempfile::tempdir().unwrap();
    let (one, new) = (dir.path().join("one"), dir.path().join("new"));
    for data in [&one, &new] {
        std::fs::create_dir_all(data).unwrap();
    }
    // What is only in the write-ahead log counts as well: this database stays open, and nothing is brought into the file.
    let live = Connection::open(one.join("one-api.db")).unwrap();
    live.execute_batch("PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0;").unwrap();
    let live = {
        drop(live);
        let live = database(
            &one.join("one-api.db"),
            "one-api.sql",
            &[
                (30, 1, "on the host", "http://localhost:11434", "llama3", ""),
                (30, 3, "no address", "", "llama3", ""),
                (30, 2, "switched off", "http://localhost:11434", "llama3", ""),
                (1, 1, "outside", "", "gpt-4o", ""),
                (1, 1, "twice", "http://ollama:11434/v1", "llama3", ""),
                (
                    30,
                    1,
                    "models",
                    "http://ollama:11434",
                    "gpt-4o,llama3,qwen2.5:7b",
                    "{\"gpt-4o\":\"nomic-embed-text\"}",
                ),
                (30, 1, "fine", "http://ollama:11434", "llama3", ""),
                (30, 1, "host", "http://host.docker.internal:11434", "llama3", ""),
                (1, 1, "odd", "http://localhost:11434/$(id)`id`", "llama3", ""),
            ],
        );
        live.execute_batch("PRAGMA wal_autocheckpoint=0;").unwrap();
        live
    };
    // Type 30 is nobody's there, and 4 is Ollama's.
    let other = database(
        &new.join("data.db"),
        "new-api.sql",
        &[
            (4, 1, "typo", "http://olama:11434", "llama3", ""),
            (4, 1, "wrong port", "http://ollama:11435", "llama3", ""),
        ],
    );
    drop(other);
    let text = [
        "services:\n".to_owned(),
        server("ollama", "\"serve\", \"ollama@[::]:11434\"", ""),
        gateway("one-api", "justsong/one-api", &one, ""),
        gateway("new-api", "calciumion/new-api", &new, "environment:\n  SQLITE_PATH: /data/data.db?_busy_timeout=5000"),
    ]
    .concat();
    let before = contents(dir.path());
    assert!(before.keys().any(|n| n.ends_with("-wal")), "{:?}", before.keys());
    let stack = Stack::up(engine, &text, true);
    let report = stack.doctor();
    let said = report.to_string();
    assert!(!said.contains("hunter2"), "a key is shown");
    assert_eq!(report["gaps"], serde_json::json!([]));
    assert!(before == contents(dir.path()), "the database was changed");
    drop(live);

    let first = finding(&report, "one-api", 1).unwrap();
    // `ollama` of the project offers the port: that is where it leads first.
    assert_eq!((&first["layer"], &first["cause"]), (&"connect".into(), &"loopback-to-service".into()), "{first:#}");
    assert_eq!(first["sql"], "UPDATE channels SET base_url = 'http://ollama:11434' WHERE id = 1;");
    let host_side = one.join("one-api.db");
    assert!(help(first).contains(&format!("sqlite3 {}", host_side.display())), "{first:#}");
    assert!(help(first).contains("Channels"), "{first:#}");
    let default = finding(&report, "one-api", 2).unwrap();
    assert!(help(default).contains("no address of its own") && help(default).contains("switched"), "{default:#}");
    assert!(finding(&report, "one-api", 3).is_none() && finding(&report, "one-api", 4).is_none());
    let twice = finding(&report, "one-api", 5).unwrap();
    assert_eq!((&twice["layer"], &twice["cause"]), (&"api".into(), &"url-extra-path".into()), "{twice:#}");
    assert_eq!(twice["sql"], "UPDATE channels SET base_url = 'http://ollama:11434' WHERE id = 5;");
    let models = finding(&report, "one-api", 6).unwrap();
    assert_eq!((&models["layer"], &models["cause"]), (&"model".into(), &"model-not-found".into()), "{models:#}");
    let message = models["message"].as_str().unwrap();
    assert!(message.contains("`qwen2.5:7b`") && !message.contains("gpt-4o") && !message.contains("nomic"), "{message}");
    assert!(finding(&report, "one-api", 7).is_none());
    let host = finding(&report, "one-api", 8).unwrap();
    assert_eq!((&host["layer"], &host["cause"]), (&"name".into(), &"missing-host-gateway".into()), "{host:#}");
    assert_eq!((&host["commands"][0], &host["sql"]), (&"dockline fix --set one-api=host:11434".into(), &Value::Null));
    // Nothing that a shell would run comes into a command.
    let odd = finding(&report, "one-api", 9).unwrap();
    assert!(!help(odd).lines().any(|l| l.contains("sqlite3") && l.contains("id")), "{odd:#}");
    let typo = finding(&report, "new-api", 1).unwrap();
    assert_eq!((&typo["layer"], &typo["cause"]), (&"name".into(), &"wrong-service-name".into()), "{typo:#}");
    let port = finding(&report, "new-api", 2).unwrap();
    assert_eq!((&port["layer"], &port["cause"]), (&"connect".into(), &"wrong-container-port".into()), "{port:#}");
    assert_eq!(of(&report, "ollama"), []);
    let page = doctor(engine, stack.dir.path(), &["-p", &stack.project, "--format", "html"]).out;
    assert!(page.contains("<code>channels.1.base_url</code>") && !page.contains("hunter2"), "{page}");
    if std::env::var_os("SHOW").is_some() {
        for lang in ["en", "zh"] {
            println!("{}", doctor(engine, stack.dir.path(), &["-p", &stack.project, "--lang", lang]).out);
        }
    }
}

/// The first seed: One-API in a container, Ollama on the host, the address typed into a channel.
#[test]
fn a_channel_to_the_host_is_mended_as_doctor_says() {
    let Some((engine, _guard)) = engine() else { return };
    let _one = Tag::new(engine, "justsong/one-api");
    let _host = engine.host_listener("ollama@0.0.0.0:11434");
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("one-api.db");
    let live = database(&file, "one-api.sql", &[(30, 1, "mine", "http://localhost:11434/", "llama3", "")]);
    let stack =
        Stack::up(engine, &format!("services:\n{}", gateway("one-api", "justsong/one-api", dir.path(), "")), true);
    let report = stack.doctor();
    let found = finding(&report, "one-api", 1).unwrap();
    assert_eq!((&found["layer"], &found["cause"]), (&"connect".into(), &"loopback-to-host".into()), "{found:#}");
    assert_eq!(found["commands"][0], "dockline fix --set one-api=host:11434");
    let fix = found["commands"][0].as_str().unwrap().split(' ').skip(1);
    let mut args: Vec<&str> = fix.collect();
    args.push("--isolated");
    let said = common::run(stack.dir.path(), &args);
    assert_eq!(said.status, 0, "{}{}", said.out, said.err);
    let (fine, said) = stack.compose(&["up", "-d"]);
    assert!(fine, "{said}");
    live.execute_batch(found["sql"].as_str().unwrap()).unwrap();
    let report = stack.doctor();
    assert_eq!(report["findings"], serde_json::json!([]), "{:#}", report["findings"]);
    let tried = &report["endpoints"][0];
    assert_eq!((&tried["address"], &tried["connect"]), (&"http://host.docker.internal:11434/".into(), &"ok".into()));
}

#[test]
fn a_database_that_is_not_there_is_said() {
    let Some((engine, _guard)) = engine() else { return };
    let _one = Tag::new(engine, "justsong/one-api");
    let dir = tempfile::tempdir().unwrap();
    let text = [
        "services:\n".to_owned(),
        gateway("no-file", "justsong/one-api", dir.path(), ""),
        gateway(
            "elsewhere",
            "justsong/one-api",
            dir.path(),
            "environment:\n  SQL_DSN: root:hunter2@tcp(192.0.2.1:3306)/oneapi",
        ),
    ]
    .concat();
    let stack = Stack::up(engine, &text, true);
    let report = stack.doctor();
    let gaps = report["gaps"].to_string();
    assert!(gaps.contains("`no-file`") && gaps.contains("/data/one-api.db"), "{gaps}");
    assert!(gaps.contains("`elsewhere`") && gaps.contains("192.0.2.1") && !gaps.contains("hunter2"), "{gaps}");
}

/// `PostgreSQL` of this machine, in a container, asked through its own client with the application's credentials.
#[test]
fn channels_in_postgres_are_read() {
    let Some((engine, _guard)) = engine() else { return };
    let versions =
        std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|e| e.path().join("bin"));
    let Some(bin) = versions.into_iter().find(|bin| bin.join("initdb").exists()) else {
        common::skipped("no PostgreSQL on this machine");
        return;
    };
    let _new = Tag::new(engine, "calciumion/new-api");
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).display().to_string();
    // The server refuses to be root; initdb asks for the password in a file.
    let script = format!(
        "chmod 755 {0}; install -d -o postgres {0}/pg; printf 'p w@1' >{0}/password; chmod 644 {0}/password; \
         setpriv --reuid postgres --regid postgres --clear-groups {1}/initdb -D {0}/pg -U app -A scram-sha-256 --pwfile {0}/password >/dev/null && \
         printf 'host all all all scram-sha-256\\n' >>{0}/pg/pg_hba.conf; id -u postgres",
        dir.path().display(),
        bin.display()
    );
    let (fine, user) = outcome(shell(&script));
    assert!(fine, "{user}");
    let user = user.trim().lines().last().unwrap().to_owned();
    let database = server("db", "\"\"", &format!(
        "user: \"{user}\"\nvolumes: [\"{}:/pg\", \"/usr:/usr:ro\", \"/usr/bin:/bin:ro\", \"/usr/lib:/lib:ro\", \"/usr/lib64:/lib64:ro\", \"/etc/passwd:/etc/passwd:ro\"]\n\
         environment: {{PATH: \"/usr/bin\"}}", path("pg"),
    ))
    .replace("[\"/stub\", \"\"]", &format!("[\"{}/postgres\", \"-D\", \"/pg\", \"-k\", \"/pg\", \"-c\", \"listen_addresses=*\"]", bin.display()));
    let gateway = server(
        "gateway",
        "\"serve\", \"web@[::]:3000\"",
        "environment:\n  SQL_DSN: postgres://app:p%20w%401@db/postgres?sslmode=disable",
    )
    .replace("image: IMAGE", "image: calciumion/new-api");
    let stack = Stack::up(engine, &format!("services:\n{gateway}{database}"), true);
    let rows = "CREATE TABLE channels (id bigserial PRIMARY KEY, type bigint, \"key\" text NOT NULL, status bigint, name text, base_url text, models text, model_mapping text);\
                INSERT INTO channels (type, \"key\", status, name, base_url, models) VALUES (4, 'sk-hunter2', 1, E'tab\\there', 'http://localhost:11434', 'llama3');";
    let container = format!("{}-db-1", stack.project);
    let ask = |sql: &str| {
        engine.docker(&[
            "exec",
            "-e",
            "PGPASSWORD=p w@1",
            &container,
            "psql",
            "-h127.0.0.1",
            "-Uapp",
            "postgres",
            "-Atc",
            sql,
        ])
    };
    let (fine, said) = ask(rows);
    assert!(fine, "{said}{}", engine.docker(&["logs", &container]).1);
    let report = stack.doctor();
    let found = finding(&report, "gateway", 1).unwrap_or_else(|| panic!("{report:#}"));
    assert_eq!((&found["layer"], &found["cause"]), (&"connect".into(), &"loopback-to-host".into()), "{found:#}");
    assert!(help(found).contains(&format!("docker exec -it {container} psql -U app -d postgres")), "{found:#}");
    assert!(!report.to_string().contains("hunter2") && !report.to_string().contains("p w@1"), "a secret is shown");
    // Nothing of it stays behind in the database.
    assert_eq!(ask("SELECT base_url FROM channels").1.trim(), "http://localhost:11434");
}

/// The same with `MariaDB` of this machine, whose client is `MySQL`'s too.
#[test]
fn channels_in_mysql_are_read() {
    let Some((engine, _guard)) = engine() else { return };
    if !Path::new("/usr/sbin/mariadbd").exists() || !Path::new("/usr/bin/mariadb").exists() {
        common::skipped("no MariaDB on this machine");
        return;
    }
    let _one = Tag::new(engine, "justsong/one-api");
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data").display().to_string();
    let (fine, said) = outcome(shell(&format!(
        "mariadb-install-db --no-defaults --datadir={data} --user=root --auth-root-authentication-method=normal --skip-test-db"
    )));
    assert!(fine, "{said}");
    let rows = "CREATE DATABASE `one-api`;\nCREATE USER 'app'@'%' IDENTIFIED BY 'p w@1';\nGRANT ALL ON `one-api`.* TO 'app'@'%';\nUSE `one-api`;\n\
                CREATE TABLE channels (id bigint PRIMARY KEY AUTO_INCREMENT, type bigint, `key` varchar(191), status bigint, name varchar(191), base_url varchar(191), models longtext, model_mapping varchar(1024));\n\
                INSERT INTO channels (type, `key`, status, name, base_url, models) VALUES (30, 'sk-hunter2', 1, 'tab\\there', 'http://localhost:11434', 'llama3');\n";
    std::fs::write(dir.path().join("data/init.sql"), rows).unwrap();
    let volumes = "\"/usr:/usr:ro\", \"/usr/bin:/bin:ro\", \"/usr/lib:/lib:ro\", \"/usr/lib64:/lib64:ro\", \"/etc/passwd:/etc/passwd:ro\"";
    let database =
        server("db", "\"\"", &format!("volumes: [\"{data}:/data\", {volumes}]\nenvironment: {{PATH: \"/usr/bin\"}}")).replace(
            "[\"/stub\", \"\"]",
            "[\"/usr/sbin/mariadbd\", \"--no-defaults\", \"--user=root\", \"--datadir=/data\", \"--socket=/data/s\", \"--init-file=/data/init.sql\"]",
        );
    let gateway = server(
        "gateway",
        "\"serve\", \"web@[::]:3000\"",
        "environment:\n  SQL_DSN: app:p w@1@tcp(db:3306)/one-api?parseTime=true\n  REDIS_CONN_STRING: redis://redis:6379",
    )
    .replace("image: IMAGE", "image: justsong/one-api");
    let stack = Stack::up(engine, &format!("services:\n{gateway}{database}"), true);
    let report = stack.doctor();
    let container = format!("{}-db-1", stack.project);
    let logs = || engine.docker(&["logs", &container]).1;
    let found = finding(&report, "gateway", 1).unwrap_or_else(|| panic!("{report:#}{}", logs()));
    assert_eq!((&found["layer"], &found["cause"]), (&"connect".into(), &"loopback-to-host".into()), "{found:#}");
    assert!(help(found).contains(&format!("docker exec -it {container} mysql -u app -p one-api -e")), "{found:#}");
    // With Redis it keeps channels in memory.
    assert!(help(found).contains("docker restart"), "{found:#}");
    assert!(!report.to_string().contains("hunter2") && !report.to_string().contains("w@1"), "a secret is shown");
}

fn shell(script: &str) -> std::process::Command {
    let mut command = std::process::Command::new("sh");
    command.args(["-c", script]);
    command
}
