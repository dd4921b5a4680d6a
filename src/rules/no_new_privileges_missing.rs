use crate::compose::{Service, ServiceId};
use crate::remedy::give_item;
use crate::diag::{Category, Severity};
use crate::network::Platform;
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "no-new-privileges-missing",
    category: Category::Hardening,
    set: RuleSet::Hardening,
    causes: &[],
    severity: Severity::Info,
    fix: FixKind::Sometimes,
    since: "0.1.0",
    title: Words { en: "Programs may gain privileges", zh: "程序可以提升权限" },
    doc: Words {
        en: "\
A program with the setuid bit, `su` or `sudo`, runs as root whoever starts it, so an intruder who is nobody in the container may become its root. With
`security_opt: [no-new-privileges:true]` that does not work any more. Few servers need it: some entry points that begin as root and change to another user with
`sudo` do, those that use `gosu` or `su-exec` don't.

One finding for all services that go without.",
        zh: "\
带 setuid 位的程序（`su`、`sudo`）不管谁启动都以 root 运行，所以容器里的普通用户被攻破后可能变成 root。写上 `security_opt: [no-new-privileges:true]` 就不行了。很少有服务需要提权：
先以 root 启动再用 `sudo` 换用户的入口脚本需要，用 `gosu`、`su-exec` 的不需要。

所有没写的服务合在一条里报告。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    // Swarm ignores `security_opt`.
    if cx.facts().platform == Platform::Swarm {
        return;
    }
    let lacking: Vec<ServiceId> = cx.containers().filter(|(_, s)| !set(s)).map(|(id, _)| id).collect();
    let message = text!("setuid programs can make themselves root in ", "setuid 程序可以变成 root：");
    let Some((mut finding, ids)) = cx.absent(&lacking, "security_opt", &message) else { return };
    finding.help.push(text!(
        "security_opt: [\"no-new-privileges:true\"]",
        "security_opt: [\"no-new-privileges:true\"]"
    ));
    let description = text!("add no-new-privileges:true", "加上 no-new-privileges:true");
    Cx::plan(&mut finding, give_item(cx.desk(), &ids, "security_opt", "no-new-privileges:true", description));
    cx.report(finding);
}

/// Whether it is set, or may be.
fn set(service: &Service) -> bool {
    let items = service.value.get("security_opt").map_or(&[][..], |v| v.items());
    items.iter().any(|item| {
        let text = item.shown().unwrap_or_default();
        item.uncertain()
            || matches!(text.as_str(), "no-new-privileges" | "no-new-privileges:true" | "no-new-privileges=true")
    })
}
