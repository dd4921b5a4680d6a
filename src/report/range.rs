//! Places as the output contract writes them.

use serde::Serialize;

use crate::source::{Files, Position, Span};

/// `{"line": 3, "column": 17, "offset": 61}`: line and column from 1, columns in Unicode scalar values, offset in bytes.
#[derive(Clone, Copy, Serialize, Debug, PartialEq, Eq)]
pub struct At {
    pub line: usize,
    pub column: usize,
    pub offset: usize,
}

/// A range; `end` is exclusive.
#[derive(Clone, Copy, Serialize, Debug, PartialEq, Eq)]
pub struct Range {
    pub start: At,
    pub end: At,
}

impl Range {
    /// The start of a file.
    pub const START: Self =
        Self { start: At { line: 1, column: 1, offset: 0 }, end: At { line: 1, column: 1, offset: 0 } };

    pub fn of(files: &Files, span: Span) -> Self {
        let at = |offset: u32| {
            let Position { line, column, offset } = files.position(span.file, offset as usize);
            At { line, column, offset }
        };
        Self { start: at(span.start), end: at(span.end) }
    }
}
