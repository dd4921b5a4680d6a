//! Host paths that a service gets: bind mounts in both syntaxes, named volumes that are bind mounts under another name, files
//! of `secrets` and `configs`.

use super::model::{Project, Service};
use super::value::{Data, V};
use super::volumes;
use crate::diag::Place;
use crate::interpolation::Value;
use crate::source::{Span, byte, from};

/// A host path in a container.
#[derive(Clone, PartialEq, Debug)]
pub struct Bind {
    /// Without `.`, `..` and needless slashes: `/etc`, `~/.ssh`, `\\.\pipe\docker_engine`.
    pub source: String,
    pub read_only: bool,
    pub place: Place,
}

/// A volume of the project that a service has.
#[derive(Clone, PartialEq, Debug)]
pub struct Use {
    pub volume: String,
    pub read_only: bool,
    pub place: Place,
}

/// Whether the image of a service comes from a registry: the project does not build it, and it is not said to be there already.
pub fn pulls(project: &Project, service: &Service) -> bool {
    let name = service.image.as_ref().map_or("", |image| image.text());
    let built = project.services.iter().any(|s| s.builds && s.image.as_ref().is_some_and(|i| i.text() == name));
    let policy = service.value.get("pull_policy").and_then(|p| p.str());
    !service.builds && !built && !matches!(policy, Some("never" | "build"))
}

/// An entry of `volumes` as it stands there.
struct Entry {
    source: String,
    read_only: bool,
    propagation: Option<String>,
    named: bool,
}

impl Service {
    /// The host paths that it gets. A relative path is the project's own and is not among them; nor is one that is not certain.
    pub fn binds(&self, project: &Project) -> Vec<Bind> {
        let mut out = Vec::new();
        for (index, item) in self.value.get("volumes").map_or(&[][..], |v| v.items()).iter().enumerate() {
            let Some(entry) = entry(item) else { continue };
            if !entry.named {
                let Some(source) = normal(&entry.source) else { continue };
                let place = Place { span: item.span, path: self.path(&format!("volumes.{index}")) };
                out.push(Bind { source, read_only: entry.read_only, place });
            } else if let Some((device, read_only)) = local_bind(&project.root, &entry.source)
                && let Some(source) = text(device).and_then(|t| normal(&t))
            {
                let place = Place { span: device.span, path: format!("volumes.{}.driver_opts.device", entry.source) };
                let read_only = read_only || entry.read_only;
                out.push(Bind { source, read_only, place });
            }
        }
        for channel in ["secrets", "configs"] {
            for item in self.value.get(channel).map_or(&[][..], |v| v.items()) {
                let Some(name) = item.str().or_else(|| item.get("source")?.str()) else { continue };
                let Some(file) = project.root.get(channel).and_then(|c| c.get(name)?.get("file")) else { continue };
                let Some(source) = text(file).and_then(|t| normal(&t)) else { continue };
                let place = Place { span: file.span, path: format!("{channel}.{name}.file") };
                out.push(Bind { source, read_only: true, place });
            }
        }
        out
    }

    /// How mounts inside its volumes are passed on, where that is said: index in `volumes`, the word, its entry's bytes.
    pub fn propagations(&self) -> Vec<(usize, String, Span)> {
        let items = self.value.get("volumes").map_or(&[][..], |v| v.items()).iter().enumerate();
        items.filter_map(|(index, item)| Some((index, entry(item)?.propagation?, item.span))).collect()
    }

    /// The volumes of the project, and paths beside its files, that it has.
    pub fn volume_uses(&self) -> Vec<Use> {
        let items = self.value.get("volumes").map_or(&[][..], |v| v.items()).iter().enumerate();
        let uses = items.filter_map(|(index, item)| {
            let Entry { source, read_only, .. } = entry(item)?;
            let place = Place { span: item.span, path: self.path(&format!("volumes.{index}")) };
            Some(Use { volume: source.trim_end_matches('/').to_owned(), read_only, place })
        });
        uses.collect()
    }
}

