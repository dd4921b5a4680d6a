//! dockline
#![allow(dead_code, reason = "while it grows")]
pub mod catalog;
pub mod cli;
pub mod compose;
pub mod config;
pub mod diag;
pub mod dotenv;
pub mod explain;
pub mod interpolation;
pub mod lint;
pub mod network;
pub mod remedy;
pub mod report;
pub mod rule;
pub mod rules;
pub mod source;
pub mod template;
pub mod view;
pub mod yaml;
