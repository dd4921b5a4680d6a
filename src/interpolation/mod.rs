//! Who sets a variable, and what a text becomes when its variables are put in: with the origin of every byte.

mod scope;
mod value;

pub use scope::{Binding, Layered, Missing, Scope, Setter};
pub use value::{Lookup, Problem, Read, ReadFrom, Value, interpolate};
