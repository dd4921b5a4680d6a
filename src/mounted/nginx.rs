//! nginx: the directives that connect. Source: the module references of nginx.org (`proxy_pass`, `fastcgi_pass`,
//! `uwsgi_pass`, `scgi_pass`, `grpc_pass`, `memcached_pass`; `server` of `upstream`; `proxy_pass` of the stream module).

use std::rc::Rc;

use super::{Directive, Lookup, Setting, Settings};
use crate::source::{Builder, FileId, Sourced, Span, byte, from, slice, upto};

const PASSES: [&str; 6] = ["proxy_pass", "fastcgi_pass", "uwsgi_pass", "scgi_pass", "grpc_pass", "memcached_pass"];

/// The bytes of a word, without its quotes.
type Word = std::ops::Range<usize>;

/// A block and the one around it.
struct Block {
    name: String,
    around: Option<usize>,
    /// Where it begins, behind its brace.
    start: usize,
    /// The simple directives in it: name and arguments.
    directives: Vec<(Rc<str>, Rc<str>)>,
    /// What `set` gives to variables in it.
    sets: Vec<(Rc<str>, Word)>,
}

impl Block {
    fn new(name: String, around: Option<usize>, start: usize) -> Self {
        Self { name, around, start, directives: Vec::new(), sets: Vec::new() }
    }
}

/// A directive that connects, and the block that it stands in.
struct Connects {
    block: usize,
    key: Rc<str>,
    value: Word,
    /// The words behind it.
    more: Vec<Word>,
}

/// A file taken apart.
struct Parsed<'t> {
    file: FileId,
    text: &'t str,
    blocks: Vec<Block>,
    found: Vec<Connects>,
}

impl Parsed<'_> {
    /// A block and those around it, from the inside out.
    fn chain(&self, block: usize) -> impl Iterator<Item = &Block> {
        std::iter::successors(self.blocks.get(block), |b| self.blocks.get(b.around?))
    }

    fn setting(&self, one: &Connects) -> Option<Setting> {
        let (value, lookup) = self.value(one)?;
        if value.text.starts_with("unix:") {
            return None;
        }
        let mut steps: Vec<&str> = self.chain(one.block).map(|b| &*b.name).collect();
        steps.reverse();
        steps.push(&one.key);
        let path = steps.into_iter().filter(|step| !step.is_empty()).collect::<Vec<_>>().join(".");
        let beside = self.chain(one.block).flat_map(|b| b.directives.iter().cloned()).collect();
        let server = self.chain(one.block).find(|b| b.name == "server").map(|b| b.start as u32);
        Some(Setting {
            path: path.into(),
            key: one.key.clone(),
            value: Rc::new(value),
            beside: Rc::new(beside),
            directive: Some(Directive { word: Span::new(self.file, one.value.clone()), server, lookup }),
        })
    }

    /// The address that a directive connects to, with what `set` gives to the variables in it; `None` where a variable says who
    /// is called and nothing tells what it holds.
    fn value(&self, one: &Connects) -> Option<(Sourced, Lookup)> {
        let written = slice(self.text, one.value.clone());
        if !written.contains('$') {
            let again = &*one.key == "server" && one.more.iter().any(|w| slice(self.text, w.clone()) == "resolve");
            let value = Sourced::verbatim(written, Span::new(self.file, one.value.clone()));
            return Some((value, if again { Lookup::Again } else { Lookup::Once }));
        }
        let mut out = Builder::default();
        let mut at = 0;
        while at < written.len() {
            let end = from(written, at).find('$').map_or(written.len(), |i| at + i);
            let span = |range: &Word| Span::new(self.file, one.value.start + range.start..one.value.start + range.end);
            out.push(slice(written, at..end), Some(span(&(at..end))), true);
            if end == written.len() {
                break;
            }
            let (name, length) = variable(from(written, end));
            match self.set(one.block, name) {
                Some(word) => {
                    out.push(slice(self.text, word.clone()), Some(Span::new(self.file, word)), true);
                    at = end + length;
                }
                // Behind the address, the rest of a URL says nothing of whom it calls.
                None if out.text().split_once("://").is_some_and(|(_, rest)| rest.contains('/')) => break,
                None if matches!(name, "request_uri" | "uri") => break,
                None => return None,
            }
        }
        Some((out.build(), Lookup::EachRequest))
    }

    /// What a variable holds in a block, where all that the file gives it is one value.
    fn set(&self, block: usize, name: &str) -> Option<Word> {
        let all = self.blocks.iter().flat_map(|b| &b.sets).filter(|(known, _)| **known == *name);
        let mut values = all.map(|(_, word)| slice(self.text, word.clone()));
        let first = values.next()?;
        if values.any(|value| value != first) {
            return None;
        }
        let mut here = self.chain(block).flat_map(|b| &b.sets).filter(|(known, _)| **known == *name);
        here.next().map(|(_, word)| word.clone()).filter(|word| !slice(self.text, word.clone()).contains('$'))
    }
}

