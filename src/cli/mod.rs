//! The commands: the command line to options, the outcome to text and an exit status.

mod add;
pub mod args;
mod bundle;
mod calls;
mod completions;
mod config;
mod doctor;
mod env;
mod explain;
mod fix;
mod help;
mod host;
mod lint;
mod man;
mod new;
mod onto;
mod reach;
mod rules;
mod session;
mod settings;

use std::path::PathBuf;

use clap::{CommandFactory as _, Parser as _};

use crate::compose::Project;
use args::{Cli, Command};
use session::{Failure, Search, Session};

/// Runs the command line of this process; the answer is the exit status.
pub fn main() -> u8 {
    if let Some(status) = doctor::inside() {
        return status;
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            refuse(&error);
            return if error.use_stderr() { session::FAILED } else { session::OK };
        }
    };
    let mut session = match Session::new(&cli.global) {
        Ok(session) => session,
        Err(failure) => {
            session::complain(crate::diag::Lang::En, &failure);
            return session::FAILED;
        }
    };
    let outcome = match &cli.command {
        Command::Env(args) => env::run(&mut session, args),
        Command::Config(args) => config::run(&mut session, args),
        Command::Reach(args) => reach::run(&mut session, args),
        Command::Lint(args) => lint::run(&mut session, args),
        Command::Fix(args) => fix::run(&mut session, args),
        Command::Rules(args) => Ok(rules::run(&session, args)),
        Command::Explain(args) => explain::run(&mut session, args),
        Command::Completions(args) => Ok(completions::run(&session, args)),
        Command::Man(args) => man::run(&session, args),
        Command::New(args) => new::run(&mut session, args),
        Command::Add(args) => add::run(&mut session, args),
        Command::Doctor(args) => doctor::run(&mut session, args),
    };
    outcome.unwrap_or_else(|failure| {
        session::complain(session.lang, &failure);
        session::FAILED
    })
}

/// Prints help, the version, or what is wrong with the command line.
fn refuse(error: &clap::Error) {
    use clap::error::ErrorKind as K;
    let words: Vec<std::ffi::OsString> = std::env::args_os().collect();
    if session::lang_of_words(&words) == crate::diag::Lang::Zh {
        if matches!(error.kind(), K::DisplayHelp | K::DisplayHelpOnMissingArgumentOrSubcommand) {
            if let Err(help) = help::chinese(Cli::command()).try_get_matches_from(&words) {
                let _ = help.print();
                return;
            }
        } else if let Some(complaint) = help::complaint(error) {
            session::aside(&complaint);
            return;
        }
    }
    let _ = error.print();
}

/// Loads the one project that a command is about. The status is 1 where Compose would reject it.
fn one_project(session: &mut Session, args: &args::Project, paths: &[PathBuf]) -> Result<(Project, u8), Failure> {
    let (found, missed) = session.find(args, Search { paths, ..Search::default() })?;
    let Some(first) = found.first() else {
        let none = || Failure::new(crate::text!("no project", "没有项目"));
        return Err(missed.into_iter().next().unwrap_or_else(none));
    };
    let project = session.load(first);
    if let Some((name, error)) = project.failures.first() {
        return Err(session::unreadable(name, error));
    }
    let status = if project.rejected() { session::FINDINGS } else { session::OK };
    Ok((project, status))
}
