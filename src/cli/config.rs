//! `dockline config [PATH]`

use super::args::{Config, ConfigFormat};
use super::session::{self, Failure, Session};
use crate::compose::{Notation, canonical};
use crate::text;
use crate::view::{config_json, config_origins, config_yaml};

pub(super) fn run(session: &mut Session, args: &Config) -> Result<u8, Failure> {
    let paths: Vec<_> = args.path.iter().cloned().collect();
    let (project, status) = super::one_project(session, &args.project, &paths)?;
    if status != session::OK {
        let again = session::again(&args.project, &paths);
        session::note(
            session.lang,
            &text!(
                "Compose would reject this project: dockline lint{again}",
                "Compose 会拒绝这个项目：dockline lint{again}"
            ),
        );
        return Ok(status);
    }
    let notation = match args.format {
        ConfigFormat::Yaml => Notation::Yaml,
        ConfigFormat::Json => Notation::Json,
    };
    let shown = canonical(&project, notation);
    session::print(&match args.format {
        _ if args.origins => config_origins(&session.files, &shown),
        ConfigFormat::Yaml => config_yaml(&shown),
        ConfigFormat::Json => config_json(&shown),
    });
    Ok(status)
}
