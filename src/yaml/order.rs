//! Another order for the blocks of a collection. A block is an entry with the comments that belong to it: those directly above
//! it in its column, those deeper below it, and the one on its line. Blank lines stay where they are, between the blocks.

use std::ops::Range;

use super::edit::{line_end, line_start};
use super::tree::{Kind, NodeId, Style, Tree};
use crate::source::{Edit, Span, from, slice};

/// Why blocks stay where they are, and the offset of what holds them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stuck {
    /// Written in braces or brackets, over several lines or with something else than plain items.
    Flow(usize),
    /// The file has several documents.
    Documents,
    Tabs(usize),
    /// An anchor would come behind its alias, or its name is given twice.
    Anchor(usize),
    /// `<<` would move.
    Merge(usize),
    /// A comment that may belong to what stands above it or to what stands below.
    Comment(usize),
    /// A layout that is not entry below entry.
    Layout(usize),
}

impl Stuck {
    pub fn offset(self) -> usize {
        match self {
            Self::Documents => 0,
            Self::Flow(at)
            | Self::Tabs(at)
            | Self::Anchor(at)
            | Self::Merge(at)
            | Self::Comment(at)
            | Self::Layout(at) => at,
        }
    }
}

/// An entry of a collection before it has its comments.
struct Item {
    /// Where its first character stands.
    start: usize,
    /// Behind its last one, a comment on that line not counted.
    end: usize,
}

/// Blocks that move as one.
struct Unit {
    items: Range<usize>,
    range: Range<usize>,
}

/// Puts the entries or items of a collection into another order: `order` names, for each place, which one goes there. The edit
/// spans the blocks that move and no other byte.
pub fn reorder(tree: &Tree, collection: NodeId, order: &[usize]) -> Result<Edit, Stuck> {
    let node = tree.node(collection);
    let start = node.start as usize;
    if tree.documents.len() > 1 {
        return Err(Stuck::Documents);
    }
    let items = match &node.kind {
        Kind::Sequence { flow: true, items } => return in_flow(tree, items, order).ok_or(Stuck::Flow(start)),
        Kind::Mapping { flow: true, .. } => return Err(Stuck::Flow(start)),
        Kind::Sequence { items, .. } => items.iter().map(|id| item(tree, *id)).collect::<Vec<_>>(),
        Kind::Mapping { entries, .. } => {
            let moved = entries.iter().enumerate().find(|(index, e)| {
                order.get(*index) != Some(index) && tree.style(e.key) == Some(Style::Plain) && tree.raw(e.key) == "<<"
            });
            if let Some((_, entry)) = moved {
                return Err(Stuck::Merge(tree.range(entry.key).start));
            }
            entries
                .iter()
                .map(|e| Item {
                    start: tree.node(e.key).outer as usize,
                    end: last_byte(tree, e.value).max(last_byte(tree, e.key)),
                })
                .collect()
        }
        _ => return Err(Stuck::Layout(start)),
    };
    let (units, gaps) = units(tree, &items)?;
    let order = of_units(tree, &units, order)?;
    let first = order.iter().enumerate().position(|(place, unit)| place != *unit).ok_or(Stuck::Layout(start))?;
    let last = order.iter().enumerate().rposition(|(place, unit)| place != *unit).ok_or(Stuck::Layout(start))?;
    movable(tree, &units, &order, first..last + 1)?;
    let range = |unit: usize| units.get(unit).map_or(0..0, |u| u.range.clone());
    let mut text = String::new();
    for (place, unit) in order.iter().enumerate().take(last + 1).skip(first) {
        text.push_str(slice(&tree.text, range(*unit)));
        if place < last {
            text.push_str(slice(&tree.text, gaps.get(place).cloned().unwrap_or(0..0)));
        }
    }
    Ok(Edit::replace(Span::new(tree.file, range(first).start..range(last).end), text))
}

fn item(tree: &Tree, id: NodeId) -> Item {
    let node = tree.node(id);
    let start = node.mark.unwrap_or(node.outer).min(node.outer) as usize;
    Item { start, end: last_byte(tree, id).max(node.mark.map_or(0, |m| m as usize + 1)) }
}

/// Behind the last byte of a node: of an empty value that of its colon or anchor.
fn last_byte(tree: &Tree, id: NodeId) -> usize {
    let node = tree.node(id);
    let anchor = node.anchor.map_or(0, |(_, end)| end);
    let mark = if tree.style(id) == Some(Style::Empty) { node.mark.map_or(0, |m| m + 1) } else { 0 };
    node.end.max(anchor).max(mark) as usize
}

