//! The effective environment of a service: `env_file`s in order, then `environment` over them.

use foldhash::HashMap;
use std::rc::Rc;

use super::value::{NodeRef, V};
use crate::dotenv::{EnvText, Line};
use crate::interpolation::{Layered, Problem, Scope, Setter, Value, interpolate};
use crate::source::{FileId, Sourced, Span};

/// Who says that a service has a variable.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SetBy {
    /// The entry in `environment`, and the node of its value (of the whole item in list form).
    Environment { at: NodeRef, entry: Span },
    /// A line of an env file of the service.
    EnvFile { file: FileId, line: Span },
}

/// A variable of a container.
#[derive(Clone, Debug)]
pub struct EnvVar {
    pub key: Rc<str>,
    pub key_span: Span,
    /// `None`: set without a value, and nobody gives one.
    pub value: Option<Rc<Value>>,
    pub set_by: SetBy,
    /// Definitions of the same variable that lose: the span of the name and the value's text.
    pub beaten: Vec<(SetBy, Span, Rc<str>)>,
}

/// The variables of a container in the order in which they are first set, found by name without a walk: a service may have
/// hundreds, and each address asks for several.
#[derive(Debug, Default)]
pub struct Environment {
    vars: Vec<EnvVar>,
    index: HashMap<Rc<str>, usize>,
}

impl Environment {
    /// Where a variable stands in the order.
    pub fn position(&self, key: &str) -> Option<usize> {
        self.index.get(key).copied()
    }

    pub fn named(&self, key: &str) -> Option<&EnvVar> {
        self.vars.get(self.position(key)?)
    }
}

impl std::ops::Deref for Environment {
    type Target = [EnvVar];

    fn deref(&self) -> &[EnvVar] {
        &self.vars
    }
}

impl<'a> IntoIterator for &'a Environment {
    type Item = &'a EnvVar;
    type IntoIter = std::slice::Iter<'a, EnvVar>;

    fn into_iter(self) -> Self::IntoIter {
        self.vars.iter()
    }
}

/// Collects the variables of one service.
pub(super) struct Collector<'a> {
    scope: &'a Scope,
    out: Environment,
    pub problems: Vec<(Problem, Span)>,
}

impl<'a> Collector<'a> {
    pub(super) fn new(scope: &'a Scope) -> Self {
        Self { scope, out: Environment::default(), problems: Vec::new() }
    }

    fn set(&mut self, mut var: EnvVar) {
        let Environment { vars, index } = &mut self.out;
        if let Some(old) = index.get(&var.key).and_then(|i| vars.get_mut(*i)) {
            var.beaten = std::mem::take(&mut old.beaten);
            let text = old.value.as_ref().map_or("".into(), |v| v.sourced.text.clone());
            var.beaten.push((old.set_by, old.key_span, text));
            *old = var;
        } else {
            index.insert(var.key.clone(), vars.len());
            vars.push(var);
        }
    }

    /// An env file's lines. `$` in them reads the project's variables first, then the service's `environment`, then the lines
    /// above in the same file.
    pub(super) fn env_file(
        &mut self,
        text: &EnvText,
        literals: &[Option<Rc<Value>>],
        own: &HashMap<Rc<str>, (Value, Setter)>,
    ) {
        let expands = text.lines.iter().any(|l| l.expands && l.value.as_ref().is_some_and(|v| v.text.contains('$')));
        let mut above = if expands { own.clone() } else { HashMap::default() };
        self.out.vars.reserve(text.lines.len());
        self.out.index.reserve(text.lines.len());
        for (line, literal) in text.lines.iter().zip(literals) {
            let value = match literal {
                Some(value) => value.clone(),
                None => match self.expand(line, &above) {
                    Some(value) => value,
                    None => continue,
                },
            };
            if expands {
                above.insert(line.key.clone(), ((*value).clone(), Setter::Line(line.key_span)));
            }
            self.set(EnvVar {
                key: line.key.clone(),
                key_span: line.key_span,
                value: Some(value),
                set_by: SetBy::EnvFile { file: text.file, line: line.span },
                beaten: Vec::new(),
            });
        }
    }

    fn expand(&mut self, line: &Line, above: &HashMap<Rc<str>, (Value, Setter)>) -> Option<Rc<Value>> {
        let Some(raw) = &line.value else {
            let bound = self.scope.get(&line.key)?;
            return Some(Rc::new(Value::literal(bound.value)));
        };
        match interpolate(raw, &Layered { first: self.scope, then: above }) {
            Ok(value) => {
                self.problems.extend(value.problems.iter().map(|p| (p.clone(), line.span)));
                Some(Rc::new(value))
            }
            Err(problem) => {
                self.problems.push((problem, line.span));
                None
            }
        }
    }

    /// The `environment` mapping (list form already turned into one).
    pub(super) fn environment(&mut self, value: &V) {
        for entry in value.entries() {
            let text = self.own_value(&entry.key, &entry.value);
            self.set(EnvVar {
                key: entry.key.clone(),
                key_span: entry.key_span,
                value: text,
                set_by: SetBy::Environment { at: entry.value.at, entry: entry.key_span.to(entry.value.span) },
                beaten: Vec::new(),
            });
        }
    }

    /// What an entry of `environment` says; a null takes the project's variable of that name.
    pub(super) fn own_value(&self, key: &str, value: &V) -> Option<Rc<Value>> {
        use super::value::Data;
        match &value.data {
            Data::Str(text) => Some(text.clone()),
            Data::Null => self.scope.get(key).map(|bound| Rc::new(Value::literal(bound.value))),
            // `15432` stands in the file as it is taken; `0x10` and `1e3` don't.
            Data::Int(_) => value.shown().map(|text| {
                let digits = text.bytes().all(|b| b.is_ascii_digit()) && text.len() < 10;
                let same = digits && value.span.range().len() == text.len();
                let sourced =
                    if same { Sourced::verbatim(&text, value.span) } else { Sourced::derived(&text, value.span) };
                Rc::new(Value::literal(Rc::new(sourced)))
            }),
            _ => value.shown().map(|text| Rc::new(Value::literal(Rc::new(Sourced::derived(&text, value.span))))),
        }
    }

    pub(super) fn finish(self) -> Environment {
        self.out
    }
}

/// The values of lines that need nothing put in, made once for all services that read the file.
pub(super) fn literals(text: &EnvText) -> Vec<Option<Rc<Value>>> {
    text.lines
        .iter()
        .map(|line| {
            let raw = line.value.as_ref()?;
            (!line.expands || !raw.text.contains('$')).then(|| Rc::new(Value::literal(raw.clone())))
        })
        .collect()
}
