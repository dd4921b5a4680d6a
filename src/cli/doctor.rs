//! `dockline doctor [PATH]`

use std::fmt::Write as _;
use std::io::Read as _;
use std::net::IpAddr;
use std::path::Path;

use foldhash::HashMap;

use super::args::{Doctor, DoctorFormat};
use super::bundle::bundle;
use super::calls;
use super::session::{self, Failure, Session};
use crate::compose::{self, Project, Request};
use crate::diag::{Severity, Text, mask};
use crate::doctor::{
    Ailment, Examined, Kept, Looked, Met, Patient, Planned, Warmed, compose_text, examine, kept, plan, put_seen, told,
};
use crate::engine::{
    self, ASKING, Answer, Container, Cut, Engine, Facts, Firewall, HostSide, INSIDE, Job, Ladder, Listening, Machine,
    Name, Probed, Target, Tcp, Tool, Wanted, shut,
};
use crate::network::{self, Judged, MODEL_PORTS, Survey};
use crate::report::{self, tame};
use crate::text;
use crate::view::{Running, Told, running_html};

/// The part of the program that runs in a container's network namespace; `None` where this is no such run.
pub(super) fn inside() -> Option<u8> {
    let mut words = std::env::args_os().skip(1);
    let word = words.next()?;
    if word != INSIDE && word != ASKING {
        return None;
    }
    let mut plan = String::new();
    std::io::stdin().lock().take(16 << 20).read_to_string(&mut plan).ok()?;
    if word == ASKING {
        engine::asked(&plan, &|line| session::print(&format!("{line}\n")));
        return Some(session::OK);
    }
    let root = words.next()?;
    let targets: Vec<Target> = serde_json::from_str(&plan).ok()?;
    let answers = engine::try_all(&targets, Path::new(&root));
    session::print(&serde_json::to_string(&answers).unwrap_or_default());
    Some(session::OK)
}

pub(super) fn run(session: &mut Session, args: &Doctor) -> Result<u8, Failure> {
    let project = files(session, args)?;
    let dir = project.as_ref().map_or_else(|| session.files.base().to_path_buf(), |p| p.dir.clone());
    let config = session.config(&args.project.host, &dir)?;
    let least = session::threshold(session, args.fail_on, &config)?;
    let engine = connect()?;
    let wanted = match &project {
        Some(project) => Wanted::Project {
            name: args.project_name.clone().unwrap_or_else(|| project.name.clone()),
            dir: project.dir.to_string_lossy().into_owned(),
        },
        None if !args.container.is_empty() => Wanted::Named(args.container.clone()),
        None => Wanted::Project { name: args.project_name.clone().unwrap_or_default(), dir: String::new() },
    };
    let facts = engine.facts(&wanted).map_err(|why| {
        let from = &engine.place.from;
        Failure::new(text!("the engine ({from}) does not tell: {why}", "引擎（{from}）没有给出答复：{why}"))
    })?;
    if facts.containers.is_empty() {
        return Err(nothing_runs(&wanted, args));
    }
    let name = args.project_name.as_ref().map_or_else(String::new, |n| format!(" -p {}", session::quoted(n)));
    let compose = format!("docker compose{name}{}", session::again(&only_files(args), &[]));
    let (kept, mut gaps) = stored(&engine, &facts);
    let running = running(session, &facts, &kept);
    let told = network::Facts::default();
    let mut survey = Survey::new(&running, &told);
    let planned = plan(&facts, &kept, &survey);
    let ladder = Ladder { enter: engine.by_socket(), helper: args.helper.as_deref() };
    let (answers, host, inner) = look(&engine, &facts, &planned, ladder, &mut gaps);
    let patient = Patient { facts: &facts, host: &host, inside: &inner, files: project.as_ref(), compose: &compose };
    let mut found = examine(&patient, &planned, &answers);
    found.gaps.append(&mut gaps);
    // Published ports lead to this machine only where its own socket leads to the engine.
    if engine.by_socket() {
        found.met(&patient, calls::meet(&patient, &survey));
    }
    if let Some(model) = &args.warm {
        let warmed = calls::warm(&patient, &found, (model, args.load), session.lang);
        found.warmed(&patient, model, warmed);
    }
    if !host.here {
        found.gaps.push(text!(
            "the engine's host is not this machine (or its networks are not visible here): who listens on the host was not looked at",
            "引擎所在的主机不是这台机器（或者从这里看不到它的网络）：没有查看宿主机上谁在监听"
        ));
    }
    let report = Report { session, args, engine: &engine, patient: &patient, found: &found };
    match args.format {
        DoctorFormat::Json => session::print(&report.json()),
        DoctorFormat::Human => session::print(&report.human()),
        DoctorFormat::Html => {
            put_seen(&mut survey, &patient, &found);
            session::print(&report.html(&survey));
        }
    }
    if let Some(file) = &args.report {
        let troubled = found.ailments.iter().flat_map(|a| a.services.iter().map(String::as_str)).collect();
        let bundle = bundle(session, &engine, &facts, project.as_ref(), &report.human(), &troubled);
        session::write(file, &bundle.text)?;
        let (name, what) = (file.display(), bundle.summary);
        let written = text!("{name} has ", "{name} 里有").and(&what);
        session::note(
            session.lang,
            &written.and(&text!(". Look through it before you post it", "。发出去之前请先看一遍")),
        );
    }
    let worst = found.ailments.iter().map(|a| a.severity).max();
    let fails = least.zip(worst).is_some_and(|(least, worst)| worst >= least);
    Ok(if fails || (args.strict && !found.gaps.is_empty()) { session::FINDINGS } else { session::OK })
}

