//! From a plan to files.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use super::join::{Sections, document};
use super::plan::{Gpu, Mirror, Part, Plan, Strategy, Target};
use super::stack::{Pin, images};
use super::swarm;
use crate::diag::{Lang, Text, is_secret};
use crate::templates::{self, Error, ErrorKind, Value, context};
use crate::text;

/// Gives a secret of so many hexadecimal digits.
pub type SecretSource = Arc<dyn Fn(usize) -> String + Send + Sync>;

/// A file of the new project.
#[derive(Clone, Debug)]
pub struct Made {
    /// From the project's folder, with `/`.
    pub path: String,
    pub text: String,
    /// Holds secrets: readable by its owner alone.
    pub private: bool,
}

/// A page to open.
#[derive(Clone, Debug)]
pub struct Open {
    pub title: String,
    pub url: String,
    pub login: Option<Text>,
}

/// A project as files.
#[derive(Clone, Debug)]
pub struct Rendered {
    pub files: Vec<Made>,
    /// What must not be shown.
    pub secrets: Vec<String>,
    pub opens: Vec<Open>,
    pub notes: Vec<Text>,
}

/// A project in pieces, for a file that is there already.
#[derive(Clone, Debug)]
pub struct Fragments {
    pub sections: Sections,
    /// `KEY=value` and comment lines.
    pub env: Vec<String>,
    pub rest: Rendered,
}

/// What every service of a new project has in common: the lines of the anchor `common`.
const COMMON: &[&str] = &[
    "cap_drop:",
    "  - ALL",
    "pids_limit: 1024",
    "restart: unless-stopped",
    "security_opt:",
    "  - no-new-privileges:true",
];

/// Makes a whole project. `kept` are values of an env file that is there: a database has its password already.
pub fn render(plan: &Plan, secret: &SecretSource, kept: &BTreeMap<String, String>) -> Result<Rendered, Error> {
    let mut pieces = pieces(plan, secret, kept, true)?;
    let on_swarm = plan.target == Target::Swarm;
    if on_swarm {
        let script = templates::text(swarm::SCRIPT).unwrap_or_default();
        let script = templates::engine(plan.lang).render_named_str(swarm::SCRIPT, script, ())?;
        swarm::to_swarm(plan, &mut pieces, script, kept);
    }
    let mut compose = String::new();
    let lang = plan.lang;
    let checked = super::stack::checked();
    let say = |out: &mut String, text: &Text| {
        for line in text.get(lang).lines() {
            let _ = writeln!(out, "# {line}");
        }
    };
    say(
        &mut compose,
        &text!(
            "Made by dockline; it is yours to change. Image versions are those of {checked}.",
            "由 dockline 生成，可以随意修改。镜像版本为 {checked} 时的版本。"
        ),
    );
    let processors = if on_swarm {
        text!(
            "A machine with fewer processors than a service's cpus refuses to run it. Names stand for the addresses of tasks (dnsrr): the\n\
             virtual address that swarm would give drops connections that are idle for 15 minutes.",
            "机器的 CPU 核数少于服务的 cpus 时，会拒绝运行它。名字解析到各个任务的地址（dnsrr）：\n\
             swarm 默认的虚拟地址会断掉空闲 15 分钟的连接。"
        )
    } else {
        text!(
            "A cpu_quota of 100000 is one processor; unlike cpus it does no harm on a machine that has fewer.",
            "cpu_quota 100000 等于一个 CPU；和 cpus 不同，机器核数不够也不会报错。"
        )
    };
    say(&mut compose, &processors);
    compose.push_str("#\n");
    say(
        &mut compose,
        &text!(
            "dockline: ignore-file[image-without-digest] versions are pinned by tag\n\
             dockline: ignore-file[read-only-missing] where these images write is not known for each",
            "dockline: ignore-file[image-without-digest] 版本已用标签固定\n\
             dockline: ignore-file[read-only-missing] 这些镜像会写哪些目录，并不都清楚"
        ),
    );
    if on_swarm && pieces.sections.services.values().flatten().any(|line| line == "    ports:") {
        say(
            &mut compose,
            &text!(
                "dockline: ignore-file[port-on-all-interfaces] swarm has no address to publish a port on",
                "dockline: ignore-file[port-on-all-interfaces] swarm 发布端口时不能指定地址"
            ),
        );
    }
    let anchors = [("common", if on_swarm { swarm::COMMON } else { COMMON }), ("deploy", swarm::DEPLOY)];
    for (name, common) in anchors {
        let alias = format!("*{name}");
        if pieces.sections.services.values().flatten().any(|line| line.ends_with(&alias)) {
            let _ = writeln!(compose, "\nx-{name}: &{name}\n  {}", common.join("\n  "));
        }
    }
    // `docker stack deploy` takes the name from its command line, and refuses it here.
    if !on_swarm {
        let _ = writeln!(compose, "\nname: {}", plan.name);
    }
    let _ = write!(compose, "\n{}", document(&pieces.sections));
    let mut rendered = pieces.rest;
    rendered.files.insert(0, Made { path: "compose.yaml".to_owned(), text: compose, private: false });
    if !pieces.env.is_empty() {
        let mut env = String::new();
        let mut what = if on_swarm {
            text!(
                "For the shell that deploys: docker stack deploy reads no such file by itself.",
                "给部署用的 shell 读：docker stack deploy 自己不读这个文件。"
            )
        } else {
            text!("Read by docker compose.", "由 docker compose 读取。")
        };
        let secret = |line: &String| rendered.secrets.iter().any(|s| !s.is_empty() && line.contains(s.as_str()));
        if pieces.env.iter().any(secret) {
            what = what.and(&text!(" Keep it to yourself: it holds the passwords.", "里面有密码，不要外传。"));
        }
        say(&mut env, &what);
        env.push_str(&(pieces.env.join("\n") + "\n"));
        rendered.files.insert(1, Made { path: ".env".to_owned(), text: env, private: true });
        let ignored = if on_swarm { ".env\nsecrets/\n" } else { ".env\n" };
        rendered.files.insert(2, Made { path: ".gitignore".to_owned(), text: ignored.to_owned(), private: false });
    }
    Ok(rendered)
}

