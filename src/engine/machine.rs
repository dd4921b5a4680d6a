//! The machine itself: memory, graphics, disk, the unit that starts Ollama, and what a container's process may read of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Facts of the machine, where it is the engine's.
#[derive(Clone, Debug, Default)]
pub struct Machine {
    /// All memory, in bytes.
    pub memory: Option<u64>,
    /// A graphics card may hold models instead.
    pub graphics: bool,
    /// Free bytes where the engine keeps images and volumes.
    pub disk: Option<u64>,
    pub ollama: Option<Unit>,
    pub shut: Vec<Shut>,
}

/// What systemd was told of Ollama.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// `OLLAMA_HOST`, and the file that says so last.
    pub listens: Option<(String, PathBuf)>,
}

/// A mounted path that a container's process may not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shut {
    /// The container's id.
    pub container: String,
    pub source: String,
    pub target: String,
    /// The user that the process runs as, and the owner and mode of the path, all as the host counts them.
    pub user: u32,
    pub owner: u32,
    pub mode: u32,
}

impl Machine {
    /// `store` is the engine's own folder.
    pub fn look(store: &str) -> Self {
        let graphics =
            ["/dev/nvidia0", "/dev/kfd", "/dev/dri/renderD128", "/dev/dxg"].iter().any(|d| Path::new(d).exists());
        let memory = std::fs::read_to_string("/proc/meminfo").ok().and_then(|text| total(&text));
        Self { memory, graphics, disk: free(store), ollama: Unit::read(Path::new("/")), shut: Vec::new() }
    }
}

/// `MemTotal` of `/proc/meminfo`, in bytes.
fn total(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|l| l.strip_prefix("MemTotal:"))?;
    Some(line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()? * 1024)
}

/// Free bytes of a folder's file system, by POSIX `df -Pk`.
fn free(folder: &str) -> Option<u64> {
    let done = Command::new("df").args(["-Pk", folder]).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    available(&String::from_utf8_lossy(&done.stdout))
}

fn available(text: &str) -> Option<u64> {
    text.lines().nth(1)?.split_whitespace().nth(3)?.parse::<u64>().ok().map(|k| k * 1024)
}

impl Unit {
    /// By the files that systemd reads (systemd.unit(5)): the unit in the first folder that has it, and drop-ins of all folders in
    /// the order of their names, where the first folder's file of a name counts.
    pub fn read(root: &Path) -> Option<Self> {
        let folders =
            ["etc/systemd/system", "run/systemd/system", "usr/local/lib/systemd/system", "usr/lib/systemd/system"]
                .map(|f| root.join(f));
        let unit = folders.iter().map(|f| f.join("ollama.service")).find(|p| p.exists())?;
        let mut files: BTreeMap<std::ffi::OsString, PathBuf> = BTreeMap::new();
        for folder in &folders {
            let entries = std::fs::read_dir(folder.join("ollama.service.d")).into_iter().flatten().flatten();
            for entry in entries.filter(|e| e.path().extension().is_some_and(|x| x == "conf")) {
                files.entry(entry.file_name()).or_insert_with(|| entry.path());
            }
        }
        let mut listens = None;
        for file in std::iter::once(unit).chain(files.into_values()) {
            let text = std::fs::read_to_string(&file).unwrap_or_default();
            listens = listening(&text, &file, listens);
        }
        Some(Self { listens })
    }
}

/// `OLLAMA_HOST` with its file, by what earlier files said and what the `[Service]` of this one adds or takes back.
fn listening(text: &str, file: &Path, earlier: Option<(String, PathBuf)>) -> Option<(String, PathBuf)> {
    let mut out = earlier;
    let mut mine = false;
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            mine = line == "[Service]";
        } else if mine && let Some(value) = line.strip_prefix("Environment=") {
            if value.trim().is_empty() {
                out = None;
            }
            // Assignments stand side by side, quoted whole (`"A=b"`) or not.
            for word in value.split(['"', '\'']).flat_map(str::split_whitespace) {
                if let Some(host) = word.strip_prefix("OLLAMA_HOST=") {
                    out = Some((host.to_owned(), file.to_path_buf()));
                }
            }
        }
    }
    out
}

