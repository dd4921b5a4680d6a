//! Facts about images, variables and applications: tables that a contributor extends by one line, and their lookup. Facts
//! carry their source; nothing here is judged.

mod apps;
mod errors;
mod images;
mod privileges;
mod reference;
mod secrets;
mod table;
mod variables;

pub use apps::{App, app, apps};
pub use errors::{Layer, Says, Signature, Symptom, signatures};
pub use images::{Auth, Image, ImageKind, Ports, image, images};
pub use privileges::{Privilege, Reach, Sort, privilege};
pub use reference::{Reference, names_version, pinned};
pub use secrets::{KnownSecret, known_secret};
pub use table::fits;
pub use variables::{Audience, PathRule, SchemeRule, Variable, variable, variables};
