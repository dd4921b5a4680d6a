//! From an error message to what it means, what to do, and the line of the project that causes it.

mod causes;
mod read;
mod target;
mod tie;

pub use causes::{CAUSES, Cause, cause, wider};
pub use read::{Match, read};
pub use target::{Target, target};
pub use tie::{finding_of, speaker, tie};
