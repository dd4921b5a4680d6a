//! Applications that keep model-server addresses in their own database, typed into a web page: no file shows them.

use foldhash::HashMap;
use std::sync::OnceLock;

use super::images::Image;
use super::table::{column, facts, rows};
use crate::diag::Text;

const TABLE: &str = include_str!("apps.txt");

/// Where the address is typed, and in which form.
#[derive(Debug)]
pub struct App {
    /// Line of the table.
    pub line: usize,
    pub names: Vec<&'static str>,
    /// The page and the field.
    pub page: Text,
    /// The path behind `http://HOST:PORT` by the kind of provider: `("ollama", "")`, `("openai", "/v1")`.
    pub forms: Vec<(&'static str, &'static str)>,
    /// Images of the application's containers that make the calls.
    pub callers: Vec<&'static str>,
    pub source: &'static str,
}

struct Table {
    apps: Vec<App>,
    by_name: HashMap<&'static str, usize>,
}

fn table() -> &'static Table {
    static READ: OnceLock<Table> = OnceLock::new();
    READ.get_or_init(|| {
        let apps: Vec<App> = rows(TABLE)
            .map(|(line, row)| App {
                line,
                names: column(&row, 0).split_whitespace().collect(),
                page: Text::new(column(&row, 1), column(&row, 2)),
                forms: facts(column(&row, 3)).collect(),
                callers: column(&row, 4).split_whitespace().collect(),
                source: column(&row, 5),
            })
            .collect();
        let by_name =
            apps.iter().enumerate().flat_map(|(index, app)| app.names.iter().map(move |name| (*name, index))).collect();
        Table { apps, by_name }
    })
}

/// The application that an image belongs to, if it keeps addresses in its database.
pub fn app(image: &Image) -> Option<&'static App> {
    let table = table();
    image.names.iter().find_map(|name| table.apps.get(*table.by_name.get(name)?))
}

/// Every application of the catalog.
pub fn apps() -> &'static [App] {
    &table().apps
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::super::images::images;
    use super::super::table::misplaced;
    use super::*;
    use crate::diag::Lang;

    #[test]
    fn every_line_has_the_form() {
        let known: HashSet<&str> = images().flat_map(|i| i.names.iter().copied()).collect();
        let mut seen = HashSet::new();
        for ((line, row), app) in rows(TABLE).zip(apps()) {
            assert_eq!(row.len(), 6, "apps.txt:{line}: images | English | Chinese | forms | callers | source");
            assert!(app.source.starts_with("https://"), "apps.txt:{line}: no source");
            assert!(!app.page.get(Lang::En).is_empty() && !app.page.get(Lang::Zh).is_empty(), "apps.txt:{line}");
            assert!(!app.callers.is_empty() && !app.forms.is_empty(), "apps.txt:{line}");
            for name in app.names.iter().chain(&app.callers) {
                assert!(known.contains(name), "apps.txt:{line}: {name} is not in images.txt");
            }
            for name in &app.names {
                assert!(seen.insert(*name), "apps.txt:{line}: {name} is given twice");
            }
            for (provider, path) in &app.forms {
                assert!(matches!(*provider, "ollama" | "openai"), "apps.txt:{line}: {provider}");
                assert!(path.is_empty() || path.starts_with('/'), "apps.txt:{line}: {path}");
            }
        }
    }

    #[test]
    fn lines_are_sorted_in_their_sections() {
        assert_eq!(misplaced(TABLE), Vec::<usize>::new());
    }
}
