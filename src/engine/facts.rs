//! What an engine tells of containers and networks, as plain values: read from its JSON, so that a recorded answer serves as well.

use std::net::IpAddr;

use serde_json::Value;

/// A container, as `docker inspect` shows it.
#[derive(Clone, Debug, Default)]
pub struct Container {
    pub id: String,
    pub name: String,
    /// The Compose service; the container's name where it was started by hand.
    pub service: String,
    pub project: Option<String>,
    pub working_dir: Option<String>,
    /// Compose's `run` made it: it stands for no service.
    pub one_off: bool,
    pub image: String,
    pub image_id: String,
    pub state: State,
    /// The whole environment, the image's variables too.
    pub environment: Vec<(String, String)>,
    pub entrypoint: Vec<String>,
    pub command: Vec<String>,
    /// Where the program starts, inside the container.
    pub start_dir: String,
    /// Folders and files of the host in the container: where they are in it, and on the host.
    pub mounts: Vec<(String, String)>,
    pub hostname: String,
    /// `host`, `none`, `bridge`, `container:ID`, or the name of a network.
    pub mode: String,
    pub attached: Vec<Attached>,
    /// Lines of `extra_hosts`, `name:address`.
    pub extra_hosts: Vec<String>,
    pub links: Vec<String>,
    pub published: Vec<Published>,
    pub health_test: Vec<String>,
    /// Folders and files of the host that are mounted: source and target.
    pub binds: Vec<(String, String)>,
}

#[derive(Clone, Debug, Default)]
pub struct State {
    /// `running`, `exited`, `restarting`, `created`, `paused`, `dead`
    pub status: String,
    pub pid: u32,
    pub exit: i64,
    pub oom_killed: bool,
    pub restarts: u64,
    /// Started within the last minute.
    pub young: bool,
    /// What the engine said when it could not start it.
    pub error: String,
    /// `healthy`, `unhealthy`, `starting`, or empty.
    pub health: String,
    /// What the last health check printed.
    pub health_said: String,
    pub restart_policy: String,
    /// In bytes; 0 for none.
    pub memory_limit: u64,
}

/// A container on a network.
#[derive(Clone, Debug, Default)]
pub struct Attached {
    pub network: String,
    pub network_id: String,
    pub aliases: Vec<String>,
    pub addresses: Vec<IpAddr>,
    pub gateway: Option<IpAddr>,
}

/// A port of the host that leads into a container.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Published {
    pub address: String,
    pub host_port: Option<u16>,
    pub port: u16,
    pub tcp: bool,
}

#[derive(Clone, Debug, Default)]
pub struct Network {
    pub name: String,
    /// The name in the Compose file.
    pub key: Option<String>,
    pub internal: bool,
    pub driver: String,
    /// The bridge's name on the host, where it has one.
    pub bridge: String,
    pub subnets: Vec<(String, Option<String>)>,
    pub no_peers: bool,
}

/// The engine itself.
#[derive(Clone, Debug, Default)]
pub struct About {
    pub version: String,
    /// `Docker Engine`, `Docker Desktop`, `Podman` ...
    pub name: String,
    pub rootless: bool,
    pub desktop: bool,
    pub podman: bool,
    /// The folder in which it keeps images and volumes.
    pub store: String,
    /// Proxies that the daemon itself uses.
    pub proxies: Vec<String>,
}

/// Everything that was asked of the engine.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    pub about: About,
    pub containers: Vec<Container>,
    pub networks: Vec<Network>,
    /// The addresses of containers of other projects on the same networks, by name.
    pub others: Vec<(String, String)>,
    /// What an image brings by itself, by image id.
    pub image_environment: Vec<(String, Vec<String>)>,
}

