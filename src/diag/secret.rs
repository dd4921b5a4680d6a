//! What must not be shown: values of credential-like names, and credentials inside addresses.

use crate::source::{from, upto};

/// What stands in place of a secret.
pub const MASK: &str = "***";

/// Whether a name says that its value is a credential: `DB_PASSWORD`, `OPENAI_API_KEY`, `REDISCLI_AUTH`; not `MAX_TOKENS`,
/// `KEY_PREFIX` or `PUBLIC_KEY`.
pub fn is_secret(name: &str) -> bool {
    let words = words(name);
    let has = |list: &[&str]| words.iter().any(|w| list.contains(&w.as_str()));
    if has(&["PASSWORD", "PASSWD", "PASSPHRASE", "SECRET", "SECRETS", "CREDENTIAL", "CREDENTIALS", "APIKEY", "SALT"])
        || words.iter().any(|w| w.ends_with("PASSWORD") || w.ends_with("SECRET"))
    {
        return !has(&["FILE", "PATH", "POLICY", "LENGTH", "ENABLED"]);
    }
    let measure = has(&[
        "MAX", "MIN", "LIMIT", "LENGTH", "COUNT", "SIZE", "EXPIRE", "EXPIRES", "EXPIRATION", "EXPIRY", "TTL", "MINUTES",
        "SECONDS", "DAYS", "PREFIX", "NAME", "PATH", "FILE", "URL", "TYPE", "ALGORITHM", "PUBLIC", "ENABLED", "ROTATION",
        "HEADER", "ISSUER", "AUDIENCE",
    ]);
    let last = words.last().map_or("", String::as_str);
    let telling = has(&["TOKEN", "PWD", "PASS", "COOKIE"])
        || matches!(last, "KEY" | "KEYS" | "AUTH" | "PAT" | "JWT")
        || words.windows(2).any(|w| w == ["API", "KEY"] || w == ["ACCESS", "KEY"] || w == ["PRIVATE", "KEY"]);
    telling && !measure && words.len() > usize::from(last == "AUTH" || last == "PWD")
}

/// A name's words in capitals: split at anything that is no letter or digit, and where lower case meets upper case.
fn words(name: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut word = String::new();
    let mut lower = false;
    for c in name.chars() {
        if !c.is_alphanumeric() || (c.is_uppercase() && lower) {
            out.extend((!word.is_empty()).then(|| std::mem::take(&mut word)));
        }
        lower = c.is_lowercase();
        if c.is_alphanumeric() {
            word.extend(c.to_uppercase());
        }
    }
    out.extend((!word.is_empty()).then_some(word));
    out
}

/// A text with the credentials in its addresses masked: `redis://:pw@cache:6379` becomes `redis://***@cache:6379`.
pub fn mask(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    loop {
        let Some(at) = rest.find("://") else {
            out.push_str(&mask_dsn(rest));
            return mask_parameters(&out);
        };
        out.push_str(upto(rest, at + 3));
        rest = from(rest, at + 3);
        let end = rest.find(|c: char| c.is_whitespace() || "/?#\"'`<>".contains(c)).unwrap_or(rest.len());
        // A password may hold `/`, `?` or `#`, as people write them: the last `@` before a blank ends the user part, unless the
        // first part is a whole authority. Masking too much is the lesser evil.
        let word = rest.find(|c: char| c.is_whitespace() || "\"'`<>".contains(c)).unwrap_or(rest.len());
        let authority = upto(rest, end);
        let user = upto(rest, word).rfind('@').filter(|_| authority.contains('@') || !looks_like_host(authority));
        if let Some(at) = user {
            out.push_str(MASK);
            rest = from(rest, at);
        }
    }
}

fn looks_like_host(text: &str) -> bool {
    let (host, port) = text.split_once(':').unwrap_or((text, ""));
    !host.is_empty() && port.chars().all(|c| c.is_ascii_digit())
}

/// `user:password@tcp(db:3306)/x` and `user:password@host`.
fn mask_dsn(text: &str) -> String {
    let Some(at) = text.rfind('@') else { return text.to_owned() };
    let start = upto(text, at).rfind(|c: char| c.is_whitespace() || "\"'`,;=(".contains(c)).map_or(0, |i| i + 1);
    let user = crate::source::slice(text, start..at);
    if !user.contains(':') {
        return text.to_owned();
    }
    format!("{}{MASK}{}", upto(text, start), from(text, at))
}

/// `?password=x`, `&token=x`, `;AccountKey=x`, `-p secret` inside a connection string.
fn mask_parameters(text: &str) -> String {
    if !text.contains('=') {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('=') {
        let start = upto(rest, at).rfind(['?', '&', ';', ' ', ',']).map_or(0, |i| i + 1);
        let key = crate::source::slice(rest, start..at);
        out.push_str(upto(rest, at + 1));
        rest = from(rest, at + 1);
        let camel_key = key.ends_with("Key") || key.ends_with("Pwd");
        if start > 0 && (is_secret(key) || camel_key || key.eq_ignore_ascii_case("sig")) {
            let end = rest.find(['&', ';', ' ', ',', '"', '\'']).unwrap_or(rest.len());
            if end > 0 {
                out.push_str(MASK);
            }
            rest = from(rest, end);
        }
    }
    out.push_str(rest);
    out
}

/// A variable's value as it may be shown; `None` where the whole is a secret.
pub fn shown(name: &str, value: &str) -> Option<String> {
    if value.is_empty() {
        return Some(String::new());
    }
    (!is_secret(name)).then(|| mask(value))
}
