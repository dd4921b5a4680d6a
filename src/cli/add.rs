//! `dockline add`: a stack into a project that is there, in lines of its own.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::args::Add;
use super::new::{after, broken, facts, kept, masked, refused, source, wished, words, write};
use super::session::{self, Failure, Search, Session};
use crate::compose::{Found, load_found};
use crate::dotenv;
use crate::lint::{Options, findings};
use crate::network::{HostListener, Survey};
use crate::report::{self, tame};
use crate::source::{Files, unified};
use crate::stacks::{Fragments, Made, Plan, Present, Provider, Rendered, Strategy, Wish, fragments, insert, plan};
use crate::text;
use crate::{compose, diag::Severity};

pub(super) fn run(session: &mut Session, args: &Add) -> Result<u8, Failure> {
    let lang = session.lang;
    let (names, dir) = words(&args.words)?;
    let paths: Vec<PathBuf> = dir.iter().cloned().collect();
    let (found, missed) = session.find(&args.project, Search { paths: &paths, ..Search::default() })?;
    let Some(found) = found.first() else {
        return Err(missed.into_iter().next().unwrap_or_else(|| Failure::new(text!("no project", "没有项目"))));
    };
    let project = session.load(found);
    let dir = project.dir.clone();
    let facts = facts(args.project.host.platform.as_deref())?;
    let mut wish = Wish { name: String::from("project"), ..wished(&args.wish, facts.platform, names, lang)? };
    let survey = Survey::new(&project, &facts);
    if wish.net.is_none_or(|net| net == Strategy::Service) && wish.provider.as_deref().is_none_or(|p| p == "ollama") {
        wish.present = present(&survey);
    }
    let plan = plan(&wish).map_err(refused)?;
    let kept = kept(session, &dir);
    let mut pieces = fragments(&plan, &source(), &kept).map_err(broken)?;
    if let Some(present) = &wish.present {
        join(&survey, &present.service, &plan, &mut pieces);
    }

    let file = project.files.first().copied();
    let place = compose::roots(&project).into_iter().find(|(tree, _)| Some(tree.file) == file);
    let Some((tree, root)) = place.filter(|(tree, _)| session.files.get(tree.file).editable()) else {
        return Err(Failure::new(text!("the Compose file can't be edited as it is", "这个 Compose 文件现在没法修改"))
            .hint(text!("see what is wrong with it: dockline lint", "看看问题在哪：dockline lint")));
    };
    let path = session.files.get(tree.file).path.clone();
    let new = insert(tree, root, &pieces).map_err(refused)?;
    let in_dir = |path: &Path| path.strip_prefix(&dir).unwrap_or(path).to_string_lossy().into_owned();
    let mut files = vec![Made { path: in_dir(&path), text: new, private: false }];
    files.extend(env_file(session, &dir, &pieces.env, None));
    files.extend(beside(&dir, &pieces.rest.files)?);
    let rendered = Rendered { files, ..pieces.rest };
    guard(session, found, (&session.files, &survey), &plan, &rendered, &dir)?;
    let out = patch(session, &dir, &rendered);
    if args.dry_run {
        session::print(&out);
        return Ok(session::OK);
    }
    drop(survey);
    write(session, &dir, &rendered)?;
    let names: Vec<String> = rendered.files.iter().map(|m| session.files.name_of(&dir.join(&m.path))).collect();
    let (names, services) = (names.join(", "), pieces.sections.services.keys().cloned().collect::<Vec<_>>().join(" "));
    let mut lines = vec![
        text!("wrote {names}", "已写入 {names}"),
        text!("start:  docker compose up -d {services}", "启动：  docker compose up -d {services}"),
    ];
    let there: Vec<String> = project.services.iter().map(|s| s.name.to_string()).collect();
    lines.extend(after(session, (&plan, &rendered), &dir, &there, &facts));
    for line in lines {
        session::print(&format!("{}\n", tame(line.get(lang))));
    }
    Ok(session::OK)
}

/// The files that stacks bring besides, which must not be there yet.
pub(super) fn beside(dir: &Path, files: &[Made]) -> Result<Vec<Made>, Failure> {
    match files.iter().find(|made| dir.join(&made.path).exists()) {
        None => Ok(files.to_vec()),
        Some(Made { path, .. }) => Err(Failure::new(text!("{path} is there already", "{path} 已经存在"))
            .hint(text!("move it away first", "请先移走"))),
    }
}

/// What would be written, as a patch without secrets.
pub(super) fn patch(session: &Session, dir: &Path, rendered: &Rendered) -> String {
    let one = |made: &Made| {
        let path = dir.join(&made.path);
        let old = std::fs::read_to_string(&path).ok();
        let context = if made.private { 0 } else { 3 };
        masked(&unified(&session.files.name_of(&path), old.as_deref(), &made.text, context), &rendered.secrets)
    };
    rendered.files.iter().map(one).collect()
}

