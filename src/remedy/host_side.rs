//! What no file of the project can change: where the host's model server listens, and what the host's firewall lets in. Printed
//! as the exact commands.

use std::net::IpAddr;

use crate::diag::Text;
use crate::network::{Facts, MODEL_PORTS, Platform};
use crate::text;

/// Rules that may speak once an address leads to the host: the repair itself says that the server must be opened.
pub(super) const ANNOUNCED: [&str; 2] = ["host-listens-on-loopback", "host-firewall"];

/// What the host's server needs so that containers reach it by the gateway; `None` where it is told to be open already.
pub fn listen_note(facts: &Facts, port: u16) -> Option<Text> {
    if facts.on(port).any(|listener| !listener.on_loopback()) {
        return None;
    }
    if matches!(facts.platform, Platform::DockerDesktop | Platform::Orbstack) {
        return Some(text!(
            "the server on the host is reached on {port}, also where it listens on 127.0.0.1 only",
            "宿主机上的服务在 {port} 端口，即使只监听 127.0.0.1 也连得到"
        ));
    }
    Some(listen_commands(port).and(&podman_note(facts)))
}

/// The commands that let a server on the host take connections from containers.
pub fn listen_commands(port: u16) -> Text {
    if port == 11434 {
        return text!(
            "the server on the host must take connections from containers. Ollama listens on 127.0.0.1 by default; to open it:\n  \
             Linux    sudo systemctl edit ollama     # add the two lines:\n             [Service]\n             Environment=\"OLLAMA_HOST=0.0.0.0:11434\"\n           \
             sudo systemctl restart ollama\n           sudo ufw allow from 172.16.0.0/12 to any port 11434 proto tcp   # let containers in, nobody else\n  \
             macOS    launchctl setenv OLLAMA_HOST 0.0.0.0:11434   # then quit Ollama and start it again; not needed with Docker Desktop\n  \
             Windows  setx OLLAMA_HOST 0.0.0.0:11434               # then quit Ollama and start it again; not needed with Docker Desktop\n  \
             0.0.0.0 opens Ollama, which asks for no password, to the whole network unless a firewall stands in front of it",
            "宿主机上的服务要能接受来自容器的连接。Ollama 默认只监听 127.0.0.1，要放开：\n  \
             Linux    sudo systemctl edit ollama     # 加上这两行：\n             [Service]\n             Environment=\"OLLAMA_HOST=0.0.0.0:11434\"\n           \
             sudo systemctl restart ollama\n           sudo ufw allow from 172.16.0.0/12 to any port 11434 proto tcp   # 只放行容器\n  \
             macOS    launchctl setenv OLLAMA_HOST 0.0.0.0:11434   # 然后退出并重新打开 Ollama；用 Docker Desktop 则不需要\n  \
             Windows  setx OLLAMA_HOST 0.0.0.0:11434               # 然后退出并重新打开 Ollama；用 Docker Desktop 则不需要\n  \
             Ollama 没有密码，监听 0.0.0.0 会把它暴露给整个网络，除非前面有防火墙"
        );
    }
    let server = MODEL_PORTS.iter().find(|(p, _)| *p == port).map_or("", |(_, name)| name);
    if server == "LM Studio" {
        return text!(
            "the server on the host must take connections from containers: in LM Studio, Developer > Settings > Serve on Local Network \
             (or `lms server start --bind 0.0.0.0`); with Docker Desktop 127.0.0.1 is enough",
            "宿主机上的服务要能接受来自容器的连接：在 LM Studio 里打开 Developer > Settings > Serve on Local Network\
             （或 `lms server start --bind 0.0.0.0`）；用 Docker Desktop 的话监听 127.0.0.1 就够了"
        );
    }
    text!(
        "on Linux the server on the host must listen on {port} of 0.0.0.0 (or 172.17.0.1), not on 127.0.0.1 only; see with: ss -ltn 'sport = :{port}'",
        "在 Linux 上，宿主机的服务要在 0.0.0.0（或 172.17.0.1）的 {port} 端口监听，不能只监听 127.0.0.1；查看：ss -ltn 'sport = :{port}'"
    )
}

