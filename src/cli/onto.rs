//! `dockline new --onto DIR`: a project of other people reaches the model server, by one override file and lines of `.env`.

use std::path::{Path, PathBuf};

use super::add::{beside, env_file, guard, join, patch, present};
use super::args::{self, New};
use super::new::{after, broken, facts, kept, refused, source, wished, words, write};
use super::session::{self, Failure, Search, Session};
use crate::compose::{Found, Project, load_found, roots};
use crate::diag::{Category, Severity};
use crate::dotenv;
use crate::lint::{Choice, FixOptions, Fixed, Options, Setting, advice, fix};
use crate::network::{HostListener, Survey};
use crate::remedy::{Place, override_place};
use crate::report::{brief, tame};
use crate::source::{Change, Files};
use crate::stacks::{Fragments, Made, Plan, Rendered, Strategy, Wish, fragments, insert, plan};
use crate::text;

pub(super) fn run(session: &mut Session, args: &New, dir: &Path) -> Result<u8, Failure> {
    let lang = session.lang;
    let (names, more) = words(&args.words)?;
    if let Some(more) = more {
        let more = more.display();
        return Err(Failure::new(text!("{more} is one folder too many", "多了一个目录 {more}"))
            .hint(text!("--onto names the folder", "目录由 --onto 给出")));
    }
    let paths = [dir.to_path_buf()];
    let (found, missed) = session.find(&args::Project::default(), Search { paths: &paths, ..Search::default() })?;
    let Some(found) = found.into_iter().next() else {
        return Err(missed.into_iter().next().unwrap_or_else(|| Failure::new(text!("no project", "没有项目"))));
    };
    let dir = found.request.dir.clone();
    let example = example(session, &found);
    // The project as its authors mean it: with the .env that they say to begin with.
    let begin = example.iter().filter_map(|path| Some((dir.join(".env"), std::fs::read(path).ok()?))).collect();
    let mut files = Files::with_overlay(session.files.base().to_path_buf(), begin);
    let project = load_found(&mut files, &found, &session.process);
    let facts = facts(args.platform.as_deref())?;
    let survey = Survey::new(&project, &facts);
    let mut wish =
        Wish { name: String::from("project"), onto: true, ..wished(&args.wish, facts.platform, names, lang)? };
    if wish.net == Some(Strategy::HostNetwork) {
        return Err(Failure::new(text!(
            "--net host-network changes how the services of a project find each other: that is no matter of one file",
            "--net host-network 会改变项目里各服务互相访问的方式，不是加一个文件的事"
        ))
        .hint(text!("dockline fix --to host-network --override", "dockline fix --to host-network --override")));
    }
    if wish.net.is_none_or(|net| net == Strategy::Service) && wish.provider.as_deref().is_none_or(|p| p == "ollama") {
        wish.present = present(&survey);
    }
    let plan = plan(&wish).map_err(refused)?;
    let kept = kept(session, &dir);
    let mut pieces = fragments(&plan, &source(), &kept).map_err(broken)?;
    if let Some(present) = &wish.present {
        join(&survey, &present.service, &plan, &mut pieces);
    }
    if let Some(twice) = pieces.sections.services.keys().find(|name| project.service(name).is_some()) {
        return Err(Failure::new(text!("the project has `{twice}` already", "项目里已经有 `{twice}`")).hint(text!(
            "leave that stack out, or make it in a project of its own: dockline new",
            "去掉这个栈，或者另建一个项目：dockline new"
        )));
    }
    let place = override_place(&files, &project).map_err(Failure::new)?;
    let (over, text, standard) = begun(&files, &project, place, &pieces)?;
    let mut item = found.clone();
    if !item.request.files.contains(&over) {
        item.request.files.push(over.clone());
    }
    let mut more = beside(&dir, &pieces.rest.files)?;
    more.extend(env_file(session, &dir, &pieces.env, example.as_deref()));
    let wanted = FixOptions {
        set: settings(&plan, &survey),
        begun: more
            .iter()
            .map(|m| (dir.join(&m.path), m.text.clone().into_bytes()))
            .chain(text.iter().map(|text| (over.clone(), text.clone().into_bytes())))
            .collect(),
        made: text.iter().filter(|_| !found.request.files.contains(&over)).map(|_| over.clone()).collect(),
        ..FixOptions::default()
    };
    let mut options = Options {
        choice: Choice { select: vec![Category::Reach.name().to_owned()], ..Choice::default() },
        lan_ip: plan.lan_ip,
        into_override: true,
        ..Options::default()
    };
    let told = plan.host_port().and_then(|port| HostListener::parse(&format!("*:{port}")));
    options.facts.listeners.extend(told);
    let base = session.files.base().to_path_buf();
    let fixed = fix(&base, std::slice::from_ref(&found), &session.process, &options, &wanted);
    if let Some((left, reason)) = fixed.unmet.first() {
        return Err(Failure::new(text!("`{left}`: ", "`{left}`：").and(reason)));
    }
    let rendered = Rendered { files: changed(&fixed, &dir), ..pieces.rest.clone() };
    guard(session, &item, (&files, &survey), &plan, &rendered, &dir)?;
    let diff = patch(session, &dir, &rendered);
    session::print(&diff);
    if args.dry_run {
        return Ok(session::OK);
    }
    write(session, &dir, &rendered)?;
    let mut lines = Vec::new();
    if rendered.files.is_empty() {
        lines.push(text!("nothing to change", "没有需要改动的地方"));
    } else {
        let names: Vec<String> = rendered.files.iter().map(|m| session.files.name_of(&dir.join(&m.path))).collect();
        let names = names.join(", ");
        lines.push(text!("wrote {names}", "已写入 {names}"));
    }
    for skipped in &fixed.skipped {
        let service = &skipped.service;
        lines.push(text!("skipped  `{service}`: ", "跳过  `{service}`：").and(&skipped.reason));
    }
    for told in fixed.left.findings.iter().filter(|t| t.finding.severity == Severity::Error) {
        let left = brief(&fixed.files, lang, &told.finding);
        lines.push(text!("left     {left}", "未解决  {left}"));
    }
    let shown = go(session, &dir);
    match &example {
        Some(_) if dir.join(".env").exists() => lines.push(text!(
            "first:  .env begins as a copy of .env.example, whose passwords everybody knows: change them",
            "先做：  .env 是从 .env.example 复制来的，里面的密码人人都知道，请先改掉"
        )),
        Some(_) => lines.push(text!("first:  {shown}cp .env.example .env", "先做：  {shown}cp .env.example .env")),
        None => {}
    }
    let listed = if standard { String::new() } else { listed(&item, &dir) };
    lines.push(text!("start:  {shown}docker compose{listed} up -d", "启动：  {shown}docker compose{listed} up -d"));
    let there: Vec<String> = project.services.iter().map(|s| s.name.to_string()).collect();
    lines.extend(after(session, (&plan, &rendered), &dir, &there, &facts));
    for line in lines {
        session::print(&format!("{}\n", tame(line.get(lang))));
    }
    Ok(session::OK)
}

