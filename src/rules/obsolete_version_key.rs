use crate::compose;
use crate::diag::{Applicability, Category, Fix, Severity, Strategy};
use crate::remedy::in_place;
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::source::{Span, from};
use crate::text;
use crate::yaml;

pub(super) static RULE: Rule = Rule {
    id: "obsolete-version-key",
    category: Category::Style,
    set: RuleSet::Style,
    causes: &[],
    severity: Severity::Info,
    fix: FixKind::Sometimes,
    since: "0.1.0",
    title: Words { en: "`version` says nothing any more", zh: "`version` 已经没有作用" },
    doc: Words {
        en: "\
Compose has not read `version` since 2.0, and complains at every command: \"the attribute `version` is obsolete, it will be ignored, please remove it to avoid
potential confusion\". Each file is read by the newest specification, whatever it says. `fix` takes the line away.",
        zh: "\
从 2.0 起 Compose 就不读 `version` 了，而且每条命令都会抱怨一次：\"the attribute `version` is obsolete, it will be ignored, please remove it to avoid
potential confusion\"。不管写的是什么，文件都按最新的规范解释。`fix` 会删掉这一行。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    for (tree, root) in compose::roots(cx.project()) {
        let Some(index) = tree.entries(root).iter().position(|e| tree.scalar(e.key) == "version") else { continue };
        let Some(entry) = tree.entries(root).get(index) else { continue };
        let span = tree.span(entry.key).to(tree.span(entry.value));
        let message = text!("Compose ignores `version`, and warns of it each time", "Compose 不读 `version`，每次还会为它发警告");
        let mut finding = cx.finding(span, "version", message);
        let aliased = tree.node(entry.value).anchor.is_some();
        let edits = if aliased { None } else { yaml::remove_entry(tree, root, index) };
        let plan = in_place(cx.desk(), tree).and_then(|()| edits.ok_or_else(|| cx.desk().by_hand(span))).map(|mut edits| {
            // As the first line it takes the blank one below with it.
            if let [edit] = edits.as_mut_slice()
                && edit.text.is_empty()
                && tree.text.get(..edit.span.start as usize).is_some_and(|above| above.is_empty() || above.ends_with("\n\n") || above.ends_with("\n\r\n"))
            {
                let rest = from(&tree.text, edit.span.end as usize);
                let blank = ["\r\n", "\n"].into_iter().find(|b| rest.starts_with(b)).map_or(0, str::len);
                edit.span = Span::new(tree.file, edit.span.start as usize..edit.span.end as usize + blank);
            }
            let mut fix = Fix::new(Strategy::Repair, Applicability::Safe, text!("take the line away", "删掉这一行"));
            fix.edits = edits;
            fix.changes.push("version".to_owned());
            fix
        });
        Cx::plan(&mut finding, plan);
        cx.report(finding);
    }
}
