//! Addresses in a text: URLs, data source names, `host:port`, a bare host.

use std::ops::Range;

use crate::source::{byte, from, slice, upto};

/// How an address is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// `scheme://host:port/path`
    Url,
    /// `user:pw@tcp(host:port)/db`, as Go's `MySQL` driver has it.
    Dsn,
    /// `host:port`
    HostPort,
    /// A host with its port in another variable.
    Pair,
    /// A host alone.
    Host,
}

/// An address. Ranges are byte offsets in the text that it was found in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Address {
    pub form: Form,
    /// In lower case.
    pub scheme: Option<String>,
    /// Without brackets.
    pub host: String,
    /// As written, else the scheme's own; `None` where there is none.
    pub port: Option<u16>,
    /// From the scheme (or the host) to the end of the path.
    pub whole: Range<usize>,
    pub host_range: Range<usize>,
    /// The port's digits, where they are written.
    pub port_range: Option<Range<usize>>,
    /// From behind host and port to the end.
    pub path_range: Range<usize>,
    /// One of several in a comma list.
    pub listed: bool,
}

/// The port that a scheme stands for.
pub fn scheme_port(scheme: &str) -> Option<u16> {
    let known = |scheme: &str| {
        Some(match scheme {
            "http" | "ws" => 80,
            "https" | "wss" => 443,
            "postgres" | "postgresql" | "pgsql" => 5432,
            "mysql" | "mysql2" | "mariadb" => 3306,
            "redis" | "rediss" | "valkey" => 6379,
            "mongodb" => 27017,
            "amqp" | "pyamqp" => 5672,
            "amqps" => 5671,
            "nats" => 4222,
            "kafka" => 9092,
            "clickhouse" => 9000,
            "clickhousedb" => 8123,
            "ldap" => 389,
            "ldaps" => 636,
            "smtp" => 25,
            "smtps" => 465,
            "smtp+tls" => 587,
            "imap" => 143,
            "imaps" => 993,
            "ftp" => 21,
            "sftp" | "ssh" => 22,
            "mssql" | "sqlserver" => 1433,
            "oracle" => 1521,
            "memcached" => 11211,
            "elasticsearch" => 9200,
            "neo4j" | "bolt" => 7687,
            "mqtt" => 1883,
            "mqtts" => 8883,
            "socks5" | "socks5h" | "socks4" => 1080,
            "cockroachdb" => 26257,
            "cassandra" => 9042,
            "pulsar" => 6650,
            "stomp" => 61613,
            "etcd" => 2379,
            "rtsp" => 554,
            "influxdb" => 8086,
            _ => return None,
        })
    };
    known(scheme).or_else(|| known(scheme.split('+').next().unwrap_or("")))
}

/// Schemes whose authority is no host that a service dials.
fn names_no_host(scheme: &str) -> bool {
    let base = scheme.split('+').next().unwrap_or("");
    [scheme, base].iter().any(|s| {
        matches!(
            *s,
            "file"
                | "unix"
                | "sqlite"
                | "s3"
                | "gs"
                | "data"
                | "mailto"
                | "mongodb+srv"
                | "docker"
                | "oci"
                | "npipe"
                | "memory"
                | "az"
                | "abfs"
                | "arn"
                | "urn"
                | "fd"
                | "android-app"
                | "chrome-extension"
                | "app"
                | "lmdb"
                | "duckdb"
        )
    })
}

/// Every address that a text holds, in order.
pub fn find(text: &str) -> Vec<Address> {
    // Most values of most containers are no address in any form.
    if !text.contains([':', '(']) {
        return Vec::new();
    }
    let mut out = urls(text);
    out.extend(dsns(text));
    if !text.contains("://") && !text.contains('(') {
        out.extend(host_ports(text));
    }
    out
}

fn is_scheme(c: u8) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, b'+' | b'.' | b'-')
}

