//! A model asked for a few words, on each way that leads to it: how long it takes to load and to answer, whether the answer
//! arrives as it is written, and how many the server takes at once. Only where a person asks for it: it loads the model.

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::front::Met;
use super::judge::meaning;
use super::models::{listed, near, same};
use super::plan::Speaks;
use super::{Ailment, Layer, Looked, Patient};
use crate::diag::{Severity, Text, mask};
use crate::engine::{Ask, Container, Cut, Heard};
use crate::text;

/// A way to a model.
#[derive(Clone, Debug)]
pub struct Warm {
    /// The container from inside which it is asked; `None` for a published port, called from this machine.
    pub from: Option<String>,
    pub service: String,
    pub variable: Option<String>,
    /// The address, credentials masked.
    pub shown: String,
    /// The addresses that the name has.
    pub at: Vec<SocketAddr>,
    host: String,
    /// Where the API begins.
    base: String,
    speaks: Speaks,
    /// The name as the server has it.
    pub model: String,
}

impl Warm {
    /// Whether it leads to loopback, which is another machine in each container.
    pub fn to_itself(&self) -> bool {
        self.at.iter().any(|at| at.ip().is_loopback())
    }
}

/// How much a model is asked to write, in tokens: enough to see whether it streams.
pub const TOKENS: u64 = 48;
/// Seconds that loading and answering may take: Ollama itself gives up loading after 5 minutes.
const LIMIT: u64 = 330;

/// What was measured. Times in milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Measured {
    /// HTTP status; 0 where none came.
    pub status: u16,
    /// As Ollama tells it; unknown of other servers.
    pub load: Option<u64>,
    /// Until the first piece of the answer arrived.
    pub first: Option<u64>,
    /// From the first piece to the last, as they arrived.
    pub spread: u64,
    /// How long the model wrote, as Ollama tells it.
    pub wrote: Option<u64>,
    /// Tokens, or pieces where the server does not count.
    pub tokens: u64,
    pub total: u64,
    /// Arrived in one lump although it was written piece by piece; unknown where the answer was too short to tell.
    pub lump: Option<bool>,
}

/// A way with what came of it.
#[derive(Clone, Debug)]
pub struct Warmed {
    pub way: Warm,
    pub heard: Heard,
    pub measured: Measured,
    /// The answers to the same request sent several times at once.
    pub crowd: Vec<Heard>,
}

/// The ways to a model: addresses that containers use (each server once), then published ports and what browsers call.
pub fn ways(patient: &Patient<'_>, model: &str, looked: &[Looked], fronts: &[Met]) -> Vec<Warm> {
    let mut out: Vec<Warm> = Vec::new();
    for one in looked.iter().filter(|l| l.failed.is_none()) {
        let target = &one.planned.target;
        let Some((path, names)) = one.answer.pages.iter().find_map(|p| Some((&p.path, listed(p)?))) else { continue };
        let Some(base) = base(path) else { continue };
        let addresses = meaning(patient, &one.planned, &one.answer).into_iter();
        let at: Vec<SocketAddr> = addresses.map(|ip| SocketAddr::new(ip, target.port)).collect();
        if at.is_empty() {
            continue;
        }
        let Some(model) = names.into_iter().find(|n| same(n, model)) else { continue };
        let host = if target.host.contains(':') { format!("[{}]", target.host) } else { target.host.clone() };
        out.push(Warm {
            from: Some(one.planned.container.clone()),
            service: one.planned.service.clone(),
            variable: Some(one.planned.variable.clone()),
            shown: one.planned.shown.clone(),
            at,
            host: format!("{host}:{}", target.port),
            base: base.0,
            speaks: base.1,
            model,
        });
    }
    for met in fronts {
        let Some((speaks, names)) = met.api() else { continue };
        let Some(model) = names.into_iter().find(|n| same(n, model)) else { continue };
        let path = &met.front.path;
        out.push(Warm {
            from: None,
            service: met.front.service.clone(),
            variable: met.front.call.as_ref().map(|c| c.variable.clone()),
            shown: met.front.shown.clone(),
            at: vec![met.front.at],
            host: met.front.host.clone(),
            base: if speaks == Speaks::OpenAi && path.is_empty() { "/v1".to_owned() } else { path.clone() },
            speaks,
            model,
        });
    }
    let mut kept: Vec<Warm> = Vec::new();
    for way in out {
        // Addresses other than loopback lead to the same server from everywhere.
        let same = |k: &Warm| k.at == way.at && k.base == way.base && (k.from == way.from || !way.to_itself());
        if !kept.iter().any(same) {
            kept.push(way);
        }
    }
    kept
}