/// The project's files; `None` where containers are named, or the project is asked for by its name only.
fn files(session: &mut Session, args: &Doctor) -> Result<Option<Project>, Failure> {
    if !args.container.is_empty() {
        return Ok(None);
    }
    let paths: Vec<_> = args.path.iter().cloned().collect();
    match super::one_project(session, &args.project, &paths) {
        Ok((project, _)) => Ok(Some(project)),
        Err(_) if args.project_name.is_some() && args.project.file.is_empty() && args.path.is_none() => Ok(None),
        Err(failure) => Err(failure.or_hint(text!(
            "for a container that no file tells of: dockline doctor --container NAME",
            "没有文件的容器：dockline doctor --container 容器名"
        ))),
    }
}

fn connect() -> Result<Engine, Failure> {
    let places = engine::places_here();
    Engine::connect(&places).map_err(|failed| {
        let Some((place, why)) = failed.first() else {
            return Failure::new(text!("no Docker engine found", "没有找到 Docker 引擎")).hint(text!(
                "is it running (sudo systemctl start docker, or open Docker Desktop)? Elsewhere: DOCKER_HOST=unix:///path/docker.sock",
                "它在运行吗（sudo systemctl start docker，或打开 Docker Desktop）？在别处：DOCKER_HOST=unix:///路径/docker.sock"
            ));
        };
        let (from, why) = (&place.from, mask(why));
        let failure =
            Failure::new(text!("the Docker engine ({from}) does not answer: {why}", "Docker 引擎（{from}）没有回应：{why}"));
        if place.url.starts_with("ssh://") {
            let host = place.url.trim_start_matches("ssh://");
            return failure.hint(text!(
                "run dockline there, or bring the socket here: ssh -nNT -L /tmp/docker.sock:/var/run/docker.sock {host}, then DOCKER_HOST=unix:///tmp/docker.sock dockline doctor",
                "到那台机器上运行 dockline，或者把 socket 转过来：ssh -nNT -L /tmp/docker.sock:/var/run/docker.sock {host}，然后 DOCKER_HOST=unix:///tmp/docker.sock dockline doctor"
            ));
        }
        if why.contains("ermission denied") {
            return failure.hint(text!(
                "sudo dockline doctor, or join the group docker: sudo usermod -aG docker $USER",
                "用 sudo dockline doctor，或者加入 docker 组：sudo usermod -aG docker $USER"
            ));
        }
        failure.hint(text!(
            "is it running (sudo systemctl start docker, or open Docker Desktop)? docker context ls shows which one is meant",
            "它在运行吗（sudo systemctl start docker，或打开 Docker Desktop）？docker context ls 会列出用的是哪一个"
        ))
    })
}