fn urls(text: &str) -> Vec<Address> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(colon) = from(text, at).find("://").map(|i| i + at) {
        at = colon + 3;
        let mut start = colon;
        while start > 0 && is_scheme(byte(text, start - 1)) {
            start -= 1;
        }
        // A scheme starts with a letter.
        while start < colon && !byte(text, start).is_ascii_alphabetic() {
            start += 1;
        }
        if start == colon {
            continue;
        }
        let scheme = slice(text, start..colon).to_ascii_lowercase();
        let rest = from(text, at);
        let ends = |c: char| c.is_whitespace() || "'\"<>|`{}\\".contains(c);
        // A password that the container's own script fills in: `redis://:${PASSWORD}@redis:6379`.
        let login = upto(rest, rest.find(|c: char| ends(c) && !"{}".contains(c) || c == '/').unwrap_or(rest.len()));
        let host = login.rfind('@').filter(|_| login.contains("${")).map_or(0, |i| i + 1);
        let mut length = from(rest, host).find(ends).map_or(rest.len(), |i| host + i);
        // Another URL behind a comma or semicolon is one of its own.
        if let Some(next) = upto(rest, length).find("://") {
            let cut = upto(rest, next).rfind([',', ';']);
            if let Some(cut) = cut {
                length = cut;
            }
        }
        if length > 0 && !names_no_host(&scheme) {
            out.extend(authority(text, &scheme, start, at..at + length));
        }
        at += length;
    }
    out
}

/// The hosts of a URL; a comma list has several.
fn authority(text: &str, scheme: &str, start: usize, range: Range<usize>) -> Vec<Address> {
    let rest = slice(text, range.clone());
    let first = rest.find(['/', '?']).unwrap_or(rest.len());
    let user = if upto(rest, first).contains('@') { rest.rfind('@').map_or(0, |i| i + 1) } else { 0 };
    let behind = from(rest, user);
    if dsn_at(rest).is_some() {
        return Vec::new();
    }
    let end = user + behind.find(['/', '?', '#']).unwrap_or(behind.len());
    let mut out = Vec::new();
    let hosts = slice(rest, user..end);
    let many = hosts.contains(',');
    let mut at = user;
    for part in hosts.split(',') {
        let lead = part.len() - part.trim_start().len();
        let part_trimmed = part.trim().trim_end_matches([';', ')', '.']);
        let offset = range.start + at + lead;
        at += part.len() + 1;
        let Some((host, port)) = host_and_port(part_trimmed) else { continue };
        // `https://proxy.example,direct`: a word behind a comma is no host of a web address.
        if at > user + part.len() + 1 && port.is_none() && matches!(scheme, "http" | "https") {
            continue;
        }
        let host_range = offset + host.start..offset + host.end;
        let port_range = port.clone().map(|p| offset + p.start..offset + p.end);
        let written = port.and_then(|p| slice(part_trimmed, p).parse().ok());
        out.push(Address {
            form: Form::Url,
            scheme: Some(scheme.to_owned()),
            host: tidy(slice(part_trimmed, host)),
            port: written.or_else(|| scheme_port(scheme)),
            whole: start..range.end,
            host_range,
            port_range,
            path_range: range.start + end..range.end,
            listed: many,
        });
    }
    out
}

/// A host without the dot that ends a full name.
fn tidy(host: &str) -> String {
    let bare = host.strip_suffix('.').unwrap_or(host);
    if bare.is_empty() { host.to_owned() } else { bare.to_owned() }
}

/// The ranges of host and port in `host`, `host:port`, `[v6]`, `[v6]:port`.
fn host_and_port(text: &str) -> Option<(Range<usize>, Option<Range<usize>>)> {
    let (host, rest) = if text.starts_with('[') {
        let close = text.find(']')?;
        (1..close, close + 1)
    } else {
        let end = text.find(':').unwrap_or(text.len());
        (0..end, end)
    };
    let ok = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | ':' | '%' | '-');
    if host.is_empty() || !slice(text, host.clone()).chars().all(ok) {
        return None;
    }
    if rest == text.len() {
        return Some((host, None));
    }
    let digits = from(text, rest).strip_prefix(':')?;
    if digits.is_empty() {
        return Some((host, None));
    }
    digits.parse::<u16>().ok().filter(|p| *p > 0)?;
    Some((host, Some(rest + 1..text.len())))
}

/// Where `tcp(` opens a data source name, and the range in the parentheses.
fn dsn_at(text: &str) -> Option<(usize, Range<usize>)> {
    if !text.contains('(') {
        return None;
    }
    for open in ["tcp(", "tcp4(", "tcp6("] {
        if let Some(at) = text.find(open) {
            if at > 0 && (byte(text, at - 1).is_ascii_alphanumeric() || byte(text, at - 1) == b'_') {
                continue;
            }
            let start = at + open.len();
            let end = from(text, start).find(|c: char| c.is_whitespace() || "()".contains(c))? + start;
            return (byte(text, end) == b')' && end > start).then_some((at, start..end));
        }
    }
    None
}

