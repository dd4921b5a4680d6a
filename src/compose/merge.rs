//! How one Compose file's values go over another's: the tables of compose-go's package `override`, keyed by path pattern.

use std::rc::Rc;

use super::value::{Data, Entry, Map, V, Value};
use crate::interpolation;
use crate::source::Sourced;
use crate::yaml::Tag;

/// How values of one attribute are merged where it is not "maps merge, lists append, the later scalar wins".
#[derive(Clone, Copy, PartialEq, Eq)]
enum Merger {
    /// The later value replaces the earlier one whole.
    Override,
    /// `KEY=value` lists and mappings are one thing: by key, the later wins.
    Keyed,
    /// A single string stands for a list of one.
    Listed,
    /// A list of names stands for a mapping of them.
    Named,
    /// A path stands for a mapping with this context.
    Build,
    /// `name: address` stands for the item `name=address`.
    Hosts,
}

const MERGERS: &[(&[&str], Merger)] = &[
    (&["services", "*", "command"], Merger::Override),
    (&["services", "*", "entrypoint"], Merger::Override),
    (&["services", "*", "healthcheck", "test"], Merger::Override),
    (&["services", "*", "environment"], Merger::Keyed),
    (&["services", "*", "labels"], Merger::Keyed),
    (&["services", "*", "annotations"], Merger::Keyed),
    (&["services", "*", "sysctls"], Merger::Keyed),
    (&["services", "*", "build", "args"], Merger::Keyed),
    (&["services", "*", "build", "labels"], Merger::Keyed),
    (&["services", "*", "build", "additional_contexts"], Merger::Keyed),
    (&["services", "*", "deploy", "labels"], Merger::Keyed),
    (&["networks", "*", "labels"], Merger::Keyed),
    (&["volumes", "*", "labels"], Merger::Keyed),
    (&["services", "*", "env_file"], Merger::Listed),
    (&["services", "*", "dns"], Merger::Listed),
    (&["services", "*", "dns_search"], Merger::Listed),
    (&["services", "*", "tmpfs"], Merger::Listed),
    (&["services", "*", "build"], Merger::Build),
    (&["services", "*", "extra_hosts"], Merger::Hosts),
    (&["services", "*", "networks"], Merger::Named),
    (&["services", "*", "depends_on"], Merger::Named),
];

fn merger(path: &[Rc<str>]) -> Option<Merger> {
    MERGERS
        .iter()
        .find(|(pattern, _)| {
            pattern.len() == path.len() && pattern.iter().zip(path).all(|(p, step)| *p == "*" || *p == &**step)
        })
        .map(|(_, merger)| *merger)
}

/// `later` over `base`, both whole files or both services (`path` says which).
pub(super) fn merge(base: &V, later: &V, path: &mut Vec<Rc<str>>) -> V {
    match later.tag {
        Some(Tag::Override) => return later.clone(),
        // `!reset` takes the attribute away, whatever stands behind it.
        Some(Tag::Reset) => return nothing(later),
        _ => {}
    }
    let kind = merger(path);
    if kind == Some(Merger::Override) || base.is_null() {
        return later.clone();
    }
    if later.is_null() {
        return base.clone();
    }
    let (base, later) = match kind {
        Some(Merger::Keyed) => return by_key(&keyed(base), &keyed(later)),
        Some(Merger::Named) => (conditioned(&named(base), path), conditioned(&named(later), path)),
        Some(Merger::Listed) => (listed(base), listed(later)),
        Some(Merger::Build) if base.map().is_some() != later.map().is_some() => (built(base), built(later)),
        Some(Merger::Hosts) => (hosts(base), hosts(later)),
        _ => (base.clone(), later.clone()),
    };
    match (&base.data, &later.data) {
        (Data::Map(_), Data::Map(_)) => maps(&base, &later, path),
        (Data::Seq(a), Data::Seq(b)) => {
            // Of two equal entries of `extra_hosts` one stays; other lists keep both.
            let twice = |item: &&V| kind == Some(Merger::Hosts) && a.iter().any(|i| i.shown() == item.shown());
            let data = Data::Seq(a.iter().chain(b.iter().filter(|i| !twice(i))).cloned().collect());
            Rc::new(Value {
                data,
                tag: base.tag,
                at: base.at,
                span: base.span,
                size: base.size.saturating_add(later.size),
            })
        }
        _ => later,
    }
}