/// Where the API begins, by the path that listed the models.
fn base(path: &str) -> Option<(String, Speaks)> {
    let own = path.strip_suffix("/api/tags").map(|base| (base.to_owned(), Speaks::Ollama));
    own.or_else(|| path.strip_suffix("/models").map(|base| (base.to_owned(), Speaks::OpenAi)))
}

/// The request for a few words. `embed` asks for a vector instead, of a model that writes none.
pub fn request(way: &Warm, embed: bool) -> Ask {
    let (model, base) = (&way.model, &way.base);
    let prompt = "Count from one to thirty in words.";
    let (path, body) = match (way.speaks, embed) {
        (Speaks::Ollama, false) => (
            "/api/generate",
            json!({"model": model, "prompt": prompt, "stream": true, "options": {"num_predict": TOKENS}}),
        ),
        (Speaks::Ollama, true) => ("/api/embed", json!({"model": model, "input": prompt})),
        (_, false) => (
            "/chat/completions",
            json!({"model": model, "messages": [{"role": "user", "content": prompt}], "max_tokens": TOKENS, "stream": true}),
        ),
        (_, true) => ("/embeddings", json!({"model": model, "input": prompt})),
    };
    let mut ask = Ask::get(&way.at, &way.host, &format!("{base}{path}"));
    "POST".clone_into(&mut ask.method);
    ask.headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
    ask.body = body.to_string();
    ask.limit = LIMIT;
    ask
}

/// Whether a server says that the model only makes vectors (Ollama: 400, `does not support generate`).
pub fn only_embeds(heard: &Heard) -> bool {
    heard.status == 400 && heard.body().contains("does not support")
}

/// How many pieces of an answer a piece of a stream holds.
pub fn pieces(text: &str) -> u64 {
    text.lines().filter(|l| l.starts_with("data: {") || l.starts_with('{')).count() as u64
}

/// Reads the times out of an answer.
pub fn measure(heard: &Heard) -> Measured {
    let body = heard.body();
    let last = body.lines().rev().find_map(|line| {
        let value: Value = serde_json::from_str(line).ok()?;
        value.get("load_duration").is_some().then_some(value)
    });
    let number = |key: &str| last.as_ref().and_then(|l| l.get(key)?.as_u64());
    let millis = |key: &str| number(key).map(|ns| ns / 1_000_000);
    let arrived: Vec<u64> = heard.pieces.iter().map(|p| p.after).collect();
    let spread = arrived.last().zip(arrived.first()).map_or(0, |(last, first)| last - first);
    let wrote = millis("eval_duration");
    // The server says how long it wrote: what was written over a second and came within a moment was held back.
    let lump = wrote.filter(|w| *w >= 400 && heard.status == 200).map(|wrote| spread * 4 < wrote);
    Measured {
        status: heard.status,
        load: millis("load_duration"),
        first: arrived.first().copied(),
        spread,
        wrote,
        tokens: number("eval_count").unwrap_or_else(|| pieces(&body)),
        total: heard.took,
        lump,
    }
}

/// What the other ways to the same model tell of those whose server says nothing of its times: where one way brings the pieces
/// as they are written, one that brings them at once holds them back.
pub fn compare(all: &mut [Warmed]) {
    let streams = all.iter().any(|w| w.measured.status == 200 && w.measured.tokens >= 8 && w.measured.spread >= 400);
    for one in all {
        let m = &mut one.measured;
        if m.lump.is_none() && m.wrote.is_none() && m.status == 200 && m.tokens >= 8 && streams {
            m.lump = Some(m.spread < 50);
        }
    }
}

