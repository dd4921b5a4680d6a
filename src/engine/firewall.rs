//! The host's packet filter as far as it can be read: which rule drops the first packet of a connection. Read from
//! `iptables-save` and `nft -j list ruleset` (their formats: iptables-extensions(8), libnftables-json(5)), which need root.
//! A condition that is not understood may hold or not.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

/// The first packet of a TCP connection over IPv4.
#[derive(Clone, Debug)]
pub struct Packet {
    /// The interface that it comes in by: the bridge of the container's network.
    pub by: String,
    /// The interface that it leaves by; `None` for one to this machine itself.
    pub out: Option<String>,
    pub source: Ipv4Addr,
    pub target: Ipv4Addr,
    pub port: u16,
}

/// What drops or rejects a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Culprit {
    /// `inet filter input`, as nft names a chain; `filter INPUT` of iptables.
    pub chain: String,
    /// The rule as its program lists it; `None` where it is the chain's policy.
    pub rule: Option<String>,
    /// All of its conditions are understood and hold.
    pub certain: bool,
    /// Where a rule that lets the packet in is to be inserted.
    pub base: Base,
}

/// A chain that packets enter by themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Base {
    /// Words of iptables that insert a rule there: `-I INPUT`.
    Iptables(String),
    /// Family, table and chain of nft.
    Nft(String),
    /// A tool writes these rules and undoes others.
    Ufw,
    Firewalld,
}

#[derive(Clone, Debug, Default)]
pub struct Firewall {
    chains: Vec<Chain>,
}

#[derive(Clone, Debug, Default)]
struct Chain {
    table: String,
    name: String,
    nft: bool,
    /// `input`, `forward`, `prerouting`; empty for one that others jump to.
    hook: String,
    priority: i64,
    drops: bool,
    rules: Vec<Rule>,
}

#[derive(Clone, Debug, Default)]
struct Rule {
    text: String,
    tests: Vec<Test>,
    act: Act,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Act {
    /// Counts, logs, marks.
    #[default]
    Pass,
    Accept,
    Drop,
    Jump(String),
    Goto(String),
    Return,
}

/// A condition; `bool` turns it round.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Test {
    By(String, bool),
    Out(String, bool),
    Source(Vec<(u32, u32)>, bool),
    Target(Vec<(u32, u32)>, bool),
    Port(Vec<(u16, u16)>, bool),
    Tcp(bool),
    /// Whether a first packet is among the states.
    New(bool),
    /// The target is an address of this machine.
    Local(bool),
    Unknown,
}

impl Test {
    /// `None`: may hold or not.
    fn holds(&self, packet: &Packet) -> Option<bool> {
        let within = |list: &[(u32, u32)], ip: Ipv4Addr| list.iter().any(|(a, b)| (*a..=*b).contains(&u32::from(ip)));
        Some(match self {
            Self::By(name, not) => fits(name, &packet.by) != *not,
            Self::Out(name, not) => packet.out.as_ref().is_some_and(|out| fits(name, out)) != *not,
            Self::Source(list, not) => within(list, packet.source) != *not,
            Self::Target(list, not) => within(list, packet.target) != *not,
            Self::Port(list, not) => list.iter().any(|(a, b)| (*a..=*b).contains(&packet.port)) != *not,
            Self::Tcp(tcp) => *tcp,
            Self::New(new) => *new,
            Self::Local(not) => packet.out.is_none() != *not,
            Self::Unknown => return None,
        })
    }
}

/// An interface's name, where `br-+` (iptables) and `br-*` (nft) stand for all that begin so.
fn fits(pattern: &str, name: &str) -> bool {
    pattern.strip_suffix(['+', '*']).map_or(pattern == name, |start| name.starts_with(start))
}

/// How a walk through a chain ends.
enum End {
    Accepted,
    Dropped,
    /// At its end, or by `return`.
    Through,
}

