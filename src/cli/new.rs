//! `dockline new`: a project that starts, and what is left for a person to do.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::args::{self, New};
use super::lint::advice_lines;
use super::session::{self, Failure, Session};
use crate::compose::{Selection, discover};
use crate::diag::{Category, Lang, Severity, Text, nearest};
use crate::dotenv;
use crate::lint::{Options, Outcome, Told, lint};
use crate::network::{Facts, Platform};
use crate::remedy::{listen_note, listen_on};
use crate::report::tame;
use crate::source::{Change, FileId, WriteError, unified, write_all};
use crate::stacks::{
    self, Gpu, Made, PROVIDERS, Plan, Refusal, Rendered, Role, SecretSource, Strategy, Target, Wish, plan, render,
    stacks,
};
use crate::text;

pub(super) fn run(session: &mut Session, args: &New) -> Result<u8, Failure> {
    let lang = session.lang;
    if args.list {
        session::print(&list(lang));
        return Ok(session::OK);
    }
    if args.words.first().is_some_and(|w| w.as_os_str() == super::host::WORD) {
        return super::host::run(session, args);
    }
    if let Some(dir) = &args.onto {
        return super::onto::run(session, args, dir);
    }
    if args.host.is_given() {
        return Err(Failure::new(text!(
            "--bind, --subnet, --auth and --origin go with `dockline new ollama-host`",
            "--bind、--subnet、--auth、--origin 只用于 `dockline new ollama-host`"
        )));
    }
    let terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    let asking = args.words.is_empty() && terminal;
    let (mut names, mut dir) = words(&args.words)?;
    let mut wish = args.wish.clone();
    if asking {
        let Some(asked) = ask(lang, &mut wish) else { return Ok(session::OK) };
        (names, dir) = asked;
    } else if names.is_empty() {
        let known = known();
        return Err(Failure::new(text!("name a stack", "请写出要哪个栈")).hint(text!(
            "one or more of {known}; dockline new --list tells what they are",
            "可用的有 {known}；说明见 dockline new --list"
        )));
    }
    let dir = dir.unwrap_or_else(|| PathBuf::from(names.first().map_or("stack", String::as_str)));
    let dir = session.files.absolute(&dir);
    let name = match &args.name {
        Some(name) => name.clone(),
        None => dir.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default(),
    };
    let name = project_name(&name, args.name.is_some())?;
    let facts = facts(args.platform.as_deref())?;
    let mut wish = Wish { name, ..wished(&wish, facts.platform, names, lang)? };
    if let Some(engine) = &args.engine {
        wish.target = target(engine)?;
    }
    if wish.target == Target::Swarm && wish.cdi {
        return Err(Failure::new(text!("Podman runs no swarm", "Podman 不能运行 swarm"))
            .hint(text!("leave --engine swarm out", "去掉 --engine swarm")));
    }
    let plan = plan(&wish).map_err(refused)?;
    let kept = kept(session, &dir);
    let rendered = render(&plan, &source(), &kept).map_err(broken)?;
    let shown = session.files.name_of(&dir);
    let preview = |session: &Session| preview(session, &dir, &rendered);
    if args.dry_run {
        session::print(&preview(session));
        return Ok(session::OK);
    }
    let there = conflicts(&dir, &rendered);
    if !there.is_empty() && !args.force {
        session::print(&diffs(session, &dir, &rendered));
        let list = there.join(", ");
        return Err(Failure::new(text!("{shown} has {list} already", "{shown} 里已经有 {list}")).hint(text!(
            "--force overwrites them; another DIR leaves them alone",
            "--force 会覆盖；换一个目录则不动它们"
        )));
    }
    if asking {
        session::print(&preview(session));
        let what = text!("write it?", "写入？");
        if !confirm(lang, &what) {
            return Ok(session::OK);
        }
    }
    write(session, &dir, &rendered)?;
    session::print(&closing(session, &plan, &rendered, &dir, &facts));
    Ok(session::OK)
}

