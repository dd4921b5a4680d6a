//! `dockline reach` as a picture: services in their networks, the host, the outside, and who reaches whom.

mod bundle;
mod graph;
mod html;
mod layout;
mod mermaid;
mod svg;

pub use html::{Running, Told, running_html, survey_html};
pub use mermaid::survey_mermaid;
