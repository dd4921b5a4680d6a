//! YAML and JSON.

use std::rc::Rc;

use super::{Setting, Settings, templated};
use crate::source::FileId;
use crate::yaml::{self, Kind, NodeId, Tree};

/// More settings than this are no configuration but data.
const LIMIT: usize = 5_000;

pub(super) fn read(file: FileId, text: &Rc<str>) -> Settings {
    let (tree, faults) = yaml::parse_any(file, text);
    if let Some(fault) = faults.first() {
        return Settings { fault: Some(fault.at), ..Settings::default() };
    }
    let mut list = Vec::new();
    for document in &tree.documents {
        walk(&tree, *document, "", &"".into(), &Rc::default(), 0, &mut list);
    }
    if list.len() >= LIMIT {
        list.clear();
    }
    Settings { list, tree: Some(Rc::new(tree)), ..Settings::default() }
}

fn walk(
    tree: &Tree,
    id: NodeId,
    path: &str,
    key: &Rc<str>,
    beside: &Rc<Vec<(Rc<str>, Rc<str>)>>,
    depth: usize,
    out: &mut Vec<Setting>,
) {
    if depth > 50 || out.len() >= LIMIT {
        return;
    }
    let join = |step: &str| if path.is_empty() { step.to_owned() } else { format!("{path}.{step}") };
    match &tree.node(id).kind {
        Kind::Scalar { .. } => {
            if !templated(tree.scalar(id)) {
                let value = Rc::new(yaml::sourced(tree, id));
                out.push(Setting {
                    path: path.into(),
                    key: key.clone(),
                    value,
                    beside: beside.clone(),
                    directive: None,
                });
            }
        }
        Kind::Mapping { entries, .. } => {
            let scalar = |id: NodeId| matches!(tree.node(id).kind, Kind::Scalar { .. });
            let texts = entries.iter().filter(|e| scalar(e.key) && scalar(e.value));
            let beside = Rc::new(texts.map(|e| (tree.scalar(e.key).into(), tree.scalar(e.value).into())).collect());
            for entry in entries.iter().filter(|e| scalar(e.key)) {
                let key: Rc<str> = tree.scalar(entry.key).into();
                walk(tree, entry.value, &join(&key), &key, &beside, depth + 1, out);
            }
        }
        Kind::Sequence { items, .. } => {
            for (index, item) in items.iter().enumerate() {
                walk(tree, *item, &join(&index.to_string()), key, beside, depth + 1, out);
            }
        }
        // What an alias stands for is read where it is anchored.
        Kind::Alias { .. } => {}
    }
}
