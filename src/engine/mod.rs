//! The only door to a live engine and to the host: where the engine is, what it tells, what a probe from inside a container finds.
//! It reads and asks; it changes nothing, but for a helper container that a person has allowed.

mod client;
mod connect;
mod facts;
mod firewall;
mod host;
mod http;
mod inside;
mod machine;
mod probe;
mod stored;

pub use client::{Engine, INSIDE, Job, Ladder, Probed, Wanted};
pub use connect::{Place, Surroundings, places};
pub use facts::{About, Attached, Container, Facts, Network, Published, State, pair};
pub use firewall::{Base, Culprit, Firewall, Packet, packet};
pub use host::{HostSide, Listening, is_ours, of_process, sees};
pub use http::{ASKING, Ask, Cut, From, Heard, Piece, ask_all, asked};
pub use inside::try_all;
pub use machine::{Machine, Shut, Unit, shut};
pub use probe::{Answer, Name, Page, Target, Tcp, Tool};
pub use stored::{Channel, Dialect, Login, Shelf};

/// Where the surroundings of this process say that the engine is.
pub fn places_here() -> Vec<Place> {
    let variable = |name: &str| std::env::var(name).ok();
    let read = |path: &std::path::Path| std::fs::read_to_string(path).ok();
    let exists = |path: &std::path::Path| path.exists();
    let uid = std::fs::read_to_string("/proc/self/status").ok().and_then(|status| {
        let line = status.lines().find_map(|l| l.strip_prefix("Uid:"))?.to_owned();
        line.split_whitespace().nth(1)?.parse().ok()
    });
    places(&Surroundings { variable: &variable, read: &read, exists: &exists, uid })
}
