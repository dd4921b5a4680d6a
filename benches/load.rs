//! What loading a project costs beside the bare parse of the same bytes, in one process:
//!
//! ```sh
//! cargo bench --bench load -- PROJECT_DIR
//! ```
//!
//! The bare parse runs the parser's events over the Compose file and does nothing with them. Prints medians in milliseconds and
//! their ratio.
#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::cast_precision_loss,
    reason = "a benchmark prints and may panic"
)]

use std::path::PathBuf;
use std::time::Instant;

use dockline::compose::{Selection, discover, load_found};
use dockline::network::{Facts, Survey};
use dockline::source::Files;
use foldhash::HashMap;

const RUNS: usize = 200;

fn median(mut run: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times.get(RUNS / 2).copied().unwrap_or(0.0)
}

fn main() {
    let dir = std::env::args().skip(1).find(|a| !a.starts_with('-'));
    let dir = dir.map_or_else(|| PathBuf::from("fixtures/seeds/dify"), PathBuf::from);
    let dir = dir.canonicalize().expect("the project's folder");
    let process = HashMap::default();
    let find = |files: &mut Files| {
        let selection = Selection { paths: vec![dir.clone()], ..Selection::default() };
        discover(files, &selection, &process).0
    };
    let found = find(&mut Files::new(dir.clone()));
    let first = found.first().expect("a project in the folder");
    let texts: Vec<String> =
        first.request.files.iter().map(|f| std::fs::read_to_string(f).expect("a Compose file")).collect();
    let bytes: usize = texts.iter().map(String::len).sum();
    let bare = median(|| {
        for text in &texts {
            let events = granit_parser::Parser::new_from_str(text).map_while(Result::ok).count();
            assert!(events > 0, "the parser gives events");
        }
    });
    let load = median(|| {
        let project = load_found(&mut Files::new(dir.clone()), first, &process);
        assert!(!project.services.is_empty(), "the project has services");
    });
    let project = load_found(&mut Files::new(dir.clone()), first, &process);
    let facts = Facts::default();
    let survey = median(|| {
        let survey = Survey::new(&project, &facts);
        assert!(survey.net.nodes.len() == project.services.len(), "every service is surveyed");
    });
    println!(
        "{}: {bytes} bytes of Compose files, {} services, medians of {RUNS}",
        dir.display(),
        project.services.len()
    );
    println!("bare parse  {bare:.2} ms");
    println!("load        {load:.2} ms  {:.1} times the bare parse", load / bare);
    println!("survey      {survey:.2} ms");
}
