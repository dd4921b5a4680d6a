//! Env files that are not there: because git leaves them out, or because the person has yet to copy the example.

use std::path::{Path, PathBuf};

/// The example beside a missing env file, by the names that projects use.
pub(super) fn example(path: &Path) -> Option<PathBuf> {
    let folder = path.parent()?;
    let name = path.file_name()?.to_str()?;
    let bare = name.trim_start_matches('.');
    let candidates = [
        format!("{name}.example"),
        format!("{name}.sample"),
        format!("{name}.template"),
        format!("{name}.dist"),
        format!("{name}.default"),
        format!("{name}_example"),
        format!("{name}-example"),
        format!("example.{bare}"),
        format!("sample.{bare}"),
        format!(".example.{bare}"),
        format!("{bare}.example"),
        format!("{bare}.sample"),
        format!("{bare}.template"),
        format!("{bare}-example"),
    ];
    candidates.iter().map(|c| folder.join(c)).find(|p| p.is_file())
}

/// Whether git ignores a path, by the `.gitignore` files from its folder up to the repository's root.
pub(super) fn ignored(path: &Path) -> bool {
    let mut folder = path.parent();
    while let Some(dir) = folder {
        let file = dir.join(".gitignore");
        if file.is_file() {
            let mut builder = ignore::gitignore::GitignoreBuilder::new(dir);
            builder.add(&file);
            if let Ok(rules) = builder.build() {
                let matched = rules.matched_path_or_any_parents(path, false);
                if !matched.is_none() {
                    return matched.is_ignore();
                }
            }
        }
        if dir.join(".git").exists() {
            return false;
        }
        folder = dir.parent();
    }
    false
}