fn nothing_runs(wanted: &Wanted, args: &Doctor) -> Failure {
    match wanted {
        Wanted::Named(names) => {
            let names = names.join(", ");
            Failure::new(text!("no container {names}", "没有容器 {names}"))
                .hint(text!("docker ps -a lists them", "docker ps -a 会列出所有容器"))
        }
        Wanted::Project { name, .. } => {
            let again = session::again(&only_files(args), &[]);
            Failure::new(text!("the project {name} has no containers", "项目 {name} 没有容器")).hint(text!(
                "start it: docker compose{again} up -d; started under another name (docker compose ls): --project-name NAME",
                "先启动：docker compose{again} up -d；如果用的是别的项目名（docker compose ls）：--project-name 名字"
            ))
        }
    }
}

/// The options that docker compose takes too.
fn only_files(args: &Doctor) -> super::args::Project {
    let mut out = args.project.clone();
    out.host.platform = None;
    out.host.host_listener.clear();
    out.host.host_address.clear();
    out.host.host_firewall = None;
    out
}

/// What applications keep in their databases, and what could not be read.
fn stored(engine: &Engine, facts: &Facts) -> (Vec<Kept>, Vec<Text>) {
    let (mut all, mut gaps) = kept(facts);
    let shelves: Vec<_> = all.iter().map(|k| k.shelf.clone()).collect();
    for (kept, read) in all.iter_mut().zip(engine.stored(&shelves)) {
        match read {
            Ok(channels) => kept.channels = channels,
            Err(why) => {
                let name = facts.containers.iter().find(|c| c.id == kept.container).map_or("", |c| c.service.as_str());
                let why = mask(&why);
                gaps.push(text!("the channels of `{name}`: {why}", "`{name}` 的渠道：{why}"));
            }
        }
    }
    (all, gaps)
}

/// What runs, as a project: the same survey judges it that judges files.
fn running(session: &mut Session, facts: &Facts, kept: &[Kept]) -> Project {
    let name = "(engine)";
    session.files.add_text(name, compose_text(facts, kept).into_bytes());
    let request = Request {
        dir: session.files.base().to_path_buf(),
        files: vec![name.into()],
        env_files: Some(Vec::new()),
        profiles: vec!["*".to_owned()],
        name: Some(facts.containers.iter().find_map(|c| c.project.clone()).unwrap_or_else(|| "running".to_owned())),
    };
    compose::load(&mut session.files, &request, &HashMap::default())
}

type Answers = Vec<(Option<Tool>, Answer)>;

