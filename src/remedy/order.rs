//! Another order for what a file says.

use super::{Desk, Plan};
use crate::diag::{Applicability, Fix, Strategy, Text};
use crate::text;
use crate::yaml::{self, NodeId, Stuck, Tree};

/// What is out of order: the whole new order, the first that has to move, and the one that it goes before.
#[derive(Debug)]
pub struct Disorder {
    pub order: Vec<usize>,
    pub moved: usize,
    pub before: usize,
}

/// Compares things with the order that they should have; equal ones stay as they are.
pub fn disorder<K: Ord>(keys: &[K]) -> Option<Disorder> {
    let mut order: Vec<usize> = (0..keys.len()).collect();
    order.sort_by(|a, b| keys.get(*a).cmp(&keys.get(*b)));
    let before = order.iter().enumerate().position(|(place, index)| place != *index)?;
    let moved = *order.get(before)?;
    Some(Disorder { order, moved, before })
}

/// A name as alphabetical order compares it: letters of either case alike, `_`, `-` and `.` before digits, digits before letters.
pub fn alphabetical(name: &str) -> String {
    let rank = |c: char| match c {
        '_' => '\u{1}',
        '-' => '\u{2}',
        '.' => '\u{3}',
        c => c.to_lowercase().next().unwrap_or(c),
    };
    name.chars().map(rank).collect()
}

/// Puts the entries of a collection into another order, with their comments.
pub fn reorder(desk: Desk<'_>, tree: &Tree, collection: NodeId, order: &[usize], applicability: Applicability) -> Plan {
    in_place(desk, tree)?;
    let edit = yaml::reorder(tree, collection, order).map_err(|stuck| reason(desk, tree, stuck))?;
    let mut fix = Fix::new(
        Strategy::Repair,
        applicability,
        text!("put them in order, each with its comments", "按顺序排好，注释跟着走"),
    );
    fix.edits.push(edit);
    Ok(fix)
}

/// Whether a file may be edited where it says something: not where base files shall stay as they are.
pub fn in_place(desk: Desk<'_>, tree: &Tree) -> Result<(), Text> {
    if desk.into_override {
        return Err(text!("an override file can't change how another is written", "覆盖文件改变不了别的文件的写法"));
    }
    desk.editable(tree.file)
}

fn reason(desk: Desk<'_>, tree: &Tree, stuck: Stuck) -> Text {
    let name = &desk.files.get(tree.file).name;
    let line = desk.files.position(tree.file, stuck.offset()).line;
    match stuck {
        Stuck::Flow(_) => text!(
            "{name}:{line} is written in brackets: put it in order by hand",
            "{name}:{line} 写在括号里：请手工排序"
        ),
        Stuck::Documents => {
            text!("{name} holds several documents: put it in order by hand", "{name} 里有多个文档：请手工排序")
        }
        Stuck::Tabs(_) => text!(
            "{name}:{line} is indented with tabs: put it in order by hand",
            "{name}:{line} 用制表符缩进：请手工排序"
        ),
        Stuck::Anchor(_) => text!(
            "{name}:{line}: an anchor must stand before its aliases, so this order would break the file",
            "{name}:{line}：锚点必须写在引用它的别名之前，按这个顺序文件就读不了"
        ),
        Stuck::Merge(_) => text!(
            "{name}:{line}: `<<` would have to move: put it in order by hand",
            "{name}:{line}：得挪动 `<<`，请手工排序"
        ),
        Stuck::Comment(_) => text!(
            "the comment in {name}:{line} may belong to what stands above it or below it: put them in order by hand",
            "{name}:{line} 的注释说不清属于上面还是下面：请手工排序"
        ),
        Stuck::Layout(_) => text!(
            "{name}:{line} is laid out in a way that dockline does not rearrange: put it in order by hand",
            "{name}:{line} 的写法 dockline 不敢挪动：请手工排序"
        ),
    }
}
