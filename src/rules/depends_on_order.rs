use crate::compose;
use crate::diag::{Applicability, Category, Severity};
use crate::remedy::{alphabetical, disorder};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;
use crate::yaml::NodeId;

pub(super) static RULE: Rule = Rule {
    id: "depends-on-order",
    category: Category::Style,
    set: RuleSet::Style,
    causes: &[],
    severity: Severity::Info,
    fix: FixKind::Sometimes,
    since: "0.1.0",
    title: Words { en: "`depends_on` is not in alphabetical order", zh: "`depends_on` 没有按字母排序" },
    doc: Words {
        en: "\
Compose reads `depends_on` as a set: it waits for all of them, and the order in the file says nothing. In alphabetical order that is plain to see, and changes
show as one line each. `fix` sorts the list or the mapping, each entry with its comments.",
        zh: "\
Compose 把 `depends_on` 当成集合：全都要等，文件里的先后没有意义。按字母排好，这一点一目了然，改动也只体现为一行。`fix` 会给列表或映射排序，每一项的注释跟着走。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    for (tree, service) in compose::services(cx.project()) {
        let Some(at) = compose::collection(tree, service.value, "depends_on") else { continue };
        let named: Vec<NodeId> = tree.entries(at).iter().map(|e| e.key).chain(tree.items(at).iter().copied()).collect();
        let names: Vec<String> = named.iter().map(|id| alphabetical(tree.scalar(*id))).collect();
        let Some(found) = disorder(&names) else { continue };
        let (Some(moved), Some(before)) = (named.get(found.moved), named.get(found.before)) else { continue };
        let name = tree.scalar(service.key);
        let (first, other) = (tree.scalar(*moved), tree.scalar(*before));
        let message = text!(
            "`{first}` goes before `{other}` in `depends_on` of `{name}`",
            "`{name}` 的 `depends_on` 里，`{first}` 应该写在 `{other}` 前面"
        );
        let mut finding = cx.finding(tree.span(*moved), format!("services.{name}.depends_on"), message);
        finding.services = vec![name.to_owned()];
        cx.reorder(&mut finding, tree, at, &found.order, Applicability::Safe);
        cx.report(finding);
    }
}
