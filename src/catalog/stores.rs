//! Databases in which gateways keep the addresses of model servers: file, table, and what their numbers mean.

use std::sync::OnceLock;

use super::images::Image;
use super::table::{column, facts, rows};

const TABLE: &str = include_str!("stores.txt");

/// Where an application keeps addresses.
#[derive(Debug, Default)]
pub struct Store {
    /// Line of the table.
    pub line: usize,
    pub names: Vec<&'static str>,
    pub table: &'static str,
    /// The `SQLite` file, from the application's working directory.
    pub file: &'static str,
    /// The variable that names another file, and the one that names another database.
    pub file_env: &'static str,
    pub dsn_env: &'static str,
    /// What a channel of a type speaks: `(30, "ollama")`.
    pub kinds: Vec<(i64, &'static str)>,
    /// What an Ollama channel without an address calls; empty where it calls nothing.
    pub ollama_default: &'static str,
    pub source: &'static str,
}

impl Store {
    /// The protocol of a channel's type, where it is known.
    pub fn speaks(&self, kind: i64) -> Option<&'static str> {
        self.kinds.iter().find(|(k, _)| *k == kind).map(|(_, speaks)| *speaks)
    }
}

fn stores() -> &'static [Store] {
    static READ: OnceLock<Vec<Store>> = OnceLock::new();
    READ.get_or_init(|| {
        rows(TABLE)
            .map(|(line, row)| {
                let mut store = Store {
                    line,
                    names: column(&row, 0).split_whitespace().collect(),
                    source: column(&row, 2),
                    ..Store::default()
                };
                for (key, value) in facts(column(&row, 1)) {
                    match key {
                        "table" => store.table = value,
                        "file" => store.file = value,
                        "file-env" => store.file_env = value,
                        "dsn-env" => store.dsn_env = value,
                        "ollama-default" => store.ollama_default = value,
                        _ => store.kinds.extend(value.parse().ok().map(|number| (number, key))),
                    }
                }
                store
            })
            .collect()
    })
}

/// The database of an image's application.
pub fn store(image: &Image) -> Option<&'static Store> {
    stores().iter().find(|s| s.names.iter().any(|n| image.names.contains(n)))
}

#[cfg(test)]
mod tests {
    use super::super::apps::apps;
    use super::super::table::misplaced;
    use super::*;

    #[test]
    fn every_line_has_the_form() {
        for store in stores() {
            let line = store.line;
            assert!(store.source.starts_with("https://"), "stores.txt:{line}: no source");
            let set = [store.table, store.file, store.file_env, store.dsn_env];
            assert!(set.iter().all(|v| !v.is_empty()), "stores.txt:{line}: a fact is missing");
            // The table's name becomes part of a query.
            assert!(store.table.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'), "stores.txt:{line}");
            assert!(store.kinds.iter().all(|(_, s)| matches!(*s, "ollama" | "openai")), "stores.txt:{line}");
            assert!(store.kinds.iter().any(|(_, s)| *s == "ollama"), "stores.txt:{line}: no type of Ollama's");
            for name in &store.names {
                assert!(apps().iter().any(|a| a.names.contains(name)), "stores.txt:{line}: {name} is not in apps.txt");
            }
        }
        assert_eq!(misplaced(TABLE), Vec::<usize>::new());
    }
}