impl Firewall {
    /// The packet filter of this network namespace; `None` where it can't be read.
    pub fn read() -> Option<Self> {
        let mut out = Self::default();
        let saved = ["iptables-save", "iptables-legacy-save"].map(|name| said(name, &[]));
        for text in saved.iter().flatten() {
            out.add_iptables(text);
        }
        let nft = said("nft", &["-j", "list", "ruleset"]);
        if let Some(text) = &nft {
            let lines = said("nft", &["-a", "list", "ruleset"]).unwrap_or_default();
            // What iptables-save has told is there once more, in parts that nft can't read.
            let told = out.chains.iter().map(|c| format!("ip {}", c.table)).collect::<Vec<_>>();
            out.add_nft(text, &lines, &told);
        }
        (nft.is_some() || saved.iter().any(Option::is_some)).then_some(out)
    }

    /// The rules that may have dropped a packet, in the order in which it meets them; the last one certainly, where it is
    /// `certain`. None where it is let through.
    pub fn culprits(&self, packet: &Packet) -> Vec<Culprit> {
        let last = if packet.out.is_some() { "forward" } else { "input" };
        let mut out = Vec::new();
        for hook in ["prerouting", last] {
            let mut chains: Vec<&Chain> = self.chains.iter().filter(|c| c.hook == hook).collect();
            chains.sort_by_key(|c| c.priority);
            for chain in chains {
                let end = self.walk(chain, chain, packet, &mut out, 0);
                if matches!(end, End::Through) && chain.drops {
                    out.push(self.culprit(chain, chain, None, true));
                    return out;
                }
                if matches!(end, End::Dropped) {
                    return out;
                }
            }
        }
        out
    }

    fn walk(&self, base: &Chain, chain: &Chain, packet: &Packet, out: &mut Vec<Culprit>, depth: u8) -> End {
        if depth > 16 {
            return End::Through;
        }
        for rule in &chain.rules {
            let held: Vec<Option<bool>> = rule.tests.iter().map(|t| t.holds(packet)).collect();
            if held.contains(&Some(false)) {
                continue;
            }
            let certain = !held.contains(&None);
            let there = |name: &str| {
                self.chains.iter().find(|c| c.nft == chain.nft && c.table == chain.table && c.name == name)
            };
            match &rule.act {
                Act::Pass => {}
                Act::Drop => {
                    out.push(self.culprit(base, chain, Some(rule), certain));
                    if certain {
                        return End::Dropped;
                    }
                }
                Act::Accept if certain => return End::Accepted,
                Act::Return if certain => return End::Through,
                Act::Accept | Act::Return => {}
                Act::Jump(name) | Act::Goto(name) => {
                    let Some(next) = there(name) else { continue };
                    let from = out.len();
                    let end = self.walk(base, next, packet, out, depth + 1);
                    if !certain {
                        out.iter_mut().skip(from).for_each(|c| c.certain = false);
                        continue;
                    }
                    match end {
                        End::Through if matches!(rule.act, Act::Jump(_)) => {}
                        end => return end,
                    }
                }
            }
        }
        End::Through
    }

    fn culprit(&self, base: &Chain, chain: &Chain, rule: Option<&Rule>, certain: bool) -> Culprit {
        let ufw = self.chains.iter().any(|c| c.name.starts_with("ufw-"));
        let place = match &base.table {
            table if table.ends_with(" firewalld") => Base::Firewalld,
            table if ufw && !base.nft && table == "filter" => Base::Ufw,
            table if base.nft => Base::Nft(format!("{table} {}", base.name)),
            table if table == "filter" => Base::Iptables(format!("-I {}", base.name)),
            table => Base::Iptables(format!("-t {table} -I {}", base.name)),
        };
        Culprit {
            chain: format!("{} {}", chain.table, chain.name),
            rule: rule.map(|r| r.text.clone()),
            certain,
            base: place,
        }
    }

