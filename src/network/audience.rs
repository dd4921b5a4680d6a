//! Who uses an address: the container, a browser, the server itself. A wrong answer here is the main source of false alarms.

use super::address::{Address, Form};
use super::endpoint::{Endpoint, Site};
use super::listener::runs_server;
use crate::catalog::{self, Audience as Listed, Image, ImageKind, PathRule, SchemeRule, Variable};
use crate::compose::{Configured, Mode, Project, Service, SetBy};
use crate::mounted::Format;

/// Who uses an address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Audience {
    /// The container connects.
    Server,
    /// A person's browser does, or somebody outside.
    Browser,
    /// The container connects to itself to see whether it lives.
    Healthcheck,
    /// An address to listen on, or to be known by.
    Bind,
}

impl Audience {
    pub fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Browser => "browser",
            Self::Healthcheck => "healthcheck",
            Self::Bind => "bind",
        }
    }
}

/// How sure we are of an audience.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Sure {
    /// A name that could mean anything.
    Guess,
    /// The name or the scheme says it.
    Pattern,
    /// The catalog knows the variable.
    Catalog,
}

/// Whether the program reads the variable.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reading {
    Yes,
    /// Only with another setting, which is not made: the variable and the values that it would need.
    Unselected {
        variable: String,
        values: Vec<&'static str>,
    },
    /// The image takes no addresses by variables of this name.
    Ignored,
    /// The program is known to rewrite loopback addresses inside containers.
    Rewritten,
}

/// What a variable's address is for.
#[derive(Clone, Debug)]
pub struct Role {
    pub audience: Audience,
    pub sure: Sure,
    pub reading: Reading,
    /// The protocol that must answer there.
    pub speaks: Option<&'static str>,
    pub proxy: bool,
    /// An allow list: names are compared, nobody connects.
    pub allow_list: bool,
    pub fact: Option<&'static Variable>,
    /// What the client makes of the path.
    pub path: Option<PathRule>,
}

impl Role {
    /// One that is known to be read, and of which nothing else is.
    pub(super) fn plain(audience: Audience, sure: Sure) -> Self {
        Self {
            audience,
            sure,
            reading: Reading::Yes,
            speaks: None,
            proxy: false,
            allow_list: false,
            fact: None,
            path: None,
        }
    }

    pub fn scheme_rule(&self) -> Option<SchemeRule> {
        self.fact.and_then(|f| f.scheme)
    }
}

/// The role of an endpoint; `None` where it is no address after all.
pub(super) fn role(
    project: &Project,
    service: &Service,
    image: Option<&'static Image>,
    endpoint: &Endpoint,
) -> Option<Role> {
    match endpoint.site {
        Site::Health(_) => return Some(Role::plain(Audience::Healthcheck, Sure::Pattern)),
        Site::Command(_) | Site::Entrypoint(_) => return Some(in_command(endpoint)),
        Site::Configured(index) => {
            return service.configured.get(index).and_then(|c| in_file(project, service, image, endpoint, c));
        }
        Site::Env(_) => {}
    }
    let name = &*endpoint.variable;
    let fact = catalog::variable(name, image);
    if let Some(fact) = fact {
        let own_line = image.is_some_and(|i| fact.images.iter().any(|n| i.names.contains(n)));
        let reading = match image {
            Some(image)
                if !own_line
                    && fact.audience != Some(Listed::Proxy)
                    && (image.closed || by_the_way(project, service, image, endpoint)) =>
            {
                Reading::Ignored
            }
            _ => reading(&|name| service.env_text(name), fact),
        };
        let mut role = match fact.audience? {
            Listed::Text => return None,
            Listed::Server => Role::plain(Audience::Server, Sure::Catalog),
            Listed::Browser => Role::plain(Audience::Browser, Sure::Catalog),
            Listed::Bind | Listed::Own => Role::plain(Audience::Bind, Sure::Catalog),
            Listed::Origin => Role { allow_list: true, ..Role::plain(Audience::Browser, Sure::Catalog) },
            Listed::Proxy => Role { proxy: true, ..Role::plain(Audience::Server, Sure::Catalog) },
        };
        role.reading = reading;
        role.speaks = fact.speaks;
        role.fact = Some(fact);
        role.path = path(&|name| service.env_text(name), fact);
        client_of_own_kind(service, image, endpoint, &mut role);
        switched_off(service, name, &mut role);
        rewritten(service, &mut role);
        return Some(role);
    }
    let mut role = by_name(project, service, endpoint);
    if image.is_some_and(|i| i.closed || by_the_way(project, service, i, endpoint)) {
        role.reading = Reading::Ignored;
    }
    switched_off(service, name, &mut role);
    rewritten(service, &mut role);
    Some(role)
}

