use crate::compose;
use crate::diag::{Applicability, Category, Severity};
use crate::remedy::{alphabetical, disorder};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::stacks::SERVICE_KEYS;
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "service-key-order",
    category: Category::Style,
    set: RuleSet::Style,
    causes: &[],
    severity: Severity::Info,
    fix: FixKind::Sometimes,
    since: "0.1.0",
    title: Words { en: "The keys of a service stand in another order than elsewhere", zh: "服务的键没有按统一的顺序写" },
    doc: Words {
        en: "\
In a file of ten services one finds things sooner where each says them in the same order: what it is (`image`, `build`, `container_name`), what it waits
for (`depends_on`), its data (`volumes`, `volumes_from`, `configs`, `secrets`), its variables (`environment`, `env_file`), its network (`ports`, `networks`,
`network_mode`, `extra_hosts`), how it runs (`command`, `entrypoint`, `working_dir`, `restart`, `healthcheck`), `logging` and `labels`, `user` and
`isolation`, then everything else by the alphabet. It is the order that dclint asks for; `<<` keeps its place. To Compose it makes no difference.

`fix` moves whole blocks: comment lines directly above a key, deeper ones below it and the one on its line go with it; blank lines stay between the
blocks. Where a comment may belong to either neighbour, or an anchor would come behind its alias, it leaves the service alone and says which line is in
the way.",
        zh: "\
一个文件里有十个服务时，大家都按同样的顺序写，找起来就快：先写它是什么（`image`、`build`、`container_name`），等谁（`depends_on`），数据（`volumes`、`volumes_from`、
`configs`、`secrets`），变量（`environment`、`env_file`），网络（`ports`、`networks`、`network_mode`、`extra_hosts`），怎么运行（`command`、`entrypoint`、`working_dir`、
`restart`、`healthcheck`），`logging` 和 `labels`，`user` 和 `isolation`，其余按字母排。这也是 dclint 要求的顺序；`<<` 不动。对 Compose 来说没有区别。

`fix` 搬动的是整块：紧贴在键上面的注释、下面缩进更深的注释、同一行的注释都跟着走，空行留在块与块之间。如果某条注释说不清属于上面还是下面，或者锚点会跑到别名后面，它就不动这个服务，
并指出是哪一行。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    for (tree, service) in compose::services(cx.project()) {
        let entries = tree.entries(service.value);
        let rank = |key: &str| match SERVICE_KEYS.iter().position(|k| *k == key) {
            Some(place) => (place, String::new()),
            None => (SERVICE_KEYS.len(), alphabetical(key)),
        };
        // `<<` stays where it is, and the others take the places round it.
        let merged = |index: usize| entries.get(index).is_some_and(|e| tree.raw(e.key) == "<<");
        let movable: Vec<usize> = (0..entries.len()).filter(|index| !merged(*index)).collect();
        let ranks: Vec<_> = movable.iter().filter_map(|i| entries.get(*i)).map(|e| rank(tree.scalar(e.key))).collect();
        let Some(found) = disorder(&ranks) else { continue };
        let at = |index: usize| movable.get(index).copied().unwrap_or(index);
        let mut sorted = found.order.iter().map(|index| at(*index));
        let order: Vec<usize> =
            (0..entries.len()).map(|index| if merged(index) { index } else { sorted.next().unwrap_or(index) }).collect();
        let (Some(moved), Some(before)) = (entries.get(at(found.moved)), entries.get(at(found.before))) else { continue };
        let name = tree.scalar(service.key);
        let (key, other) = (tree.scalar(moved.key), tree.scalar(before.key));
        let message = text!("`{key}` of `{name}` goes above `{other}`", "`{name}` 的 `{key}` 应该写在 `{other}` 上面");
        let mut finding = cx.finding(tree.span(moved.key), format!("services.{name}.{key}"), message);
        finding.services = vec![name.to_owned()];
        cx.reorder(&mut finding, tree, service.value, &order, Applicability::Safe);
        cx.report(finding);
    }
}
