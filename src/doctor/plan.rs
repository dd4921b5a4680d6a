//! Which addresses of which containers are tried, and what they are asked.

use crate::catalog::PathRule;
use crate::diag::mask;
use crate::engine::{Container, Facts, Target};
use crate::network::{Audience, Form, Judged, MODEL_PORTS, Site, Sure, Survey, Verdict, protocol_port};
use crate::source::slice;

use super::running::key;
use super::stored::{Kept, Stored, behind};

/// What is known to be spoken at an address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Speaks {
    Ollama,
    OpenAi,
    /// HTTP, and no more is known.
    Http,
    /// HTTP inside TLS, which is not spoken here: a server that answers in plain HTTP is none of it.
    Tls,
    /// Another protocol: the connection is all that is tried.
    Other,
}

/// An address to be tried from inside a container.
#[derive(Clone, Debug)]
pub struct Planned {
    /// The container's id.
    pub container: String,
    pub service: String,
    pub variable: String,
    /// The address, credentials masked.
    pub shown: String,
    pub target: Target,
    pub speaks: Speaks,
    /// The path of the base URL, without a slash at its end.
    pub path: String,
    pub rule: Option<PathRule>,
    /// The value stands in quotes, and they are a part of it.
    pub quoted: bool,
    /// The channel that has the address, where no file or variable does.
    pub stored: Option<Stored>,
}

/// The plans for all running containers: `survey` is over [`super::compose_text`].
pub fn plan(facts: &Facts, kept: &[Kept], survey: &Survey<'_>) -> Vec<Planned> {
    let mut out: Vec<Planned> = Vec::new();
    for container in facts.containers.iter().filter(|c| c.running()) {
        let Some(id) = survey.project().service(&key(facts, container)) else { continue };
        let brought = facts.image_environment.iter().find(|(image, _)| *image == container.image_id);
        for judged in survey.endpoints.iter().filter(|j| j.endpoint.service == id) {
            if !tried(judged) || by_image(judged, brought.map(|(_, lines)| lines.as_slice())) {
                continue;
            }
            let stored = behind(kept, container, judged);
            let Some(planned) = one(container, judged, stored) else { continue };
            let known = |p: &Planned| p.container == planned.container && p.target == planned.target;
            if !out.iter().any(|p| known(p) && p.variable == planned.variable) {
                out.push(planned);
            }
        }
    }
    out
}

/// Whether an address is one that the program calls, inside project and host.
fn tried(judged: &Judged) -> bool {
    judged.counts()
        && judged.role.audience == Audience::Server
        && judged.verdict != Verdict::External
        && !judged.endpoint.value.uncertain
        && (judged.role.sure > Sure::Guess || judged.endpoint.address.form == Form::Url)
        && !matches!(judged.endpoint.address.host.as_str(), "")
}

/// Whether a variable is the image's own and nothing says that it is an address that is called.
fn by_image(judged: &Judged, brought: Option<&[String]>) -> bool {
    let Site::Env(_) = judged.endpoint.site else { return false };
    let line = format!("{}={}", judged.endpoint.variable, judged.endpoint.text());
    judged.role.sure < Sure::Catalog && brought.is_some_and(|lines| lines.contains(&line))
}

fn one(container: &Container, judged: &Judged, stored: Option<Stored>) -> Option<Planned> {
    let address = &judged.endpoint.address;
    let text = judged.endpoint.text();
    let protocol = stored.as_ref().map_or(judged.role.speaks, |s| s.protocol);
    // Gateways add the whole path themselves.
    let rule = if stored.is_some() { Some(PathRule::Bare) } else { judged.role.path };
    let port = address.port.or_else(|| protocol.and_then(protocol_port))?;
    let scheme = address.scheme.as_deref();
    let path = slice(text, address.path_range.clone());
    let path = path.split(['?', '#']).next().unwrap_or("").trim_end_matches('/');
    let path = if path.starts_with('/') && path.bytes().all(|b| b.is_ascii_graphic()) { path } else { "" };
    let web = matches!(scheme, Some("http")) || (scheme.is_none() && address.form != Form::Dsn);
    let speaks = match protocol {
        _ if scheme == Some("https") && !judged.role.proxy => Speaks::Tls,
        _ if judged.role.proxy || !web => Speaks::Other,
        Some("ollama") => Speaks::Ollama,
        Some("openai") => Speaks::OpenAi,
        Some("http") | None if scheme == Some("http") => Speaks::Http,
        _ => Speaks::Other,
    };
    let gets: Vec<String> = match speaks {
        Speaks::Ollama => distinct(vec![
            format!("{path}/api/tags"),
            format!("{path}/models"),
            "/api/tags".to_owned(),
            "/v1/models".to_owned(),
        ]),
        Speaks::OpenAi => {
            let mut gets = vec![format!("{path}/models"), "/v1/models".to_owned(), "/api/tags".to_owned()];
            if rule == Some(PathRule::Bare) {
                gets.push(format!("{path}/v1/models"));
            }
            distinct(gets)
        }
        // Whose API it is, is not known: a model server on its own port is asked for its models all the same.
        Speaks::Http if MODEL_PORTS.iter().any(|(p, _)| *p == port) => {
            distinct(vec![format!("{path}/"), "/api/tags".to_owned(), "/v1/models".to_owned()])
        }
        Speaks::Http => vec![if path.is_empty() { "/".to_owned() } else { path.to_owned() }],
        Speaks::Tls => vec!["/".to_owned()],
        Speaks::Other => Vec::new(),
    };
    let whole = text.trim();
    let quoted = ['"', '\''].iter().any(|q| whole.len() > 1 && whole.starts_with(*q) && whole.ends_with(*q));
    let shown = match address.form {
        Form::Url | Form::Dsn => mask(slice(text, address.whole.clone())),
        _ if address.host.contains(':') => format!("[{}]:{port}", address.host),
        _ => format!("{}:{port}", address.host),
    };
    Some(Planned {
        container: container.id.clone(),
        service: container.service.clone(),
        variable: judged.endpoint.variable.to_string(),
        shown,
        target: Target { host: address.host.clone(), port, gets },
        speaks,
        path: path.to_owned(),
        rule,
        quoted,
        stored,
    })
}

fn distinct(list: Vec<String>) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for item in list {
        if !out.contains(&item) {
            out.push(item);
        }
    }
    out
}
