//! Whether a project's attributes are what the Compose specification knows, of the kinds and forms that it takes.

mod check;
mod table;

pub use check::Check;
pub(super) use check::{boolean, bytes, duration, mode, whole};
pub(super) use table::ROOT;

use std::rc::Rc;

use super::problem::{Problem, ProblemKind};
use super::value::{Data, V};
use crate::source::Span;
use crate::yaml::Tag;

/// Kinds of scalars.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Kinds(u8);

impl Kinds {
    pub(super) const NULL: Self = Self(1);
    pub(super) const BOOL: Self = Self(2);
    pub(super) const INT: Self = Self(4);
    /// Whole or not.
    pub(super) const NUMBER: Self = Self(4 | 8);
    pub(super) const STR: Self = Self(16);

    const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// Which keys a mapping of somebody's own names may have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Keys {
    /// All but the empty one.
    Any,
    /// `[a-zA-Z0-9._-]+`
    Name,
    /// Names, and the specification says nothing of others.
    Other,
}

/// How an attribute that can be written in several ways becomes the one that `config` shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Form {
    /// As it is; a zero, `false` or empty value is shown too.
    Kept,
    /// `KEY=value` items or a mapping.
    Keyed,
    /// One string or a list.
    OneOrMany,
    /// Names in a list, or a mapping of them.
    Named,
    /// Words for a shell to split, or a list.
    Command,
    Build,
    DependsOn,
    Devices,
    External,
    Gpus,
    HealthTest,
    Hosts,
    Ports,
    Volumes,
}

/// Which other keys a mapping of the specification's keys may have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Extra {
    None,
    /// `x-...`
    Extensions,
    Any,
}

/// What may stand somewhere.
#[derive(Debug)]
pub(super) enum Shape {
    Scalar(Kinds, Check),
    List {
        item: &'static Shape,
        /// No item twice.
        unique: bool,
    },
    /// Keys of the person's own.
    Map {
        keys: Keys,
        value: &'static Shape,
    },
    /// Keys of the specification.
    Object {
        fields: &'static [(&'static str, Shape)],
        required: &'static [&'static str],
        extra: Extra,
    },
    /// What may be written in several ways that mean the same.
    Written(Form, &'static Shape),
    /// One of these, told apart by kind.
    Either(&'static [Shape]),
}

/// Checks a whole project.
pub(super) fn check(root: &V, problems: &mut Vec<Problem>) {
    let mut run = Run { problems, path: Vec::new() };
    run.shape(root, root.span, &ROOT);
}

/// Whether a name is that of an attribute of a service.
pub fn is_attribute(name: &str) -> bool {
    matches!(&table::SERVICE, Shape::Object { fields, .. } if fields.iter().any(|(key, _)| *key == name))
}

struct Run<'a> {
    problems: &'a mut Vec<Problem>,
    path: Vec<Rc<str>>,
}