/// The stacks and the folder of a command line: a last word that is no stack is the folder.
pub(super) fn words(words: &[PathBuf]) -> Result<(Vec<String>, Option<PathBuf>), Failure> {
    let mut names: Vec<String> = words.iter().map(|w| w.to_string_lossy().into_owned()).collect();
    let Some(last) = names.last().filter(|last| stacks::stack(last).is_none()).cloned() else {
        return Ok((names, None));
    };
    let path = last.contains(['/', '\\']) || last == "." || Path::new(&last).is_dir();
    let all: Vec<&str> = stacks().iter().map(|s| s.name.as_str()).collect();
    let near = nearest(&last, &all);
    if !path && (names.len() == 1 || near.is_some()) {
        let known = known();
        let failure = Failure::new(text!("no stack `{last}`", "没有 `{last}` 这个栈"));
        return Err(failure.hint(near.map_or_else(
            || text!("one of {known}", "可用的有 {known}"),
            |near| {
                text!(
                    "did you mean `{near}`? A folder of that name is ./{last}",
                    "是不是 `{near}`？如果是目录，写成 ./{last}"
                )
            },
        )));
    }
    names.pop();
    Ok((names, Some(PathBuf::from(last))))
}

fn known() -> String {
    stacks().iter().map(|s| s.name.as_str()).collect::<Vec<_>>().join(", ")
}

fn target(word: &str) -> Result<Target, Failure> {
    Target::parse(word).ok_or_else(|| {
        let (what, hint) = (
            text!("no engine `{word}`", "没有 `{word}` 这种引擎"),
            text!("compose or swarm", "可用的有 compose、swarm"),
        );
        Failure::new(what).hint(hint)
    })
}

/// The command line's wish as the planner takes it.
/// What is told of the machine that the project is to run on.
pub(super) fn facts(platform: Option<&str>) -> Result<Facts, Failure> {
    Ok(Facts { platform: platform.map_or(Ok(Platform::Any), session::platform)?, ..Facts::default() })
}

pub(super) fn wished(args: &args::Wish, platform: Platform, names: Vec<String>, lang: Lang) -> Result<Wish, Failure> {
    let address = |written: &Option<String>| -> Result<Option<IpAddr>, Failure> {
        let Some(written) = written else { return Ok(None) };
        let wrong = || Failure::new(text!("`{written}` is no IP address", "`{written}` 不是 IP 地址"));
        written.parse().map(Some).map_err(|_| wrong())
    };
    let net = match args.net.as_deref() {
        None => None,
        Some(word) => Some(Strategy::parse(word).ok_or_else(|| {
            Failure::new(text!("no strategy `{word}`", "没有 `{word}` 这种方式")).hint(text!(
                "service, host-gateway, host-network or lan-ip",
                "可用的有 service、host-gateway、host-network、lan-ip"
            ))
        })?),
    };
    let gpu = match args.gpu.as_deref() {
        None => None,
        Some("nvidia") => Some(Gpu::Nvidia),
        Some("amd") => Some(Gpu::Amd),
        Some(other) => {
            return Err(Failure::new(text!(
                "the cards can be `nvidia` or `amd`, not `{other}`",
                "显卡只能是 `nvidia` 或 `amd`，不能是 `{other}`"
            )));
        }
    };
    if platform == Platform::DockerDesktop && net == Some(Strategy::HostNetwork) {
        return Err(Failure::new(text!(
            "on Docker Desktop --net host-network is the virtual machine's network, not this computer's, and off unless a setting says otherwise",
            "在 Docker Desktop 上，--net host-network 用的是虚拟机的网络，不是这台电脑的，而且默认关闭"
        ))
        .hint(text!("--net host-gateway reaches this computer", "--net host-gateway 可以连到这台电脑")));
    }
    Ok(Wish {
        stacks: names,
        target: if platform == Platform::Swarm { Target::Swarm } else { Target::Compose },
        cdi: platform == Platform::Podman,
        provider: args.provider.clone(),
        net,
        lan_ip: address(&args.lan_ip)?,
        publish: address(&args.publish)?,
        gpu,
        registry: args.registry.clone(),
        with: args.with.clone(),
        ports: args.port.clone(),
        name: String::new(),
        lang,
        present: None,
        onto: false,
    })
}

