//! The fuzzer. `TARGET` in the environment says which of `tests/fuzz/checks.rs`; `fuzz/run` builds and starts it.
#![no_main]

#[path = "../tests/fuzz/checks.rs"]
mod checks;

use std::sync::OnceLock;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    static CHECK: OnceLock<checks::Check> = OnceLock::new();
    let check = CHECK.get_or_init(|| {
        let wanted = std::env::var("TARGET").unwrap_or_default();
        let known = checks::ALL.into_iter().find(|(name, _)| *name == wanted);
        known.unwrap_or_else(|| panic!("TARGET={wanted:?} is none of {:?}", checks::ALL.map(|(name, _)| name))).1
    });
    check(bytes);
});
