//! The Compose model: which files make a project, how they are merged, and what the services then are.

mod absent;
mod beside;
mod binds;
mod canonical;
mod consistency;
mod discover;
mod environment;
mod hosts;
mod load;
mod merge;
mod missing;
mod model;
mod mounts;
mod ports;
mod problem;
mod resolve;
mod resolved;
mod schema;
mod services;
mod used;
mod value;
mod volumes;
mod words;
mod written;

pub use absent::{Absent, Needed};
pub use binds::{Bind, Use, pulls};
pub use canonical::{Notation, Shown, ShownData, canonical};
pub use consistency::{Need, needs};
pub use discover::{Found, Nothing, Patterns, Selection, discover};
pub use environment::{EnvVar, Environment, SetBy};
pub use hosts::ExtraHost;
pub use load::{Request, default_name, load, load_found};
pub use model::{
    Attachment, Configured, Dependency, Healthcheck, Link, Mode, Mount, Network, Part, Project, Rest, Service,
    ServiceId, Subnet, Unread, Words,
};
pub use ports::{Port, fields};
pub use problem::{Defined, Problem, ProblemKind};
pub use resolved::flatten;
pub use schema::{Check, is_attribute};
pub use used::is_used;
pub use value::{Data, Entry, Map, NodeRef, V, Value};
pub use words::split as split_words;
pub use written::{collection, roots, services};