pub(super) fn refused(refusal: Refusal) -> Failure {
    Failure { message: refusal.message, hint: refusal.hint }
}

/// A template that can't be filled in: a mistake of dockline's own.
#[allow(clippy::needless_pass_by_value, reason = "made for map_err")]
pub(super) fn broken(error: crate::templates::Error) -> Failure {
    let error = format!("{error:#}");
    Failure::new(text!("a template is broken ({error}): please report it", "模板有错（{error}），请报告"))
}

/// A name that Compose takes. Source: docs.docker.com, reference/compose-file/version-and-name.
fn project_name(name: &str, given: bool) -> Result<String, Failure> {
    let plain: String =
        name.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' }).collect();
    let plain = plain.trim_matches(['-', '_']).to_owned();
    if plain.is_empty() || (given && plain != name) {
        return Err(Failure::new(text!("`{name}` is no project name", "`{name}` 不能作项目名")).hint(text!(
            "lower-case letters, digits, - and _: --name my-stack",
            "只能用小写字母、数字、- 和 _：--name my-stack"
        )));
    }
    Ok(plain)
}

/// Where secrets come from.
pub(super) fn source() -> SecretSource {
    Arc::new(random)
}

/// So many random hexadecimal digits, from the operating system.
fn random(digits: usize) -> String {
    let mut bytes = vec![0_u8; digits.div_ceil(2)];
    // Without random numbers there are no secrets, and nothing must go on as if there were.
    getrandom::fill(&mut bytes).expect("the operating system gives random numbers");
    let mut out = String::with_capacity(digits + 1);
    for byte in bytes {
        let _ = write!(out, "{byte:02x}");
    }
    out.truncate(digits);
    out
}

/// What an env file there, and the files of `secrets/`, say already: a database keeps the password that it was made with.
pub(super) fn kept(session: &mut Session, dir: &Path) -> BTreeMap<String, String> {
    let mut out = match session.files.read(&dir.join(".env")) {
        Ok(id) => env_values(id, &session.files.get(id).text),
        Err(_) => BTreeMap::new(),
    };
    for entry in std::fs::read_dir(dir.join("secrets")).into_iter().flatten().flatten() {
        if let Ok(text) = std::fs::read_to_string(entry.path()) {
            out.insert(entry.file_name().to_string_lossy().into_owned(), text.trim_end().to_owned());
        }
    }
    out
}

fn env_values(id: FileId, text: &str) -> BTreeMap<String, String> {
    let read = dotenv::parse(id, text);
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@".contains(c);
    let mut out = BTreeMap::new();
    for line in &read.lines {
        let Some(value) = line.value.as_ref() else { continue };
        if value.text.chars().all(plain) {
            out.insert(line.key.to_string(), value.text.to_string());
        }
    }
    out
}

pub(super) fn conflicts(dir: &Path, rendered: &Rendered) -> Vec<String> {
    let differs = |made: &&Made| std::fs::read_to_string(dir.join(&made.path)).is_ok_and(|old| old != made.text);
    rendered.files.iter().filter(differs).map(|m| m.path.clone()).collect()
}

/// A text without its secrets.
pub(super) fn masked(text: &str, secrets: &[String]) -> String {
    secrets
        .iter()
        .filter(|s| !s.is_empty())
        .fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), "********"))
}

