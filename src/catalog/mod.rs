//! Facts about images, variables and applications: tables that a contributor extends by one line, and their lookup. Facts
//! carry their source; nothing here is judged.

mod apps;
mod credentials;
mod errors;
mod healthchecks;
mod images;
mod own;
mod privileges;
mod reference;
mod renames;
mod secrets;
mod stores;
mod table;
mod values;
mod variables;

pub use apps::{App, app, apps};
pub use credentials::{Credential, credentials};
pub use errors::{Layer, Says, Signature, Symptom, signatures};
pub use healthchecks::healthcheck;
pub use images::{Auth, Image, ImageKind, Ports, brings_no_healthcheck, image, images};
pub use own::add;
pub use privileges::{Privilege, Reach, Sort, privilege};
pub use reference::{Reference, Release, names_version, pinned};
pub use renames::{Login, Rename, rename};
pub use secrets::{KnownSecret, known_secret};
pub use stores::{Store, store};
pub use table::fits;
pub use values::{Form, Reading, reading};
pub use variables::{Audience, PathRule, SchemeRule, Variable, variable, variables};