/// Asks from inside all containers, side by side, and looks at the host.
fn look(
    engine: &Engine,
    facts: &Facts,
    planned: &[Planned],
    ladder: Ladder<'_>,
    gaps: &mut Vec<Text>,
) -> (Answers, HostSide, Vec<(String, Vec<Listening>)>) {
    let seen = |c: &Container| engine.by_socket() && c.running() && engine::sees(c.state.pid, &c.hostname);
    let mut jobs: Vec<Job> = Vec::new();
    for planned in planned {
        let Some(container) = facts.containers.iter().find(|c| c.id == planned.container) else { continue };
        if !jobs.iter().any(|j| j.id == container.id) {
            let (id, hostname) = (container.id.clone(), container.hostname.clone());
            jobs.push(Job { id, pid: container.state.pid, hostname, targets: Vec::new() });
        }
        let Some(job) = jobs.iter_mut().find(|j| j.id == container.id) else { continue };
        if !job.targets.contains(&planned.target) {
            job.targets.push(planned.target.clone());
        }
    }
    let probed: Vec<Probed> = engine.probe(&jobs, ladder);
    if let Some((helper, why)) = ladder.helper.zip(probed.iter().find_map(|p| p.trouble.as_deref())) {
        let why = mask(why);
        gaps.push(text!(
            "the helper {helper} can't be started (docker pull {helper} fetches it): {why}",
            "启动不了辅助容器 {helper}（可以先 docker pull {helper}）：{why}"
        ));
    }
    let answers: Answers = planned
        .iter()
        .map(|planned| {
            let found = jobs.iter().zip(&probed).find(|(job, _)| job.id == planned.container);
            let answer = found.and_then(|(job, probed)| {
                let at = job.targets.iter().position(|t| *t == planned.target)?;
                Some((probed.tool, probed.answers.get(at)?.clone()))
            });
            answer.unwrap_or_default()
        })
        .collect();
    let gateways: Vec<IpAddr> =
        facts.containers.iter().flat_map(|c| c.attached.iter().filter_map(|a| a.gateway)).collect();
    let addresses: Vec<IpAddr> = answers.iter().flat_map(|(_, a)| a.addresses.iter().copied()).collect();
    let mut host = HostSide::look(&gateways, &addresses, facts.containers.iter().any(seen));
    let mut ports: Vec<u16> = MODEL_PORTS.iter().map(|(port, _)| *port).collect();
    ports.extend(planned.iter().map(|p| p.target.port));
    ports.extend(
        facts.containers.iter().filter(|c| !c.running()).flat_map(|c| c.published.iter().filter_map(|p| p.host_port)),
    );
    ports.sort_unstable();
    ports.dedup();
    host.name_holders(&ports);
    if host.here {
        host.machine = Machine::look(&facts.about.store);
        for container in facts.containers.iter().filter(|c| seen(c)) {
            let binds = container.binds.iter().map(|(source, target)| (source.as_str(), target.as_str()));
            host.machine.shut.extend(shut(&container.id, container.state.pid, binds));
        }
    }
    // A rootless engine has its bridges elsewhere.
    let filtered = |a: &Answer| matches!(a.tcp, Tcp::Timeout | Tcp::Refused | Tcp::Unreachable);
    if host.here && !facts.about.rootless && answers.iter().any(|(_, a)| filtered(a)) {
        host.firewall = Firewall::read();
    }
    let inside = facts.containers.iter().filter(|c| seen(c) && c.mode != "host");
    let inside = inside.filter_map(|c| Some((c.id.clone(), engine::of_process(Some(c.state.pid))?))).collect();
    (answers, host, inside)
}

// -- what is shown --

struct Report<'a> {
    session: &'a Session,
    args: &'a Doctor,
    engine: &'a Engine,
    patient: &'a Patient<'a>,
    found: &'a Examined,
}

#[derive(serde::Serialize)]
struct Document<'a> {
    version: u32,
    tool: report::Tool,
    engine: serde_json::Value,
    containers: Vec<serde_json::Value>,
    endpoints: Vec<serde_json::Value>,
    outside: Vec<serde_json::Value>,
    findings: Vec<serde_json::Value>,
    warm: Vec<serde_json::Value>,
    gaps: Vec<&'a str>,
    summary: serde_json::Value,
}

