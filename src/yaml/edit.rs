//! Minimal edits: byte ranges computed from spans, in the style of the place (quotes, flow or block, indentation, line ends).
//! Whoever is not sure how to edit gets `None` and leaves the file alone.

use std::fmt::Write as _;
use std::ops::Range;

use super::scalar::{Resolved, resolve};
use super::tree::{Kind, NodeId, Style, Tree};
use crate::source::{Edit, Span, byte, from, slice, upto};

/// How a file is laid out, learnt from what is there.
#[derive(Clone, Debug)]
pub struct Layout {
    pub newline: &'static str,
    /// Blanks per level of nesting.
    pub step: usize,
    /// Blanks between a key and the dashes of its block sequence.
    pub dash: usize,
}

impl Layout {
    pub fn of(tree: &Tree) -> Self {
        let newline = if tree.text.contains("\r\n") { "\r\n" } else { "\n" };
        let (mut steps, mut dashes) = ([0_usize; 9], [0_usize; 9]);
        for node in &tree.nodes {
            let Kind::Mapping { flow: false, entries } = &node.kind else { continue };
            for entry in entries {
                let key = column(tree, tree.range(entry.key).start);
                let value = tree.node(entry.value);
                let (table, flow, empty) = match &value.kind {
                    Kind::Mapping { flow, entries } => (&mut steps, *flow, entries.is_empty()),
                    Kind::Sequence { flow, items } => (&mut dashes, *flow, items.is_empty()),
                    _ => continue,
                };
                let distance = column(tree, value.start as usize).checked_sub(key);
                if !flow
                    && !empty
                    && let Some(count) = distance.and_then(|d| table.get_mut(d))
                {
                    *count += 1;
                }
            }
        }
        let most = |table: [usize; 9]| {
            table.iter().enumerate().rev().max_by_key(|(_, n)| **n).filter(|(_, n)| **n > 0).map(|(i, _)| i)
        };
        let step = most(steps).unwrap_or(2).max(1);
        Self { newline, step, dash: most(dashes).unwrap_or(step) }
    }
}

/// Something new to write.
#[derive(Clone, PartialEq, Debug)]
pub enum Fragment {
    /// A string, quoted where plain would not do.
    Text(String),
    /// A string in double quotes, as people write ports.
    Quoted(String),
    /// Already YAML, on one line: `!reset null`, `["CMD", "true"]`.
    Raw(String),
    List(Vec<Fragment>),
    Map(Vec<(String, Fragment)>),
}

impl Fragment {
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// The fragment as a whole document, without a line break at its end.
    pub fn document(&self, layout: &Layout) -> String {
        self.block(0, layout).trim_start_matches(['\n', '\r', ' ']).to_owned()
    }

    fn flow(&self) -> String {
        match self {
            Self::Text(text) => spell(text, true),
            Self::Quoted(text) => double_quoted(text),
            Self::Raw(text) => text.clone(),
            Self::List(items) => format!("[{}]", join(items.iter().map(Self::flow))),
            Self::Map(entries) => {
                format!("{{{}}}", join(entries.iter().map(|(k, v)| format!("{}: {}", spell(k, true), v.flow()))))
            }
        }
    }

    /// The text behind `key:` or `-`: on the same line for scalars, else with its own lines at `indent` columns.
    fn block(&self, indent: usize, layout: &Layout) -> String {
        let pad = " ".repeat(indent);
        match self {
            Self::Text(text) => format!(" {}", spell(text, false)),
            Self::List(items) if items.is_empty() => " []".to_owned(),
            Self::Map(entries) if entries.is_empty() => " {}".to_owned(),
            Self::List(items) => {
                let mut out = String::new();
                for item in items {
                    let _ = write!(out, "{}{pad}-{}", layout.newline, item.in_item(indent, layout));
                }
                out
            }
            Self::Map(entries) => {
                let mut out = String::new();
                for (key, value) in entries {
                    let _ = write!(out, "{}{pad}{}:{}", layout.newline, spell(key, false), value.below(indent, layout));
                }
                out
            }
            other => format!(" {}", other.flow()),
        }
    }

