//! Addresses that applications keep in their databases, read as rows. Databases are never written to: a file is copied out of its
//! container and the copy is read; a server is asked by its own client, in a read-only transaction. Keys are never asked for.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

/// A row of the table of channels, as One-API and its relatives have it.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Channel {
    pub id: i64,
    /// The application's number for the provider.
    pub kind: i64,
    /// 1 on, 2 switched off, 3 switched off by the application itself.
    pub status: i64,
    pub name: String,
    pub base_url: String,
    /// Names, separated by commas.
    pub models: String,
    /// JSON: what a client asks for, to what the server is asked for.
    pub mapping: String,
}

/// A database, and how it is read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Shelf {
    /// A `SQLite` file inside a container.
    File { container: String, path: String, table: &'static str },
    /// A database server in a container, asked from inside it.
    Server { container: String, dialect: Dialect, login: Login, table: &'static str },
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Dialect {
    Postgres,
    Mysql,
}

/// Who asks; the password goes by the environment, not by the command.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    pub user: String,
    pub password: String,
    pub database: String,
    /// Inside the container.
    pub port: u16,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Login({} at {}, port {})", self.user, self.database, self.port)
    }
}

const COLUMNS: [&str; 7] = ["id", "type", "status", "name", "base_url", "models", "model_mapping"];

/// What belongs to a `SQLite` file: itself, and what was not yet written into it (`-wal`) or must be taken back (`-journal`).
pub(super) const PARTS: [&str; 3] = ["", "-wal", "-journal"];

