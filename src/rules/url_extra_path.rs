use crate::catalog::PathRule;
use crate::diag::{Applicability, Category, Place, Severity};
use crate::network::{Audience, Form, Judged, edges};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::source::slice;
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "url-extra-path",
    category: Category::Reach,
    set: RuleSet::Default,
    causes: &["url-extra-path"],
    severity: Severity::Warning,
    fix: FixKind::Sometimes,
    since: "0.1.0",
    title: Words { en: "A base URL has a path that its client adds itself", zh: "base URL 里多写了客户端会自己加的路径" },
    doc: Words {
        en: "\
Native Ollama clients put `/api/chat` behind the base URL; with `/v1` or `/api` already there they call `/v1/api/chat` and get `404 page not found`.
OpenAI clients put `/chat/completions` behind it; a base URL that ends in it is called twice over. Which variables take which is in the catalog,
with its source.",
        zh: "\
原生的 Ollama 客户端会在 base URL 后面加 `/api/chat`；如果已经写了 `/v1` 或 `/api`，实际调用的就是 `/v1/api/chat`，得到 `404 page not found`。OpenAI 客户端会加
`/chat/completions`；base URL 已经以它结尾的话就重复了。哪个变量该怎么写，目录里有记录和出处。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let found = edges(cx.survey, |j| {
        j.counts()
            && !j.endpoint.value.uncertain
            && j.role.audience == Audience::Server
            && matches!(j.endpoint.address.form, Form::Url)
            && extra(j).is_some()
    });
    for edge in found {
        let judged = edge.first();
        let Some((start, path)) = extra(judged) else { continue };
        let path = path.to_owned();
        let variable = &judged.endpoint.variable;
        let message = text!(
            "`{variable}` must not end in `{path}`: its client adds the path itself",
            "`{variable}` 不能以 `{path}` 结尾：客户端会自己加路径"
        );
        let url = Cx::shown(judged);
        let written = slice(judged.endpoint.text(), judged.endpoint.address.path_range.clone()).trim_end_matches('/');
        let added = match (judged.role.path, judged.role.speaks) {
            (Some(PathRule::Bare), Some("ollama")) => "/api",
            (Some(PathRule::Bare), Some("openai")) => "/v1",
            _ => "",
        };
        let label =
            text!("the client calls {url}{written}{added}/...: 404", "客户端会去调 {url}{written}{added}/...：404");
        let mut finding = cx.edge(&edge, message, label);
        finding.cause = Some("url-extra-path");
        let end = judged.endpoint.address.path_range.end;
        if let Some(span) = judged.endpoint.value.sourced.exact(start..end) {
            finding.place = Place { span, path: cx.path_of(judged, span) };
            finding.related.retain(|r| r.place.path != finding.place.path);
        }
        finding.help.push(text!("take `{path}` away", "去掉 `{path}`"));
        cx.rewrite(
            &mut finding,
            &edge,
            start..end,
            "",
            Applicability::Unsafe,
            text!("take `{path}` away", "去掉 `{path}`"),
        );
        cx.report(finding);
    }
}

/// The superfluous part of a path: where it starts in the value, and its text.
fn extra(judged: &Judged) -> Option<(usize, &str)> {
    let range = judged.endpoint.address.path_range.clone();
    let path = slice(judged.endpoint.text(), range.clone());
    if path.contains(['?', '#', ',']) {
        return None;
    }
    match judged.role.path? {
        PathRule::Bare => {
            let bare = path.trim_end_matches('/');
            matches!(bare, "/v1" | "/api" | "/api/chat" | "/api/generate" | "/v1/chat/completions")
                .then_some((range.start, path))
        }
        PathRule::Must(must) => {
            let rest = path.strip_prefix(must)?;
            let bare = rest.trim_end_matches('/');
            matches!(bare, "/chat/completions" | "/completions" | "/embeddings" | "/models")
                .then_some((range.start + must.len(), rest))
        }
    }
}
