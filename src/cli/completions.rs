//! `dockline completions SHELL`

use clap::builder::PossibleValuesParser;

use super::args::Completions;
use super::help;
use super::session::{self, Session};
use crate::diag::Strategy;
use crate::network::Platform;
use crate::rule::RuleSet;
use crate::rules;
use crate::stacks::Target;

pub(super) fn run(session: &Session, args: &Completions) -> u8 {
    let mut command = help::command(session.lang).mut_subcommands(named);
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "dockline", &mut script);
    session::print(&String::from_utf8_lossy(&script));
    session::OK
}

/// A command whose options know the names that they take: a shell offers what the parser itself leaves open for a better complaint.
fn named(command: clap::Command) -> clap::Command {
    let verb = command.get_name().to_owned();
    command.mut_args(|arg| {
        let names: Vec<&'static str> = match (verb.as_str(), arg.get_id().as_str()) {
            (_, "select" | "ignore") => rules::names(),
            (_, "rules") => RuleSet::ALL.into_iter().map(RuleSet::name).chain(["all"]).collect(),
            ("new", "engine") => Target::ALL.into_iter().map(Target::word).collect(),
            (_, "platform") => Platform::ALL.into_iter().map(Platform::name).collect(),
            ("fix", "to") => std::iter::once("auto").chain(Strategy::CHOICES.into_iter().map(Strategy::name)).collect(),
            _ => return arg,
        };
        arg.value_parser(PossibleValuesParser::new(names)).hide_possible_values(true)
    })
}
