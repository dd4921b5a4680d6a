use crate::catalog::ImageKind;
use crate::compose::{Service, ServiceId, V};
use crate::diag::Text;
use crate::diag::{Category, Severity};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "resource-limits-missing",
    category: Category::Hardening,
    set: RuleSet::Hardening,
    causes: &[],
    severity: Severity::Info,
    fix: FixKind::Never,
    since: "0.1.0",
    title: Words { en: "Services that may take the whole host", zh: "可以占满整台机器的服务" },
    doc: Words {
        en: "\
Without a limit one leaking or overloaded service takes the memory of the whole host, and the kernel kills what it likes: often the database. `mem_limit: 2g` (or
`deploy.resources.limits.memory`) makes it the service's own trouble, `cpus: 2` leaves the others their time. Measure first: `docker stats`.

For a model server the limit is the model and its context plus what the program needs; below it is killed while it loads (`Exited (137)`). What stands on the GPU
does not count.

One finding for all services without a memory limit, one for those that lack only the CPU limit.",
        zh: "\
不设上限，一个内存泄漏或者过载的服务就会吃光整台机器的内存，内核随后挑一个进程杀掉，常常是数据库。设 `mem_limit: 2g`（或 `deploy.resources.limits.memory`），就只是它自己的问题；`cpus: 2` 给别的服务留下 CPU。先用 `docker stats` 量一下。

模型服务的上限要装得下模型、上下文和程序本身；小了会在加载时被杀掉（`Exited (137)`）。显存里的不算。

没有内存上限的服务合成一条，只缺 CPU 上限的另报一条。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let limit = |service: &Service, keys: &[&str], deployed: &str| {
        let set = |value: &V| value.uncertain() || value.shown().is_some_and(|v| !zero(&v));
        let limits = service.value.get("deploy").and_then(|d| d.get("resources")?.get("limits")?.get(deployed));
        keys.iter().filter_map(|key| service.value.get(key)).chain(limits).any(set)
    };
    let (mut memory, mut cpu) = (Vec::new(), Vec::new());
    for (id, service) in cx.containers() {
        if !limit(service, &["mem_limit"], "memory") {
            memory.push(id);
        } else if !limit(service, &["cpus", "cpu_quota", "cpuset"], "cpus") {
            cpu.push(id);
        }
    }
    let message = text!("the host's whole memory can be taken by ", "可以占满宿主机的全部内存：");
    if let Some((mut finding, ids)) = cx.absent(&memory, "mem_limit", &message) {
        finding.help.push(text!(
            "measure with docker stats, then mem_limit: 2g",
            "先用 docker stats 量，再写 mem_limit: 2g"
        ));
        if let Some(id) = ids.iter().find(|id| serves_model(cx, **id)) {
            let name = cx.name(*id);
            finding.help.push(text!(
                "`{name}` needs more than its model's size, or it is killed as it loads it",
                "`{name}` 的上限要大于模型的大小，否则加载时就被杀掉"
            ));
        }
        cx.report(finding);
    }
    let message = text!("all of the host's processors can be taken by ", "可以占满宿主机的全部 CPU：");
    if let Some((mut finding, _)) = cx.absent(&cpu, "cpus", &message) {
        finding.help.push(Text::same("cpus: 2"));
        cx.report(finding);
    }
}

/// A limit of nothing is none.
fn zero(value: &str) -> bool {
    let digits = value.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    value.is_empty() || digits.parse::<f64>().is_ok_and(|n| n <= 0.0)
}

fn serves_model(cx: &Cx<'_>, id: ServiceId) -> bool {
    cx.survey.net.image(id).is_some_and(|image| image.kind == Some(ImageKind::ModelServer))
}
