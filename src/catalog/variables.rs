//! What is known of an environment variable.

use std::sync::OnceLock;

use foldhash::{HashMap, HashMapExt as _};

use super::images::Image;
use super::own;
use super::table::{Lazy, Pattern, column, facts, lines, list, names};

const TABLE: &str = include_str!("variables.txt");

/// Who uses the address in a variable.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Audience {
    /// The container connects to it.
    Server,
    /// A person's browser, or somebody outside.
    Browser,
    /// The container listens on it.
    Bind,
    /// A list of who is let in, or of what goes round a proxy.
    Origin,
    /// A forward proxy.
    Proxy,
    /// The service's own name or advertised address.
    Own,
    /// No address at all.
    Text,
}

impl Audience {
    pub const ALL: [Self; 7] =
        [Self::Server, Self::Browser, Self::Bind, Self::Origin, Self::Proxy, Self::Own, Self::Text];

    /// As the table writes it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Browser => "browser",
            Self::Bind => "bind",
            Self::Origin => "origin",
            Self::Proxy => "proxy",
            Self::Own => "self",
            Self::Text => "text",
        }
    }
}

/// What a client makes of the path of a base URL.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PathRule {
    /// It must end in this.
    Must(&'static str),
    /// It must have none.
    Bare,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SchemeRule {
    Required,
    Optional,
}

/// A variable's facts.
#[derive(Debug)]
pub struct Variable {
    /// Line of the table.
    pub line: usize,
    pub names: Vec<&'static str>,
    /// The images that it is a fact of; empty for all.
    pub images: Vec<&'static str>,
    pub audience: Option<Audience>,
    pub speaks: Option<&'static str>,
    pub path: Option<PathRule>,
    /// The path counts only where this variable has one of these values.
    pub path_if: Option<(&'static str, Vec<&'static str>)>,
    pub no_slash: bool,
    pub scheme: Option<SchemeRule>,
    pub default: Option<&'static str>,
    pub port: Option<&'static str>,
    /// Read only where this variable has one of these values.
    pub when: Option<(&'static str, Vec<&'static str>)>,
    /// Not read where this variable has one of these values.
    pub unless: Option<(&'static str, Vec<&'static str>)>,
    pub list: bool,
    /// Without one of these (variables, or settings beside it in a configuration file) the program makes no call.
    pub key: Vec<&'static str>,
    /// The key counts only where this variable has one of these values.
    pub key_if: Option<(&'static str, Vec<&'static str>)>,
    pub source: &'static str,
    pub unknown: Vec<&'static str>,
}

struct Table {
    variables: Vec<Lazy<Variable>>,
    exact: HashMap<&'static str, Vec<usize>>,
    /// Lines with a wildcard.
    patterns: Vec<(Pattern<'static>, usize)>,
}

fn table() -> &'static Table {
    static READ: OnceLock<Table> = OnceLock::new();
    READ.get_or_init(|| {
        let mut variables = Vec::with_capacity(1024);
        let mut exact: HashMap<&'static str, Vec<usize>> = HashMap::with_capacity(1536);
        let mut patterns = Vec::new();
        for (index, line) in own::variables().chain(lines(TABLE)).enumerate() {
            for name in names(line.1) {
                match Pattern::parse(name) {
                    Some(pattern) => patterns.push((pattern, index)),
                    None => exact.entry(name).or_default().push(index),
                }
            }
            variables.push(Lazy::new(line));
        }
        Table { variables, exact, patterns }
    })
}

/// The facts of a variable in a container of an image: a line for the image beats one for all, a name beats a pattern.
pub fn variable(name: &str, image: Option<&Image>) -> Option<&'static Variable> {
    let table = table();
    let get = |index: &usize| table.variables.get(*index).map(|v| v.get(read));
    let for_image = |v: &&'static Variable| image.is_some_and(|image| v.images.iter().any(|i| image.names.contains(i)));
    let lines = table.exact.get(name).map_or(&[][..], Vec::as_slice);
    let exact = || lines.iter().filter_map(get);
    let matched = || table.patterns.iter().filter(|(p, _)| p.fits(name)).filter_map(|(_, i)| get(i));
    exact()
        .find(for_image)
        .or_else(|| matched().find(for_image))
        .or_else(|| exact().find(|v| v.images.is_empty()))
        .or_else(|| matched().find(|v| v.images.is_empty()))
}

/// Every variable of the catalog.
pub fn variables() -> impl Iterator<Item = &'static Variable> {
    table().variables.iter().map(|v| v.get(read))
}

