//! Findings to text. Knows no rule.

pub mod ci;
mod concise;
mod human;
mod json;
mod range;
mod terminal;

pub use concise::{brief, concise};
pub use human::Human;
pub use json::{
    AddressJson, AdviceJson, FindingJson, GapJson, LintJson, PlaceJson, ProjectJson, Summary, TOOL, Tool, VERSION,
    document, finding, gap, page,
};
pub use range::{At, Range};
pub use terminal::tame;
