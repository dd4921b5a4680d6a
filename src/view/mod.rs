//! The survey and the environment as JSON and as tables for people; the survey as a picture.

mod config;
mod environment;
mod picture;
mod survey;
mod table;

pub use config::{config_json, config_origins, config_yaml};
pub use environment::{Wanted, environment_json, environment_table};
pub use picture::{Running, Told, running_html, survey_html, survey_mermaid};
pub use survey::{reached_json, survey_json, survey_table, verdict_words};
pub use table::{Table, width};
