//! What loading a project came upon. Rules make findings of it.

use std::path::PathBuf;
use std::rc::Rc;

use crate::dotenv;
use crate::source::{ReadError, Span};
use crate::yaml;

/// One problem at one place.
#[derive(Clone, PartialEq, Debug)]
pub struct Problem {
    pub kind: ProblemKind,
    pub span: Span,
    /// The dotted path of the place; empty where a whole file is meant.
    pub path: String,
    /// Whether Compose rejects the project for it.
    pub rejects: bool,
}

#[derive(Clone, PartialEq, Debug)]
pub enum ProblemKind {
    /// The text is not YAML.
    Yaml(yaml::FaultKind),
    /// The bytes are no UTF-8 text.
    NotUtf8,
    /// A key stands twice in one mapping; the span of the first.
    DuplicateKey { key: Rc<str>, first: Span },
    /// `<<` with something else than a mapping or a list of mappings.
    MergeValue,
    /// An alias inside the thing that it names.
    AliasCycle,
    /// Aliases that stand for more nodes than any real project has.
    TooLarge,
    /// No valid template.
    Template { text: String },
    /// `${NAME:?message}`.
    Required { name: Rc<str>, message: Rc<str>, uncertain: bool },
    /// `${NAME}` and nobody sets it.
    Unset { name: Rc<str>, uncertain: bool },
    /// An env file that can't be read as one.
    EnvSyntax(dotenv::FaultKind),
    /// A required env file, or `.env`, that is not there.
    EnvFileMissing { path: PathBuf, name: String, example: Option<String>, ignored: bool },
    /// A file that is there and can't be read.
    Unreadable { name: String, error: ReadError },
    /// A file that `include` or `extends` names and that is not there.
    FileMissing { name: String },
    /// Nothing but comments.
    Empty,
    /// Something else stands where `expected` must.
    Shape { expected: &'static str, found: &'static str },
    /// A reference to something that is not defined.
    Undefined { what: Defined, name: String, known: Vec<String> },
    /// A service that needs one which only a profile starts.
    Disabled { name: String, profiles: Vec<String> },
    /// Neither `image` nor `build`.
    NoImage { service: String },
    /// `network_mode` beside `networks`.
    ModeAndNetworks,
    /// A service that extends itself in the end.
    ExtendsCycle { service: String },
    /// `extra_hosts` without an address.
    ExtraHost { text: String },
    /// A port mapping that is none.
    Port { text: String },
    /// A date where a string must stand.
    Timestamp,
    /// `!!bool yes`: the text is not what its tag says.
    TagMismatch,
}

/// What a name can refer to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Defined {
    Service,
    Network,
    Volume,
    Secret,
    Config,
}
