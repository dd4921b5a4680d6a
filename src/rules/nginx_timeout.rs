use crate::catalog::ImageKind;
use crate::diag::{Category, Severity};
use crate::network::{Reached, Verdict};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "nginx-timeout",
    category: Category::Reach,
    set: RuleSet::Default,
    causes: &["timeout-tuning"],
    severity: Severity::Info,
    fix: FixKind::Never,
    since: "0.1.0",
    title: Words { en: "nginx waits for a model server for less than a minute", zh: "nginx 等模型服务的时间不到一分钟" },
    doc: Words {
        en: "\
`proxy_read_timeout` is how long nginx waits between two pieces of an answer. A model server says nothing while it loads a model, often for more than a minute,
and without streaming nothing until the answer is complete. nginx then answers 504 and logs `upstream timed out (110: Connection timed out) while reading response
header from upstream`. `proxy_read_timeout 600s;` in the `location` is a usual value; what nginx takes without the line is 60 seconds.

Flagged where the line is there with less than 60 seconds, and the server behind `proxy_pass` is a model server or a gateway to some.",
        zh: "\
`proxy_read_timeout` 是 nginx 在两段响应之间最多等多久。模型服务加载模型时一声不响，往往超过一分钟；不用流式输出时，回答没生成完也什么都不发。到时间 nginx 就回 504，日志里是
`upstream timed out (110: Connection timed out) while reading response header from upstream`。一般在 `location` 里写 `proxy_read_timeout 600s;`；不写这一行时默认 60 秒。

只在写了这一行、值小于 60 秒，并且 `proxy_pass` 后面是模型服务或模型网关时才报。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let survey = cx.survey;
    let mut seen = Vec::new();
    for judged in &survey.endpoints {
        let Some((service, configured)) = cx.directive(judged).filter(|(_, c)| &*c.setting.key == "proxy_pass") else {
            continue;
        };
        let (Verdict::Ok, Some(Reached::Service { service: target, .. })) = (judged.verdict, judged.reached) else {
            continue;
        };
        let kind = survey.net.image(target).and_then(|image| image.kind);
        if !matches!(kind, Some(ImageKind::ModelServer | ImageKind::Gateway)) {
            continue;
        }
        // The innermost block that says it counts.
        let written = configured.setting.beside.iter().find(|(key, _)| &**key == "proxy_read_timeout");
        let Some((_, written)) = written.filter(|(_, text)| seconds(text).is_some_and(|s| s < 60)) else { continue };
        let word = configured.setting.directive.map(|d| d.word);
        let Some(span) = word.filter(|s| !seen.contains(s)) else { continue };
        seen.push(span);
        let name = cx.name(target);
        let message = text!(
            "nginx gives up on `{name}` after {written} of silence, and loading a model often takes longer",
            "`{name}` 沉默 {written} nginx 就放弃了，而加载模型常常更久"
        );
        let block = configured.setting.path.strip_suffix(".proxy_pass").unwrap_or(&configured.setting.path);
        let mut finding = cx.finding(span, block, message);
        finding.cause = Some("timeout-tuning");
        finding.services = vec![service.name.to_string()];
        finding.label = text!("proxy_read_timeout {written}: 504", "proxy_read_timeout {written}：504");
        finding.help.push(text!("write proxy_read_timeout 600s;", "写成 proxy_read_timeout 600s;"));
        cx.report(finding);
    }
}

/// nginx's time: `10`, `10s`, `1m`, `500ms`; a sum of several is longer than anybody means here.
fn seconds(text: &str) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let count: u64 = text.get(..end)?.parse().ok()?;
    match text.get(end..)? {
        "" | "s" => Some(count),
        "ms" => Some(count / 1000),
        "m" => count.checked_mul(60),
        _ => None,
    }
}
