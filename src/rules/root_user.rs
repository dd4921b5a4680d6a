use crate::diag::{Category, Severity};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "root-user",
    category: Category::Hardening,
    set: RuleSet::Hardening,
    causes: &[],
    severity: Severity::Info,
    fix: FixKind::Never,
    since: "0.1.0",
    title: Words { en: "A service that is told to run as root", zh: "指定用 root 运行" },
    doc: Words {
        en: "\
`user: root` (or `0`) sets aside the user that the image has chosen. Root in a container is the host's root behind a few walls, and it owns what it writes to
mounted folders. It is mostly there because a folder could not be written: give the folder to the image's user instead (`chown`), or name that user.

An image that runs as root by itself is not found here: no file of the project says so.",
        zh: "\
`user: root`（或 `0`）会盖掉镜像选定的用户。容器里的 root 就是隔着几道墙的宿主机 root，它写进挂载目录的文件也归 root。多数情况是因为目录写不进去：应该把目录的属主改成镜像的用户（`chown`），或者直接写那个用户。

镜像自己就用 root 运行的不会报：项目的文件里看不出来。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let mut found = Vec::new();
    for (id, service) in cx.containers() {
        let Some(value) = service.value.get("user").filter(|v| !v.uncertain()) else { continue };
        let shown = value.shown().unwrap_or_default();
        let user = shown.split(':').next().unwrap_or("").trim();
        if user == "root" || user.parse() == Ok(0_u32) {
            found.push((id, cx.place(value, service.path("user")), ()));
        }
    }
    for held in Cx::by_place(found) {
        let message = text!(
            "the image's own user gives way to root in ",
            "不用镜像自己的用户，改用 root："
        )
        .and(&cx.listed(&held.services));
        let finding = cx.held(&held, message);
        cx.report(finding);
    }
}