/// Scalars on one line between brackets change places, and what stands between them stays.
fn in_flow(tree: &Tree, items: &[NodeId], order: &[usize]) -> Option<Edit> {
    let ranges: Vec<Range<usize>> =
        items.iter().map(|id| tree.node(*id).outer as usize..tree.node(*id).end as usize).collect();
    let (first, last) = (ranges.first()?, ranges.last()?);
    let simple = |id: &NodeId| {
        matches!(tree.style(*id), Some(Style::Plain | Style::SingleQuoted | Style::DoubleQuoted))
            && tree.node(*id).anchor.is_none()
    };
    if !items.iter().all(simple) || slice(&tree.text, first.start..last.end).contains('\n') {
        return None;
    }
    let mut text = String::new();
    for (place, index) in order.iter().enumerate() {
        text.push_str(slice(&tree.text, ranges.get(*index)?.clone()));
        if let Some(next) = ranges.get(place + 1) {
            text.push_str(slice(&tree.text, ranges.get(place)?.end..next.start));
        }
    }
    Some(Edit::replace(Span::new(tree.file, first.start..last.end), text))
}

/// A line that says nothing or is a comment.
#[derive(Clone, Copy)]
struct Quiet {
    start: usize,
    end: usize,
    /// The column of `#`; `None` where the line is blank.
    column: Option<usize>,
}

/// The lines from an offset at a line's start on, as long as they are blank or comments.
fn quiet_lines(text: &str, mut at: usize, until: usize) -> Vec<Quiet> {
    let mut out = Vec::new();
    while at < until {
        let end = line_end(text, at);
        let line = slice(text, at..end);
        let bare = line.trim_start_matches([' ', '\t']);
        let column = bare.starts_with('#').then(|| line.len() - bare.len());
        if !bare.is_empty() && column.is_none() {
            break;
        }
        out.push(Quiet { start: at, end, column });
        match from(text, end).find('\n') {
            Some(step) => at = end + step + 1,
            None => break,
        }
    }
    out
}

/// The blocks of a collection, those that a comment of unclear place holds together as one, and what stands between them.
fn units(tree: &Tree, items: &[Item]) -> Result<(Vec<Unit>, Vec<Range<usize>>), Stuck> {
    let text = &*tree.text;
    let head = items.first().ok_or(Stuck::Layout(0))?;
    let begins = |at: usize| {
        let start = line_start(text, at);
        if start == 0 && text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { start }
    };
    let column = head.start - begins(head.start);
    for item in items {
        let lead = slice(text, begins(item.start)..item.start);
        if lead.len() != column || !lead.bytes().all(|b| b == b' ') {
            return Err(if lead.contains('\t') { Stuck::Tabs(item.start) } else { Stuck::Layout(item.start) });
        }
    }
    let mut units: Vec<Unit> = Vec::new();
    let mut gaps: Vec<Range<usize>> = Vec::new();
    let mut start = above_first(text, begins(head.start), column);
    for (index, item) in items.iter().enumerate() {
        let line = line_end(text, item.end);
        let next = items.get(index + 1).map(|n| begins(n.start));
        let after = from(text, line).find('\n').map_or(text.len(), |i| line + i + 1);
        let quiet = quiet_lines(text, after, next.unwrap_or(text.len()));
        let Some(next) = next else {
            // What is deeper belongs to the last block. In its own column a comment speaks of what came before, or of all.
            let own = quiet.iter().take_while(|q| q.column.is_none_or(|c| c >= column));
            let shared = own.clone().find(|q| q.column == Some(column));
            let end = own.filter(|q| q.column.is_some_and(|c| c > column)).last().map_or(line, |q| q.end);
            push(&mut units, index, start..shared.map_or(end, |q| end.max(q.end)));
            break;
        };
        let gap = Gap::of(text, &quiet, column);
        let end = gap.own.map_or(line, |last| last.end);
        let lead = gap.lead.map_or(next, |first| first.start);
        push(&mut units, index, start..end);
        if gap.unclear {
            // The two blocks and what stands between them are one.
            start = units.last().map_or(start, |u| u.range.start);
        } else {
            gaps.push(end..lead);
            start = lead;
        }
    }
    // Units that were continued have the same start: the last of them spans all.
    let mut joined: Vec<Unit> = Vec::new();
    for unit in units {
        match joined.last_mut().filter(|last| last.range.start == unit.range.start) {
            Some(last) => {
                last.items.end = unit.items.end;
                last.range.end = unit.range.end;
            }
            None => joined.push(unit),
        }
    }
    Ok((joined, gaps))
}

