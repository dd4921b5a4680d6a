//! dockline finds out why a container can't reach its model server, and what else is wrong with a Compose stack.
//!
//! ```text
//! paths ─discover─▶ texts ─parse─▶ trees ─load─▶ Project ─survey─▶ Survey ─check─▶ Findings ─▶ report
//!                                                                             └──▶ Fixes ─apply─▶ files
//! ```
//!
//! From the bottom up; a room imports only from the floors below it (`tests/layers.rs`):
//!
//! - [`source`]: files, byte spans, edits, atomic writes. [`diag`]: findings and fixes, [`diag::Text`] in two languages.
//!   [`template`]: `${A:-b}` in pieces.
//! - [`yaml`] and [`dotenv`]: text to trees with spans, and minimal edits. [`report`]: findings to text. [`config`]: `dockline.toml`.
//! - [`catalog`]: what is known of images, variables and error messages. [`interpolation`]: who sets a variable, and where a value came from.
//!   [`mounted`]: the settings in configuration files of programs.
//!   [`templates`] and [`stacks`]: what new projects are made of.
//! - [`compose`]: the project as Compose loads it.
//! - [`network`]: who reaches whom. [`engine`]: the live engine and the host.
//! - [`remedy`]: from a broken address to edits. [`view`]: the survey as tables. [`rule`]: what a rule is.
//! - [`rules`]: the rules, one file each.
//! - [`lint`]: all of it in a run, and the guard around every fix. [`explain`]: from an error message to its cause.
//!   [`doctor`]: what runs, judged.
//! - [`cli`]: the commands.
//!
//! The library is there for the project's own tests and promises no interface.

pub mod catalog;
pub mod cli;
pub mod compose;
pub mod config;
pub mod diag;
pub mod doctor;
pub mod dotenv;
pub mod engine;
pub mod explain;
pub mod interpolation;
pub mod lint;
pub mod mounted;
pub mod network;
pub mod remedy;
pub mod report;
pub mod rule;
pub mod rules;
pub mod source;
pub mod stacks;
pub mod template;
pub mod templates;
pub mod view;
pub mod yaml;
