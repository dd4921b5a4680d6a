//! What loading a project came upon. Rules make findings of it.

use std::path::PathBuf;
use std::rc::Rc;

use super::schema::Check;
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
    /// Something else stands where one of `expected` must.
    Shape { expected: Vec<&'static str>, found: &'static str, check: Check },
    /// An attribute that the specification does not know there.
    UnknownKey { key: Rc<str>, known: Vec<&'static str> },
    /// A required attribute is not there.
    MissingKey { key: &'static str },
    /// A name of the person's own with characters that it can't have.
    KeyName { key: Rc<str> },
    /// A project's name with characters that it can't have, from a variable or the command line.
    ProjectName { name: String },
    /// A key that is a number, a boolean or nothing.
    NonStringKey { key: Rc<str> },
    /// A value of the right kind in the wrong form.
    Value { text: String, check: Check },
    /// An item that stands in the list already.
    Repeated { text: String, first: Span },
    /// Two attributes of which only one may be there.
    Exclusive { one: &'static str, other: &'static str },
    /// Two attributes that say the same thing, and say it differently.
    Differ { one: &'static str, other: &'static str },
    /// None of these is there.
    OneOf { keys: &'static [&'static str] },
    /// `container_name` of a service with several containers.
    NameOfMany,
    /// A `container_name` that another service has.
    NameTaken { name: String, first: Span },
    /// Services that wait for each other.
    Cycle { services: Vec<String> },
    /// Two things mounted at one path.
    TargetTaken { target: String, first: Span },
    /// A health check's list that does not say how to run it.
    HealthTest { first: String },
    /// A volume that is none.
    Volume { text: String },
    /// An entry of `devices`, `build.ssh` or `build.additional_contexts` that is none.
    Entry { text: String, form: &'static str },
    /// A command with a quote that is not closed.
    OpenQuote,
    /// `develop.watch` without a target where the action needs one.
    WatchTarget,
    /// `build.platforms` without the service's own `platform`.
    Platform { platform: String },
    /// A reference to something that is not defined.
    Undefined { what: Defined, name: String, known: Vec<String> },
    /// A service that needs one which only a profile starts.
    Disabled { name: String, profiles: Vec<String> },
    /// Neither `image` nor `build`.
    NoImage { service: String },
    /// A service that extends itself in the end: it, those between, and it again.
    ExtendsCycle { way: Vec<String> },
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
    Model,
}
