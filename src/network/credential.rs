//! Credentials on both ends of an address: what a server was told to ask for, and what a client sends.

use std::rc::Rc;

use super::address::Form;
use super::endpoint::Site;
use super::survey::Judged;
use crate::catalog::{Credential, Reference, credentials};
use crate::compose::Service;
use crate::interpolation::Value;
use crate::source::{Span, from, slice, upto};

/// A secret where it is set.
#[derive(Clone, Debug)]
pub struct Secret {
    /// As it is sent.
    pub text: String,
    /// The variable's name, or the command's option.
    pub key: String,
    /// `None` for the image's own default.
    pub value: Option<Rc<Value>>,
    pub span: Option<Span>,
    /// The place's path in the service.
    pub path: String,
}

/// What a server asks for.
#[derive(Clone, Debug)]
pub struct Lock {
    pub fact: &'static Credential,
    pub user: Option<String>,
    /// Nothing where it is certain that none is asked.
    pub secrets: Vec<Secret>,
}

/// What a client sends.
#[derive(Clone, Debug)]
pub struct Offer {
    pub user: Option<String>,
    pub secret: Secret,
}

/// What a service's image asks for, where that is certain.
pub fn locks(service: &Service) -> Vec<Lock> {
    let Some(image) = service.image_text().filter(|_| !service.builds && !service.environment_incomplete) else {
        return Vec::new();
    };
    credentials(&Reference::parse(image)).filter_map(|fact| lock(service, fact)).collect()
}

fn lock(service: &Service, fact: &'static Credential) -> Option<Lock> {
    let set = |name: &str| service.env(name).is_some_and(|v| v.value.as_ref().is_none_or(|v| !v.text().is_empty()));
    let from_file = |name: &str| set(&format!("{name}_FILE"));
    // A variable without a value comes from the shell; one that is uncertain, from a file that is not there.
    let told = |name: &str| -> Result<Option<&str>, ()> {
        match service.env(name) {
            None => Ok(None),
            Some(var) => match var.value.as_ref().filter(|v| !v.uncertain) {
                Some(value) => Ok(Some(value.text()).filter(|t| !t.is_empty())),
                None => Err(()),
            },
        }
    };
    let said_elsewhere = !fact.file.is_empty()
        && (service
            .configured
            .iter()
            .any(|c| fact.file.contains(&&*c.setting.key) && !c.value.text().starts_with("os.environ/"))
            || service.mounts.iter().any(|m| {
                let read = service.configured.iter().any(|c| *c.target == *m.target || m.source.ends_with(&*c.target));
                !read && ["conf", ".yaml", ".yml"].iter().any(|part| m.target.contains(part))
            }));
    if fact.unless.iter().any(|name| set(name)) || said_elsewhere || service.entrypoint.is_some() {
        return None;
    }
    for (name, value) in &fact.off {
        if told(name).ok()?.is_some_and(|t| t.eq_ignore_ascii_case(value)) {
            return None;
        }
    }
    let user = match fact.user {
        None => None,
        Some((name, default)) => {
            if from_file(name) {
                return None;
            }
            Some(told(name).ok()?.or(default)?.to_owned())
        }
    };
    let mut secrets = Vec::new();
    if let Some(flag) = fact.flag {
        secrets = by_flag(service, flag)?;
    }
    for (name, default) in &fact.secrets {
        if !secrets.is_empty() {
            break;
        }
        if from_file(name) {
            return None;
        }
        if let Some(text) = told(name).ok()? {
            let var = service.env(name)?;
            let path = service.path(&format!("environment.{name}"));
            let parts = if fact.many { text.split(',').collect() } else { vec![text] };
            secrets.extend(parts.into_iter().map(|part| Secret {
                text: part.trim().to_owned(),
                key: (*name).to_owned(),
                value: var.value.clone(),
                span: None,
                path: path.clone(),
            }));
        } else if let Some(default) = default {
            let (text, key) = ((*default).to_owned(), (*name).to_owned());
            secrets.push(Secret { text, key, value: None, span: Some(service.name_span), path: service.path("image") });
        }
    }
    (!secrets.is_empty() || fact.open).then_some(Lock { fact, user, secrets })
}

/// What a command's option says; `None` where the command is not understood, nothing where the option is not there.
fn by_flag(service: &Service, flag: &str) -> Option<Vec<Secret>> {
    let Some(command) = &service.command else { return Some(Vec::new()) };
    if command.texts.iter().any(|t| t.uncertain) {
        return None;
    }
    let words: Vec<&str> = command.words.iter().map(String::as_str).collect();
    // A shell, a configuration file, a value that the container's own variables give: not seen from here.
    let opaque = |word: &&str| word.contains(['$', ' ', '`']) || word.contains(".conf") || *word == "-c";
    if words.iter().any(opaque) {
        return None;
    }
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(word) = words.get(at) {
        at += 1;
        let mut found = Vec::new();
        if *word == flag {
            found.extend(words.get(at..).unwrap_or(&[]).iter().take_while(|w| !w.starts_with('-')).copied());
        } else if let Some(value) = word.strip_prefix(flag).and_then(|rest| rest.strip_prefix('=')) {
            found.push(value);
        }
        for text in found {
            let holder = command.texts.iter().find(|t| t.text().contains(text));
            let span = holder.and_then(|t| {
                let start = t.text().find(text)?;
                t.sourced.exact(start..start + text.len()).or_else(|| t.sourced.first(start..start + text.len()))
            });
            let (text, key) = (text.trim_matches(['"', '\'']).to_owned(), flag.to_owned());
            out.push(Secret { text, key, value: None, span, path: service.path("command") });
        }
    }
    Some(out)
}

