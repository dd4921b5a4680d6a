use crate::compose::{ServiceId, V};
use crate::diag::{Category, Severity};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "read-only-missing",
    category: Category::Hardening,
    set: RuleSet::Hardening,
    causes: &[],
    severity: Severity::Info,
    fix: FixKind::Never,
    since: "0.1.0",
    title: Words { en: "Containers that can change their own programs", zh: "容器可以修改自己的程序" },
    doc: Words {
        en: "\
An intruder who can write the container's file system puts tools there and changes the program, until the container is made anew. With `read_only: true` only
volumes and `tmpfs` can be written: give the program those that it needs, often `/tmp` and `/run`. Try it service by service: what can't write stops with
`Read-only file system` in its log.

One finding for all services that go without.",
        zh: "\
攻击者能写容器的文件系统，就能放工具、改程序，直到容器重建。写上 `read_only: true`，就只有卷和 `tmpfs` 可写：把程序需要写的地方给它，常见的是 `/tmp` 和 `/run`。请一个服务一个服务地试：写不了的程序会停下，日志里有
`Read-only file system`。

所有没写的服务合在一条里报告。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let set = |value: &V| value.uncertain() || value.truth() == Some(true);
    let lacking: Vec<ServiceId> =
        cx.containers().filter(|(_, s)| !s.value.get("read_only").is_some_and(set)).map(|(id, _)| id).collect();
    let message = text!("an intruder can write tools and change programs in ", "攻击者可以写入工具、修改程序：");
    let Some((mut finding, _)) = cx.absent(&lacking, "read_only", &message) else { return };
    finding.help.push(text!(
        "read_only: true, with tmpfs: [/tmp] and volumes for what it writes",
        "read_only: true，再用 tmpfs: [/tmp] 和卷给它要写的地方"
    ));
    cx.report(finding);
}