/// What is wrong with what was measured.
pub(super) fn judge(
    patient: &Patient<'_>,
    model: &str,
    looked: &[Looked],
    fronts: &[Met],
    all: &[Warmed],
) -> Vec<Ailment> {
    let mut out: Vec<Ailment> = all.iter().filter_map(|one| Some(place(one, of_one(patient, one)?))).collect();
    out.extend(all.iter().filter_map(|one| Some(place(one, crowded(one)?))));
    if all.is_empty() {
        out.extend(nowhere(model, looked, fronts));
    }
    out
}

fn place(one: &Warmed, mut ailment: Ailment) -> Ailment {
    (ailment.variable, ailment.address) = (one.way.variable.clone(), Some(one.way.shown.clone()));
    ailment
}

fn seconds(millis: u64) -> String {
    format!("{}.{}", millis / 1000, millis % 1000 / 100)
}

fn of_one(patient: &Patient<'_>, one: &Warmed) -> Option<Ailment> {
    let (way, m) = (&one.way, &one.measured);
    let (own, shown, model) = (&way.service, &way.shown, &way.model);
    let found = |cause, layer, severity, message| Some(Ailment::new(cause, layer, severity, own, message));
    let took = seconds(m.total);
    if one.heard.cut == Some(Cut::Late) {
        let message = text!(
            "`{model}` at {shown} has not finished a short answer after {took} s",
            "{shown} 上的 `{model}` 过了 {took} 秒还没答完一句短话"
        );
        return found("timeout-tuning", Layer::Model, Severity::Error, message);
    }
    if m.status != 200 {
        return failed(one);
    }
    if m.lump == Some(true) {
        let server = server(patient, way);
        let message = text!(
            "the answer of `{model}` comes through {shown} in one lump after {took} s, not as it is written",
            "`{model}` 的回答经过 {shown} 时被攒到一起，{took} 秒后一次性到达，而不是边生成边返回"
        );
        let mut out = Ailment::new("nginx-buffering", Layer::Http, Severity::Warning, own, message);
        if let Some(server) = server {
            let name = &server.service;
            out = out.help(text!("it is `{name}` that answers there", "在那里应答的是 `{name}`"));
        }
        return Some(out.help(text!(
            "nginx: proxy_buffering off; in the location of the model server; other proxies: no response buffering, no compression",
            "nginx：在模型服务的 location 里写 proxy_buffering off;；别的代理：关掉响应缓冲和压缩"
        )));
    }
    let load = m.load.filter(|l| *l >= 30_000)?;
    let load = seconds(load);
    let message = text!(
        "`{model}` takes {load} s to load before it answers {own}: a client that waits less gives up",
        "`{model}` 要先加载 {load} 秒才能回答 {own}：等得没这么久的客户端会放弃"
    );
    let out = Ailment::new("timeout-tuning", Layer::Model, Severity::Info, own, message);
    Some(out.help(text!(
        "keep it in memory: OLLAMA_KEEP_ALIVE=24h for the server (by default it leaves after 5 minutes)",
        "让它留在内存里：给服务端设置 OLLAMA_KEEP_ALIVE=24h（默认 5 分钟后就卸载）"
    )))
}

/// The container that answers at an address: the one of that address, or the one that publishes the port.
fn server<'p>(patient: &Patient<'p>, way: &Warm) -> Option<&'p Container> {
    way.at.iter().find_map(|at| patient.container_at(at.ip())).or_else(|| {
        let published = |port: Option<u16>| way.at.iter().any(|at| port == Some(at.port()));
        let by_port = |c: &&Container| c.published.iter().any(|p| published(p.host_port));
        way.from.is_none().then(|| patient.facts.containers.iter().find(by_port)).flatten()
    })
}

