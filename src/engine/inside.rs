//! The probe that dockline runs itself, in the network namespace of a container whose image has no tool for it: name, connection,
//! HTTP. Names are looked up as the container does, by its own `/etc/hosts` and name servers.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, SocketAddr, TcpStream, UdpSocket};
use std::path::Path;
use std::time::{Duration, Instant};

use super::probe::{Answer, CONNECT, MOST, Name, Page, READ, Target, Tcp};

/// Tries all targets side by side. `root` is the container's file system.
pub fn try_all(targets: &[Target], root: &Path) -> Vec<Answer> {
    let names = Names::of(root);
    std::thread::scope(|scope| {
        let tries: Vec<_> = targets.iter().map(|t| scope.spawn(|| try_one(t, &names))).collect();
        tries.into_iter().map(|t| t.join().unwrap_or_default()).collect()
    })
}

fn try_one(target: &Target, names: &Names) -> Answer {
    let mut answer = Answer::default();
    let Some(addresses) = names.look_up(&target.host) else {
        answer.name = Name::Unresolved;
        return answer;
    };
    answer.name = Name::Ok;
    answer.addresses = addresses;
    let mut good = None;
    for address in &answer.addresses {
        match connect(SocketAddr::new(*address, target.port)) {
            Ok(_) => {
                good = Some(*address);
                break;
            }
            // A timeout says more than a refusal on another address, and both more than no route.
            Err(Tcp::Timeout) => answer.tcp = Tcp::Timeout,
            Err(Tcp::Refused) if answer.tcp != Tcp::Timeout => answer.tcp = Tcp::Refused,
            Err(other) if answer.tcp == Tcp::Unknown => answer.tcp = other,
            Err(_) => {}
        }
    }
    let Some(good) = good else { return answer };
    answer.tcp = Tcp::Ok;
    for path in &target.gets {
        match get(SocketAddr::new(good, target.port), &target.host, path) {
            Ok(page) => answer.pages.push(page),
            Err(Tcp::Timeout) => {
                answer.pages.push(Page { path: path.clone(), silent: true, ..Page::default() });
                break;
            }
            Err(other) => {
                answer.tcp = other;
                break;
            }
        }
    }
    answer
}

fn connect(to: SocketAddr) -> Result<TcpStream, Tcp> {
    use std::io::ErrorKind as K;
    TcpStream::connect_timeout(&to, Duration::from_secs(CONNECT)).map_err(|error| match error.kind() {
        K::ConnectionRefused => Tcp::Refused,
        K::TimedOut | K::WouldBlock => Tcp::Timeout,
        K::ConnectionReset => Tcp::Reset,
        _ => Tcp::Unreachable,
    })
}

fn get(to: SocketAddr, host: &str, path: &str) -> Result<Page, Tcp> {
    use std::io::ErrorKind as K;
    let mut stream = connect(to)?;
    let _ = stream.set_read_timeout(Some(Duration::from_secs(READ)));
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    let port = to.port();
    let ask = format!("GET {path} HTTP/1.0\r\nHost: {host}:{port}\r\nUser-Agent: dockline\r\nAccept: */*\r\n\r\n");
    stream.write_all(ask.as_bytes()).map_err(|_| Tcp::Reset)?;
    let (mut said, mut chunk) = (Vec::new(), vec![0; 16 * 1024]);
    let end = Instant::now() + Duration::from_secs(READ);
    while said.len() < MOST && Instant::now() < end {
        match stream.read(&mut chunk) {
            Ok(0) => break,
            Ok(n) => said.extend_from_slice(chunk.get(..n).unwrap_or_default()),
            Err(e) if e.kind() == K::Interrupted => {}
            Err(e) if matches!(e.kind(), K::TimedOut | K::WouldBlock) && said.is_empty() => return Err(Tcp::Timeout),
            Err(_) if said.is_empty() => return Err(Tcp::Reset),
            Err(_) => break,
        }
    }
    if said.is_empty() {
        return Err(Tcp::Reset);
    }
    let text = String::from_utf8_lossy(&said).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.strip_prefix("HTTP/").and_then(|h| h.split_whitespace().nth(1)).and_then(|w| w.parse().ok());
    Ok(Page { path: path.to_owned(), status: status.unwrap_or(0), body: body.to_owned(), silent: false })
}

/// How a container finds the address of a name.
struct Names {
    hosts: Vec<(IpAddr, Vec<String>)>,
    servers: Vec<IpAddr>,
    search: Vec<String>,
    ndots: usize,
}

impl Names {
    fn of(root: &Path) -> Self {
        let read = |name: &str| std::fs::read_to_string(root.join(name)).unwrap_or_default();
        Self::parse(&read("etc/hosts"), &read("etc/resolv.conf"))
    }

    fn parse(hosts: &str, resolv: &str) -> Self {
        let bare = |line: &str| line.split(['#', ';']).next().unwrap_or("").trim().to_owned();
        let mut out = Self { hosts: Vec::new(), servers: Vec::new(), search: Vec::new(), ndots: 1 };
        for line in hosts.lines().map(bare) {
            let mut words = line.split_whitespace();
            let Some(address) = words.next().and_then(|w| w.parse().ok()) else { continue };
            out.hosts.push((address, words.map(str::to_lowercase).collect()));
        }
        for line in resolv.lines().map(bare) {
            let mut words = line.split_whitespace();
            match words.next() {
                Some("nameserver") => out.servers.extend(words.next().and_then(|w| w.parse::<IpAddr>().ok())),
                Some("search" | "domain") => out.search = words.map(str::to_owned).collect(),
                Some("options") => {
                    let ndots = words.find_map(|w| w.strip_prefix("ndots:")?.parse().ok());
                    out.ndots = ndots.unwrap_or(out.ndots);
                }
                _ => {}
            }
        }
        out
    }

