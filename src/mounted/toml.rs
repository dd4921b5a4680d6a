//! TOML.

use std::rc::Rc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Setting, Settings, templated};
use crate::source::{FileId, Sourced, Span, slice};

pub(super) fn read(file: FileId, text: &Rc<str>) -> Settings {
    let table = match DeTable::parse(text) {
        Ok(table) => table,
        Err(error) => {
            return Settings { fault: Some(error.span().map_or(0, |span| span.start)), ..Settings::default() };
        }
    };
    let mut walk = Walk { file, text, list: Vec::new() };
    walk.table(table.get_ref(), "");
    Settings { list: walk.list, ..Settings::default() }
}

struct Walk<'a> {
    file: FileId,
    text: &'a str,
    list: Vec<Setting>,
}

impl Walk<'_> {
    fn table(&mut self, table: &DeTable<'_>, path: &str) {
        let texts = table.iter().filter_map(|(key, value)| Some((&**key.get_ref(), value.get_ref().as_str()?)));
        let beside = Rc::new(texts.map(|(key, text)| (key.into(), text.into())).collect());
        for (key, value) in table {
            let key: Rc<str> = (&**key.get_ref()).into();
            let path = if path.is_empty() { key.to_string() } else { format!("{path}.{key}") };
            self.value(value, &path, &key, &beside);
        }
    }

    fn value(&mut self, value: &Spanned<DeValue<'_>>, path: &str, key: &Rc<str>, beside: &Rc<Vec<(Rc<str>, Rc<str>)>>) {
        match value.get_ref() {
            DeValue::String(text) if !templated(text) => {
                let span = value.span();
                let whole = Span::new(self.file, span.clone());
                // A string on one line without escapes says itself between its quotes.
                let inner = span.start + 1..span.end.saturating_sub(1).max(span.start + 1);
                let sourced = if slice(self.text, inner.clone()) == text.as_ref() {
                    Sourced::verbatim(text, Span::new(self.file, inner))
                } else {
                    Sourced::derived(text, whole)
                };
                self.list.push(Setting {
                    path: path.into(),
                    key: key.clone(),
                    value: Rc::new(sourced),
                    beside: beside.clone(),
                    directive: None,
                });
            }
            DeValue::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.value(item, &format!("{path}.{index}"), key, beside);
                }
            }
            DeValue::Table(table) => self.table(table, path),
            _ => {}
        }
    }
}
