//! Precedence, in one place: the process environment, then the env files of the project, the later over the earlier.

use foldhash::{HashMap, HashSet};
use std::cell::Cell;
use std::rc::Rc;

use super::value::{Lookup, Problem, Value, interpolate};
use crate::dotenv::EnvText;
use crate::source::{Piece, Sourced, Span};

/// Who sets a variable.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Setter {
    /// The environment that the command was started with.
    Process,
    /// A line of an env file: the span of its name.
    Line(Span),
    /// Compose itself (`COMPOSE_PROJECT_NAME`).
    Compose,
}

/// A variable's value and who set it.
#[derive(Clone, Debug)]
pub struct Binding {
    pub value: Rc<Sourced>,
    pub setter: Setter,
    /// Lines that would have set it and did not win, the latest last.
    pub beaten: Vec<Span>,
}

/// The variables that a Compose file may name.
#[derive(Debug, Default)]
pub struct Scope {
    process: HashMap<String, String>,
    bound: HashMap<Rc<str>, Binding>,
    order: Vec<Rc<str>>,
    /// Names that an including project set, which no file may set again.
    inherited: HashSet<Rc<str>>,
    /// What an env file that is not there would set.
    missing: Vec<Missing>,
    /// What was put into templates so far, in bytes of memory; shared with the scopes of included files.
    spent: Rc<Cell<usize>>,
}

/// More than this is no project but an attack: the kernel takes no variable above 128 KiB.
const BUDGET: usize = 32 << 20;

/// What is known of an env file that is not there.
#[derive(Clone, Debug)]
pub enum Missing {
    /// Its example is: it will set these.
    Names(HashSet<Rc<str>>),
    /// Nothing: it may set whatever a template can't do without.
    Anything,
}

impl Scope {
    pub fn new(process: HashMap<String, String>) -> Self {
        Self { process, ..Self::default() }
    }

    /// Adds an env file's lines, each expanded by what stands before it. Problems come with the span of their line.
    pub fn add_file(&mut self, text: &EnvText) -> Vec<(Problem, Span)> {
        let mut problems = Vec::new();
        for line in &text.lines {
            let value = match &line.value {
                None => match self.process.get(&*line.key) {
                    Some(value) => Rc::new(Sourced::unsourced(value)),
                    None => continue,
                },
                Some(raw) if line.expands && raw.text.contains('$') => match interpolate(raw, self) {
                    Ok(value) => {
                        problems.extend(value.problems.iter().map(|p| (p.clone(), line.span)));
                        value.sourced
                    }
                    Err(problem) => {
                        problems.push((problem, line.span));
                        continue;
                    }
                },
                Some(raw) => raw.clone(),
            };
            self.bind(line.key.clone(), value, Setter::Line(line.key_span));
        }
        problems
    }

    /// Says that an env file which belongs to the project is not there.
    pub fn add_missing(&mut self, missing: Missing) {
        self.missing.push(missing);
    }

    /// Whether a file that is not there may set a variable that is unset now.
    pub fn uncertain_about(&self, name: &str) -> bool {
        self.get(name).is_none() && self.uncertain(name, true)
    }

    /// Sets a variable that neither the process nor a file sets.
    pub fn set_default(&mut self, key: &str, value: &str) {
        if self.get(key).is_none() {
            self.bind(key.into(), Rc::new(Sourced::unsourced(value)), Setter::Compose);
        }
    }

    fn bind(&mut self, key: Rc<str>, value: Rc<Sourced>, setter: Setter) {
        if self.inherited.contains(&key) {
            return;
        }
        let beaten = if let Some(mut old) = self.bound.remove(&key) {
            if let Setter::Line(span) = old.setter {
                old.beaten.push(span);
            }
            old.beaten
        } else {
            self.order.push(key.clone());
            Vec::new()
        };
        self.bound.insert(key, Binding { value, setter, beaten });
    }

    /// The value of a variable; the process environment wins over every file.
    pub fn get(&self, key: &str) -> Option<Binding> {
        let bound = self.bound.get(key);
        match self.process.get(key) {
            Some(value) => {
                let mut beaten = bound.map_or(Vec::new(), |b| b.beaten.clone());
                if let Some(Setter::Line(span)) = bound.map(|b| b.setter) {
                    beaten.push(span);
                }
                Some(Binding { value: Rc::new(Sourced::unsourced(value)), setter: Setter::Process, beaten })
            }
            None => bound.cloned(),
        }
    }

    /// A scope for a file that this one's project includes: what is set here stays, the file's own env files add to it.
    #[must_use]
    pub fn child(&self) -> Self {
        let mut made = Self::new(self.process.clone());
        for (key, binding) in self.lines() {
            made.order.push(key.clone());
            made.bound.insert(key.clone(), binding.clone());
            made.inherited.insert(key.clone());
        }
        made.missing.clone_from(&self.missing);
        made.spent = self.spent.clone();
        made
    }

    /// What the files alone say, in the order of first appearance.
    pub fn lines(&self) -> impl Iterator<Item = (&Rc<str>, &Binding)> {
        self.order.iter().filter_map(|key| Some((key, self.bound.get(key)?)))
    }

    pub fn process(&self, key: &str) -> Option<&str> {
        self.process.get(key).map(String::as_str)
    }
}

impl Lookup for Scope {
    fn lookup(&self, name: &str) -> Option<(Rc<Sourced>, Setter)> {
        self.get(name).map(|b| (b.value, b.setter))
    }

    fn uncertain(&self, name: &str, has_default: bool) -> bool {
        self.missing.iter().any(|missing| match missing {
            Missing::Names(names) => names.contains(name),
            Missing::Anything => !has_default,
        })
    }

    fn pay(&self, value: &Sourced) -> bool {
        let price = value.text.len() + value.pieces.len() * size_of::<Piece>();
        self.spent.set(self.spent.get().saturating_add(price));
        self.spent.get() <= BUDGET
    }
}

/// A scope in front of another: for a service's env files, which see the project's variables first, then the lines before.
pub struct Layered<'a> {
    pub first: &'a Scope,
    pub then: &'a HashMap<Rc<str>, (Value, Setter)>,
}

impl Lookup for Layered<'_> {
    fn lookup(&self, name: &str) -> Option<(Rc<Sourced>, Setter)> {
        self.first.lookup(name).or_else(|| self.then.get(name).map(|(v, setter)| (v.sourced.clone(), *setter)))
    }

    fn uncertain(&self, name: &str, has_default: bool) -> bool {
        self.first.uncertain(name, has_default)
    }

    fn pay(&self, value: &Sourced) -> bool {
        self.first.pay(value)
    }
}
