//! What the files of a project write, file by file, before anything is merged: what rules of style look at.

use super::model::{Part, Project};
use super::problem::ProblemKind;
use crate::yaml::{Entry, Kind, NodeId, Tree};

/// The mapping at the top of each document of each file, where the file is YAML and no template.
pub fn roots(project: &Project) -> Vec<(&Tree, NodeId)> {
    if project.part == Some(Part::Template) {
        return Vec::new();
    }
    let broken = |tree: &Tree| {
        project.problems.iter().any(|p| p.span.file == tree.file && matches!(p.kind, ProblemKind::Yaml(_)))
    };
    let mut seen = Vec::new();
    let mut out = Vec::new();
    for file in &project.files {
        let Some(tree) = project.tree(*file).filter(|t| !seen.contains(file) && !broken(t)) else { continue };
        seen.push(*file);
        let mapping = |id: &NodeId| matches!(tree.node(*id).kind, Kind::Mapping { .. });
        out.extend(tree.documents.iter().copied().filter(mapping).map(|root| (&**tree, root)));
    }
    out
}

/// The mapping or list that stands under a key; not one that an alias stands for.
pub fn collection(tree: &Tree, map: NodeId, key: &str) -> Option<NodeId> {
    let value = tree.entry(map, key)?.value;
    matches!(tree.node(value).kind, Kind::Mapping { .. } | Kind::Sequence { .. }).then_some(value)
}

/// Each service that is written out, with its name and its mapping.
pub fn services(project: &Project) -> Vec<(&Tree, Entry)> {
    let mut out = Vec::new();
    for (tree, root) in roots(project) {
        let Some(map) = collection(tree, root, "services") else { continue };
        let written = |e: &&Entry| matches!(tree.node(e.value).kind, Kind::Mapping { .. });
        out.extend(tree.entries(map).iter().filter(written).map(|e| (tree, *e)));
    }
    out
}