impl Fragments {
    /// A Compose file of nothing else.
    pub fn document(&self) -> String {
        document(&self.sections)
    }
}

/// Makes the pieces that go into a project of the user's own; each service says all that it needs.
pub fn fragments(plan: &Plan, secret: &SecretSource, kept: &BTreeMap<String, String>) -> Result<Fragments, Error> {
    let pieces = pieces(plan, secret, kept, false)?;
    Ok(Fragments { sections: pieces.sections, env: pieces.env, rest: pieces.rest })
}

/// A project before it is written down.
pub(super) struct Pieces {
    pub sections: Sections,
    pub env: Vec<String>,
    pub rest: Rendered,
}

fn pieces(
    plan: &Plan,
    secret: &SecretSource,
    kept: &BTreeMap<String, String>,
    anchored: bool,
) -> Result<Pieces, Error> {
    let secrets: Arc<Mutex<Vec<String>>> = Arc::default();
    let mut sections = Sections::default();
    let mut env: Vec<String> = shared_env(plan);
    let mut rest = Rendered { files: Vec::new(), secrets: Vec::new(), opens: Vec::new(), notes: Vec::new() };
    for part in &plan.parts {
        let name = &part.stack.name;
        let source: SecretSource = {
            let (secrets, secret) = (secrets.clone(), secret.clone());
            Arc::new(move |digits| {
                let made = secret(digits);
                if let Ok(mut list) = secrets.lock() {
                    list.push(made.clone());
                }
                made
            })
        };
        let mut engine = templates::engine(plan.lang);
        functions(&mut engine, plan, part, &source, anchored);
        let values = values(plan, part);
        let render = |path: &str| -> Result<Option<String>, Error> {
            let path = format!("{name}/{path}");
            let Some(text) = templates::text(&path) else { return Ok(None) };
            engine.render_named_str(&path, text, &values).map(Some)
        };
        let told = |en: &str, zh: &str| -> Result<Text, Error> {
            Ok(Text::new(&engine.render_str(en, &values)?, &engine.render_str(zh, &values)?))
        };
        sections.add(&render("compose.yaml")?.unwrap_or_default());
        if let Some(text) = render("env")? {
            env.extend(text.lines().filter(|l| !l.trim().is_empty()).map(str::to_owned));
        }
        for file in part.stack.file.iter().filter(|f| holds(f.when.as_deref(), part)) {
            if let Some(text) = render(&file.path)? {
                rest.files.push(Made { path: file.path.clone(), text, private: false });
            }
        }
        for note in part.stack.note.iter().filter(|n| holds(n.when.as_deref(), part)) {
            rest.notes.push(told(&note.en, &note.zh)?);
        }
        if part.asked && part.stack.role != super::Role::Server {
            let address = shown(plan.publish);
            let (title, port) = (name.clone(), part.port);
            let login = part.stack.login.as_ref().map(|login| told(&login.en, &login.zh)).transpose()?;
            rest.opens.push(Open { title, url: format!("http://{address}:{port}"), login });
        }
    }
    let fresh = secrets.lock().map(|list| list.clone()).unwrap_or_default();
    if let Some(mirror) = &plan.mirror {
        let (lines, note) = mirrored(mirror, &sections, plan.lang);
        env.splice(0..0, lines);
        rest.notes.push(note);
    }
    for line in &mut env {
        if let Some((key, _)) = line.split_once('=')
            && let Some(old) = kept.get(key).filter(|old| !old.is_empty())
        {
            if is_secret(key) || fresh.iter().any(|new| line.ends_with(new.as_str())) {
                rest.secrets.push(old.clone());
            }
            *line = format!("{key}={old}");
        }
    }
    // A key that several stacks set is set once.
    let mut seen = Vec::new();
    env.retain(|line| match line.split_once('=') {
        Some((key, _)) if !line.starts_with('#') => {
            let new = !seen.contains(&key.to_owned());
            seen.push(key.to_owned());
            new
        }
        _ => true,
    });
    rest.secrets.extend(fresh);
    Ok(Pieces { sections, env, rest })
}

