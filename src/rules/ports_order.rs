use crate::compose;
use crate::diag::{Applicability, Category, Severity};
use crate::remedy::disorder;
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;
use crate::yaml::{NodeId, Tree};

pub(super) static RULE: Rule = Rule {
    id: "ports-order",
    category: Category::Style,
    set: RuleSet::Style,
    causes: &[],
    severity: Severity::Info,
    fix: FixKind::Sometimes,
    since: "0.1.0",
    title: Words { en: "`ports` are not in the order of their numbers", zh: "`ports` 没有按端口号排序" },
    doc: Words {
        en: "\
Sorted by the host port, a list of twenty is read at a glance, and what is there twice shows. Lists with variables as host ports are left alone: their order
is only known once the variables are.

The order does no harm, but `docker compose config` prints it, and Compose makes a container anew when it changes: so `fix` sorts only with `--unsafe`.",
        zh: "\
按宿主机端口排好，二十个端口也一眼看得清，重复的也藏不住。宿主机端口里有变量的列表不管：变量没定，顺序也就没定。

顺序本身不影响什么，但 `docker compose config` 会照着打印，顺序一变 Compose 就会重建容器：所以 `fix` 只在 `--unsafe` 时才排。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    for (tree, service) in compose::services(cx.project()) {
        let Some(at) = compose::collection(tree, service.value, "ports") else { continue };
        let items = tree.items(at);
        let Some(ranks) = items.iter().map(|id| rank(tree, *id)).collect::<Option<Vec<_>>>() else { continue };
        let Some(found) = disorder(&ranks) else { continue };
        let Some(moved) = items.get(found.moved) else { continue };
        let port = |place: usize| ranks.get(place).map_or(0, |(port, ..)| *port);
        let name = tree.scalar(service.key);
        let (first, other) = (port(found.moved), port(found.before));
        let message = text!(
            "port {first} of `{name}` goes above {other}",
            "`{name}` 的端口 {first} 应该写在 {other} 上面"
        );
        let path = format!("services.{name}.ports.{}", found.moved);
        let mut finding = cx.finding(tree.span(*moved), path, message);
        finding.services = vec![name.to_owned()];
        cx.reorder(&mut finding, tree, at, &found.order, Applicability::Unsafe);
        for fix in &mut finding.fixes {
            fix.changes.push(format!("services.{name}.ports"));
        }
        cx.report(finding);
    }
}

/// The host port, the container port and the address of an item; `None` where a variable or an alias says them.
fn rank(tree: &Tree, id: NodeId) -> Option<(u16, u16, String)> {
    let number = |text: &str| text.split('-').next().unwrap_or(text).parse::<u16>().ok();
    let text = |key: &str| tree.entry(id, key).map(|e| tree.scalar(e.value).to_owned());
    if !tree.entries(id).is_empty() {
        let published = text("published").map_or(Some(0), |p| number(&p))?;
        return Some((published, number(&text("target")?)?, text("host_ip").unwrap_or_default()));
    }
    let body = tree.scalar(id).split('/').next()?;
    let (before, target) = body.rsplit_once(':').unwrap_or(("", body));
    let (address, published) = if before.ends_with(']') { (before, "") } else { before.rsplit_once(':').unwrap_or(("", before)) };
    let published = if published.is_empty() { 0 } else { number(published)? };
    Some((published, number(target)?, address.to_owned()))
}