impl Report<'_> {
    fn json(&self) -> String {
        use serde_json::json;
        let lang = self.session.machine_lang();
        let about = &self.patient.facts.about;
        let host: Vec<_> = self
            .model_listeners()
            .iter()
            .map(|(listener, holder, name)| {
                json!({"address": listener.address, "port": listener.port, "program": holder, "usual": name})
            })
            .collect();
        let containers = self.patient.facts.containers.iter().map(|c| {
            json!({
                "name": c.name, "service": c.service, "image": c.image, "status": c.state.status, "exit": c.state.exit,
                "health": c.state.health, "restarts": c.state.restarts, "oom_killed": c.state.oom_killed,
                "networks": c.attached.iter().map(|a| json!({"name": a.network, "addresses": a.addresses})).collect::<Vec<_>>(),
                "extra_hosts": c.extra_hosts,
            })
        });
        let endpoints = self.found.looked.iter().map(|l| {
            let pages = l.answer.pages.iter().map(|p| json!({"path": p.path, "status": p.status}));
            json!({
                "service": l.planned.service, "variable": l.planned.variable, "address": l.planned.shown,
                "host": l.planned.target.host, "port": l.planned.target.port,
                "tool": l.tool.map(Tool::name), "name": l.answer.name, "addresses": l.answer.addresses,
                "connect": l.answer.tcp, "http": pages.collect::<Vec<_>>(),
                "failed": l.failed.map(|(layer, _)| layer.name()), "cause": l.failed.map(|(_, cause)| cause),
            })
        });
        let findings = self.found.ailments.iter().map(|a| {
            json!({
                "cause": a.cause, "layer": a.layer.name(), "severity": a.severity.name(), "services": a.services,
                "variable": a.variable, "address": a.address, "place": self.place(a),
                "message": a.message.get(lang), "help": a.help.iter().map(|h| h.get(lang)).collect::<Vec<_>>(),
                "commands": a.commands, "sql": a.sql,
            })
        });
        let count = |s: Severity| self.found.ailments.iter().filter(|a| a.severity == s).count();
        report::document(&Document {
            version: report::VERSION,
            tool: report::TOOL,
            engine: json!({
                "name": about.name, "version": about.version, "from": self.engine.place.from, "rootless": about.rootless,
                "proxies": about.proxies.iter().map(|p| mask(p)).collect::<Vec<_>>(), "host_seen": self.patient.host.here, "host_listeners": host,
            }),
            containers: containers.collect(),
            endpoints: endpoints.collect(),
            outside: self.found.met.iter().map(outside).collect(),
            findings: findings.collect(),
            warm: self.found.warmed.iter().map(warm).collect(),
            gaps: self.found.gaps.iter().map(|g| g.get(lang)).collect(),
            summary: json!({
                "error": count(Severity::Error), "warning": count(Severity::Warning), "info": count(Severity::Info),
            }),
        })
    }

    /// Model servers on the host, which concern a stack also where no file names them.
    fn model_listeners(&self) -> Vec<(Listening, Option<&str>, &'static str)> {
        let host = self.patient.host;
        let mine = |port: u16| {
            self.patient.facts.containers.iter().any(|c| c.published.iter().any(|p| p.host_port == Some(port)))
        };
        let mut out = Vec::new();
        for (port, name) in MODEL_PORTS {
            if !mine(port) {
                out.extend(host.on(port).map(|l| (*l, host.holder(port), name)));
            }
        }
        out
    }

    /// Where the files say the variable: `compose.yaml:7`.
    fn place(&self, ailment: &Ailment) -> Option<String> {
        if ailment.place.is_some() {
            return ailment.place.clone();
        }
        self.in_files(ailment.services.first()?, ailment.variable.as_deref()?)
    }

    fn in_files(&self, service: &str, variable: &str) -> Option<String> {
        let project = self.patient.files?;
        let service = project.services.get(project.service(service)?)?;
        let value = service.env(variable)?.value.as_ref()?;
        let span = value.sourced.first(0..value.text().len())?;
        let files = &self.session.files;
        Some(format!("{}:{}", files.get(span.file).name, files.position(span.file, span.range().start).line))
    }

    /// A finding in words.
    fn told(&self, ailment: &Ailment) -> Told {
        let lang = self.session.lang;
        let label = match ailment.severity {
            Severity::Error => text!("error", "错误"),
            Severity::Warning => text!("warning", "警告"),
            Severity::Info => text!("note", "提示"),
        };
        let layer = layer_words(ailment);
        let mut lines = vec![format!("{}{}", text!("layer: ", "层：").get(lang), layer.get(lang))];
        if let Some(variable) = &ailment.variable {
            let place = self.place(ailment).map_or_else(String::new, |p| format!("  {p}"));
            let (en, zh) = (ailment.services.join(", "), ailment.services.join("、"));
            lines
                .push(text!("from: {variable} of {en}{place}", "来自：{zh} 的 {variable}{place}").get(lang).to_owned());
        }
        lines.extend(ailment.help.iter().flat_map(|help| help.get(lang).lines().map(str::to_owned)));
        Told {
            severity: ailment.severity,
            label: format!("{}[{}]", label.get(lang), ailment.cause),
            message: ailment.message.get(lang).to_owned(),
            lines,
            commands: ailment.commands.clone(),
        }
    }

    /// The engine, and how much was asked and found.
    fn summary(&self) -> Text {
        let about = &self.patient.facts.about;
        let (name, version) = (&about.name, &about.version);
        let (containers, addresses) = (self.patient.facts.containers.len(), self.found.looked.len());
        let errors = self.found.ailments.iter().filter(|a| a.severity == Severity::Error).count();
        let others = self.found.ailments.len() - errors;
        text!(
            "{name} {version}: {containers} containers, {addresses} addresses tried; {errors} errors, {others} warnings and notes",
            "{name} {version}：{containers} 个容器，试了 {addresses} 个地址；{errors} 个错误，{others} 个警告和提示"
        )
    }

    /// What was measured on the ways to a model, model servers of the host, and what was not looked at.
    fn notes(&self) -> Vec<Text> {
        let mut out: Vec<Text> = self.found.warmed.iter().map(told).collect();
        for (listener, holder, name) in self.model_listeners() {
            let (at, port) = (listener.address, listener.port);
            let who = holder.unwrap_or(name);
            let reach = if listener.on_loopback() {
                text!("containers can't reach it", "容器连不到它")
            } else {
                text!("containers reach it by host.docker.internal", "容器可以通过 host.docker.internal 访问它")
            };
            let desktop = self.patient.facts.about.desktop;
            let line =
                text!("on the host: {who} listens on {at}, port {port}", "宿主机上：{who} 监听 {at} 的 {port} 端口");
            out.push(if desktop { line } else { line.and(&text!(": ", "，")).and(&reach) });
        }
        for proxy in self.patient.facts.about.proxies.iter().map(|p| mask(p)) {
            out.push(text!(
                "the engine fetches images through {proxy}; containers don't use it",
                "引擎拉取镜像时走代理 {proxy}；容器不会用它"
            ));
        }
        out.extend(self.found.gaps.iter().map(|gap| text!("not looked at: ", "没有检查：").and(gap)));
        out
    }

    fn html(&self, survey: &Survey<'_>) -> String {
        let lang = self.session.lang;
        let running = Running {
            told: self.found.ailments.iter().map(|a| self.told(a)).collect(),
            notes: self.notes().iter().map(|n| n.get(lang).to_owned()).collect(),
            summary: self.summary().get(lang).to_owned(),
        };
        let place = |judged: &Judged| {
            let service = survey.net.name(judged.endpoint.service);
            self.in_files(service, &judged.endpoint.variable).unwrap_or_default()
        };
        running_html(survey, &place, &running, lang)
    }

    fn human(&self) -> String {
        let lang = self.session.lang;
        let mut out = String::new();
        let mut say = |line: &str| {
            let _ = writeln!(out, "{}", tame(line).trim_end());
        };
        let colon = text!(": ", "：");
        for told in self.found.ailments.iter().map(|a| self.told(a)) {
            say(&format!("{}{}{}", told.label, colon.get(lang), told.message));
            told.lines.iter().for_each(|line| say(&format!("  {line}")));
            told.commands.iter().for_each(|command| say(&format!("  $ {command}")));
            say("");
        }
        let broken = |l: &&Looked| l.failed.is_some();
        let (bad, good): (Vec<&Looked>, Vec<&Looked>) = self.found.looked.iter().partition(broken);
        let tried: Vec<[Text; 5]> =
            bad.into_iter().chain(good).map(row).chain(self.found.met.iter().map(front)).collect();
        if !tried.is_empty() {
            let mut rows: Vec<[String; 5]> = vec![
                [
                    text!("FROM", "从"),
                    text!("ADDRESS", "地址"),
                    text!("NAME", "名字"),
                    text!("CONNECT", "连接"),
                    text!("ANSWER", "应答"),
                ]
                .map(|t| t.get(lang).to_owned()),
            ];
            rows.extend(tried.iter().map(|cells| cells.clone().map(|t| tame(t.get(lang)))));
            let wide = |text: &str| unicode_width::UnicodeWidthStr::width(text);
            let width = |i: usize| rows.iter().filter_map(|r| r.get(i)).map(|c| wide(c)).max().unwrap_or(0);
            let widths: Vec<usize> = (0..5).map(width).collect();
            for row in &rows {
                let cells = row.iter().zip(&widths).map(|(c, w)| format!("{c}{}", " ".repeat(w - wide(c))));
                say(&cells.collect::<Vec<_>>().join("  "));
            }
            say("");
        }
        for note in self.notes() {
            say(note.get(lang));
        }
        say(self.summary().get(lang));
        if let Some(first) = self.found.ailments.first() {
            let again = session::again(&self.args.project, &self.args.path.iter().cloned().collect::<Vec<_>>());
            let next = match first.commands.first() {
                Some(command) if command.starts_with("dockline fix") => format!("{command}{again}"),
                Some(command) => command.clone(),
                None => format!("dockline explain {}", first.cause),
            };
            say(text!("next: {next}", "下一步：{next}").get(lang));
        }
        out
    }
}

