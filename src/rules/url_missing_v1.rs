use crate::catalog::PathRule;
use crate::diag::{Applicability, Category, Severity};
use crate::network::{Audience, Form, Judged, Reached, edges};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::source::slice;
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "url-missing-v1",
    category: Category::Reach,
    set: RuleSet::Default,
    causes: &["url-missing-v1"],
    severity: Severity::Warning,
    fix: FixKind::Sometimes,
    since: "0.1.0",
    title: Words {
        en: "An OpenAI base URL lacks /v1",
        zh: "OpenAI 的 base URL 缺少 /v1",
    },
    doc: Words {
        en: "\
OpenAI clients put `/chat/completions` behind the base URL as it is. Ollama, vLLM, LM Studio and One-API answer under `/v1`; without it the call ends in
`404 page not found` or `404 Not Found`. Write `http://ollama:11434/v1`.

Flagged where the variable is known to be such a base URL and the server is known to need the path. Servers that answer with and without it
(LiteLLM, llama.cpp, LocalAI, Open WebUI pipelines) are left alone.",
        zh: "\
OpenAI 客户端会在 base URL 后面直接拼上 `/chat/completions`。Ollama、vLLM、LM Studio、One-API 都在 `/v1` 下面应答；缺了它就是 `404 page not found` 或 `404 Not Found`。
应写成 `http://ollama:11434/v1`。

只有变量确知是这种 base URL、服务端确知需要这个路径时才报。有没有都能应答的服务（LiteLLM、llama.cpp、LocalAI、Open WebUI pipelines）不报。",
    },
    check,
};

/// Images that answer without `/v1` too (their documentation; see the catalog's notes).
const EITHER: [&str; 5] = [
    "ghcr.io/berriai/litellm",
    "ghcr.io/ggml-org/llama.cpp",
    "localai/localai",
    "ghcr.io/open-webui/pipelines",
    "portkeyai/gateway",
];

fn check(cx: &mut Cx<'_>) {
    let found = edges(cx.survey, |j| {
        let Some(PathRule::Must(path)) = j.role.path else { return false };
        j.counts()
            && !j.endpoint.value.uncertain
            && j.role.audience == Audience::Server
            && matches!(j.endpoint.address.form, Form::Url)
            && path == "/v1"
            && matches!(path_of(j), "" | "/")
            && needs(cx, j)
    });
    for edge in found {
        let judged = edge.first();
        let url = Cx::shown(judged);
        let variable = &judged.endpoint.variable;
        let message = text!("`{variable}` lacks /v1", "`{variable}` 缺少 /v1");
        let label = text!("the client calls {url}/chat/completions: 404", "客户端会去调 {url}/chat/completions：404");
        let mut finding = cx.edge(&edge, message, label);
        finding.cause = Some("url-missing-v1");
        finding.help.push(text!("write {url}/v1", "写成 {url}/v1"));
        let range = judged.endpoint.address.path_range.clone();
        cx.rewrite(&mut finding, &edge, range, "/v1", Applicability::Unsafe, text!("add /v1", "加上 /v1"));
        cx.report(finding);
    }
}

fn path_of(judged: &Judged) -> &str {
    slice(judged.endpoint.text(), judged.endpoint.address.path_range.clone())
}

/// Whether the server at the other end is known to answer under `/v1` only.
fn needs(cx: &Cx<'_>, judged: &Judged) -> bool {
    let address = &judged.endpoint.address;
    if address.host == "api.openai.com" {
        return true;
    }
    if let Some(Reached::Service { service, .. }) = judged.reached {
        return cx
            .survey
            .net
            .image(service)
            .is_some_and(|image| image.speaks("openai") && !image.names.iter().any(|n| EITHER.contains(n)));
    }
    let private = address.host.parse::<std::net::Ipv4Addr>().is_ok_and(|ip| ip.is_private());
    // The clients that the catalog names with an image add no `/v1` of their own, and the common local servers have it.
    let known_client = judged.role.fact.is_some_and(|fact| !fact.images.is_empty());
    address.port_range.is_some() && (matches!(address.port, Some(11434 | 1234)) || (private && known_client))
}