/// The words of an error: `{"error": "..."}` (Ollama) or `{"error": {"message": "..."}}` (`OpenAI`).
fn error_of(body: &str) -> Option<String> {
    let value: Value = serde_json::from_str(body.trim()).ok()?;
    let error = value.get("error")?;
    let said = error.as_str().or_else(|| error.get("message")?.as_str())?;
    Some(mask(&said.chars().take(300).collect::<String>()))
}

/// A warm-up that was refused, by status and the server's words.
fn failed(one: &Warmed) -> Option<Ailment> {
    let (way, status) = (&one.way, one.heard.status);
    let (own, shown, model) = (&way.service, &way.shown, &way.model);
    let said = error_of(&one.heard.body());
    let words = said.as_deref().unwrap_or_default();
    let (cause, layer) = match status {
        // It lists its models to everybody, and wants a key for answers: none was sent.
        401 | 403 => return None,
        // The probe got through: what this says of the way is nothing.
        0 if one.heard.cut == Some(Cut::Unconnected) => return None,
        0 => ("stream-cut", Layer::Http),
        404 => ("model-not-found", Layer::Model),
        429 | 503 => ("rate-limited", Layer::Model),
        504 => ("timeout-tuning", Layer::Http),
        502 => ("bad-gateway", Layer::Http),
        // Ollama, llm/server.go: `model requires more system memory (5.6 GiB) than is available (3.2 GiB)`.
        _ if words.contains("more system memory") => ("memory-limit", Layer::Model),
        _ if words.contains("CUDA out of memory") || words.contains("cudaMalloc") => ("gpu-memory", Layer::Model),
        500 if words.contains("runner") || words.contains("unable to load") => ("model-load-failed", Layer::Model),
        400..500 => ("bad-request", Layer::Api),
        _ => ("server-error", Layer::Http),
    };
    let message = if status == 0 {
        text!(
            "`{model}` at {shown} gives no answer: the connection ends without one",
            "{shown} 上的 `{model}` 没有回答：连接直接断了"
        )
    } else {
        text!("`{model}` at {shown} answers {status}", "{shown} 上的 `{model}` 返回 {status}")
    };
    let out = Ailment::new(cause, layer, Severity::Error, own, message);
    Some(match said {
        Some(said) => out.help(text!("the server says: {said}", "服务端说：{said}")),
        None => out,
    })
}

/// A server that turns some of several requests away.
fn crowded(one: &Warmed) -> Option<Ailment> {
    let turned: Vec<u16> = one.crowd.iter().map(|h| h.status).filter(|s| matches!(s, 429 | 503)).collect();
    let status = turned.first()?;
    let (own, shown, all, turned) = (&one.way.service, &one.way.shown, one.crowd.len(), turned.len());
    let message = text!(
        "of {all} requests at once {shown} turns {turned} away with {status}",
        "同时发 {all} 个请求，{shown} 拒绝了 {turned} 个（{status}）"
    );
    let out = Ailment::new("rate-limited", Layer::Model, Severity::Warning, own, message);
    let after = one.crowd.iter().find_map(|h| h.header("retry-after"));
    let out = match after {
        Some(after) => out.help(text!("it says: Retry-After: {after}", "它说：Retry-After: {after}")),
        None => out,
    };
    Some(out.help(text!(
        "Ollama: OLLAMA_NUM_PARALLEL and OLLAMA_MAX_QUEUE; nginx: limit_req and limit_conn; else let the client wait and try again",
        "Ollama：OLLAMA_NUM_PARALLEL 和 OLLAMA_MAX_QUEUE；nginx：limit_req 和 limit_conn；或者让客户端等一等再试"
    )))
}

/// A model that no server has.
fn nowhere(model: &str, looked: &[Looked], fronts: &[Met]) -> Option<Ailment> {
    let pages =
        looked.iter().flat_map(|l| l.answer.pages.iter().filter_map(|p| Some((&l.planned.service, listed(p)?))));
    let fronts = fronts.iter().filter_map(|m| Some((&m.front.service, m.api()?.1)));
    let all: Vec<(&String, Vec<String>)> = pages.chain(fronts).collect();
    let (service, _) = all.first()?;
    let names: Vec<String> = all.iter().flat_map(|(_, names)| names.iter().cloned()).collect();
    let message = text!("no server that was reached has the model `{model}`", "能连到的服务里都没有模型 `{model}`");
    let out = Ailment::new("model-not-found", Layer::Model, Severity::Error, service, message);
    let near: Vec<String> = near(model, &names);
    Some(match near.first() {
        Some(near) => out.help(text!("did you mean `{near}`?", "是不是 `{near}`？")),
        None => out,
    })
}

