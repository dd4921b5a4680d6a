use crate::compose;
use crate::diag::{Applicability, Category, Severity};
use crate::remedy::{alphabetical, disorder};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "services-order",
    category: Category::Style,
    set: RuleSet::Style,
    causes: &[],
    severity: Severity::Info,
    fix: FixKind::Sometimes,
    since: "0.1.0",
    title: Words { en: "Services are not in alphabetical order", zh: "服务没有按字母排序" },
    doc: Words {
        en: "\
In a long file a service is found sooner where they stand in alphabetical order (letters of either case alike, `_` and `-` before digits). Start order does
not come from it, `depends_on` says that. Whoever groups services by what they do wants this rule off: `ignore` it.

`fix` moves whole services with their comments. A comment that stands alone, such as the heading of a group, keeps its two neighbours together; where they
would part, `fix` leaves the file alone and names the line.",
        zh: "\
文件长了，服务按字母排（不分大小写，`_` 和 `-` 在数字之前）就容易找。启动顺序和它无关，那是 `depends_on` 的事。如果你是按用途给服务分组的，就不需要这条规则：`ignore` 掉即可。

`fix` 连同注释整个搬动服务。单独成段的注释（比如一组服务的标题）会让上下两个服务保持相邻；如果排序会把它们拆开，`fix` 就不动这个文件，并指出是哪一行。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    for (tree, root) in compose::roots(cx.project()) {
        let Some(map) = compose::collection(tree, root, "services") else { continue };
        let entries = tree.entries(map);
        let names: Vec<String> = entries.iter().map(|e| alphabetical(tree.scalar(e.key))).collect();
        let Some(found) = disorder(&names) else { continue };
        let (Some(moved), Some(before)) = (entries.get(found.moved), entries.get(found.before)) else { continue };
        let (name, other) = (tree.scalar(moved.key), tree.scalar(before.key));
        let message = text!("`{name}` goes above `{other}`", "`{name}` 应该写在 `{other}` 上面");
        let mut finding = cx.finding(tree.span(moved.key), format!("services.{name}"), message);
        finding.services = vec![name.to_owned()];
        cx.reorder(&mut finding, tree, map, &found.order, Applicability::Safe);
        cx.report(finding);
    }
}
