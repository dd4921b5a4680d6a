//! The resolved tree of a project: aliases followed, merge keys applied, variables put in, files merged. Every value knows
//! the node that says it; shared parts are shared, not copied.

use std::rc::Rc;

use crate::interpolation;
use crate::source::{FileId, Span};
use crate::yaml::{NodeId, Tag};

pub type V = Rc<Value>;

/// A node of one of the project's trees.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct NodeRef {
    pub file: FileId,
    pub node: NodeId,
}

#[derive(Debug)]
pub struct Value {
    pub at: NodeRef,
    pub span: Span,
    pub data: Data,
    pub tag: Option<Tag>,
    /// Nodes that an alias or a tree as large as this one stands for; see the budget in `resolve`.
    pub size: u32,
}

#[derive(Debug)]
pub enum Data {
    Null,
    Bool(bool),
    Int(i128),
    Float(f64),
    Timestamp,
    /// A string, variables put in. `Rc` because aliases share it.
    Str(Rc<interpolation::Value>),
    Seq(Vec<V>),
    Map(Map),
}

/// A mapping with the nodes that wrote it: more than one where files were merged, the base first.
#[derive(Debug, Default)]
pub struct Map {
    pub entries: Vec<Entry>,
    pub layers: Vec<NodeRef>,
}

#[derive(Clone, Debug)]
pub struct Entry {
    pub key: Rc<str>,
    pub key_span: Span,
    pub value: V,
}

impl Map {
    pub fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|e| &*e.key == key)
    }
}

impl Value {
    pub fn new(at: NodeRef, span: Span, data: Data) -> Self {
        Self { at, span, data, tag: None, size: 1 }
    }

    pub fn map(&self) -> Option<&Map> {
        match &self.data {
            Data::Map(map) => Some(map),
            _ => None,
        }
    }

    pub fn seq(&self) -> Option<&[V]> {
        match &self.data {
            Data::Seq(items) => Some(items),
            _ => None,
        }
    }

    pub fn entries(&self) -> &[Entry] {
        self.map().map_or(&[], |m| &m.entries)
    }

    pub fn items(&self) -> &[V] {
        self.seq().unwrap_or(&[])
    }

    /// The value under a key; a null there counts as absent.
    pub fn get(&self, key: &str) -> Option<&V> {
        self.map()?.get(key).map(|e| &e.value).filter(|v| !matches!(v.data, Data::Null))
    }

    /// Whether a variable in it is unset, or may be set by a file that is not there.
    pub fn uncertain(&self) -> bool {
        matches!(&self.data, Data::Str(text) if !text.settled())
    }

    pub fn is_null(&self) -> bool {
        matches!(self.data, Data::Null)
    }

    pub fn string(&self) -> Option<&Rc<interpolation::Value>> {
        match &self.data {
            Data::Str(value) => Some(value),
            _ => None,
        }
    }

    pub fn str(&self) -> Option<&str> {
        self.string().map(|s| s.text())
    }

    /// A scalar as Go prints it; `None` for null, dates and collections.
    pub fn shown(&self) -> Option<String> {
        use crate::yaml::{Resolved, shown};
        match &self.data {
            Data::Bool(b) => shown(Resolved::Bool(*b), ""),
            Data::Int(i) => shown(Resolved::Int(*i), ""),
            Data::Float(f) => shown(Resolved::Float(*f), ""),
            Data::Str(s) => Some(s.text().to_owned()),
            _ => None,
        }
    }

    /// A boolean field's value: Compose takes the words of YAML 1.1 there.
    pub fn truth(&self) -> Option<bool> {
        match &self.data {
            Data::Bool(b) => Some(*b),
            Data::Str(s) => match s.text().to_ascii_lowercase().as_str() {
                "true" | "yes" | "on" | "y" => Some(true),
                "false" | "no" | "off" | "n" => Some(false),
                _ => None,
            },
            _ => None,
        }
    }

    pub fn kind(&self) -> &'static str {
        match &self.data {
            Data::Null => "null",
            Data::Bool(_) => "boolean",
            Data::Int(_) | Data::Float(_) => "number",
            Data::Timestamp => "timestamp",
            Data::Str(_) => "string",
            Data::Seq(_) => "list",
            Data::Map(_) => "mapping",
        }
    }
}