fn maps(base: &V, later: &V, path: &mut Vec<Rc<str>>) -> V {
    let (Data::Map(a), Data::Map(b)) = (&base.data, &later.data) else { return later.clone() };
    let mut entries = a.entries.clone();
    for entry in &b.entries {
        path.push(entry.key.clone());
        match entries.iter_mut().find(|e| e.key == entry.key) {
            Some(old) => {
                let value = merge(&old.value, &entry.value, path);
                // Where the later file says the whole of it, its key is the one to point at.
                let key_span = if value.at == entry.value.at { entry.key_span } else { old.key_span };
                *old = Entry { key: entry.key.clone(), key_span, value };
            }
            None if entry.value.tag == Some(Tag::Reset) => {}
            None => entries.push(entry.clone()),
        }
        path.pop();
    }
    let layers = a.layers.iter().chain(&b.layers).copied().collect();
    let size = base.size.saturating_add(later.size);
    Rc::new(Value { data: Data::Map(Map { entries, layers }), tag: base.tag, at: base.at, span: base.span, size })
}

/// Two mappings of `KEY=value`: the later wins, also where it gives no value.
fn by_key(base: &V, later: &V) -> V {
    let (Data::Map(a), Data::Map(b)) = (&base.data, &later.data) else { return later.clone() };
    let mut entries: Vec<Entry> = Vec::with_capacity(a.entries.len() + b.entries.len());
    for entry in a.entries.iter().chain(&b.entries) {
        let entry = Entry { key: entry.key.clone(), key_span: entry.key_span, value: printed(&entry.value) };
        match entries.iter_mut().find(|e| e.key == entry.key) {
            Some(old) => *old = entry,
            None => entries.push(entry),
        }
    }
    entries.retain(|e| e.value.tag != Some(Tag::Reset));
    let layers = a.layers.iter().chain(&b.layers).copied().collect();
    let size = base.size.saturating_add(later.size);
    Rc::new(Value { data: Data::Map(Map { entries, layers }), tag: base.tag, at: base.at, span: base.span, size })
}

/// A value as the reference prints it into `KEY=value` when it merges; only lists and mappings look different then.
fn printed(value: &V) -> V {
    fn go(value: &V) -> String {
        match &value.data {
            Data::Null => "<nil>".to_owned(),
            Data::Seq(items) => format!("[{}]", items.iter().map(go).collect::<Vec<_>>().join(" ")),
            Data::Map(map) => {
                let mut entries: Vec<String> =
                    map.entries.iter().map(|e| format!("{}:{}", e.key, go(&e.value))).collect();
                entries.sort();
                format!("map[{}]", entries.join(" "))
            }
            _ => value.shown().unwrap_or_default(),
        }
    }
    if !matches!(value.data, Data::Seq(_) | Data::Map(_)) {
        return value.clone();
    }
    let sourced = Rc::new(Sourced::derived(&go(value), value.span));
    let data = Data::Str(Rc::new(interpolation::Value::literal(sourced)));
    Rc::new(Value { data, tag: value.tag, at: value.at, span: value.span, size: 1 })
}

/// Names under `depends_on` stand for `condition: service_started`, which then wins over what the other file says.
fn conditioned(value: &V, path: &[Rc<str>]) -> V {
    let Data::Map(map) = &value.data else { return value.clone() };
    if path.last().is_none_or(|key| &**key != "depends_on") {
        return value.clone();
    }
    let entries = map.entries.iter().map(|entry| {
        if !entry.value.is_null() {
            return entry.clone();
        }
        let (at, span) = (entry.value.at, entry.value.span);
        let text = Rc::new(Sourced::derived("service_started", span));
        let started = Rc::new(Value::new(at, span, Data::Str(Rc::new(interpolation::Value::literal(text)))));
        let required = Rc::new(Value::new(at, span, Data::Bool(true)));
        let fields = [("condition", started), ("required", required)];
        let fields = fields.map(|(key, value)| Entry { key: key.into(), key_span: span, value });
        let data = Data::Map(Map { entries: fields.to_vec(), layers: vec![at] });
        Entry { key: entry.key.clone(), key_span: entry.key_span, value: Rc::new(Value::new(at, span, data)) }
    });
    let data = Data::Map(Map { entries: entries.collect(), layers: map.layers.clone() });
    Rc::new(Value { data, tag: value.tag, at: value.at, span: value.span, size: value.size })
}