fn push(units: &mut Vec<Unit>, index: usize, range: Range<usize>) {
    units.push(Unit { items: index..index + 1, range });
}

/// Where the first block starts: at its entry, or at the comment lines directly above it in its column.
fn above_first(text: &str, entry: usize, column: usize) -> usize {
    let mut start = entry;
    while start > 0 {
        let above = line_start(text, start - 1);
        let line = slice(text, above..line_end(text, above));
        if line.len() - line.trim_start_matches(' ').len() != column || !line.trim_start().starts_with('#') {
            break;
        }
        start = above;
    }
    start
}

/// What stands between two entries.
struct Gap {
    /// The last line that belongs to the upper one.
    own: Option<Quiet>,
    /// The first line that belongs to the lower one.
    lead: Option<Quiet>,
    unclear: bool,
}

impl Gap {
    fn of(text: &str, lines: &[Quiet], column: usize) -> Self {
        let deeper = |q: &&Quiet| q.column.is_some_and(|c| c >= column + 2);
        let mut at = lines.iter().take_while(deeper).count();
        let mut own = at.checked_sub(1).and_then(|i| lines.get(i)).copied();
        let level = lines.iter().rev().take_while(|q| q.column == Some(column)).count();
        let mut top = lines.len() - level;
        // Deeper comments behind blank lines still belong to the upper block, where a blank line or the lower one's own
        // comments divide them from the lower entry.
        let middle = lines.get(at..top).unwrap_or(&[]);
        let last = middle.iter().rposition(|q| q.column.is_some());
        let divided = level > 0 || last.is_none_or(|i| i + 1 < middle.len());
        if let Some(last) = last
            && divided
            && middle.iter().all(|q| q.column.is_none_or(|c| c >= column + 2))
        {
            own = middle.get(last).copied();
            at += last + 1;
        }
        top = top.max(at);
        let lead = lines.get(top).copied().filter(|_| level > 0);
        let unclear = lines.get(at..top).unwrap_or(&[]).iter().any(|q| q.column.is_some())
            // Right below the upper entry, a line of YAML that was commented out may be a part of it.
            || (at == top && own.is_none() && lead.is_some()
                && lines.get(top..).unwrap_or(&[]).iter().any(|q| commented_out(slice(text, q.start..q.end))));
        Self { own, lead, unclear }
    }
}

/// Whether a comment is YAML that somebody switched off: `#- "80:80"`, `# restart: always`.
fn commented_out(line: &str) -> bool {
    let body = line.trim_start().trim_start_matches('#').trim();
    let key = body.split(':').next().unwrap_or("");
    let named =
        !key.is_empty() && key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-.<".contains(&b));
    body.starts_with("- ") || named && body.get(key.len()..).is_some_and(|rest| rest == ":" || rest.starts_with(": "))
}

/// The order of units that an order of their items comes to.
fn of_units(tree: &Tree, units: &[Unit], order: &[usize]) -> Result<Vec<usize>, Stuck> {
    let mut out = Vec::new();
    let mut rest = order;
    while let Some(first) = rest.first() {
        let index = units.iter().position(|u| u.items.contains(first)).ok_or(Stuck::Layout(0))?;
        let Some(unit) = units.get(index) else { break };
        let wanted: Vec<usize> = unit.items.clone().collect();
        if rest.get(..wanted.len()) != Some(&wanted[..]) {
            return Err(Stuck::Comment(comment_in(tree, unit)));
        }
        out.push(index);
        rest = rest.get(wanted.len()..).unwrap_or(&[]);
    }
    Ok(out)
}

/// The comment that holds a unit together, as nearly as can be said.
fn comment_in(tree: &Tree, unit: &Unit) -> usize {
    let inside = tree.comments.iter().map(|c| c.start as usize).filter(|at| unit.range.contains(at));
    let own_line = |at: &usize| slice(&tree.text, line_start(&tree.text, *at)..*at).trim().is_empty();
    inside.into_iter().find(own_line).unwrap_or(unit.range.start)
}

