//! From a broken endpoint to edits over the whole project.

mod choices;
mod desk;
mod draft;
mod harden;
mod health;
mod host_gateway;
mod host_network;
mod host_side;
mod lan_ip;
mod nginx;
mod order;
mod over;
mod repair;
mod repoint;
mod service;

pub use choices::{Choices, Prospects, choices};
pub use desk::Desk;
pub use draft::{Draft, NewAddress};
pub use harden::{give, give_item, loopback_only, say, take_item};
pub use health::{give_health, health_test, wait_for};
pub use host_gateway::host_gateway;
pub use host_network::host_network;
pub use host_side::{
    firewall_commands, firewall_commands_for, firewall_undo, listen_commands, listen_note, listen_on, podman_note,
};
pub use lan_ip::lan_ip;
pub use nginx::{RESOLVER, ask_again, give_resolver};
pub use order::{Disorder, alphabetical, disorder, in_place, reorder};
pub use over::{Place, Written, override_place, write_override};
pub use repair::{by_gateway, by_loopback, map_host, off_host_network, rename, retarget, unpublish};
pub use repoint::{Wanted, lead_way, repoint};
pub use service::{container_port, service};

/// A repair, or why it can't be made.
pub type Plan = Result<crate::diag::Fix, crate::diag::Text>;
