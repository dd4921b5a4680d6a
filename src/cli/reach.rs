//! `dockline reach`

use super::args::{DataFormat, Reach};
use super::session::{self, Failure, Session};
use crate::network::Survey;
use crate::report::document;
use crate::view::{survey_json, survey_table};

#[derive(serde::Serialize)]
struct Document {
    version: u32,
    endpoints: Vec<serde_json::Value>,
}

pub fn run(session: &mut Session, args: &Reach) -> Result<u8, Failure> {
    let paths: Vec<_> = args.path.iter().cloned().collect();
    let (project, mut status) = super::one_project(session, &args.project, &paths)?;
    let config = session.config(&args.project.host, &project.dir)?;
    let facts = session.facts(&args.project.host, &config)?;
    let survey = Survey::new(&project, &facts);
    let out = match args.format {
        DataFormat::Json => {
            let endpoints = survey_json(&session.files, &survey, 0, session.machine_lang());
            document(&Document { version: 1, endpoints })
        }
        DataFormat::Human => survey_table(&session.files, &survey, session.lang),
    };
    session::print(&out);
    if args.fail_on_broken && survey.endpoints.iter().any(|j| j.verdict.broken() && j.counts()) {
        status = session::FINDINGS;
    }
    Ok(status)
}
