//! Text to [`Tree`]. The only file that knows the parser crate: everything else sees our own tree.

use foldhash::HashMap;
use std::rc::Rc;

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, StructureStyle};

use super::tree::{Comment, Entry, Kind, Node, NodeId, Style, Tag, Tree};
use crate::source::{FileId, byte, from, slice, upto};

/// Levels of nesting that are read. Compose has no limit that anybody meets; a file beyond this one is an attack.
const NESTING: usize = 255;

/// How many lines a broken file may lose before the rest is given up.
const RECOVERIES: usize = 16;

/// How many bytes may be read again for lines that Compose reads and the parser does not.
const JOINED: usize = 8 << 20;

/// What `\'` is read as.
const BELL: &str = "\\a";

/// What is wrong with a text as YAML.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FaultKind {
    /// A tab where only blanks may indent.
    Tab,
    /// A tab on a line that says nothing.
    LoneTab,
    /// A quote, bracket or brace without its end.
    Unclosed(char),
    /// The wrong bracket closes.
    Mismatched {
        open: char,
        close: char,
    },
    /// Something stands at a column where no entry can.
    Indentation,
    /// `key: value: more`, or a mapping where a value has begun.
    MappingHere,
    /// A key without its colon.
    MissingColon,
    /// A plain value starts with a character that YAML keeps for itself.
    Reserved(char),
    /// `"..."x`: text right behind a quoted value.
    BehindQuote,
    /// An unknown escape in double quotes.
    Escape,
    /// A character that an unquoted value inside brackets can't have: `?`, or `:` at its beginning.
    InBrackets(char),
    /// A character that an anchor's name can't have.
    AnchorName(char),
    /// `*name` without `&name` before it.
    UnknownAnchor,
    TooDeep,
    /// A control character or a byte that is no text.
    NotText,
    /// `%YAML 1.2` and the like: Compose's reader takes `%YAML 1.1` and `%TAG` only.
    Directive,
    /// Anything else, in the parser's own words.
    Other(String),
}

/// A fault and the byte offset where it shows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    pub kind: FaultKind,
    pub at: usize,
}

/// Parses a file. The tree holds what could be read: after a fault the line that bears it is left out and the rest is read
/// again, so that one slip doesn't hide the file. The first fault comes first; with a fault the tree is a guess.
///
/// What Compose's reader refuses is a fault; see [`parse_any`] for files that others read.
pub fn parse(file: FileId, text: &Rc<str>) -> (Tree, Vec<Fault>) {
    recover(file, text, super::strict::fault)
}

/// The same of a file that some other program reads: what only Compose's reader refuses is no fault.
pub fn parse_any(file: FileId, text: &Rc<str>) -> (Tree, Vec<Fault>) {
    recover(file, text, |_, _| None)
}

