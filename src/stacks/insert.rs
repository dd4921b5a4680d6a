//! New services, volumes and networks into a Compose file that is there: lines are put in, and none is changed.

use std::collections::BTreeMap;

use super::plan::Refusal;
use super::render::Fragments;
use crate::source::{byte, slice, upto};
use crate::text;
use crate::yaml::{Kind, NodeId, Style, Tree};

/// The file's text with the fragments in it.
pub fn insert(tree: &Tree, root: NodeId, fragments: &Fragments) -> Result<String, Refusal> {
    let mut edits: Vec<(usize, String)> = Vec::new();
    let mut behind = String::new();
    let text: &str = &tree.text;
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let step = step(tree, root);
    for (name, entries, gap) in [
        ("services", &fragments.sections.services, true),
        ("networks", &fragments.sections.networks, false),
        ("volumes", &fragments.sections.volumes, false),
    ] {
        if entries.is_empty() {
            continue;
        }
        let block = block(entries, gap, step, newline);
        match tree.entry(root, name) {
            None => {
                behind.push_str(newline);
                behind.push_str(name);
                behind.push(':');
                behind.push_str(newline);
                behind.push_str(&block);
            }
            Some(entry) => {
                let section = entry.value;
                let (flow, empty) = match &tree.node(section).kind {
                    Kind::Mapping { flow, .. } => (*flow, false),
                    Kind::Scalar { style: Style::Empty, .. } => (false, true),
                    _ => (true, false),
                };
                if flow {
                    return Err(Refusal {
                        message: text!(
                            "`{name}` is written in braces: nothing can be put in by lines",
                            "`{name}` 用花括号写成，无法按行插入"
                        ),
                        hint: Some(text!("write it in block style first", "先改成缩进的写法")),
                    });
                }
                if let Some(twice) =
                    tree.entries(section).iter().map(|e| tree.scalar(e.key)).find(|k| entries.contains_key(*k))
                {
                    return Err(Refusal {
                        message: text!("{name} has `{twice}` already", "{name} 里已经有 `{twice}`"),
                        hint: Some(text!(
                            "rename that one, or add it in a project of its own: dockline new",
                            "给它改名，或者另建一个项目：dockline new"
                        )),
                    });
                }
                let start = tree.range(entry.key).start;
                let end = end_of_section(tree, root, start);
                let gap = if gap && !empty { newline } else { "" };
                edits.push((end, format!("{gap}{block}")));
            }
        }
    }
    if !behind.is_empty() {
        edits.push((text.len(), behind));
    }
    let mut out = text.to_owned();
    // From the end, so that offsets stay true; of two at one place the first goes first.
    edits.sort_by_key(|(at, _)| *at);
    for (at, new) in edits.iter().rev() {
        let needs = *at > 0 && byte(text, at - 1) != b'\n';
        out.insert_str(*at, &format!("{}{new}", if needs { newline } else { "" }));
    }
    Ok(out)
}

/// Blanks between a section's key and its entries.
fn step(tree: &Tree, root: NodeId) -> usize {
    let first = tree.entry(root, "services").and_then(|e| tree.entries(e.value).first().copied());
    first.map_or(2, |entry| {
        let start = tree.range(entry.key).start;
        start - upto(&tree.text, start).rfind('\n').map_or(0, |i| i + 1)
    })
}

/// Where the lines of a section end: before the next one, and before what stands above that as its comment.
fn end_of_section(tree: &Tree, root: NodeId, start: usize) -> usize {
    let text: &str = &tree.text;
    let next = tree.entries(root).iter().map(|e| tree.range(e.key).start).filter(|s| *s > start).min();
    let mut end = next.unwrap_or(text.len());
    loop {
        let before = upto(text, end);
        let line = before.strip_suffix('\n').unwrap_or(before);
        let from = line.rfind('\n').map_or(0, |i| i + 1);
        let last = slice(text, from..line.len());
        let blank = last.trim().is_empty();
        // Comments at the edge speak of the next section; at the end of the file they close this one.
        let comment = last.starts_with('#') && next.is_some();
        if from <= start || !(blank || comment) || end == 0 {
            return end;
        }
        end = from;
    }
}

fn block(entries: &BTreeMap<String, Vec<String>>, gap: bool, step: usize, newline: &str) -> String {
    let indented = |line: &String| {
        let body = line.trim_start_matches(' ');
        let blanks = (line.len() - body.len()) * step.max(1) / 2;
        format!("{}{body}{newline}", " ".repeat(blanks))
    };
    let blocks: Vec<String> = entries.values().map(|lines| lines.iter().map(indented).collect::<String>()).collect();
    blocks.join(if gap { newline } else { "" })
}
