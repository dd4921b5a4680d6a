//! What the machine and its settings do to a stack: proxies that swallow calls inside the project, mounts that can't be read, a
//! full disk.

use super::{Ailment, Layer, Looked, Patient};
use crate::diag::Severity;
use crate::engine::Container;
use crate::network::{covers, exempt, is_loopback};
use crate::text;

/// Free space below which images, logs and databases begin to fail.
const LITTLE: u64 = 1 << 30;

pub(super) fn judge(patient: &Patient<'_>, looked: &[Looked]) -> Vec<Ailment> {
    let mut out = Vec::new();
    for container in patient.facts.containers.iter().filter(|c| c.running()) {
        out.extend(proxied(patient, container, looked));
        out.extend(shut(patient, container));
    }
    out.extend(full(patient));
    out
}

/// Addresses that answer when they are called directly, and that the container's environment sends to a proxy. Docker's own
/// client puts such variables into every container that it makes (`proxies` in `~/.docker/config.json`).
fn proxied(patient: &Patient<'_>, container: &Container, looked: &[Looked]) -> Option<Ailment> {
    let set = |name: &&&str| container.variable(name).is_some_and(|v| !v.trim().is_empty());
    let name = ["HTTP_PROXY", "http_proxy"].iter().find(set)?;
    let exempt = exempt(["NO_PROXY", "no_proxy"].iter().filter_map(|n| container.variable(n)));
    let mut hosts: Vec<String> = Vec::new();
    for one in looked.iter().filter(|l| l.planned.container == container.id && l.failed.is_none()) {
        let host = one.planned.target.host.to_lowercase();
        let web = one.answer.pages.iter().any(|p| p.status != 0);
        if web && !is_loopback(&host) && !covers(&exempt, &host) && !hosts.contains(&host) {
            hosts.push(host);
        }
    }
    let first = hosts.first()?;
    let (service, list) = (&container.service, hosts.join(","));
    let message = text!(
        "`{service}` has {name} set, and NO_PROXY does not name {first}: clients that heed it send the call to the proxy",
        "`{service}` 设置了 {name}，而 NO_PROXY 里没有 {first}：认这个变量的客户端会把请求发给代理"
    );
    let mut out = Ailment::new("proxy-without-no-proxy", Layer::Connect, Severity::Warning, service, message);
    out.variable = Some((*name).to_owned());
    out = out.help(text!("called directly it answers", "直接访问是通的"));
    out = out.help(text!("add to NO_PROXY: {list}", "加到 NO_PROXY：{list}"));
    Some(out.run(patient.up(container)))
}

fn shut(patient: &Patient<'_>, container: &Container) -> Vec<Ailment> {
    let mine = patient.host.machine.shut.iter().filter(|s| s.container == container.id);
    mine.map(|shut| {
        let (service, target, source) = (&container.service, &shut.target, &shut.source);
        let (user, owner, mode) = (shut.user, shut.owner, format!("{:04o}", shut.mode));
        let message = text!(
            "`{service}` can't read {target}: it runs as user {user}, and {source} belongs to user {owner} with mode {mode}",
            "`{service}` 读不了 {target}：它以用户 {user} 运行，而 {source} 属于用户 {owner}，权限是 {mode}"
        );
        let out = Ailment::new("permission", Layer::Container, Severity::Warning, service, message);
        out.help(text!(
            "give it to user {user} (sudo chown {user} {source}), or run `{service}` as its owner: user: \"{owner}\"",
            "把它交给用户 {user}（sudo chown {user} {source}），或者让 `{service}` 以所有者的身份运行：user: \"{owner}\""
        ))
        .run(patient.up(container))
    })
    .collect()
}

fn full(patient: &Patient<'_>) -> Option<Ailment> {
    let free = patient.host.machine.disk.filter(|free| *free < LITTLE)?;
    let (store, free) = (&patient.facts.about.store, free / (1 << 20));
    let message = text!(
        "the disk of {store} is full: {free} MiB are free, and the engine keeps images, logs and volumes there",
        "{store} 所在的磁盘满了：只剩 {free} MiB，而镜像、日志和数据卷都存在那里"
    );
    let mut out = Ailment::new("disk-full", Layer::Container, Severity::Warning, "", message);
    out.services.clear();
    Some(out.run("docker system df"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{About, Facts, HostSide, Machine};

    #[test]
    fn a_full_disk_is_told() {
        let facts =
            Facts { about: About { store: "/var/lib/docker".to_owned(), ..About::default() }, ..Facts::default() };
        for (free, found) in [(Some(200 << 20), 1), (Some(50 << 30), 0), (None, 0)] {
            let host = HostSide { machine: Machine { disk: free, ..Machine::default() }, ..HostSide::default() };
            let patient = Patient { facts: &facts, host: &host, inside: &[], files: None, compose: "docker compose" };
            assert_eq!(judge(&patient, &[]).len(), found);
        }
    }
}
