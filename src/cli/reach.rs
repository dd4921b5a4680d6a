//! `dockline reach [PATH]`, and `dockline reach --from SERVICE --to TARGET`

use std::fmt::Write as _;

use super::args::{Reach, ReachFormat};
use super::session::{self, Failure, Session};
use crate::compose::{Project, ServiceId};
use crate::diag::Text;
use crate::network::{Form, Goal, Need, Survey, Topology, Verdict, Way, find, judge_address, plain, way};
use crate::remedy::{firewall_commands, listen_commands, podman_note};
use crate::report;
use crate::text;
use crate::view::{reached_json, survey_html, survey_json, survey_mermaid, survey_table, verdict_words};

#[derive(serde::Serialize)]
struct Document {
    version: u32,
    endpoints: Vec<serde_json::Value>,
}

pub(super) fn run(session: &mut Session, args: &Reach) -> Result<u8, Failure> {
    let paths: Vec<_> = args.path.iter().cloned().collect();
    let (project, mut status) = super::one_project(session, &args.project, &paths)?;
    let config = session.config(&args.project.host, &project.dir)?;
    let facts = Session::facts(&args.project.host, &config)?;
    let survey = Survey::new(&project, &facts);
    if let (Some(from), Some(to)) = (&args.from, &args.to) {
        return question(session, args, &survey, from, to);
    }
    let out = match args.format {
        ReachFormat::Json => {
            let endpoints = survey_json(&session.files, &survey, 0, session.machine_lang());
            report::document(&Document { version: report::VERSION, endpoints })
        }
        ReachFormat::Human => survey_table(&session.files, &survey, session.lang),
        ReachFormat::Mermaid => survey_mermaid(&session.files, &survey, session.lang),
        ReachFormat::Html => survey_html(&session.files, &survey, session.lang),
    };
    session::print(&out);
    if args.fail_on_broken && survey.endpoints.iter().any(|j| j.verdict.broken() && j.counts()) {
        status = session::FINDINGS;
    }
    Ok(status)
}

// -- one question --

/// An answer: the address to type, and what must be true first.
#[derive(serde::Serialize)]
struct Answer {
    version: u32,
    from: String,
    to: String,
    url: String,
    verdict: &'static str,
    reached: Option<serde_json::Value>,
    reason: String,
    needs: Vec<String>,
}

fn question(session: &Session, args: &Reach, survey: &Survey<'_>, from: &str, to: &str) -> Result<u8, Failure> {
    if matches!(args.format, ReachFormat::Mermaid | ReachFormat::Html) {
        let what = text!("one question has no picture", "单个问题没有图");
        return Err(Failure::new(what).hint(text!(
            "leave out --from and --to, or take --format json",
            "去掉 --from 和 --to，或用 --format json"
        )));
    }
    let net = &survey.net;
    let project = survey.project();
    let asker = service(project, from)?;
    let lang = if args.format == ReachFormat::Json { session.machine_lang() } else { session.lang };
    let asked = Asked::parse(net, to)?;
    let path = asked.path.clone();
    // An address is judged as it is; where it fails, the way to what it means is shown.
    let (verdict, reached, _, reason) = judge_address(net, asker, &plain(&asked.host, asked.port));
    let literal = asked.literal && (verdict == Verdict::Ok || asked.goal.is_none());
    let found = match &asked.goal {
        Some(goal) if !literal => way(net, asker, goal),
        _ => Way {
            host: asked.host.clone(),
            port: asked.port,
            verdict,
            reached,
            reason: reason.clone(),
            needs: Vec::new(),
            instead_of: None,
        },
    };
    let scheme = asked.scheme.clone().unwrap_or_else(|| scheme_of(net, &asked).to_owned());
    let port = found.port.map_or(String::new(), |p| format!(":{p}"));
    let url = format!("{scheme}{}{port}{path}", found.host);
    let again = again(args);
    let needs: Vec<Text> = found.needs.iter().map(|n| need(net, n, from, &asked, &again)).collect();
    if args.format == ReachFormat::Json {
        session::print(&report::document(&Answer {
            version: report::VERSION,
            from: from.to_owned(),
            to: to.to_owned(),
            url,
            verdict: found.verdict.name(),
            reached: found.reached.map(|r| reached_json(survey, r)),
            reason: found.reason.get(lang).to_owned(),
            needs: needs.iter().map(|n| n.get(lang).to_owned()).collect(),
        }));
        return Ok(status(args, &found));
    }
    let mut out = String::new();
    let mut say = |text: &Text| {
        let _ = writeln!(out, "{}", report::tame(text.get(lang)));
    };
    if asked.literal && !literal && verdict != Verdict::Ok {
        let words = verdict_words(verdict);
        say(&text!("{to} from `{from}`: {}: ", "从 `{from}` 到 {to}：{}：", words.get(lang)).and(&reason));
    }
    let words = verdict_words(found.verdict);
    let dead_end = found.verdict.broken() && needs.is_empty();
    if dead_end {
        say(&text!("address  {url}", "地址    {url}"));
    } else {
        say(&text!("type     {url}", "填写    {url}"));
    }
    say(&text!("today    {}: ", "现状    {}：", words.get(lang)).and(&found.reason));
    if let Some(other) = found.instead_of {
        say(&text!(
            "note     {other} is the port on the host; between services the one inside the container counts",
            "注意    {other} 是宿主机上的端口；服务之间用容器里的端口"
        ));
    }
    if dead_end {
        say(&instead(net, &asked));
    }
    for need in &needs {
        say(&text!("first    ", "前提    ").and(need));
    }
    session::print(&out);
    Ok(status(args, &found))
}

