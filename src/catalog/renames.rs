//! Variables that an image does not read, though it looks as if it did: renamed, dropped, or called otherwise from the start.

use foldhash::{HashMap, HashMapExt as _};
use std::sync::OnceLock;

use super::reference::{Reference, Release, numbers};
use super::table::{Lazy, column, facts, lines, names};

const TABLE: &str = include_str!("renames.txt");

/// What keeps strangers out, now that the variable does not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Login {
    /// Accounts of the application.
    App,
    /// An option of the server's command.
    Command,
    Nothing,
}

/// A line of the table.
#[derive(Debug)]
pub struct Rename {
    pub line: usize,
    /// What is not read.
    pub old: Vec<&'static str>,
    images: Vec<&'static str>,
    /// What is read instead; several where it was split, none where nothing is.
    pub new: Vec<&'static str>,
    pub since: Option<Vec<u64>>,
    pub before: Option<Vec<u64>>,
    numbered: bool,
    /// Under the new name the value changes more than what it was meant to mend: a form, a password, a database.
    pub risky: bool,
    pub login: Option<Login>,
    /// It is an option of a model, not of the server.
    pub option: bool,
    pub source: &'static str,
    unknown: Vec<&'static str>,
}

impl Rename {
    /// Whether the image of a reference is certainly one that does not read the variable.
    fn holds(&self, reference: &Reference, release: &Release) -> bool {
        let named = reference.names();
        self.images.iter().any(|image| named.iter().any(|name| name == image))
            && self.since.as_ref().is_none_or(|v| release.reaches(v) == Some(true))
            && self.before.as_ref().is_none_or(|v| release.reaches(v) == Some(false))
            && (!self.numbered || matches!(release, Release::Numbered(_)))
    }
}

struct Table {
    renames: Vec<Lazy<Rename>>,
    by_name: HashMap<&'static str, Vec<usize>>,
}

fn table() -> &'static Table {
    static READ: OnceLock<Table> = OnceLock::new();
    READ.get_or_init(|| {
        let mut by_name: HashMap<&'static str, Vec<usize>> = HashMap::new();
        let mut renames = Vec::new();
        for (index, line) in lines(TABLE).enumerate() {
            for name in names(line.1) {
                by_name.entry(name).or_default().push(index);
            }
            renames.push(Lazy::new(line));
        }
        Table { renames, by_name }
    })
}

/// Why a variable of this name has no effect in a container of this image; `None` where it has, or nothing is known.
pub fn rename(name: &str, image: &str) -> Option<&'static Rename> {
    let table = table();
    let found = table.by_name.get(name)?;
    let (reference, release) = (Reference::parse(image), Release::of(image));
    let mut all = found.iter().filter_map(|i| table.renames.get(*i)).map(|r| r.get(read));
    all.find(|r| r.holds(&reference, &release))
}

fn read(line: usize, row: &[&'static str]) -> Rename {
    let mut rename = Rename {
        line,
        old: column(row, 0).split_whitespace().collect(),
        images: column(row, 1).split_whitespace().collect(),
        new: column(row, 2).split_whitespace().filter(|n| *n != "-").collect(),
        since: None,
        before: None,
        numbered: false,
        risky: false,
        login: None,
        option: false,
        source: column(row, 4),
        unknown: Vec::new(),
    };
    for (key, value) in facts(column(row, 3)) {
        match (key, value) {
            ("since", _) => rename.since = numbers(value),
            ("before", _) => rename.before = numbers(value),
            ("numbered", "") => rename.numbered = true,
            ("unsafe", "") => rename.risky = true,
            ("login", "app") => rename.login = Some(Login::App),
            ("login", "command") => rename.login = Some(Login::Command),
            ("login", "none") => rename.login = Some(Login::Nothing),
            ("option", "") => rename.option = true,
            _ => rename.unknown.push(key),
        }
    }
    rename
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::super::images::image;
    use super::super::table::{misplaced, rows};
    use super::*;

    #[test]
    fn every_line_has_the_form() {
        for ((line, row), rename) in rows(TABLE).zip(table().renames.iter().map(|r| r.get(read))) {
            assert_eq!(row.len(), 5, "renames.txt:{line}: names | images | new names | facts | source");
            assert!(rename.unknown.is_empty(), "renames.txt:{line}: {:?}", rename.unknown);
            assert!(rename.source.starts_with("https://"), "renames.txt:{line}: no source");
            assert!(!rename.new.iter().any(|n| rename.old.contains(n)), "renames.txt:{line}: old and new");
            assert!(!rename.new.is_empty() || rename.login.is_some() || rename.option, "renames.txt:{line}: and now?");
            for name in &rename.images {
                assert!(image(&Reference::parse(name)).is_some() || name.contains('/'), "renames.txt:{line}: {name}");
            }
            let written = |key: &str| facts(column(&row, 3)).any(|(k, _)| k == key);
            assert_eq!(rename.since.is_some(), written("since"), "renames.txt:{line}");
            assert_eq!(rename.before.is_some(), written("before"), "renames.txt:{line}");
        }
    }

    #[test]
    fn a_name_stands_once_for_an_image() {
        let mut seen = HashSet::new();
        for rename in table().renames.iter().map(|r| r.get(read)) {
            for pair in rename.old.iter().flat_map(|o| rename.images.iter().map(move |i| (*o, *i))) {
                assert!(seen.insert(pair), "renames.txt:{}: {pair:?}", rename.line);
            }
        }
    }

    #[test]
    fn lines_are_sorted_in_their_sections() {
        assert_eq!(misplaced(TABLE), Vec::<usize>::new());
    }

    #[test]
    fn the_release_decides() {
        let holds = |name: &str, image: &str| rename(name, image).is_some();
        assert!(holds("N8N_BASIC_AUTH_ACTIVE", "docker.n8n.io/n8nio/n8n:1.60.0"));
        assert!(!holds("N8N_BASIC_AUTH_ACTIVE", "n8nio/n8n:0.230.1"));
        assert!(holds("REDIS_PASSWORD", "redis:7-alpine"));
        assert!(!holds("REDIS_PASSWORD", "redis"));
        assert!(!holds("REDIS_PASSWORD", "bitnami/redis:7"));
        assert!(!holds("ACCESS_CODE", "lobehub/lobe-chat:latest"));
        assert!(!holds("QDRANT_API_KEY", "langgenius/qdrant:v1.7.3"));
        assert!(holds("QDRANT_API_KEY", "mirror.example/qdrant/qdrant:v1.7.3"));
    }
}
