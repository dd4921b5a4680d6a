//! What dockline says: findings with places, fixes as edits, and text in two languages. Knows no rule and no Compose.

mod finding;
mod markup;
mod nearest;
mod scrub;
mod secret;
mod text;

pub use finding::{
    Applicability, Category, Creation, Finding, Fix, Gap, Override, OverrideService, Place, Related, Severity,
    Strategy, fingerprint,
};
pub use markup::markup;
pub use nearest::nearest;
pub use scrub::Scrub;
pub use secret::{
    MASK, argument_ranges, covered, guards, is_credential, is_secret, line_ranges, mask, names_argument, shown, signs,
    user_ranges,
};
pub use text::{Lang, Text};