/// An address as a browser on this machine can open it.
fn shown(address: IpAddr) -> String {
    match address {
        address if address.is_unspecified() => "127.0.0.1".to_owned(),
        IpAddr::V6(address) => format!("[{address}]"),
        IpAddr::V4(address) => address.to_string(),
    }
}

/// The lines of `.env` for a mirror, and what a person does first: whether it has the images, nobody here knows.
fn mirrored(mirror: &Mirror, sections: &Sections, lang: Lang) -> (Vec<String>, Text) {
    let mut lines = sections.services.values().flatten();
    let Some(image) = lines.find_map(|line| line.trim_start().strip_prefix("image: ${REGISTRY:?}")) else {
        let of = mirror.of.as_deref().unwrap_or_default();
        return (
            Vec::new(),
            text!(
                "no image here comes from {of}: --registry changes nothing",
                "这里没有来自 {of} 的镜像，--registry 没有用上"
            ),
        );
    };
    let about = match &mirror.of {
        None => text!(
            "Where images are pulled from, under their full names: REGISTRY{image}",
            "镜像从哪里拉取，后面接完整的名字：REGISTRY{image}"
        ),
        Some(of) => {
            text!("Where images of {of} are pulled from: REGISTRY{image}", "{of} 的镜像从哪里拉取：REGISTRY{image}")
        }
    };
    let prefix = &mirror.prefix;
    let note = text!(
        "whether the mirror has the images:  docker pull {prefix}{image}",
        "先看镜像站有没有这些镜像：  docker pull {prefix}{image}"
    );
    (vec![format!("# {}", about.get(lang)), format!("REGISTRY={prefix}")], note)
}

/// Lines of `.env` that belong to no stack.
fn shared_env(plan: &Plan) -> Vec<String> {
    let mut out = Vec::new();
    let calls = plan.edges().next().is_some();
    if let (Strategy::LanIp, Some(ip), true, None) = (plan.net, plan.lan_ip, calls, plan.provider.outside) {
        let title = plan.provider.title;
        out.push(format!("# {}", text!("The machine that {title} runs on", "运行 {title} 的机器").get(plan.lang)));
        out.push(format!("HOST_LAN_IP={}", shown(ip)));
    }
    if plan.provider.outside.is_some() && calls {
        let title = plan.provider.title;
        out.push(format!("# {}", text!("Your key of {title}: fill it in", "你的 {title} 密钥：请填写").get(plan.lang)));
        out.push("OPENAI_API_KEY=".to_owned());
    }
    out
}

