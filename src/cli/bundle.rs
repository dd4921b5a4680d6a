//! `dockline doctor --report [FILE]`: what others need to help, in one Markdown file without secrets.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::session::Session;
use crate::compose::Project;
use crate::diag::{Scrub, Text, is_secret};
use crate::engine::{Container, Engine, Facts};
use crate::report::{TOOL, tame};
use crate::text;

/// How many lines of a log.
const LINES: u32 = 40;
/// No text of a file or a log has so many backticks in a row, or it is taken for one that has none.
const FENCE: &str = "``````";

/// A report, and what is in it in words.
pub(super) struct Bundle {
    pub text: String,
    pub summary: Text,
}

/// Puts it together: what doctor said, the containers, the project's files, the logs of `troubled` services.
pub(super) fn bundle(
    session: &Session,
    engine: &Engine,
    facts: &Facts,
    project: Option<&Project>,
    said: &str,
    troubled: &BTreeSet<&str>,
) -> Bundle {
    let lang = session.lang;
    let scrub = learnt(session, facts, project);
    let mut out = String::new();
    let mut block = |title: &str, kind: &str, text: &str| {
        let text = scrub.clean(text).replace(FENCE, "");
        let _ = write!(out, "\n## {}\n\n{FENCE}{kind}\n{}\n{FENCE}\n", scrub.clean(title), text.trim_end());
    };
    block("dockline doctor", "text", said);
    block(text!("Containers", "容器").get(lang), "text", &containers(facts));
    let files: Vec<_> = project.into_iter().flat_map(|p| p.files.iter().chain(&p.env_files)).collect();
    for id in &files {
        let file = session.files.get(**id);
        block(&tame(&file.name), "", &file.text);
    }
    let ids: Vec<&Container> = facts.containers.iter().filter(|c| troubled.contains(c.service.as_str())).collect();
    let logs = engine.logs(&ids.iter().map(|c| c.id.as_str()).collect::<Vec<_>>(), LINES);
    let logs: Vec<_> = ids.iter().zip(logs).filter(|(_, text)| !text.trim().is_empty()).collect();
    for (container, text) in &logs {
        let name = &container.name;
        let title = text!("The last lines of {name}", "{name} 的最后几行日志");
        let tamed = text.lines().map(tame).collect::<Vec<_>>().join("\n");
        block(title.get(lang), "text", &tamed);
    }
    let (about, system) = (&facts.about, format!("{}/{}", std::env::consts::OS, std::env::consts::ARCH));
    let head = format!("{} {}, {} {}, {system}", TOOL.name, TOOL.version, about.name, about.version);
    let (count, files, logs, secrets) = (facts.containers.len(), files.len(), logs.len(), scrub.count());
    let summary = text!(
        "what doctor found, the state of {count} containers, {files} files of the project, the last lines of {logs} containers; \
         {secrets} secrets and all that looks like one are taken out",
        "doctor 的诊断、{count} 个容器的状态、项目的 {files} 个文件、{logs} 个容器的最后几行日志；\
         {secrets} 个密钥和所有看起来像密钥的内容都已去掉"
    );
    let title = text!("A report of dockline", "dockline 报告");
    let text = format!("# {}\n\n{head}\n\n{}\n{out}", title.get(lang), summary.get(lang));
    Bundle { text, summary }
}

/// Every secret that the containers and the files hold.
fn learnt(session: &Session, facts: &Facts, project: Option<&Project>) -> Scrub {
    let mut pairs: Vec<(String, String)> = Vec::new();
    let mut open: BTreeSet<String> = BTreeSet::new();
    for container in &facts.containers {
        pairs.extend(container.environment.iter().cloned());
        let words = container.entrypoint.iter().chain(&container.command).chain(&container.health_test);
        pairs.push((String::new(), words.cloned().collect::<Vec<_>>().join(" ")));
        open.extend([container.service.clone(), container.name.clone(), container.hostname.clone()]);
        open.extend(container.image.split(['/', ':', '@']).map(str::to_owned));
    }
    for service in project.into_iter().flat_map(|p| &p.services) {
        open.insert(service.name.to_string());
        let variables = service.environment.iter();
        pairs.extend(variables.filter_map(|v| Some((v.key.to_string(), v.value.as_ref()?.text().to_owned()))));
    }
    for id in project.into_iter().flat_map(|p| &p.env_files) {
        pairs.extend(session.files.get(*id).text.lines().map(|line| {
            let (key, value) = crate::engine::pair(line.trim());
            (key, value.trim_matches(['"', '\'']).to_owned())
        }));
    }
    // What a variable that is no secret says is no secret elsewhere: the password `postgres` of the user `postgres`.
    open.extend(pairs.iter().filter(|(key, _)| !key.is_empty() && !is_secret(key)).map(|(_, value)| value.clone()));
    let mut scrub = Scrub::default();
    for (key, value) in &pairs {
        scrub.learn(key, value, &|value| open.contains(value) || matches!(value, "true" | "false" | "none" | "null"));
    }
    scrub
}

fn containers(facts: &Facts) -> String {
    let mut out = String::new();
    for c in &facts.containers {
        let (state, networks) =
            (&c.state, c.attached.iter().map(|a| a.network.as_str()).collect::<Vec<_>>().join(", "));
        let _ = writeln!(out, "{} ({})", c.name, c.image);
        let _ = write!(out, "  {}", state.status);
        if !c.running() {
            let _ = write!(out, ", exit {}", state.exit);
        }
        let _ = write!(out, ", {} restarts", state.restarts);
        if !state.health.is_empty() {
            let _ = write!(out, ", {}", state.health);
        }
        if state.oom_killed {
            out.push_str(", killed for memory");
        }
        let networks = if networks.is_empty() { &c.mode } else { &networks };
        let _ = writeln!(out, "\n  networks {networks}");
        if !c.extra_hosts.is_empty() {
            let _ = writeln!(out, "  extra_hosts {}", c.extra_hosts.join(", "));
        }
        for p in &c.published {
            let host = p.host_port.map_or_else(|| "any".to_owned(), |port| port.to_string());
            let _ = writeln!(out, "  port {}:{host} -> {}", p.address, p.port);
        }
    }
    out
}
