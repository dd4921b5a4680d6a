//! Unified diffs that `patch` and `git apply` take.

use similar::TextDiff;

/// The unified diff from `old` to `new`, with `a/NAME` and `b/NAME` heads; `old` is `None` for a file that is created.
/// `context` is the number of unchanged lines shown around each change.
pub fn unified(name: &str, old: Option<&str>, new: &str, context: usize) -> String {
    let from = if old.is_some() { format!("a/{name}") } else { "/dev/null".to_owned() };
    TextDiff::from_lines(old.unwrap_or(""), new)
        .unified_diff()
        .context_radius(context)
        .header(&from, &format!("b/{name}"))
        .to_string()
}