    /// `None` for a name that nobody knows.
    fn look_up(&self, host: &str) -> Option<Vec<IpAddr>> {
        if let Ok(address) = host.parse() {
            return Some(vec![address]);
        }
        let name = host.trim_end_matches('.').to_lowercase();
        let mut found: Vec<IpAddr> = Vec::new();
        for (address, names) in &self.hosts {
            if names.contains(&name) && !found.contains(address) {
                found.push(*address);
            }
        }
        // What a client tries first: loopback of IPv6 comes before that of IPv4.
        found.sort_by_key(|a| !(a.is_ipv6() && a.is_loopback()));
        if !found.is_empty() {
            return Some(found);
        }
        let searched = self.search.iter().map(|s| format!("{name}.{s}"));
        let names: Vec<String> = if name.matches('.').count() >= self.ndots {
            std::iter::once(name.clone()).chain(searched).collect()
        } else {
            searched.chain(std::iter::once(name.clone())).collect()
        };
        names.iter().find_map(|n| self.ask(n))
    }

    fn ask(&self, name: &str) -> Option<Vec<IpAddr>> {
        for server in &self.servers {
            let mut found = Vec::new();
            let mut answered = false;
            for kind in [1, 28] {
                if let Some(addresses) = question(*server, name, kind) {
                    answered = true;
                    found.extend(addresses);
                }
            }
            if !found.is_empty() {
                return Some(found);
            }
            if answered {
                return None;
            }
        }
        None
    }
}

/// One question of RFC 1035; `None` where no answer came.
fn question(server: IpAddr, name: &str, kind: u16) -> Option<Vec<IpAddr>> {
    let any: IpAddr = if server.is_ipv4() { [0, 0, 0, 0].into() } else { [0u16; 8].into() };
    let socket = UdpSocket::bind((any, 0)).ok()?;
    socket.set_read_timeout(Some(Duration::from_secs(2))).ok()?;
    socket.connect((server, 53)).ok()?;
    let id = 0x646f ^ kind;
    let mut ask = Vec::from(id.to_be_bytes());
    ask.extend([1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    for part in name.split('.') {
        ask.push(u8::try_from(part.len()).ok().filter(|n| (1..64).contains(n))?);
        ask.extend(part.as_bytes());
    }
    ask.push(0);
    ask.extend(kind.to_be_bytes());
    ask.extend([0, 1]);
    socket.send(&ask).ok()?;
    let mut answer = [0; 1500];
    let length = socket.recv(&mut answer).ok()?;
    let answer = answer.get(..length)?;
    if answer.get(..2)? != id.to_be_bytes() {
        return None;
    }
    records(answer, ask.len(), kind)
}

fn records(answer: &[u8], mut at: usize, kind: u16) -> Option<Vec<IpAddr>> {
    let word = |at: usize| Some(u16::from_be_bytes([*answer.get(at)?, *answer.get(at + 1)?]));
    let mut out = Vec::new();
    for _ in 0..word(6)? {
        // The name: labels, or a pointer.
        loop {
            let length = usize::from(*answer.get(at)?);
            if length >= 0xc0 {
                at += 2;
                break;
            }
            at += length + 1;
            if length == 0 {
                break;
            }
        }
        let (found, size) = (word(at)?, usize::from(word(at + 8)?));
        let data = answer.get(at + 10..at + 10 + size)?;
        at += 10 + size;
        if found == kind {
            out.extend(<[u8; 4]>::try_from(data).map(IpAddr::from).ok());
            out.extend(<[u8; 16]>::try_from(data).map(IpAddr::from).ok());
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_as_in_the_container() {
        let hosts = "127.0.0.1\tlocalhost\n::1 localhost ip6-localhost # both\n172.17.0.1 Host.Docker.Internal\n";
        let names = Names::parse(hosts, "nameserver 127.0.0.11\nsearch lan.example\noptions edns0 ndots:0\n");
        assert_eq!(names.ndots, 0);
        assert_eq!(names.servers, ["127.0.0.11".parse::<IpAddr>().expect("an address")]);
        let shown = |host: &str| names.look_up(host).map(|l| l.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(shown("localhost"), Some(vec!["::1".to_owned(), "127.0.0.1".to_owned()]));
        assert_eq!(shown("host.docker.internal"), Some(vec!["172.17.0.1".to_owned()]));
        assert_eq!(shown("10.0.0.1"), Some(vec!["10.0.0.1".to_owned()]));
    }

    #[test]
    fn answers_of_name_servers_are_read() {
        let mut answer = vec![0, 1, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0, 1, b'a', 0, 0, 1, 0, 1];
        let start = answer.len();
        answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 172, 18, 0, 2]);
        assert_eq!(records(&answer, start, 1), Some(vec![IpAddr::from([172, 18, 0, 2])]));
        assert_eq!(answer.split_last().and_then(|(_, less)| records(less, start, 1)), None);
    }
}
