use crate::catalog::{Image, ImageKind};
use crate::compose::{Data, Service, ServiceId};
use crate::diag::{Category, Severity};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "memory-limit",
    category: Category::Start,
    set: RuleSet::Default,
    causes: &["memory-limit"],
    severity: Severity::Warning,
    fix: FixKind::Never,
    since: "0.1.0",
    title: Words { en: "A memory limit under which the server is killed", zh: "内存上限太小，服务会被杀掉" },
    doc: Words {
        en: "\
A container that goes over its `mem_limit` is killed by the kernel, `Exited (137)`, often while it starts, and its log ends in the middle. Give it more, or make
the program content with less (for Elasticsearch a heap of its own: `ES_JAVA_OPTS=-Xms512m -Xmx512m`).

Flagged for images of which the least is known, where no heap is set, where a heap is set that is greater than the limit, and for an Ollama
without a graphics card whose limit is below the weights of a model that the project names with its size (`OLLAMA_MODEL=llama3.1:8b`).",
        zh: "\
容器用的内存超过 `mem_limit`，内核就把它杀掉，状态是 `Exited (137)`，常常就在启动的时候，日志写到一半就断了。把上限调大，或者让程序少用一点
（Elasticsearch 可以自己设堆：`ES_JAVA_OPTS=-Xms512m -Xmx512m`）。

确知最低需要多少、又没有设置堆大小的镜像会报；设置的堆比上限还大的也会报；没有显卡的 Ollama，如果上限低于项目里写明大小的模型（`OLLAMA_MODEL=llama3.1:8b`）的权重，也会报。",
    },
    check,
};

/// What needs the memory.
enum Need<'a> {
    /// The image, as it comes.
    Image,
    /// A Java program's heap, set by a variable.
    Heap(&'a str),
    /// A model's weights.
    Model(String),
}

fn check(cx: &mut Cx<'_>) {
    for id in 0..cx.survey.net.nodes.len() {
        let Some(service) = cx.service(id) else { continue };
        let Some((value, limit)) = service.memory_limit().filter(|(_, limit)| *limit > 0) else { continue };
        let uncertain = matches!(&value.data, Data::Str(text) if text.uncertain);
        let Some((need, least)) = need(cx, id).filter(|(_, least)| limit < *least && !uncertain) else { continue };
        let name = &service.name;
        let (mib, least) = (limit >> 20, least >> 20);
        let place = cx.place(value, service.path("mem_limit"));
        let message = match &need {
            Need::Heap(key) => text!(
                "`{name}` gets {mib} MiB, and `{key}` lets its heap alone grow to {least}",
                "`{name}` 只有 {mib} MiB，而 `{key}` 允许光是堆就用到 {least} MiB"
            ),
            Need::Image => text!(
                "`{name}` gets {mib} MiB, and its image is killed below {least}",
                "`{name}` 只有 {mib} MiB，而这个镜像低于 {least} MiB 就会被杀掉"
            ),
            Need::Model(model) => text!(
                "`{name}` gets {mib} MiB, and the weights of `{model}` alone take {least} or more",
                "`{name}` 只有 {mib} MiB，而光是 `{model}` 的权重就要 {least} MiB 以上"
            ),
        };
        let mut finding = cx.finding(place.span, place.path, message);
        finding.cause = Some("memory-limit");
        finding.services = vec![name.to_string()];
        let (label, help) = match need {
            Need::Heap(_) => (
                text!("Exited (137) as the heap fills", "堆涨上去就 Exited (137)"),
                text!(
                    "half of the limit is the usual heap, as programs need memory beside it",
                    "堆一般设为上限的一半，程序在堆以外也要内存"
                ),
            ),
            Need::Image => (
                text!("Exited (137) as it starts", "一启动就 Exited (137)"),
                text!("give it 2g or more, or set its heap", "给 2g 以上，或者设置它的堆大小"),
            ),
            Need::Model(_) => (
                text!("Ollama refuses to load it: more system memory is needed than is there", "内存不够，Ollama 会拒绝加载这个模型"),
                text!(
                    "raise the limit to the weights and a good half more, or take a smaller model; with a graphics card reserved the weights are on the card",
                    "把上限提到权重的一倍半以上，或者换小一点的模型；给它显卡的话，权重放在显存里"
                ),
            ),
        };
        finding.label = label;
        finding.help.push(help);
        cx.report(finding);
    }
}

