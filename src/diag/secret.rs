//! What must not be shown: values of credential-like names, and credentials inside addresses.

use std::ops::Range;

use crate::source::{byte, from, slice, upto};

/// What stands in place of a secret.
pub const MASK: &str = "***";

/// Whether a name says that its value is a credential: `DB_PASSWORD`, `OPENAI_API_KEY`, `REDISCLI_AUTH`; not `MAX_TOKENS`,
/// `KEY_PREFIX` or `PUBLIC_KEY`.
pub fn is_secret(name: &str) -> bool {
    // Compose's own attribute lists names; nginx passes requests on.
    let passes = ["proxy_pass", "fastcgi_pass", "uwsgi_pass", "scgi_pass", "grpc_pass", "memcached_pass"];
    if name == "secrets" || (name.ends_with("_pass") && passes.iter().any(|directive| name.ends_with(directive))) {
        return false;
    }
    let words = words(name);
    let has = |list: &[&str]| words.iter().any(|w| list.contains(&w.as_str()));
    if has(&["PASSWORD", "PASSWD", "PASSPHRASE", "SECRET", "SECRETS", "CREDENTIAL", "CREDENTIALS", "APIKEY", "SALT"])
        || words.iter().any(|w| w.ends_with("PASSWORD") || w.ends_with("SECRET"))
    {
        return !has(&["FILE", "PATH", "POLICY", "LENGTH", "ENABLED"]);
    }
    let measure = has(&[
        "MAX",
        "MIN",
        "LIMIT",
        "LENGTH",
        "COUNT",
        "SIZE",
        "EXPIRE",
        "EXPIRES",
        "EXPIRATION",
        "EXPIRY",
        "TTL",
        "MINUTES",
        "SECONDS",
        "DAYS",
        "PREFIX",
        "NAME",
        "PATH",
        "FILE",
        "URL",
        "TYPE",
        "ALGORITHM",
        "PUBLIC",
        "ENABLED",
        "ROTATION",
        "HEADER",
        "ISSUER",
        "AUDIENCE",
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

/// A text with the credentials in it masked: `redis://:pw@cache:6379` becomes `redis://***@cache:6379`.
pub fn mask(text: &str) -> String {
    covered(text, &ranges(text))
}

/// A text with some ranges (in order, apart) replaced by the mask.
pub fn covered(text: &str, ranges: &[Range<usize>]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for range in ranges {
        out.push_str(slice(text, at..range.start));
        out.push_str(MASK);
        at = range.end;
    }
    out.push_str(from(text, at));
    out
}

/// Where credentials stand in a text: user information of addresses, parameters and flags with telling names, tokens in
/// well-known forms. In order, apart from each other.
pub(super) fn ranges(text: &str) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    user_information(text, &mut out);
    parameters(text, &mut out);
    flags(text, &mut out);
    tokens(text, &mut out);
    headers(text, &mut out);
    united(out)
}

/// The user parts of addresses, as strictly as a client reads them: `user:password` of `scheme://user:password@host` and
/// `user:password@tcp(host)`.
pub fn user_ranges(text: &str) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    for (mark, _) in text.match_indices("://") {
        let start = mark + 3;
        let rest = from(text, start);
        let end = rest.find(|c: char| c.is_whitespace() || "/?#\"'`<>,".contains(c)).unwrap_or(rest.len());
        out.extend(upto(rest, end).rfind('@').map(|sign| start..start + sign));
    }
    for (sign, _) in text.match_indices("@tcp(") {
        let start = upto(text, sign).rfind(|c: char| c.is_whitespace() || "\"'`=/".contains(c)).map_or(0, |i| i + 1);
        out.push(start..sign);
    }
    out.retain(|range| !range.is_empty());
    united(out)
}

/// Credentials among a command's arguments: flags and parameters with telling names, tokens in well-known forms.
pub fn argument_ranges(text: &str) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    parameters(text, &mut out);
    flags(text, &mut out);
    tokens(text, &mut out);
    headers(text, &mut out);
    let users = user_ranges(text);
    out.retain(|range| !range.is_empty() && !users.iter().any(|user| user.start < range.end && range.start < user.end));
    united(out)
}