fn entry(item: &V) -> Option<Entry> {
    match &item.data {
        Data::Str(value) if value.settled() => {
            let (source, _, options) = volumes::short(value.text())?;
            let source = source?;
            let named = !volumes::is_path(&source);
            let source = of_the_person(value, source)?;
            let options: Vec<String> =
                options.map_or(Vec::new(), |o| o.split(',').map(|o| o.trim().to_owned()).collect());
            let propagation = options.iter().find(|o| is_propagation(o)).cloned();
            Some(Entry { source, read_only: options.iter().any(|o| o == "ro"), propagation, named })
        }
        Data::Map(_) => {
            let kind = item.get("type").and_then(|v| v.str()).unwrap_or("");
            let source = item.get("source").and_then(text).filter(|s| !s.is_empty())?;
            let propagation = item.get("bind").and_then(|b| b.get("propagation")?.str());
            Some(Entry {
                named: kind == "volume" && !source.starts_with('/'),
                source,
                read_only: item.get("read_only").and_then(|v| v.truth()).unwrap_or(false),
                propagation: propagation.map(str::to_owned),
            })
            .filter(|_| matches!(kind, "bind" | "volume" | "npipe" | ""))
        }
        _ => None,
    }
}

fn is_propagation(option: &str) -> bool {
    matches!(option, "shared" | "rshared" | "slave" | "rslave" | "private" | "rprivate")
}

fn text(value: &V) -> Option<String> {
    let written = value.string().filter(|t| t.settled())?;
    of_the_person(written, written.text().to_owned())
}

/// A path that begins with a variable of the shell: `${HOME}` is the home of whoever starts it, `${PWD}` the project's own
/// folder; what another one means is not certain on another machine.
fn of_the_person(value: &Value, path: String) -> Option<String> {
    let Some(first) = value.sourced.pieces.first().filter(|p| p.span.is_none() && p.end > 0) else { return Some(path) };
    let end = first.end as usize;
    match value.reads.first().map(|r| &*r.name) {
        Some("HOME" | "USERPROFILE") if end <= path.len() => Some(format!("~{}", from(&path, end))),
        _ => None,
    }
}

/// A volume of the project that is a bind mount by its driver's options: the device, and whether it is read-only.
fn local_bind<'v>(root: &'v V, name: &str) -> Option<(&'v V, bool)> {
    let volume = root.get("volumes")?.get(name)?;
    let driver = volume.get("driver").and_then(|d| d.str()).unwrap_or("local");
    let options = volume.get("driver_opts")?;
    let flags = options.get("o").and_then(|o| o.str()).unwrap_or("");
    let has = |flag: &str| flags.split(',').any(|f| f.trim() == flag);
    let bound = options.get("type").and_then(|t| t.str()).is_none_or(|t| t == "none") && (has("bind") || has("rbind"));
    (driver == "local" && bound).then_some((options.get("device")?, has("ro")))
}

/// An absolute path without what says nothing; `None` for a relative one, and for another person's home.
fn normal(path: &str) -> Option<String> {
    if path.starts_with("\\\\") {
        return Some(path.to_owned());
    }
    let home = path.starts_with('~');
    let rest = if home { from(path, 1) } else { path };
    if byte(rest, 0) != b'/' && !(home && rest.is_empty()) {
        return None;
    }
    let mut steps: Vec<&str> = Vec::new();
    for step in rest.split('/') {
        match step {
            "" | "." => {}
            ".." => drop(steps.pop()),
            step => steps.push(step),
        }
    }
    let joined: String = steps.iter().flat_map(|step| ["/", *step]).collect();
    Some(match (home, joined.is_empty()) {
        (true, _) => format!("~{joined}"),
        (false, true) => "/".to_owned(),
        (false, false) => joined,
    })
}

#[cfg(test)]
mod tests {
    use super::normal;

    #[test]
    fn paths_are_brought_to_one_form() {
        for (path, wanted) in [
            ("/", Some("/")),
            ("/.", Some("/")),
            ("/etc/..", Some("/")),
            ("//var/run/./docker.sock", Some("/var/run/docker.sock")),
            ("/etc/", Some("/etc")),
            ("~", Some("~")),
            ("~/.ssh/", Some("~/.ssh")),
            ("~bob/x", None),
            ("./data", None),
            ("../..", None),
            ("data", None),
        ] {
            assert_eq!(normal(path).as_deref(), wanted, "{path}");
        }
    }
}
