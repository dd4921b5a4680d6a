//! Text that remembers where each of its bytes came from.

use std::ops::Range;
use std::rc::Rc;

use super::Span;

/// One stretch of a [`Sourced`] text. `end` is the offset in the text at which it ends.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Piece {
    pub end: u32,
    /// The bytes in a file that say it, if a file does (the process environment is no file).
    pub span: Option<Span>,
    /// The file's bytes are the text's bytes, one to one, so that a part of the piece is a part of the span.
    pub verbatim: bool,
}

/// A value's text after YAML or `.env` decoding and interpolation, with the origin of each stretch, in order.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Sourced {
    pub text: Rc<str>,
    pub pieces: Vec<Piece>,
}

impl Sourced {
    /// Text that no file says.
    pub fn unsourced(text: &str) -> Self {
        let mut made = Self::default();
        made.push(text, None, false);
        made.finish(text.to_owned())
    }

    /// Text that stands in a file just as it is.
    pub fn verbatim(text: &str, span: Span) -> Self {
        let mut made = Self::default();
        made.push(text, Some(span), true);
        made.finish(text.to_owned())
    }

    /// Text that a file says in other bytes.
    pub fn derived(text: &str, span: Span) -> Self {
        let mut made = Self::default();
        made.push(text, Some(span), false);
        made.finish(text.to_owned())
    }

    fn push(&mut self, text: &str, span: Option<Span>, verbatim: bool) {
        let start = self.pieces.last().map_or(0, |p| p.end);
        self.pieces.push(Piece { end: start + text.len() as u32, span, verbatim });
    }

    fn finish(mut self, text: String) -> Self {
        self.text = text.into();
        self
    }

    /// The pieces that a range of the text touches, each with the part of its span that the range covers.
    pub fn origins(&self, range: Range<usize>) -> impl Iterator<Item = (Range<usize>, Option<Span>, bool)> + '_ {
        let mut start = 0;
        self.pieces.iter().filter_map(move |piece| {
            let here = start..piece.end as usize;
            start = piece.end as usize;
            let from = range.start.max(here.start);
            let to = range.end.min(here.end);
            let inside = from < to
                || (range.is_empty() && here.start <= range.start && range.start <= here.end)
                || (here.is_empty() && range.start <= here.start && here.start <= range.end);
            inside.then(|| {
                let span = piece.span.map(|span| {
                    if piece.verbatim { span.part(from - here.start..to.max(from) - here.start) } else { span }
                });
                (from..to.max(from), span, piece.verbatim)
            })
        })
    }

    /// The one span that says just this range, byte for byte, so that it can be replaced there.
    pub fn exact(&self, range: Range<usize>) -> Option<Span> {
        let mut parts = self.origins(range.clone()).filter(|(covered, ..)| !covered.is_empty() || range.is_empty());
        let (_, span, verbatim) = parts.next()?;
        let mut span = span.filter(|_| verbatim)?;
        for (_, next, verbatim) in parts {
            // Adjacent stretches of one file (around an escape, say) still make one range.
            let next = next.filter(|_| verbatim)?;
            if next.file != span.file || next.start != span.end {
                return None;
            }
            span = span.to(next);
        }
        Some(span)
    }

    /// The places in files that say the text, in order.
    pub fn spans(&self) -> Vec<Span> {
        let mut out: Vec<Span> = self.pieces.iter().filter_map(|p| p.span).collect();
        out.dedup();
        out
    }

    /// The first place in a file that has a share in the range.
    pub fn first(&self, range: Range<usize>) -> Option<Span> {
        self.origins(range).find_map(|(_, span, _)| span)
    }

    /// A part of the text with its origins.
    #[must_use]
    pub fn part(&self, range: Range<usize>) -> Self {
        let mut made = Self::default();
        for (covered, span, verbatim) in self.origins(range.clone()) {
            made.push(super::slice(&self.text, covered), span, verbatim);
        }
        made.finish(super::slice(&self.text, range).to_owned())
    }
}

/// Builds a [`Sourced`] stretch by stretch.
#[derive(Default)]
pub struct Builder {
    text: String,
    made: Sourced,
}

impl Builder {
    pub fn push(&mut self, text: &str, span: Option<Span>, verbatim: bool) {
        if text.is_empty() && span.is_none() {
            return;
        }
        self.text.push_str(text);
        // Neighbours in the file are one piece.
        if let (Some(last), Some(span), true) = (self.made.pieces.last_mut(), span, verbatim)
            && let Some(before) = last.span.filter(|s| last.verbatim && s.file == span.file && s.end == span.start)
        {
            last.span = Some(before.to(span));
            last.end += text.len() as u32;
            return;
        }
        self.made.push(text, span, verbatim);
    }

    pub fn append(&mut self, other: &Sourced) {
        let mut start = 0;
        for piece in &other.pieces {
            self.push(super::slice(&other.text, start..piece.end as usize), piece.span, piece.verbatim);
            start = piece.end as usize;
        }
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn build(self) -> Sourced {
        self.made.finish(self.text)
    }
}