    fn add_iptables(&mut self, text: &str) {
        let (mut table, start) = (String::new(), self.chains.len());
        for line in text.lines().map(str::trim) {
            if let Some(name) = line.strip_prefix('*') {
                name.clone_into(&mut table);
            } else if table == "nat" || table.is_empty() {
                // Nothing is dropped there.
            } else if let Some(rest) = line.strip_prefix(':') {
                let mut words = rest.split_whitespace();
                let (name, policy) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
                let hook = if policy == "-" { String::new() } else { name.to_ascii_lowercase() };
                // The order of netfilter's hooks: raw, mangle, filter, security.
                let priority = match table.as_str() {
                    "raw" => -300,
                    "mangle" => -150,
                    "filter" => 0,
                    _ => 50,
                };
                let (table, name) = (table.clone(), name.to_owned());
                let drops = policy == "DROP";
                self.chains.push(Chain { table, name, hook, priority, drops, ..Chain::default() });
            } else if let Some(rest) = line.strip_prefix("-A ") {
                let words = words(rest);
                let Some((chain, words)) = words.split_first() else { continue };
                let mine = |c: &&mut Chain| c.table == table && c.name == *chain;
                if let Some(chain) = self.chains.iter_mut().skip(start).find(mine) {
                    chain.rules.push(of_words(words, line));
                }
            }
        }
    }

    fn add_nft(&mut self, text: &str, lines: &str, told: &[String]) {
        let Ok(all) = serde_json::from_str::<Value>(text) else { return };
        let lines = by_handle(lines);
        let mut sets: BTreeMap<(String, String), Value> = BTreeMap::new();
        for item in all.get("nftables").and_then(Value::as_array).into_iter().flatten() {
            let Some((kind, item)) = item.as_object().and_then(|o| o.iter().next()) else { continue };
            let word = |key: &str| item.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
            let table = format!("{} {}", word("family"), word("table"));
            if !matches!(word("family").as_str(), "ip" | "inet") || told.contains(&table) {
                continue;
            }
            match kind.as_str() {
                "set" => {
                    let elements = item.get("elem").cloned().unwrap_or_default();
                    sets.insert((table, word("name")), elements);
                }
                "chain" => {
                    let kind = word("type");
                    let hook = if kind.is_empty() || kind == "filter" { word("hook") } else { "-".to_owned() };
                    let priority = item.get("prio").and_then(Value::as_i64).unwrap_or_default();
                    let drops = word("policy") == "drop";
                    self.chains.push(Chain {
                        table,
                        name: word("name"),
                        nft: true,
                        hook,
                        priority,
                        drops,
                        ..Chain::default()
                    });
                }
                "rule" => {
                    let handle = item.get("handle").and_then(Value::as_u64).unwrap_or_default();
                    let text = lines.get(&(table.clone(), handle)).cloned().unwrap_or_default();
                    let name = word("chain");
                    let rules = of_expressions(item.get("expr").unwrap_or(&Value::Null), &text, &|set| {
                        sets.get(&(table.clone(), set.to_owned())).cloned()
                    });
                    let mine = |c: &&mut Chain| c.nft && c.table == table && c.name == name;
                    if let Some(chain) = self.chains.iter_mut().find(mine) {
                        chain.rules.extend(rules);
                    }
                }
                _ => {}
            }
        }
    }
}

/// What a program of the system prints; `None` where it is not there or may not.
fn said(name: &str, args: &[&str]) -> Option<String> {
    let places = ["/usr/sbin", "/sbin", "/usr/bin", "/bin", "/usr/local/sbin"];
    let program = places.iter().map(|dir| Path::new(dir).join(name)).find(|p| p.exists())?;
    let done = Command::new(program).args(args).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    done.status.success().then(|| String::from_utf8_lossy(&done.stdout).into_owned())
}