/// Whether `choice=value` holds; `model=ollama` asks for the kind of server.
fn holds(when: Option<&str>, part: &Part) -> bool {
    let Some((name, value)) = when.and_then(|w| w.split_once('=')) else { return true };
    match name {
        "model" => part.model.as_ref().is_some_and(|m| if m.ollama { value == "ollama" } else { value == "openai" }),
        _ => part.choices.get(name).is_some_and(|v| v == value),
    }
}

fn values(plan: &Plan, part: &Part) -> Value {
    let model = part.model.as_ref().map(|m| {
        context! {
            kind => if m.ollama { "ollama" } else { "openai" },
            url => m.url.clone(),
            openai => m.openai.clone(),
            key => m.key.clone(),
            provider => m.provider,
        }
    });
    let clients = plan.parts.iter().any(|p| p.stack.role == super::Role::App);
    context! {
        choice => part.choices.clone(),
        model => model,
        host_mode => part.host_mode,
        port => part.port,
        inside => part.stack.inside,
        clients => clients,
        cards => match plan.gpu { None => "none", Some(Gpu::Nvidia) => "nvidia", Some(Gpu::Amd) => "amd" },
        page => format!("http://{}:{}", shown(plan.publish), part.port),
        zh => plan.lang == Lang::Zh,
    }
}

/// A list of strings from the template.
fn strings(value: &Value) -> Vec<String> {
    value.try_iter().map(|items| items.map(|i| i.to_string()).collect()).unwrap_or_default()
}

fn wrong(what: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::InvalidOperation, what)
}