pub(super) fn diffs(session: &Session, dir: &Path, rendered: &Rendered) -> String {
    let mut out = String::new();
    for made in &rendered.files {
        let Ok(old) = std::fs::read_to_string(dir.join(&made.path)) else { continue };
        if old == made.text {
            continue;
        }
        let name = session.files.name_of(&dir.join(&made.path));
        if made.private {
            // Their own values are nobody's business, and a patch of them would show them.
            let keys = |text: &str| -> Vec<String> {
                text.lines()
                    .filter(|l| !l.starts_with('#'))
                    .filter_map(|l| Some(format!("{}=********\n", l.split_once('=')?.0)))
                    .collect()
            };
            out.push_str(&unified(&name, Some(&keys(&old).concat()), &keys(&made.text).concat(), 0));
        } else {
            out.push_str(&unified(&name, Some(&old), &made.text, 3));
        }
    }
    out
}

/// The files as a tree, and each with its text.
pub(super) fn preview(session: &Session, dir: &Path, rendered: &Rendered) -> String {
    let mut out = format!("{}/\n", session.files.name_of(dir).trim_end_matches('/'));
    let last = rendered.files.len().saturating_sub(1);
    for (index, made) in rendered.files.iter().enumerate() {
        let branch = if index == last { "└──" } else { "├──" };
        let mode = if made.private { "   0600" } else { "" };
        let _ = writeln!(out, "{branch} {}{mode}", made.path);
    }
    for made in &rendered.files {
        let _ = write!(out, "\n── {}\n{}", made.path, masked(&made.text, &rendered.secrets));
    }
    out
}

pub(super) fn write(session: &Session, dir: &Path, rendered: &Rendered) -> Result<(), Failure> {
    let mut changes = Vec::new();
    for made in &rendered.files {
        let path = dir.join(&made.path);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| {
                let folder = session.files.name_of(folder);
                Failure::new(text!("can't make {folder}: {error}", "无法创建 {folder}：{error}"))
            })?;
        }
        let old = std::fs::read(&path).ok();
        if old.as_deref() != Some(made.text.as_bytes()) {
            changes.push(Change { path, old, new: made.text.clone().into_bytes(), private: made.private });
        }
    }
    write_all(&changes).map_err(|error| match error {
        WriteError::Changed(path) => {
            let name = session.files.name_of(&path);
            Failure::new(text!("{name} has changed meanwhile: nothing was written", "{name} 刚刚被改动：什么都没写"))
        }
        WriteError::Io(path, error) => {
            let name = session.files.name_of(&path);
            Failure::new(text!("can't write {name}: {error}", "无法写入 {name}：{error}"))
        }
    })
}

/// What was written, what to type, what to open, and what the host must do.
fn closing(session: &Session, plan: &Plan, rendered: &Rendered, dir: &Path, facts: &Facts) -> String {
    let lang = session.lang;
    let shown = session.files.name_of(dir);
    let mut lines: Vec<Text> = Vec::new();
    let names: Vec<&str> = rendered.files.iter().map(|m| m.path.as_str()).collect();
    let names = names.join(", ");
    lines.push(text!("wrote {names} in {shown}", "已写入 {shown}：{names}"));
    if let Some(private) = rendered.files.iter().rfind(|m| m.private && !rendered.secrets.is_empty()) {
        // On a swarm each secret is a file of its own.
        let path = private.path.split_inclusive('/').next().unwrap_or_default();
        lines.push(text!(
            "{path} holds new passwords and can be read by you alone",
            "{path} 里是新生成的密码，只有你能读"
        ));
    }
    lines.push(Text::default());
    let go = if shown == "." { String::new() } else { format!("cd {} && ", session::quoted(&shown)) };
    match plan.target {
        Target::Compose => lines.push(text!("start:  {go}docker compose up -d", "启动：  {go}docker compose up -d")),
        Target::Swarm => lines.extend(deployment(plan, &go)),
    }
    lines.extend(after(session, (plan, rendered), dir, &[], facts));
    let mut out = String::new();
    for line in lines {
        out.push_str(&tame(line.get(lang)));
        out.push('\n');
    }
    out
}

/// Whether people come in from outside. Model servers of a swarm are called by the project's services alone.
fn publishes(plan: &Plan) -> bool {
    plan.parts.iter().any(|p| p.stack.role != Role::Server)
}

