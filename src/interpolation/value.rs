//! A template's value.

use std::rc::Rc;

use super::scope::Setter;
use crate::source::{Builder, Sourced, Span, slice};
use crate::template::{self, Operator, Part, Variable};

/// Where variables come from.
pub trait Lookup {
    /// A variable's value and who set it; `None` where it is unset.
    fn lookup(&self, name: &str) -> Option<(Rc<Sourced>, Setter)>;

    /// Whether a file that is not there may set a variable, so that "unset" is not certain.
    fn uncertain(&self, name: &str, has_default: bool) -> bool;

    /// Pays for a value that is put in; false where all of them together grew beyond any sense (`A=$B$B`, `B=$C$C` ...).
    fn pay(&self, value: &Sourced) -> bool;
}

/// Where a variable that a template names got its value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReadFrom {
    Set(Setter),
    /// The template's own default (or its alternative).
    Default,
    /// Nothing sets it: it is empty.
    Unset,
}

/// One `${...}` of a template.
#[derive(Clone, PartialEq, Debug)]
pub struct Read {
    pub name: Rc<str>,
    /// The whole `${...}` where a file says it in its own bytes.
    pub span: Option<Span>,
    pub from: ReadFrom,
}

/// A text with its variables put in.
#[derive(Clone, PartialEq, Debug)]
pub struct Value {
    pub sourced: Rc<Sourced>,
    pub reads: Vec<Read>,
    /// Variables that are unset and have no default: Compose warns of each.
    pub problems: Vec<Problem>,
    /// A variable in it may be set by a file that is not there, so the text is not certain.
    pub uncertain: bool,
}

impl Value {
    /// A text that needs nothing put in.
    pub fn literal(sourced: Rc<Sourced>) -> Self {
        Self { sourced, reads: Vec::new(), problems: Vec::new(), uncertain: false }
    }

    pub fn text(&self) -> &str {
        &self.sourced.text
    }

    /// Whether the text is what the container gets: no variable in it is unset, nor may be set by a file that is not there.
    pub fn settled(&self) -> bool {
        !self.uncertain && self.problems.is_empty()
    }
}

/// What is wrong with a template.
#[derive(Clone, PartialEq, Debug)]
pub enum Problem {
    /// No valid template, or one that grows without end: Compose rejects the project, or dies of it. The span is that of the `$`.
    Invalid { span: Option<Span> },
    /// `${NAME:?message}` and NAME is not set: Compose rejects the project.
    /// `uncertain`: a file that is not there may set it.
    Required { name: Rc<str>, message: Rc<str>, span: Option<Span>, uncertain: bool },
    /// NAME is not set and stands for nothing.
    Unset { name: Rc<str>, span: Option<Span>, uncertain: bool },
}

/// Puts variables into a text. A text without `$` comes back as it is.
pub fn interpolate(text: &Rc<Sourced>, scope: &dyn Lookup) -> Result<Value, Problem> {
    if !text.text.contains('$') {
        return Ok(Value::literal(text.clone()));
    }
    let parts = template::parse(&text.text)
        .map_err(|invalid| Problem::Invalid { span: text.first(invalid.at..invalid.at + 1) })?;
    let mut run = Run { text, scope, reads: Vec::new(), problems: Vec::new(), uncertain: false };
    let mut out = Builder::default();
    run.parts(&parts, &mut out)?;
    if out.text().is_empty() {
        // An empty value still has a place: where its template stands.
        let place = text.first(0..text.text.len());
        out.push("", place, false);
    }
    let Run { reads, problems, uncertain, .. } = run;
    Ok(Value { sourced: Rc::new(out.build()), reads, problems, uncertain })
}

struct Run<'a> {
    text: &'a Sourced,
    scope: &'a dyn Lookup,
    reads: Vec<Read>,
    problems: Vec<Problem>,
    uncertain: bool,
}

impl Run<'_> {
    fn parts(&mut self, parts: &[Part], out: &mut Builder) -> Result<(), Problem> {
        for part in parts {
            match part {
                Part::Literal(range) => out.append(&self.text.part(range.clone())),
                Part::Dollar(range) => out.push("$", self.text.first(range.clone()), false),
                Part::Variable(variable) => self.variable(variable, out)?,
            }
        }
        Ok(())
    }

    fn variable(&mut self, variable: &Variable, out: &mut Builder) -> Result<(), Problem> {
        let name: Rc<str> = slice(&self.text.text, variable.name.clone()).into();
        let span = self.text.exact(variable.whole.clone()).or_else(|| self.text.first(variable.whole.clone()));
        let set = self.scope.lookup(&name);
        let (operator, argument) = match &variable.operation {
            None => (None, None),
            Some((operator, argument)) => {
                // Compose puts the argument's own variables in whether it is needed or not.
                let mut built = Builder::default();
                let before = self.reads.len();
                self.parts(argument, &mut built)?;
                let inner = self.reads.split_off(before);
                (Some(*operator), Some((built, inner)))
            }
        };
        let filled = set.as_ref().is_some_and(|(v, _)| !v.text.is_empty());
        let take_argument = match operator {
            None => false,
            Some(Operator::DefaultIfEmpty | Operator::RequiredNonEmpty) => !filled,
            Some(Operator::DefaultIfUnset | Operator::Required) => set.is_none(),
            Some(Operator::AlternativeIfNonEmpty) => filled,
            Some(Operator::AlternativeIfSet) => set.is_some(),
        };
        let has_default = !matches!(operator, None | Some(Operator::Required | Operator::RequiredNonEmpty));
        let uncertain = set.is_none() && self.scope.uncertain(&name, has_default);
        self.uncertain |= uncertain;
        let from = match (&set, operator) {
            (_, Some(Operator::Required | Operator::RequiredNonEmpty)) if take_argument => {
                let message = argument.map_or_else(String::new, |(b, _)| b.text().to_owned());
                return Err(Problem::Required { name, message: message.into(), span, uncertain });
            }
            (_, Some(_)) if take_argument => {
                if let Some((built, inner)) = argument {
                    out.append(&built.build());
                    self.reads.extend(inner);
                }
                ReadFrom::Default
            }
            (_, Some(Operator::AlternativeIfNonEmpty | Operator::AlternativeIfSet)) => ReadFrom::Unset,
            (Some((value, setter)), _) => {
                if !self.scope.pay(value) {
                    return Err(Problem::Invalid { span });
                }
                out.append(value);
                ReadFrom::Set(*setter)
            }
            (None, None) => {
                self.problems.push(Problem::Unset { name: name.clone(), span, uncertain });
                ReadFrom::Unset
            }
            (None, Some(_)) => ReadFrom::Unset,
        };
        self.reads.push(Read { name, span, from });
        Ok(())
    }
}