/// The scheme of an address that was asked for without one: none where the server is known to speak something else than HTTP.
fn scheme_of(net: &Topology<'_>, asked: &Asked) -> &'static str {
    let Some(Goal::Service { service, .. }) = asked.goal else { return "http://" };
    let web = |p: &&str| matches!(*p, "http" | "openai" | "ollama");
    let speaks = net.image(service).map_or(&[][..], |i| &i.speaks);
    if speaks.is_empty() || speaks.iter().any(web) { "http://" } else { "" }
}

/// What to ask for where the address leads nowhere.
fn instead(net: &Topology<'_>, asked: &Asked) -> Text {
    if let Some(Goal::Service { service, .. }) = asked.goal {
        let name = net.name(service);
        let ports = net.nodes.get(service).map_or(&[][..], |n| &n.listening.listeners);
        if let Some(port) = ports.first().map(|l| l.port) {
            return text!("instead  --to {name}:{port}", "改为    --to {name}:{port}");
        }
    }
    let names: Vec<&str> = net.project.services.iter().map(|s| &*s.name).collect();
    let (en, zh) = (names.join(", "), names.join("、"));
    text!(
        "instead  a service ({en}), or host:PORT for this machine",
        "改为    项目里的服务（{zh}），或用 host:端口 表示宿主机"
    )
}

fn status(args: &Reach, found: &Way) -> u8 {
    if args.fail_on_broken && found.verdict.broken() { session::FINDINGS } else { session::OK }
}

fn again(args: &Reach) -> String {
    session::again(&args.project, &args.path.iter().cloned().collect::<Vec<_>>())
}

/// A target as written.
struct Asked {
    host: String,
    port: Option<u16>,
    scheme: Option<String>,
    path: String,
    /// An address of one's own, to be judged as it is; not `host` or a service's name.
    literal: bool,
    goal: Option<Goal>,
}

impl Asked {
    fn parse(net: &Topology<'_>, to: &str) -> Result<Self, Failure> {
        let (scheme, rest) = match to.split_once("://") {
            Some((scheme, rest)) => (Some(format!("{scheme}://")), rest),
            None => (None, to),
        };
        let cut = rest.find('/').unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(cut).unwrap_or((rest, ""));
        let url = format!("{}{authority}", scheme.as_deref().unwrap_or("http://"));
        let malformed = || {
            Failure::new(text!("`{to}` is no target", "`{to}` 不是有效的目标")).hint(text!(
                "host:11434, SERVICE, SERVICE:PORT or a URL",
                "写成 host:11434、服务名、服务名:端口 或 URL"
            ))
        };
        let address = find(&url).into_iter().next().filter(|a| a.form == Form::Url).ok_or_else(malformed)?;
        let port = address.port.filter(|_| address.port_range.is_some() || scheme.is_some());
        let host = address.host;
        let by_name = net.project.service(&host);
        let loopback = crate::network::is_loopback(&host) || matches!(host.as_str(), "0.0.0.0" | "::");
        let goal = match (by_name, host.as_str(), port) {
            (Some(service), ..) => Some(Goal::Service { service, port }),
            (None, "host", Some(port)) => Some(Goal::Host { port }),
            (None, "host", None) => {
                return Err(Failure::new(text!("which port of the host?", "宿主机的哪个端口？"))
                    .hint(text!("--to host:11434", "--to host:11434")));
            }
            // Who types localhost means the host, or who offers the port.
            (None, _, Some(port)) if loopback => Some(meant(net, port)),
            (None, name, Some(port)) if crate::network::HOST_ALIASES.contains(&name) => Some(Goal::Host { port }),
            _ => None,
        };
        let literal = by_name.is_none() && host != "host";
        Ok(Self { host, port, scheme, path: path.to_owned(), literal, goal })
    }
}

fn meant(net: &Topology<'_>, port: u16) -> Goal {
    let offering: Vec<ServiceId> =
        (0..net.nodes.len()).filter(|id| net.nodes.get(*id).is_some_and(|n| n.listening.on(port).is_some())).collect();
    match offering.as_slice() {
        [service] => Goal::Service { service: *service, port: Some(port) },
        _ => Goal::Host { port },
    }
}

fn service(project: &Project, name: &str) -> Result<ServiceId, Failure> {
    project.service(name).ok_or_else(|| {
        let known: Vec<&str> = project.services.iter().map(|s| &*s.name).collect();
        let known = known.join(", ");
        Failure::new(text!("no service `{name}`", "没有服务 `{name}`"))
            .hint(text!("there are {known}", "有这些服务：{known}"))
    })
}

/// What must be true, and the command that makes it so.
fn need(net: &Topology<'_>, need: &Need, from: &str, asked: &Asked, again: &str) -> Text {
    let target = match &asked.goal {
        Some(Goal::Service { service, .. }) => net.name(*service).to_owned(),
        _ => "host".to_owned(),
    };
    let port = asked.port.map_or(String::new(), |p| format!(":{p}"));
    let set = session::quoted(&format!("{from}={target}{port}"));
    match need {
        Need::Mapping { service } => {
            let name = net.name(*service);
            text!(
                "extra_hosts: [\"host.docker.internal:host-gateway\"] in `{name}` on Linux: dockline fix --set {set}{again}",
                "在 Linux 上，`{name}` 里要有 extra_hosts: [\"host.docker.internal:host-gateway\"]：dockline fix --set {set}{again}"
            )
        }
        Need::HostListens { port } => listen_commands(*port).and(&podman_note(net.facts)),
        Need::Firewall { port } => firewall_commands(*port),
        Need::Network { from: a, to } => {
            let (a, b) = (net.name(*a), net.name(*to));
            text!(
                "a network that `{a}` and `{b}` are both on: dockline fix --set {set}{again}",
                "`{a}` 和 `{b}` 要在同一个网络上：dockline fix --set {set}{again}"
            )
        }
        Need::Profile { service, profiles } => {
            let (name, list) = (net.name(*service), profiles.join(", "));
            let first = profiles.first().cloned().unwrap_or_default();
            text!(
                "the profile of `{name}` ({list}): docker compose --profile {first} up -d",
                "打开 `{name}` 的 profile（{list}）：docker compose --profile {first} up -d"
            )
        }
        Need::ServerListens { service } => {
            let name = net.name(*service);
            text!(
                "`{name}` to listen on 0.0.0.0 in its container: dockline fix{again}",
                "`{name}` 要在容器里监听 0.0.0.0：dockline fix{again}"
            )
        }
        Need::Published { service, port } => {
            let name = net.name(*service);
            text!(
                "a port of `{name}` on the host: ports: [\"127.0.0.1:{port}:{port}\"]",
                "把 `{name}` 的端口发布到宿主机：ports: [\"127.0.0.1:{port}:{port}\"]"
            )
        }
        Need::Nothing(reason) => reason.clone(),
    }
}