/// What was called from this machine, and what came back.
fn outside(met: &Met) -> serde_json::Value {
    let call = met.front.call.as_ref();
    serde_json::json!({
        "service": met.front.service, "variable": call.map(|c| &c.variable), "address": met.front.shown,
        "status": met.heard.first().map(|h| h.status), "models": met.api().map(|(_, names)| names),
        "origin": call.and_then(|c| c.origin.as_ref()), "preflight": met.preflight.as_ref().map(|p| p.status),
    })
}

/// A row for what was called from this machine.
fn front(met: &Met) -> [Text; 5] {
    let page = met.heard.first();
    let (status, cut) = page.map_or((0, None), |p| (p.status, p.cut));
    let (connect, said) = match cut {
        Some(Cut::Unconnected) => (text!("no", "连不上"), Text::same("-")),
        Some(Cut::Broken) if status == 0 => (Text::same("ok"), text!("no HTTP", "不是 HTTP")),
        Some(Cut::Late) if status == 0 => (Text::same("ok"), text!("none in 5 s", "5 秒内没有")),
        _ => (Text::same("ok"), Text::same(format!("{status} {}/", met.front.path))),
    };
    let from = text!("this machine", "本机");
    [from, Text::same(met.front.shown.clone()), Text::same("-"), connect, said]
}

