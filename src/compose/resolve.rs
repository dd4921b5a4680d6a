//! One file's tree to values: aliases, merge keys, variables.

use foldhash::{HashMap, HashMapExt as _};
use std::rc::Rc;

use super::problem::{Problem, ProblemKind};
use super::value::{Data, Entry, Map, NodeRef, V, Value};
use crate::interpolation::{self, Scope, interpolate};
use crate::source::{Sourced, Span};
use crate::yaml::{self, Kind, NodeId, Resolved, Tag, Tree};

/// Nodes that a project may have after all aliases are followed. Real ones have thousands; the reference dies of a file of 24
/// lines that doubles itself.
pub(super) const BUDGET: u64 = 1_000_000;

/// Resolves a document. `spent` counts expanded nodes over the whole project.
pub(super) fn resolve(tree: &Tree, root: NodeId, scope: &Scope, spent: &mut u64, problems: &mut Vec<Problem>) -> V {
    let mut run = Run { tree, scope, spent, problems, done: HashMap::default(), open: Vec::new(), path: Vec::new() };
    run.value(root)
}

struct Run<'a> {
    tree: &'a Tree,
    scope: &'a Scope,
    spent: &'a mut u64,
    problems: &'a mut Vec<Problem>,
    /// Anchored nodes that were resolved.
    done: HashMap<NodeId, V>,
    /// Anchored nodes that are being resolved.
    open: Vec<NodeId>,
    path: Vec<Step>,
}

/// A step of the path to the place that is being resolved; put into words only when there is a problem to report.
enum Step {
    Key(Rc<str>),
    Index(usize),
}

