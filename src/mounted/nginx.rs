//! nginx: the directives that connect. Source: the module references of nginx.org (`proxy_pass`, `fastcgi_pass`,
//! `uwsgi_pass`, `scgi_pass`, `grpc_pass`, `memcached_pass`; `server` of `upstream`; `proxy_pass` of the stream module).

use std::rc::Rc;

use super::{Setting, Settings};
use crate::source::{FileId, Sourced, Span, byte, slice};

const PASSES: [&str; 6] = ["proxy_pass", "fastcgi_pass", "uwsgi_pass", "scgi_pass", "grpc_pass", "memcached_pass"];

/// A word of the file, without quotes, with its bytes.
struct Word {
    start: usize,
    end: usize,
}

pub(super) fn read(file: FileId, text: &Rc<str>) -> Settings {
    let mut out = Settings::default();
    let mut blocks: Vec<String> = Vec::new();
    let mut words: Vec<Word> = Vec::new();
    let mut at = 0;
    while at < text.len() {
        match byte(text, at) {
            b' ' | b'\t' | b'\r' | b'\n' => at += 1,
            b'#' => at = text.get(at..).and_then(|rest| rest.find('\n')).map_or(text.len(), |i| at + i),
            b';' => {
                setting(file, text, &blocks, &words, &mut out.list);
                words.clear();
                at += 1;
            }
            b'{' => {
                let name: Vec<&str> = words.iter().map(|w| slice(text, w.start..w.end)).collect();
                if let ["upstream", name] = name.as_slice() {
                    out.groups.push((*name).into());
                }
                blocks.push(name.join(" "));
                words.clear();
                at += 1;
            }
            b'}' => {
                if blocks.pop().is_none() || !words.is_empty() {
                    return Settings { fault: Some(at), ..Settings::default() };
                }
                at += 1;
            }
            quote @ (b'"' | b'\'') => {
                let mut end = at + 1;
                while end < text.len() && byte(text, end) != quote {
                    end += if byte(text, end) == b'\\' { 2 } else { 1 };
                }
                if end >= text.len() {
                    return Settings { fault: Some(at), ..Settings::default() };
                }
                words.push(Word { start: at + 1, end });
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
                words.push(Word { start, end: at });
            }
        }
    }
    if !blocks.is_empty() {
        return Settings { fault: Some(text.len()), ..Settings::default() };
    }
    out
}

fn setting(file: FileId, text: &str, blocks: &[String], words: &[Word], out: &mut Vec<Setting>) {
    let [name, value, ..] = words else { return };
    let key = slice(text, name.start..name.end);
    let inside = blocks.last().map_or("", String::as_str);
    let connects = PASSES.contains(&key) || (key == "server" && inside.starts_with("upstream "));
    let written = slice(text, value.start..value.end);
    // With a variable in it the address is made for each request.
    if !connects || written.contains('$') || written.starts_with("unix:") {
        return;
    }
    let path = blocks.iter().map(String::as_str).chain([key]).collect::<Vec<_>>().join(".");
    out.push(Setting {
        path: path.into(),
        key: key.into(),
        value: Rc::new(Sourced::verbatim(written, Span::new(file, value.start..value.end))),
        beside: Rc::default(),
    });
}
