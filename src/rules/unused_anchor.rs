use foldhash::HashSet;

use crate::compose;
use crate::diag::{Applicability, Category, Fix, Severity, Strategy};
use crate::remedy::in_place;
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::source::{Span, slice};
use crate::text;
use crate::yaml::{self, Kind};

pub(super) static RULE: Rule = Rule {
    id: "unused-anchor",
    category: Category::Style,
    set: RuleSet::Style,
    causes: &[],
    severity: Severity::Info,
    fix: FixKind::Sometimes,
    since: "0.1.0",
    title: Words { en: "An anchor that no alias uses", zh: "没有别名引用的锚点" },
    doc: Words {
        en: "\
`&name` only means something where `*name` stands later in the same file. Without one it is left over, or the alias is misspelt or commented out. `fix` takes the
anchor away; its value stays.",
        zh: "\
`&name` 只有在同一个文件后面写了 `*name` 时才有意义。没有的话，要么是遗留的，要么是别名写错了或被注释掉了。`fix` 会去掉锚点，值不变。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let mut seen = HashSet::default();
    for (tree, _) in compose::roots(cx.project()) {
        if !seen.insert(tree.file) {
            continue;
        }
        let used: HashSet<_> = tree
            .ids()
            .filter_map(|id| match tree.node(id).kind {
                Kind::Alias { target } => target,
                _ => None,
            })
            .collect();
        for id in tree.ids().filter(|id| !used.contains(id)) {
            let Some((start, end)) = tree.node(id).anchor else { continue };
            let range = start as usize..end as usize;
            let name = slice(&tree.text, range.clone());
            let message = text!("nothing uses the anchor `{name}`", "没有地方引用锚点 `{name}`");
            let mut finding = cx.finding(Span::new(tree.file, range), name, message);
            let edit = yaml::remove_anchor(tree, id).ok_or_else(|| cx.desk().by_hand(finding.place.span));
            let plan = in_place(cx.desk(), tree).and(edit).map(|edit| {
                let mut fix = Fix::new(Strategy::Repair, Applicability::Safe, text!("take the anchor away", "去掉锚点"));
                fix.edits.push(edit);
                fix
            });
            Cx::plan(&mut finding, plan);
            cx.report(finding);
        }
    }
}
