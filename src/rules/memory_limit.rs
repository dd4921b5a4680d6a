use crate::compose::Data;
use crate::diag::{Category, Place, Severity};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "memory-limit",
    category: Category::Start,
    set: RuleSet::Default,
    causes: &["memory-limit"],
    severity: Severity::Warning,
    fix: FixKind::Never,
    since: "0.1.0",
    title: Words { en: "A memory limit under which the server is killed", zh: "内存上限太小，服务会被杀掉" },
    doc: Words {
        en: "\
A container that goes over its `mem_limit` is killed by the kernel, `Exited (137)`, often while it starts, and its log ends in the middle. Give it more, or make
the program content with less (for Elasticsearch a heap of its own: `ES_JAVA_OPTS=-Xms512m -Xmx512m`).

Flagged for images of which the least is known, where no heap is set.",
        zh: "\
容器用的内存超过 `mem_limit`，内核就把它杀掉，状态是 `Exited (137)`，常常就在启动的时候，日志写到一半就断了。把上限调大，或者让程序少用一点
（Elasticsearch 可以自己设堆：`ES_JAVA_OPTS=-Xms512m -Xmx512m`）。

只对确知最低需要多少、并且没有设置堆大小的镜像才报。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    for (id, node) in cx.survey.net.nodes.iter().enumerate() {
        let (Some(service), Some(least)) = (cx.service(id), node.image.and_then(|i| i.memory)) else { continue };
        let Some((value, limit)) = service.memory_limit().filter(|(_, limit)| *limit > 0) else { continue };
        let heap = service.environment.iter().any(|v| v.value.as_ref().is_some_and(|v| v.text().contains("-Xmx")));
        let uncertain = matches!(&value.data, Data::Str(text) if text.uncertain);
        if heap || uncertain || limit >= i128::from(least) << 20 {
            continue;
        }
        let name = &service.name;
        let mib = limit >> 20;
        // The limit may stand in an env file.
        let written = || service.path("mem_limit");
        let place = match &value.data {
            Data::Str(text) => cx.origin(text, written),
            _ => None,
        };
        let place = place.unwrap_or_else(|| Place { span: value.span, path: written() });
        let message = text!(
            "`{name}` gets {mib} MiB, and its image is killed below {least}",
            "`{name}` 只有 {mib} MiB，而这个镜像低于 {least} MiB 就会被杀掉"
        );
        let mut finding = cx.finding(place.span, place.path, message);
        finding.cause = Some("memory-limit");
        finding.services = vec![name.to_string()];
        finding.label = text!("Exited (137) as it starts", "一启动就 Exited (137)");
        finding.help.push(text!("give it 2g or more, or set its heap", "给 2g 以上，或者设置它的堆大小"));
        cx.report(finding);
    }
}
