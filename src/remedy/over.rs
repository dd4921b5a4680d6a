//! Writing wishes into the override file that Compose loads today, or into a new one.

use std::path::PathBuf;

use super::desk::Desk;
use crate::compose::Project;
use crate::diag::{Creation, Override, OverrideService, Text};
use crate::source::{Edit, FileId, Files};
use crate::text;
use crate::yaml::{self, Fragment, Layout, NodeId, Tree};

/// What becomes of the wishes.
pub struct Written {
    pub edits: Vec<Edit>,
    pub creation: Option<Creation>,
    /// A file that Compose does not load by itself: it must be named behind the others.
    pub to_list: Option<PathBuf>,
}

/// Where the override file of a project is, or belongs.
pub enum Place {
    There(FileId),
    New {
        path: PathBuf,
        /// Compose loads it by itself.
        standard: bool,
    },
}

/// Names of override files.
fn is_override(name: &str) -> bool {
    name.contains(".override.")
}

/// Finds the place: the override file that is loaded, or the name that Compose looks for beside the first file.
pub fn override_place(files: &Files, project: &Project) -> Result<Place, Text> {
    let own = project.files.get(..project.own_files).unwrap_or(&[]);
    if let Some(file) = own.iter().copied().skip(1).find(|f| is_override(&files.get(*f).name)) {
        return Ok(Place::There(file));
    }
    let Some(base) = own.first() else { return Err(text!("no Compose file", "没有 Compose 文件")) };
    let path = &files.get(*base).path;
    // After the base file's own pattern: compose.yaml gives compose.override.yaml.
    let stem = path.file_stem().map_or_else(|| "compose".to_owned(), |s| s.to_string_lossy().into_owned());
    let extension = path.extension().map_or_else(|| "yaml".to_owned(), |e| e.to_string_lossy().into_owned());
    let target = path.with_file_name(format!("{stem}.override.{extension}"));
    if target.exists() {
        let name = files.name_of(&target);
        return Err(text!(
            "{name} is there and is not among the files that are loaded: name it with -f",
            "已有 {name}，但它不在加载的文件之列：请用 -f 指定"
        ));
    }
    Ok(Place::New { path: target, standard: matches!(stem.as_str(), "compose" | "docker-compose") })
}

/// Edits or creates the override file.
pub fn write_override(desk: Desk<'_>, wishes: &Override, listed: bool) -> Result<Written, Text> {
    match override_place(desk.files, desk.project())? {
        Place::There(file) => Ok(Written { edits: edit(desk, file, wishes)?, creation: None, to_list: None }),
        Place::New { path, standard } => {
            let creation = Creation { path: path.clone(), text: whole(wishes) };
            Ok(Written { edits: Vec::new(), creation: Some(creation), to_list: (listed || !standard).then_some(path) })
        }
    }
}

/// A service's wishes as entries of its mapping, in the order in which people write them.
fn entries(service: &OverrideService) -> Vec<(String, Fragment)> {
    let texts = |items: &[String]| Fragment::List(items.iter().map(Fragment::text).collect());
    let quoted = |items: &[String]| Fragment::List(items.iter().map(|t| Fragment::Quoted(t.clone())).collect());
    let mut out = Vec::new();
    if !service.environment.is_empty() {
        let map = service.environment.iter().map(|(k, v)| (k.clone(), Fragment::text(v))).collect();
        out.push(("environment".to_owned(), Fragment::Map(map)));
    }
    if !service.extra_hosts.is_empty() {
        out.push(("extra_hosts".to_owned(), quoted(&service.extra_hosts)));
    }
    if !service.networks.is_empty() {
        out.push(("networks".to_owned(), texts(&service.networks)));
    }
    if let Some(mode) = &service.network_mode {
        out.push(("network_mode".to_owned(), Fragment::text(mode)));
    }
    if !service.ports.is_empty() {
        out.push(("ports".to_owned(), quoted(&service.ports)));
    }
    for key in &service.resets {
        out.push(((*key).to_owned(), Fragment::Raw("!reset null".to_owned())));
    }
    out
}

