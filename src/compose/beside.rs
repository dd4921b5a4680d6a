//! Names that other Compose files of the same directory give their services: whoever loads them together has those too.

use foldhash::HashMap;
use std::path::Path;

use super::discover::{compose_shaped, is_template, is_yaml};
use crate::source::{FileId, Files};

/// Directories with more files than this are collections, not variants of one project.
const MOST: usize = 24;

/// Service names (and container names), in lower case, of Compose files beside a project's own, with the file's name; and those
/// files.
pub(super) fn names_beside(files: &mut Files, own: &[FileId]) -> (HashMap<String, String>, Vec<FileId>) {
    let mut out = (HashMap::default(), Vec::new());
    let Some(path) = own.first().map(|f| files.get(*f).path.clone()) else { return out };
    let Some(entries) = path.parent().and_then(|dir| std::fs::read_dir(dir).ok()) else { return out };
    let mut paths: Vec<_> =
        entries.filter_map(|e| e.ok().map(|e| e.path())).filter(|p| is_yaml(p) && !is_template(p)).collect();
    paths.retain(|p| !own.iter().any(|f| files.get(*f).path == *p));
    paths.sort();
    if paths.len() > MOST {
        return out;
    }
    for path in paths {
        out.1.extend(names_in(files, &path, &mut out.0));
    }
    out
}

fn names_in(files: &mut Files, path: &Path, out: &mut HashMap<String, String>) -> Option<FileId> {
    let id = files.read(path).ok()?;
    let file = files.get(id);
    if !compose_shaped(&file.text) {
        return None;
    }
    let mut indent = None;
    for line in file.text.lines().skip_while(|l| !l.starts_with("services:")).skip(1) {
        let bare = line.trim_start();
        if bare.is_empty() || bare.starts_with('#') {
            continue;
        }
        let depth = line.len() - bare.len();
        if depth == 0 {
            break;
        }
        let service = depth == *indent.get_or_insert(depth);
        let name = match bare.strip_prefix("container_name:") {
            Some(value) => value,
            None if service => bare.split(':').next().unwrap_or(""),
            None => continue,
        };
        let name = name.trim().trim_matches(['"', '\'']).to_lowercase();
        out.entry(name).or_insert_with(|| file.name.clone());
    }
    Some(id)
}
