//! Facts of the user's own, from the configuration: lines of the tables' form, which stand before the tables' own.

use std::sync::OnceLock;

#[derive(Default)]
struct Own {
    images: Vec<&'static str>,
    variables: Vec<&'static str>,
}

static OWN: OnceLock<Own> = OnceLock::new();

/// Adds lines to the tables. Counts once, before anything is looked up: the tables are read one time in a run.
pub fn add(images: Vec<String>, variables: Vec<String>) {
    let keep = |lines: Vec<String>| lines.into_iter().map(|line| &*line.leak()).collect();
    let _ = OWN.set(Own { images: keep(images), variables: keep(variables) });
}

pub(super) fn images() -> impl Iterator<Item = (usize, &'static str)> {
    lines(|own| &own.images)
}

pub(super) fn variables() -> impl Iterator<Item = (usize, &'static str)> {
    lines(|own| &own.variables)
}

/// The lines, with the number 0: they stand in no table.
fn lines(of: fn(&Own) -> &Vec<&'static str>) -> impl Iterator<Item = (usize, &'static str)> {
    OWN.get().map(of).into_iter().flatten().map(|line| (0, *line))
}