/// The commands of a swarm, from a machine that is in none to a stack that is gone again.
fn deployment(plan: &Plan, go: &str) -> Vec<Text> {
    let name = &plan.name;
    let (data, models) = (stacks::DATA, stacks::MODELS);
    let serves = plan.parts.iter().any(|p| p.stack.role == Role::Server);
    let this = "$(docker node inspect self --format '{{.ID}}')";
    let mut out = vec![text!(
        "swarm:  docker swarm init   (once, unless this machine is a manager already)",
        "集群：  docker swarm init   （只做一次；本机已经是管理节点就跳过）"
    )];
    if publishes(plan) {
        out.push(text!(
            "label:  docker node update --label-add {data}=true {this}   (one machine: it keeps the volumes, and publishes the ports)",
            "标签：  docker node update --label-add {data}=true {this}   （只给一台机器：卷和发布的端口都在它上面）"
        ));
    }
    if serves {
        out.push(text!(
            "label:  docker node update --label-add {models}=true {this}   (each machine that is to run models; docker node ls lists them)",
            "标签：  docker node update --label-add {models}=true {this}   （每台要跑模型的机器都加；docker node ls 列出所有机器）"
        ));
    }
    out.extend([
        text!(
            "start:  {go}(set -a; . ./.env; docker stack deploy -c compose.yaml {name})",
            "启动：  {go}(set -a; . ./.env; docker stack deploy -c compose.yaml {name})"
        ),
        text!("look:   docker stack services {name}", "查看：  docker stack services {name}"),
        text!("        docker stack ps --no-trunc {name}", "        docker stack ps --no-trunc {name}"),
        text!("remove: docker stack rm {name}   (volumes stay)", "删除：  docker stack rm {name}   （卷会留下）"),
    ]);
    out
}

