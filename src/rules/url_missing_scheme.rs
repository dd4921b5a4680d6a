use crate::catalog::{self, SchemeRule};
use crate::diag::{Applicability, Category, Place, Severity, Strategy};
use crate::network::{Audience, Form, edges};
use crate::remedy::Draft;
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "url-missing-scheme",
    category: Category::Reach,
    set: RuleSet::Default,
    causes: &["url-missing-scheme"],
    severity: Severity::Error,
    fix: FixKind::Sometimes,
    since: "0.1.0",
    title: Words { en: "An address lacks http:// and its client needs it", zh: "地址缺少 http://，而客户端需要它" },
    doc: Words {
        en: "\
`ollama:11434` is enough for Ollama's own command line. Clients that build a URL of it fail: `unsupported protocol scheme`, `Request URL is missing
an 'http://' or 'https://' protocol`, `Invalid URL`. So do programs that hand out their own address: without `https://` in `WEBHOOK_URL` n8n's nodes fail with
`Invalid URL`, and Langfuse does not start, `NEXTAUTH_URL: [ 'Invalid url' ]`. The catalog knows which variables of which images want one.",
        zh: "\
`ollama:11434` 对 Ollama 自己的命令行够用了。要拿它拼 URL 的客户端会失败：`unsupported protocol scheme`、`Request URL is missing an 'http://' or 'https://' protocol`、
`Invalid URL`。对外给出自己地址的程序也一样：`WEBHOOK_URL` 缺了 `https://`，n8n 的节点会报 `Invalid URL`；`NEXTAUTH_URL` 缺了，Langfuse 起不来：
`NEXTAUTH_URL: [ 'Invalid url' ]`。哪些镜像的哪些变量要完整的 URL，目录里有记录。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    called(cx);
    handed_out(cx);
}

/// Addresses that the container calls.
fn called(cx: &mut Cx<'_>) {
    let found = edges(cx.survey, |j| {
        j.counts()
            && !j.endpoint.value.uncertain
            && j.role.audience == Audience::Server
            && j.role.scheme_rule() == Some(SchemeRule::Required)
            && matches!(j.endpoint.address.form, Form::HostPort)
    });
    for edge in found {
        let judged = edge.first();
        let variable = &judged.endpoint.variable;
        let url = Cx::shown(judged);
        let message = text!(
            "`{variable}` needs a URL: `{url}` has no http://",
            "`{variable}` 需要完整的 URL：`{url}` 缺少 http://"
        );
        let label = text!(
            "the client gives up before it connects: `unsupported protocol scheme`, `Invalid URL` or the like",
            "客户端还没去连就会报错：`unsupported protocol scheme`、`Invalid URL` 之类"
        );
        let mut finding = cx.edge(&edge, message, label);
        finding.cause = Some("url-missing-scheme");
        let description = text!("write http://{url}", "写成 http://{url}");
        finding.help.push(description.clone());
        let address = &judged.endpoint.address;
        let new = format!("http://{}", address.host);
        cx.rewrite(&mut finding, &edge, address.host_range.clone(), &new, Applicability::Safe, description);
        cx.report(finding);
    }
}

/// Addresses that the program hands out as its own.
fn handed_out(cx: &mut Cx<'_>) {
    let mut seen = Vec::new();
    for (id, service) in cx.project().services.iter().enumerate().filter(|(_, s)| s.active && !s.builds) {
        let image = cx.survey.net.image(id);
        for var in &service.environment {
            let Some(value) = var.value.as_ref().filter(|v| !v.uncertain) else { continue };
            let text = value.text();
            let host = text.split(['/', ':']).next().unwrap_or("");
            let named = host == "localhost" || (host.contains('.') && !host.contains(|c: char| c.is_whitespace()));
            // Most values are ruled out by their looks; the catalog has to be searched for the rest.
            let wants = || {
                catalog::variable(&var.key, image).is_some_and(|fact| {
                    fact.audience == Some(catalog::Audience::Browser) && fact.scheme == Some(SchemeRule::Required)
                })
            };
            if !named || text.contains("://") || !wants() {
                continue;
            }
            let written = || service.path(&format!("environment.{}", var.key));
            let place = cx.origin(value, written).unwrap_or_else(|| Place { span: var.key_span, path: written() });
            if seen.contains(&place.span) {
                continue;
            }
            seen.push(place.span);
            let (key, name) = (&var.key, &service.name);
            // Names of the open web have certificates.
            let open = host != "localhost" && !text.contains(':') && host.parse::<std::net::IpAddr>().is_err();
            let url = format!("{}://{text}", if open { "https" } else { "http" });
            let message = text!(
                "`{key}` needs a URL: `{text}` has no http:// or https://",
                "`{key}` 需要完整的 URL：`{text}` 缺少 http:// 或 https://"
            );
            let mut finding = cx.finding(place.span, place.path, message);
            finding.cause = Some("url-missing-scheme");
            finding.services = vec![service.name.to_string()];
            finding.label = text!(
                "`{name}` hands it out as its own address: `Invalid URL`",
                "`{name}` 把它当作自己的地址对外给出：`Invalid URL`"
            );
            finding.help.push(text!("write {url}", "写成 {url}"));
            let mut draft = Draft::new(cx.desk());
            let plan = draft.set_value(service, key, &url).map(|()| {
                draft.finish(Strategy::Repair, Applicability::Unsafe, text!("write {url}", "写成 {url}"))
            });
            Cx::plan(&mut finding, plan);
            cx.report(finding);
        }
    }
}
