use crate::compose;
use crate::diag::{Applicability, Category, Fix, Severity, Strategy};
use crate::remedy::in_place;
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::source::Edit;
use crate::text;
use crate::yaml;

pub(super) static RULE: Rule = Rule {
    id: "volume-quoting",
    category: Category::Style,
    set: RuleSet::Style,
    causes: &[],
    severity: Severity::Info,
    fix: FixKind::Sometimes,
    since: "0.1.0",
    title: Words { en: "A volume in quotes that it does not need", zh: "卷加了不必要的引号" },
    doc: Words {
        en: "\
`- ./data:/data` is the same text with and without quotes, and most files write it without. Flagged only where every reader of YAML takes the plain text for
that same string: a value with `#`, with `: `, or with a first character that YAML keeps for itself needs its quotes and has them. One finding a list.",
        zh: "\
`- ./data:/data` 加不加引号都是同一段文本，多数文件不加。只有去掉引号以后任何 YAML 读取程序都读成同一个字符串时才报：含 `#`、含 `: `，或者以 YAML 保留字符开头的值需要引号，不报。
一个列表报一次。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    for (tree, service) in compose::services(cx.project()) {
        let Some(at) = compose::collection(tree, service.value, "volumes") else { continue };
        let edits: Vec<Edit> = tree.items(at).iter().filter_map(|id| yaml::unquote(tree, *id)).collect();
        let Some(first) = edits.first() else { continue };
        let name = tree.scalar(service.key);
        let (count, text) = (edits.len(), &first.text);
        let message = if count == 1 {
            text!("`{text}` of `{name}` needs no quotes", "`{name}` 的 `{text}` 不需要引号")
        } else {
            text!("{count} volumes of `{name}` need no quotes", "`{name}` 有 {count} 个卷不需要引号")
        };
        let mut finding = cx.finding(first.span, format!("services.{name}.volumes"), message);
        finding.services = vec![name.to_owned()];
        let plan = in_place(cx.desk(), tree).map(|()| {
            let mut fix = Fix::new(Strategy::Repair, Applicability::Safe, text!("take the quotes away", "去掉引号"));
            fix.edits.clone_from(&edits);
            fix
        });
        Cx::plan(&mut finding, plan);
        cx.report(finding);
    }
}
