//! Byte offsets to lines and columns.

/// A place for people: `line` and `column` count from 1, columns in Unicode scalar values (a byte order mark counts as
/// nothing); `offset` is the byte offset from 0.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Position {
    pub line: usize,
    pub column: usize,
    pub offset: usize,
}

/// Where each line of a text starts. Lines end at `\n`.
#[derive(Debug)]
pub struct Lines {
    starts: Vec<u32>,
}

impl Lines {
    pub fn new(text: &str) -> Self {
        let mut starts = vec![0];
        starts.extend(text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i as u32 + 1));
        Self { starts }
    }

    /// Line, counted from 0, that holds the byte at `offset`.
    pub fn line_of(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start as usize <= offset).saturating_sub(1)
    }

    /// Byte offset at which line `line` (from 0) starts; the end of the text for a line that is not there.
    pub fn start_of(&self, line: usize, text: &str) -> usize {
        self.starts.get(line).map_or(text.len(), |start| *start as usize)
    }

    /// The byte range of line `line` (from 0) without its line end (`\n` or `\r\n`).
    pub fn range_of(&self, line: usize, text: &str) -> std::ops::Range<usize> {
        let start = self.start_of(line, text);
        let whole = super::slice(text, start..self.start_of(line + 1, text));
        let bare = whole.strip_suffix('\n').unwrap_or(whole);
        start..start + bare.strip_suffix('\r').unwrap_or(bare).len()
    }

    pub fn position(&self, offset: usize, text: &str) -> Position {
        let line = self.line_of(offset);
        let start = self.start_of(line, text);
        let before = super::slice(text, start..offset.min(text.len()));
        let column = before.chars().filter(|c| *c != '\u{feff}' || start > 0).count() + 1;
        Position { line: line + 1, column, offset }
    }
}