fn dsns(text: &str) -> Vec<Address> {
    let Some((at, inside)) = dsn_at(text) else { return Vec::new() };
    let Some((host, port)) = host_and_port(slice(text, inside.clone())) else { return Vec::new() };
    let port_range = port.map(|p| inside.start + p.start..inside.start + p.end);
    let written = port_range.clone().and_then(|p| slice(text, p).parse().ok());
    vec![Address {
        form: Form::Dsn,
        scheme: Some("tcp".to_owned()),
        host: tidy(slice(text, inside.start + host.start..inside.start + host.end)),
        port: written.or(Some(3306)),
        whole: at..inside.end + 1,
        host_range: inside.start + host.start..inside.start + host.end,
        port_range,
        path_range: inside.end..inside.end,
        listed: false,
    }]
}

fn host_ports(text: &str) -> Vec<Address> {
    let mut out = Vec::new();
    let mut at = 0;
    let separator = |c: char| c.is_whitespace() || c == ',' || c == ';';
    let pieces: Vec<&str> = text.split(separator).collect();
    let many = pieces.iter().filter(|p| !p.is_empty()).count() > 1;
    for piece in pieces {
        let start = at;
        at += piece.len() + from(text, at + piece.len()).chars().next().map_or(0, char::len_utf8);
        // `user@host:port`, `1@kafka:9093`
        let user = upto(piece, piece.find('/').unwrap_or(piece.len())).rfind('@').map_or(0, |i| i + 1);
        let body = from(piece, user);
        let end = body.find('/').unwrap_or(body.len());
        let Some((host, Some(port))) = host_and_port(upto(body, end)) else { continue };
        let name = slice(body, host.clone());
        let address = name.parse::<std::net::Ipv4Addr>().is_ok();
        if !(name.contains(|c: char| c.is_ascii_alphabetic()) || name.contains(':') || address)
            || !starts_like_host(name)
        {
            continue;
        }
        let base = start + user;
        out.push(Address {
            form: Form::HostPort,
            scheme: None,
            host: tidy(name),
            port: slice(body, port.clone()).parse().ok(),
            whole: base..start + piece.len(),
            host_range: base + host.start..base + host.end,
            port_range: Some(base + port.start..base + port.end),
            path_range: base + end..start + piece.len(),
            listed: many,
        });
    }
    out
}

fn starts_like_host(name: &str) -> bool {
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':');
    edge(name.chars().next()) && edge(name.trim_end_matches('.').chars().next_back())
}

/// A bare host: a name, an IPv4 address, an IPv6 address with or without brackets.
pub(super) fn bare_host(text: &str) -> Option<String> {
    let trimmed = text.trim();
    let inner = trimmed.strip_prefix('[').and_then(|t| t.strip_suffix(']')).unwrap_or(trimmed);
    let v6 = inner.contains(':') && inner.chars().all(|c| c.is_ascii_hexdigit() || c == ':' || c == '.');
    let name = starts_like_host(inner)
        && !inner.contains(':')
        && inner.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'));
    let word =
        matches!(inner.to_ascii_lowercase().as_str(), "true" | "false" | "none" | "null" | "yes" | "no" | "on" | "off");
    ((v6 || name) && !word && !inner.chars().all(|c| c.is_ascii_digit())).then(|| tidy(inner))
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn a_password_that_is_filled_in_later_hides_no_host() {
        let hosts = |text: &str| -> Vec<String> {
            find(text).iter().map(|a| format!("{}:{}", a.host, a.port.unwrap_or_default())).collect()
        };
        assert_eq!(hosts("redis://default:${REDIS_PASSWORD}@cache:6379/1"), ["cache:6379"]);
        assert_eq!(hosts("postgresql://app:${DB_PASSWORD}@db:5432/app?sslmode=disable"), ["db:5432"]);
        // What an application fills in by itself is no host.
        assert_eq!(hosts("http://${HOST}/v1"), Vec::<String>::new());
        assert_eq!(hosts("{\"url\":\"http://api:80\",\"mail\":\"${USER}@example.com\"}"), ["api:80"]);
    }
}
