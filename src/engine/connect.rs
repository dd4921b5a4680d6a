//! Where the engine is: `DOCKER_HOST`, the Docker context, the sockets where engines are found.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// An address of an engine, and who names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub url: String,
    /// `DOCKER_HOST`, `context NAME`, or the socket's path: for messages.
    pub from: String,
    /// Somebody asked for this one: no other is tried.
    pub asked: bool,
}

/// What decides where the engine is.
pub struct Surroundings<'a> {
    pub variable: &'a dyn Fn(&str) -> Option<String>,
    pub read: &'a dyn Fn(&Path) -> Option<String>,
    pub exists: &'a dyn Fn(&Path) -> bool,
    pub uid: Option<u32>,
}

/// The addresses to try, in order. What is asked for by name stands alone.
pub fn places(around: &Surroundings<'_>) -> Vec<Place> {
    let set = |name: &str| (around.variable)(name).filter(|v| !v.is_empty());
    if let Some(url) = set("DOCKER_HOST") {
        return vec![Place { url, from: "DOCKER_HOST".to_owned(), asked: true }];
    }
    let home = set("HOME").or_else(|| set("USERPROFILE"));
    let config =
        set("DOCKER_CONFIG").map(PathBuf::from).or_else(|| home.as_ref().map(|h| Path::new(h).join(".docker")));
    let context = set("DOCKER_CONTEXT").or_else(|| {
        let text = (around.read)(&config.as_ref()?.join("config.json"))?;
        let value: Value = serde_json::from_str(&text).ok()?;
        value.get("currentContext")?.as_str().map(str::to_owned)
    });
    if let Some(name) = context.filter(|n| n != "default" && !n.is_empty()) {
        let url = config.as_ref().and_then(|c| endpoint(&c.join("contexts/meta"), &name, around)).unwrap_or_default();
        return vec![Place { url, from: format!("context {name}"), asked: true }];
    }
    let mut paths = vec![PathBuf::from("/var/run/docker.sock")];
    if let Some(run) = set("XDG_RUNTIME_DIR").or_else(|| around.uid.map(|uid| format!("/run/user/{uid}"))) {
        paths.push(Path::new(&run).join("docker.sock"));
        paths.push(Path::new(&run).join("podman/podman.sock"));
    }
    if let Some(home) = &home {
        for socket in [
            ".docker/run/docker.sock",
            ".docker/desktop/docker.sock",
            ".colima/default/docker.sock",
            ".orbstack/run/docker.sock",
        ] {
            paths.push(Path::new(home).join(socket));
        }
    }
    paths.push(PathBuf::from("/run/podman/podman.sock"));
    let there = paths.into_iter().filter(|p| (around.exists)(p));
    let mut out: Vec<Place> = there
        .map(|p| Place { url: format!("unix://{}", p.display()), from: p.display().to_string(), asked: false })
        .collect();
    if cfg!(windows) {
        let pipe = "npipe:////./pipe/docker_engine".to_owned();
        out.push(Place { from: pipe.clone(), url: pipe, asked: false });
    }
    out
}

/// The address in a context's metadata. The folder's name is a hash of the context's name, so the files are looked through.
fn endpoint(meta: &Path, name: &str, around: &Surroundings<'_>) -> Option<String> {
    let folders = std::fs::read_dir(meta).ok()?;
    folders.flatten().find_map(|folder| {
        let text = (around.read)(&folder.path().join("meta.json"))?;
        let value: Value = serde_json::from_str(&text).ok()?;
        if value.get("Name")?.as_str()? != name {
            return None;
        }
        value.pointer("/Endpoints/docker/Host")?.as_str().map(str::to_owned)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(variables: &[(&str, &str)], files: &[(&str, &str)], sockets: &[&str]) -> Vec<(String, bool)> {
        let variable = |name: &str| variables.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
        let read = |path: &Path| {
            let known = files.iter().find(|(n, _)| Path::new(n) == path).map(|(_, t)| (*t).to_owned());
            known.or_else(|| std::fs::read_to_string(path).ok())
        };
        let exists = |path: &Path| sockets.iter().any(|s| Path::new(s) == path);
        let around = Surroundings { variable: &variable, read: &read, exists: &exists, uid: Some(1000) };
        places(&around).into_iter().map(|p| (p.url, p.asked)).collect()
    }

    #[test]
    fn what_is_asked_for_stands_alone() {
        let sockets = ["/var/run/docker.sock"];
        assert_eq!(found(&[("DOCKER_HOST", "tcp://a:2375")], &[], &sockets), [("tcp://a:2375".to_owned(), true)]);
        assert_eq!(found(&[("DOCKER_HOST", "")], &[], &sockets), [("unix:///var/run/docker.sock".to_owned(), false)]);
    }

    #[test]
    fn a_context_is_looked_up_by_its_name() {
        let dir = tempfile::tempdir().expect("a folder");
        let meta = dir.path().join("contexts/meta/0123");
        std::fs::create_dir_all(&meta).expect("folders");
        std::fs::write(dir.path().join("config.json"), r#"{"currentContext": "far"}"#).expect("a file");
        let text = r#"{"Name": "far", "Endpoints": {"docker": {"Host": "unix:///far.sock"}}}"#;
        std::fs::write(meta.join("meta.json"), text).expect("a file");
        let config = dir.path().to_string_lossy().into_owned();
        assert_eq!(found(&[("DOCKER_CONFIG", &config)], &[], &[]), [("unix:///far.sock".to_owned(), true)]);
        let both = [("DOCKER_CONFIG", config.as_str()), ("DOCKER_CONTEXT", "default")];
        assert!(found(&both, &[], &[]).is_empty());
    }

    #[test]
    fn sockets_of_rootless_engines_are_tried_too() {
        let sockets = ["/run/user/1000/docker.sock", "/run/user/1000/podman/podman.sock"];
        let urls: Vec<String> = found(&[("HOME", "/home/me")], &[], &sockets).into_iter().map(|(u, _)| u).collect();
        assert_eq!(urls, ["unix:///run/user/1000/docker.sock", "unix:///run/user/1000/podman/podman.sock"]);
    }
}