/// What follows the start: pages, logins, models, addresses to type, the host.
/// `there`: the services that the project had before; `facts`: where it is to run.
pub(super) fn after(
    session: &Session,
    (plan, rendered): (&Plan, &Rendered),
    dir: &Path,
    there: &[String],
    facts: &Facts,
) -> Vec<Text> {
    let mut lines: Vec<Text> = Vec::new();
    for open in &rendered.opens {
        let (title, url) = (&open.title, &open.url);
        let login = open.login.as_ref().map_or_else(Text::default, |l| text!("   ", "   ").and(l));
        lines.push(text!("open:   {url}   {title}", "打开：  {url}   {title}").and(&login));
    }
    let ollama = plan.parts.iter().find(|p| p.stack.name == "ollama");
    if ollama.is_some() && plan.target == Target::Swarm {
        let name = &plan.name;
        let each =
            format!("for c in $(docker ps -q -f name={name}_ollama); do docker exec $c ollama pull llama3.2; done");
        lines.push(text!(
            "model:  {each}   (on each machine with the label models; or another of ollama.com/library)",
            "模型：  {each}   （在每台带 models 标签的机器上执行；或 ollama.com/library 里的其他模型）"
        ));
    } else if ollama.is_some() {
        lines.push(text!(
            "model:  docker compose exec ollama ollama pull llama3.2   (or another of ollama.com/library)",
            "模型：  docker compose exec ollama ollama pull llama3.2   （或 ollama.com/library 里的其他模型）"
        ));
    }
    lines.extend(rendered.notes.iter().map(|note| text!("note:   ", "注意：  ").and(note)));
    let outcome = found_in(session, dir);
    lines.extend(astray(&outcome, session, dir));
    let advice = advice(&outcome, session, (plan, rendered), dir, there);
    if !advice.is_empty() {
        lines.push(Text::default());
        lines.extend(advice);
    }
    if let Some(port) = plan.host_port() {
        let title = plan.provider.title;
        lines.push(Text::default());
        match plan.net {
            Strategy::HostNetwork => lines.push(text!(
                "on the host: {title} must listen on 127.0.0.1:{port}, which is how it comes",
                "宿主机：{title} 要在 127.0.0.1:{port} 上监听，默认就是如此"
            )),
            Strategy::LanIp => {
                lines.extend(plan.lan_ip.map(|ip| text!("on {ip}: ", "在 {ip} 上：").and(&listen_on(ip, port))));
            }
            _ => lines.extend(listen_note(facts, port).map(|note| text!("on the host: ", "宿主机：").and(&note))),
        }
        if plan.provider.id == "ollama" && plan.net != Strategy::HostNetwork {
            lines.push(text!(
                "as files, with the ways that open less, a proxy that asks for a key, and how to undo it all: dockline new ollama-host",
                "也可以生成文件，里面还有开放得更少的办法、要密钥的代理和撤销的命令：dockline new ollama-host"
            ));
        }
    }
    if plan.target == Target::Swarm && publishes(plan) {
        lines.push(text!(
            "swarm publishes on every address of the machine: whoever reaches it reaches the pages, so make the first account before others do; a firewall in front of it, or iptables' DOCKER-USER, keeps others out",
            "swarm 会发布在机器的所有地址上：能连到它的人都能打开网页，请抢先注册第一个账号；要挡住别人，用机器前面的防火墙，或者 iptables 的 DOCKER-USER 链"
        ));
    } else if plan.target == Target::Compose && !plan.publish.is_loopback() {
        let address = plan.publish;
        lines.push(text!(
            "published on {address}: whoever reaches this machine reaches the pages; make the first account before others do",
            "发布在 {address} 上：能连到这台机器的人都能打开网页，请抢先注册第一个账号"
        ));
    }
    if plan.cdi && (plan.gpu.is_some() || plan.parts.iter().any(|p| p.stack.name == "vllm")) {
        lines.push(text!(
            "graphics cards: Podman knows them by name once sudo nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml has run",
            "显卡：先执行一次 sudo nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml，Podman 才认得"
        ));
    }
    if plan.parts.iter().any(|p| p.host_mode) {
        lines.push(text!(
            "host network: works on Linux; Docker Desktop has it switched off unless told. What does not bind to 127.0.0.1 is open to the network",
            "host 网络：在 Linux 上可用；Docker Desktop 默认关闭。没有绑定 127.0.0.1 的服务会对外开放"
        ));
    }
    lines.push(Text::default());
    let again = placed(session, dir);
    lines.push(text!("look again at any time:  dockline lint{again}", "随时可以再检查：  dockline lint{again}"));
    lines
}

/// What lint says of the project as it is now.
fn found_in(session: &Session, dir: &Path) -> Outcome {
    let mut files = crate::source::Files::new(session.files.base().to_path_buf());
    let selection = Selection { paths: vec![dir.to_path_buf()], ..Selection::default() };
    let none = foldhash::HashMap::default();
    let (found, _) = discover(&mut files, &selection, &none);
    lint(&mut files, &found, &none, &Options::default())
}

/// Services that were there before and still call where nobody answers, where `fix` has a way for them: to what is new, mostly.
fn astray(outcome: &Outcome, session: &Session, dir: &Path) -> Option<Text> {
    let broken = |t: &&Told| {
        let finding = &t.finding;
        finding.category == Category::Reach && finding.severity >= Severity::Warning && !finding.fixes.is_empty()
    };
    let services: BTreeSet<&str> =
        outcome.findings.iter().filter(broken).flat_map(|t| t.finding.services.iter().map(String::as_str)).collect();
    if services.is_empty() {
        return None;
    }
    let list = services.iter().map(|s| format!("`{s}`")).collect::<Vec<_>>();
    let (en, zh, place) = (list.join(", "), list.join("、"), placed(session, dir));
    Some(text!(
        "then:   dockline fix --diff{place}   (what can't be reached yet from {en}: this shows the change, without --diff it is made)",
        "然后：  dockline fix --diff{place}   （{zh} 里还有连不上的地址：这会列出改法，去掉 --diff 就直接改好）"
    ))
}

/// ` DIR`, where it is not the current one.
fn placed(session: &Session, dir: &Path) -> String {
    match session.files.name_of(dir) {
        here if here == "." => String::new(),
        there => format!(" {}", session::quoted(&there)),
    }
}

