use crate::compose::SetBy;
use crate::diag::{Applicability, Category, Severity, Strategy};
use crate::remedy::Draft;
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::source::{byte, slice};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "quotes-in-list",
    category: Category::Env,
    set: RuleSet::Default,
    causes: &["env-quoting"],
    severity: Severity::Warning,
    fix: FixKind::Always,
    since: "0.1.0",
    title: Words { en: "Quotes that become part of a value", zh: "引号成了值的一部分" },
    doc: Words {
        en: "\
In list form, `- KEY=\"value\"`, an entry of `environment` is one string, and YAML takes quotes inside it for text: the container gets `\"value\"` with its
quotes. Ollama then allows the origin `\"*\"`, an address begins with a quote and resolves nowhere. Leave them out, `- KEY=value`, put the whole entry into
quotes, `- \"KEY=value\"`, or use the mapping form, `KEY: \"value\"`. In an env file it is otherwise: there quotes are taken off.",
        zh: "\
列表写法 `- KEY=\"value\"` 里，`environment` 的一项是一整个字符串，YAML 把里面的引号当作普通字符：容器拿到的是带引号的 `\"value\"`。于是 Ollama 允许的来源变成 `\"*\"`，
地址以引号开头，当然解析不了。去掉引号写 `- KEY=value`，或者把整项放进引号 `- \"KEY=value\"`，或者用映射写法 `KEY: \"value\"`。env 文件不同：那里的引号会被去掉。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let mut seen = Vec::new();
    for service in &cx.project().services {
        for var in &service.environment {
            let (SetBy::Environment { at, .. }, Some(value)) = (var.set_by, &var.value) else { continue };
            let text = value.text();
            if !['"', '\''].iter().any(|q| text.len() > 1 && text.starts_with(*q) && text.ends_with(*q)) {
                continue;
            }
            let listed = cx.project().tree(at.file).is_some_and(|tree| {
                tree.node(at.node).mark.is_some_and(|mark| byte(&tree.text, mark as usize) == b'-')
            });
            // Only quotes that stand there in the text: a variable may bring its own.
            let Some(span) = value.sourced.exact(0..text.len()) else { continue };
            if !listed || seen.contains(&span) {
                continue;
            }
            seen.push(span);
            let key = &var.key;
            let inner = slice(text, 1..text.len() - 1);
            let message =
                text!("`{key}` gets its quotes as part of the value", "`{key}` 的值里带上了引号");
            let mut finding = cx.finding(span, service.path(&format!("environment.{key}")), message);
            finding.cause = Some("env-quoting");
            finding.services = vec![service.name.to_string()];
            finding.label = text!(
                "in list form YAML keeps quotes inside an entry",
                "列表写法里，YAML 会保留一项中间的引号"
            );
            let mut draft = Draft::new(cx.desk());
            draft.note_span(span);
            let plan = cx.desk().replace(span, inner).map(|edit| {
                draft.push(edit);
                draft.finish(Strategy::Repair, Applicability::Safe, text!("take the quotes away", "去掉引号"))
            });
            Cx::plan(&mut finding, plan);
            cx.report(finding);
        }
    }
}