/// Whether the units in these places may change them.
fn movable(tree: &Tree, units: &[Unit], order: &[usize], places: Range<usize>) -> Result<(), Stuck> {
    let moving = units.get(places.clone()).unwrap_or(&[]);
    let whole = moving.first().map_or(0, |u| u.range.start)..moving.last().map_or(0, |u| u.range.end);
    let text = &*tree.text;
    // A file's own head stands directly above its first key, and does not go with it. A comment in the column of the last
    // block behind it stays at the end.
    let (first, last) = (moving.first(), moving.last());
    if let Some(unit) = first.filter(|u| u.items.start == 0) {
        let above = line_start(text, unit.range.start.saturating_sub(1));
        let commented = |at: usize| slice(text, at..line_end(text, at)).trim_start().starts_with('#');
        // Where the file has a head of its own, the comment below that is the key's.
        let head = !tree.comments.iter().any(|c| (c.start as usize) < unit.range.start);
        if head && slice(text, unit.range.clone()).starts_with('#') {
            return Err(Stuck::Comment(unit.range.start));
        }
        if above < unit.range.start && commented(above) {
            return Err(Stuck::Comment(above));
        }
    }
    if let Some(unit) = last.filter(|_| places.end == units.len()) {
        let lead = from(text, unit.range.start);
        let column = lead.len() - lead.trim_start_matches(' ').len();
        let tail = tree.comments.iter().rev().map(|c| c.start as usize).find(|at| {
            unit.range.contains(at)
                && *at > unit.range.start
                && at - line_start(text, *at) == column
                && behind(tree, *at, unit)
        });
        if let Some(at) = tail {
            return Err(Stuck::Comment(at));
        }
    }
    for (at, line) in lines(text, whole.clone()) {
        let lead = line.len() - line.trim_start().len();
        if slice(line, 0..lead).contains('\t') && !line.trim().is_empty() {
            return Err(Stuck::Tabs(at));
        }
    }
    let within = |at: u32| whole.contains(&(at as usize));
    let unit_at = |at: u32| units.iter().position(|u| u.range.contains(&(at as usize)));
    let place = |unit: usize| order.iter().position(|u| *u == unit);
    let mut names: Vec<(&str, bool, usize)> = Vec::new();
    for node in &tree.nodes {
        let start = node.start as usize;
        match &node.kind {
            Kind::Alias { target: Some(target) } if within(node.start) => {
                let target = tree.node(*target).outer;
                let (here, there) = (unit_at(node.start), unit_at(target));
                if within(target) && here != there && here.and_then(place) < there.and_then(place) {
                    return Err(Stuck::Anchor(start));
                }
            }
            // `+` keeps the blank lines behind it.
            Kind::Scalar { style: Style::Literal | Style::Folded, .. } if within(node.start) => {
                let header = slice(text, start..line_end(text, start));
                // Without a line break behind it, the last block lacks that of its text.
                let open = !from(text, whole.end).contains('\n')
                    && [places.end - 1, order.get(places.end - 1).copied().unwrap_or(0)]
                        .map(Some)
                        .contains(&unit_at(node.start));
                if header.split('#').next().is_some_and(|h| h.contains('+')) || open {
                    return Err(Stuck::Layout(start));
                }
            }
            _ => {}
        }
        if let Some((from_, to)) = node.anchor {
            names.push((slice(text, from_ as usize..to as usize), within(node.outer), from_ as usize));
        }
    }
    let twice = names.iter().find(|(name, inside, at)| *inside && names.iter().any(|(n, _, a)| n == name && a != at));
    twice.map_or(Ok(()), |(_, _, at)| Err(Stuck::Anchor(*at)))
}

/// Whether a comment stands behind all that a unit says.
fn behind(tree: &Tree, comment: usize, unit: &Unit) -> bool {
    !tree.nodes.iter().any(|n| n.start as usize > comment && unit.range.contains(&(n.start as usize)))
}