/// The name of the variable that a text starts with, `$name` or `${name}`, and how long it is written.
fn variable(text: &str) -> (&str, usize) {
    if let Some((name, _)) = text.strip_prefix("${").and_then(|rest| rest.split_once('}')) {
        return (name, name.len() + 3);
    }
    let rest = from(text, 1);
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
    (upto(rest, end), end + 1)
}

pub(super) fn read(file: FileId, text: &Rc<str>) -> Settings {
    match parse(file, text) {
        Err(at) => Settings { fault: Some(at), ..Settings::default() },
        Ok(parsed) => {
            let groups = parsed.blocks.iter().filter_map(|b| b.name.strip_prefix("upstream ")).map(Rc::from).collect();
            let outside = parsed.blocks.iter().filter(|b| matches!(&*b.name, "" | "http"));
            let around =
                outside.flat_map(|b| b.directives.iter().filter(|(name, _)| &**name != "include").cloned()).collect();
            let list = parsed.found.iter().filter_map(|one| parsed.setting(one)).collect();
            Settings { list, groups, around, ..Settings::default() }
        }
    }
}

/// The blocks of a file, the file itself first, and what connects; or where it can't be read on.
fn parse(file: FileId, text: &str) -> Result<Parsed<'_>, usize> {
    let mut blocks = vec![Block::new(String::new(), None, 0)];
    let mut open = vec![0];
    let mut words: Vec<Word> = Vec::new();
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        match byte(text, at) {
            b' ' | b'\t' | b'\r' | b'\n' => at += 1,
            b'#' => at = text.get(at..).and_then(|rest| rest.find('\n')).map_or(text.len(), |i| at + i),
            b';' => {
                let block = open.last().copied().unwrap_or(0);
                directive(text, &words, block, &mut blocks, &mut found);
                words.clear();
                at += 1;
            }
            b'{' => {
                let name = words.iter().map(|w| slice(text, w.clone())).collect::<Vec<_>>().join(" ");
                blocks.push(Block::new(name, open.last().copied(), at + 1));
                open.push(blocks.len() - 1);
                words.clear();
                at += 1;
            }
            b'}' => {
                if open.len() < 2 || !words.is_empty() {
                    return Err(at);
                }
                open.pop();
                at += 1;
            }
            quote @ (b'"' | b'\'') => {
                let mut end = at + 1;
                while end < text.len() && byte(text, end) != quote {
                    end += if byte(text, end) == b'\\' { 2 } else { 1 };
                }
                if end >= text.len() {
                    return Err(at);
                }
                words.push(at + 1..end);
                at = end + 1;
            }
            _ => {
                let start = at;
                // As `ngx_conf_read_token` has it: a brace that opens ends a word, unless a backslash or a dollar is before it.
                while at < text.len() && !matches!(byte(text, at), b' ' | b'\t' | b'\r' | b'\n' | b';' | b'{') {
                    let pair = byte(text, at) == b'\\' || (byte(text, at) == b'$' && byte(text, at + 1) == b'{');
                    at += if pair { 2 } else { 1 };
                }
                at = at.min(text.len());
                while !text.is_char_boundary(at) {
                    at += 1;
                }
                words.push(start..at);
            }
        }
    }
    if open.len() > 1 { Err(text.len()) } else { Ok(Parsed { file, text, blocks, found }) }
}

fn directive(text: &str, words: &[Word], block: usize, blocks: &mut [Block], found: &mut Vec<Connects>) {
    let Some((name, arguments)) = words.split_first() else { return };
    let key: Rc<str> = slice(text, name.clone()).into();
    let Some(inside) = blocks.get_mut(block) else { return };
    let connects = PASSES.contains(&&*key) || (&*key == "server" && inside.name.starts_with("upstream "));
    if let (true, Some((value, more))) = (connects, arguments.split_first()) {
        found.push(Connects { block, key, value: value.clone(), more: more.to_vec() });
        return;
    }
    if let ("set", [name, value]) = (&*key, arguments)
        && let Some(name) = slice(text, name.clone()).strip_prefix('$')
    {
        inside.sets.push((name.into(), value.clone()));
        return;
    }
    let rest = arguments.iter().map(|w| slice(text, w.clone())).collect::<Vec<_>>().join(" ");
    inside.directives.push((key, rest.into()));
}
