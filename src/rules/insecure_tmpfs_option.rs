use crate::diag::{Applicability, Place, Strategy};
use crate::remedy::Draft;
use crate::diag::{Category, Severity};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "insecure-tmpfs-option",
    category: Category::Hardening,
    set: RuleSet::Hardening,
    causes: &[],
    severity: Severity::Info,
    fix: FixKind::Sometimes,
    since: "0.1.0",
    title: Words { en: "A tmpfs that runs programs", zh: "tmpfs 里可以运行程序" },
    doc: Words {
        en: "\
Docker mounts a `tmpfs` so that nothing in it can be run (`noexec`) and no file makes anyone root (`nosuid`). `exec` and `suid` take that back, and a place that
everybody may write is where an intruder puts his tools. Leave them out; where a program unpacks libraries into `/tmp`, say so in an ignore comment.",
        zh: "\
Docker 挂载 `tmpfs` 时，里面的东西不能运行（`noexec`），也没有文件能让人变成 root（`nosuid`）。`exec`、`suid` 把这两条取消了，而谁都能写的地方正是攻击者放工具的地方。请去掉；如果程序会把库解压到 `/tmp` 再加载，请在 ignore 注释里写明。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let mut found = Vec::new();
    for (id, service) in cx.containers() {
        let Some(value) = service.value.get("tmpfs") else { continue };
        let items = value.seq().unwrap_or(std::slice::from_ref(value));
        for (index, item) in items.iter().enumerate() {
            let Some(text) = item.string().filter(|t| !t.uncertain) else { continue };
            let Some((path, options)) = text.text().split_once(':') else { continue };
            let (bad, good): (Vec<&str>, Vec<&str>) = options.split(',').partition(|o| matches!(*o, "exec" | "suid"));
            if bad.is_empty() {
                continue;
            }
            let kept = good.join(",");
            let kept = if kept.is_empty() { path.to_owned() } else { format!("{path}:{kept}") };
            let span = text.sourced.exact(0..text.text().len());
            let place = Place { span: span.unwrap_or(item.span), path: service.path(&format!("tmpfs.{index}")) };
            found.push((id, place, (bad.join(","), path.to_owned(), kept, span.is_some())));
        }
    }
    for held in Cx::by_place(found) {
        let (bad, path, kept, exact) = &held.what;
        let message = text!(
            "`{bad}` lets programs in `{path}` run that anyone may put there, in ",
            "`{bad}` 让人放进 `{path}` 的程序可以运行："
        )
        .and(&cx.listed(&held.services));
        let mut finding = cx.held(&held, message);
        let span = held.place.span;
        let edit = if *exact { cx.desk().replace(span, kept) } else { Err(cx.desk().by_hand(span)) };
        let mut draft = Draft::new(cx.desk());
        for id in &held.services {
            draft.changes(cx.service(*id).map_or(String::new(), |s| s.path("tmpfs")));
        }
        let plan = edit.map(|edit| {
            draft.push(edit);
            draft.finish(Strategy::Repair, Applicability::Unsafe, text!(
                "take `{bad}` away",
                "去掉 `{bad}`"
            ))
        });
        Cx::plan(&mut finding, plan);
        cx.report(finding);
    }
}