fn recover(file: FileId, text: &Rc<str>, refused: fn(&Tree, usize) -> Option<Fault>) -> (Tree, Vec<Fault>) {
    let mut faults = Vec::new();
    let mut shadow: Option<String> = None;
    let mut joined = 0;
    // Comments right behind a quote or a bracket.
    let mut glued: Vec<Comment> = Vec::new();
    // What is known of the text before the first fault holds.
    let mut strict = None;
    loop {
        let source = shadow.as_deref().unwrap_or(text);
        let (mut tree, fault) = attempt(file, text, source);
        if !glued.is_empty() {
            tree.comments.extend(&glued);
            tree.comments.sort_by_key(|c| c.start);
        }
        if faults.is_empty() {
            strict = refused(&tree, fault.as_ref().map_or(text.len(), |f| f.at));
        }
        let Some(Stop { kind, at, open }) = fault else { return (tree, first(faults, strict)) };
        // Compose reads a quoted value whose next line is not indented; the parser does not. Reading that line break as a
        // blank changes no offset.
        if kind == ErrorKind::InvalidQuotedScalarIndent && joined < JOINED / text.len().max(1) + 8 {
            let copy = shadow.get_or_insert_with(|| text.to_string());
            if join_line(copy, at) {
                joined += 1;
                continue;
            }
        }
        // Inside brackets and quotes a line may begin with tabs, except behind a plain value: Compose takes that, the parser does not.
        let inside = kind == ErrorKind::TabInIndentation || kind == ErrorKind::TabInBlockIndentation && open.is_some();
        if inside && joined < JOINED / text.len().max(1) + 8 {
            let copy = shadow.get_or_insert_with(|| text.to_string());
            if blank_tabs(copy, at) {
                joined += 1;
                continue;
            }
        }
        // `"\'"`, which YAML 1.1's reader takes: read as another escape, and put right where the value is taken.
        if kind == ErrorKind::UnknownQuotedScalarEscape
            && joined < JOINED / text.len().max(1) + 8
            && blank_apostrophes(shadow.get_or_insert_with(|| text.to_string()), at)
        {
            joined += 1;
            continue;
        }
        // `[-]`: a value to Compose. What is read of it is the text itself.
        if kind == ErrorKind::PlainScalarStartsWithDashFlowIndicator && byte(text, at) == b'-' {
            shadow.get_or_insert_with(|| text.to_string()).replace_range(at..=at, "_");
            continue;
        }
        // `"a"#b`: a comment to Compose.
        if kind == ErrorKind::CommentNotSeparated && joined < JOINED / text.len().max(1) + 8 {
            let copy = shadow.get_or_insert_with(|| text.to_string());
            if let Some(comment) = blank_comment(copy, at) {
                glued.push(comment);
                joined += 1;
                continue;
            }
        }
        if kind == ErrorKind::TabInPlainScalar && faults.len() < RECOVERIES {
            // The parser names the plain value that goes on behind the tab.
            let at = tab_behind(text, at);
            faults.push(Fault { kind: FaultKind::Tab, at });
            if blank_tabs(shadow.get_or_insert_with(|| text.to_string()), at) {
                continue;
            }
        }
        let fault = match swallowed(text, shadow.as_deref().unwrap_or(text), at, open) {
            Some((open, mark)) => Fault { kind: FaultKind::Unclosed(mark), at: open },
            None => Fault { kind: describe(&kind, text, at), at },
        };
        let at = fault.at;
        let unclosed = matches!(fault.kind, FaultKind::Unclosed(_));
        faults.push(fault);
        if faults.len() > RECOVERIES || kind == ErrorKind::RecursionLimitExceeded {
            return (tree, first(faults, strict));
        }
        let copy = shadow.get_or_insert_with(|| text.to_string());
        if unclosed && text.is_char_boundary(at) {
            // What was read as its inside comes back.
            copy.replace_range(at.., from(text, at));
        }
        if !blank_line(copy, at) {
            return (tree, first(faults, strict));
        }
    }
}

/// The bracket or quote of an earlier line that is not closed and swallowed the line of a fault, which can't be its inside:
/// where it opens, and the character.
fn swallowed(text: &str, source: &str, at: usize, open: Option<usize>) -> Option<(usize, char)> {
    let line = |text: &str, at: usize| upto(text, at).rfind('\n').map_or(0, |i| i + 1);
    let indent = |start: usize| from(text, start).bytes().take_while(|b| *b == b' ').count();
    let here = line(text, at);
    if let Some(open) = open
        && line(text, open) < here
        && indent(here) <= indent(line(text, open))
        && !matches!(byte(text, at), b']' | b'}')
    {
        return from(text, open).chars().next().map(|mark| (open, mark));
    }
    // Lines that were joined are the inside of a quoted value; text behind it shows that its quote is another's.
    let first = line(source, at);
    let end = from(text, first).find('\n').map_or(text.len(), |i| first + i);
    if end >= at {
        return None;
    }
    let open = slice(text, first..end).rfind(['"', '\''])? + first;
    from(text, open).chars().next().map(|mark| (open, mark))
}

/// The first fault; those behind it are often its echo.
fn first(faults: Vec<Fault>, strict: Option<Fault>) -> Vec<Fault> {
    strict.into_iter().chain(faults).min_by_key(|f| f.at).into_iter().collect()
}

fn join_line(text: &mut String, at: usize) -> bool {
    // A carriage return alone breaks a line too.
    let Some(newline) = upto(text, at).rfind(['\n', '\r']) else { return false };
    let start = if newline > 0 && byte(text, newline) == b'\n' && byte(text, newline - 1) == b'\r' {
        newline - 1
    } else {
        newline
    };
    text.replace_range(start..=newline, if start == newline { " " } else { "  " });
    true
}