/// What differs where the containers are Podman's: the subnets of its networks, and that a rootless one has none on the host. Nothing
/// for other engines. Source: `default_subnet_pools` of containers.conf; the rest measured with 5.4.2.
pub fn podman_note(facts: &Facts) -> Text {
    if facts.platform != Platform::Podman {
        return Text::default();
    }
    text!(
        "\nPodman's networks lie in 10.88.0.0/15, not in 172.16.0.0/12: write that into the firewall's rule. Connections of rootless containers \
         come from the host itself and need no rule, but 127.0.0.1 takes none of theirs either",
        "\nPodman 的网络在 10.88.0.0/15，而不是 172.16.0.0/12：防火墙规则请照此改写。rootless 容器的连接来自宿主机自己，不用放行，但同样连不到只监听 127.0.0.1 的服务"
    )
}

/// What the host's server needs so that it is reached by a LAN address.
pub fn listen_on(ip: IpAddr, port: u16) -> Text {
    let ollama = if port == 11434 {
        text!(
            " (Ollama: Environment=\"OLLAMA_HOST={ip}:11434\" in `sudo systemctl edit ollama`, then `sudo systemctl restart ollama`; on macOS \
             `launchctl setenv OLLAMA_HOST {ip}:11434`, on Windows `setx OLLAMA_HOST {ip}:11434`, then start it again)",
            "（Ollama：`sudo systemctl edit ollama` 里加 Environment=\"OLLAMA_HOST={ip}:11434\"，再 `sudo systemctl restart ollama`；macOS 用 \
             `launchctl setenv OLLAMA_HOST {ip}:11434`，Windows 用 `setx OLLAMA_HOST {ip}:11434`，然后重新打开）"
        )
    } else {
        Text::default()
    };
    text!(
        "the server on the host must listen on {ip}:{port} or on all addresses, and the address must stay the same",
        "宿主机上的服务要在 {ip}:{port} 或所有地址上监听，而且这个地址不能变"
    )
    .and(&ollama)
    .and(&text!(
        "; a firewall rule should let in only who belongs there: sudo ufw allow from 172.16.0.0/12 to {ip} port {port} proto tcp",
        "；防火墙只放行该放行的：sudo ufw allow from 172.16.0.0/12 to {ip} port {port} proto tcp"
    ))
}

/// The commands that let packets of containers through the host's firewall.
pub fn firewall_commands(port: u16) -> Text {
    firewall_commands_for("172.16.0.0/12", port)
}

/// The same for networks of one subnet.
pub fn firewall_commands_for(subnet: &str, port: u16) -> Text {
    text!(
        "let containers through the host's firewall, one of:\n  sudo ufw allow from {subnet} to any port {port} proto tcp\n  \
         sudo firewall-cmd --permanent --zone=docker --add-port={port}/tcp && sudo firewall-cmd --reload\n  \
         sudo nft insert rule inet filter input ip saddr {subnet} tcp dport {port} accept",
        "让宿主机的防火墙放行容器，任选其一：\n  sudo ufw allow from {subnet} to any port {port} proto tcp\n  \
         sudo firewall-cmd --permanent --zone=docker --add-port={port}/tcp && sudo firewall-cmd --reload\n  \
         sudo nft insert rule inet filter input ip saddr {subnet} tcp dport {port} accept"
    )
}

/// What takes them back.
pub fn firewall_undo(subnet: &str, port: u16) -> Vec<String> {
    vec![
        format!("sudo ufw delete allow from {subnet} to any port {port} proto tcp"),
        format!("sudo firewall-cmd --permanent --zone=docker --remove-port={port}/tcp && sudo firewall-cmd --reload"),
        format!(
            "sudo nft -a list chain inet filter input | grep 'dport {port}'; sudo nft delete rule inet filter input handle NUMBER"
        ),
    ]
}
