//! Reachability: which addresses a service names, what they resolve to in its namespace, whether something listens there.

mod address;
mod audience;
mod clash;
mod credential;
mod edge;
mod endpoint;
mod exposure;
mod facts;
mod listener;
mod names;
mod namespace;
mod no_proxy;
mod survey;
mod topology;
mod way;

pub use address::{Address, Form, find, scheme_port};
pub use audience::{Audience, Reading, Role, Sure};
pub use clash::{Clash, Taker, clashes};
pub use credential::{Lock, Offer, Secret, blank_key, locks, offer};
pub use edge::{Edge, bystanders, edges, faults};
pub use endpoint::{Endpoint, Site};
pub use exposure::Exposed;
pub use facts::{Facts, HostListener, Platform};
pub use listener::{Bind, Known, Listener, Listening, LoopbackSetting};
pub use names::{DOCKER0, HOST_ALIASES, NoName, Target, Unsure, Via, resolve};
pub use namespace::Space;
pub use no_proxy::{covers, exempt};
pub use survey::{
    Fault, Judged, MODEL_PORTS, Reached, Survey, Verdict, is_loopback, judge_address, protocol_port, superseded,
};
pub use topology::{AddressRange, Blocked, Node, Topology, valid_address};
pub use way::{Goal, Need, Way, plain, way};