/// Turns the tabs that a line begins with into blanks, and those of the lines behind it for as long as each goes on where a
/// bracket or a comma ends the one before. False where there are none.
fn blank_tabs(text: &mut String, at: usize) -> bool {
    let mut start = upto(text, at).rfind('\n').map_or(0, |i| i + 1);
    let mut any = false;
    loop {
        let rest = from(text, start);
        let end = start + rest.len() - rest.trim_start_matches([' ', '\t']).len();
        if !slice(text, start..end).contains('\t') {
            return any;
        }
        text.replace_range(start..end, &" ".repeat(end - start));
        any = true;
        let Some(newline) = from(text, end).find('\n').map(|i| end + i) else { return true };
        if !slice(text, end..newline).trim_end().ends_with([',', '[', '{']) {
            return true;
        }
        start = newline + 1;
    }
}

/// Overwrites the comment that begins at an offset with blanks, and says where it was.
fn blank_comment(text: &mut String, at: usize) -> Option<Comment> {
    let rest = from(text, at);
    let line = rest.split(['\n', '\r']).next().filter(|line| line.starts_with('#'))?.len();
    text.replace_range(at..at + line, &" ".repeat(line));
    Some(Comment { start: at as u32, end: (at + line) as u32 })
}

/// Turns each `\'` of the value in double quotes at an offset into [`BELL`]. False where there is none.
fn blank_apostrophes(text: &mut String, at: usize) -> bool {
    let mut any = false;
    let mut at = at + 1;
    loop {
        match (byte(text, at), byte(text, at + 1)) {
            (b'\\', b'\'') => {
                text.replace_range(at..at + 2, BELL);
                any = true;
                at += 2;
            }
            (b'\\', _) => at += 2,
            _ if at >= text.len() || byte(text, at) == b'"' => return any,
            _ => at += 1,
        }
    }
}

/// The first tab that a line begins with behind an offset.
fn tab_behind(text: &str, at: usize) -> usize {
    let mut line = at;
    while let Some(newline) = from(text, line).find('\n') {
        line += newline + 1;
        let rest = from(text, line);
        if let Some(tab) = rest.find(|c| c != ' ').filter(|i| byte(rest, *i) == b'\t') {
            return line + tab;
        }
    }
    at
}

/// Overwrites the line of an offset with blanks, byte for byte. False where nothing is left to overwrite.
fn blank_line(text: &mut String, at: usize) -> bool {
    let mut at = at.min(text.len());
    loop {
        let start = upto(text, at).rfind('\n').map_or(0, |i| i + 1);
        let end = from(text, start).find('\n').map_or(text.len(), |i| i + start);
        let line = slice(text, start..end);
        if line.trim().is_empty() {
            // A fault at the end of the text, or on a line already taken: the last line that says anything bears it.
            if start == 0 {
                return false;
            }
            at = start - 1;
            continue;
        }
        let blanks: String = line.bytes().map(|b| if b == b'\r' { '\r' } else { ' ' }).collect();
        text.replace_range(start..end, &blanks);
        return true;
    }
}

/// Why the parser stopped, where, and the bracket that was open there.
struct Stop {
    kind: ErrorKind,
    at: usize,
    open: Option<usize>,
}

fn attempt(file: FileId, text: &Rc<str>, source: &str) -> (Tree, Option<Stop>) {
    // About what real files need; growing would copy it several times.
    let nodes = Vec::with_capacity((text.len() / 8).min(1 << 14));
    let tree = Tree { file, text: text.clone(), nodes, documents: Vec::new(), comments: Vec::new() };
    let mut builder =
        Builder { tree, source, stack: Vec::new(), cursor: 0, anchors: HashMap::default(), last: None, unknown: None };
    let options = granit_parser::options! {
        emit_unresolved_aliases: true,
        emit_anchor_events: true,
        max_buffered_comment_events: 1_000_000,
        flow_nesting_limit: NESTING,
        block_nesting_limit: NESTING,
    };
    let mut fault = None;
    for next in Parser::new_from_str_with_options(source, options) {
        match next {
            Ok((event, span)) => builder.event(event, span),
            Err(error) => {
                let at = error.marker().byte_offset().unwrap_or(0).min(source.len());
                let open = builder.stack.last().filter(|frame| frame.flow).map(|frame| builder.start(frame));
                fault = Some(Stop { kind: error.kind().clone(), at, open });
                break;
            }
        }
    }
    let fault = fault.or(builder.unknown.map(|at| Stop { kind: ErrorKind::UnknownAnchor, at, open: None }));
    (builder.finish(), fault)
}