/// What templates can ask for.
fn functions(
    engine: &mut minijinja::Environment<'static>,
    plan: &Plan,
    part: &Part,
    secret: &SecretSource,
    anchored: bool,
) {
    use minijinja::value::Kwargs;

    let (gpu, mirror) = (plan.gpu, plan.mirror.clone());
    engine.add_function("image", move |name: String| {
        let pin = images().images.get(&name).ok_or_else(|| wrong(format!("no image `{name}`")))?;
        Ok::<_, Error>(reference(pin, gpu, mirror.as_ref()))
    });

    let source = secret.clone();
    engine.add_function("secret", move |digits: usize| source(digits));

    // What a person is told of commands and files. `again` stands behind other words.
    let (target, project) = (plan.target, plan.name.clone());
    engine.add_function("logs", move |service: String| match target {
        Target::Compose => format!("docker compose logs -f {service}"),
        Target::Swarm => format!("docker service logs -f {project}_{service}"),
    });
    let lang = plan.lang;
    engine.add_function("kept", move |key: String| {
        let text = match target {
            Target::Compose => text!("{key} of .env", ".env 里的 {key}"),
            Target::Swarm => {
                let path = swarm::secret_file(&key);
                text!("what {path} holds", "{path} 的内容")
            }
        };
        text.get(lang).to_owned()
    });
    engine.add_function("again", move || {
        let text = match target {
            Target::Compose => Text::same(" docker compose up -d"),
            Target::Swarm => text!(" count REVISION up and deploy again", "把 REVISION 加一，重新部署"),
        };
        text.get(lang).to_owned()
    });

    // The services that must be healthy first.
    let model = part.model.clone();
    engine.add_function("wait", move |names: Value, kwargs: Kwargs| {
        let with_model: Option<bool> = kwargs.get("model")?;
        let done: Option<Value> = kwargs.get("done")?;
        kwargs.assert_all_used()?;
        let mut all: Vec<(String, &str)> = strings(&names).into_iter().map(|n| (n, "service_healthy")).collect();
        all.extend(done.iter().flat_map(strings).map(|n| (n, "service_completed_successfully")));
        let server = model.as_ref().filter(|m| m.wait && with_model == Some(true)).and_then(|m| m.service.clone());
        all.extend(server.map(|s| (s, "service_healthy")));
        all.sort();
        let mut out = String::new();
        for (name, condition) in &all {
            let _ = write!(out, "\n      {name}:\n        condition: {condition}");
        }
        Ok::<_, Error>(if out.is_empty() { out } else { format!("    depends_on:{out}") })
    });

    // The way in for people, and the way out to a model server on the host.
    let (publish, port, inside, host_mode) = (plan.publish, part.port, part.stack.inside, part.host_mode);
    let mapping = part.model.as_ref().is_some_and(|m| m.mapping);
    let calls = if mapping { "    extra_hosts:\n      - host.docker.internal:host-gateway" } else { "" };
    // Where people come in by another service than the one that calls models, that one calls none.
    let door = part.stack.typed.as_ref().is_some_and(|t| *t != part.stack.service);
    engine.add_function("open", move || {
        if host_mode {
            return "    # dockline: ignore[host-network] --net host-network\n    network_mode: host".to_owned();
        }
        let address = if publish.is_ipv6() { format!("[{publish}]") } else { publish.to_string() };
        let calls = if door { "" } else { calls };
        format!("    ports:\n      - \"{address}:{port}:{inside}\"\n{calls}")
    });
    engine.add_function("calls", move || calls);

    // A helper of a service on the host's network: it is called by 127.0.0.1, and by its name otherwise.
    engine.add_function("inner", move |inside: u16, outside: Option<u16>| {
        let outside = outside.unwrap_or(inside);
        if host_mode { format!("    ports:\n      - \"127.0.0.1:{outside}:{inside}\"") } else { String::new() }
    });
    engine.add_function("at", move |service: String, inside: u16, outside: Option<u16>| {
        if host_mode { format!("127.0.0.1:{}", outside.unwrap_or(inside)) } else { format!("{service}:{inside}") }
    });

    // A model server answers people only where it was asked for.
    let asked = part.asked;
    engine.add_function("serve", move || {
        if asked { format!("    ports:\n      - \"127.0.0.1:{port}:{inside}\"") } else { String::new() }
    });

    let cdi_devices = plan.cdi;
    engine.add_function("gpu", move |kwargs: Kwargs| {
        let always: Option<bool> = kwargs.get("always")?;
        kwargs.assert_all_used()?;
        let cdi = "    devices:\n      - nvidia.com/gpu=all";
        let reserved = "    deploy:\n      resources:\n        reservations:\n          devices:\n            - driver: nvidia\n              count: all\n              capabilities:\n                - gpu";
        let nvidia = if cdi_devices { cdi } else { reserved };
        let amd = "    devices:\n      - /dev/kfd\n      - /dev/dri";
        Ok::<_, Error>(match gpu {
            Some(Gpu::Amd) => amd,
            Some(Gpu::Nvidia) => nvidia,
            None if always == Some(true) => nvidia,
            None => "",
        })
    });

    // Limits, and rights that the image does without.
    engine.add_function("guard", move |kwargs: Kwargs| {
        let (memory, cpus): (String, Value) = (kwargs.get("memory")?, kwargs.get("cpus")?);
        let caps: Option<Value> = kwargs.get("caps")?;
        let keep: Option<bool> = kwargs.get("keep")?;
        let once: Option<bool> = kwargs.get("once")?;
        kwargs.assert_all_used()?;
        let mut out = String::new();
        let inline = keep == Some(true) || !anchored;
        if inline {
            let skip = if keep == Some(true) { 2 } else { 0 };
            for line in COMMON.iter().skip(skip).filter(|l| once != Some(true) || !l.starts_with("restart")) {
                let _ = writeln!(out, "    {line}");
            }
        } else {
            out.push_str("    <<: *common\n");
        }
        if once == Some(true) {
            out.push_str("    restart: \"no\"\n");
        }
        // `cpus` is refused on a machine that has fewer; a quota is not.
        if let Ok(cpus) = u32::try_from(cpus) {
            let _ = writeln!(out, "    cpu_quota: {}", cpus * 100_000);
        }
        let _ = write!(out, "    mem_limit: {memory}");
        let mut caps = caps.as_ref().map(strings).unwrap_or_default();
        caps.sort();
        if !caps.is_empty() {
            let _ = write!(out, "\n    cap_add:\n      - {}", caps.join("\n      - "));
        }
        Ok::<_, Error>(out)
    });
}

/// `NAME:TAG`, from the mirror where there is one.
pub(super) fn reference(pin: &Pin, gpu: Option<Gpu>, mirror: Option<&Mirror>) -> String {
    let tag = pin.amd.as_ref().filter(|_| gpu == Some(Gpu::Amd)).unwrap_or(&pin.tag);
    format!("{}:{tag}", mirror.map_or_else(|| pin.name.clone(), |mirror| mirror.named(&pin.name)))
}
