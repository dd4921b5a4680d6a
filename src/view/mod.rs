//! The survey and the environment as JSON and as tables for people.

mod environment;
mod survey;
mod table;

pub use environment::{environment_json, environment_table};
pub use survey::{survey_json, survey_table};
pub use table::{Table, width};

pub use environment::Wanted;
pub use survey::verdict_words;