/// Words as a shell divides them: iptables-save quotes those with blanks.
fn words(line: &str) -> Vec<String> {
    let (mut out, mut word, mut quoted, mut any) = (Vec::new(), String::new(), false, false);
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => (quoted, any) = (!quoted, true),
            '\\' if quoted => word.extend(chars.next()),
            c if c.is_whitespace() && !quoted => {
                if any {
                    out.push(std::mem::take(&mut word));
                }
                any = false;
            }
            c => {
                word.push(c);
                any = true;
            }
        }
    }
    if any {
        out.push(word);
    }
    out
}

/// `10.0.0.0/8` as its first and last address; `None` for what is none of IPv4.
fn range(text: &str) -> Option<(u32, u32)> {
    let (ip, bits) = text.split_once('/').unwrap_or((text, "32"));
    let (ip, bits): (Ipv4Addr, u32) = (ip.parse().ok()?, bits.parse().ok().filter(|b| *b <= 32)?);
    let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
    Some((u32::from(ip) & mask, u32::from(ip) | !mask))
}

/// `9998,9999` and `8000:8100`.
fn ports(text: &str) -> Option<Vec<(u16, u16)>> {
    text.split(',')
        .map(|part| {
            let (from, to) = part.split_once(':').unwrap_or((part, part));
            Some((from.parse().ok()?, to.parse().ok()?))
        })
        .collect()
}

/// A rule of `iptables-save`, without `-A CHAIN`.
fn of_words(words: &[String], text: &str) -> Rule {
    let mut rule = Rule { text: text.to_owned(), ..Rule::default() };
    let mut words = words.iter().map(String::as_str);
    let mut not = false;
    while let Some(word) = words.next() {
        let mut next = || words.next().unwrap_or_default();
        let test = match word {
            "!" => {
                not = true;
                continue;
            }
            // The name of a module says nothing by itself.
            "-m" => {
                next();
                continue;
            }
            "--comment" | "--reject-with" | "--log-prefix" | "--log-level" | "--nflog-prefix" | "--nflog-group" => {
                next();
                continue;
            }
            "-j" | "-g" => {
                let name = next();
                rule.act = match name {
                    "ACCEPT" => Act::Accept,
                    "DROP" | "REJECT" => Act::Drop,
                    "RETURN" => Act::Return,
                    _ if word == "-g" => Act::Goto(name.to_owned()),
                    // A target that is no chain goes on with the next rule: LOG, MARK.
                    _ => Act::Jump(name.to_owned()),
                };
                continue;
            }
            "-i" => Test::By(next().to_owned(), not),
            "-o" => Test::Out(next().to_owned(), not),
            "-s" => range(next()).map_or(Test::Unknown, |r| Test::Source(vec![r], not)),
            "-d" => range(next()).map_or(Test::Unknown, |r| Test::Target(vec![r], not)),
            "-p" => Test::Tcp(matches!(next(), "tcp" | "all") != not),
            "--dport" | "--dports" => ports(next()).map_or(Test::Unknown, |p| Test::Port(p, not)),
            "--ctstate" | "--state" => Test::New(next().split(',').any(|s| s == "NEW") != not),
            "--dst-type" => {
                if next() == "LOCAL" {
                    Test::Local(not)
                } else {
                    Test::Unknown
                }
            }
            _ => Test::Unknown,
        };
        not = false;
        rule.tests.push(test);
    }
    // Words of a condition that is not understood come one by one; one unknown is as good as three.
    rule.tests.dedup();
    rule
}

/// The rule of each handle, as `nft -a list ruleset` writes it: by family, table and handle.
fn by_handle(text: &str) -> BTreeMap<(String, u64), String> {
    let mut out = BTreeMap::new();
    let mut table = String::new();
    for line in text.lines().map(str::trim) {
        if let Some(rest) = line.strip_prefix("table ") {
            rest.split(" {").next().unwrap_or_default().clone_into(&mut table);
        } else if let Some((rule, handle)) = line.rsplit_once(" # handle ")
            && !rule.ends_with('{')
            && let Ok(handle) = handle.trim().parse()
        {
            out.insert((table.clone(), handle), rule.to_owned());
        }
    }
    out
}

