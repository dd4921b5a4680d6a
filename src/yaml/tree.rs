//! The spanned tree.

use std::ops::Range;
use std::rc::Rc;

use crate::source::{FileId, Span, slice};

/// Index of a node in its [`Tree`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct NodeId(pub(super) u32);

impl NodeId {
    /// The node of a text that has none: asking a tree for it is a mistake.
    pub const FIRST: Self = Self(0);
}

/// How a scalar is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Style {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    Literal,
    Folded,
    /// Nothing is written: `key:`.
    Empty,
}

/// An explicit tag, as far as Compose cares.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tag {
    /// `!reset`
    Reset,
    /// `!override`
    Override,
    Str,
    Int,
    Float,
    Bool,
    Null,
    /// Base64 of the text that is meant.
    Binary,
    /// Any other: Compose ignores it.
    Other,
}

/// A mapping's entry. Duplicate keys stay, in order.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    pub key: NodeId,
    pub value: NodeId,
}

/// What a node is. Ranges are byte offsets in the file's text.
#[derive(Debug)]
pub enum Kind {
    Scalar {
        style: Style,
        /// The decoded value, where it is not the node's own bytes.
        value: Option<Box<str>>,
    },
    Sequence {
        flow: bool,
        items: Vec<NodeId>,
    },
    Mapping {
        flow: bool,
        entries: Vec<Entry>,
    },
    Alias {
        /// The anchored node; `None` where the anchor is not defined.
        target: Option<NodeId>,
    },
}

/// A node: its value's exact range, without tag and anchor.
#[derive(Debug)]
pub struct Node {
    pub kind: Kind,
    pub start: u32,
    pub end: u32,
    /// Where the tag or the anchor starts, else `start`.
    pub outer: u32,
    pub tag: Option<Tag>,
    /// The `&name` token.
    pub anchor: Option<(u32, u32)>,
    /// For items of a block sequence the offset of `-`, for mapping values the offset of `:`.
    pub mark: Option<u32>,
}

/// A `#` comment up to the end of its line.
#[derive(Clone, Copy, Debug)]
pub struct Comment {
    pub start: u32,
    pub end: u32,
}

/// One file's documents.
#[derive(Debug)]
pub struct Tree {
    pub file: FileId,
    pub text: Rc<str>,
    pub(super) nodes: Vec<Node>,
    pub documents: Vec<NodeId>,
    pub comments: Vec<Comment>,
}

impl Tree {
    pub fn node(&self, id: NodeId) -> &Node {
        // Ids are only made by the parser, and nodes are never taken away.
        self.nodes.get(id.0 as usize).expect("a NodeId belongs to the Tree that made it")
    }

    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// All nodes, in the order in which they were read.
    pub fn ids(&self) -> impl Iterator<Item = NodeId> + '_ {
        (0..self.nodes.len()).map(|index| NodeId(index as u32))
    }

    /// All scalars, in the order of the file.
    pub fn scalars(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.nodes
            .iter()
            .enumerate()
            .filter(|(_, n)| matches!(n.kind, Kind::Scalar { .. }))
            .map(|(index, _)| NodeId(index as u32))
    }

    pub fn range(&self, id: NodeId) -> Range<usize> {
        let node = self.node(id);
        node.start as usize..node.end as usize
    }

    pub fn span(&self, id: NodeId) -> Span {
        Span::new(self.file, self.range(id))
    }

    /// The node's bytes.
    pub fn raw(&self, id: NodeId) -> &str {
        slice(&self.text, self.range(id))
    }

    /// A scalar's decoded value; for other nodes the empty string.
    pub fn scalar(&self, id: NodeId) -> &str {
        match &self.node(id).kind {
            Kind::Scalar { value: Some(value), .. } => value,
            Kind::Scalar { style: Style::Empty, .. } => "",
            Kind::Scalar { style: Style::SingleQuoted | Style::DoubleQuoted, .. } => {
                let range = self.range(id);
                slice(&self.text, range.start + 1..range.end.saturating_sub(1))
            }
            Kind::Scalar { .. } => self.raw(id),
            _ => "",
        }
    }

    pub fn style(&self, id: NodeId) -> Option<Style> {
        match self.node(id).kind {
            Kind::Scalar { style, .. } => Some(style),
            _ => None,
        }
    }

    pub fn entries(&self, id: NodeId) -> &[Entry] {
        match &self.node(id).kind {
            Kind::Mapping { entries, .. } => entries,
            _ => &[],
        }
    }

    pub fn items(&self, id: NodeId) -> &[NodeId] {
        match &self.node(id).kind {
            Kind::Sequence { items, .. } => items,
            _ => &[],
        }
    }

    /// The entry that a mapping itself writes under a key (not one that it inherits through `<<`); the last of duplicates.
    pub fn entry(&self, map: NodeId, key: &str) -> Option<Entry> {
        self.entries(map).iter().rev().find(|e| self.is_scalar(e.key) && self.scalar(e.key) == key).copied()
    }

    fn is_scalar(&self, id: NodeId) -> bool {
        matches!(self.node(id).kind, Kind::Scalar { .. })
    }

    /// The node behind an alias, or the node itself; `None` for an alias to nothing.
    pub fn target(&self, id: NodeId) -> Option<NodeId> {
        match self.node(id).kind {
            Kind::Alias { target } => target,
            _ => Some(id),
        }
    }
}
