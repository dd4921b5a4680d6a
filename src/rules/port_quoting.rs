use crate::compose;
use crate::diag::{Applicability, Category, Fix, Severity, Strategy};
use crate::remedy::in_place;
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;
use crate::yaml::{self, NodeId, Style};

pub(super) static RULE: Rule = Rule {
    id: "port-quoting",
    category: Category::Style,
    set: RuleSet::Style,
    causes: &[],
    severity: Severity::Info,
    fix: FixKind::Sometimes,
    since: "0.1.0",
    title: Words { en: "A port without quotes", zh: "端口没有加引号" },
    doc: Words {
        en: "\
To a reader of YAML 1.1 `22:22` is a number in base 60: 1342. Docker Compose 2 takes it for text, but Compose 1, podman-compose and scripts with PyYAML do not,
and publish a port that nobody asked for. In quotes, of either kind, all read the same. One finding a list; `fix` writes the quotes that the file has
already, else double ones.",
        zh: "\
按 YAML 1.1，`22:22` 是六十进制的数：1342。Docker Compose 2 把它当文本，可 Compose 1、podman-compose 和用 PyYAML 的脚本不这么读，会发布一个谁也没要的端口。加上引号（单双都行），大家读出来就
一样了。一个列表报一次；`fix` 用文件里已有的那种引号，没有就用双引号。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    for (tree, service) in compose::services(cx.project()) {
        for key in ["ports", "expose"] {
            let Some(at) = compose::collection(tree, service.value, key) else { continue };
            let bare: Vec<NodeId> =
                tree.items(at).iter().copied().filter(|id| tree.style(*id) == Some(Style::Plain)).collect();
            let risk = bare.iter().find_map(|id| sexagesimal(tree.raw(*id)).map(|number| (*id, number)));
            let Some(shown) = risk.map(|(id, _)| id).or_else(|| bare.first().copied()) else { continue };
            let name = tree.scalar(service.key);
            let (count, text) = (bare.len(), tree.raw(shown));
            let message = match risk {
                Some((_, number)) => text!(
                    "readers of YAML 1.1 take `{text}` of `{name}` for the number {number}",
                    "按 YAML 1.1 读，`{name}` 的 `{text}` 是数字 {number}"
                ),
                None if count == 1 => text!("`{text}` in `{key}` of `{name}` has no quotes", "`{name}` 的 `{key}` 里 `{text}` 没有加引号"),
                None => text!(
                    "{count} entries in `{key}` of `{name}` have no quotes",
                    "`{name}` 的 `{key}` 里有 {count} 项没有加引号"
                ),
            };
            let mut finding = cx.finding(tree.span(shown), format!("services.{name}.{key}"), message);
            finding.services = vec![name.to_owned()];
            let styles = |style: Style| tree.scalars().filter(|id| tree.style(*id) == Some(style)).count();
            let single = styles(Style::SingleQuoted) > styles(Style::DoubleQuoted);
            let edits: Option<Vec<_>> = bare.iter().map(|id| yaml::quote(tree, *id, single)).collect();
            let plan = in_place(cx.desk(), tree).and_then(|()| edits.ok_or_else(|| cx.desk().by_hand(tree.span(shown))));
            let plan = plan.map(|edits| {
                let mut fix = Fix::new(Strategy::Repair, Applicability::Safe, text!("put them into quotes", "加上引号"));
                fix.edits = edits;
                fix
            });
            Cx::plan(&mut finding, plan);
            cx.report(finding);
        }
    }
}

/// The number that YAML 1.1 makes of `22:22`. Source: yaml.org/type/int.html, `[-+]?[1-9][0-9_]*(:[0-5]?[0-9])+`.
fn sexagesimal(text: &str) -> Option<u64> {
    let mut parts = text.split(':');
    let first = parts.next().filter(|f| !f.starts_with('0'))?;
    let mut value: u64 = first.parse().ok()?;
    let mut any = false;
    for part in parts {
        let digit: u64 = part.parse().ok().filter(|d| *d < 60 && part.len() <= 2)?;
        value = value.checked_mul(60)?.checked_add(digit)?;
        any = true;
    }
    any.then_some(value)
}
