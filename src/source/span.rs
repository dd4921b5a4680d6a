//! Byte ranges that name their file.

use std::ops::Range;

/// Index of a file in [`Files`](super::Files).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct FileId(pub(super) u32);

/// A range of bytes in one file; `end` is exclusive.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Span {
    pub file: FileId,
    pub start: u32,
    pub end: u32,
}

impl Span {
    pub fn new(file: FileId, range: Range<usize>) -> Self {
        Self { file, start: range.start as u32, end: range.end.max(range.start) as u32 }
    }

    /// An empty range, for an insertion.
    pub fn at(file: FileId, offset: usize) -> Self {
        Self::new(file, offset..offset)
    }

    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    pub fn len(self) -> usize {
        (self.end - self.start) as usize
    }

    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// The part of this span given by offsets relative to its start, kept inside it.
    #[must_use]
    pub fn part(self, range: Range<usize>) -> Self {
        let start = self.start + (range.start.min(self.len()) as u32);
        let end = self.start + (range.end.min(self.len()) as u32);
        Self { file: self.file, start, end: end.max(start) }
    }

    /// The smallest span that holds both; `self` where the files differ.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        if self.file != other.file {
            return self;
        }
        Self { file: self.file, start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// Whether the two share a byte; an empty span lies in the range whose inside it stands in.
    pub fn touches(self, other: Self) -> bool {
        self.file == other.file
            && if self.is_empty() || other.is_empty() {
                self.start >= other.start && self.start <= other.end
                    || other.start >= self.start && other.start <= self.end
            } else {
                self.start < other.end && other.start < self.end
            }
    }

    /// Whether a place lies inside, with bytes of this span on both sides.
    pub fn surrounds(self, place: Self) -> bool {
        self.file == place.file && self.start < place.start && place.end < self.end
    }

    pub fn contains(self, other: Self) -> bool {
        self.file == other.file && self.start <= other.start && other.end <= self.end
    }
}
