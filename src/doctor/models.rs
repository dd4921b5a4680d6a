//! Whether the models that containers ask for are there.

use serde_json::Value;

use super::plan::Speaks;
use super::stored::Stored;
use super::{Ailment, Layer, Looked, Patient};
use crate::diag::Severity;
use crate::engine::Page;
use crate::text;

/// The names in an answer of `/api/tags` or `/models`; `None` where it is neither.
pub(super) fn listed(page: &Page) -> Option<Vec<String>> {
    if page.status != 200 {
        return None;
    }
    let start = page.body.find('{')?;
    let value: Value = serde_json::Deserializer::from_str(page.body.get(start..)?).into_iter().next()?.ok()?;
    let list = |key: &str| value.get(key).and_then(Value::as_array);
    // `{"models": null}` is what Ollama says when it has none; OpenAI's list has a kind.
    let items = match (list("models"), list("data")) {
        (Some(models), _) => models.clone(),
        (None, Some(data)) if value.get("object").is_some_and(|o| o == "list") => data.clone(),
        (None, None) if value.get("models").is_some_and(Value::is_null) => Vec::new(),
        (None, None) if value.get("object").is_some_and(|o| o == "list") => Vec::new(),
        _ => return None,
    };
    let name = |item: &Value| {
        let text = |key: &str| item.get(key).and_then(Value::as_str).map(str::to_owned);
        text("name").or_else(|| text("model")).or_else(|| text("id"))
    };
    Some(items.iter().filter_map(name).collect())
}

/// Variables that name a model of the server that another variable names the address of: `OLLAMA_MODEL` of `OLLAMA_BASE_URL`.
const ENDINGS: [&str; 5] = ["_MODEL", "_MODEL_NAME", "_CHAT_MODEL", "_EMBEDDING_MODEL", "_DEFAULT_MODEL"];

pub(super) fn judge(patient: &Patient<'_>, looked: &[Looked]) -> Vec<Ailment> {
    let mut out: Vec<Ailment> = Vec::new();
    for one in looked.iter().filter(|l| l.failed.is_none()) {
        if !matches!(one.planned.speaks, Speaks::Ollama | Speaks::OpenAi) {
            continue;
        }
        let Some((ollama, names)) =
            one.answer.pages.iter().find_map(|p| Some((p.path.ends_with("/api/tags"), listed(p)?)))
        else {
            continue;
        };
        if let Some(stored) = &one.planned.stored {
            out.extend(unserved(one, stored, &names, patient));
            continue;
        }
        let Some(container) = patient.facts.containers.iter().find(|c| c.id == one.planned.container) else { continue };
        let Some((stem, _)) = one.planned.variable.split_once('_') else { continue };
        for (key, value) in &container.environment {
            let named = key.strip_prefix(stem).is_some_and(|rest| ENDINGS.contains(&rest));
            let plain =
                |v: &str| !v.is_empty() && !v.contains(char::is_whitespace) && !v.contains("://") && v.len() < 100;
            if !named || value.is_empty() || crate::diag::is_secret(key) {
                continue;
            }
            for wanted in value.split([',', ';']).map(str::trim).filter(|v| plain(v)) {
                if names.iter().any(|n| same(n, wanted)) {
                    out.extend(too_big(one, wanted, patient));
                    continue;
                }
                out.push(missing(one, key, wanted, &names, ollama, patient));
            }
        }
    }
    out
}

