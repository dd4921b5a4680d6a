use crate::compose::ServiceId;
use crate::diag::{Category, Related, Severity};
use crate::network::{Audience, Form, Judged, Sure, edges};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::source::slice;
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "preflight-header-refused",
    category: Category::Reach,
    set: RuleSet::Default,
    causes: &["cors-preflight-header"],
    severity: Severity::Warning,
    fix: FixKind::Never,
    since: "0.1.0",
    title: Words {
        en: "An Ollama too old for the openai package in a browser",
        zh: "Ollama 版本太旧，浏览器里的 openai 包调不了",
    },
    doc: Words {
        en: "\
The openai package for JavaScript sends headers of its own along (`x-stainless-timeout`, `x-stainless-helper-method` with streams). From a page the browser asks first, in a preflight, whether
the server takes them, and Ollama before 0.5.12 does not: `Request header field x-stainless-timeout is not allowed by Access-Control-Allow-Headers in preflight response`.
`OLLAMA_ORIGINS` is about origins and changes nothing here. Take a newer image, or let a server make the call.

A warning where the address ends in `/v1`, which is what that package wants; else a note. Only where the image has such a version as its tag.",
        zh: "\
JavaScript 的 openai 包会带上自己的请求头（`x-stainless-timeout`，流式时还有 `x-stainless-helper-method`）。网页里发请求时，浏览器先用预检问服务端收不收这些请求头，0.5.12 之前的 Ollama 不收：
`Request header field x-stainless-timeout is not allowed by Access-Control-Allow-Headers in preflight response`。`OLLAMA_ORIGINS` 管的是来源，在这里不起作用。换新版镜像，或者改由后端去调。

地址以 `/v1` 结尾（正是这个包要的写法）时是警告，否则只是提示。只有镜像标签写明是这样的版本时才报。",
    },
    check,
};

/// The first version that takes all of them: 0.5.11 lacks the last. Source: <https://github.com/ollama/ollama/issues/9236>,
/// <https://github.com/ollama/ollama/pull/9237>.
const TAKES_THEM: [u32; 3] = [0, 5, 12];

fn check(cx: &mut Cx<'_>) {
    let found = edges(cx.survey, |j| {
        j.counts()
            && j.role.audience == Audience::Browser
            && j.role.sure >= Sure::Pattern
            && j.endpoint.address.form == Form::Url
            && !j.endpoint.value.uncertain
            && old_server(cx, j).is_some()
    });
    for edge in found {
        let judged = edge.first();
        let Some((id, tag)) = old_server(cx, judged) else { continue };
        let Some(server) = cx.service(id) else { continue };
        let (name, variable) = (&server.name, &judged.endpoint.variable);
        let message = text!(
            "pages that call `{name}` by `{variable}` with the openai package are refused: Ollama {tag} does not take its x-stainless headers",
            "网页用 openai 包按 `{variable}` 调用 `{name}` 会被拒绝：Ollama {tag} 不收它的 x-stainless 请求头"
        );
        let label = text!(
            "x-stainless-timeout is not allowed by Access-Control-Allow-Headers",
            "预检通不过：Access-Control-Allow-Headers 里没有 x-stainless-timeout"
        );
        let mut finding = cx.edge(&edge, message, label);
        let path = slice(judged.endpoint.text(), judged.endpoint.address.path_range.clone());
        if path.trim_end_matches('/') != "/v1" {
            finding.severity = Severity::Info;
        }
        if let Some(image) = &server.image
            && let Some(place) = cx.origin(image, || server.path("image"))
        {
            let message = text!("this image", "这个镜像");
            finding.related.push(Related { place, service: Some(name.to_string()), message });
        }
        finding.help.push(text!(
            "take ollama/ollama:0.5.12 or newer; OLLAMA_ORIGINS is no help against it",
            "换成 ollama/ollama:0.5.12 或更新的版本；设 OLLAMA_ORIGINS 没有用"
        ));
        cx.report(finding);
    }
}

/// The Ollama server that a browser's address leads to over its own published port, and its version, where that is too old.
fn old_server(cx: &Cx<'_>, judged: &Judged) -> Option<(ServiceId, String)> {
    let (id, port, _) = cx.survey.net.publishers(judged.endpoint.address.port?).next()?;
    let node = cx.survey.net.nodes.get(id)?;
    let ollama = node.image?.names.contains(&"ollama/ollama") && port.target == (11434, 11434);
    let tag = node.tag.as_deref().filter(|_| ollama && cx.service(id).is_some_and(|s| s.active && !s.builds))?;
    let numbers: Vec<u32> = tag.split(['-', '.']).map_while(|part| part.parse().ok()).collect();
    (numbers.len() >= 3 && numbers.as_slice() < TAKES_THEM.as_slice()).then(|| (id, tag.to_owned()))
}
