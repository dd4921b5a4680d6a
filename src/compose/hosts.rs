//! `extra_hosts`: `name:address`, `name=address` or a mapping.

use std::rc::Rc;

use super::value::{Data, NodeRef, V};
use crate::interpolation;
use crate::source::Span;

/// A line for /etc/hosts.
#[derive(Clone, Debug)]
pub struct ExtraHost {
    pub name: String,
    /// `host-gateway` or an address as written, brackets taken off. A blank after the separator stays: the engine refuses it.
    pub address: String,
    /// The whole entry.
    pub span: Span,
    /// The bytes of the name and of the address, where the file says them as they are.
    pub name_span: Option<Span>,
    pub address_span: Option<Span>,
    pub at: NodeRef,
    /// Index of the item in list form.
    pub index: usize,
    pub uncertain: bool,
}

impl ExtraHost {
    pub fn gateway(&self) -> bool {
        self.address == "host-gateway"
    }
}

/// The entries, and the texts that are none (no address in them).
pub(super) fn read(value: &V) -> (Vec<ExtraHost>, Vec<(String, Span)>) {
    let mut out = Vec::new();
    let mut bad = Vec::new();
    match &value.data {
        Data::Map(map) => {
            for entry in &map.entries {
                let single = [entry.value.clone()];
                let values = entry.value.seq().unwrap_or(&single);
                for value in values {
                    let Some(text) = value.string() else {
                        bad.push((entry.key.to_string(), entry.key_span));
                        continue;
                    };
                    let address = text.text();
                    out.push(ExtraHost {
                        name: entry.key.to_string(),
                        address: bare(address).to_owned(),
                        span: entry.key_span.to(value.span),
                        name_span: Some(entry.key_span),
                        address_span: text.sourced.exact(0..address.len()),
                        at: value.at,
                        index: out.len(),
                        uncertain: text.uncertain,
                    });
                }
            }
        }
        Data::Seq(items) => {
            for (index, item) in items.iter().enumerate() {
                let Some(text) = item.string() else { continue };
                match split(text) {
                    Some((name, start)) => out.push(ExtraHost {
                        name: name.to_owned(),
                        address: bare(crate::source::from(text.text(), start)).to_owned(),
                        span: item.span,
                        name_span: text.sourced.exact(0..name.len()),
                        address_span: text.sourced.exact(start..text.text().len()),
                        at: item.at,
                        index,
                        uncertain: text.uncertain,
                    }),
                    None if text.uncertain => {}
                    None => bad.push((text.text().to_owned(), item.span)),
                }
            }
        }
        _ => {}
    }
    (out, bad)
}

/// The name and where the address starts. `=` goes before `:`, so that an IPv6 address can follow.
fn split(text: &Rc<interpolation::Value>) -> Option<(&str, usize)> {
    let text = text.text();
    let (name, _) = text.split_once('=').or_else(|| text.split_once(':')).filter(|(name, _)| !name.is_empty())?;
    Some((name, name.len() + 1))
}

fn bare(address: &str) -> &str {
    address.strip_prefix('[').and_then(|a| a.strip_suffix(']')).unwrap_or(address)
}
