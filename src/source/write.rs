//! Writing files back: all of them or none, with what the file system knows of them kept.

use std::io::Write as _;
use std::path::{Path, PathBuf};

/// New contents for a path.
#[derive(Clone, Debug)]
pub struct Change {
    pub path: PathBuf,
    /// What the file held when it was read; `None` for a file that is to be created.
    pub old: Option<Vec<u8>>,
    pub new: Vec<u8>,
    /// A new file is for its owner alone.
    pub private: bool,
}

/// Why nothing was written.
#[derive(Debug)]
pub enum WriteError {
    /// The file is not what it was when it was read.
    Changed(PathBuf),
    Io(PathBuf, std::io::Error),
}

/// Writes all changes, or none: every new content is first written beside its target, then each takes its place by a
/// rename. Mode and owner stay, a symbolic link is followed and stays a link. If a rename fails, those made before it are
/// taken back.
pub fn write_all(changes: &[Change]) -> Result<(), WriteError> {
    let mut staged = Vec::new();
    for change in changes {
        // The link's target is replaced, not the link.
        let target = std::fs::canonicalize(&change.path).unwrap_or_else(|_| change.path.clone());
        match (&change.old, std::fs::read(&target)) {
            (Some(old), Ok(now)) if *old == now => {}
            (None, Err(e)) if e.kind() == std::io::ErrorKind::NotFound => {}
            (_, Err(e)) if e.kind() != std::io::ErrorKind::NotFound => return Err(WriteError::Io(target, e)),
            _ => return Err(WriteError::Changed(change.path.clone())),
        }
        let temp = stage(&target, change).map_err(|e| WriteError::Io(target.clone(), e))?;
        staged.push((target, temp, change));
    }
    let mut done: Vec<(&Path, &Change)> = Vec::new();
    let mut failed = None;
    let mut names = Vec::new();
    for (target, temp, change) in staged {
        match temp.persist(&target) {
            Ok(_) => names.push((target, change)),
            Err(e) => {
                failed = Some(WriteError::Io(target, e.error));
                break;
            }
        }
    }
    done.extend(names.iter().map(|(t, c)| (t.as_path(), *c)));
    let Some(error) = failed else { return Ok(()) };
    for (target, change) in done {
        // Best effort: the first failure is what the user must hear of.
        let _ = match &change.old {
            Some(old) => std::fs::write(target, old),
            None => std::fs::remove_file(target),
        };
    }
    Err(error)
}

fn stage(target: &Path, change: &Change) -> std::io::Result<tempfile::NamedTempFile> {
    let folder = target.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut temp = tempfile::Builder::new().prefix(".dockline-").tempfile_in(folder)?;
    temp.write_all(&change.new)?;
    temp.as_file().sync_all()?;
    if change.old.is_some() {
        let meta = std::fs::metadata(target)?;
        keep_owner(temp.path(), &meta);
        temp.as_file().set_permissions(meta.permissions())?;
    } else {
        mode(temp.as_file(), if change.private { 0o600 } else { 0o644 })?;
    }
    Ok(temp)
}

#[cfg(unix)]
fn keep_owner(path: &Path, meta: &std::fs::Metadata) {
    use std::os::unix::fs::MetadataExt as _;
    // Only root may give a file away; for anybody else the owner is the same already.
    let _ = std::os::unix::fs::chown(path, Some(meta.uid()), Some(meta.gid()));
}

#[cfg(not(unix))]
fn keep_owner(_: &Path, _: &std::fs::Metadata) {}

/// A new file gets the mode that any new file gets: temporary files are readable by their owner alone.
#[cfg(unix)]
fn mode(file: &std::fs::File, bits: u32) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(std::fs::Permissions::from_mode(bits))
}

#[cfg(not(unix))]
fn mode(_: &std::fs::File, _: u32) -> std::io::Result<()> {
    Ok(())
}
