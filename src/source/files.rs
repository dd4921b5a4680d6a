//! The files of a run: read once, named as the user would name them.

use foldhash::HashMap;
use std::cell::OnceCell;
use std::io::Read as _;
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

use super::{FileId, Lines, Position, Span};

/// Larger files are not read: no Compose or env file comes near it, and byte offsets are 32 bits wide.
const LIMIT: u64 = 64 << 20;

/// How a file's bytes became text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Encoding {
    Utf8,
    /// UTF-16 with a byte order mark, which Compose reads too. Offsets are those of the decoded text: no edits.
    Utf16,
    /// Not text: the byte at this offset is not UTF-8. Each such byte reads as `?`, so offsets stay true; no edits.
    Broken(usize),
}

/// A file that was read.
#[derive(Debug)]
pub struct File {
    /// Relative to the current directory, with `/`.
    pub name: String,
    pub path: PathBuf,
    /// The text, byte order mark included.
    pub text: Rc<str>,
    pub encoding: Encoding,
    /// The bytes on disk, kept only where the text differs from them.
    raw: Option<Vec<u8>>,
    lines: OnceCell<Lines>,
}

impl File {
    pub fn lines(&self) -> &Lines {
        self.lines.get_or_init(|| Lines::new(&self.text))
    }

    /// The bytes as they were read.
    pub fn bytes(&self) -> &[u8] {
        self.raw.as_deref().unwrap_or(self.text.as_bytes())
    }

    pub fn editable(&self) -> bool {
        self.encoding == Encoding::Utf8
    }
}

/// Why a file can't be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ReadError {
    Missing,
    Directory,
    /// A socket or a device, where only a regular file or a pipe will do.
    Special,
    TooLarge,
    Denied,
    Other(String),
}

/// All files of a run. A path is read once; `overlay` holds texts that stand for what is on disk (how a fix is tried
/// before it is written).
#[derive(Debug, Default)]
pub struct Files {
    list: Vec<File>,
    by_path: HashMap<PathBuf, Result<FileId, ReadError>>,
    overlay: HashMap<PathBuf, Vec<u8>>,
    base: PathBuf,
}

impl Files {
    /// `base` is the current directory: names are relative to it.
    pub fn new(base: PathBuf) -> Self {
        Self { base, ..Self::default() }
    }

    /// The same directory with other contents for some paths.
    pub fn with_overlay(base: PathBuf, overlay: HashMap<PathBuf, Vec<u8>>) -> Self {
        Self { overlay, base, ..Self::default() }
    }

    /// The contents that stand for what is on disk.
    pub fn into_overlay(self) -> HashMap<PathBuf, Vec<u8>> {
        self.overlay
    }

    pub fn base(&self) -> &Path {
        &self.base
    }

    /// Reads a file, or answers with what was found the first time.
    pub fn read(&mut self, path: &Path) -> Result<FileId, ReadError> {
        let path = self.absolute(path);
        if let Some(known) = self.by_path.get(&path) {
            return known.clone();
        }
        let outcome = match self.overlay.get(&path) {
            Some(bytes) => Ok(bytes.clone()),
            None => read_bytes(&path),
        };
        let outcome = outcome.map(|bytes| self.add(path.clone(), bytes));
        self.by_path.insert(path, outcome.clone());
        outcome
    }

    /// Takes text that has no file (standard input) under a name.
    pub fn add_text(&mut self, name: &str, bytes: Vec<u8>) -> FileId {
        let path = self.base.join(name);
        let id = self.add(path.clone(), bytes);
        self.by_path.insert(path, Ok(id));
        id
    }

    /// Whether a path is there, as far as this run can tell.
    pub fn exists(&self, path: &Path) -> bool {
        let path = self.absolute(path);
        self.overlay.contains_key(&path) || matches!(self.by_path.get(&path), Some(Ok(_))) || path.exists()
    }

    /// Whether a file was read in this run.
    pub fn has_read(&self, path: &Path) -> bool {
        matches!(self.by_path.get(&self.absolute(path)), Some(Ok(_)))
    }

    fn add(&mut self, path: PathBuf, bytes: Vec<u8>) -> FileId {
        let (text, encoding, raw) = decode(bytes);
        let id = FileId(self.list.len() as u32);
        let name = self.name_of(&path);
        self.list.push(File { name, path, text: text.into(), encoding, raw, lines: OnceCell::new() });
        id
    }