impl Run<'_> {
    fn problem(&mut self, kind: ProblemKind, span: Span, rejects: bool) {
        let words = self.path.iter().map(|step| match step {
            Step::Key(key) => key.to_string(),
            Step::Index(index) => index.to_string(),
        });
        let path = words.collect::<Vec<_>>().join(".");
        self.problems.push(Problem { kind, span, path, rejects });
    }

    fn null(&self, id: NodeId) -> V {
        Rc::new(Value::new(NodeRef { file: self.tree.file, node: id }, self.tree.span(id), Data::Null))
    }

    fn value(&mut self, id: NodeId) -> V {
        let node = self.tree.node(id);
        if let Kind::Alias { target } = node.kind {
            return self.alias(id, target);
        }
        let anchored = node.anchor.is_some();
        if anchored {
            if let Some(done) = self.done.get(&id) {
                return done.clone();
            }
            self.open.push(id);
        }
        let at = NodeRef { file: self.tree.file, node: id };
        let span = self.tree.span(id);
        let data = match &node.kind {
            Kind::Scalar { style, .. } => self.scalar(id, *style, node.tag),
            Kind::Sequence { items, .. } => {
                let mut out = Vec::with_capacity(items.len());
                for (index, item) in items.iter().enumerate() {
                    self.path.push(Step::Index(index));
                    out.push(self.value(*item));
                    self.path.pop();
                }
                Data::Seq(out)
            }
            Kind::Mapping { entries, .. } => self.mapping(id, entries),
            Kind::Alias { .. } => Data::Null,
        };
        let below: u64 = match &data {
            Data::Seq(items) => items.iter().map(|v| u64::from(v.size)).sum(),
            Data::Map(map) => map.entries.iter().map(|e| u64::from(e.value.size)).sum(),
            _ => 0,
        };
        let size = below.saturating_add(1).min(u64::from(u32::MAX)) as u32;
        let made = Rc::new(Value { at, span, data, tag: node.tag, size });
        *self.spent += 1;
        if anchored {
            self.open.pop();
            self.done.insert(id, made.clone());
        }
        made
    }

    fn alias(&mut self, id: NodeId, target: Option<NodeId>) -> V {
        let Some(target) = target else { return self.null(id) };
        if self.open.contains(&target) {
            self.problem(ProblemKind::AliasCycle, self.tree.span(id), true);
            return self.null(id);
        }
        let value = match self.done.get(&target) {
            Some(done) => done.clone(),
            // An anchor in a document or branch that was not resolved on the way here.
            None => self.value(target),
        };
        *self.spent += u64::from(value.size);
        if *self.spent > BUDGET {
            if !self.problems.iter().any(|p| p.kind == ProblemKind::TooLarge) {
                self.problem(ProblemKind::TooLarge, self.tree.span(id), true);
            }
            return self.null(id);
        }
        value
    }

    fn scalar(&mut self, id: NodeId, style: yaml::Style, tag: Option<Tag>) -> Data {
        let text = self.tree.scalar(id);
        match yaml::resolve(text, style, tag) {
            Resolved::Null => Data::Null,
            Resolved::Bool(b) => Data::Bool(b),
            Resolved::Int(i) => Data::Int(i),
            Resolved::Float(f) => Data::Float(f),
            Resolved::Timestamp => Data::Timestamp,
            Resolved::Mismatch => {
                self.problem(ProblemKind::TagMismatch, self.tree.span(id), true);
                Data::Null
            }
            Resolved::Str if tag == Some(Tag::Binary) => {
                let Some(decoded) = binary(text) else {
                    self.problem(ProblemKind::TagMismatch, self.tree.span(id), true);
                    return Data::Null;
                };
                // No character of it stands in the file.
                let sourced = Sourced::derived(&decoded, self.tree.span(id));
                Data::Str(self.string(id, sourced))
            }
            Resolved::Str => Data::Str(self.string(id, yaml::sourced(self.tree, id))),
        }
    }

    fn string(&mut self, id: NodeId, sourced: Sourced) -> Rc<interpolation::Value> {
        let sourced = Rc::new(sourced);
        if !sourced.text.contains('$') {
            return Rc::new(interpolation::Value::literal(sourced));
        }
        let span = self.tree.span(id);
        match interpolate(&sourced, self.scope) {
            Ok(value) => {
                for problem in &value.problems {
                    self.template_problem(problem, &sourced, span);
                }
                Rc::new(value)
            }
            Err(problem) => {
                self.template_problem(&problem, &sourced, span);
                let uncertain = Rc::new(Sourced::derived("", span));
                Rc::new(interpolation::Value { uncertain: true, ..interpolation::Value::literal(uncertain) })
            }
        }
    }

    fn template_problem(&mut self, problem: &interpolation::Problem, text: &Sourced, whole: Span) {
        let (kind, span, rejects) = match problem {
            interpolation::Problem::Invalid { span } => {
                (ProblemKind::Template { text: text.text.to_string() }, *span, true)
            }
            interpolation::Problem::Required { name, message, span, uncertain } => {
                let (name, message, uncertain) = (name.clone(), message.clone(), *uncertain);
                (ProblemKind::Required { name, message, uncertain }, *span, true)
            }
            interpolation::Problem::Unset { name, span, uncertain } => {
                (ProblemKind::Unset { name: name.clone(), uncertain: *uncertain }, *span, false)
            }
        };
        self.problem(kind, span.unwrap_or(whole), rejects);
    }

    /// Whether YAML reads a key as text; Compose takes no other.
    fn string_key(&self, key: NodeId) -> bool {
        match self.tree.node(key).kind {
            Kind::Scalar { style, .. } => {
                let plain = self.tree.scalar(key);
                // What does not start like a number, a boolean or a null is none.
                !matches!(
                    plain.bytes().next(),
                    None | Some(b'0'..=b'9' | b'+' | b'-' | b'.' | b'~' | b'n' | b'N' | b't' | b'T' | b'f' | b'F')
                ) || yaml::resolve(plain, style, self.tree.node(key).tag) == Resolved::Str
            }
            _ => false,
        }
    }

    fn mapping(&mut self, id: NodeId, entries: &[yaml::Entry]) -> Data {
        let at = NodeRef { file: self.tree.file, node: id };
        let mut out: Vec<Entry> = Vec::with_capacity(entries.len());
        let mut index: HashMap<Rc<str>, usize> = HashMap::with_capacity(entries.len());
        let mut merges = Vec::new();
        for entry in entries {
            let key_node = self.tree.target(entry.key).unwrap_or(entry.key);
            let key: Rc<str> = self.tree.scalar(key_node).into();
            let key_span = self.tree.span(entry.key);
            if &*key == "<<" && self.tree.style(entry.key) == Some(yaml::Style::Plain) {
                if let Some((first, _)) = merges.first() {
                    let first = *first;
                    self.problem(ProblemKind::DuplicateKey { key, first }, key_span, true);
                }
                merges.push((key_span, entry.value));
                continue;
            }
            self.path.push(Step::Key(key.clone()));
            if !self.string_key(key_node) {
                self.problem(ProblemKind::NonStringKey { key: key.clone() }, key_span, true);
            }
            let value = self.value(entry.value);
            if let Some(known) = index.get(&key).copied() {
                if let Some(old) = out.get_mut(known) {
                    let first = old.key_span;
                    *old = Entry { key: key.clone(), key_span, value };
                    self.problem(ProblemKind::DuplicateKey { key, first }, key_span, true);
                }
            } else {
                index.insert(key.clone(), out.len());
                out.push(Entry { key, key_span, value });
            }
            self.path.pop();
        }
        for (span, node) in merges {
            self.path.push(Step::Key("<<".into()));
            let value = self.value(node);
            let sources: Vec<V> = match &value.data {
                Data::Map(_) => vec![value.clone()],
                Data::Seq(items) if items.iter().all(|i| i.map().is_some()) => items.clone(),
                // An alias to nothing was reported where it stands.
                Data::Null if matches!(self.tree.node(node).kind, Kind::Alias { target: None }) => Vec::new(),
                _ => {
                    self.problem(ProblemKind::MergeValue, self.tree.span(node).to(span), true);
                    Vec::new()
                }
            };
            for source in sources {
                for entry in source.entries() {
                    if !index.contains_key(&entry.key) {
                        index.insert(entry.key.clone(), out.len());
                        out.push(entry.clone());
                    }
                }
            }
            self.path.pop();
        }
        Data::Map(Map { entries: out, layers: vec![at] })
    }
}

/// What `!!binary` stands for, as Go's standard encoding reads it: padded, line breaks skipped. Bytes that are no UTF-8 become
/// replacement characters.
fn binary(text: &str) -> Option<String> {
    use base64::Engine as _;
    use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
    let lenient = GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true);
    let joined: String = text.chars().filter(|c| !matches!(c, '\n' | '\r')).collect();
    let bytes = GeneralPurpose::new(&base64::alphabet::STANDARD, lenient).decode(joined).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}
