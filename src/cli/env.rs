//! `dockline env [PATH] [SERVICE [VARIABLE]]`

use std::path::PathBuf;

use super::args::{DataFormat, Env};
use super::session::{self, Failure, Session};
use crate::diag::nearest;
use crate::text;
use crate::view::{Wanted, environment_json, environment_table};

pub(super) fn run(session: &mut Session, args: &Env) -> Result<u8, Failure> {
    let mut words = args.words.clone();
    let first_is_path = words.first().is_some_and(|w| w == "." || w.contains('/') || std::path::Path::new(w).is_dir());
    let paths: Vec<PathBuf> = if first_is_path { vec![PathBuf::from(words.remove(0))] } else { Vec::new() };
    let (project, status) = super::one_project(session, &args.project, &paths)?;
    let mut words = words.into_iter();
    let wanted = Wanted { service: words.next(), variable: words.next(), secrets: args.show_secrets };
    if let Some(name) = &wanted.service
        && project.service(name).is_none()
    {
        let known: Vec<&str> = project.services.iter().map(|s| &*s.name).collect();
        let known = known.join(", ");
        return Err(Failure::new(text!("no service `{name}`", "没有服务 `{name}`"))
            .hint(text!("there are {known}", "有这些服务：{known}")));
    }
    if let (Some(service), Some(variable)) = (&wanted.service, &wanted.variable)
        && let Some(found) = project.services.iter().find(|s| *service == *s.name)
        && !found.environment.iter().any(|v| *variable == *v.key)
    {
        let known: Vec<&str> = found.environment.iter().map(|v| &*v.key).collect();
        let hint = nearest(variable, &known).map_or_else(
            || text!("all of them: dockline env {service}", "全部变量：dockline env {service}"),
            |near| text!("`{near}` may be meant", "是不是 `{near}`？"),
        );
        return Err(Failure::new(text!(
            "`{service}` has no variable `{variable}`",
            "`{service}` 没有变量 `{variable}`"
        ))
        .hint(hint));
    }
    let out = match args.format {
        DataFormat::Json => environment_json(&session.files, &project, &wanted),
        DataFormat::Human => environment_table(&session.files, &project, &wanted, session.lang),
    };
    session::print(&out);
    Ok(status)
}
