//! `command`, `entrypoint`, `healthcheck.test`: strings that a shell would split, or lists.

use std::rc::Rc;

use super::model::Words;
use super::value::{Data, V};

pub(super) fn read(value: &V) -> Option<Words> {
    let span = value.span;
    match &value.data {
        Data::Str(text) => Some(Words {
            words: split(text.text()),
            texts: vec![text.clone()],
            listed: false,
            at: value.at,
            nodes: vec![value.at],
            span,
        }),
        Data::Seq(items) => {
            let (mut texts, mut nodes, mut words) = (Vec::new(), Vec::new(), Vec::new());
            for item in items {
                if let Some(text) = item.string() {
                    words.push(text.text().to_owned());
                    texts.push(text.clone());
                } else {
                    let shown = item.shown().unwrap_or_default();
                    let sourced = crate::source::Sourced::derived(&shown, item.span);
                    texts.push(Rc::new(crate::interpolation::Value::literal(Rc::new(sourced))));
                    words.push(shown);
                }
                nodes.push(item.at);
            }
            Some(Words { texts, listed: true, at: value.at, nodes, span, words })
        }
        _ => None,
    }
}

/// Splits as a POSIX shell does: blanks separate, quotes and backslashes join.
pub fn split(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            c if c.is_whitespace() => words.extend(word.take()),
            '\'' => {
                let word = word.get_or_insert_default();
                word.extend(chars.by_ref().take_while(|c| *c != '\''));
            }
            '"' => {
                let word = word.get_or_insert_default();
                while let Some(c) = chars.next() {
                    match c {
                        '"' => break,
                        '\\' => word.extend(chars.next()),
                        c => word.push(c),
                    }
                }
            }
            '\\' => word.get_or_insert_default().extend(chars.next()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}
