//! The machine that dockline runs on: who listens where, by the kernel's tables.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::firewall::Firewall;
use super::machine::Machine;

/// A socket that takes connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Listening {
    pub address: IpAddr,
    pub port: u16,
    pub inode: u64,
}

impl Listening {
    /// Whether a connection to an address of the namespace arrives at it.
    pub fn takes(&self, address: IpAddr) -> bool {
        self.address == address || self.everywhere(address)
    }

    /// `[::]` takes IPv4 too, unless its program says otherwise, which nobody can see from outside.
    fn everywhere(&self, address: IpAddr) -> bool {
        match self.address {
            IpAddr::V4(own) => own.is_unspecified() && address.is_ipv4(),
            IpAddr::V6(own) => own.is_unspecified(),
        }
    }

    pub fn on_loopback(&self) -> bool {
        self.address.to_canonical().is_loopback()
    }
}

/// What `/proc/net/tcp` and `tcp6` say of listeners. The columns are the kernel's, documented in `proc_net_tcp.rst`.
pub(super) fn listening(v4: &str, v6: &str) -> Vec<Listening> {
    let mut out: Vec<Listening> = v4.lines().skip(1).chain(v6.lines().skip(1)).filter_map(line).collect();
    out.sort_by_key(|l| (l.port, l.address));
    out.dedup_by_key(|l| (l.port, l.address));
    out
}

fn line(line: &str) -> Option<Listening> {
    let mut columns = line.split_whitespace();
    let (address, port) = columns.nth(1)?.split_once(':')?;
    // Column 4 is the state, 0A for LISTEN; column 10 the inode.
    (columns.nth(1)? == "0A").then_some(())?;
    let inode = columns.nth(5)?.parse().ok()?;
    Some(Listening { address: ip(address)?, port: u16::from_str_radix(port, 16).ok()?, inode })
}

/// Words of 32 bits in the machine's own byte order.
fn ip(hex: &str) -> Option<IpAddr> {
    let words: Option<Vec<[u8; 4]>> = (0..hex.len() / 8)
        .map(|i| Some(u32::from_str_radix(hex.get(i * 8..i * 8 + 8)?, 16).ok()?.to_ne_bytes()))
        .collect();
    let words = words?;
    match words.as_slice() {
        [one] => Some(IpAddr::V4(Ipv4Addr::from(*one))),
        [_, _, _, _] => Some(IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(words.concat()).ok()?))),
        _ => None,
    }
}

/// The listeners of a process's network namespace; of our own where none is named. `None` where that can't be seen.
pub fn of_process(pid: Option<u32>) -> Option<Vec<Listening>> {
    let who = pid.map_or_else(|| "self".to_owned(), |pid| pid.to_string());
    let v4 = std::fs::read_to_string(format!("/proc/{who}/net/tcp")).ok()?;
    let v6 = std::fs::read_to_string(format!("/proc/{who}/net/tcp6")).unwrap_or_default();
    Some(listening(&v4, &v6))
}

/// The name of the program that holds a socket, where we may look.
fn holder(inode: u64) -> Option<String> {
    let wanted = format!("socket:[{inode}]");
    let processes = std::fs::read_dir("/proc").ok()?;
    for process in processes.flatten() {
        if !process.file_name().to_string_lossy().chars().all(|c| c.is_ascii_digit()) {
            continue;
        }
        let Ok(open) = std::fs::read_dir(process.path().join("fd")) else { continue };
        if open.flatten().any(|fd| std::fs::read_link(fd.path()).is_ok_and(|to| to.as_os_str() == wanted.as_str())) {
            return std::fs::read_to_string(process.path().join("comm")).ok().map(|c| c.trim().to_owned());
        }
    }
    None
}

/// The machine that the engine runs on, where it is this one.
#[derive(Clone, Debug, Default)]
pub struct HostSide {
    /// The engine's networks are this machine's.
    pub here: bool,
    pub listening: Vec<Listening>,
    /// Which program holds a port, where we may look.
    pub holders: Vec<(u16, String)>,
    /// Those of the addresses asked about that are the machine's own.
    pub own: Vec<IpAddr>,
    pub machine: Machine,
    /// The packet filter, where it was read.
    pub firewall: Option<Firewall>,
}

impl HostSide {
    /// `gateways` are the engine's own addresses on its networks, `others` what else may be ours; `seen` says that a container's
    /// process was found here.
    pub fn look(gateways: &[IpAddr], others: &[IpAddr], seen: bool) -> Self {
        if !seen && !gateways.iter().any(|g| is_ours(*g)) {
            return Self::default();
        }
        let Some(listening) = of_process(None) else { return Self::default() };
        let own = gateways.iter().chain(others).copied().filter(|a| is_ours(*a)).collect();
        Self { here: true, listening, own, ..Self::default() }
    }

    /// Looks up who holds some ports.
    pub fn name_holders(&mut self, ports: &[u16]) {
        for port in ports {
            let inode = self.listening.iter().find(|l| l.port == *port).map(|l| l.inode);
            self.holders.extend(inode.and_then(holder).map(|name| (*port, name)));
        }
    }

    pub fn on(&self, port: u16) -> impl Iterator<Item = &Listening> {
        self.listening.iter().filter(move |l| l.port == port)
    }

    pub fn holder(&self, port: u16) -> Option<&str> {
        self.holders.iter().find(|(p, _)| *p == port).map(|(_, name)| name.as_str())
    }
}

/// Whether an address is one of this machine's own: a socket can be bound to it.
pub fn is_ours(address: IpAddr) -> bool {
    std::net::UdpSocket::bind((address, 0)).is_ok()
}

/// Whether a process of the engine is one that we see: the container's own host name stands in its file system.
pub fn sees(pid: u32, hostname: &str) -> bool {
    pid > 0
        && std::fs::read_to_string(format!("/proc/{pid}/root/etc/hostname")).is_ok_and(|name| name.trim() == hostname)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_kernels_tables() {
        if cfg!(target_endian = "big") {
            return;
        }
        let v4 = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n   \
                  0: 0100007F:2CAA 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 77 1 0 100 0 0 10 0\n   \
                  1: 0100007F:1F90 0100007F:A000 01 00000000:00000000 00:00000000 00000000     0        0 78 1 0 100 0 0 10 0\n";
        let v6 = "head\n   0: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 9 1\n   \
                  1: 00000000000000000000000001000000:0051 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 9 1\n";
        let found = listening(v4, v6);
        let shown: Vec<String> = found.iter().map(|l| format!("{} {} {}", l.address, l.port, l.inode)).collect();
        assert_eq!(shown, [":: 80 9", "::1 81 9", "127.0.0.1 11434 77"]);
        let docker0: IpAddr = Ipv4Addr::new(172, 17, 0, 1).into();
        assert!(found.iter().filter(|l| l.takes(docker0)).count() == 1);
    }
}