fn lines(text: &str, range: Range<usize>) -> impl Iterator<Item = (usize, &str)> {
    let mut at = range.start;
    slice(text, range).split_inclusive('\n').map(move |line| {
        let start = at;
        at += line.len();
        (start, line)
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::{Stuck, reorder};
    use std::path::PathBuf;

    use crate::source::{Files, apply};
    use crate::yaml::{Kind, NodeId, Tree, parse};

    fn root(text: &str) -> (Tree, NodeId) {
        let id = Files::new(PathBuf::new()).add_text("text", text.into());
        let (tree, _) = parse(id, &text.into());
        let id = *tree.documents.first().expect("a first one");
        (tree, id)
    }

    /// The root's blocks in another order.
    fn moved(text: &str, order: &[usize]) -> Result<String, Stuck> {
        let (tree, id) = root(text);
        reorder(&tree, id, order).map(|edit| apply(text, &[edit]).expect("the edit fits"))
    }

    /// The blocks of the value under the root's first key.
    fn nested(text: &str, order: &[usize]) -> Result<String, Stuck> {
        let (tree, id) = root(text);
        let Kind::Mapping { entries, .. } = &tree.node(id).kind else { panic!("no mapping") };
        reorder(&tree, entries.first().expect("a first one").value, order)
            .map(|edit| apply(text, &[edit]).expect("the edit fits"))
    }

    #[test]
    fn comments_move_with_their_block() {
        let text = "s:\n  # of b\n  b: 1 # one\n\n  # of a\n  a:\n    - x\n    # - y\n  c: 2\n";
        let want = "s:\n  # of a\n  a:\n    - x\n    # - y\n\n  # of b\n  b: 1 # one\n  c: 2\n";
        assert_eq!(nested(text, &[1, 0, 2]).as_deref(), Ok(want));
    }

    #[test]
    fn line_ends_and_a_missing_last_one_stay() {
        assert_eq!(moved("b: 1\r\n\r\na: 2", &[1, 0]).as_deref(), Ok("a: 2\r\n\r\nb: 1"));
        assert_eq!(moved("\u{feff}b: 1\na: 2\n", &[1, 0]).as_deref(), Ok("\u{feff}a: 2\nb: 1\n"));
    }

    #[test]
    fn a_comment_of_unclear_place_holds() {
        let free = "s:\n  b: 1\n\n  # free\n\n  a: 2\n  c: 3\n";
        assert!(matches!(nested(free, &[1, 0, 2]), Err(Stuck::Comment(_))));
        // The two that it stands between may move together.
        let together = nested(free, &[2, 0, 1]);
        assert_eq!(together.as_deref(), Ok("s:\n  c: 3\n  b: 1\n\n  # free\n\n  a: 2\n"));
        let off = "s:\n  ports:\n    - a\n  #  - b\n  image: x\n";
        assert!(matches!(nested(off, &[1, 0]), Err(Stuck::Comment(_))));
        assert!(matches!(nested("s:\n  b: 1\n  a: 2\n  # end\n", &[1, 0]), Err(Stuck::Comment(_))));
        assert!(matches!(moved("# head\nb: 1\na: 2\n", &[1, 0]), Err(Stuck::Comment(_))));
        assert!(moved("# head\n\nb: 1\na: 2\n", &[1, 0]).is_ok());
    }

    #[test]
    fn anchors_stay_before_their_aliases() {
        assert!(matches!(moved("b: &x 1\na: *x\n", &[1, 0]), Err(Stuck::Anchor(_))));
        assert!(moved("b: &x 1\na: 2\nc: *x\n", &[1, 0, 2]).is_ok());
        assert!(matches!(moved("b: &x 1\na: &x 2\nc: *x\n", &[1, 0, 2]), Err(Stuck::Anchor(_))));
    }

    #[test]
    fn what_is_not_block_below_block_stays() {
        assert!(matches!(moved("{b: 1, a: 2}\n", &[1, 0]), Err(Stuck::Flow(_))));
        assert!(matches!(moved("b: 1\na: 2\n---\nc: 3\n", &[1, 0]), Err(Stuck::Documents)));
        assert!(matches!(moved("b: |\n  x\na: |\n  y", &[1, 0]), Err(Stuck::Layout(_))));
        assert!(matches!(moved("b: |+\n  x\n\na: 1\n", &[1, 0]), Err(Stuck::Layout(_))));
        assert!(matches!(moved("b: 1\n<<: {x: 1}\n", &[1, 0]), Err(Stuck::Merge(_))));
    }

    #[test]
    fn flow_items_change_places() {
        assert_eq!(nested("d: [b,  a, 'c'] # why\n", &[1, 0, 2]).as_deref(), Ok("d: [a,  b, 'c'] # why\n"));
        assert!(matches!(nested("d: [b, # why\n a]\n", &[1, 0]), Err(Stuck::Flow(_))));
    }

    #[test]
    fn items_of_lists_move() {
        let text = "p:\n- b # one\n# of a\n- a:\n    x: 1\n";
        assert_eq!(nested(text, &[1, 0]).as_deref(), Ok("p:\n# of a\n- a:\n    x: 1\n- b # one\n"));
    }
}
