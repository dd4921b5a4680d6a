use crate::diag::{Applicability, Category, Severity, Strategy};
use crate::remedy::Draft;
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "healthcheck-wrong-path",
    category: Category::Start,
    set: RuleSet::Default,
    causes: &[],
    severity: Severity::Warning,
    fix: FixKind::Sometimes,
    since: "0.1.0",
    title: Words { en: "A health check asks a path that wants a key", zh: "健康检查访问的路径需要密钥" },
    doc: Words {
        en: "\
LiteLLM's `/health` sends a real request to every model of its list, and with a master key it answers only to that key: `401`, the check fails, and the
container stays `unhealthy` although the gateway works. `/health/liveliness` says that the process is up, and `/health/readiness` that it takes requests; both ask for nothing and call
no model.

Flagged where the master key is set, the check sends none, and its program takes 401 for a failure.",
        zh: "\
LiteLLM 的 `/health` 会向列表里的每个模型真的发一次请求；设了 master key，就只认这个密钥：没带就是 `401`，检查失败，网关明明是好的，容器却一直 `unhealthy`。
`/health/liveliness` 表示进程在运行，`/health/readiness` 表示可以接请求；两者都不要密钥，也不调用模型。

只有设了 master key、检查没带密钥、并且检查用的程序会把 401 当作失败时才报。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let mut seen = Vec::new();
    for (id, node) in cx.survey.net.nodes.iter().enumerate() {
        let (Some(service), Some(image)) = (cx.service(id), node.image) else { continue };
        let (Some((path, key)), Some(open)) = (image.guarded_health, image.health) else { continue };
        let Some(test) = service.healthcheck.as_ref().filter(|h| !h.disabled).and_then(|h| h.test.as_ref()) else {
            continue;
        };
        let script = test.words.join(" ");
        let fails = ["wget", "urlopen", "raise_for_status", "--fail", " -f", " -sf", " -fs"];
        let lower = script.to_ascii_lowercase();
        let sends = ["authorization", "bearer", "api-key"].iter().any(|word| lower.contains(word));
        // What the image lacks is told by another rule.
        let lacks = image.no_tools.iter().any(|tool| script.split(|c: char| !c.is_alphanumeric()).any(|w| w == *tool));
        if !service.active
            || service.env_text(key).is_none_or(str::is_empty)
            || sends
            || lacks
            || !fails.iter().any(|word| script.contains(word))
            || seen.contains(&test.span)
        {
            continue;
        }
        // The path alone, not the beginning of a longer one.
        let Some((text, at)) = test.texts.iter().find_map(|text| {
            let ends = |at: &usize| {
                let rest = crate::source::from(text.text(), at + path.len());
                !rest.starts_with(|c: char| c.is_alphanumeric() || "/_-".contains(c))
            };
            let at = text.text().match_indices(path).map(|(at, _)| at).find(ends)?;
            Some((text, at))
        }) else {
            continue;
        };
        seen.push(test.span);
        let name = &service.name;
        let range = at..at + path.len();
        let span = text.sourced.exact(range.clone()).unwrap_or(test.span);
        let message = text!(
            "the health check of `{name}` is refused: `{path}` asks for `{key}`",
            "`{name}` 的健康检查会被拒绝：`{path}` 要 `{key}`"
        );
        let mut finding = cx.finding(span, service.path("healthcheck.test"), message);
        finding.services = vec![name.to_string()];
        let waiting = cx.waiting_for(name);
        if waiting.is_empty() {
            finding.label = text!("401: always unhealthy", "401：会一直不健康");
        } else {
            let list = waiting.join(", ");
            finding.severity = Severity::Error;
            finding.label =
                text!("401: always unhealthy, and {list} never starts", "401：会一直不健康，{list} 永远起不来");
        }
        finding.help.push(text!("ask {open}, which wants no key and calls no model", "改成 {open}：不要密钥，也不调用模型"));
        if let Some(span) = text.sourced.exact(range) {
            let plan = cx.desk().replace(span, open).map(|edit| {
                let mut draft = Draft::new(cx.desk());
                for other in &cx.project().services {
                    let same = other.healthcheck.as_ref().and_then(|h| h.test.as_ref()).is_some_and(|t| t.span == test.span);
                    if same {
                        draft.changes(other.path("healthcheck"));
                    }
                }
                draft.push(edit);
                draft.finish(Strategy::Repair, Applicability::Unsafe, text!("ask {open}", "改成 {open}"))
            });
            Cx::plan(&mut finding, plan);
        }
        cx.report(finding);
    }
}