/// Whether a secret signs or encrypts.
pub fn signs(key: &str) -> bool {
    let key = key.to_ascii_uppercase();
    let words = [
        "SECRET_KEY",
        "SECRETKEY",
        "JWT_SECRET",
        "SESSION_SECRET",
        "NEXTAUTH_SECRET",
        "AUTH_SECRET",
        "ENCRYPTION_KEY",
        "APP_SECRET",
        "MASTER_KEY",
        "SIGNING_KEY",
    ];
    words.iter().any(|word| key.contains(word))
        && !key.contains("AWS")
        && !key.contains("S3_")
        && !key.contains("ACCESS")
}

/// Whether a secret lets people into something of the project's own.
pub fn guards(key: &str) -> bool {
    let key = key.to_ascii_uppercase();
    ["PASSWORD", "PASSWD", "_PASS", "ROOT_USER"].iter().any(|word| key.contains(word))
}

/// Whether a word of a command is a flag whose value is a credential: `--requirepass`, `--api-key`.
pub fn names_argument(word: &str) -> bool {
    let Some(name) = word.strip_prefix("--").filter(|name| !name.contains('=')) else { return false };
    is_secret(name) || matches!(name, "requirepass" | "masterauth" | "pass" | "token")
}

/// Whether a secret's value can be one: not a switch, a path, a variable of a shell or something to fill in.
pub fn is_credential(value: &str) -> bool {
    let value = value.trim();
    let lower = value.to_ascii_lowercase();
    let switch =
        ["", "true", "false", "yes", "no", "on", "off", "0", "1", "none", "null", "nil", "disabled", "enabled"];
    let filled_in =
        value.contains(['<', '{', '$', '`']) || value.starts_with('%') || lower.chars().all(|c| "x*.-_#?".contains(c));
    value.len() > 2 && !switch.contains(&lower.as_str()) && !value.starts_with(['/', '.', '~']) && !filled_in
}

/// `Authorization: Basic x`, `x-api-key: x`, as logs of HTTP clients show them.
fn headers(text: &str, out: &mut Vec<Range<usize>>) {
    let lower = text.to_ascii_lowercase();
    for name in ["authorization", "api-key", "apikey", "auth-token"] {
        for (at, _) in lower.match_indices(name) {
            let behind = from(text, at + name.len()).trim_start_matches(['"', '\'']);
            let Some(value) = behind.strip_prefix(':') else { continue };
            let value = value.trim_start_matches([' ', '"', '\'']);
            let word = |v: &str| v.find(|c: char| c.is_whitespace() || "\"',;}".contains(c)).unwrap_or(v.len());
            let first = upto(value, word(value));
            let scheme = ["basic", "bearer", "digest", "token"].iter().any(|s| first.eq_ignore_ascii_case(s));
            let value = if scheme { from(value, first.len()).trim_start() } else { value };
            let start = text.len() - value.len();
            let end = start + word(value);
            if end > start {
                out.push(start..end);
            }
        }
    }
}

/// Where credentials stand in a line of a Compose or env file: besides those of [`ranges`], values behind telling names.
pub fn line_ranges(line: &str) -> Vec<Range<usize>> {
    let mut out = ranges(line);
    for (at, separator) in line.char_indices().filter(|(_, c)| matches!(c, '=' | ':')) {
        let behind = from(line, at + 1);
        if separator == ':' && !behind.is_empty() && !behind.starts_with([' ', '\t', '"']) {
            continue;
        }
        let before = upto(line, at).trim_end().trim_end_matches(['"', '\'']);
        let name = before.rfind(|c: char| !(c.is_alphanumeric() || "_.-".contains(c))).map_or(before, |i| {
            from(before, i + before.get(i..).and_then(|t| t.chars().next()).map_or(0, char::len_utf8))
        });
        if !is_secret(name) {
            continue;
        }
        let start = at + 1 + (behind.len() - behind.trim_start().len());
        let value = from(line, start);
        let end = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => from(value, 1).find(quote).map_or(value.len(), |i| i + 2),
            _ if upto(line, at).contains('{') => value.find([',', '}']).unwrap_or(value.len()),
            _ => value.find(" #").unwrap_or(value.len()),
        };
        let end = start + upto(value, end).trim_end().len();
        if !only_names(slice(line, start..end)) {
            out.push(start..end);
        }
    }
    out.retain(|r| !r.is_empty());
    united(out)
}

