//! Secrets that everybody knows.

use std::sync::OnceLock;

use super::table::{Name, column, rows};

const TABLE: &str = include_str!("secrets.txt");

/// Why a secret is none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KnownSecret {
    /// It stands in a project's own files.
    Published,
    /// It asks to be replaced.
    Placeholder,
    /// It is guessed at once.
    Weak,
    /// It stands where a program wants some key and nobody looks at it.
    Dummy,
}

/// Values, and what they are.
fn table() -> &'static [(Name, KnownSecret)] {
    static READ: OnceLock<Vec<(Name, KnownSecret)>> = OnceLock::new();
    READ.get_or_init(|| {
        rows(TABLE)
            .filter_map(|(_, row)| {
                let sort = match column(&row, 1) {
                    "published" => KnownSecret::Published,
                    "placeholder" => KnownSecret::Placeholder,
                    "weak" => KnownSecret::Weak,
                    "dummy" => KnownSecret::Dummy,
                    _ => return None,
                };
                Some((Name::new(column(&row, 0)), sort))
            })
            .collect()
    })
}

/// Why a value is no secret; `None` where nothing is known against it.
pub fn known_secret(value: &str) -> Option<KnownSecret> {
    let lower = value.to_lowercase();
    table().iter().find(|(name, _)| name.fits(&lower)).map(|(_, sort)| *sort)
}

#[cfg(test)]
mod tests {
    use super::super::table::misplaced;
    use super::*;

    #[test]
    fn every_line_has_the_form() {
        let mut count = 0;
        for (line, row) in rows(TABLE) {
            assert_eq!(row.len(), 3, "secrets.txt:{line}: value | sort | source");
            let value = column(&row, 0);
            assert_eq!(value, value.to_lowercase(), "secrets.txt:{line}: in lower case");
            assert!(column(&row, 2).starts_with("https://"), "secrets.txt:{line}: no source");
            count += 1;
        }
        assert_eq!(table().len(), count, "a sort that is none");
    }

    #[test]
    fn values_are_known_by_themselves_and_by_pattern() {
        assert_eq!(known_secret("difyai123456"), Some(KnownSecret::Published));
        assert_eq!(known_secret("Please-CHANGEME-now"), Some(KnownSecret::Placeholder));
        assert_eq!(known_secret("password"), Some(KnownSecret::Weak));
        assert_eq!(known_secret("k2J9!vs-0aQ"), None);
        assert_eq!(misplaced("a | x\n"), Vec::<usize>::new());
    }
}
