//! What dockline says: findings with places, fixes as edits, and text in two languages. Knows no rule and no Compose.

mod finding;
mod secret;
mod text;

pub use finding::{
    Applicability, Category, Creation, Finding, Fix, Gap, Override, OverrideService, Place, Related, Severity,
    Strategy, fingerprint,
};
pub use secret::{MASK, covered, is_secret, line_ranges, mask, shown};
pub use text::{Lang, Text};