/// An Ollama that the project has already.
pub(super) fn present(survey: &Survey<'_>) -> Option<Present> {
    let net = &survey.net;
    let provider = Provider::of("ollama")?;
    let runs = |id: &usize| net.service(*id).is_some_and(|s| s.active);
    let id = (0..net.nodes.len()).filter(runs).find(|id| {
        net.image(*id).is_some_and(|i| i.kind == Some(crate::catalog::ImageKind::ModelServer) && i.speaks("ollama"))
    })?;
    let port = net.nodes.get(id)?.listening.listeners.first().map_or(provider.port, |l| l.port);
    Some(Present { service: net.name(id).to_owned(), port, provider })
}

/// Puts the services that call a server on its networks too, where it is not on the default one.
pub(super) fn join(survey: &Survey<'_>, server: &str, plan: &Plan, pieces: &mut Fragments) {
    let found = survey.project().services.iter().find(|s| &*s.name == server);
    let networks: Vec<String> = found.and_then(|s| s.value.get("networks")).map_or_else(Vec::new, |networks| {
        let listed = networks.items().iter().filter_map(|i| i.str().map(str::to_owned));
        let mapped = networks.entries().iter().map(|e| e.key.to_string());
        listed.chain(mapped).collect()
    });
    if networks.is_empty() || networks.iter().any(|n| n == "default") {
        return;
    }
    for part in plan.parts.iter().filter(|p| p.model.as_ref().is_some_and(|m| m.service.as_deref() == Some(server))) {
        let Some(lines) = pieces.sections.services.get_mut(&part.stack.service) else { continue };
        if lines.iter().any(|l| l.starts_with("    networks:")) {
            continue;
        }
        let place = lines.iter().position(|l| l.starts_with("    healthcheck:")).unwrap_or(lines.len());
        let mut new = vec!["    networks:".to_owned(), "      - default".to_owned()];
        new.extend(networks.iter().map(|n| format!("      - {n}")));
        lines.splice(place..place, new);
    }
}

/// The project's `.env` with the new lines; what it says already stays. Where there is none, it begins as a copy of `example`.
pub(super) fn env_file(session: &mut Session, dir: &Path, lines: &[String], example: Option<&Path>) -> Option<Made> {
    let path = dir.join(".env");
    let path = example.filter(|_| !path.exists()).unwrap_or(&path);
    let old = session.files.read(path).ok().map(|id| (id, session.files.get(id).text.to_string()));
    let mut known: BTreeSet<String> = BTreeSet::new();
    if let Some((id, text)) = &old {
        known.extend(dotenv::parse(*id, text).lines.iter().map(|l| l.key.to_string()));
    }
    let fresh = |line: &&String| line.starts_with('#') || line.split_once('=').is_none_or(|(k, _)| !known.contains(k));
    let new: Vec<&str> = lines.iter().filter(fresh).map(String::as_str).collect();
    if new.iter().all(|l| l.starts_with('#')) {
        return None;
    }
    let mut text = old.map(|(_, text)| text).unwrap_or_default();
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    if !text.is_empty() && !text.ends_with('\n') {
        text.push_str(newline);
    }
    for line in new {
        text.push_str(line);
        text.push_str(newline);
    }
    Some(Made { path: ".env".to_owned(), text, private: true })
}

/// Refuses what would break something: a port that is taken, a network that the two don't share.
pub(super) fn guard(
    session: &Session,
    found: &Found,
    (files_before, before): (&Files, &Survey<'_>),
    plan: &Plan,
    rendered: &Rendered,
    dir: &Path,
) -> Result<(), Failure> {
    let mut options = Options::default();
    let told = plan.host_port().and_then(|port| HostListener::parse(&format!("*:{port}")));
    options.facts.listeners.extend(told);
    let overlay = rendered.files.iter().map(|m| (dir.join(&m.path), m.text.clone().into_bytes())).collect();
    let mut files = Files::with_overlay(session.files.base().to_path_buf(), overlay);
    let project = load_found(&mut files, found, &session.process);
    let after = Survey::new(&project, &options.facts);
    let known: Vec<(&str, String)> =
        findings(files_before, before, &options).into_iter().map(|f| (f.rule, f.place.path)).collect();
    let new: Vec<String> = findings(&files, &after, &options)
        .iter()
        .filter(|f| f.severity >= Severity::Warning && !known.contains(&(f.rule, f.place.path.clone())))
        .filter(|f| f.rule != "mount-source-missing")
        .map(|f| report::brief(&files, session.lang, f))
        .collect();
    if new.is_empty() {
        return Ok(());
    }
    let list = new.join("\n  ");
    Err(Failure::new(text!("that would not work in this project:\n  {list}", "放进这个项目里会有问题：\n  {list}")).hint(text!(
        "another port: --port STACK=PORT; another server: --provider and --net; or a project of its own: dockline new",
        "换端口：--port 栈=端口；换模型服务：--provider 和 --net；或者另建项目：dockline new"
    )))
}
