//! `.env` files as Compose reads them (package `dotenv` of compose-go), with spans; and `format: raw` files as `docker run
//! --env-file` reads them. Values are not yet interpolated.

mod edit;
mod parse;
mod raw;

pub use edit::{insert_line, replace_part};
pub use parse::{EnvText, Fault, FaultKind, Line, Quote, parse};
pub use raw::parse_raw;