/// A way in words, for the table.
pub fn told(one: &Warmed) -> Text {
    let (way, m) = (&one.way, &one.measured);
    let (own, shown, model, status) = (&way.service, &way.shown, &way.model, m.status);
    let here = way.from.is_none();
    let head = if here {
        text!("`{model}` through {shown}: ", "`{model}`，经 {shown}：")
    } else {
        text!("`{model}` from {own} by {shown}: ", "`{model}`，从 {own} 经 {shown}：")
    };
    if status != 200 {
        let words = if status == 0 { text!("no answer", "没有回答") } else { Text::same(status.to_string()) };
        return head.and(&words);
    }
    let (first, total, tokens) = (seconds(m.first.unwrap_or_default()), seconds(m.total), m.tokens);
    let load = m.load.map_or_else(
        || Text::same(""),
        |load| {
            let load = seconds(load);
            text!("loaded in {load} s, ", "加载 {load} 秒，")
        },
    );
    let rate = m.wrote.filter(|w| *w > 0).map_or_else(
        || Text::same(""),
        |wrote| {
            let rate = tokens * 1000 / wrote;
            text!(" ({rate} a second)", "（每秒 {rate} 个）")
        },
    );
    let stream = match m.lump {
        Some(true) => text!(", in one lump", "，一次性到达"),
        Some(false) => text!(", as it is written", "，边生成边到达"),
        None => Text::same(""),
    };
    head.and(&load)
        .and(&text!(
            "first word after {first} s, {tokens} tokens in {total} s",
            "{first} 秒后出第一个字，{total} 秒内 {tokens} 个 token"
        ))
        .and(&rate)
        .and(&stream)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Piece;

    fn heard(pieces: &[(u64, &str)]) -> Heard {
        let pieces = pieces.iter().map(|(after, text)| Piece { after: *after, text: (*text).to_owned() }).collect();
        Heard { status: 200, pieces, took: 2000, ..Heard::default() }
    }

    const DONE: &str = "{\"done\":true,\"load_duration\":1500000000,\"eval_count\":12,\"eval_duration\":900000000}\n";

    #[test]
    fn load_is_told_from_answer() {
        let spread = measure(&heard(&[(1600, "{\"response\":\"one\"}\n"), (2500, DONE)]));
        assert_eq!((spread.load, spread.wrote, spread.first), (Some(1500), Some(900), Some(1600)));
        assert_eq!((spread.tokens, spread.lump), (12, Some(false)));
        let lump = measure(&heard(&[(2500, "{\"response\":\"one\"}\n"), (2501, DONE)]));
        assert_eq!(lump.lump, Some(true));
    }

    #[test]
    fn ways_of_other_servers_are_compared() {
        let way = Warm {
            from: None,
            service: String::new(),
            variable: None,
            shown: String::new(),
            at: Vec::new(),
            host: String::new(),
            base: String::new(),
            speaks: Speaks::OpenAi,
            model: String::new(),
        };
        let data = "data: {}\n\n".repeat(8);
        let one = |pieces: &[(u64, &str)]| {
            let heard = heard(pieces);
            Warmed { way: way.clone(), measured: measure(&heard), heard, crowd: Vec::new() }
        };
        let mut all = [one(&[(100, "data: {}\n"), (900, &data)]), one(&[(900, &data)])];
        compare(&mut all);
        assert_eq!(all.each_ref().map(|w| w.measured.lump), [Some(false), Some(true)]);
        let mut alone = [one(&[(900, &data)])];
        compare(&mut alone);
        assert_eq!(alone[0].measured.lump, None);
    }
}
