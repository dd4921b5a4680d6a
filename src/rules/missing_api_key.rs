use crate::catalog::{Auth, Variable, fits};
use crate::compose::Service;
use crate::diag::{Applicability, Category, Severity, Strategy};
use crate::network::{Audience, Judged, Reached, Site, Verdict, blank_key, edges, locks};
use crate::remedy::Draft;
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "missing-api-key",
    category: Category::Env,
    set: RuleSet::Default,
    causes: &["auth-missing"],
    severity: Severity::Warning,
    fix: FixKind::Sometimes,
    since: "0.1.0",
    title: Words { en: "An address of a model server without the key that its client asks for", zh: "写了模型服务的地址，却没写客户端要的 key" },
    doc: Words {
        en: "\
Ollama, vLLM and llama.cpp take any key, but some clients make no call without one: Karakeep and LibreChat leave the provider out, paperless-gpt does not start,
LiteLLM fails with `The api_key client option must be set either by passing api_key to the client or by setting the OPENAI_API_KEY environment variable`. For a server
that asks for no key any word will do, `ollama` say.

Flagged for clients that were looked up; not where the key may come from a file that the project does not show. Also where a server of the project was given a key
(`vllm serve --api-key`) and the client's variable for it is there and empty: `401 Unauthorized`.",
        zh: "\
Ollama、vLLM、llama.cpp 不在乎 key 是什么，但有些客户端没有 key 就不发请求：Karakeep 和 LibreChat 会当作没有这个提供方，paperless-gpt 起不来，LiteLLM 报
`The api_key client option must be set either by passing api_key to the client or by setting the OPENAI_API_KEY environment variable`。
服务端不验证 key 时，随便写一个词就行，比如 `ollama`。

只对查证过的客户端报；key 可能来自项目里看不到的文件时不报。项目里的服务端设了 key（`vllm serve --api-key`），客户端对应的变量却写成空的，也会报：`401 Unauthorized`。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    if cx.project().part.is_some() {
        return;
    }
    blank(cx);
    let found = edges(cx.survey, |j| j.counts() && !j.endpoint.value.uncertain && wanted(cx, j).is_some());
    for edge in found {
        let judged = edge.first();
        let (Some(fact), Some(service)) = (wanted(cx, judged), cx.service(judged.endpoint.service)) else { continue };
        let inside = matches!(judged.endpoint.site, Site::Configured(_));
        // The first name is the one nearest to the address.
        let Some(key) = fact.key.first() else { continue };
        let (name, address) = (&service.name, Cx::shown(judged));
        let message = text!(
            "`{name}` does not call `{address}` without `{key}`",
            "没有 `{key}`，`{name}` 不会去调用 `{address}`"
        );
        let label = text!("an address, and no key", "有地址，没有 key");
        let mut finding = cx.edge(&edge, message, label);
        finding.cause = Some("auth-missing");
        // A server that is known to ask for none takes any.
        let target = match judged.reached {
            Some(Reached::Service { service, .. }) => cx.survey.net.image(service),
            _ => None,
        };
        let any = target.is_some_and(|i| i.auth == Some(Auth::None));
        if any || judged.verdict != Verdict::External {
            finding.help.push(if inside {
                text!(
                    "add `{key}: ollama` beside it: any word will do where the server asks for none",
                    "在旁边加上 `{key}: ollama`：服务端不验证 key 的话，随便写一个词就行"
                )
            } else {
                text!(
                    "set {key}=ollama: any word will do where the server asks for none",
                    "设置 {key}=ollama：服务端不验证 key 的话，随便写一个词就行"
                )
            });
        }
        if any && !inside {
            let mut draft = Draft::new(cx.desk());
            let plan = draft.set_value(service, key, "ollama").map(|()| {
                let description = text!("set {key}=ollama", "设置 {key}=ollama");
                draft.finish(Strategy::Repair, Applicability::Unsafe, description)
            });
            Cx::plan(&mut finding, plan);
        }
        cx.report(finding);
    }
}

