//! squid: `cache_peer HOST TYPE HTTP-PORT ICP-PORT`. Source: squid-cache.org, `cache_peer`.

use std::rc::Rc;

use super::{Setting, Settings, templated};
use crate::source::{Builder, FileId, Span};

pub(super) fn read(file: FileId, text: &Rc<str>) -> Settings {
    let mut out = Settings::default();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let mut words = line.split_ascii_whitespace();
        if words.next() != Some("cache_peer") || templated(line) {
            continue;
        }
        let (Some(host), Some(_), Some(port)) = (words.next(), words.next(), words.next()) else { continue };
        // The two words are one address.
        let place = |word: &str, from: usize| Some(line.get(from..)?.find(word)? + from);
        let Some(host_at) = place(host, "cache_peer".len()) else { continue };
        let Some(port_at) = place(port, host_at + host.len()) else { continue };
        let span = |at: usize, word: &str| Some(Span::new(file, start + at..start + at + word.len()));
        let mut value = Builder::default();
        value.push(host, span(host_at, host), true);
        value.push(":", None, false);
        value.push(port, span(port_at, port), true);
        out.list.push(Setting {
            path: "cache_peer".into(),
            key: "cache_peer".into(),
            value: Rc::new(value.build()),
            beside: Rc::default(),
            directive: None,
        });
    }
    out
}
