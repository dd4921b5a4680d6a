//! The strategies for an edge that has several ways out, each as a fix or as the reason why it can't be one.

use super::desk::Desk;
use super::host_gateway::host_gateway;
use super::host_network::host_network;
use super::lan_ip::lan_ip;
use super::service::service;
use crate::compose::ServiceId;
use crate::diag::{Applicability, Fix, Strategy, Text};
use crate::network::Edge;
use crate::text;

/// Fixes and refusals.
pub struct Choices {
    pub fixes: Vec<Fix>,
    pub refusals: Vec<(Strategy, Text)>,
}

/// What is known of an edge.
pub struct Prospects<'c> {
    /// Services that offer what is called.
    pub candidates: &'c [ServiceId],
    /// The server is on the host for all we know: its port is a model server's, or somebody told of it.
    pub on_host: bool,
    /// The address can't work as it is on any platform in question.
    pub certain: bool,
}

/// Plans every strategy. Safe is the one service that offers the port, else the host for a port that is known to be there.
pub fn choices(desk: Desk<'_>, edge: &Edge<'_>, prospects: &Prospects<'_>) -> Choices {
    let mut out = Choices { fixes: Vec::new(), refusals: Vec::new() };
    let safe_if = |yes: bool| if yes && prospects.certain { Applicability::Safe } else { Applicability::Unsafe };
    let candidates = prospects.candidates;
    if candidates.is_empty() {
        let port = edge.first().endpoint.address.port.map_or(String::new(), |p| p.to_string());
        out.refusals.push((
            Strategy::Service,
            text!("no service of the project offers {port}", "项目里没有服务提供 {port} 端口"),
        ));
    }
    let mut refused = Vec::new();
    for target in candidates {
        match service(desk, edge, *target, safe_if(candidates.len() == 1)) {
            Ok(fix) => out.fixes.push(fix),
            Err(reason) => refused.push((Strategy::Service, reason)),
        }
    }
    if !out.fixes.iter().any(|f| f.strategy == Strategy::Service) {
        out.refusals.extend(refused);
    }
    let plans = [
        (Strategy::HostGateway, host_gateway(desk, edge, safe_if(candidates.is_empty() && prospects.on_host))),
        (Strategy::HostNetwork, host_network(desk, edge, Applicability::Unsafe)),
        (Strategy::LanIp, lan_ip(desk, edge, Applicability::Unsafe)),
    ];
    for (strategy, plan) in plans {
        match plan {
            Ok(fix) => out.fixes.push(fix),
            Err(reason) => out.refusals.push((strategy, reason)),
        }
    }
    out
}
