//! Running the rules over projects: findings sorted and told once, suppressed where asked, fixed where wanted.

mod advice;
mod baseline;
mod fix;
mod guard;
mod run;
mod setting;
mod suppress;

pub use advice::{Advice, advice};
pub use baseline::Baseline;
pub use fix::{Applied, FixOptions, Fixed, Skipped, Stale, fix};
pub use run::{Choice, Options, Outcome, ProjectInfo, Told, findings, lint};
pub use setting::Setting;
pub use suppress::{Ignore, is_date};