/// The addresses that the applications of the project want typed into their pages.
fn advice(
    outcome: &Outcome,
    session: &Session,
    (plan, rendered): (&Plan, &Rendered),
    dir: &Path,
    there: &[String],
) -> Vec<Text> {
    let lang = session.lang;
    let shown = session.files.name_of(dir);
    let mut out = Vec::new();
    let typed: HashMap<&str, &stacks::Part> =
        plan.parts.iter().filter_map(|p| Some((p.stack.typed.as_deref()?, p))).collect();
    for project in &outcome.projects {
        for advice in &project.advice {
            let part = typed.get(advice.service.as_str());
            let offer = || plan.onto.as_ref().or(plan.offer.as_ref()).filter(|_| there.contains(&advice.service));
            let Some(model) = part.map_or_else(offer, |p| p.model.as_ref()) else { continue };
            let mut advice = advice.clone();
            // What the plan wires, not what the survey would choose.
            let ip = plan.lan_ip.map_or_else(String::new, |ip| ip.to_string());
            advice.base = model.url.replace("${HOST_LAN_IP:?}", &ip);
            advice.cut_off.clear();
            advice.listen = false;
            let want = if model.ollama { "ollama" } else { "openai" };
            let mut lines = advice_lines(&advice, &format!(" {}", session::quoted(&shown)), lang, Some(want));
            lines.retain(|l| !l.get(lang).is_empty());
            out.extend(lines);
            if let Some(key) = model.key.strip_prefix("${").map(|k| k.trim_end_matches(['}', '?', ':'])) {
                let file = rendered.files.iter().map(|made| made.path.as_str()).find(|path| path.ends_with(key));
                out.push(match file {
                    Some(path) => text!("  key      what {path} holds", "  密钥    {path} 的内容"),
                    None => text!("  key      what {key} is in .env", "  密钥    .env 里 {key} 的值"),
                });
            }
        }
    }
    out
}

fn list(lang: Lang) -> String {
    let mut out = String::new();
    let width = stacks().iter().map(|s| s.name.len()).max().unwrap_or(0);
    let host = text!("Not a stack: opens an Ollama on this machine to containers", "不是栈：让容器用上本机的 Ollama");
    for stack in stacks() {
        let about = stack.about.text();
        let _ = writeln!(out, "{:width$}  {}", stack.name, about.get(lang));
        for choice in &stack.choice {
            let about = choice.about.text();
            let _ = writeln!(
                out,
                "{:width$}    --with {}={}   {}",
                "",
                choice.name,
                choice.values.join("|"),
                about.get(lang)
            );
        }
    }
    let _ = writeln!(out, "{:width$}  {}", super::host::WORD, host.get(lang));
    out
}

// -- asking --

fn line() -> Option<String> {
    let mut line = String::new();
    let read = std::io::stdin().read_line(&mut line).ok()?;
    (read > 0).then(|| line.trim().to_owned())
}

fn prompt(lang: Lang, text: &Text) -> Option<String> {
    session::print(&format!("{} ", text.get(lang)));
    let _ = std::io::stdout().flush();
    line()
}

fn confirm(lang: Lang, what: &Text) -> bool {
    let text = what.clone().and(&text!(" [y/N]", " [y/N]"));
    prompt(lang, &text).is_some_and(|answer| matches!(answer.to_lowercase().as_str(), "y" | "yes" | "是" | "好"))
}

/// One of a list, by its number or name; an empty line takes the first.
fn choose(lang: Lang, head: &Text, items: &[(String, Text)]) -> Option<String> {
    session::print(&format!("\n{}\n", head.get(lang)));
    for (number, (name, about)) in items.iter().enumerate() {
        let line = format!("  {:2}  {name:14} {}", number + 1, about.get(lang));
        session::print(&format!("{}\n", line.trim_end()));
    }
    loop {
        let answer = prompt(lang, &text!("number or name [1]:", "编号或名称 [1]："))?;
        let answer = if answer.is_empty() { "1".to_owned() } else { answer };
        let by_number = answer.parse::<usize>().ok().and_then(|n| items.get(n.checked_sub(1)?));
        if let Some((name, _)) = by_number.or_else(|| items.iter().find(|(name, _)| *name == answer)) {
            return Some(name.clone());
        }
    }
}

