//! Tabs that a line begins with. The parser lets them pass where nothing stands behind them; Compose's reader does not.
//!
//! Source: go-yaml's scanner (`yaml_parser_scan_to_next_token`, `_scan_plain_scalar`, `_scan_block_scalar_breaks`), held against
//! docker-compose 2.40.3 by `tests/reference.rs`.

use super::tree::{Kind, Node, Style, Tree};
use crate::source::{byte, from, slice, upto};

/// The first tab at the beginning of a line, before an offset, that Compose's reader refuses. Nothing or a comment may stand
/// behind it all the same: between block entries no tab is taken, but for comments that follow each other; inside brackets and
/// quotes each is; behind a plain value and in a block of text it depends on the column.
pub(super) fn stray(tree: &Tree, until: usize) -> Option<usize> {
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
