//! nginx: the directives that connect. Source: the module references of nginx.org (`proxy_pass`, `fastcgi_pass`,
//! `uwsgi_pass`, `scgi_pass`, `grpc_pass`, `memcached_pass`; `server` of `upstream`; `proxy_pass` of the stream module).

use std::rc::Rc;

use super::{Setting, Settings};
use crate::source::{FileId, Sourced, Span, byte, slice};

const PASSES: [&str; 6] = ["proxy_pass", "fastcgi_pass", "uwsgi_pass", "scgi_pass", "grpc_pass", "memcached_pass"];

/// The bytes of a word, without its quotes.
type Word = std::ops::Range<usize>;

/// A block and the one around it.
struct Block {
    name: String,
    around: Option<usize>,
    /// The simple directives in it: name and arguments.
    directives: Vec<(Rc<str>, Rc<str>)>,
}

/// A directive that connects, and the block that it stands in.
struct Connects {
    block: usize,
    key: Rc<str>,
    value: Word,
}

pub(super) fn read(file: FileId, text: &Rc<str>) -> Settings {
    match parse(text) {
        Err(at) => Settings { fault: Some(at), ..Settings::default() },
        Ok((blocks, found)) => {
            let chain = |block: usize| std::iter::successors(Some(block), |b| blocks.get(*b).and_then(|b| b.around));
            let setting = |one: Connects| {
                let mut steps: Vec<&str> = chain(one.block).filter_map(|b| blocks.get(b)).map(|b| &*b.name).collect();
                steps.reverse();
                steps.push(&one.key);
                let path = steps.into_iter().filter(|step| !step.is_empty()).collect::<Vec<_>>().join(".");
                let beside = chain(one.block).filter_map(|b| blocks.get(b)).flat_map(|b| b.directives.iter().cloned());
                let value = Sourced::verbatim(slice(text, one.value.clone()), Span::new(file, one.value));
                Setting { path: path.into(), key: one.key, value: Rc::new(value), beside: Rc::new(beside.collect()) }
            };
            let groups = blocks.iter().filter_map(|b| b.name.strip_prefix("upstream ")).map(Rc::from).collect();
            Settings { list: found.into_iter().map(setting).collect(), groups, ..Settings::default() }
        }
    }
}

/// The blocks of a file, the file itself first, and what connects; or where it can't be read on.
fn parse(text: &str) -> Result<(Vec<Block>, Vec<Connects>), usize> {
    let mut blocks = vec![Block { name: String::new(), around: None, directives: Vec::new() }];
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
                blocks.push(Block { name, around: open.last().copied(), directives: Vec::new() });
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
    if open.len() > 1 { Err(text.len()) } else { Ok((blocks, found)) }
}

fn directive(text: &str, words: &[Word], block: usize, blocks: &mut [Block], found: &mut Vec<Connects>) {
    let Some((name, arguments)) = words.split_first() else { return };
    let key: Rc<str> = slice(text, name.clone()).into();
    let Some(inside) = blocks.get_mut(block) else { return };
    let connects = PASSES.contains(&&*key) || (&*key == "server" && inside.name.starts_with("upstream "));
    if let (true, Some(value)) = (connects, arguments.first()) {
        let written = slice(text, value.clone());
        // With a variable in it the address is made for each request.
        if !written.contains('$') && !written.starts_with("unix:") {
            found.push(Connects { block, key, value: value.clone() });
        }
        return;
    }
    let rest = arguments.iter().map(|w| slice(text, w.clone())).collect::<Vec<_>>().join(" ");
    inside.directives.push((key, rest.into()));
}