/// Whether a variable is in the container only because an env file that several services share is given to it whole, and the
/// image is infrastructure, which reads settings of its own alone: Dify's `middleware.env` in the squid of the same project.
fn by_the_way(project: &Project, service: &Service, image: &Image, endpoint: &Endpoint) -> bool {
    use ImageKind as K;
    let infrastructure = matches!(
        image.kind,
        Some(K::Database | K::VectorStore | K::Cache | K::Queue | K::Storage | K::Search | K::Proxy | K::Monitoring)
    );
    let Site::Env(index) = endpoint.site else { return false };
    let Some(SetBy::EnvFile { file, .. }) = service.environment.get(index).map(|v| v.set_by) else { return false };
    let reads =
        |s: &&Service| s.environment.iter().any(|v| matches!(v.set_by, SetBy::EnvFile { file: f, .. } if f == file));
    infrastructure && project.services.iter().filter(reads).nth(1).is_some()
}

/// `OLLAMA_HOST` is a bind address in an Ollama server and a target in its command-line client, which is in the same image;
/// in an image of unknown content the rest of the service tells.
fn client_of_own_kind(service: &Service, image: Option<&Image>, endpoint: &Endpoint, role: &mut Role) {
    let own_bind = image.is_some_and(|i| i.bind_env == Some(&*endpoint.variable));
    if own_bind && image.is_some_and(|i| !runs_server(service, i)) {
        role.audience = Audience::Server;
        role.speaks = role.speaks.or(Some("ollama"));
    } else if own_bind || (&*endpoint.variable == "OLLAMA_HOST" && image.is_none() && serves_ollama(service)) {
        role.audience = Audience::Bind;
    }
}

/// Whether a service of an unknown image looks like an Ollama server.
fn serves_ollama(service: &Service) -> bool {
    let named = |text: &str| text.to_ascii_lowercase().contains("ollama");
    let published = service.ports.iter().any(|p| p.has_target(11434))
        || service.expose.iter().any(|(a, b)| (*a..=*b).contains(&11434));
    published
        || (named(&service.name)
            && service.env("OLLAMA_HOST").is_some_and(|v| {
                v.value
                    .as_ref()
                    .is_some_and(|v| ["0.0.0.0", "[::]", "*", "127.0.0.1"].iter().any(|w| v.text().contains(w)))
            }))
}

/// `NEO4J_ENABLE=false` beside `NEO4J_URI`, `HYBRID=off` beside `HYBRID_URL`: a part that is switched off.
fn switched_off(service: &Service, name: &str, role: &mut Role) {
    if role.reading != Reading::Yes {
        return;
    }
    let off = |key: &str, unset_counts: bool| {
        let text = service.env_text(key)?.trim().to_ascii_lowercase();
        let off = matches!(text.as_str(), "false" | "off" | "0" | "no" | "disabled" | "none")
            || (unset_counts && text.is_empty());
        off.then(|| key.to_owned())
    };
    let stems = name.match_indices('_').filter_map(|(at, _)| name.get(..at));
    for stem in stems {
        let switches = [
            format!("{stem}_ENABLE"),
            format!("{stem}_ENABLED"),
            format!("ENABLE_{stem}"),
            format!("USE_{stem}"),
            format!("{stem}_ON"),
        ];
        let switch = switches.iter().find_map(|key| off(key, true)).or_else(|| off(stem, false));
        if let Some(variable) = switch {
            role.reading = Reading::Unselected { variable, values: vec!["true"] };
            return;
        }
    }
}

/// Programs that turn loopback into the host's name themselves say so with this variable (bolt.diy's own Compose file).
fn rewritten(service: &Service, role: &mut Role) {
    if role.reading == Reading::Yes && service.env_text("RUNNING_IN_DOCKER") == Some("true") {
        role.reading = Reading::Rewritten;
    }
}

