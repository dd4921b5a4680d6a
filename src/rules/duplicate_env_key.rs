use foldhash::HashMap;

use crate::compose;
use crate::diag::{Applicability, Category, Fix, Place, Related, Severity, Strategy, Text};
use crate::remedy::in_place;
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::source::{from, upto};
use crate::text;
use crate::yaml::{self, Kind, NodeId, Tree};

pub(super) static RULE: Rule = Rule {
    id: "duplicate-env-key",
    category: Category::Env,
    set: RuleSet::Default,
    causes: &["env-precedence"],
    severity: Severity::Warning,
    fix: FixKind::Sometimes,
    since: "0.1.0",
    title: Words { en: "A variable stands twice in one list", zh: "同一个列表里变量写了两次" },
    doc: Words {
        en: "\
In list form, `- KEY=1` and `- KEY=2` in one `environment`, the last one counts and Compose says nothing; the first is dead, and whoever edits it wonders why
nothing changes. (In a mapping the same is an error.) `fix` takes the dead line away. Where both say the same it is only worth knowing.",
        zh: "\
列表写法里，同一个 `environment` 既有 `- KEY=1` 又有 `- KEY=2`，以最后一个为准，Compose 一声不吭；前一个是死的，改它的人会奇怪为什么没有效果。（映射写法里这是错误。）`fix` 会删掉不起作用的
那一行。两处写得一样时，只作提示。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let mut seen = Vec::new();
    for (tree, service) in compose::services(cx.project()) {
        let Some(entry) = tree.entry(service.value, "environment") else { continue };
        let Some(list) = tree.target(entry.value) else { continue };
        if seen.contains(&(tree.file, list)) {
            continue;
        }
        seen.push((tree.file, list));
        let items = tree.items(list);
        let keys: Vec<&str> = items.iter().map(|id| tree.scalar(*id).split('=').next().unwrap_or("")).collect();
        let last: HashMap<&str, usize> = keys.iter().enumerate().map(|(index, key)| (*key, index)).collect();
        for (index, key) in keys.iter().enumerate() {
            let later = last.get(key).copied().filter(|later| *later > index).and_then(|later| items.get(later));
            let (Some(later), Some(dead)) = (later, items.get(index)) else { continue };
            // A key that a variable makes is known only to Compose.
            if key.is_empty() || key.contains('$') {
                continue;
            }
            let name = tree.scalar(service.key);
            let same = tree.scalar(*dead) == tree.scalar(*later);
            let message = if same {
                text!("`{key}` of `{name}` is there twice", "`{name}` 的 `{key}` 写了两次")
            } else {
                text!(
                    "this `{key}` of `{name}` is dead: a later entry of the list sets it again",
                    "`{name}` 的这个 `{key}` 不起作用：列表后面又设了一次"
                )
            };
            let path = format!("services.{name}.environment.{key}");
            let mut finding = cx.finding(key_span(tree, *dead, key), path.clone(), message);
            finding.cause = Some("env-precedence");
            finding.services = vec![name.to_owned()];
            if same {
                finding.severity = Severity::Info;
            }
            finding.related.push(Related {
                place: Place { span: key_span(tree, *later, key), path },
                service: Some(name.to_owned()),
                message: text!("this one counts", "以这一个为准"),
            });
            Cx::plan(&mut finding, plan(cx, tree, list, index));
            cx.report(finding);
        }
    }
}

fn key_span(tree: &Tree, id: NodeId, key: &str) -> crate::source::Span {
    let whole = tree.span(id);
    let at = tree.raw(id).find(key).unwrap_or(0);
    whole.part(at..at + key.len())
}

/// Takes the item away, where no comment speaks of it and no alias stands for it.
fn plan(cx: &Cx<'_>, tree: &Tree, list: NodeId, index: usize) -> Result<Fix, Text> {
    let item = tree.items(list).get(index).copied().unwrap_or(NodeId::FIRST);
    in_place(cx.desk(), tree)?;
    let start = tree.range(item).start;
    let line = upto(&tree.text, start).rfind('\n').map_or(0, |i| i + 1);
    let end = from(&tree.text, start).find('\n').map_or(tree.text.len(), |i| start + i);
    let above = upto(&tree.text, line).trim_end_matches(['\n', '\r']);
    let above = from(above, above.rfind('\n').map_or(0, |i| i + 1)).trim_start();
    let on_line = tree.comments.iter().any(|c| (line..end).contains(&(c.start as usize)));
    let plain = tree.node(item).anchor.is_none() && matches!(tree.node(item).kind, Kind::Scalar { .. });
    let edits = yaml::remove_item(tree, list, index).filter(|_| !on_line && plain && !above.starts_with('#'));
    let edits = edits.ok_or_else(|| {
        if on_line || above.starts_with('#') {
            text!(
                "a comment speaks of the line: take the two away by hand",
                "有注释在说明这一行：请手工把两者一起删掉"
            )
        } else {
            cx.desk().by_hand(tree.span(item))
        }
    })?;
    let mut fix = Fix::new(Strategy::Repair, Applicability::Safe, text!("take the dead line away", "删掉不起作用的那一行"));
    fix.edits = edits;
    Ok(fix)
}
