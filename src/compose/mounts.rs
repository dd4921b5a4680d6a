//! Configuration files that the project hands to its services: bind mounts of files, nginx folders, and `configs`.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::load::Loader;
use super::model::{Configured, Unread};
use super::value::{Data, V};
use super::volumes;
use crate::interpolation::Value;
use crate::mounted::{self, Format};
use crate::source::FileId;

/// Larger files are data, not configuration. Bytes.
const LARGEST: u64 = 1 << 20;
/// More files in a folder than this are not read.
const MOST: usize = 50;

impl Loader<'_> {
    /// The settings in a service's configuration files.
    pub(super) fn configured(&mut self, service: &V, root: &V) -> Vec<Configured> {
        let mut places = self.mounted(service);
        places.extend(self.configs(service, root));
        let mut out: Vec<Configured> = Vec::new();
        let mut met: Vec<FileId> = Vec::new();
        let mut groups: Vec<Rc<str>> = Vec::new();
        let mut around: Vec<(FileId, Rc<mounted::Settings>)> = Vec::new();
        for (path, target) in places {
            let Some((format, template)) = format_of(&target) else { continue };
            let small = std::fs::metadata(&path).is_ok_and(|m| m.is_file() && m.len() <= LARGEST);
            let Some(file) = small.then(|| self.files.read(&path).ok()).flatten() else { continue };
            if met.contains(&file) {
                continue;
            }
            met.push(file);
            if template {
                self.leave(file, Unread::Template);
                continue;
            }
            let settings = self.settings_of(file, format);
            let target: Rc<str> = target.into();
            out.extend(settings.list.iter().map(|setting| Configured {
                file,
                target: target.clone(),
                format,
                setting: setting.clone(),
                value: Rc::new(Value::literal(setting.value.clone())),
            }));
            groups.extend(settings.groups.iter().cloned());
            around.push((file, settings));
        }
        let gaps = met.iter().any(|file| self.unread.iter().any(|(f, _)| f == file));
        // As an `include` does, what could not be read may bring anything.
        let unread = gaps.then(|| ("include".into(), "".into()));
        for one in out.iter_mut().filter(|c| c.format == Format::Nginx) {
            let others =
                around.iter().filter(|(file, _)| *file != one.file).flat_map(|(_, s)| s.around.iter().cloned());
            let beside: Vec<_> = one.setting.beside.iter().cloned().chain(others).chain(unread.clone()).collect();
            one.setting.beside = Rc::new(beside);
        }
        // An `upstream` is no host; where a file of nginx could not be read, a name without a port may be one.
        out.retain(|c| {
            let text = c.value.text();
            let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
            let host = rest.split('/').next().unwrap_or("");
            let group = groups.iter().any(|g| **g == *host) || (gaps && !host.contains(['.', ':']));
            c.format != Format::Nginx || &*c.setting.key == "server" || !group
        });
        out
    }

    fn settings_of(&mut self, file: FileId, format: Format) -> Rc<mounted::Settings> {
        if let Some(known) = self.settings.get(&file) {
            return known.clone();
        }
        // A file that Compose itself reads is no program's configuration.
        let settings = if self.reads(file) {
            mounted::Settings::default()
        } else {
            mounted::read(file, &self.files.get(file).text.clone(), format)
        };
        if let Some(fault) = settings.fault {
            // A template whose name does not say so.
            let filled = ["{{", "{%", "<%"].iter().any(|mark| self.files.get(file).text.contains(mark));
            self.leave(file, if filled { Unread::Template } else { Unread::Fault(fault) });
        }
        let settings = Rc::new(settings);
        self.settings.insert(file, settings.clone());
        settings
    }

    fn leave(&mut self, file: FileId, why: Unread) {
        if !self.unread.iter().any(|(f, _)| *f == file) {
            self.unread.push((file, why));
        }
    }

    /// Files that bind mounts bring, with their paths inside the container. Of folders those of nginx alone are read: what
    /// else a program takes from a folder is its own affair.
    fn mounted(&self, service: &V) -> Vec<(PathBuf, String)> {
        let mut out = Vec::new();
        for item in service.get("volumes").map_or(&[][..], |v| v.items()) {
            let Ok(Some(volume)) = volumes::read(item) else { continue };
            let Some(source) = volume.source.filter(|s| !volume.named && volumes::is_path(s) && !s.starts_with('~'))
            else {
                continue;
            };
            let path = self.base(item.at.file).join(&source);
            let target = volume.target;
            if target.contains("/nginx") && format_of(&target).is_none() {
                out.extend(inside(&path).into_iter().map(|(path, name)| (path, format!("{target}/{name}"))));
            } else if format_of(&target).is_some() {
                out.push((path, target));
            } else if format_of(&source).is_some() && !target.ends_with('/') {
                // The program's own name for it says nothing; the project's does.
                out.push((path, source));
            }
        }
        out
    }

    /// Files that `configs` bring. Source: Compose specification, "configs": the default target is `/NAME`.
    fn configs(&self, service: &V, root: &V) -> Vec<(PathBuf, String)> {
        let mut out = Vec::new();
        for item in service.get("configs").map_or(&[][..], |v| v.items()) {
            let (name, target) = match &item.data {
                Data::Str(text) => (text.text(), None),
                Data::Map(_) => match item.get("source").and_then(|s| s.str()) {
                    Some(name) => (name, item.get("target").and_then(|t| t.str())),
                    None => continue,
                },
                _ => continue,
            };
            let Some(file) = root.get("configs").and_then(|c| c.get(name)).and_then(|c| c.get("file")) else {
                continue;
            };
            let Some(text) = file.str() else { continue };
            let path = self.base(file.at.file).join(text);
            let target = target.map_or_else(|| format!("/{name}"), str::to_owned);
            out.push((path, if format_of(&target).is_some() { target } else { text.to_owned() }));
        }
        out
    }
}

/// The format that a path says, and whether it is that of a template: `nginx.conf.template`.
fn format_of(target: &str) -> Option<(Format, bool)> {
    let template = [".template", ".tmpl", ".tpl", ".j2", ".in"].iter().find_map(|ending| target.strip_suffix(ending));
    Some((Format::of(template.unwrap_or(target))?, template.is_some()))
}

/// The files of a folder that nginx reads, by name.
fn inside(folder: &Path) -> Vec<(PathBuf, String)> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let named = entries.flatten().filter_map(|e| Some((e.path(), e.file_name().into_string().ok()?)));
    let mut out: Vec<_> = named.filter(|(_, name)| name.contains(".conf")).collect();
    out.sort();
    out.truncate(MOST);
    out
}
