//! Findings to text. Knows no rule.

mod range;

pub use range::{At, Range};