/// A way to a model, with its times.
fn warm(one: &Warmed) -> serde_json::Value {
    let crowd: Vec<_> = one.crowd.iter().map(|h| serde_json::json!({"status": h.status, "took": h.took})).collect();
    serde_json::json!({
        "service": one.way.service, "inside": one.way.from.is_some(), "variable": one.way.variable, "address": one.way.shown,
        "model": one.way.model, "times": one.measured, "at_once": crowd,
    })
}

/// The layer in words: what still worked, and what did not.
fn layer_words(ailment: &Ailment) -> Text {
    use crate::doctor::Layer as L;
    match ailment.layer {
        L::Container => text!("the container itself", "容器本身"),
        L::Name => text!("name (does not resolve)", "名字（解析不了）"),
        L::Connect => text!("connection (the name is fine)", "连接（名字没问题）"),
        L::Http => text!("HTTP (name and connection are fine)", "HTTP（名字、连接都没问题）"),
        L::Api => text!("API (name, connection and HTTP are fine)", "API（名字、连接、HTTP 都没问题）"),
        L::Model => text!("model (everything up to the API is fine)", "模型（API 以下都没问题）"),
        L::Browser => {
            text!("browser (the server answers, and not for this page)", "浏览器（服务有应答，但不许这个页面用）")
        }
        L::Files => text!("the files against what runs", "文件和实际运行的不一致"),
    }
}

fn row(looked: &Looked) -> [Text; 5] {
    let from = format!("{} ({})", looked.planned.service, looked.tool.map_or("-", Tool::name));
    let answer = &looked.answer;
    let name = match answer.name {
        Name::Ok => answer.addresses.first().map_or_else(|| Text::same("ok"), |a| Text::same(a.to_string())),
        Name::Unresolved => text!("not resolved", "解析不了"),
        Name::Unknown => Text::same("?"),
    };
    let connect = match answer.tcp {
        Tcp::Ok => Text::same("ok"),
        Tcp::Refused => text!("refused", "被拒绝"),
        Tcp::Timeout => text!("timed out", "超时"),
        Tcp::Unreachable => text!("no route", "没有路由"),
        Tcp::Reset => text!("dropped", "被断开"),
        Tcp::Unknown if answer.name == Name::Unresolved => Text::same("-"),
        Tcp::Unknown => Text::same("?"),
    };
    let page = answer.pages.first();
    let said = match page {
        Some(page) if page.silent => text!("none in 5 s", "5 秒内没有"),
        Some(page) if page.status == 0 => text!("no HTTP", "不是 HTTP"),
        Some(page) => Text::same(format!("{} {}", page.status, page.path)),
        None => Text::same("-"),
    };
    [Text::same(from), Text::same(looked.planned.shown.clone()), name, connect, said]
}