/// What a channel offers and its server does not have.
fn unserved(one: &Looked, stored: &Stored, names: &[String], patient: &Patient<'_>) -> Option<Ailment> {
    let lacking: Vec<&str> =
        stored.models.iter().map(String::as_str).filter(|wanted| !names.iter().any(|n| same(n, wanted))).collect();
    let container = patient.container(&one.planned.container)?;
    let (service, address) = (&one.planned.service, &one.planned.shown);
    let shown = lacking.iter().take(6).copied().collect::<Vec<_>>();
    let first = *shown.first()?;
    let (en, zh) = (shown.join("`, `"), shown.join("`、`"));
    let message = match lacking.len() - shown.len() {
        0 => text!(
            "a channel of `{service}` offers `{en}`, which {address} does not have",
            "`{service}` 的渠道提供 `{zh}`，但 {address} 没有"
        ),
        more => text!(
            "a channel of `{service}` offers `{en}` and {more} more models, which {address} does not have",
            "`{service}` 的渠道提供 `{zh}` 等模型（另有 {more} 个），但 {address} 没有"
        ),
    };
    let mut out = Ailment::new("model-not-found", Layer::Model, Severity::Warning, service, message);
    out.variable = Some(one.planned.variable.clone());
    out.address = Some(address.clone());
    let near = near(first, names);
    let have = if near.is_empty() { names } else { &near };
    let have = have.iter().take(8).map(String::as_str).collect::<Vec<_>>().join(", ");
    if !have.is_empty() {
        out = out.help(text!("it has: {have}", "那里有：{have}"));
    }
    stored.advise(patient, container, &one.planned.target, &mut out);
    Some(out)
}

/// The size of a model in an answer of Ollama's `/api/tags`, in bytes: what its weights take in memory, at least.
fn size(page: &Page, wanted: &str) -> Option<u64> {
    let value: Value = serde_json::from_str(page.body.get(page.body.find('{')?..)?).ok()?;
    let models = value.get("models")?.as_array()?;
    let found = models.iter().find(|m| m.get("name").and_then(Value::as_str).is_some_and(|n| same(n, wanted)))?;
    found.get("size")?.as_u64()
}

/// A model that does not fit into the memory of its server: the container's limit, or the machine's. With a graphics card it
/// may fit there: nothing is said.
fn too_big(one: &Looked, wanted: &str, patient: &Patient<'_>) -> Option<Ailment> {
    let size = one.answer.pages.iter().find_map(|p| size(p, wanted))?;
    let machine = &patient.host.machine;
    let server = one.answer.addresses.iter().find_map(|a| patient.container_at(*a));
    let on_host = one.answer.addresses.iter().any(|a| patient.host.own.contains(a));
    if machine.graphics || (server.is_none() && !on_host) {
        return None;
    }
    let limit = server.map(|s| s.state.memory_limit).filter(|l| *l > 0);
    let most = limit.or(machine.memory)?;
    if size <= most {
        return None;
    }
    let (size, most) = (size / (1 << 20), most / (1 << 20));
    let name = server.map_or(&one.planned.service, |s| &s.service);
    let message = match limit {
        Some(_) => text!(
            "the model `{wanted}` takes {size} MiB of memory or more, and `{name}` may use {most} MiB",
            "模型 `{wanted}` 至少要 {size} MiB 内存，而 `{name}` 的上限是 {most} MiB"
        ),
        None => text!(
            "the model `{wanted}` takes {size} MiB of memory or more, and the machine has {most} MiB",
            "模型 `{wanted}` 至少要 {size} MiB 内存，而这台机器只有 {most} MiB"
        ),
    };
    let out = Ailment::new("memory-limit", Layer::Model, Severity::Warning, name, message);
    Some(out.help(text!(
        "raise mem_limit (or deploy.resources.limits.memory), or take a smaller model or quantisation",
        "调大 mem_limit（或 deploy.resources.limits.memory），或者换小一点的模型或量化版本"
    )))
}

/// Ollama takes a name without a tag for `latest`, and does not mind case.
pub(super) fn same(have: &str, wanted: &str) -> bool {
    let full =
        |n: &str| if n.contains(':') { n.to_ascii_lowercase() } else { format!("{}:latest", n.to_ascii_lowercase()) };
    have == wanted || full(have) == full(wanted)
}

