//! What the fuzzers found must stay mended, and must not come back in what is near it.
#![allow(
    unreachable_pub,
    clippy::indexing_slicing,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test may panic, and says which input it is at"
)]

#[path = "fuzz/checks.rs"]
mod checks;

use std::path::Path;

#[test]
fn what_was_found_stays_mended() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/found");
    let mut count = 0;
    for (target, check) in checks::ALL {
        let Ok(inputs) = std::fs::read_dir(root.join(target)) else { continue };
        for input in inputs {
            let path = input.expect("an entry").path();
            println!("{}", path.display());
            check(&std::fs::read(&path).expect("an input"));
            count += 1;
        }
    }
    assert!(count > 0, "no inputs under {}", root.display());
}

/// Each seed cut off at every tenth byte: what an editor leaves when it is saved too early.
#[test]
fn a_file_that_is_cut_off_anywhere_is_read() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/rules");
    let mut texts = Vec::new();
    for rule in std::fs::read_dir(root).expect("fixtures").flatten() {
        let Some(case) = std::fs::read_dir(rule.path()).into_iter().flatten().flatten().next() else { continue };
        texts.extend(std::fs::read(case.path().join("compose.yaml")));
    }
    assert!(texts.len() > 20, "{} seeds", texts.len());
    for text in texts {
        for end in (0..text.len()).step_by(23) {
            checks::yaml_text(&text[..end]);
            checks::env_text(&text[..end]);
            checks::project(&text[..end]);
        }
    }
}
