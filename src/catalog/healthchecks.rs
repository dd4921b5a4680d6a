//! How a server is asked whether it takes connections, by a program of its own image.

use super::images::Image;
use super::table::{column, rows};

const TABLE: &str = include_str!("healthchecks.txt");

/// The `healthcheck.test` that an image can run, as YAML in one line; `None` where no program of it is known to make one.
pub fn healthcheck(image: &Image) -> Option<&'static str> {
    let made = rows(TABLE).find(|(_, row)| image.tools.contains(&column(row, 0)));
    made.map(|(_, row)| column(&row, 1))
}

#[cfg(test)]
mod tests {
    use super::super::images::images;
    use super::super::table::misplaced;
    use super::*;

    #[test]
    fn every_line_has_the_form() {
        for (line, row) in rows(TABLE) {
            assert_eq!(row.len(), 3, "healthchecks.txt:{line}: program | test | source");
            let (program, test) = (column(&row, 0), column(&row, 1));
            assert!(images().any(|i| i.tools.contains(&program)), "healthchecks.txt:{line}: no image has {program}");
            assert!(test.starts_with("[\"CMD") && test.contains(program), "healthchecks.txt:{line}: {test}");
            assert!(column(&row, 2).starts_with("https://"), "healthchecks.txt:{line}: no source");
        }
        assert_eq!(misplaced(TABLE), Vec::<usize>::new());
    }
}