const ADDRESS_ENDINGS: [&str; 14] = [
    "_API_BASE_URL",
    "_BASE_URL",
    "_API_BASE",
    "_API_URL",
    "_HOSTNAME",
    "_ENDPOINT",
    "_SERVER",
    "_ADDRESS",
    "_HOST",
    "_ADDR",
    "_URLS",
    "_URL",
    "_URI",
    "HOST",
];
const USER_ENDINGS: [&str; 6] = ["USER", "USERNAME", "USER_NAME", "ACCESS_KEY", "ACCESS_KEY_ID", "ROOT_USER"];
const PASSWORD_ENDINGS: [&str; 7] = ["PASSWORD", "AUTH", "PASS", "PASSWD", "PWD", "SECRET_KEY", "SECRET_ACCESS_KEY"];
const KEY_ENDINGS: [&str; 3] = ["API_KEY", "API_KEYS", "KEY"];

/// What goes with an address: user information in it, or the variables beside it.
pub fn offer(service: &Service, judged: &Judged, fact: &Credential) -> Option<Offer> {
    if judged.endpoint.value.uncertain {
        return None;
    }
    if fact.user.is_some()
        && fact.client.is_empty()
        && let Some(offer) = in_address(service, judged)
    {
        return Some(offer);
    }
    let Site::Env(index) = judged.endpoint.site else { return None };
    let key = &service.environment.get(index)?.key;
    if fact.client.is_empty() && user_information(judged).is_some() {
        return None;
    }
    let named = |endings: &[&str]| beside(key, endings).find(|n| service.env_text(n).is_some_and(|t| !t.is_empty()));
    let secret = if !fact.client.is_empty() {
        fact.client
            .iter()
            .find(|name| service.env_text(name).is_some_and(|t| !t.is_empty()))
            .map(|n| (*n).to_owned())?
    } else if fact.user.is_some() {
        named(&PASSWORD_ENDINGS)?
    } else {
        named(&KEY_ENDINGS)?
    };
    let user = fact.user.and_then(|_| named(&USER_ENDINGS)).and_then(|name| service.env_text(&name).map(str::to_owned));
    let value = service.env(&secret)?.value.clone()?;
    let (text, path) = (value.text().to_owned(), service.path(&format!("environment.{secret}")));
    Some(Offer { user, secret: Secret { text, key: secret, value: Some(value), span: None, path } })
}

/// The variable of a client's key that goes with an address, where it is there and empty.
pub fn blank_key(service: &Service, judged: &Judged) -> Option<String> {
    let Site::Env(index) = judged.endpoint.site else { return None };
    let key = &service.environment.get(index)?.key;
    let mut names = beside(key, &KEY_ENDINGS).filter(|name| service.env(name).is_some());
    let empty = |name: &String| {
        let value = service.env(name).and_then(|var| var.value.as_ref());
        value.is_some_and(|v| !v.uncertain && v.text().is_empty())
    };
    // The nearest name counts: a program reads one of them.
    names.next().filter(empty)
}

/// The names that go with an address's variable: `OPENAI_API_BASE_URL` with `OPENAI_API_KEY`, `DIFY_INNER_API_URL` with
/// `DIFY_INNER_API_KEY`.
fn beside<'e>(key: &str, endings: &'e [&'e str]) -> impl Iterator<Item = String> + use<'e> {
    let stems: Vec<String> = ADDRESS_ENDINGS
        .iter()
        .filter_map(|ending| key.strip_suffix(ending))
        .map(|stem| if stem.is_empty() || stem == "PG" { stem.to_owned() } else { format!("{stem}_") })
        .collect();
    stems.into_iter().flat_map(move |stem| endings.iter().map(move |end| format!("{stem}{end}")))
}

/// The bytes of an address's user information.
fn user_information(judged: &Judged) -> Option<std::ops::Range<usize>> {
    let (text, address) = (judged.endpoint.text(), &judged.endpoint.address);
    match address.form {
        Form::Url => {
            let start = from(text, address.whole.start).find("://")? + address.whole.start + 3;
            let at = text.get(start..address.host_range.start)?.rfind('@')?;
            Some(start..start + at)
        }
        Form::Dsn => {
            let before = upto(text, address.whole.start).strip_suffix('@')?;
            let start = before.rfind([' ', '"', '\'', '/']).map_or(0, |i| i + 1);
            Some(start..before.len())
        }
        _ => None,
    }
}

fn in_address(service: &Service, judged: &Judged) -> Option<Offer> {
    let text = judged.endpoint.text();
    let range = user_information(judged)?;
    let colon = slice(text, range.clone()).find(':')? + range.start;
    let secret = colon + 1..range.end;
    if secret.is_empty() {
        return None;
    }
    let decode = judged.endpoint.address.form == Form::Url;
    let plain = |part: &str| if decode { decoded(part) } else { part.to_owned() };
    let user = plain(slice(text, range.start..colon));
    // A password is masked where it is shown, so the whole address stands for it.
    let (sourced, address) = (&judged.endpoint.value.sourced, &judged.endpoint.address);
    let shown = range.start.min(address.whole.start)..address.path_range.start.max(address.host_range.end);
    Some(Offer {
        user: (!user.is_empty()).then_some(user),
        secret: Secret {
            text: plain(slice(text, secret.clone())),
            key: judged.endpoint.variable.to_string(),
            value: None,
            span: sourced.exact(shown).or_else(|| sourced.first(secret)),
            path: judged.endpoint.path(service),
        },
    })
}

/// A text with its `%40` put back.
fn decoded(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let hex = text.get(at + 1..at + 3).and_then(|h| u8::from_str_radix(h, 16).ok()).filter(|_| *byte == b'%');
        out.push(hex.unwrap_or(*byte));
        at += if hex.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&out).into_owned()
}