    fn below(&self, indent: usize, layout: &Layout) -> String {
        let deeper = if matches!(self, Self::List(_)) { layout.dash } else { layout.step };
        self.block(indent + deeper, layout)
    }

    fn in_item(&self, indent: usize, layout: &Layout) -> String {
        match self {
            Self::Map(entries) if !entries.is_empty() => {
                let text = self.block(indent + 2, layout);
                format!(" {}", text.trim_start())
            }
            other => other.below(indent, layout),
        }
    }
}

fn join(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}

fn column(tree: &Tree, offset: usize) -> usize {
    offset - upto(&tree.text, offset).rfind('\n').map_or(0, |i| i + 1)
}

/// Whether a string can stand unquoted and is read as that same string, by YAML 1.1 and 1.2 readers alike.
fn plain_ok(text: &str, flow: bool) -> bool {
    let Some(first) = text.chars().next() else { return false };
    let indicator = match first {
        '-' | '?' | ':' => text.len() == 1 || text.get(1..2).is_some_and(|c| c == " " || flow && ",[]{}".contains(c)),
        c => "[]{},#&*!|>'\"%@`".contains(c),
    };
    let yaml_11 = matches!(
        text.to_ascii_lowercase().as_str(),
        "yes" | "no" | "on" | "off" | "y" | "n" | "true" | "false" | "null" | "~"
    );
    let sexagesimal = text.contains(':') && text.chars().all(|c| c.is_ascii_digit() || c == ':');
    !(indicator
        || yaml_11
        || sexagesimal
        || first.is_whitespace()
        || text.ends_with([' ', '\t', ':'])
        || text.contains(": ")
        || text.contains(" #")
        || text.chars().any(char::is_control)
        || flow && text.contains([',', '[', ']', '{', '}'])
        || resolve(text, Style::Plain, None) != Resolved::Str)
}

fn spell(text: &str, flow: bool) -> String {
    if plain_ok(text, flow) { text.to_owned() } else { double_quoted(text) }
}

fn double_quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Whether a node stands inside a flow collection.
fn in_flow(tree: &Tree, id: NodeId) -> bool {
    let node = tree.node(id);
    tree.nodes.iter().any(|n| {
        matches!(n.kind, Kind::Sequence { flow: true, .. } | Kind::Mapping { flow: true, .. })
            && n.start < node.start
            && node.end < n.end
    })
}

/// Replaces a scalar's value, in the style it has where that can say the new one. Tag and anchor stay.
pub fn replace_scalar(tree: &Tree, id: NodeId, value: &str) -> Option<Edit> {
    let style = tree.style(id)?;
    let flow = in_flow(tree, id);
    let one_line = !value.contains('\n');
    let text = match style {
        Style::Plain if plain_ok(value, flow) => value.to_owned(),
        // A tab on the lines behind it is taken behind a plain value only.
        Style::Plain if tab_behind(tree, id) => return None,
        Style::SingleQuoted if one_line && !value.chars().any(char::is_control) => {
            format!("'{}'", value.replace('\'', "''"))
        }
        Style::Literal | Style::Folded => return None,
        // `? key` and `{key}` have no colon to stand behind.
        Style::Empty if tree.node(id).mark.is_none() => return None,
        Style::Empty if plain_ok(value, flow) => format!(" {value}"),
        Style::Empty => format!(" {}", double_quoted(value)),
        _ => double_quoted(value),
    };
    Some(Edit::replace(tree.span(id), text))
}

/// Whether a line with nothing but a tab follows.
fn tab_behind(tree: &Tree, id: NodeId) -> bool {
    let rest = from(&tree.text, tree.range(id).end);
    let blank = slice(rest, 0..rest.len() - rest.trim_start().len());
    blank.split('\n').skip(1).any(|line| line.contains('\t'))
}

/// Puts a plain scalar on one line into quotes; its text is the same string then.
pub fn quote(tree: &Tree, id: NodeId, single: bool) -> Option<Edit> {
    let raw = tree.raw(id);
    if tree.style(id) != Some(Style::Plain) || tree.node(id).tag.is_some() || raw.contains(['\n', '"', '\'', '\\']) {
        return None;
    }
    let text = if single { format!("'{raw}'") } else { format!("\"{raw}\"") };
    Some(Edit::replace(tree.span(id), text))
}

