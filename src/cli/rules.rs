//! `dockline rules`

use super::args::{DataFormat, Rules};
use super::session::{self, Session};
use crate::report;
use crate::rules;
use crate::view::Table;

#[derive(serde::Serialize)]
struct Document {
    version: u32,
    rules: Vec<Row>,
}

#[derive(serde::Serialize)]
struct Row {
    id: &'static str,
    category: &'static str,
    set: &'static str,
    severity: &'static str,
    fix: &'static str,
    causes: &'static [&'static str],
    title: &'static str,
    url: String,
}

pub(super) fn run(session: &Session, args: &Rules) -> u8 {
    match args.format {
        DataFormat::Json => {
            let lang = session.machine_lang();
            let rules = rules::ALL.iter().map(|rule| Row {
                id: rule.id,
                category: rule.category.name(),
                set: rule.set.name(),
                severity: rule.severity.name(),
                fix: rule.fix.name(),
                causes: rule.causes,
                title: rule.title.get(lang),
                url: report::page(rule.id, lang),
            });
            session::print(&report::document(&Document { version: report::VERSION, rules: rules.collect() }));
        }
        DataFormat::Human => {
            let mut table = Table::default();
            for rule in rules::ALL {
                let cells = [
                    rule.id,
                    rule.category.name(),
                    rule.set.name(),
                    rule.severity.name(),
                    rule.title.get(session.lang),
                ];
                table.row(cells.map(str::to_owned));
            }
            session::print(&table.render(0));
        }
    }
    session::OK
}