/// Keys that are there and empty, for servers that ask for one.
fn blank(cx: &mut Cx<'_>) {
    let asked = |cx: &Cx<'_>, j: &Judged| {
        let (Verdict::Ok, Some(Reached::Service { service: target, .. })) = (j.verdict, j.reached) else { return None };
        let server = cx.service(target).filter(|s| s.active && target != j.endpoint.service)?;
        let lock = locks(server).into_iter().find(|lock| lock.fact.user.is_none() && !lock.secrets.is_empty())?;
        let key = blank_key(cx.service(j.endpoint.service)?, j)?;
        Some((target, lock, key))
    };
    let found = edges(cx.survey, |j| {
        j.counts() && j.role.audience == Audience::Server && !j.endpoint.value.uncertain && asked(cx, j).is_some()
    });
    for edge in found {
        let judged = edge.first();
        let Some((target, lock, key)) = asked(cx, judged) else { continue };
        let (name, server) = (cx.name(judged.endpoint.service), cx.name(target));
        let message = text!("`{server}` refuses `{name}`: `{key}` is empty", "`{server}` 会拒绝 `{name}`：`{key}` 是空的");
        let label = text!("401 Unauthorized", "会收到 401 Unauthorized");
        let mut finding = cx.edge(&edge, message, label);
        finding.cause = Some("auth-missing");
        let wanted = lock.secrets.first().map_or("", |secret| secret.key.as_str());
        finding.help.push(text!(
            "give `{key}` what `{server}` has as {wanted}, from one variable in .env",
            "让 `{key}` 和 `{server}` 的 {wanted} 一致，都从 .env 里的同一个变量取值"
        ));
        cx.report(finding);
    }
}

/// What is known of an address whose client wants a key that nobody gives it.
fn wanted(cx: &Cx<'_>, judged: &Judged) -> Option<&'static Variable> {
    let service = cx.service(judged.endpoint.service).filter(|s| s.active && !s.builds)?;
    let fact = judged.role.fact.filter(|f| !f.key.is_empty())?;
    let of_image = cx.survey.net.image(judged.endpoint.service)?;
    let own = fact.images.iter().any(|image| of_image.names.contains(image));
    let text = |name: &str| text_of(service, judged, name);
    let asked = fact.key_if.as_ref().is_none_or(|(name, values)| {
        text(name).is_some_and(|text| values.iter().any(|v| v.eq_ignore_ascii_case(text) || fits(v, text)))
    });
    // A file may set it: one that is missing, one that the program reads for itself.
    let hidden = service.environment_incomplete
        || service.mounts.iter().any(|m| m.target.rsplit('/').next() == Some(".env"))
        || fact.key.iter().any(|key| service.env(&format!("{key}_FILE")).is_some());
    let given = fact.key.iter().any(|key| given(cx, service, judged, key));
    (own && asked && !hidden && !given).then_some(fact)
}

/// Whether a key is given, or may be.
fn given(cx: &Cx<'_>, service: &Service, judged: &Judged, key: &str) -> bool {
    let set = service.env(key).and_then(|v| v.value.as_ref());
    let beside = text_of(service, judged, key).is_some_and(|text| !text.is_empty());
    let in_file = match judged.endpoint.site {
        // `environment_variables:` in the program's own file.
        Site::Configured(index) => service
            .configured
            .get(index)
            .is_some_and(|c| key.starts_with(|c: char| c.is_ascii_uppercase()) && cx.files.get(c.file).text.contains(key)),
        _ => false,
    };
    in_file || beside || set.is_some_and(|v| v.uncertain || !v.text().is_empty())
}

/// Another setting of the same program: in the same mapping of its file, or in the environment.
fn text_of<'a>(service: &'a Service, judged: &Judged, name: &str) -> Option<&'a str> {
    if let Site::Configured(index) = judged.endpoint.site {
        let beside = &service.configured.get(index)?.setting.beside;
        return beside.iter().find(|(key, _)| &**key == name).map(|(_, text)| &**text);
    }
    service.env_text(name)
}