/// Takes a scalar's quotes away, where it is read as the same string without.
pub fn unquote(tree: &Tree, id: NodeId) -> Option<Edit> {
    let value = tree.scalar(id);
    let quoted = matches!(tree.style(id), Some(Style::SingleQuoted | Style::DoubleQuoted));
    let verbatim = tree.raw(id).get(1..).and_then(|r| r.get(..r.len().saturating_sub(1))) == Some(value);
    let stays = quoted && verbatim && tree.node(id).tag.is_none() && !value.contains('\n');
    (stays && plain_ok(value, in_flow(tree, id))).then(|| Edit::replace(tree.span(id), value))
}

/// Takes an anchor away, with the blanks that part it from its value.
pub fn remove_anchor(tree: &Tree, id: NodeId) -> Option<Edit> {
    let (start, end) = tree.node(id).anchor?;
    let (start, end) = (start as usize, end as usize);
    let rest = from(&tree.text, end);
    let behind = rest.len() - rest.trim_start_matches([' ', '\t']).len();
    let value = !rest.trim_start_matches([' ', '\t']).starts_with(['\n', '\r', '#']) && behind < rest.len();
    if value {
        return Some(Edit::delete(Span::new(tree.file, start..end + behind)));
    }
    let before = upto(&tree.text, start).trim_end_matches([' ', '\t']).len();
    Some(Edit::delete(Span::new(tree.file, before..end)))
}

/// Replaces some bytes of a scalar (`span` lies inside it) by text that shall mean itself. Where the whole would no longer be
/// read as that string, the scalar is quoted anew.
pub fn replace_part(tree: &Tree, id: NodeId, span: Span, new: &str) -> Option<Edit> {
    let whole = tree.span(id);
    let style = tree.style(id)?;
    if !whole.contains(span) || new.contains('\n') {
        return None;
    }
    match style {
        Style::SingleQuoted => Some(Edit::replace(span, new.replace('\'', "''"))),
        Style::DoubleQuoted => {
            let quoted = double_quoted(new);
            Some(Edit::replace(span, slice(&quoted, 1..quoted.len() - 1)))
        }
        Style::Literal | Style::Folded => Some(Edit::replace(span, new)),
        Style::Empty => replace_scalar(tree, id, new),
        Style::Plain => {
            let raw = tree.raw(id);
            let at = (span.start - whole.start) as usize;
            let changed = format!("{}{new}{}", upto(raw, at), from(raw, at + span.len()));
            if raw.contains('\n') || plain_ok(&changed, in_flow(tree, id)) || !plain_ok(raw, in_flow(tree, id)) {
                return Some(Edit::replace(span, new));
            }
            Some(Edit::replace(whole, double_quoted(&changed)))
        }
    }
}

/// The end of the line that holds an offset, before its line break.
pub(super) fn line_end(text: &str, offset: usize) -> usize {
    let end = from(text, offset).find('\n').map_or(text.len(), |i| offset + i);
    if end > offset && byte(text, end - 1) == b'\r' { end - 1 } else { end }
}

pub(super) fn line_start(text: &str, offset: usize) -> usize {
    upto(text, offset).rfind('\n').map_or(0, |i| i + 1)
}

/// Whether inserting a line behind this node would change it: a block scalar whose last line has no line break gains one.
fn ends_open(tree: &Tree, id: NodeId) -> bool {
    match &tree.node(id).kind {
        Kind::Scalar { style: Style::Literal | Style::Folded, .. } => {
            !from(&tree.text, tree.range(id).end).contains('\n')
        }
        Kind::Mapping { flow: false, entries } => entries.last().is_some_and(|e| ends_open(tree, e.value)),
        Kind::Sequence { flow: false, items } => items.last().is_some_and(|i| ends_open(tree, *i)),
        _ => false,
    }
}