/// Whether a value only names a variable, without a default that could be a secret: `${KEY}`, `"${KEY:?say it}"`.
fn only_names(value: &str) -> bool {
    let bare = value.trim_matches(['"', '\'']);
    let Some(inner) = bare.strip_prefix("${").and_then(|v| v.strip_suffix('}')) else { return false };
    let end = inner.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(inner.len());
    let rest = from(inner, end);
    end > 0
        && (matches!(rest, "" | ":-" | "-") || rest.starts_with(":?") || rest.starts_with('?'))
        && !rest.contains("${")
}

/// Ranges in order, those that touch made one.
fn united(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_by_key(|r| (r.start, r.end));
    let mut out: Vec<Range<usize>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match out.last_mut() {
            Some(last) if range.start < last.end => last.end = last.end.max(range.end),
            _ => out.push(range),
        }
    }
    out
}

/// `scheme://user:password@host`, `user:password@tcp(db:3306)/x`.
fn user_information(text: &str, out: &mut Vec<Range<usize>>) {
    let mut at = 0;
    while let Some(mark) = from(text, at).find("://") {
        at += mark + 3;
        let rest = from(text, at);
        let end = rest.find(|c: char| c.is_whitespace() || "/?#\"'`<>".contains(c)).unwrap_or(rest.len());
        // A password may hold `/`, `?` or `#`, as people write them: the last `@` before a blank ends the user part, unless the
        // first part is a whole authority. Masking too much is the lesser evil.
        let word = rest.find(|c: char| c.is_whitespace() || "\"'`<>".contains(c)).unwrap_or(rest.len());
        let authority = upto(rest, end);
        let user = upto(rest, word).rfind('@').filter(|_| authority.contains('@') || !looks_like_host(authority));
        if let Some(user) = user {
            out.push(at..at + user);
            at += user;
        }
    }
    let rest = from(text, at);
    let Some(sign) = rest.rfind('@') else { return };
    let start = upto(rest, sign).rfind(|c: char| c.is_whitespace() || "\"'`,;=(".contains(c)).map_or(0, |i| i + 1);
    if slice(rest, start..sign).contains(':') {
        out.push(at + start..at + sign);
    }
}

fn looks_like_host(text: &str) -> bool {
    let (host, port) = text.split_once(':').unwrap_or((text, ""));
    !host.is_empty() && port.chars().all(|c| c.is_ascii_digit())
}

/// `?password=x`, `&token=x`, `;AccountKey=x`.
fn parameters(text: &str, out: &mut Vec<Range<usize>>) {
    for (at, _) in text.match_indices('=') {
        let Some(start) = upto(text, at).rfind(['?', '&', ';', ' ', ',']).map(|i| i + 1) else { continue };
        let key = slice(text, start..at);
        let camel_key = key.ends_with("Key") || key.ends_with("Pwd");
        if is_secret(key) || camel_key || key.eq_ignore_ascii_case("sig") {
            let rest = from(text, at + 1);
            let end = rest.find(['&', ';', ' ', ',', '"', '\'']).unwrap_or(rest.len());
            if end > 0 {
                out.push(at + 1..at + 1 + end);
            }
        }
    }
}

/// `--api-key x`, `--requirepass x`.
fn flags(text: &str, out: &mut Vec<Range<usize>>) {
    for (at, _) in text.match_indices("--") {
        let rest = from(text, at + 2);
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "-_".contains(c))).unwrap_or(rest.len());
        let name = upto(rest, end);
        let (behind, start) = (from(rest, end), at + 2 + end);
        let telling =
            is_secret(name) || name == "requirepass" || name == "masterauth" || name == "pass" || name == "token";
        if !telling {
            continue;
        }
        let gap = behind.len() - behind.trim_start_matches(['"', '\'', ',', ' ', '=']).len();
        let value = from(behind, gap);
        let length = value.find(|c: char| c.is_whitespace() || "\"',]".contains(c)).unwrap_or(value.len());
        if gap > 0 && length > 0 && !value.starts_with('-') {
            out.push(start + gap..start + gap + length);
        }
    }
}

/// Prefixes of tokens that services hand out, and how much of one follows at least.
const TOKENS: [(&str, usize); 12] = [
    ("sk-", 16),
    ("sk_live_", 12),
    ("ghp_", 20),
    ("gho_", 20),
    ("ghs_", 20),
    ("github_pat_", 20),
    ("glpat-", 16),
    ("xoxb-", 16),
    ("hf_", 20),
    ("AIza", 30),
    ("AKIA", 16),
    ("Bearer ", 12),
];

