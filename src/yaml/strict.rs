//! What Compose's YAML reader refuses and the parser lets pass.
//!
//! Source: go-yaml's scanner (`yaml_parser_scan_to_next_token`, `_scan_plain_scalar`, `_scan_block_scalar_breaks`, `_scan_anchor`),
//! held against docker-compose 2.40.3 by `tests/reference.rs`.

use super::parse::{Fault, FaultKind};
use super::tree::{Kind, Node, Style, Tree};
use crate::source::{byte, from, slice, upto};

/// The first such fault, as far as the tree was read: up to an offset.
pub(super) fn fault(tree: &Tree, until: usize) -> Option<Fault> {
    let text: &str = &tree.text;
    let control = text
        .bytes()
        .position(|b| (b < 0x20 && !matches!(b, b'\t' | b'\n' | b'\r')) || b == 0x7f)
        .map(|at| Fault { kind: FaultKind::NotText, at });
    let directive = directive(text).map(|at| Fault { kind: FaultKind::Directive, at });
    let lone = |at: usize| from(text, at).split('\n').next().is_some_and(|rest| rest.trim().is_empty());
    let tab = tab(tree, until).map(|at| Fault { kind: if lone(at) { FaultKind::LoneTab } else { FaultKind::Tab }, at });
    [control, directive, tab, anchor(tree, until), scalar(tree, until)].into_iter().flatten().min_by_key(|f| f.at)
}

/// The first character of an anchor's name that is no letter, digit, `_` or `-`.
fn anchor(tree: &Tree, until: usize) -> Option<Fault> {
    tree.nodes.iter().filter_map(|n| n.anchor).find_map(|(start, end)| {
        let name = slice(&tree.text, start as usize + 1..end as usize);
        let (index, char) =
            name.char_indices().find(|(_, c)| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-')))?;
        let at = start as usize + 1 + index;
        (at < until).then_some(Fault { kind: FaultKind::AnchorName(char), at })
    })
}

/// The first character of a scalar that ends it too early: `?` in a plain value inside brackets, `:` at its beginning, and the
/// escape `\/`, which YAML 1.1 does not know.
fn scalar(tree: &Tree, until: usize) -> Option<Fault> {
    let mut brackets = 0;
    for node in &tree.nodes {
        if flow(node) {
            brackets = brackets.max(node.end);
        }
        let Kind::Scalar { style, .. } = node.kind else { continue };
        let start = node.start as usize;
        let raw = slice(&tree.text, start..node.end as usize);
        let found = match style {
            Style::Plain if node.start < brackets && raw.starts_with(':') => Some((0, FaultKind::InBrackets(':'))),
            Style::Plain if node.start < brackets => {
                raw.rfind('?').filter(|i| *i > 0).map(|i| (i, FaultKind::InBrackets('?')))
            }
            Style::DoubleQuoted => escaped_slash(raw).map(|i| (i, FaultKind::Escape)),
            _ => None,
        };
        if let Some((index, kind)) = found {
            let at = start + index;
            return (at < until).then_some(Fault { kind, at });
        }
    }
    None
}

fn escaped_slash(raw: &str) -> Option<usize> {
    let mut at = 0;
    while let Some(index) = from(raw, at).find('\\') {
        at += index;
        if byte(raw, at + 1) == b'/' {
            return Some(at);
        }
        at += 1 + from(raw, at + 1).chars().next().map_or(0, char::len_utf8);
    }
    None
}

/// The first directive that Compose's reader refuses. Directives stand where a document begins, in front of its `---`.
fn directive(text: &str) -> Option<usize> {
    if !text.contains('%') {
        return None;
    }
    let mut at = 0;
    let mut begins = true;
    for line in text.split_inclusive('\n') {
        let words = line.trim_start_matches('\u{feff}');
        if words.starts_with("...") {
            begins = true;
        } else if begins && words.starts_with('%') {
            let mut words = words.split_ascii_whitespace();
            let number = |text: Option<&str>| text.and_then(|n| n.parse::<u32>().ok());
            let taken = match (words.next(), words.next()) {
                (Some("%YAML"), Some(version)) => {
                    let mut parts = version.split('.');
                    (number(parts.next()), number(parts.next()), parts.next()) == (Some(1), Some(1), None)
                }
                (name, _) => name == Some("%TAG"),
            };
            if !taken {
                return Some(at);
            }
        } else if begins && !(words.trim().is_empty() || words.trim_start().starts_with('#')) {
            begins = false;
        }
        at += line.len();
    }
    None
}

/// The first tab at the beginning of a line, before an offset, that Compose's reader refuses. Nothing or a comment may stand
/// behind it all the same: between block entries no tab is taken, but for comments that follow each other; inside brackets and
/// quotes each is; behind a plain value and in a block of text it depends on the column.
fn tab(tree: &Tree, until: usize) -> Option<usize> {
    let text: &str = &tree.text;
    if !text.contains('\t') {
        return None;
    }
    let mut nodes = tree.nodes.iter().peekable();
    let mut open: Vec<&Node> = Vec::new();
    let mut last: Option<(&Node, usize)> = None;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let begin = start;
        start += line.len();
        let blanks = line.len() - line.trim_start_matches([' ', '\t']).len();
        let Some(column) = slice(line, 0..blanks).find('\t') else { continue };
        let at = begin + column;
        if at >= until {
            return None;
        }
        while let Some(node) = nodes.next_if(|n| (n.start as usize) < begin) {
            open.retain(|n| n.end > node.start);
            match node.kind {
                Kind::Scalar { style: Style::Empty, .. } => {}
                Kind::Scalar { .. } | Kind::Alias { .. } => last = Some((node, indent(text, &open))),
                Kind::Sequence { .. } | Kind::Mapping { .. } => open.push(node),
            }
        }
        let brackets = open.iter().any(|n| flow(n) && n.end as usize > begin);
        let taken = match last {
            Some((node, indent)) if inside(node, begin) || slice(text, node.end as usize..at).trim().is_empty() => {
                match node.kind {
                    Kind::Scalar { style: Style::Plain, .. } => column >= indent,
                    Kind::Scalar { style: Style::Literal | Style::Folded, .. } => {
                        content(text, node, indent).is_some_and(|i| column >= i)
                    }
                    _ => brackets || inside(node, begin),
                }
            }
            _ => brackets,
        };
        let before = last.map_or(upto(text, begin), |(node, _)| behind_line(text, node.end as usize, begin));
        if !taken && !between_comments(before, from(text, begin)) {
            return Some(at);
        }
    }
    None
}