/// A rule of nft's JSON; several for one with a map of verdicts.
fn of_expressions(expressions: &Value, text: &str, set: &dyn Fn(&str) -> Option<Value>) -> Vec<Rule> {
    let mut rule = Rule { text: text.to_owned(), ..Rule::default() };
    for expression in expressions.as_array().into_iter().flatten() {
        let Some((kind, value)) = expression.as_object().and_then(|o| o.iter().next()) else { continue };
        match kind.as_str() {
            "match" => rule.tests.push(of_match(value, set)),
            "vmap" => {
                let entries = value.pointer("/data/set").and_then(Value::as_array).cloned().unwrap_or_default();
                return entries.iter().filter_map(|entry| branch(&rule, value.get("key")?, entry, set)).collect();
            }
            "counter" | "log" | "mangle" => {}
            "xt" => xt(value, &mut rule),
            _ => match act(kind, value) {
                Some(act) => rule.act = act,
                // A limit, a quota.
                None => rule.tests.push(Test::Unknown),
            },
        }
    }
    vec![rule]
}

/// What iptables has put where nft can't read it.
fn xt(value: &Value, rule: &mut Rule) {
    let target = value.get("type").is_some_and(|t| t == "target");
    match value.get("name").and_then(Value::as_str) {
        Some("REJECT") if target => rule.act = Act::Drop,
        Some("comment") => {}
        _ if target => {}
        _ => rule.tests.push(Test::Unknown),
    }
}

fn act(kind: &str, value: &Value) -> Option<Act> {
    let target = || value.get("target").and_then(Value::as_str).unwrap_or_default().to_owned();
    Some(match kind {
        "accept" => Act::Accept,
        "drop" | "reject" => Act::Drop,
        "return" => Act::Return,
        "jump" => Act::Jump(target()),
        "goto" => Act::Goto(target()),
        _ => return None,
    })
}

/// One line of a map of verdicts: `22 : accept`.
fn branch(rule: &Rule, key: &Value, entry: &Value, set: &dyn Fn(&str) -> Option<Value>) -> Option<Rule> {
    let pair = entry.as_array()?;
    let (kind, value) = pair.get(1)?.as_object()?.iter().next()?;
    let mut out = rule.clone();
    out.tests.push(of_match(&serde_json::json!({"op": "==", "left": key, "right": pair.first()?}), set));
    out.act = act(kind, value)?;
    Some(out)
}

fn of_match(value: &Value, set: &dyn Fn(&str) -> Option<Value>) -> Test {
    let not = value.get("op").is_some_and(|op| op == "!=");
    let word = |path: &str| value.pointer(path).and_then(Value::as_str).unwrap_or_default();
    let left = (word("/left/meta/key"), word("/left/payload/protocol"), word("/left/payload/field"));
    let right = value.get("right").cloned().unwrap_or_default();
    let list = match right.as_str().and_then(|r| r.strip_prefix('@')) {
        Some(name) => set(name).as_ref().and_then(Value::as_array).cloned(),
        None => Some(match right.get("set").unwrap_or(&right) {
            Value::Array(all) => all.clone(),
            one => vec![one.clone()],
        }),
    };
    // `elem` wraps an element that has a comment or a timeout.
    let list = list.map(|l| l.into_iter().map(|v| v.pointer("/elem/val").cloned().unwrap_or(v)).collect::<Vec<_>>());
    let Some(list) = list else { return Test::Unknown };
    let has = |name: &str| list.iter().any(|v| v == name);
    let addresses = || list.iter().map(addresses).collect::<Option<Vec<_>>>();
    match left {
        ("iifname" | "iif", ..) if list.len() == 1 => Test::By(right.as_str().unwrap_or_default().to_owned(), not),
        ("oifname" | "oif", ..) if list.len() == 1 => Test::Out(right.as_str().unwrap_or_default().to_owned(), not),
        ("l4proto", ..) | ("", "ip", "protocol") => Test::Tcp(has("tcp") != not),
        ("nfproto", ..) => Test::Tcp(has("ipv4") != not),
        ("", "ip6" | "udp" | "icmp" | "icmpv6", _) => Test::Tcp(not),
        ("", "ip", "saddr") => addresses().map_or(Test::Unknown, |l| Test::Source(l, not)),
        ("", "ip", "daddr") => addresses().map_or(Test::Unknown, |l| Test::Target(l, not)),
        ("", "tcp" | "th", "dport") => {
            let all = list.iter().map(port_range).collect::<Option<Vec<_>>>();
            all.map_or(Test::Unknown, |l| Test::Port(l, not))
        }
        _ if word("/left/ct/key") == "state" => Test::New(has("new") != not),
        _ if word("/left/fib/result") == "type" => {
            if has("local") {
                Test::Local(not)
            } else {
                Test::Unknown
            }
        }
        _ => Test::Unknown,
    }
}