/// A new override file.
fn whole(wishes: &Override) -> String {
    let services = wishes.services.iter().map(|(name, s)| (name.clone(), Fragment::Map(entries(s)))).collect();
    let root = Fragment::Map(vec![("services".to_owned(), Fragment::Map(services))]);
    let layout = Layout { newline: "\n", step: 2, dash: 2 };
    format!("{}\n", root.document(&layout))
}

fn edit(desk: Desk<'_>, file: FileId, wishes: &Override) -> Result<Vec<Edit>, Text> {
    desk.editable(file)?;
    let name = desk.files.get(file).name.clone();
    let refuse = || text!("{name} is written in a way that dockline does not edit", "{name} 的写法 dockline 不敢动");
    let tree = desk.tree(file).ok_or_else(refuse)?;
    let layout = desk.layout(file);
    let root = *tree.documents.first().ok_or_else(refuse)?;
    let mut out = Vec::new();
    let Some(services) = tree.entry(root, "services") else {
        let all = wishes.services.iter().map(|(name, s)| (name.clone(), Fragment::Map(entries(s)))).collect();
        out.push(yaml::insert_entry(tree, &layout, root, "", "services", &Fragment::Map(all)).ok_or_else(refuse)?);
        return Ok(out);
    };
    for (name, wanted) in &wishes.services {
        let Some(service) = tree.entry(services.value, name) else {
            let map = Fragment::Map(entries(wanted));
            out.push(yaml::insert_entry(tree, &layout, services.value, "", name, &map).ok_or_else(refuse)?);
            continue;
        };
        for (key, value) in entries(wanted) {
            out.extend(entry(tree, &layout, service.value, &key, &value).ok_or_else(refuse)?);
        }
    }
    Ok(out)
}

/// Adds one attribute to a service that the override file has: as a new key, or into the list or mapping that is there.
fn entry(tree: &Tree, layout: &Layout, service: NodeId, key: &str, value: &Fragment) -> Option<Vec<Edit>> {
    let Some(known) = tree.entry(service, key) else {
        return Some(vec![yaml::insert_entry(tree, layout, service, "", key, value)?]);
    };
    let node = known.value;
    match value {
        Fragment::Map(pairs) => pairs
            .iter()
            .map(|(k, v)| {
                let Fragment::Text(text) = v else { return None };
                if tree.items(node).is_empty() {
                    return match tree.entry(node, k) {
                        Some(old) => yaml::replace_scalar(tree, old.value, text),
                        None => yaml::insert_entry(tree, layout, node, "", k, v),
                    };
                }
                let start = format!("{k}=");
                let item = tree.items(node).iter().find(|i| tree.scalar(**i).starts_with(&start));
                let line = format!("{start}{text}");
                match item {
                    Some(item) => yaml::replace_scalar(tree, *item, &line),
                    None => yaml::append_item(tree, layout, node, &Fragment::text(line)),
                }
            })
            .collect(),
        Fragment::List(items) => items
            .iter()
            .filter(|item| {
                let (Fragment::Text(text) | Fragment::Quoted(text)) = item else { return true };
                !tree.items(node).iter().any(|i| tree.scalar(*i) == text)
            })
            .map(|item| {
                if tree.entries(node).is_empty() {
                    yaml::append_item(tree, layout, node, item)
                } else {
                    let (Fragment::Text(text) | Fragment::Quoted(text)) = item else { return None };
                    let (name, address) = text.split_once(':').unwrap_or((text, ""));
                    let value =
                        if address.is_empty() { Fragment::Raw("{}".to_owned()) } else { Fragment::text(address) };
                    yaml::insert_entry(tree, layout, node, "", name, &value)
                }
            })
            .collect(),
        Fragment::Text(text) => Some(vec![yaml::replace_scalar(tree, node, text)?]),
        _ => None,
    }
}
