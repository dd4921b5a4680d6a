//! YAML text to a spanned tree, scalars as Compose resolves them, and minimal edits. Knows nothing of Compose's keys.

mod edit;
mod mapping;
mod order;
mod parse;
mod scalar;
mod strict;
mod tree;

pub use edit::{
    Fragment, Layout, append_item, insert_entry, list_to_map, quote, remove_anchor, remove_block, remove_entry,
    remove_item, replace_part, replace_scalar, unquote,
};
pub use mapping::sourced;
pub use order::{Stuck, reorder};
pub use parse::{Fault, FaultKind, parse, parse_any};
pub use scalar::{Resolved, resolve, shown};
pub use tree::{Comment, Entry, Kind, Node, NodeId, Style, Tag, Tree};
