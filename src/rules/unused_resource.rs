use crate::compose::{self, Defined, ProblemKind};
use crate::diag::{Applicability, Category, Fix, Severity, Strategy, Text};
use crate::remedy::in_place;
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::source::Edit;
use crate::text;
use crate::yaml::{self, Entry, Kind, NodeId, Tree};

pub(super) static RULE: Rule = Rule {
    id: "unused-resource",
    category: Category::Model,
    set: RuleSet::Default,
    causes: &[],
    severity: Severity::Info,
    fix: FixKind::Sometimes,
    since: "0.1.0",
    title: Words { en: "A volume, network, secret or config that no service uses", zh: "没有服务使用的卷、网络、secret 或 config" },
    doc: Words {
        en: "\
Compose leaves out what no service names: the volume is not made, the network neither, and `docker compose config` does not print them. Usually it is left over from
a service that is gone; sometimes a service was meant to use it and does not, and its data is lost with the container.

Not flagged: what is `external`, the network `default`, what a service of an inactive profile uses or another Compose file of the folder mentions, and sections of which a
service makes the names with variables. `fix` takes the entry away, unless a comment speaks of it.",
        zh: "\
没有服务用到的东西，Compose 会直接略过：卷不会建，网络也不会建，`docker compose config` 里也看不到。多半是服务删了留下的；也可能是本该用它的服务没有用上，数据会随容器一起丢失。

这些不报：`external` 的，名为 `default` 的网络，未启用的 profile 里的服务在用的，文件夹里别的 Compose 文件提到的，以及服务用变量拼名字的那一类。`fix` 会删掉这一项，除非有注释在说明它。",
    },
    check,
};

/// The sections, and what their entries are called.
const SECTIONS: [(&str, Defined, &str, &str); 4] = [
    ("volumes", Defined::Volume, "volume", "卷"),
    ("networks", Defined::Network, "network", "网络"),
    ("secrets", Defined::Secret, "secret", " secret"),
    ("configs", Defined::Config, "config", " config"),
];

fn check(cx: &mut Cx<'_>) {
    let project = cx.project();
    if project.part.is_some() || project.incomplete || project.services.is_empty() {
        return;
    }
    let own = project.files.get(..project.own_files).unwrap_or(&[]);
    for (section, defined, what, what_zh) in SECTIONS {
        // Next to a name that is misspelt nothing is unused.
        if project.problems.iter().any(|p| matches!(&p.kind, ProblemKind::Undefined { what, .. } if *what == defined)) {
            continue;
        }
        let mut told: Vec<String> = Vec::new();
        for (tree, root) in compose::roots(project).into_iter().filter(|(tree, _)| own.contains(&tree.file)) {
            let Some(at) = compose::collection(tree, root, section) else { continue };
            for entry in tree.entries(at) {
                let name = tree.scalar(entry.key);
                let merged = project.root.get(section).and_then(|s| s.get(name));
                let external = merged.and_then(|v| v.get("external")).is_some_and(|e| e.truth() != Some(false));
                let exempt = name.is_empty()
                    || name == "<<"
                    || (section, name) == ("networks", "default")
                    || external
                    || told.iter().any(|t| t == name)
                    || project.neighbours.iter().any(|file| cx.files.get(*file).text.contains(name))
                    || shared(tree, *entry);
                if exempt || compose::is_used(project, section, name) {
                    continue;
                }
                told.push(name.to_owned());
                let message = text!("no service uses the {what} `{name}`", "没有服务使用{what_zh} `{name}`");
                let mut finding = cx.finding(tree.span(entry.key), format!("{section}.{name}"), message);
                let plan = plan(cx, section, name);
                Cx::plan(&mut finding, plan);
                cx.report(finding);
            }
        }
    }
}

/// Whether an alias elsewhere stands for a part of it.
fn shared(tree: &Tree, entry: Entry) -> bool {
    let range = tree.range(entry.key).start..tree.range(entry.value).end.max(tree.range(entry.key).end);
    tree.ids().any(|id| match tree.node(id).kind {
        Kind::Alias { target: Some(target) } => {
            range.contains(&tree.range(target).start) && !range.contains(&tree.range(id).start)
        }
        _ => false,
    })
}

/// Takes it out of every file that defines it; the section too, where nothing else is in it.
fn plan(cx: &Cx<'_>, section: &str, name: &str) -> Result<Fix, Text> {
    let mut edits: Vec<Edit> = Vec::new();
    for (tree, root) in compose::roots(cx.project()) {
        let Some(at) = compose::collection(tree, root, section) else { continue };
        let Some(index) = position(tree, at, name) else { continue };
        in_place(cx.desk(), tree)?;
        let edit = if tree.entries(at).len() == 1 {
            position(tree, root, section).and_then(|index| yaml::remove_block(tree, root, index))
        } else {
            yaml::remove_block(tree, at, index)
        };
        let span = tree.entries(at).get(index).map(|e| tree.span(e.key));
        edits.push(edit.ok_or_else(|| {
            let at = span.map_or(0, |s| cx.files.position(s.file, s.start as usize).line);
            let file = &cx.files.get(tree.file).name;
            text!(
                "{file}:{at} has comments or stands in brackets: take it away by hand",
                "{file}:{at} 有注释或写在括号里：请手工删掉"
            )
        })?);
    }
    let mut fix = Fix::new(Strategy::Repair, Applicability::Safe, text!("take it away", "删掉它"));
    fix.edits = edits;
    fix.changes.push(section.to_owned());
    Ok(fix)
}

fn position(tree: &Tree, map: NodeId, key: &str) -> Option<usize> {
    tree.entries(map).iter().position(|e| tree.scalar(e.key) == key)
}