fn missing(one: &Looked, key: &str, wanted: &str, names: &[String], ollama: bool, patient: &Patient<'_>) -> Ailment {
    let (service, address) = (&one.planned.service, &one.planned.shown);
    let message = text!(
        "`{service}` asks {address} for the model `{wanted}`, which is not there",
        "`{service}` 向 {address} 要模型 `{wanted}`，那里没有"
    );
    let mut out = Ailment::new("model-not-found", Layer::Model, Severity::Error, service, message);
    out.variable = Some(key.to_owned());
    out.address = Some(address.clone());
    let near = near(wanted, names);
    if !near.is_empty() {
        let (en, zh) = (near.join("`, `"), near.join("`、`"));
        out = out.help(text!("did you mean `{en}`?", "是不是 `{zh}`？"));
    } else if names.is_empty() {
        out = out.help(text!("the server has no model at all", "服务端一个模型也没有"));
    } else {
        let shown: Vec<&str> = names.iter().take(8).map(String::as_str).collect();
        let list = shown.join(", ");
        out = out.help(text!("it has: {list}", "那里有：{list}"));
    }
    if ollama && wanted.chars().all(|c| c.is_ascii_alphanumeric() || "-_.:/".contains(c)) {
        let at = one.answer.addresses.iter().find_map(|a| patient.container_at(*a));
        out = match at {
            Some(server) if server.project.is_some() => {
                out.run(format!("{} exec {} ollama pull {wanted}", patient.compose, server.service))
            }
            Some(server) => out.run(format!("docker exec {} ollama pull {wanted}", server.name)),
            None => out.run(format!("ollama pull {wanted}")),
        };
    }
    out
}

/// Names that are nearly the wanted one, the nearest first: another tag of the same model, or a slip of the finger.
pub(super) fn near(wanted: &str, names: &[String]) -> Vec<String> {
    let family = |n: &str| n.split(':').next().unwrap_or(n).to_ascii_lowercase();
    let score = |n: &String| {
        let plain = |n: &str| n.to_ascii_lowercase().trim_end_matches(":latest").to_owned();
        let likeness = strsim::jaro_winkler(&plain(n), &plain(wanted));
        if family(n) == family(wanted) { likeness + 1.0 } else { likeness }
    };
    let mut scored: Vec<(f64, &String)> = names.iter().map(|n| (score(n), n)).filter(|(s, _)| *s > 0.88).collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    scored.into_iter().take(3).map(|(_, n)| n.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(list: &[&str]) -> Vec<String> {
        list.iter().map(|n| (*n).to_owned()).collect()
    }

    #[test]
    fn a_tag_belongs_to_the_name() {
        assert!(same("qwen2.5:latest", "qwen2.5") && same("Llama3:latest", "llama3"));
        assert!(!same("qwen2.5:7b-instruct", "qwen2.5:7b"));
        assert_eq!(near("qwen2.5:7b", &names(&["llama3:latest", "qwen2.5:7b-instruct"])), ["qwen2.5:7b-instruct"]);
        assert_eq!(near("qwem2.5:7b", &names(&["qwen2.5:7b"])), ["qwen2.5:7b"]);
        assert!(near("gpt-4o", &names(&["llama3:latest"])).is_empty());
    }

    #[test]
    fn lists_of_both_apis_are_read() {
        let page = |body: &str| Page { path: String::new(), status: 200, body: body.to_owned(), silent: false };
        assert_eq!(listed(&page(r#"{"models":[{"name":"a:1"}]}"#)), Some(names(&["a:1"])));
        assert_eq!(listed(&page(r#"{"object":"list","data":[{"id":"b"}]}"#)), Some(names(&["b"])));
        assert_eq!(listed(&page(r#"{"models":null}"#)), Some(Vec::new()));
        assert_eq!(listed(&page(r#"{"object":"list","data":null}"#)), Some(Vec::new()));
        assert_eq!(listed(&page("<html>")), None);
        assert_eq!(listed(&page(r#"{"status":"ok"}"#)), None);
    }
}