/// `.env.example`, where there is no `.env` and the Compose files read what it sets.
fn example(session: &mut Session, found: &Found) -> Option<PathBuf> {
    let path = found.request.dir.join(".env.example");
    if found.request.dir.join(".env").exists() {
        return None;
    }
    let id = session.files.read(&path).ok()?;
    let lines = dotenv::parse(id, &session.files.get(id).text).lines;
    let texts: Vec<_> = found.request.files.iter().filter_map(|f| std::fs::read_to_string(f).ok()).collect();
    let read = |key: &str| texts.iter().any(|text| text.contains(&format!("${{{key}")));
    lines.iter().any(|line| read(&line.key)).then_some(path)
}

/// The override file, its text with the stacks in it if that is another than before, and whether Compose loads it by itself.
fn begun(
    files: &Files,
    project: &Project,
    place: Place,
    pieces: &Fragments,
) -> Result<(PathBuf, Option<String>, bool), Failure> {
    let more = !pieces.document().is_empty();
    match place {
        Place::New { path, standard } => Ok((path, more.then(|| pieces.document()), standard)),
        Place::There(file) => {
            let path = files.get(file).path.clone();
            if !more {
                return Ok((path, None, true));
            }
            let Some((tree, root)) = roots(project).into_iter().find(|(tree, _)| tree.file == file) else {
                let name = &files.get(file).name;
                return Err(Failure::new(text!("{name} can't be edited as it is", "{name} 现在没法修改")));
            };
            Ok((path, Some(insert(tree, root, pieces).map_err(refused)?), true))
        }
    }
}

/// Wishes that lead the services of the project that call models to the server.
fn settings(plan: &Plan, survey: &Survey<'_>) -> Vec<Setting> {
    let Some(edge) = &plan.onto else { return Vec::new() };
    let target = match &edge.service {
        Some(service) => service.clone(),
        None if edge.mapping => "host".to_owned(),
        None => return Vec::new(),
    };
    let port = edge.url.rsplit(':').next().and_then(|port| port.parse().ok());
    let callers = advice(survey).into_iter().flat_map(|a| a.callers).filter(|caller| *caller != target);
    callers.map(|left| Setting { left, target: target.clone(), port, scheme: None, path: None }).collect()
}

fn changed(fixed: &Fixed, dir: &Path) -> Vec<Made> {
    let made = |change: &Change| Made {
        path: change.path.strip_prefix(dir).unwrap_or(&change.path).to_string_lossy().into_owned(),
        text: String::from_utf8_lossy(&change.new).into_owned(),
        private: change.path.file_name().is_some_and(|name| name == ".env"),
    };
    fixed.changes.iter().map(made).collect()
}

/// `cd DIR && `, where that is another folder.
fn go(session: &Session, dir: &Path) -> String {
    match session.files.name_of(dir) {
        here if here == "." => String::new(),
        there => format!("cd {} && ", session::quoted(&there)),
    }
}

/// Files that must be named, for Compose does not find them.
fn listed(item: &Found, dir: &Path) -> String {
    let named = |path: &PathBuf| session::quoted(&path.strip_prefix(dir).unwrap_or(path).to_string_lossy());
    let words: Vec<String> = item.request.files.iter().map(named).collect();
    format!(" -f {}", words.join(" -f "))
}