/// Asks for everything that the command line left open. `None` where the input ends.
fn ask(lang: Lang, wish: &mut args::Wish) -> Option<(Vec<String>, Option<PathBuf>)> {
    let items: Vec<_> = stacks().iter().map(|s| (s.name.clone(), s.about.text())).collect();
    let mut names = vec![choose(lang, &text!("Which stack?", "要哪个栈？"), &items)?];
    let calls = |names: &[String]| {
        names.iter().filter_map(|n| stacks::stack(n)).any(|s| matches!(s.role, Role::App | Role::Gateway))
    };
    let gateways: Vec<_> = stacks().iter().filter(|s| s.role == Role::Gateway && !names.contains(&s.name)).collect();
    if calls(&names) && !gateways.is_empty() {
        let none = (text!("none", "不要").get(lang).to_owned(), Text::default());
        let items: Vec<_> =
            std::iter::once(none.clone()).chain(gateways.iter().map(|s| (s.name.clone(), s.about.text()))).collect();
        let answer = choose(lang, &text!("A gateway in front of the models?", "模型前面要不要加一个网关？"), &items)?;
        if answer != none.0 {
            names.push(answer);
        }
    }
    for stack in names.iter().filter_map(|n| stacks::stack(n)) {
        let mut chosen = BTreeMap::new();
        for choice in &stack.choice {
            let fits = |value: &String| {
                choice.needs(value).is_none_or(|(other, values)| {
                    chosen.get(other).is_none_or(|chosen: &String| values.contains(&chosen.as_str()))
                })
            };
            let items: Vec<_> =
                choice.values.iter().filter(|v| fits(v)).map(|v| (v.clone(), Text::default())).collect();
            // Where one is left there is nothing to ask.
            if items.len() < 2 {
                continue;
            }
            let (name, about) = (&stack.name, choice.about.text());
            let value = choose(lang, &text!("{name}: ", "{name}：").and(&about), &items)?;
            wish.with.push(format!("{name}.{}={value}", choice.name));
            chosen.insert(choice.name.as_str(), value);
        }
    }
    if calls(&names) && wish.provider.is_none() {
        let items: Vec<_> = PROVIDERS.iter().map(|p| (p.id.to_owned(), Text::same(p.title))).collect();
        let provider = choose(lang, &text!("Which model server?", "用哪个模型服务？"), &items)?;
        let found = PROVIDERS.iter().find(|p| p.id == provider);
        wish.provider = Some(provider);
        if wish.net.is_none() && found.is_some_and(|p| p.outside.is_none()) {
            let here = found.is_some_and(|p| p.stack.is_some());
            let all = [
                ("service", text!("in a container of this project", "在这个项目的容器里")),
                ("host-gateway", text!("on this machine, outside containers", "在这台机器上，容器之外")),
                ("lan-ip", text!("on another machine of the network", "在局域网的另一台机器上")),
            ];
            let items: Vec<_> = all.into_iter().skip(usize::from(!here)).map(|(n, t)| (n.to_owned(), t)).collect();
            let net = choose(lang, &text!("Where does it run?", "它在哪里运行？"), &items)?;
            if net == "lan-ip" && wish.lan_ip.is_none() {
                wish.lan_ip = Some(prompt(lang, &text!("its address:", "它的地址："))?);
            }
            wish.net = Some(net);
        }
    }
    let first = names.first().cloned().unwrap_or_default();
    let dir = prompt(lang, &text!("folder [{first}]:", "目录 [{first}]："))?;
    Some((names, (!dir.is_empty()).then(|| PathBuf::from(dir))))
}
