//! `dockline new ollama-host`: the host side, as files to put in place.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use super::args::New;
use super::new::{broken, conflicts, diffs, preview, source, write};
use super::session::{self, Failure, Session};
use crate::diag::{Lang, Text};
use crate::remedy::{firewall_commands_for, firewall_undo};
use crate::report::tame;
use crate::stacks::{Auth, HostWish, PORT, Way, host_side, is_origin, is_subnet};
use crate::text;

pub(super) const WORD: &str = "ollama-host";

pub(super) fn run(session: &mut Session, args: &New) -> Result<u8, Failure> {
    let wish = wished(session, args)?;
    let dir = match args.words.as_slice() {
        [_] => PathBuf::from(WORD),
        [_, dir] => dir.clone(),
        _ => {
            return Err(Failure::new(text!("`{WORD}` goes alone", "`{WORD}` 要单独使用"))
                .hint(text!("dockline new {WORD} [DIR]", "dockline new {WORD} [目录]")));
        }
    };
    let dir = session.files.absolute(&dir);
    let rendered = host_side(&wish, &source()).map_err(broken)?;
    if args.dry_run {
        session::print(&preview(session, &dir, &rendered));
        return Ok(session::OK);
    }
    let shown = session.files.name_of(&dir);
    let there = conflicts(&dir, &rendered);
    if !there.is_empty() && !args.force {
        session::print(&diffs(session, &dir, &rendered));
        let list = there.join(", ");
        return Err(Failure::new(text!("{shown} has {list} already", "{shown} 里已经有 {list}")).hint(text!(
            "--force overwrites them; another DIR leaves them alone",
            "--force 会覆盖；换一个目录则不动它们"
        )));
    }
    write(session, &dir, &rendered)?;
    let names: Vec<&str> = rendered.files.iter().map(|m| m.path.as_str()).collect();
    let names = names.join(", ");
    let readme = session::quoted(&format!("{}/README.md", shown.trim_end_matches('/')));
    for line in [
        text!("wrote {names} in {shown}", "已写入 {shown}：{names}"),
        text!(
            "nothing of this machine is changed yet: {readme} has the commands, each with the one that undoes it",
            "这台机器还没有任何改动：命令在 {readme} 里，每条都有对应的撤销命令"
        ),
    ] {
        session::print(&format!("{}\n", tame(line.get(session.lang))));
    }
    Ok(session::OK)
}

fn wished(session: &Session, args: &New) -> Result<HostWish, Failure> {
    let host = &args.host;
    let bind = host.bind.as_deref().unwrap_or("all");
    let Some(way) = Way::parse(bind) else {
        return Err(Failure::new(text!("`{bind}` is no way in", "没有 `{bind}` 这种方式")).hint(text!(
            "all, forwarder, docker0 (also forwarder=ADDRESS, docker0=ADDRESS) or an address of this machine that others reach; 127.0.0.1 is where Ollama listens as it comes",
            "可用的有 all、forwarder、docker0（也可写 forwarder=地址、docker0=地址），或本机对外的一个地址；127.0.0.1 是 Ollama 本来就监听的"
        )));
    };
    let auth = match host.auth.as_deref() {
        None | Some("bearer") => Auth::Bearer,
        Some("basic") => Auth::Basic,
        Some(other) => {
            return Err(Failure::new(text!(
                "the proxy asks for `bearer` or `basic`, not `{other}`",
                "代理的认证方式只能是 `bearer` 或 `basic`，不能是 `{other}`"
            )));
        }
    };
    if let Some(wrong) = host.subnet.iter().find(|s| !is_subnet(s)) {
        return Err(Failure::new(text!("`{wrong}` is no IPv4 network", "`{wrong}` 不是 IPv4 网段"))
            .hint(text!("--subnet 172.30.0.0/24", "--subnet 172.30.0.0/24")));
    }
    if let Some(wrong) = host.origin.iter().find(|o| !is_origin(o)) {
        return Err(Failure::new(text!("`{wrong}` is no origin of a page", "`{wrong}` 不是网页来源")).hint(text!(
            "https://HOST or http://HOST:PORT, without a path",
            "https://主机 或 http://主机:端口，不带路径"
        )));
    }
    let publish = match args.wish.publish.as_deref() {
        None => IpAddr::V4(Ipv4Addr::LOCALHOST),
        Some(written) => written
            .parse()
            .map_err(|_| Failure::new(text!("`{written}` is no IP address", "`{written}` 不是 IP 地址")))?,
    };
    let subnets = if host.subnet.is_empty() { vec!["172.16.0.0/12".to_owned()] } else { host.subnet.clone() };
    let (firewall, close) = opening(&subnets);
    Ok(HostWish {
        way,
        bind: bind.to_owned(),
        subnets,
        auth,
        origins: host.origin.clone(),
        publish,
        lang: session.lang,
        firewall,
        close,
    })
}

/// The commands that let all of them in, each line once, and those that take them back.
fn opening(subnets: &[String]) -> (Text, Vec<String>) {
    let mut open = [Vec::new(), Vec::new()];
    let mut close: Vec<String> = Vec::new();
    for subnet in subnets {
        let said = firewall_commands_for(subnet, PORT);
        for (lines, lang) in open.iter_mut().zip([Lang::En, Lang::Zh]) {
            for line in said.get(lang).lines().map(str::to_owned) {
                if !lines.contains(&line) {
                    lines.push(line);
                }
            }
        }
        for line in firewall_undo(subnet, PORT) {
            if !close.contains(&line) {
                close.push(line);
            }
        }
    }
    let [en, zh] = open.map(|lines| lines.join("\n"));
    (Text::new(en, zh), close)
}