/// Adds an entry to a mapping: behind its last entry, or behind the one named by `after` where it has it.
pub fn insert_entry(
    tree: &Tree,
    layout: &Layout,
    map: NodeId,
    after: &str,
    key: &str,
    value: &Fragment,
) -> Option<Edit> {
    match &tree.node(map).kind {
        Kind::Mapping { flow: true, entries } => {
            let text = format!("{}: {}", spell(key, true), value.flow());
            let last = entries.last().map(|e| tree.range(e.value).end.max(tree.range(e.key).end));
            Some(into_flow(tree, map, last, &text))
        }
        Kind::Mapping { flow: false, entries } => {
            let first = entries.first()?;
            let indent = column(tree, tree.range(first.key).start);
            let named = entries.iter().rposition(|e| tree.scalar(e.key) == after);
            let mut index = named.unwrap_or(entries.len() - 1);
            if ends_open(tree, entries.get(index)?.value) {
                index = index.checked_sub(1)?;
            }
            let entry = entries.get(index)?;
            let end = line_end(&tree.text, tree.range(entry.value).end.max(tree.range(entry.key).end));
            let body = value.below(indent, layout);
            let text = format!("{}{}{}:{body}", layout.newline, " ".repeat(indent), spell(key, false));
            Some(Edit::insert(tree.file, end, text))
        }
        Kind::Scalar { style: Style::Empty, .. } => {
            // `services:` with nothing behind it: the entry goes one level below its key.
            let indent = key_column(tree, map)? + layout.step;
            let end = line_end(&tree.text, tree.range(map).end);
            let body = value.below(indent, layout);
            let text = format!("{}{}{}:{body}", layout.newline, " ".repeat(indent), spell(key, false));
            Some(Edit::insert(tree.file, end, text))
        }
        _ => None,
    }
}

/// The column of the key that a value belongs to.
fn key_column(tree: &Tree, value: NodeId) -> Option<usize> {
    tree.nodes.iter().find_map(|n| match &n.kind {
        Kind::Mapping { entries, .. } => {
            let entry = entries.iter().find(|e| e.value == value)?;
            Some(column(tree, tree.range(entry.key).start))
        }
        _ => None,
    })
}

/// Inserts into `{...}` or `[...]` behind its last child, minding a comma that is there already.
fn into_flow(tree: &Tree, collection: NodeId, last: Option<usize>, text: &str) -> Edit {
    let range = tree.range(collection);
    let Some(last) = last else {
        return Edit::insert(tree.file, range.start + 1, text);
    };
    let rest = slice(&tree.text, last..range.end);
    let blanks = rest.len() - rest.trim_start().len();
    if byte(rest, blanks) == b',' {
        return Edit::insert(tree.file, last + blanks + 1, format!(" {text},"));
    }
    Edit::insert(tree.file, last, format!(", {text}"))
}

/// Adds an item to a sequence, behind its last one.
pub fn append_item(tree: &Tree, layout: &Layout, sequence: NodeId, value: &Fragment) -> Option<Edit> {
    match &tree.node(sequence).kind {
        Kind::Sequence { flow: true, items } => {
            let last = items.last().map(|i| tree.range(*i).end);
            let quoted = items.iter().any(|i| tree.style(*i) == Some(Style::DoubleQuoted));
            Some(into_flow(tree, sequence, last, &like_siblings(value, quoted).flow()))
        }
        Kind::Sequence { flow: false, items } => {
            let last = *items.last()?;
            if ends_open(tree, last) {
                return None;
            }
            let quoted = items.iter().any(|i| tree.style(*i) == Some(Style::DoubleQuoted));
            let indent = column(tree, tree.node(sequence).start as usize);
            let end = line_end(&tree.text, tree.range(last).end);
            let body = like_siblings(value, quoted).in_item(indent, layout);
            Some(Edit::insert(tree.file, end, format!("{}{}-{body}", layout.newline, " ".repeat(indent))))
        }
        Kind::Scalar { style: Style::Empty, .. } => {
            let indent = key_column(tree, sequence)? + layout.dash;
            let end = line_end(&tree.text, tree.range(sequence).end);
            let body = value.in_item(indent, layout);
            Some(Edit::insert(tree.file, end, format!("{}{}-{body}", layout.newline, " ".repeat(indent))))
        }
        _ => None,
    }
}

fn like_siblings(value: &Fragment, quoted: bool) -> Fragment {
    match value {
        Fragment::Text(text) if quoted => Fragment::Quoted(text.clone()),
        other => other.clone(),
    }
}

