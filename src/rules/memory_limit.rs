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

Flagged for images of which the least is known, where no heap is set, and where a heap is set that is greater than the limit.",
        zh: "\
容器用的内存超过 `mem_limit`，内核就把它杀掉，状态是 `Exited (137)`，常常就在启动的时候，日志写到一半就断了。把上限调大，或者让程序少用一点
（Elasticsearch 可以自己设堆：`ES_JAVA_OPTS=-Xms512m -Xmx512m`）。

确知最低需要多少、又没有设置堆大小的镜像会报；设置的堆比上限还大的也会报。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    for (id, node) in cx.survey.net.nodes.iter().enumerate() {
        let Some(service) = cx.service(id) else { continue };
        let Some((value, limit)) = service.memory_limit().filter(|(_, limit)| *limit > 0) else { continue };
        let heaps = service.environment.iter().filter_map(|v| Some((&v.key, v.value.as_ref()?)));
        let heap = heaps.filter(|(_, v)| !v.uncertain).find_map(|(key, v)| Some((key, greatest_heap(v.text())?)));
        let unread = service.environment.iter().any(|v| v.value.as_ref().is_some_and(|v| v.text().contains("-Xmx")));
        let least = match heap {
            Some((_, heap)) => heap,
            None if unread => continue,
            None => match node.image.and_then(|i| i.memory) {
                Some(least) => i128::from(least) << 20,
                None => continue,
            },
        };
        let uncertain = matches!(&value.data, Data::Str(text) if text.uncertain);
        if uncertain || limit >= least {
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
        let least = least >> 20;
        let message = match heap {
            Some((key, _)) => text!(
                "`{name}` gets {mib} MiB, and `{key}` lets its heap alone grow to {least}",
                "`{name}` 只有 {mib} MiB，而 `{key}` 允许光是堆就用到 {least} MiB"
            ),
            None => text!(
                "`{name}` gets {mib} MiB, and its image is killed below {least}",
                "`{name}` 只有 {mib} MiB，而这个镜像低于 {least} MiB 就会被杀掉"
            ),
        };
        let mut finding = cx.finding(place.span, place.path, message);
        finding.cause = Some("memory-limit");
        finding.services = vec![name.to_string()];
        if heap.is_some() {
            finding.label = text!("Exited (137) as the heap fills", "堆涨上去就 Exited (137)");
            finding.help.push(text!(
                "half of the limit is the usual heap, as programs need memory beside it",
                "堆一般设为上限的一半，程序在堆以外也要内存"
            ));
        } else {
            finding.label = text!("Exited (137) as it starts", "一启动就 Exited (137)");
            finding.help.push(text!("give it 2g or more, or set its heap", "给 2g 以上，或者设置它的堆大小"));
        }
        cx.report(finding);
    }
}

/// The bytes of `-Xmx1g` among a Java program's options. Source: the `java` command's manual, "Extra Options for Java".
fn greatest_heap(options: &str) -> Option<i128> {
    let size = options.split_whitespace().filter_map(|word| word.trim_matches(['"', '\'']).strip_prefix("-Xmx")).next_back()?;
    let (digits, shift) = match size.chars().last()?.to_ascii_lowercase() {
        'k' => (size.get(..size.len() - 1)?, 10),
        'm' => (size.get(..size.len() - 1)?, 20),
        'g' => (size.get(..size.len() - 1)?, 30),
        _ => (size, 0),
    };
    digits.parse::<i128>().ok()?.checked_shl(shift)
}
