//! Containers that do not run as they should: exited, killed for memory, restarting, unhealthy, never started.

use super::{Ailment, Layer, Patient};
use crate::diag::mask;
use crate::diag::{Severity, Text};
use crate::engine::Container;
use crate::text;

pub(super) fn find(patient: &Patient<'_>) -> Vec<Ailment> {
    let mut out: Vec<Ailment> =
        patient.facts.containers.iter().filter(|c| !c.one_off).filter_map(|c| one(patient, c)).collect();
    out.extend(never_made(patient));
    out
}

fn one(patient: &Patient<'_>, container: &Container) -> Option<Ailment> {
    let (state, name) = (&container.state, &container.service);
    let ailment = |cause, severity, message| Ailment::new(cause, Layer::Container, severity, name, message);
    let logs = patient.logs(container);
    if state.oom_killed || (state.exit == 137 && state.status == "restarting") {
        let limit = state.memory_limit / (1024 * 1024);
        let of = if limit > 0 {
            text!(" of {limit} MiB", "（{limit} MiB）")
        } else {
            text!(" (or the machine's memory)", "（或者整台机器的内存）")
        };
        let message = text!(
            "`{name}` was killed because it used more memory than its limit",
            "`{name}` 用的内存超过了上限，被内核杀掉了"
        )
        .and(&of);
        let help = text!(
            "raise mem_limit (or deploy.resources.limits.memory), or take a smaller model",
            "调大 mem_limit（或 deploy.resources.limits.memory），或者换小一点的模型"
        );
        return Some(ailment("memory-limit", Severity::Error, message).help(help).run(patient.up(container)).run(logs));
    }
    let again = state.status == "running" && state.young && state.restarts >= 3;
    match state.status.as_str() {
        _ if again || state.status == "restarting" => {
            let restarts = state.restarts;
            let message =
                text!("`{name}` ends again and again: {restarts} restarts", "`{name}` 一再退出：已重启 {restarts} 次");
            // What runs at the moment has no status yet.
            let message = match state.exit {
                0 => message,
                exit => message.and(&text!(", the last with status {exit}", "，上次的退出码是 {exit}")),
            };
            Some(ailment("server-not-running", Severity::Error, message).run(logs))
        }
        "created" if !state.error.is_empty() => Some(not_started(patient, container)),
        "exited" | "dead" if !state.error.is_empty() && state.exit != 0 => Some(not_started(patient, container)),
        // Stopped by hand, with what a stop leaves behind, is no fault.
        "exited" | "dead" if !matches!(state.exit, 0 | 130 | 137 | 143) => {
            let exit = state.exit;
            let message = text!("`{name}` has ended with status {exit}", "`{name}` 已退出，退出码 {exit}");
            Some(ailment("server-not-running", Severity::Error, message).run(logs).run(patient.up(container)))
        }
        "running" if state.health == "unhealthy" => {
            let message = text!("`{name}` runs and is unhealthy", "`{name}` 在运行，但健康检查没通过");
            let said = last_line(&state.health_said);
            let mut found = ailment("healthcheck-missing-tool", Severity::Error, message);
            found.cause = health_cause(&state.health_said);
            if !said.is_empty() {
                found = found.help(text!("its health check says: {said}", "健康检查的输出：{said}"));
            }
            let test: Vec<&str> = container.health_test.iter().skip(1).map(String::as_str).collect();
            let test = mask(&test.join(" "));
            Some(found.help(text!("the check is: {test}", "检查命令：{test}")).run(logs))
        }
        "paused" => {
            let message = text!("`{name}` is paused: it answers nobody", "`{name}` 已暂停：谁都连不上");
            Some(
                ailment("server-not-running", Severity::Error, message)
                    .run(format!("docker unpause {}", container.name)),
            )
        }
        _ => None,
    }
}

fn not_started(patient: &Patient<'_>, container: &Container) -> Ailment {
    let name = &container.service;
    let error = mask(container.state.error.trim());
    let taken = error.contains("address already in use") || error.contains("port is already allocated");
    let cause = if taken {
        "port-conflict"
    } else if error.contains("could not select device driver") || error.contains("nvidia") {
        "gpu-runtime"
    } else if error.contains("mount") {
        "mount-source-missing"
    } else {
        "server-not-running"
    };
    let message = text!("`{name}` could not be started: {error}", "`{name}` 启动不了：{error}");
    let mut out = Ailment::new(cause, Layer::Container, Severity::Error, name, message);
    if taken {
        for port in container.published.iter().filter_map(|p| p.host_port) {
            if let Some(holder) = patient.host.holder(port) {
                out = out.help(text!("{port} is held by {holder}", "{port} 端口被 {holder} 占用"));
            }
        }
        if let Some(port) = container.published.iter().find_map(|p| p.host_port) {
            out = out.run(format!("ss -ltnp 'sport = :{port}'"));
        }
    }
    out.run(patient.up(container))
}

/// What a failing check most likely fails of, by its words.
fn health_cause(said: &str) -> &'static str {
    let has = |words: &[&str]| words.iter().any(|w| said.contains(w));
    if has(&["not found", "No such file", "executable file not found"]) && !has(&["404"]) {
        "healthcheck-missing-tool"
    } else if has(&["[::1]", "::1"]) && has(&["refused"]) {
        "healthcheck-ipv6-localhost"
    } else if has(&["refused"]) {
        "connection-refused"
    } else {
        "server-not-running"
    }
}

fn last_line(said: &str) -> String {
    let line = said.lines().rev().map(str::trim).find(|l| !l.is_empty()).unwrap_or_default();
    mask(&line.chars().take(200).collect::<String>())
}

/// Services that the files have and that were never started, in a project that runs.
fn never_made(patient: &Patient<'_>) -> Vec<Ailment> {
    let Some(project) = patient.files else { return Vec::new() };
    if !patient.facts.containers.iter().any(Container::running) || project.incomplete || project.part.is_some() {
        return Vec::new();
    }
    let missing = project
        .services
        .iter()
        .filter(|s| s.active && !s.provider && s.replicas != Some(0))
        .filter(|s| !patient.facts.containers.iter().any(|c| *c.service == *s.name));
    missing
        .map(|service| {
            let name = &*service.name;
            let message: Text = text!("`{name}` has no container", "`{name}` 没有容器");
            Ailment::new("server-not-running", Layer::Container, Severity::Info, name, message)
                .run(format!("{} up -d {name}", patient.compose))
        })
        .collect()
}