/// Makes a mapping of a list of names: each with a value of its own, and `more` entries behind them. Comments stay where they are.
/// `None` where an item is no plain word on a line with its dash.
pub fn list_to_map(
    tree: &Tree,
    layout: &Layout,
    sequence: NodeId,
    value: impl Fn(&str) -> Fragment,
    more: &[(String, Fragment)],
) -> Option<Vec<Edit>> {
    let Kind::Sequence { flow, items } = &tree.node(sequence).kind else { return None };
    let word = |id: &NodeId| {
        let node = tree.node(*id);
        let style = tree.style(*id).filter(|s| matches!(s, Style::Plain | Style::SingleQuoted | Style::DoubleQuoted));
        style.is_some() && node.anchor.is_none() && node.tag.is_none() && !tree.raw(*id).contains('\n')
    };
    let (last, whole) = (*items.last()?, tree.range(sequence));
    if !items.iter().all(word) {
        return None;
    }
    let at = |range: Range<usize>| Span::new(tree.file, range);
    let mut edits = Vec::new();
    if *flow {
        edits.push(Edit::replace(at(whole.start..whole.start + 1), "{"));
        for item in items {
            let mut text = format!(": {}", value(tree.scalar(*item)).flow());
            for (key, value) in more.iter().filter(|_| *item == last) {
                let _ = write!(text, ", {}: {}", spell(key, true), value.flow());
            }
            edits.push(Edit::insert(tree.file, tree.range(*item).end, text));
        }
        edits.push(Edit::replace(at(whole.end - 1..whole.end), "}"));
        return Some(edits);
    }
    let dash = column(tree, whole.start);
    let key = key_column(tree, sequence)?;
    // Dashes may stand in the column of their key, where no mapping can begin.
    let indent = if dash > key { dash } else { key + layout.step };
    for item in items {
        let (range, mark) = (tree.range(*item), tree.node(*item).mark? as usize);
        if slice(&tree.text, mark..range.start).contains('\n') {
            return None;
        }
        let mut below = value(tree.scalar(*item)).below(indent, layout);
        for (key, value) in more.iter().filter(|_| *item == last) {
            let _ = write!(
                below,
                "{}{}{}:{}",
                layout.newline,
                " ".repeat(indent),
                spell(key, false),
                value.below(indent, layout)
            );
        }
        edits.push(Edit::replace(at(mark..range.start), " ".repeat(indent - dash)));
        let end = line_end(&tree.text, range.end);
        if end == range.end {
            edits.push(Edit::insert(tree.file, end, format!(":{below}")));
        } else {
            edits.push(Edit::insert(tree.file, range.end, ":"));
            edits.push(Edit::insert(tree.file, end, below));
        }
    }
    Some(edits)
}

/// Takes an entry out of a mapping. Its comments stay, on lines of their own. `None` where the mapping would be left empty.
pub fn remove_entry(tree: &Tree, map: NodeId, index: usize) -> Option<Vec<Edit>> {
    let Kind::Mapping { flow, entries } = &tree.node(map).kind else { return None };
    let entry = entries.get(index)?;
    let start = tree.range(entry.key).start;
    let end = tree.range(entry.value).end.max(tree.range(entry.key).end);
    let next = entries.get(index + 1).map(|e| tree.node(e.key).outer as usize);
    let previous = index.checked_sub(1).and_then(|i| entries.get(i)).map(|e| tree.range(e.value).end);
    if entries.len() < 2 {
        return None;
    }
    Some(vec![if *flow { cut_flow(tree, start..end, next, previous) } else { cut_block(tree, start..end, next) }])
}

/// Takes an item out of a sequence; as [`remove_entry`].
pub fn remove_item(tree: &Tree, sequence: NodeId, index: usize) -> Option<Vec<Edit>> {
    let Kind::Sequence { flow, items } = &tree.node(sequence).kind else { return None };
    let item = tree.node(*items.get(index)?);
    let next = items.get(index + 1).map(|i| tree.node(*i).mark.map_or(tree.node(*i).outer, |m| m) as usize);
    let previous = index.checked_sub(1).and_then(|i| items.get(i)).map(|i| tree.range(*i).end);
    if items.len() < 2 {
        return None;
    }
    let start = item.mark.unwrap_or(item.outer) as usize;
    Some(vec![if *flow {
        cut_flow(tree, item.outer as usize..item.end as usize, next, previous)
    } else {
        cut_block(tree, start..item.end as usize, next)
    }])
}

