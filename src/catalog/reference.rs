//! Image references, read so that mirrors and registries don't matter.

/// Words of tags that name no version. Source: the tags that dclint (`prohibitedTags`) and compose-lint count as mutable, and
/// those of branches.
const MOVING: [&str; 20] = [
    "latest",
    "stable",
    "edge",
    "nightly",
    "dev",
    "develop",
    "development",
    "test",
    "testing",
    "beta",
    "alpha",
    "canary",
    "lts",
    "main",
    "master",
    "head",
    "next",
    "preview",
    "mainline",
    "unstable",
];

/// Whether a tag names a version, a day or a commit: not `latest-cuda12`, not `alpine`.
pub fn names_version(tag: &str) -> bool {
    let tag = tag.to_ascii_lowercase();
    let mut words = tag.split(['-', '_']);
    let first = words.next().unwrap_or("");
    let digits = |word: &str| word.bytes().filter(u8::is_ascii_digit).count();
    if !MOVING.contains(&first) {
        return digits(&tag) > 0;
    }
    // `main-1a2b3c4`, `nightly-2024-11-02`, `dev-1.2.0`; of the newest there is no older one.
    let commit = |word: &str| word.len() >= 7 && digits(word) > 0 && word.bytes().all(|b| b.is_ascii_hexdigit());
    let version = |word: &str| word.starts_with(|c: char| c.is_ascii_digit() || c == 'v') && digits(word) > 1;
    first != "latest" && words.any(|word| commit(word) || version(word))
}

/// Whether a reference names its bytes.
pub fn pinned(image: &str) -> bool {
    image.contains("@sha256:") || image.contains("@sha512:")
}

/// An image reference: `docker.m.daocloud.io/ollama/ollama:0.5.4@sha256:...`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reference {
    /// Lower case, without registry prefixes of Docker Hub, tag and digest.
    pub repository: String,
    pub tag: Option<String>,
}

impl Reference {
    pub fn parse(text: &str) -> Self {
        let text = text.trim();
        let name = text.split('@').next().unwrap_or("");
        let slash = name.rfind('/').map_or(0, |i| i + 1);
        let (repository, tag) = match name.get(slash..).and_then(|last| last.find(':')) {
            Some(colon) => (name.get(..slash + colon).unwrap_or(""), name.get(slash + colon + 1..).map(str::to_owned)),
            None => (name, None),
        };
        let mut repository = repository.to_lowercase();
        for prefix in ["docker.io/", "index.docker.io/", "registry-1.docker.io/", "library/"] {
            if let Some(rest) = repository.strip_prefix(prefix) {
                repository = rest.to_owned();
            }
        }
        Self { repository, tag }
    }

    /// Names under which the catalog may know it: as written, and without a registry in front, and the last two steps of a
    /// mirror that copies whole names.
    pub(super) fn names(&self) -> Vec<String> {
        let mut names = vec![self.repository.clone()];
        let mut push = |name: String| {
            if !names.contains(&name) {
                names.push(name);
            }
        };
        let steps: Vec<&str> = self.repository.split('/').collect();
        if let [first, rest @ ..] = steps.as_slice()
            && !rest.is_empty()
            && (first.contains(['.', ':']) || *first == "localhost")
        {
            let tail = rest.join("/");
            push(tail.strip_prefix("library/").unwrap_or(&tail).to_owned());
            if let [.., a, b] = rest {
                push(format!("{a}/{b}"));
            }
            // A mirror of another registry: mirror.example/ghcr.io/open-webui/open-webui.
            if rest.first().is_some_and(|r| r.contains('.')) {
                push(rest.get(1..).unwrap_or(&[]).join("/"));
            }
        }
        names
    }
}

/// Which release an image reference means.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Release {
    /// No tag, or one that follows the newest: `latest`, `main`, `stable`.
    Newest,
    /// `v1.2.3-alpine`: what the tag leaves out is the newest.
    Numbered(Vec<u64>),
    /// A digest, a branch, or whatever else.
    Unknown,
}

impl Release {
    pub fn of(text: &str) -> Self {
        let reference = Reference::parse(text);
        match reference.tag.as_deref() {
            Some(tag) if !matches!(tag, "latest" | "main" | "stable") => match numbers(tag) {
                Some(numbers) => Self::Numbered(numbers),
                None => Self::Unknown,
            },
            _ if text.contains('@') => Self::Unknown,
            _ => Self::Newest,
        }
    }

    /// Whether it is certainly this version or a later one; `None` where nothing is known.
    pub fn reaches(&self, version: &[u64]) -> Option<bool> {
        match self {
            Self::Newest => Some(true),
            Self::Numbered(numbers) => {
                for (index, wanted) in version.iter().enumerate() {
                    match numbers.get(index) {
                        None => return Some(true),
                        Some(number) if number != wanted => return Some(number > wanted),
                        Some(_) => {}
                    }
                }
                Some(true)
            }
            Self::Unknown => None,
        }
    }
}

/// `1.2.3` at the start of a text, with or without `v` before it.
pub(super) fn numbers(text: &str) -> Option<Vec<u64>> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let ends_well = text.get(end..).is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_', '+']));
    let parts = text.get(..end).filter(|_| ends_well)?;
    parts.split('.').map(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::{Release, names_version};

    #[test]
    fn a_tag_tells_the_release() {
        for (text, version, reaches) in [
            ("a/b", &[1][..], Some(true)),
            ("a/b:latest", &[1], Some(true)),
            ("a/b:v1.2.3-alpine", &[1, 2], Some(true)),
            ("a/b:1.2", &[1, 3], Some(false)),
            ("a/b:1", &[1, 3], Some(true)),
            ("a/b:0.9", &[1], Some(false)),
            ("a/b:git-1a2b", &[1], None),
            ("a/b:7bb2", &[1], None),
            ("a/b@sha256:00", &[1], None),
        ] {
            assert_eq!(Release::of(text).reaches(version), reaches, "{text}");
        }
    }

    #[test]
    fn some_tags_name_a_version() {
        for tag in [
            "1.27",
            "16-alpine",
            "v0.5.4",
            "RELEASE.2023-03-20T20-16-18Z",
            "server-cuda-b4600",
            "nightly-2024-11-02",
            "main-1a2b3c4",
            "ubuntu22.04",
        ] {
            assert!(names_version(tag), "{tag}");
        }
        for tag in [
            "latest",
            "latest-cuda12",
            "main",
            "main-ollama",
            "alpine",
            "server-cuda",
            "lts-jdk17",
            "stable-alpine",
            "",
        ] {
            assert!(!names_version(tag), "{tag}");
        }
    }
}