fn describe(kind: &ErrorKind, text: &str, at: usize) -> FaultKind {
    use ErrorKind as E;
    match kind {
        E::TabNotAllowed
        | E::TabInBlockIndentation
        | E::TabInIndentation
        | E::TabAtBlockScalarStart
        | E::InvalidMappingValueWhitespace
        | E::InvalidBlockEntryWhitespace => FaultKind::Tab,
        E::UnclosedQuotedScalar | E::DocumentIndicatorInQuotedScalar => {
            FaultKind::Unclosed(from(text, at).chars().next().filter(|c| "'\"".contains(*c)).unwrap_or('"'))
        }
        E::UnclosedFlowCollection { open } => FaultKind::Unclosed(*open),
        E::UnexpectedEofFlowSequence | E::ExpectedFlowSequenceSeparator => FaultKind::Unclosed('['),
        E::UnexpectedEofFlowMapping | E::UnexpectedEofImplicitFlowMapping | E::ExpectedFlowMappingSeparator => {
            FaultKind::Unclosed('{')
        }
        E::MismatchedFlowCollectionEnd { open, close } => FaultKind::Mismatched { open: *open, close: *close },
        E::InvalidIndentation
        | E::InvalidBlockScalarIndent
        | E::ExpectedBlockMappingKey
        | E::ExpectedBlockSequenceEntry
        | E::BlockSequenceEntryNotAllowed
        | E::InvalidFlowScalarIndent => FaultKind::Indentation,
        E::MappingValueNotAllowed | E::MappingKeyNotAllowed | E::InvalidColonPlacement => FaultKind::MappingHere,
        E::SimpleKeyExpected | E::InvalidSimpleKey => FaultKind::MissingColon,
        E::UnexpectedCharacter { character } => FaultKind::Reserved(*character),
        E::InvalidTrailingSingleQuotedScalar | E::InvalidTrailingDoubleQuotedScalar => FaultKind::BehindQuote,
        E::UnknownQuotedScalarEscape | E::InvalidQuotedScalarHexEscape | E::InvalidUnicodeEscape => FaultKind::Escape,
        E::UnknownAnchor => FaultKind::UnknownAnchor,
        E::RecursionLimitExceeded => FaultKind::TooDeep,
        other => FaultKind::Other(other.to_string()),
    }
}

/// What a collection waits for.
enum Shape {
    List,
    /// A mapping, and the key whose value comes next.
    Map(Option<NodeId>),
}

/// A collection that is being read.
struct Frame {
    node: NodeId,
    flow: bool,
    shape: Shape,
    children: Vec<NodeId>,
    entries: Vec<Entry>,
}

struct Builder<'a> {
    tree: Tree,
    /// What the parser reads: the text, or its copy with lines blanked out; same length, same offsets.
    source: &'a str,
    stack: Vec<Frame>,
    /// Just behind the last token.
    cursor: usize,
    anchors: HashMap<usize, NodeId>,
    last: Option<NodeId>,
    unknown: Option<usize>,
}