/// Whether the last line before that says anything, and the next one, are comments: such lines are read in one go.
fn between_comments(before: &str, behind: &str) -> bool {
    let comment = |text: &str| text.trim_start().starts_with('#');
    before.rsplit('\n').find(|line| !line.trim().is_empty()).is_some_and(comment) && comment(behind)
}

/// The lines between the line of the first offset and the second offset.
fn behind_line(text: &str, first: usize, second: usize) -> &str {
    let line = from(text, first).find('\n').map_or(second, |i| first + i + 1);
    slice(text, line.min(second)..second)
}

fn flow(node: &Node) -> bool {
    matches!(node.kind, Kind::Sequence { flow: true, .. } | Kind::Mapping { flow: true, .. })
}

fn inside(node: &Node, at: usize) -> bool {
    (node.start as usize) < at && at < node.end as usize
}

/// The column behind the one at which the innermost block begins.
fn indent(text: &str, open: &[&Node]) -> usize {
    let Some(block) = open.iter().rev().find(|n| !flow(n)) else { return 0 };
    let before = upto(text, block.start as usize);
    before.rsplit('\n').next().unwrap_or(before).chars().count() + 1
}

/// The column at which the text of a block scalar begins; `None` where a tab comes first, or nothing.
fn content(text: &str, node: &Node, indent: usize) -> Option<usize> {
    let block = slice(text, node.start as usize..node.end as usize);
    let (header, _) = block.split_once('\n')?;
    if let Some(given) = header.split('#').next().unwrap_or(header).chars().find_map(|c| c.to_digit(10)) {
        return Some(indent.saturating_sub(1) + given as usize);
    }
    let body = from(text, node.start as usize + header.len() + 1);
    let first = body.split('\n').map(|line| line.trim_end_matches('\r')).find(|line| line.contains(|c| c != ' '))?;
    let column = first.find(|c| c != ' ')?;
    (byte(first, column) != b'\t').then_some(column)
}