fn text(value: &Value, path: &str) -> String {
    value.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn list(value: &Value, path: &str) -> Vec<String> {
    let items = value.pointer(path).and_then(Value::as_array);
    items.into_iter().flatten().filter_map(|v| v.as_str().map(str::to_owned)).collect()
}

fn label(value: &Value, name: &str) -> Option<String> {
    let labels = value.pointer("/Config/Labels").or_else(|| value.pointer("/Labels"))?;
    labels.get(name)?.as_str().map(str::to_owned)
}

/// `A=b` in two; a variable without a value is none.
pub fn pair(line: &str) -> (String, String) {
    let (key, value) = line.split_once('=').unwrap_or((line, ""));
    (key.to_owned(), value.to_owned())
}

impl Container {
    pub fn of(value: &Value) -> Self {
        let name = text(value, "/Name").trim_start_matches('/').to_owned();
        let service = label(value, "com.docker.compose.service");
        Self {
            id: text(value, "/Id"),
            service: service.unwrap_or_else(|| name.clone()),
            name,
            project: label(value, "com.docker.compose.project"),
            working_dir: label(value, "com.docker.compose.project.working_dir"),
            one_off: label(value, "com.docker.compose.oneoff").is_some_and(|v| v.eq_ignore_ascii_case("true")),
            image: text(value, "/Config/Image"),
            image_id: text(value, "/Image"),
            state: State::of(value),
            environment: list(value, "/Config/Env").iter().map(|line| pair(line)).collect(),
            entrypoint: list(value, "/Config/Entrypoint"),
            command: list(value, "/Config/Cmd"),
            start_dir: text(value, "/Config/WorkingDir"),
            mounts: mounts(value),
            hostname: text(value, "/Config/Hostname"),
            mode: text(value, "/HostConfig/NetworkMode"),
            attached: attached(value),
            extra_hosts: list(value, "/HostConfig/ExtraHosts"),
            links: list(value, "/HostConfig/Links"),
            published: published(value),
            health_test: list(value, "/Config/Healthcheck/Test"),
            binds: binds(value),
        }
    }

    pub fn running(&self) -> bool {
        self.state.status == "running"
    }

    pub fn variable(&self, name: &str) -> Option<&str> {
        self.environment.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub fn addresses(&self) -> impl Iterator<Item = IpAddr> + '_ {
        self.attached.iter().flat_map(|a| a.addresses.iter().copied())
    }

    pub fn on(&self, network: &str) -> bool {
        self.attached.iter().any(|a| a.network == network)
    }

    /// Where the host has a path of the container, if it lies in a mount.
    pub fn on_host(&self, path: &str) -> Option<String> {
        let inside = |(to, from): &(String, String)| {
            let rest = path.strip_prefix(to.trim_end_matches('/'))?;
            (rest.is_empty() || rest.starts_with('/')).then(|| (to.len(), format!("{from}{rest}")))
        };
        self.mounts.iter().filter_map(inside).max().map(|(_, path)| path)
    }

    /// The container whose network it uses.
    pub fn shares(&self) -> Option<&str> {
        self.mode.strip_prefix("container:")
    }
}

fn binds(value: &Value) -> Vec<(String, String)> {
    let mounts = value.pointer("/Mounts").and_then(Value::as_array).into_iter().flatten();
    let binds = mounts.filter(|m| text(m, "/Type") == "bind");
    binds.map(|m| (text(m, "/Source"), text(m, "/Destination"))).collect()
}

impl State {
    fn of(value: &Value) -> Self {
        let number = |path: &str| value.pointer(path).and_then(Value::as_i64).unwrap_or_default();
        let log = value.pointer("/State/Health/Log").and_then(Value::as_array);
        let said = log.and_then(|l| l.last()).map(|last| text(last, "/Output")).unwrap_or_default();
        Self {
            status: text(value, "/State/Status"),
            pid: u32::try_from(number("/State/Pid")).unwrap_or_default(),
            exit: number("/State/ExitCode"),
            oom_killed: value.pointer("/State/OOMKilled").and_then(Value::as_bool).unwrap_or_default(),
            restarts: u64::try_from(number("/RestartCount")).unwrap_or_default(),
            young: false,
            error: text(value, "/State/Error"),
            health: text(value, "/State/Health/Status"),
            health_said: said,
            restart_policy: text(value, "/HostConfig/RestartPolicy/Name"),
            memory_limit: u64::try_from(number("/HostConfig/Memory")).unwrap_or_default(),
        }
    }
}

fn attached(value: &Value) -> Vec<Attached> {
    let networks = value.pointer("/NetworkSettings/Networks").and_then(Value::as_object);
    let one = |(name, n): (&String, &Value)| Attached {
        network: name.clone(),
        network_id: text(n, "/NetworkID"),
        aliases: [list(n, "/Aliases"), list(n, "/DNSNames")].concat(),
        addresses: [text(n, "/IPAddress"), text(n, "/GlobalIPv6Address")]
            .iter()
            .filter_map(|a| a.parse().ok())
            .collect(),
        gateway: text(n, "/Gateway").parse().ok(),
    };
    networks.into_iter().flatten().map(one).collect()
}

fn mounts(value: &Value) -> Vec<(String, String)> {
    let all = value.pointer("/Mounts").and_then(Value::as_array);
    all.into_iter().flatten().map(|m| (text(m, "/Destination"), text(m, "/Source"))).collect()
}

/// What was asked for, which is also there for a container that does not run.
fn published(value: &Value) -> Vec<Published> {
    let bindings = value.pointer("/HostConfig/PortBindings").and_then(Value::as_object);
    let mut out = Vec::new();
    for (target, places) in bindings.into_iter().flatten() {
        let (port, protocol) = target.split_once('/').unwrap_or((target, "tcp"));
        let Ok(port) = port.parse() else { continue };
        for place in places.as_array().into_iter().flatten() {
            let host_port = text(place, "/HostPort").parse().ok();
            out.push(Published { address: text(place, "/HostIp"), host_port, port, tcp: protocol == "tcp" });
        }
    }
    out
}

impl Network {
    pub fn of(value: &Value) -> Self {
        let configs = value.pointer("/IPAM/Config").and_then(Value::as_array);
        let subnet = |c: &Value| {
            let gateway = text(c, "/Gateway");
            (text(c, "/Subnet"), (!gateway.is_empty()).then_some(gateway))
        };
        // Docker names a bridge after the network's id, where no option names it.
        let named = value.pointer("/Options/com.docker.network.bridge.name").and_then(Value::as_str);
        let id = text(value, "/Id").chars().take(12).collect::<String>();
        Self {
            name: text(value, "/Name"),
            bridge: named.map_or_else(|| format!("br-{id}"), str::to_owned),
            key: label(value, "com.docker.compose.network"),
            internal: value.pointer("/Internal").and_then(Value::as_bool).unwrap_or_default(),
            driver: text(value, "/Driver"),
            subnets: configs.into_iter().flatten().map(subnet).filter(|(s, _)| !s.is_empty()).collect(),
            no_peers: value
                .pointer("/Options/com.docker.network.bridge.enable_icc")
                .and_then(Value::as_str)
                .is_some_and(|v| v == "false"),
        }
    }
}

impl About {
    pub fn of(version: &Value, info: &Value) -> Self {
        let components = version.pointer("/Components").and_then(Value::as_array);
        let names: Vec<String> = components.into_iter().flatten().map(|c| text(c, "/Name")).collect();
        let podman = names.iter().any(|n| n.contains("Podman"));
        let system = text(info, "/OperatingSystem");
        let desktop = system.contains("Docker Desktop");
        let rootless = list(info, "/SecurityOptions").iter().any(|o| o.contains("rootless"));
        let name = if podman {
            "Podman".to_owned()
        } else if desktop || system.contains("OrbStack") {
            system
        } else {
            "Docker Engine".to_owned()
        };
        let proxies = ["/HttpProxy", "/HttpsProxy"].map(|p| text(info, p)).into_iter().filter(|p| !p.is_empty());
        let store = text(info, "/DockerRootDir");
        Self { version: text(version, "/Version"), store, name, rootless, desktop, podman, proxies: proxies.collect() }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::About;

    #[test]
    fn the_daemons_own_proxies_are_read() {
        let version = json!({"Version": "28.5.2", "Components": [{"Name": "Engine"}]});
        let info = json!({"HttpProxy": "http://127.0.0.1:7890", "HttpsProxy": "", "NoProxy": "localhost"});
        assert_eq!(About::of(&version, &info).proxies, ["http://127.0.0.1:7890"]);
    }
}
