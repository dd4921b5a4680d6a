//! How servers are told which credential they ask for.

use std::sync::OnceLock;

use super::reference::Reference;
use super::table::{column, facts, list, rows};

const TABLE: &str = include_str!("credentials.txt");

/// One user or key of an image.
#[derive(Debug)]
pub struct Credential {
    /// Line of the table.
    pub line: usize,
    pub images: Vec<&'static str>,
    /// `None` where a key alone is sent.
    pub user: Option<(&'static str, Option<&'static str>)>,
    /// The first that is set counts.
    pub secrets: Vec<(&'static str, Option<&'static str>)>,
    pub flag: Option<&'static str>,
    /// Nothing is asked where a variable has this value.
    pub off: Vec<(&'static str, &'static str)>,
    /// Others are let in too where one of these is set.
    pub unless: Vec<&'static str>,
    /// Settings of configuration files that may say it instead.
    pub file: Vec<&'static str>,
    /// The client's variables, where not every one that stands beside the address is sent.
    pub client: Vec<&'static str>,
    pub many: bool,
    /// A credential is refused where none is set.
    pub open: bool,
    pub source: &'static str,
    pub unknown: Vec<&'static str>,
}

fn table() -> &'static [Credential] {
    static READ: OnceLock<Vec<Credential>> = OnceLock::new();
    READ.get_or_init(|| rows(TABLE).map(|(line, row)| read(line, &row)).collect())
}

/// What an image asks for: one for each user that it makes.
pub fn credentials(reference: &Reference) -> impl Iterator<Item = &'static Credential> {
    let names = reference.names();
    table().iter().filter(move |c| c.images.iter().any(|image| names.iter().any(|name| name == image)))
}

fn read(line: usize, row: &[&'static str]) -> Credential {
    let mut out = Credential {
        line,
        images: column(row, 0).split_whitespace().collect(),
        user: None,
        secrets: Vec::new(),
        flag: None,
        off: Vec::new(),
        unless: Vec::new(),
        file: Vec::new(),
        client: Vec::new(),
        many: false,
        open: false,
        source: column(row, 2),
        unknown: Vec::new(),
    };
    let setting =
        |text: &'static str| text.split_once(':').map_or((text, None), |(name, default)| (name, Some(default)));
    for (key, value) in facts(column(row, 1)) {
        match key {
            "user" => out.user = Some(setting(value)),
            "secret" => out.secrets = list(value).into_iter().map(setting).collect(),
            "flag" => out.flag = Some(value),
            "off" => out.off = list(value).into_iter().filter_map(|v| v.split_once(':')).collect(),
            "unless" => out.unless = list(value),
            "file" => out.file = list(value),
            "client" => out.client = list(value),
            "many" => out.many = true,
            "open" => out.open = true,
            other => out.unknown.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::image;
    use super::super::table::misplaced;
    use super::*;

    #[test]
    fn every_line_has_the_form() {
        for (line, row) in rows(TABLE) {
            assert_eq!(row.len(), 3, "credentials.txt:{line}: images | facts | source");
        }
        for credential in table() {
            let line = credential.line;
            assert!(credential.unknown.is_empty(), "credentials.txt:{line}: {:?}", credential.unknown);
            assert!(credential.source.starts_with("https://"), "credentials.txt:{line}: no source");
            let told = !credential.secrets.is_empty() || credential.flag.is_some();
            assert!(told, "credentials.txt:{line}: neither secret nor flag");
            for name in &credential.images {
                assert!(
                    image(&Reference::parse(name)).is_some(),
                    "credentials.txt:{line}: {name} is not in images.txt"
                );
            }
        }
        assert_eq!(misplaced(TABLE), Vec::<usize>::new());
    }
}
