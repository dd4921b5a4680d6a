use crate::diag::{Category, Severity};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "healthcheck-missing-tool",
    category: Category::Start,
    set: RuleSet::Default,
    causes: &["healthcheck-missing-tool"],
    severity: Severity::Warning,
    fix: FixKind::Never,
    since: "0.1.0",
    title: Words { en: "A health check runs a program that the image does not have", zh: "健康检查用到了镜像里没有的程序" },
    doc: Words {
        en: "\
A health check runs inside the container, with what the image holds. Without the program every check fails, `exec: \"curl\": executable file not found in
$PATH`, the container stays `unhealthy` although the server works, and whoever waits for it with `condition: service_healthy` never starts.

Flagged for images whose tools are known.",
        zh: "\
健康检查在容器里面运行，只能用镜像里有的程序。没有这个程序，每次检查都失败（`exec: \"curl\": executable file not found in $PATH`），服务明明是好的，容器却一直
`unhealthy`，用 `condition: service_healthy` 等它的服务永远起不来。

只对确知里面有哪些工具的镜像才报。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let mut seen = Vec::new();
    for (id, node) in cx.survey.net.nodes.iter().enumerate() {
        let (Some(service), Some(image)) = (cx.service(id), node.image) else { continue };
        let Some(test) = service.healthcheck.as_ref().filter(|h| !h.disabled).and_then(|h| h.test.as_ref()) else {
            continue;
        };
        // An image that is built here has what its Dockerfile puts in.
        if service.builds {
            continue;
        }
        let script = test.words.join(" ");
        let words = script.split(|c: char| !(c.is_alphanumeric() || c == '-' || c == '_' || c == '.' || c == '/'));
        let Some(tool) = image.no_tools.iter().find(|tool| words.clone().any(|word| word == **tool)) else { continue };
        // `curl ... || wget ...`: another may do.
        if image.tools.iter().any(|have| words.clone().any(|word| word == *have)) || seen.contains(&test.span) {
            continue;
        }
        seen.push(test.span);
        let name = &service.name;
        let span = test
            .texts
            .iter()
            .find_map(|text| {
                let at = text.text().find(tool)?;
                text.sourced.exact(at..at + tool.len()).or_else(|| text.sourced.first(at..at + tool.len()))
            })
            .unwrap_or(test.span);
        let message = text!(
            "the health check of `{name}` can't run: its image has no {tool}",
            "`{name}` 的健康检查运行不了：镜像里没有 {tool}"
        );
        let mut finding = cx.finding(span, service.path("healthcheck.test"), message);
        finding.cause = Some("healthcheck-missing-tool");
        finding.services = vec![name.to_string()];
        let waiting = cx.waiting_for(name);
        if waiting.is_empty() {
            finding.label = text!("always unhealthy", "会一直不健康");
        } else {
            let list = waiting.join(", ");
            finding.severity = Severity::Error;
            finding.label = text!("always unhealthy, and {list} never starts", "会一直不健康，{list} 永远起不来");
        }
        if image.tools.contains(&"ollama") {
            finding.help.push(text!(
                "write test: [\"CMD\", \"ollama\", \"list\"]",
                "改成 test: [\"CMD\", \"ollama\", \"list\"]"
            ));
        } else if !image.tools.is_empty() {
            let have = image.tools.join(", ");
            finding.help.push(text!("the image has {have}", "镜像里有 {have}"));
        } else {
            finding.help.push(text!(
                "take the health check out, or build an image with {tool} in it",
                "去掉健康检查，或者构建一个带 {tool} 的镜像"
            ));
        }
        cx.report(finding);
    }
}