fn addresses(value: &Value) -> Option<(u32, u32)> {
    if let Some(text) = value.as_str() {
        return range(text);
    }
    if let Some(prefix) = value.get("prefix") {
        return range(&format!("{}/{}", prefix.get("addr")?.as_str()?, prefix.get("len")?));
    }
    let ends = value.get("range")?.as_array()?;
    Some((range(ends.first()?.as_str()?)?.0, range(ends.get(1)?.as_str()?)?.1))
}

fn port_range(value: &Value) -> Option<(u16, u16)> {
    let one = |v: &Value| u16::try_from(v.as_u64()?).ok();
    if let Some(port) = one(value) {
        return Some((port, port));
    }
    let ends = value.get("range")?.as_array()?;
    Some((one(ends.first()?)?, one(ends.get(1)?)?))
}

/// IPv4 only: what the rules for it say.
pub fn packet(by: &str, out: Option<&str>, source: IpAddr, target: IpAddr, port: u16) -> Option<Packet> {
    let (IpAddr::V4(source), IpAddr::V4(target)) = (source, target) else { return None };
    Some(Packet { by: by.to_owned(), out: out.map(str::to_owned), source, target, port })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAVED: &str = "*filter\n:INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]\n:own - [0:0]\n\
        -A INPUT -i lo -j ACCEPT\n\
        -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n\
        -A INPUT -j own\n\
        -A INPUT -p tcp -m multiport --dports 9998,9990:9995 -j REJECT --reject-with tcp-reset\n\
        -A INPUT -p tcp -m tcp --dport 9999 -m comment --comment \"no models\" -j DROP\n\
        -A INPUT -p udp -j DROP\n\
        -A INPUT -p tcp -m tcp --dport 7000 -m limit --limit 3/sec -j DROP\n\
        -A INPUT -s 172.18.0.0/16 -j ACCEPT\n\
        -A own -s 10.0.0.0/8 -p tcp -m tcp --dport 9999 -j ACCEPT\nCOMMIT\n";

    /// As nft 1.0.6 prints it.
    const NFT: &str = r#"{"nftables": [{"set": {"family": "inet", "name": "ports", "table": "filter", "type": "inet_service", "elem": [1234, {"range": [8000, 8100]}]}},
        {"chain": {"family": "inet", "table": "filter", "name": "input", "type": "filter", "hook": "input", "prio": 10, "policy": "accept"}},
        {"chain": {"family": "inet", "table": "filter", "name": "sub"}},
        {"rule": {"family": "inet", "table": "filter", "chain": "input", "handle": 3, "expr": [{"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": ["established", "related"]}}, {"accept": null}]}},
        {"rule": {"family": "inet", "table": "filter", "chain": "input", "handle": 4, "expr": [{"match": {"op": "==", "left": {"meta": {"key": "iif"}}, "right": "lo"}}, {"accept": null}]}},
        {"rule": {"family": "inet", "table": "filter", "chain": "input", "handle": 6, "expr": [{"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "saddr"}}, "right": {"set": ["10.1.2.3", {"prefix": {"addr": "172.16.0.0", "len": 12}}]}}}, {"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 11434}}, {"accept": null}]}},
        {"rule": {"family": "inet", "table": "filter", "chain": "input", "handle": 7, "expr": [{"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": "@ports"}}, {"drop": null}]}},
        {"rule": {"family": "inet", "table": "filter", "chain": "input", "handle": 9, "expr": [{"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "br-*"}}, {"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": {"set": [80, 443]}}}, {"counter": {"packets": 0, "bytes": 0}}, {"reject": {"type": "icmpx", "expr": "port-unreachable"}}]}},
        {"rule": {"family": "inet", "table": "filter", "chain": "input", "handle": 11, "expr": [{"vmap": {"key": {"payload": {"protocol": "tcp", "field": "dport"}}, "data": {"set": [[22, {"accept": null}], [23, {"drop": null}]]}}}]}},
        {"rule": {"family": "inet", "table": "filter", "chain": "input", "handle": 14, "expr": [{"jump": {"target": "sub"}}]}},
        {"rule": {"family": "inet", "table": "filter", "chain": "sub", "handle": 13, "expr": [{"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "daddr"}}, "right": "172.17.0.1"}}, {"match": {"op": "!=", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 22}}, {"limit": {"rate": 3, "burst": 5, "per": "second"}}, {"drop": null}]}}]}"#;

    fn shown(firewall: &Firewall, source: &str, port: u16) -> Vec<(String, bool)> {
        let address = |text: &str| text.parse().expect("an address");
        let packet = packet("br-1", None, address(source), address("172.17.0.1"), port).expect("IPv4");
        firewall.culprits(&packet).into_iter().map(|c| (c.rule.unwrap_or(c.chain), c.certain)).collect()
    }

    #[test]
    fn rules_of_iptables_are_followed() {
        let mut firewall = Firewall::default();
        firewall.add_iptables(SAVED);
        let first = |source: &str, port| shown(&firewall, source, port).into_iter().next();
        let rule = first("172.18.0.2", 9999).expect("dropped");
        assert!(rule.0.contains("no models") && rule.1, "{rule:?}");
        assert!(first("172.18.0.2", 9994).expect("rejected").0.contains("multiport"));
        assert_eq!(first("10.0.0.9", 9999), None);
        assert_eq!(first("172.18.0.2", 11434), None);
        assert_eq!(first("192.168.1.1", 11434), Some(("filter INPUT".to_owned(), true)));
        assert_eq!(shown(&firewall, "172.18.0.2", 7000).iter().map(|c| c.1).collect::<Vec<_>>(), [false]);
    }

    #[test]
    fn rules_of_nft_are_followed() {
        let lines = "table inet filter { # handle 2\n\tchain input { # handle 1\n\t\ttcp dport @ports drop comment \"closed\" # handle 7\n";
        let mut firewall = Firewall::default();
        firewall.add_nft(NFT, lines, &[]);
        assert_eq!(
            shown(&firewall, "172.18.0.2", 8050),
            [("tcp dport @ports drop comment \"closed\"".to_owned(), true)]
        );
        assert_eq!(shown(&firewall, "172.18.0.2", 11434), []);
        assert_eq!(shown(&firewall, "172.18.0.2", 80).len(), 1);
        assert_eq!(shown(&firewall, "172.18.0.2", 22), []);
        assert_eq!(shown(&firewall, "172.18.0.2", 23).iter().map(|c| c.1).collect::<Vec<_>>(), [true]);
        assert_eq!(shown(&firewall, "192.168.1.1", 9).iter().map(|c| c.1).collect::<Vec<_>>(), [false]);
    }
}