/// What is left of a whole project when everything that says `!reset` is gone, also where there was nothing to take away.
/// Source: measured with docker-compose 2.40.3.
pub(super) fn without_resets(value: &V) -> V {
    if !resets(value) {
        return value.clone();
    }
    let data = match &value.data {
        Data::Map(map) => {
            let kept = map.entries.iter().filter(|e| e.value.tag != Some(Tag::Reset));
            let entries = kept.map(|e| Entry { value: without_resets(&e.value), ..e.clone() }).collect();
            Data::Map(Map { entries, layers: map.layers.clone() })
        }
        Data::Seq(items) => Data::Seq(items.iter().filter(|i| i.tag != Some(Tag::Reset)).map(without_resets).collect()),
        _ => return value.clone(),
    };
    Rc::new(Value { data, tag: value.tag, at: value.at, span: value.span, size: value.size })
}

fn resets(value: &V) -> bool {
    let inside = |value: &V| value.tag == Some(Tag::Reset) || resets(value);
    match &value.data {
        Data::Map(map) => map.entries.iter().any(|e| inside(&e.value)),
        Data::Seq(items) => items.iter().any(inside),
        _ => false,
    }
}

/// `!reset`: null, or the empty value of its kind, which every reader takes for absent.
fn nothing(later: &V) -> V {
    Rc::new(Value { data: Data::Null, tag: later.tag, at: later.at, span: later.span, size: 1 })
}

/// `KEY=value` items as the mapping that they stand for; an item without `=` has no value.
pub(super) fn keyed(value: &V) -> V {
    let Data::Seq(items) = &value.data else { return value.clone() };
    let mut entries: Vec<Entry> = Vec::with_capacity(items.len());
    for item in items {
        let Some(text) = item.string() else { continue };
        let split = text.text().find('=');
        let key: Rc<str> = text.text().get(..split.unwrap_or(text.text().len())).unwrap_or("").into();
        let key_span = text.sourced.exact(0..key.len()).unwrap_or(item.span);
        let data = match split {
            None => Data::Null,
            Some(at) => Data::Str(Rc::new(interpolation::Value {
                sourced: Rc::new(text.sourced.part(at + 1..text.text().len())),
                reads: text.reads.clone(),
                problems: Vec::new(),
                uncertain: text.uncertain,
            })),
        };
        let made = Rc::new(Value { data, tag: item.tag, at: item.at, span: item.span, size: 1 });
        let entry = Entry { key, key_span, value: made };
        match entries.iter_mut().find(|e| e.key == entry.key) {
            Some(old) => *old = entry,
            None => entries.push(entry),
        }
    }
    let map = Map { entries, layers: vec![value.at] };
    Rc::new(Value { data: Data::Map(map), tag: value.tag, at: value.at, span: value.span, size: value.size })
}

/// A list of names as a mapping to null.
pub(super) fn named(value: &V) -> V {
    let Data::Seq(items) = &value.data else { return value.clone() };
    let entries = items
        .iter()
        .filter_map(|item| {
            let key: Rc<str> = item.str()?.into();
            let data = Rc::new(Value::new(item.at, item.span, Data::Null));
            Some(Entry { key, key_span: item.span, value: data })
        })
        .collect();
    let map = Map { entries, layers: vec![value.at] };
    Rc::new(Value { data: Data::Map(map), tag: value.tag, at: value.at, span: value.span, size: value.size })
}

fn built(value: &V) -> V {
    let Data::Str(_) = &value.data else { return value.clone() };
    let entries = vec![Entry { key: "context".into(), key_span: value.span, value: value.clone() }];
    let map = Map { entries, layers: Vec::new() };
    Rc::new(Value { data: Data::Map(map), tag: value.tag, at: value.at, span: value.span, size: value.size })
}

fn listed(value: &V) -> V {
    match &value.data {
        Data::Seq(_) | Data::Map(_) => value.clone(),
        _ => Rc::new(Value::new(value.at, value.span, Data::Seq(vec![value.clone()]))),
    }
}

/// `extra_hosts` as a list of `name=address`, which is how Compose merges it: a name keeps the addresses of both files.
fn hosts(value: &V) -> V {
    let Data::Map(map) = &value.data else { return value.clone() };
    let items = map.entries.iter().flat_map(|entry| {
        let single = std::slice::from_ref(&entry.value);
        let addresses = entry.value.seq().unwrap_or(single);
        addresses.iter().map(|address| {
            let text = address.shown().map_or_else(|| entry.key.to_string(), |a| format!("{}={a}", entry.key));
            let sourced = Rc::new(Sourced::derived(&text, address.span));
            let data = Data::Str(Rc::new(interpolation::Value::literal(sourced)));
            Rc::new(Value::new(address.at, entry.key_span.to(address.span), data))
        })
    });
    Rc::new(Value::new(value.at, value.span, Data::Seq(items.collect())))
}
