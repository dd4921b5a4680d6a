use crate::diag::Place;
use crate::diag::{Category, Severity};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "shared-mount-propagation",
    category: Category::Hardening,
    set: RuleSet::Hardening,
    causes: &[],
    severity: Severity::Info,
    fix: FixKind::Never,
    since: "0.1.0",
    title: Words { en: "Mounts that come out of a container", zh: "容器里的挂载会传到宿主机" },
    doc: Words {
        en: "\
With `shared` or `rshared` what the container mounts inside the path appears on the host too, and in every other container that has the path: over a folder that
programs of the host trust, for example. `rslave` lets the host's mounts in and nothing out, which is what backup and monitoring programs need; FUSE mounts such
as rclone's do need `rshared`.",
        zh: "\
用 `shared`、`rshared`，容器在这个路径里挂载的东西也会出现在宿主机上，以及挂了这个路径的其他容器里：比如盖住宿主机程序信任的目录。`rslave` 只让宿主机的挂载进来，不让容器的出去，备份、监控程序用它就够了；
rclone 这类 FUSE 挂载确实需要 `rshared`。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let mut found = Vec::new();
    for (id, service) in cx.containers() {
        for (index, propagation, span) in service.propagations() {
            if matches!(propagation.as_str(), "shared" | "rshared") {
                let place = Place { span, path: service.path(&format!("volumes.{index}")) };
                found.push((id, place, propagation));
            }
        }
    }
    for held in Cx::by_place(found) {
        let word = &held.what;
        let message = text!(
            "`{word}`: what is mounted there appears on the host as well, out of ",
            "`{word}`：在里面挂载的东西也会出现在宿主机上，来自 "
        )
        .and(&cx.listed(&held.services));
        let mut finding = cx.held(&held, message);
        finding.help.push(text!(
            "`rslave` lets the host's mounts in and nothing out",
            "`rslave` 只让宿主机的挂载进来"
        ));
        cx.report(finding);
    }
}