/// Whether a setting has one of some values, which may be patterns; of a list one is enough.
fn is<'a>(text_of: &dyn Fn(&str) -> Option<&'a str>, name: &str, values: &[&'static str]) -> bool {
    text_of(name).is_some_and(|text| {
        text.split(',').any(|t| {
            let text = t.trim().trim_matches(['"', '\'']);
            values.iter().any(|v| v.eq_ignore_ascii_case(text) || catalog::fits(v, text))
        })
    })
}

/// What the client makes of an address's path, given the other settings.
fn path<'a>(text_of: &dyn Fn(&str) -> Option<&'a str>, fact: &Variable) -> Option<PathRule> {
    let counts = fact.path_if.as_ref().is_none_or(|(name, values)| is(text_of, name, values));
    fact.path.filter(|_| counts)
}

/// Whether the program reads a setting, by the texts of the others.
fn reading<'a>(text_of: &dyn Fn(&str) -> Option<&'a str>, fact: &Variable) -> Reading {
    let is = |name: &str, values: &[&'static str]| is(text_of, name, values);
    if let Some((name, values)) = &fact.when
        && !is(name, values)
    {
        return Reading::Unselected { variable: (*name).to_owned(), values: values.clone() };
    }
    if let Some((name, values)) = &fact.unless
        && is(name, values)
    {
        return Reading::Unselected { variable: (*name).to_owned(), values: Vec::new() };
    }
    Reading::Yes
}

/// Flags that say an address for people's browsers, or who may come from where.
const BROWSER_FLAGS: [&str; 9] =
    ["external", "public", "redirect", "callback", "origin", "cors", "root-url", "site-url", "issuer"];

/// Flags that say an address to listen on or to be known by.
const BIND_FLAGS: [&str; 6] = ["listen", "bind", "advertise", "host", "address", "initial-cluster"];

fn in_command(endpoint: &Endpoint) -> Role {
    let before = crate::source::upto(endpoint.text(), endpoint.address.whole.start).to_ascii_lowercase();
    let flag = before.rsplit(char::is_whitespace).find(|w| w.starts_with('-')).unwrap_or("");
    if BROWSER_FLAGS.iter().any(|w| flag.contains(w)) {
        return Role::plain(Audience::Browser, Sure::Guess);
    }
    let binds =
        BIND_FLAGS.iter().any(|w| flag.contains(w)) || matches!(endpoint.address.host.as_str(), "0.0.0.0" | "::");
    Role::plain(if binds { Audience::Bind } else { Audience::Server }, Sure::Guess)
}

/// A setting in a configuration file: nginx and squid connect to what they name; else the catalog knows the image's setting,
/// or the words on the path to it tell.
fn in_file(
    project: &Project,
    service: &Service,
    image: Option<&'static Image>,
    endpoint: &Endpoint,
    configured: &Configured,
) -> Option<Role> {
    if matches!(configured.format, Format::Nginx | Format::Squid) {
        return Some(Role::plain(Audience::Server, Sure::Catalog));
    }
    let beside = |name: &str| {
        let found = configured.setting.beside.iter().find(|(key, _)| &**key == name);
        found.map(|(_, text)| &**text)
    };
    let own_line = |v: &&Variable| image.is_some_and(|i| v.images.iter().any(|n| i.names.contains(n)));
    if let Some(fact) = catalog::variable(&configured.setting.key, image).filter(own_line) {
        let audience = match fact.audience? {
            Listed::Text => return None,
            Listed::Server | Listed::Proxy => Audience::Server,
            Listed::Browser | Listed::Origin => Audience::Browser,
            Listed::Bind | Listed::Own => Audience::Bind,
        };
        let mut role = Role::plain(audience, Sure::Catalog);
        role.reading = reading(&beside, fact);
        role.speaks = fact.speaks;
        role.fact = Some(fact);
        role.path = path(&beside, fact);
        return Some(role);
    }
    let role = by_name(project, service, endpoint);
    // Without a scheme it may be anything that has a colon in it.
    (endpoint.address.form != Form::HostPort || role.sure > Sure::Guess).then_some(role)
}

/// The words of a variable's name.
fn words(name: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut lower = false;
    let mut fresh = true;
    for c in name.chars() {
        if !c.is_alphanumeric() {
            fresh = true;
            continue;
        }
        if fresh || (c.is_uppercase() && lower) {
            out.push(String::new());
        }
        fresh = false;
        lower = c.is_lowercase();
        if let Some(word) = out.last_mut() {
            word.extend(c.to_uppercase());
        }
    }
    out
}

/// Software that only another server speaks to: no browser opens these.
const BACK_ENDS: [&str; 40] = [
    "OLLAMA",
    "OPENAI",
    "LLM",
    "VLLM",
    "LLAMA",
    "LLAMACPP",
    "LMSTUDIO",
    "LOCALAI",
    "XINFERENCE",
    "LITELLM",
    "EMBEDDING",
    "EMBEDDINGS",
    "RERANK",
    "RERANKER",
    "QDRANT",
    "WEAVIATE",
    "CHROMA",
    "CHROMADB",
    "MILVUS",
    "PGVECTOR",
    "REDIS",
    "VALKEY",
    "POSTGRES",
    "POSTGRESQL",
    "MYSQL",
    "MARIADB",
    "MONGO",
    "MONGODB",
    "DATABASE",
    "DB",
    "ELASTICSEARCH",
    "OPENSEARCH",
    "RABBITMQ",
    "AMQP",
    "KAFKA",
    "CELERY",
    "MEMCACHED",
    "NEO4J",
    "CLICKHOUSE",
    "MEILI",
];

fn by_name(project: &Project, service: &Service, endpoint: &Endpoint) -> Role {
    let words = words(&endpoint.variable);
    let has = |list: &[&str]| words.iter().any(|w| list.contains(&w.as_str()));
    let address = &endpoint.address;
    let wildcard = matches!(address.host.as_str(), "0.0.0.0" | "::");
    if has(&["ORIGIN", "ORIGINS", "CORS", "ALLOWED", "TRUSTED", "WHITELIST", "ALLOWLIST", "CSP", "REFERER", "REFERERS"])
    {
        return Role { allow_list: true, ..Role::plain(Audience::Browser, Sure::Pattern) };
    }
    let advertised = has(&["LISTEN", "LISTENER", "LISTENERS", "BIND", "ADVERTISE", "ADVERTISED", "BROADCAST"]);
    if advertised || wildcard {
        return Role::plain(Audience::Bind, if advertised { Sure::Pattern } else { Sure::Guess });
    }
    let scheme = address.scheme.as_deref().unwrap_or("");
    let web = matches!(scheme, "http" | "https" | "ws" | "wss");
    if !web && !scheme.is_empty() {
        return Role::plain(Audience::Server, Sure::Pattern);
    }
    if has(&["PUBLIC", "EXTERNAL", "VITE", "REDIRECT", "CALLBACK", "WEBHOOK", "DOMAIN", "DOMAINS", "SITE", "SITEURL"])
        || endpoint.variable.starts_with("REACT_APP_")
    {
        return Role::plain(Audience::Browser, Sure::Pattern);
    }
    if has(&BACK_ENDS) || endpoint.variable.contains("LM_STUDIO") {
        return Role::plain(Audience::Server, Sure::Pattern);
    }
    if loopback(address) && web && opened_by_people(project, service, address) {
        return Role::plain(Audience::Browser, Sure::Guess);
    }
    let addressed = has(&[
        "URL",
        "URI",
        "HOST",
        "HOSTS",
        "ENDPOINT",
        "ENDPOINTS",
        "ADDR",
        "ADDRESS",
        "BASE",
        "SERVER",
        "SERVERS",
        "DSN",
        "BROKER",
        "BROKERS",
        "BOOTSTRAP",
        "NODES",
        "BACKEND",
        "UPSTREAM",
        "TARGET",
        "CONN",
        "CONNECTION",
        "API",
        "SERVICE",
        "PROXY",
    ]);
    let sure = if addressed && (web || address.form != Form::HostPort) { Sure::Pattern } else { Sure::Guess };
    Role::plain(Audience::Server, if loopback(address) { Sure::Guess } else { sure })
}

fn loopback(address: &Address) -> bool {
    super::survey::is_loopback(&address.host)
}

/// Whether `localhost:PORT` is what a person would open: a port that some service publishes, or the web's own.
fn opened_by_people(project: &Project, service: &Service, address: &Address) -> bool {
    if service.mode == Mode::Host {
        return false;
    }
    let Some(port) = address.port else { return true };
    let publishes = |s: &Service| s.ports.iter().any(|p| p.container_port(port).is_some());
    port == 80 || port == 443 || publishes(service) || project.services.iter().any(publishes)
}
