use crate::diag::{Applicability, Category, Place, Severity};
use crate::network::{Audience, Form, edges};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::source::slice;
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "url-trailing-slash",
    category: Category::Reach,
    set: RuleSet::Default,
    causes: &["url-trailing-slash"],
    severity: Severity::Warning,
    fix: FixKind::Sometimes,
    since: "0.1.0",
    title: Words { en: "A trailing slash breaks the client of this variable", zh: "结尾多了斜杠，这个变量的客户端会出错" },
    doc: Words {
        en: "\
Some clients join base URL and path by putting a slash between them. With one there already they call `//api/chat`, which many servers answer
with 404, or with 301 to a GET. Flagged only for variables of which the catalog knows it.",
        zh: "\
有些客户端拼接 base URL 和路径时会自己加斜杠。结尾已经有斜杠的话，实际调用的是 `//api/chat`，很多服务会返回 404，或者 301 成 GET。只有目录里确知如此的变量才报。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let found = edges(cx.survey, |j| {
        let path = slice(j.endpoint.text(), j.endpoint.address.path_range.clone());
        j.counts()
            && !j.endpoint.value.uncertain
            && j.role.audience == Audience::Server
            && j.role.fact.is_some_and(|f| f.no_slash)
            && matches!(j.endpoint.address.form, Form::Url)
            && path.ends_with('/')
    });
    for edge in found {
        let judged = edge.first();
        let variable = &judged.endpoint.variable;
        let message = text!("`{variable}` must not end in a slash", "`{variable}` 结尾不能有斜杠");
        let label = text!(
            "the client adds its own, so it calls a path with `//`: 404",
            "客户端会自己加一个，路径里就成了 `//`：404"
        );
        let mut finding = cx.edge(&edge, message, label);
        finding.cause = Some("url-trailing-slash");
        let end = judged.endpoint.address.path_range.end;
        if let Some(span) = judged.endpoint.value.sourced.exact(end - 1..end) {
            finding.place = Place { span, path: cx.path_of(judged, span) };
            finding.related.retain(|r| r.place.path != finding.place.path);
        }
        let what = text!("take the last slash away", "去掉结尾的斜杠");
        finding.help.push(what.clone());
        cx.rewrite(&mut finding, &edge, end - 1..end, "", Applicability::Safe, what);
        cx.report(finding);
    }
}