fn condition(value: &'static str) -> Option<(&'static str, Vec<&'static str>)> {
    value.split_once('=').map(|(name, values)| (name, list(values)))
}

fn read(line: usize, row: &[&'static str]) -> Variable {
    let images: Vec<_> = column(row, 1).split_whitespace().filter(|i| *i != "*").collect();
    let audience = Audience::ALL.into_iter().find(|a| a.word() == column(row, 2));
    let mut variable = Variable {
        line,
        names: column(row, 0).split_whitespace().collect(),
        images,
        audience,
        speaks: None,
        path: None,
        path_if: None,
        no_slash: false,
        scheme: None,
        default: None,
        port: None,
        when: None,
        unless: None,
        list: false,
        key: Vec::new(),
        key_if: None,
        source: column(row, 4),
        unknown: Vec::new(),
    };
    for (key, value) in facts(column(row, 3)) {
        match (key, value) {
            ("-", "") => {}
            ("speaks", _) => variable.speaks = Some(value),
            ("path", "none") => variable.path = Some(PathRule::Bare),
            ("path", _) => variable.path = Some(PathRule::Must(value)),
            ("path-if", _) => variable.path_if = condition(value),
            ("slash", "no") => variable.no_slash = true,
            ("scheme", "required") => variable.scheme = Some(SchemeRule::Required),
            ("scheme", "optional") => variable.scheme = Some(SchemeRule::Optional),
            ("default", _) => variable.default = Some(value),
            ("port", _) => variable.port = Some(value),
            ("when", _) => variable.when = condition(value),
            ("unless", _) => variable.unless = condition(value),
            ("list", "") => variable.list = true,
            ("key", _) => variable.key = list(value),
            ("key-if", _) => variable.key_if = condition(value),
            _ => variable.unknown.push(key),
        }
    }
    variable
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::super::images::{image, images};
    use super::super::reference::Reference;
    use super::super::table::{misplaced, rows};
    use super::*;

    #[test]
    fn every_line_has_the_form() {
        for ((line, row), variable) in rows(TABLE).zip(variables()) {
            assert_eq!(row.len(), 5, "variables.txt:{line}: names | images | audience | facts | source");
            assert!(variable.unknown.is_empty(), "variables.txt:{line}: {:?}", variable.unknown);
            assert!(variable.audience.is_some(), "variables.txt:{line}: no audience of that name");
            assert!(variable.source.starts_with("https://"), "variables.txt:{line}: no source");
            for (key, _) in facts(column(&row, 3)) {
                let read = match key {
                    "when" => variable.when.is_some(),
                    "unless" => variable.unless.is_some(),
                    "key-if" => variable.key_if.is_some() && !variable.key.is_empty(),
                    "path-if" => variable.path_if.is_some() && variable.path.is_some(),
                    _ => true,
                };
                assert!(read, "variables.txt:{line}: {key}=VARIABLE=value,value");
            }
        }
    }

    #[test]
    fn a_name_stands_once_for_an_image() {
        let mut seen = HashSet::new();
        for variable in variables() {
            let all = ["*"];
            for image in if variable.images.is_empty() { &all[..] } else { &variable.images } {
                for name in &variable.names {
                    assert!(seen.insert((*name, *image)), "variables.txt:{}: {name} for {image}", variable.line);
                }
            }
        }
    }

    #[test]
    fn lines_for_an_image_name_one_that_the_catalog_has() {
        let known: HashSet<&str> = images().flat_map(|i| i.names.iter().copied()).collect();
        for variable in variables() {
            for image in &variable.images {
                assert!(known.contains(image), "variables.txt:{}: {image}", variable.line);
            }
        }
    }

    #[test]
    fn lines_are_sorted_in_their_sections() {
        assert_eq!(misplaced(TABLE), Vec::<usize>::new());
    }

    #[test]
    fn the_line_for_an_image_wins_and_a_name_beats_a_pattern() {
        let audience = |name: &str, of: &str| variable(name, image(&Reference::parse(of))).and_then(|v| v.audience);
        assert_eq!(audience("OLLAMA_HOST", "ollama/ollama"), Some(Audience::Bind));
        assert_eq!(audience("OLLAMA_HOST", "somebody/app"), Some(Audience::Server));
        assert_eq!(audience("VITE_API_URL", "somebody/app"), Some(Audience::Browser));
        assert_eq!(audience("VITE_PROXY_TARGET", "somebody/app"), Some(Audience::Server));
        assert_eq!(audience("NOBODY_KNOWS_IT", "somebody/app"), None);
    }
}