    pub fn absolute(&self, path: &Path) -> PathBuf {
        let joined = if path.is_absolute() { path.to_path_buf() } else { self.base.join(path) };
        if joined.components().any(|part| matches!(part, Component::CurDir | Component::ParentDir)) {
            return plain(&joined);
        }
        joined
    }

    /// A path as the user would write it: relative to the current directory, with `/`.
    pub fn name_of(&self, path: &Path) -> String {
        let path = self.absolute(path);
        let (mut here, mut there) = (self.base.components().peekable(), path.components().peekable());
        while here.peek().is_some() && here.peek() == there.peek() {
            here.next();
            there.next();
        }
        let ups = here.count();
        let rest: Vec<_> = there.map(|c| c.as_os_str().to_string_lossy().into_owned()).collect();
        // More than a few steps up reads worse than the absolute path.
        if ups > 3 {
            return path.to_string_lossy().replace('\\', "/");
        }
        let mut parts = vec!["..".to_owned(); ups];
        parts.extend(rest);
        if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
    }

    pub fn get(&self, id: FileId) -> &File {
        // Ids are only made by `add`, and files are never taken away.
        self.list.get(id.0 as usize).expect("a FileId belongs to the Files that made it")
    }

    pub fn ids(&self) -> impl Iterator<Item = FileId> + use<> {
        (0..self.list.len() as u32).map(FileId)
    }

    pub fn text(&self, span: Span) -> &str {
        super::slice(&self.get(span.file).text, span.range())
    }

    pub fn position(&self, file: FileId, offset: usize) -> Position {
        let file = self.get(file);
        file.lines().position(offset, &file.text)
    }
}

fn read_bytes(path: &Path) -> Result<Vec<u8>, ReadError> {
    let classify = |error: &std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => ReadError::Missing,
        std::io::ErrorKind::PermissionDenied => ReadError::Denied,
        std::io::ErrorKind::IsADirectory => ReadError::Directory,
        _ => ReadError::Other(error.to_string()),
    };
    let meta = std::fs::metadata(path).map_err(|e| classify(&e))?;
    if meta.is_dir() {
        return Err(ReadError::Directory);
    }
    // `<(...)` of a shell has a writer; a named pipe may wait for one for ever.
    let from_shell = is_pipe(&meta) && path.starts_with("/dev");
    if !meta.is_file() && !from_shell {
        return Err(ReadError::Special);
    }
    let file = std::fs::File::open(path).map_err(|e| classify(&e))?;
    let mut bytes = Vec::with_capacity(meta.len().min(LIMIT) as usize + 1);
    file.take(LIMIT + 1).read_to_end(&mut bytes).map_err(|e| classify(&e))?;
    if bytes.len() as u64 > LIMIT { Err(ReadError::TooLarge) } else { Ok(bytes) }
}

#[cfg(unix)]
fn is_pipe(meta: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    meta.file_type().is_fifo()
}

#[cfg(not(unix))]
fn is_pipe(_: &std::fs::Metadata) -> bool {
    false
}

fn decode(bytes: Vec<u8>) -> (String, Encoding, Option<Vec<u8>>) {
    if let [a, b, ..] = *bytes.as_slice()
        && ((a, b) == (0xff, 0xfe) || (a, b) == (0xfe, 0xff))
    {
        let units = bytes.chunks_exact(2).skip(1).map(|pair| {
            let (low, high) = (pair.first().copied().unwrap_or(0), pair.get(1).copied().unwrap_or(0));
            if a == 0xff { u16::from_le_bytes([low, high]) } else { u16::from_be_bytes([low, high]) }
        });
        let text = char::decode_utf16(units).map(|c| c.unwrap_or('?')).collect();
        return (text, Encoding::Utf16, Some(bytes));
    }
    match String::from_utf8(bytes) {
        Ok(text) => (text, Encoding::Utf8, None),
        Err(error) => {
            let first = error.utf8_error().valid_up_to();
            let raw = error.into_bytes();
            let mut text = String::with_capacity(raw.len());
            for chunk in raw.utf8_chunks() {
                text.push_str(chunk.valid());
                text.extend(chunk.invalid().iter().map(|_| '?'));
            }
            (text, Encoding::Broken(first), Some(raw))
        }
    }
}

/// A path without `.` and `..`, as its text says: what links lead to is not asked.
pub fn plain(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match (part, out.components().next_back()) {
            (Component::CurDir, _) | (Component::ParentDir, Some(Component::RootDir)) => {}
            (Component::ParentDir, Some(Component::Normal(_))) => {
                out.pop();
            }
            _ => out.push(part),
        }
    }
    out
}