impl Builder<'_> {
    fn event(&mut self, event: Event<'_>, span: granit_parser::Span) {
        let range = span.byte_range().unwrap_or(self.cursor..self.cursor);
        let tag_start = span.tag_start().and_then(|m| m.byte_offset());
        match event {
            Event::Comment(..) => {
                self.tree.comments.push(Comment { start: range.start as u32, end: range.end as u32 });
            }
            Event::Scalar(value, style, anchor, tag) => {
                self.scalar(&value, style, range, tag_start, tag.as_deref());
                self.remember(anchor);
            }
            Event::SequenceStart(style, anchor, tag) => {
                self.open(style == StructureStyle::Flow, false, &range, tag_start, tag.as_deref());
                self.remember(anchor);
            }
            Event::MappingStart(style, anchor, tag) => {
                self.open(style == StructureStyle::Flow, true, &range, tag_start, tag.as_deref());
                self.remember(anchor);
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(range.end),
            Event::Alias(id) => {
                let target = self.anchors.get(&id).copied();
                self.alias(target, &range);
            }
            Event::UnresolvedAlias(_) => {
                self.unknown.get_or_insert(range.start);
                self.alias(None, &range);
            }
            Event::Anchor(..) => {
                if let Some(node) = self.last.and_then(|id| self.tree.nodes.get_mut(id.0 as usize)) {
                    node.anchor = Some((range.start as u32, range.end as u32));
                    node.outer = node.outer.min(range.start as u32);
                    if matches!(node.kind, Kind::Scalar { style: Style::Empty, .. }) {
                        node.start = node.start.max(range.end as u32);
                        node.end = node.start;
                    }
                }
                self.cursor = self.cursor.max(range.end);
            }
            _ => self.cursor = self.cursor.max(range.end),
        }
    }

    fn start(&self, frame: &Frame) -> usize {
        self.tree.node(frame.node).start as usize
    }

    fn remember(&mut self, anchor: usize) {
        if anchor != 0
            && let Some(node) = self.last
        {
            self.anchors.insert(anchor, node);
        }
    }

    /// Finds the `-` or `:` before a child and moves behind it.
    fn step(&mut self) -> Option<u32> {
        let frame = self.stack.last()?;
        let wanted = match frame.shape {
            Shape::Map(Some(_)) => b':',
            Shape::List if !frame.flow => b'-',
            _ => return None,
        };
        let at = skip_trivia(self.source, self.cursor);
        (byte(self.source, at) == wanted).then(|| {
            self.cursor = at + 1;
            at as u32
        })
    }

    fn add(
        &mut self,
        kind: Kind,
        start: usize,
        end: usize,
        outer: usize,
        tag: Option<Tag>,
        mark: Option<u32>,
    ) -> NodeId {
        let id = NodeId(self.tree.nodes.len() as u32);
        // Where lines were blanked out, a place may be inside a character of the text.
        let (start, end) = (self.boundary(start), self.boundary(end));
        let outer = self.boundary(outer.min(start)) as u32;
        self.tree.nodes.push(Node { kind, start: start as u32, end: end as u32, outer, tag, anchor: None, mark });
        self.last = Some(id);
        match self.stack.last_mut() {
            None => self.tree.documents.push(id),
            Some(frame) => match &mut frame.shape {
                Shape::List => frame.children.push(id),
                Shape::Map(pending) => match pending.take() {
                    None => *pending = Some(id),
                    Some(key) => frame.entries.push(Entry { key, value: id }),
                },
            },
        }
        id
    }

    fn scalar(
        &mut self,
        value: &str,
        style: ScalarStyle,
        range: std::ops::Range<usize>,
        tag_start: Option<usize>,
        tag: Option<&granit_parser::Tag>,
    ) {
        let mark = self.step();
        let tag = tag.map(tag_of);
        let (style, range) = match style {
            ScalarStyle::Plain if range.is_empty() => {
                // An empty value is reported before its colon; it belongs behind it, or behind its tag (or its anchor, which comes next).
                let at = tag_start.map_or(self.cursor, |start| {
                    let rest = from(self.source, start);
                    start + rest.find([' ', '\t', '\n', '\r', ',', ']', '}']).unwrap_or(rest.len())
                });
                (Style::Empty, at..at)
            }
            ScalarStyle::Plain => (Style::Plain, range),
            ScalarStyle::SingleQuoted => (Style::SingleQuoted, range),
            ScalarStyle::DoubleQuoted => (Style::DoubleQuoted, range),
            ScalarStyle::Literal => (Style::Literal, self.block_range(range)),
            ScalarStyle::Folded => (Style::Folded, self.block_range(range)),
        };
        let inner = match style {
            Style::SingleQuoted | Style::DoubleQuoted => range.start + 1..range.end.saturating_sub(1),
            _ => range.clone(),
        };
        let raw = slice(&self.tree.text, inner);
        let own = match style {
            Style::Empty => true,
            Style::Plain => !raw.contains(['\n', '\r']),
            _ => raw == value,
        };
        let apostrophe = style == Style::DoubleQuoted && raw.contains("\\'");
        let value = if apostrophe { value.replace('\u{7}', "'").into() } else { value.into() };
        let kind = Kind::Scalar { style, value: (!own).then_some(value) };
        self.add(kind, range.start, range.end, tag_start.unwrap_or(range.start), tag, mark);
        self.cursor = self.cursor.max(range.end);
    }

    /// The start of the text's character that an offset lies in.
    fn boundary(&self, at: usize) -> usize {
        let text = &self.tree.text;
        (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
    }

    /// The end of a tag, an anchor or whatever stands at an offset: always behind it, unless that is the end of the text.
    fn token_end(&self, at: usize) -> usize {
        let rest = from(self.source, at);
        let first = rest.chars().next().map_or(0, char::len_utf8);
        at + rest.find([' ', '\t', '\n', '\r']).unwrap_or(rest.len()).max(first)
    }

    /// A block scalar from its `|` or `>` to the end of its last line that is not blank.
    fn block_range(&self, range: std::ops::Range<usize>) -> std::ops::Range<usize> {
        let mut at = skip_trivia(self.source, self.cursor);
        while !matches!(byte(self.source, at), b'|' | b'>') && at < range.start {
            at = skip_trivia(self.source, self.token_end(at));
        }
        let header = if at < range.start || matches!(byte(self.source, at), b'|' | b'>') { at } else { range.start };
        let header_end = from(self.source, header).find(['\n']).map_or(self.source.len(), |i| header + i);
        let content = slice(self.source, header_end..range.end.max(header_end)).trim_end().len();
        let header_text = slice(self.source, header..header_end).trim_end().len();
        let end = if content == 0 { header + header_text } else { header_end + content };
        header..end
    }

    fn open(
        &mut self,
        flow: bool,
        mapping: bool,
        range: &std::ops::Range<usize>,
        tag_start: Option<usize>,
        tag: Option<&granit_parser::Tag>,
    ) {
        let mark = self.step();
        let tag = tag.map(tag_of);
        let start = range.start.max(self.cursor);
        let kind = if mapping {
            Kind::Mapping { flow, entries: Vec::new() }
        } else {
            Kind::Sequence { flow, items: Vec::new() }
        };
        let mut start = if flow { range.start } else { start };
        if !flow && !mapping {
            // Reported at the first item: the sequence starts at its dash.
            let mut at = skip_trivia(self.source, self.cursor);
            while matches!(byte(self.source, at), b'&' | b'!') {
                at = skip_trivia(self.source, self.token_end(at));
            }
            if byte(self.source, at) == b'-' {
                start = at;
            }
            self.cursor = self.cursor.max(at);
        }
        let node = self.add(kind, start, start, tag_start.unwrap_or(start), tag, mark);
        if flow {
            self.cursor = self.cursor.max(range.end);
        }
        let shape = if mapping { Shape::Map(None) } else { Shape::List };
        self.stack.push(Frame { node, flow, shape, children: Vec::new(), entries: Vec::new() });
    }

    fn alias(&mut self, target: Option<NodeId>, range: &std::ops::Range<usize>) {
        let mark = self.step();
        self.add(Kind::Alias { target }, range.start, range.end, range.start, None, mark);
        self.cursor = self.cursor.max(range.end);
    }

    fn close(&mut self, event_end: usize) {
        let Some(frame) = self.stack.pop() else { return };
        let last = frame.children.last().copied().or(frame.entries.last().map(|e| e.value));
        let Some(end) = last.map(|id| self.tree.node(id).end as usize) else {
            return self.set(frame, event_end, event_end);
        };
        self.set(frame, end, event_end);
    }

    fn set(&mut self, frame: Frame, last_child: usize, event_end: usize) {
        let cursor = self.cursor;
        let end = if frame.flow { event_end } else { last_child };
        if let Some(node) = self.tree.nodes.get_mut(frame.node.0 as usize) {
            node.end = (end as u32).max(node.start);
            match &mut node.kind {
                Kind::Sequence { items, .. } => *items = frame.children,
                Kind::Mapping { entries, .. } => *entries = frame.entries,
                _ => {}
            }
        }
        self.cursor = cursor.max(end);
        self.last = None;
    }

    /// Closes what a fault left open.
    fn finish(mut self) -> Tree {
        let end = self.cursor;
        while !self.stack.is_empty() {
            self.close(end);
        }
        self.tree
    }
}

fn tag_of(tag: &granit_parser::Tag) -> Tag {
    let shown = tag.to_string();
    match shown.as_str() {
        "!reset" => Tag::Reset,
        "!override" => Tag::Override,
        "tag:yaml.org,2002:binary" => Tag::Binary,
        _ => match tag.core_suffix() {
            Some("str") => Tag::Str,
            Some("int") => Tag::Int,
            Some("float") => Tag::Float,
            Some("bool") => Tag::Bool,
            Some("null") => Tag::Null,
            _ => Tag::Other,
        },
    }
}

/// Moves over blanks, line breaks and comments.
fn skip_trivia(text: &str, mut at: usize) -> usize {
    loop {
        match byte(text, at) {
            b' ' | b'\t' | b'\n' | b'\r' => at += 1,
            0xef if from(text, at).starts_with('\u{feff}') => at += 3,
            b'#' if at == 0 || byte(text, at - 1).is_ascii_whitespace() => {
                at += from(text, at).find('\n').unwrap_or(text.len() - at);
            }
            _ => return at,
        }
    }
}