/// The least that a service needs, in bytes, where that is known.
fn need<'a>(cx: &Cx<'a>, id: ServiceId) -> Option<(Need<'a>, i128)> {
    let service = cx.service(id)?;
    let mut values = service.environment.iter().filter_map(|v| Some((&*v.key, v.value.as_ref()?)));
    let mut heaps = values.clone().filter(|(_, v)| !v.uncertain);
    if let Some((key, heap)) = heaps.find_map(|(key, v)| Some((key, greatest_heap(v.text())?))) {
        return Some((Need::Heap(key), heap));
    }
    if values.any(|(_, v)| v.text().contains("-Xmx")) {
        return None;
    }
    let image = cx.survey.net.image(id)?;
    if let Some(least) = image.memory {
        return Some((Need::Image, i128::from(least) << 20));
    }
    let alone = (0..cx.survey.net.nodes.len()).filter(|i| cx.survey.net.image(*i).is_some_and(ollama)).count() == 1;
    if !ollama(image) || !alone || has_card(service) {
        return None;
    }
    let (model, least) = models(cx, service).max_by_key(|(_, least)| *least)?;
    Some((Need::Model(model), least))
}

fn ollama(image: &Image) -> bool {
    image.kind == Some(ImageKind::ModelServer) && image.speaks("ollama")
}

/// Whether it may have a graphics card, which holds the weights then.
fn has_card(service: &Service) -> bool {
    let reserved = ["resources", "reservations"].iter().try_fold(service.value.get("deploy"), |at, key| at.map(|v| v.get(key)));
    ["gpus", "devices", "runtime"].iter().any(|key| service.value.get(key).is_some()) || reserved.flatten().is_some()
}

/// The models that the project's services name, and the memory of their weights.
fn models<'c>(cx: &'c Cx<'_>, server: &'c Service) -> impl Iterator<Item = (String, i128)> + use<'c> {
    let named = cx.project().services.iter().filter(|s| s.active).flat_map(|s| &s.environment).filter_map(|var| {
        let value = var.value.as_ref().filter(|v| !v.uncertain && var.key.to_ascii_uppercase().contains("MODEL"))?;
        Some(value.text())
    });
    let words = server.command.iter().chain(&server.entrypoint).flat_map(|c| c.words.iter().map(String::as_str));
    named.chain(words).flat_map(|text| text.split([',', ';', ' ', '&', '\n'])).filter_map(|word| {
        Some((word.to_owned(), weights(word)?))
    })
}

/// The bytes that the weights of `llama3.1:8b` take at the least: half a byte for each parameter, which is what Ollama's own
/// models come with, or less where the tag says so. Source: <https://ollama.com/library>, sizes of the tags.
fn weights(model: &str) -> Option<i128> {
    let (name, tag) = model.trim_matches(['"', '\'']).split_once(':')?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
    let (size, kind) = tag.split_once('-').unwrap_or((tag, ""));
    let billions: f64 = size.strip_suffix(['b', 'B'])?.parse().ok()?;
    if name.is_empty() || !name.chars().all(plain) || !(0.1..2000.0).contains(&billions) {
        return None;
    }
    let kind = kind.to_ascii_lowercase();
    // It runs on Ollama's own machines.
    if kind.ends_with("cloud") {
        return None;
    }
    let bytes = match kind.rsplit('-').next().unwrap_or_default() {
        k if k.starts_with("fp16") || k.starts_with("bf16") => 2.0,
        k if k.starts_with("q8") => 1.0,
        k if k.starts_with("q2") || k.starts_with("q3") || k.starts_with("iq") => 0.3,
        _ => 0.5,
    };
    #[expect(clippy::cast_possible_truncation, reason = "at most some thousand billions")]
    Some((billions * bytes * 1e9) as i128)
}

/// The bytes of `-Xmx1g` among a Java program's options. Source: the `java` command's manual, "Extra Options for Java".
fn greatest_heap(options: &str) -> Option<i128> {
    let size = options.split_whitespace().filter_map(|word| word.trim_matches(['"', '\'']).strip_prefix("-Xmx")).next_back()?;
    let (digits, shift) = match size.chars().last()?.to_ascii_lowercase() {
        'k' => (size.get(..size.len() - 1)?, 10),
        'm' => (size.get(..size.len() - 1)?, 20),
        'g' => (size.get(..size.len() - 1)?, 30),
        _ => (size, 0),
    };
    digits.parse::<i128>().ok()?.checked_shl(shift)
}