/// Which of a container's bind mounts (source and target) its first process may not read, by user, groups and mode. Access
/// lists and security modules are not looked at; a process that may read all is never named.
#[cfg(unix)]
pub fn shut<'m>(id: &str, pid: u32, mounts: impl Iterator<Item = (&'m str, &'m str)>) -> Vec<Shut> {
    use std::os::unix::fs::MetadataExt as _;
    let Some(process) = std::fs::read_to_string(format!("/proc/{pid}/status")).ok().and_then(|s| Process::of(&s))
    else {
        return Vec::new();
    };
    let one = |(source, target): (&str, &str)| {
        let meta = std::fs::metadata(format!("/proc/{pid}/root{target}")).ok()?;
        let (owner, group, mode) = (meta.uid(), meta.gid(), meta.mode() & 0o777);
        let plain = meta.is_dir() || meta.is_file();
        (plain && !process.reads(owner, group, mode, meta.is_dir())).then(|| Shut {
            container: id.to_owned(),
            source: source.to_owned(),
            target: target.to_owned(),
            user: process.user,
            owner,
            mode,
        })
    };
    mounts.filter_map(one).collect()
}

/// Elsewhere no process of a container is seen.
#[cfg(not(unix))]
pub fn shut<'m>(_: &str, _: u32, _: impl Iterator<Item = (&'m str, &'m str)>) -> Vec<Shut> {
    Vec::new()
}

/// Who a process is, by `/proc/PID/status` (`proc_pid_status(5)`).
#[cfg(unix)]
struct Process {
    user: u32,
    groups: Vec<u32>,
    reads_all: bool,
}

#[cfg(unix)]
impl Process {
    fn of(status: &str) -> Option<Self> {
        let line = |name: &str| status.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix(':'));
        // The fourth number is the one for the file system.
        let last = |name: &str| line(name)?.split_whitespace().nth(3)?.parse::<u32>().ok();
        let mut groups: Vec<u32> = line("Groups")?.split_whitespace().filter_map(|g| g.parse().ok()).collect();
        groups.push(last("Gid")?);
        let able = u64::from_str_radix(line("CapEff")?.trim(), 16).ok()?;
        // CAP_DAC_OVERRIDE is 1, CAP_DAC_READ_SEARCH 2.
        Some(Self { user: last("Uid")?, groups, reads_all: able & 0b110 != 0 })
    }

    fn reads(&self, owner: u32, group: u32, mode: u32, folder: bool) -> bool {
        let bits = if self.user == owner {
            mode >> 6
        } else if self.groups.contains(&group) {
            mode >> 3
        } else {
            mode
        };
        // Files in a folder are reached by their names without a list of them.
        let wanted = if folder { 0o1 } else { 0o4 };
        self.reads_all || bits & wanted == wanted
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_the_system_are_read() {
        assert_eq!(total("MemTotal:       24512000 kB\nMemFree: 1 kB\n"), Some(24_512_000 * 1024));
        let df = "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/sda1 100 60 40 60% /\n";
        assert_eq!(available(df), Some(40 * 1024));
    }

    #[test]
    fn the_last_word_of_a_unit_counts() {
        let dir = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            std::fs::write(path, text).expect("written");
        };
        assert_eq!(Unit::read(dir.path()), None);
        write(
            "etc/systemd/system/ollama.service",
            "[Service]\nEnvironment=\"PATH=/usr/bin\"\nExecStart=ollama serve\n",
        );
        assert_eq!(Unit::read(dir.path()), Some(Unit { listens: None }));
        write(
            "etc/systemd/system/ollama.service.d/override.conf",
            "[Service]\nEnvironment=\"OLLAMA_HOST=0.0.0.0\" A=b\n",
        );
        write("etc/systemd/system/ollama.service.d/a.conf", "[Service]\nEnvironment=OLLAMA_HOST=127.0.0.1\n");
        let (host, file) = Unit::read(dir.path()).and_then(|u| u.listens).expect("a host");
        assert!(host == "0.0.0.0" && file.ends_with("override.conf"));
        write(
            "etc/systemd/system/ollama.service.d/z.conf",
            "[Unit]\nEnvironment=OLLAMA_HOST=x\n[Service]\nEnvironment=\n",
        );
        assert_eq!(Unit::read(dir.path()), Some(Unit { listens: None }));
    }

    #[test]
    fn a_process_reads_by_user_group_and_mode() {
        let status =
            "Uid:\t1000\t1000\t1000\t1000\nGid:\t1000\t1000\t1000\t1000\nGroups:\t999 \nCapEff:\t0000000000000000\n";
        let process = Process::of(status).expect("a process");
        assert!(
            process.reads(1000, 0, 0o400, false)
                && process.reads(0, 999, 0o640, false)
                && process.reads(0, 0, 0o755, true)
        );
        assert!(!process.reads(0, 0, 0o600, false) && !process.reads(0, 0, 0o754, true));
        let root =
            Process::of(&status.replace("CapEff:\t0000000000000000", "CapEff:\t00000000a80425fb")).expect("a process");
        assert!(root.reads(0, 0, 0o600, false));
    }
}