fn tokens(text: &str, out: &mut Vec<Range<usize>>) {
    for (prefix, least) in TOKENS {
        for (at, _) in text.match_indices(prefix) {
            if at > 0 && byte(text, at - 1).is_ascii_alphanumeric() {
                continue;
            }
            let start = if prefix.ends_with(' ') { at + prefix.len() } else { at };
            let rest = from(text, start);
            let length = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c))).unwrap_or(rest.len());
            if start + length >= at + prefix.len() + least {
                out.push(start..start + length);
            }
        }
    }
}

/// A variable's value as it may be shown; `None` where the whole is a secret.
pub fn shown(name: &str, value: &str) -> Option<String> {
    if value.is_empty() {
        return Some(String::new());
    }
    (!is_secret(name)).then(|| mask(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_credentials_in_texts() {
        let cases = [
            ("redis://:pw@cache:6379/0", "redis://***@cache:6379/0"),
            ("http://localhost:11434/v1", "http://localhost:11434/v1"),
            ("root:p@ss@tcp(db:3306)/x", "***@tcp(db:3306)/x"),
            ("postgres://u:p/w?d@db/x", "postgres://***@db/x"),
            ("http://a/?token=abc&x=1", "http://a/?token=***&x=1"),
            ("redis-server --requirepass hunter2 --port 1", "redis-server --requirepass *** --port 1"),
            ("use sk-abcdefghijklmnop1234 now", "use *** now"),
            ("Authorization: Bearer abcdefghijklmnop", "Authorization: Bearer ***"),
            ("Authorization: Basic dXNlcg== refused", "Authorization: Basic *** refused"),
            ("{'x-api-key': 'abc', 'a': 1}", "{'x-api-key': '***', 'a': 1}"),
            ("authorization: short1, other", "authorization: ***, other"),
            ("mail@example.com", "mail@example.com"),
            ("http://a@b and c@d", "http://***@b and c@d"),
        ];
        for (text, masked) in cases {
            assert_eq!(mask(text), masked);
        }
    }

    #[test]
    fn finds_credentials_that_a_client_would_use() {
        let users =
            |text: &str| user_ranges(text).iter().map(|r| slice(text, r.clone()).to_owned()).collect::<Vec<_>>();
        assert_eq!(users("postgres://app:pw@db,amqp://a:b@c/x"), ["app:pw", "a:b"]);
        assert_eq!(users("root:pw@tcp(db:3306)/x"), ["root:pw"]);
        assert!(users("http://example.com:8080/a@b").is_empty());
        let arguments =
            |text: &str| argument_ranges(text).iter().map(|r| slice(text, r.clone()).to_owned()).collect::<Vec<_>>();
        assert_eq!(arguments("redis-server --requirepass hunter2"), ["hunter2"]);
        assert!(arguments("psql postgres://app:pw@db").is_empty());
        for (value, is) in
            [("hunter2", true), ("true", false), ("/run/secrets/x", false), ("<yours>", false), ("xxxx", false)]
        {
            assert_eq!(is_credential(value), is, "{value}");
        }
    }

    #[test]
    fn masks_values_behind_telling_names_in_lines() {
        let cases = [
            ("      DB_PASSWORD: hunter2 # really", "      DB_PASSWORD: *** # really"),
            ("OPENAI_API_KEY=sk-1", "OPENAI_API_KEY=***"),
            ("  - \"SECRET_KEY=a b\"", "  - \"SECRET_KEY=***"),
            ("env: {API_KEY: abc, BASE: http://x:1}", "env: {API_KEY: ***, BASE: http://x:1}"),
            ("MAX_TOKENS=5", "MAX_TOKENS=5"),
            ("  image: ollama/ollama:latest", "  image: ollama/ollama:latest"),
            ("A_SECRET='it is' # c", "A_SECRET=*** # c"),
            ("A_SECRET: ${A_SECRET:?set it}", "A_SECRET: ${A_SECRET:?set it}"),
            ("A_SECRET: ${A_SECRET:-changeme}", "A_SECRET: ***"),
        ];
        for (line, masked) in cases {
            assert_eq!(covered(line, &line_ranges(line)), masked);
        }
    }
}