impl Run<'_> {
    fn say(&mut self, kind: ProblemKind, span: Span) {
        self.problems.push(Problem { kind, span, path: self.path.join("."), rejects: true });
    }

    /// `at` is where to point when nothing is written.
    fn shape(&mut self, value: &V, at: Span, shape: &'static Shape) {
        if value.tag == Some(Tag::Reset) || value.string().is_some_and(|s| s.uncertain) {
            return;
        }
        match (shape, &value.data) {
            (Shape::Written(_, shape), _) => self.shape(value, at, shape),
            (Shape::Either(shapes), _) => match shapes.iter().find(|s| s.takes(value)) {
                Some(shape) => self.shape(value, at, shape),
                None => self.wrong_kind(value, at, shape),
            },
            (shape, _) if !shape.takes(value) => self.wrong_kind(value, at, shape),
            (Shape::Scalar(_, check), _) => {
                if let Some(text) = value.shown()
                    && !check.passes(&text, matches!(value.data, Data::Str(_)))
                {
                    self.say(ProblemKind::Value { text, check: *check }, value.span);
                }
            }
            (Shape::List { item, unique }, Data::Seq(items)) => {
                for (index, entry) in items.iter().enumerate() {
                    self.path.push(index.to_string().into());
                    self.shape(entry, entry.span, item);
                    self.path.pop();
                }
                if *unique {
                    self.repeated(items);
                }
            }
            (Shape::Map { keys, value: shape }, Data::Map(map)) => {
                for entry in &map.entries {
                    self.path.push(entry.key.clone());
                    if keys.takes(&entry.key) {
                        self.shape(&entry.value, entry.key_span, shape);
                    } else if *keys != Keys::Other {
                        self.say(ProblemKind::KeyName { key: entry.key.clone() }, entry.key_span);
                    }
                    self.path.pop();
                }
            }
            (Shape::Object { fields, required, extra }, Data::Map(map)) => {
                for entry in &map.entries {
                    self.path.push(entry.key.clone());
                    if let Some((_, shape)) = fields.iter().find(|(name, _)| *name == &*entry.key) {
                        self.shape(&entry.value, entry.key_span, shape);
                    } else if !extra.takes(&entry.key) && entry.value.tag != Some(Tag::Reset) {
                        let known = fields.iter().map(|(name, _)| *name).collect();
                        self.say(ProblemKind::UnknownKey { key: entry.key.clone(), known }, entry.key_span);
                    }
                    self.path.pop();
                }
                for key in required.iter().filter(|k| map.get(k).is_none()) {
                    self.say(ProblemKind::MissingKey { key }, if value.span.is_empty() { at } else { value.span });
                }
            }
            _ => {}
        }
    }

    fn wrong_kind(&mut self, value: &V, at: Span, shape: &'static Shape) {
        let span = if value.is_null() && value.span.is_empty() { at } else { value.span };
        if matches!(value.data, Data::Timestamp) {
            return self.say(ProblemKind::Timestamp, span);
        }
        let mut expected = Vec::new();
        shape.names(&mut expected);
        self.say(ProblemKind::Shape { expected, found: value.kind(), check: shape.check() }, span);
    }

    fn repeated(&mut self, items: &[V]) {
        let same = |a: &V, b: &V| match (&a.data, &b.data) {
            (Data::Str(a), Data::Str(b)) => a.text() == b.text() && !a.uncertain && !b.uncertain,
            (Data::Int(a), Data::Int(b)) => a == b,
            _ => false,
        };
        for (index, item) in items.iter().enumerate() {
            let first = items.iter().take(index).find(|earlier| same(earlier, item));
            if let Some(first) = first {
                self.path.push(index.to_string().into());
                self.say(
                    ProblemKind::Repeated { text: item.shown().unwrap_or_default(), first: first.span },
                    item.span,
                );
                self.path.pop();
            }
        }
    }
}

impl Shape {
    /// Whether a value is of a kind that this shape has.
    pub(super) fn takes(&self, value: &V) -> bool {
        match self {
            Self::Written(_, shape) => shape.takes(value),
            Self::Either(shapes) => shapes.iter().any(|s| s.takes(value)),
            Self::List { .. } => matches!(value.data, Data::Seq(_)),
            Self::Map { .. } | Self::Object { .. } => matches!(value.data, Data::Map(_)),
            Self::Scalar(kinds, _) => match &value.data {
                Data::Null => kinds.has(Kinds::NULL),
                Data::Bool(_) => kinds.has(Kinds::BOOL),
                Data::Int(_) => kinds.has(Kinds::INT),
                Data::Float(f) => kinds.has(Kinds(8)) || (f.fract() == 0.0 && kinds.has(Kinds::INT)),
                Data::Str(_) => kinds.has(Kinds::STR),
                Data::Timestamp | Data::Seq(_) | Data::Map(_) => false,
            },
        }
    }

    /// The form that a string must have.
    fn check(&self) -> Check {
        match self {
            Self::Written(_, shape) => shape.check(),
            Self::Either(shapes) => shapes.iter().map(Self::check).find(|c| *c != Check::Free).unwrap_or(Check::Free),
            Self::Scalar(_, check) => *check,
            Self::List { .. } | Self::Map { .. } | Self::Object { .. } => Check::Free,
        }
    }

    /// The kinds that it takes, in words of [`super::Value::kind`].
    fn names(&self, out: &mut Vec<&'static str>) {
        let mut add = |name| {
            if !out.contains(&name) {
                out.push(name);
            }
        };
        match self {
            Self::Written(_, shape) => shape.names(out),
            Self::Either(shapes) => shapes.iter().for_each(|s| s.names(out)),
            Self::List { .. } => add("list"),
            Self::Map { .. } | Self::Object { .. } => add("mapping"),
            Self::Scalar(kinds, _) => {
                for (kind, name) in [
                    (Kinds::STR, "string"),
                    (Kinds(8), "number"),
                    (Kinds::INT, "whole number"),
                    (Kinds::BOOL, "boolean"),
                ] {
                    if kinds.has(kind) && !(name == "whole number" && kinds.has(Kinds(8))) {
                        add(name);
                    }
                }
            }
        }
    }
}

impl Extra {
    fn takes(self, key: &str) -> bool {
        match self {
            Self::None => false,
            Self::Extensions => key.starts_with("x-"),
            Self::Any => true,
        }
    }
}

impl Keys {
    fn takes(self, key: &str) -> bool {
        match self {
            Self::Any => !key.is_empty(),
            Self::Name | Self::Other => {
                !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
            }
        }
    }
}