fn cut_flow(tree: &Tree, range: Range<usize>, next: Option<usize>, previous: Option<usize>) -> Edit {
    let range = match (next, previous) {
        (Some(next), _) => range.start..next,
        (None, Some(previous)) => previous..range.end,
        (None, None) => range,
    };
    Edit::delete(Span::new(tree.file, range))
}

fn cut_block(tree: &Tree, range: Range<usize>, next: Option<usize>) -> Edit {
    let text = &tree.text;
    let start = line_start(text, range.start);
    if !slice(text, start..range.start).trim().is_empty() {
        // The first key of `- a: 1`: what follows moves up to its place.
        let end = next.unwrap_or(range.end);
        return Edit::delete(Span::new(tree.file, range.start..end));
    }
    let end = line_end(text, range.end);
    let indent = slice(text, start..range.start);
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let kept: Vec<String> = tree
        .comments
        .iter()
        .filter(|c| range.start <= c.start as usize && (c.start as usize) < end)
        .map(|c| format!("{indent}{}", slice(text, c.start as usize..c.end as usize).trim_end()))
        .collect();
    if !kept.is_empty() {
        return Edit::replace(Span::new(tree.file, start..end), kept.join(newline));
    }
    // The whole line goes, with its line break; the last line takes the break before it.
    let after = from(text, end).find('\n').map(|i| end + i + 1);
    let span = match after {
        Some(after) => start..after,
        None if start > 0 => {
            let before = if byte(text, start.saturating_sub(2)) == b'\r' { start - 2 } else { start - 1 };
            before..end
        }
        None => start..end,
    };
    Edit::delete(Span::new(tree.file, span))
}

/// Takes an entry out of a block mapping with all its lines, and the blank lines above where others follow. `None` where a
/// comment speaks of it, or the mapping would be left empty.
pub fn remove_block(tree: &Tree, map: NodeId, index: usize) -> Option<Edit> {
    let text = &*tree.text;
    let Kind::Mapping { flow: false, entries } = &tree.node(map).kind else { return None };
    let entry = entries.get(index).filter(|_| entries.len() > 1)?;
    let key = tree.node(entry.key).outer as usize;
    let start = line_start(text, key);
    let last = tree.range(entry.value).end.max(tree.range(entry.key).end);
    let end = line_end(text, last);
    let column = key - start;
    let comment = |line: &str| line.trim_start().starts_with('#');
    let above = upto(text, start).trim_end_matches('\n').trim_end_matches('\r');
    let above = from(above, above.rfind('\n').map_or(0, |i| i + 1));
    let next_to = upto(text, start).trim_end_matches('\n').len() + 1 >= start;
    let below = from(text, end).lines().skip(1).take_while(|l| l.trim().is_empty() || comment(l));
    let mut deeper = below.filter(|l| comment(l) && l.len() - l.trim_start().len() > column);
    let inside = tree.comments.iter().any(|c| (start..end).contains(&(c.start as usize)));
    if inside || next_to && comment(above) || deeper.next().is_some() || !slice(text, start..key).trim().is_empty() {
        return None;
    }
    let after = from(text, end).find('\n').map_or(text.len(), |i| end + i + 1);
    let blank_below = from(text, after).lines().next().is_none_or(|l| l.trim().is_empty());
    let kept = upto(text, start).trim_end_matches([' ', '\t', '\r', '\n']).len();
    let gap_starts = from(text, kept).find('\n').map_or(start, |i| kept + i + 1);
    let span = match () {
        // Without a line break at its end the text keeps none.
        () if after == text.len() && !text.ends_with('\n') => kept..end,
        () if blank_below && gap_starts < start && kept > 0 => gap_starts..after,
        () => start..after,
    };
    Some(Edit::delete(Span::new(tree.file, span)))
}
