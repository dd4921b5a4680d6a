use crate::catalog::SchemeRule;
use crate::diag::{Applicability, Category, Severity};
use crate::network::{Audience, Form, edges};
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
an 'http://' or 'https://' protocol`, `Invalid URL`. The catalog knows which variables of which images are such clients.",
        zh: "\
`ollama:11434` 对 Ollama 自己的命令行够用了。要拿它拼 URL 的客户端会失败：`unsupported protocol scheme`、`Request URL is missing an 'http://' or 'https://' protocol`、
`Invalid URL`。哪些镜像的哪些变量属于这种客户端，目录里有记录。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
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