/// The rows of a copied file, in the order of their ids.
pub(super) fn of_file(copy: &Path, table: &str) -> Result<Vec<Channel>, String> {
    let read = || -> rusqlite::Result<Vec<Channel>> {
        // Writable, as what stands beside the file is brought into it first; it is a copy.
        let database = Connection::open_with_flags(copy, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        let mut query = database.prepare(&select(table))?;
        let rows = query.query_map([], |row| {
            let number = |i: usize| row.get::<_, Option<i64>>(i).map(Option::unwrap_or_default);
            let text = |i: usize| row.get::<_, Option<String>>(i).map(Option::unwrap_or_default);
            Ok(Channel {
                id: number(0)?,
                kind: number(1)?,
                status: number(2)?,
                name: text(3)?,
                base_url: text(4)?,
                models: text(5)?,
                mapping: text(6)?,
            })
        })?;
        rows.collect()
    };
    read().map_err(|e| e.to_string())
}

fn select(table: &str) -> String {
    format!("SELECT {} FROM {table} ORDER BY id", COLUMNS.join(", "))
}

/// The command that a database's own client is run with, and its environment.
pub(super) fn command(dialect: Dialect, login: &Login, table: &str) -> (Vec<String>, Vec<String>) {
    let query = select(table);
    let (words, variables) = match dialect {
        Dialect::Postgres => (
            vec![
                "psql".to_owned(),
                "-X".to_owned(),
                "-q".to_owned(),
                "-c".to_owned(),
                format!("COPY ({query}) TO STDOUT"),
            ],
            vec![
                "PGHOST=127.0.0.1".to_owned(),
                format!("PGPORT={}", login.port),
                format!("PGUSER={}", login.user),
                format!("PGPASSWORD={}", login.password),
                format!("PGDATABASE={}", login.database),
                "PGCONNECT_TIMEOUT=5".to_owned(),
                "PGCLIENTENCODING=UTF8".to_owned(),
                "PGOPTIONS=-c default_transaction_read_only=on -c statement_timeout=5000".to_owned(),
            ],
        ),
        Dialect::Mysql => (
            // MariaDB's newer images have the client under its own name only.
            [
                "sh",
                "-c",
                "for c in mysql mariadb; do command -v $c >/dev/null && exec $c \"$@\"; done; echo no client; exit 127",
                "sh",
            ]
            .map(str::to_owned)
            .into_iter()
            .chain([
                "--host=127.0.0.1".to_owned(),
                format!("--port={}", login.port),
                format!("--user={}", login.user),
                format!("--database={}", login.database),
                "--connect-timeout=5".to_owned(),
                "--default-character-set=utf8mb4".to_owned(),
                "--batch".to_owned(),
                "--skip-column-names".to_owned(),
                format!("--execute=SET SESSION TRANSACTION READ ONLY; {query}"),
            ])
            .collect(),
            vec![format!("MYSQL_PWD={}", login.password)],
        ),
    };
    (words, variables)
}

/// What a client printed: a row a line, columns apart by tabs, with backslashes before what would confuse that. Both clients say it
/// so (`COPY` in its text format, `mysql --batch`), but for what is null: `\N` and `NULL`.
pub(super) fn of_client(said: &str) -> Vec<Channel> {
    let column = |text: &str| {
        if matches!(text, "\\N" | "NULL") {
            return String::new();
        }
        let mut out = String::with_capacity(text.len());
        let mut letters = text.chars();
        while let Some(c) = letters.next() {
            match (c, if c == '\\' { letters.next() } else { None }) {
                ('\\', Some('n')) => out.push('\n'),
                ('\\', Some('t')) => out.push('\t'),
                ('\\', Some('r')) => out.push('\r'),
                ('\\', Some('0') | None) => {}
                ('\\', Some(other)) => out.push(other),
                (plain, _) => out.push(plain),
            }
        }
        out
    };
    let row = |line: &str| {
        let columns: Vec<&str> = line.split('\t').collect();
        let [id, kind, status, name, base_url, models, mapping] = columns.as_slice() else { return None };
        Some(Channel {
            id: id.parse().ok()?,
            kind: kind.parse().unwrap_or_default(),
            status: status.parse().unwrap_or_default(),
            name: column(name),
            base_url: column(base_url),
            models: column(models),
            mapping: column(mapping),
        })
    };
    said.lines().filter_map(row).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

    use super::*;

    #[test]
    fn rows_of_both_clients_are_read() {
        let said = "mysql: [Warning] x\n1\t30\t1\tmine\thttp://localhost:11434\tqwen2.5:7b,llama3\t{\\n\"a\":\"b\\\\\"}\n2\t1\t3\tkey\\tless\t\\N\tgpt-4o\tNULL\n";
        let rows = of_client(said);
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0].base_url, "http://localhost:11434");
        assert_eq!(rows[0].mapping, "{\n\"a\":\"b\\\"}");
        assert_eq!((rows[1].name.as_str(), rows[1].base_url.as_str(), rows[1].mapping.as_str()), ("key\tless", "", ""));
    }

    #[test]
    fn no_key_is_asked_for_and_no_password_is_in_a_command() {
        let login = Login { user: "u".into(), password: "hunter2".into(), database: "d".into(), port: 1 };
        for dialect in [Dialect::Postgres, Dialect::Mysql] {
            let (words, variables) = command(dialect, &login, "channels");
            assert!(!words.join(" ").contains("hunter2") && variables.iter().any(|v| v.ends_with("=hunter2")));
        }
        assert!(!COLUMNS.contains(&"key") && !format!("{login:?}").contains("hunter2"));
    }

    #[test]
    fn what_is_not_yet_in_the_file_counts() {
        let dir = tempfile::tempdir().unwrap();
        let live = dir.path().join("one-api.db");
        let database = Connection::open(&live).unwrap();
        database
            .execute_batch(
                "PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0;
                 CREATE TABLE channels (id integer PRIMARY KEY AUTOINCREMENT, type integer DEFAULT 0, key text NOT NULL, status integer DEFAULT 1,
                   name text, base_url text DEFAULT '', models text, model_mapping text);
                 INSERT INTO channels (type, key, name, base_url, models) VALUES (30, 'sk-1', 'a', 'http://localhost:11434', 'llama3');",
            )
            .unwrap();
        let copy = dir.path().join("copy");
        for part in PARTS {
            let from = dir.path().join(format!("one-api.db{part}"));
            if from.exists() {
                std::fs::copy(from, dir.path().join(format!("copy{part}"))).unwrap();
            }
        }
        let rows = of_file(&copy, "channels").unwrap();
        assert_eq!(rows.len(), 1);
        assert_eq!(
            (rows[0].kind, rows[0].base_url.as_str(), rows[0].mapping.as_str()),
            (30, "http://localhost:11434", "")
        );
        assert!(of_file(&copy, "nothing").is_err());
    }
}
