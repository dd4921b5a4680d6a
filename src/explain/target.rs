//! Whom an error message names: host and port, in the spellings of the usual clients.

use std::sync::OnceLock;

use regex_lite::Regex;

use crate::network::scheme_port;

/// An address in a message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Target {
    pub host: String,
    pub port: Option<u16>,
}

/// Spellings, the most telling first: the address that was asked for goes before the one that it resolved to. Each has a group
/// `host`; `port` and `scheme` where it says them.
const SPELLINGS: [&str; 24] = [
    // A URL, also with its marks encoded.
    r"(?i)\b(?P<scheme>https?|wss?|redis|rediss|postgres|postgresql|mysql|mongodb|amqp|tcp)(?:%3a%2f%2f|://)(?:[^/@\s]*@)?(?P<host>\[[0-9a-f:]+\]|[\w.-]+)(?:(?::|%3a)(?P<port>\d{1,5}))?",
    r"`host=(?P<host>[\w.-]+) ",
    r#"(?i)\bhost=['"]?(?P<host>[\w.:-]+?)['"]?,\s*port=['"]?(?P<port>\d+)"#,
    r"(?i)database server (?:is running )?at `(?P<host>[\w.-]+)`?:`?(?P<port>\d+)",
    r#"(?i)connection to server at "(?P<host>[\w.:-]+)"(?: \([^)]*\))?,? port (?P<port>\d+)"#,
    r"(?i)failed to connect to (?P<host>[\w.-]+)/[\d.]+:(?P<port>\d+)",
    r"(?i)connect to (?P<host>[\w.-]+):(?P<port>\d+) \[",
    r"(?i)failed to connect to (?P<host>[\w.:-]+) port (?P<port>\d+)",
    r"(?i)cannot connect to host (?P<host>[\w.-]+|\[[0-9a-f:]+\]):(?P<port>\d+)",
    r"(?i)connecting to (?P<host>[\w.-]+):(?P<port>\d+)",
    r"(?i)(?:enotfound|eai_again) (?P<host>[\w.-]+)(?::(?P<port>\d+))?",
    r#"(?i)(?:could not resolve host(?: name)?|unknownhostexception|unknown host|bad address|failed to resolve|could not translate host name|no address for|无法解析(?:主机名|主机|域名)?|(?:域名|主机名)解析失败)[:：]?\s*['"`‘“「]?(?P<host>[a-z0-9_][\w.-]*)(?::(?P<port>\d{1,5}))?['"`’”」]?"#,
    r"(?i)mysql server on '(?P<host>[\w.-]+)(?::(?P<port>\d+))?'",
    r"(?i)lookup (?P<host>[\w.-]+)(?: on |:)",
    r#"(?i)upstream "(?P<host>[\w.-]+)""#,
    r#"upstream: "https?://(?P<host>[\w.-]+):(?P<port>\d+)"#,
    r"(?i)(?:econnrefused|etimedout|econnreset|ehostunreach|enetunreach) (?P<host>::1|\[[0-9a-f:]+\]|[\w.-]+):(?P<port>\d+)",
    r"(?i)dial tcp4? (?P<host>\[[0-9a-f:]+\]|[\w.-]+):(?P<port>\d+)",
    r"(?i)listen tcp4? (?P<host>\[[0-9a-f:]*\]|[\w.-]*):(?P<port>\d+)",
    r"(?i)address: '(?P<host>[^']+)',\s*port: (?P<port>\d+)",
    r"\('(?P<host>[\d.]+)', (?P<port>\d+)\)",
    // Go's `read tcp MINE->THEIRS`.
    r"->(?P<host>\[[0-9a-f:]+\]|[\w.-]+):(?P<port>\d+)",
    r"(?i)\b(?P<host>localhost|127\.0\.0\.1|0\.0\.0\.0|host\.docker\.internal|\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}):(?P<port>\d{1,5})\b",
    r"(?i)\b(?P<host>localhost|host\.docker\.internal|host\.containers\.internal)\b",
];

fn spellings() -> &'static [Regex] {
    static READ: OnceLock<Vec<Regex>> = OnceLock::new();
    READ.get_or_init(|| SPELLINGS.iter().filter_map(|s| Regex::new(s).ok()).collect())
}

/// Pages that messages point to for help, and what proxies call themselves: no targets.
fn beside_the_point(host: &str, text: &str) -> bool {
    let name = host.to_ascii_lowercase();
    ["github.com", "ollama.com", "docs.", "www.", "developer.", "platform."]
        .iter()
        .any(|w| name.starts_with(w) || name == *w)
        || text.contains(&format!("from origin 'http://{host}")) && text.matches(host).count() == 1
}

/// The address that a message is about.
pub fn target(text: &str) -> Option<Target> {
    spellings().iter().find_map(|spelling| {
        spelling.captures_iter(text).find_map(|found| {
            let host = found.name("host")?.as_str().trim_matches(['[', ']']).trim_end_matches('.').to_owned();
            if host.is_empty() || beside_the_point(&host, text) {
                return None;
            }
            let written = found.name("port").and_then(|p| p.as_str().parse().ok());
            let known = found.name("scheme").and_then(|s| scheme_port(&s.as_str().to_ascii_lowercase()));
            Some(Target { host, port: written.or(known) })
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_address_that_was_asked_for() {
        let cases = [
            (
                r#"Post "http://localhost:11434/api/chat": dial tcp [::1]:11434: connect: connection refused"#,
                "localhost",
                Some(11434),
            ),
            ("HTTPConnectionPool(host='127.0.0.1', port=11434): Max retries exceeded", "127.0.0.1", Some(11434)),
            ("connect ECONNREFUSED ::1:3000", "::1", Some(3000)),
            ("getaddrinfo ENOTFOUND host.docker.internal", "host.docker.internal", None),
            ("dial tcp: lookup ollama on 127.0.0.11:53: no such host", "ollama", None),
            ("curl: (6) Could not resolve host: ollama", "ollama", None),
            ("java.net.UnknownHostException: ollama: Name or service not known", "ollama", None),
            ("Connect to localhost:11434 [localhost/127.0.0.1] failed: Connection refused", "localhost", Some(11434)),
            ("Failed to connect to localhost/127.0.0.1:11434", "localhost", Some(11434)),
            (
                "error sending request for url (http://host.docker.internal:11434/api/chat)",
                "host.docker.internal",
                Some(11434),
            ),
            ("无法解析主机“ollama”", "ollama", None),
            ("域名解析失败：ollama", "ollama", None),
            ("wget: bad address 'ollama:11434'", "ollama", Some(11434)),
            ("Can't connect to MySQL server on 'db' (111)", "db", None),
            ("read tcp 172.18.0.3:51234->172.18.0.2:11434: read: connection reset by peer", "172.18.0.2", Some(11434)),
            ("provider_url=http%3A%2F%2Flocalhost%3A11434 HTTP/1.1", "localhost", Some(11434)),
            ("Error -2 connecting to redis:6379. Name or service not known.", "redis", Some(6379)),
        ];
        for (text, host, port) in cases {
            assert_eq!(target(text), Some(Target { host: host.to_owned(), port }), "{text}");
        }
        assert_eq!(target("Please check that Ollama is running. https://ollama.com/download"), None);
    }
}
