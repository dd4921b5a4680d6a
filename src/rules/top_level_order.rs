use crate::compose;
use crate::diag::{Applicability, Category, Severity};
use crate::remedy::{alphabetical, disorder};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "top-level-order",
    category: Category::Style,
    set: RuleSet::Style,
    causes: &[],
    severity: Severity::Info,
    fix: FixKind::Sometimes,
    since: "0.1.0",
    title: Words { en: "The sections of a file stand in another order than elsewhere", zh: "文件的顶层各段没有按统一的顺序写" },
    doc: Words {
        en: "\
The order that readers expect, and that dclint asks for: `x-...` by the alphabet, since what has an anchor must come before what uses it, `version`, `name`,
`include`, `services`, `networks`, `volumes`, `secrets`, `configs`, then the rest. To Compose it makes no difference.

`fix` moves whole sections with their comments. A comment directly above the first key may be the head of the file: then it leaves the file alone.",
        zh: "\
大家习惯的、也是 dclint 要求的顺序：先是按字母排的 `x-...`（锚点要写在用它的地方之前），然后 `version`、`name`、`include`、`services`、`networks`、`volumes`、`secrets`、
`configs`，最后是其余的。对 Compose 来说没有区别。

`fix` 连同注释整段搬动。紧贴在第一个键上面的注释可能是整个文件的说明：这种情况它不动这个文件。",
    },
    check,
};

/// Source: dclint, docs/rules/top-level-properties-order-rule.md.
const ORDER: [&str; 8] = ["version", "name", "include", "services", "networks", "volumes", "secrets", "configs"];

fn check(cx: &mut Cx<'_>) {
    for (tree, root) in compose::roots(cx.project()) {
        let entries = tree.entries(root);
        let rank = |key: &str| match ORDER.iter().position(|k| *k == key) {
            Some(place) => (place + 1, String::new()),
            None if key.starts_with("x-") => (0, alphabetical(key)),
            None => (ORDER.len() + 1, alphabetical(key)),
        };
        let ranks: Vec<_> = entries.iter().map(|e| rank(tree.scalar(e.key))).collect();
        let Some(found) = disorder(&ranks) else { continue };
        let (Some(moved), Some(before)) = (entries.get(found.moved), entries.get(found.before)) else { continue };
        let (key, other) = (tree.scalar(moved.key), tree.scalar(before.key));
        let message = text!("`{key}` goes above `{other}`", "`{key}` 应该写在 `{other}` 上面");
        let mut finding = cx.finding(tree.span(moved.key), key, message);
        cx.reorder(&mut finding, tree, root, &found.order, Applicability::Safe);
        cx.report(finding);
    }
}
