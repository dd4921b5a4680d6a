//! Files as bytes with positions: spans, line and column, values that remember where each byte came from, ordered edits,
//! diffs, and the one way to write files back. Knows nothing of YAML, Compose or findings.

mod diff;
mod edit;
mod files;
mod lines;
mod sourced;
mod span;
mod write;

pub use diff::unified;
pub use edit::{Edit, Overlap, apply, overlap};
pub use files::{Encoding, File, Files, ReadError, plain};
pub use lines::{Lines, Position};
pub use sourced::{Builder, Piece, Sourced};
pub use span::{FileId, Span};
pub use write::{Change, WriteError, write_all};

/// `text[range]`, or the empty string where the range lies outside the text or off a character boundary.
pub fn slice(text: &str, range: std::ops::Range<usize>) -> &str {
    text.get(range).unwrap_or("")
}

/// `text[start..]`, or the empty string.
pub fn from(text: &str, start: usize) -> &str {
    text.get(start..).unwrap_or("")
}

/// `text[..end]`, or the empty string.
pub fn upto(text: &str, end: usize) -> &str {
    text.get(..end).unwrap_or("")
}

/// The byte at an offset, or NUL past the end.
pub fn byte(text: &str, at: usize) -> u8 {
    text.as_bytes().get(at).copied().unwrap_or(0)
}
