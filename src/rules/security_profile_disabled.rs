use crate::diag::Place;
use crate::remedy::take_item;
use crate::diag::{Category, Severity};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "security-profile-disabled",
    category: Category::Hardening,
    set: RuleSet::Hardening,
    causes: &[],
    severity: Severity::Warning,
    fix: FixKind::Sometimes,
    since: "0.1.0",
    title: Words { en: "A kernel protection that is switched off", zh: "关掉了内核保护" },
    doc: Words {
        en: "\
Docker's seccomp profile keeps a container from some fifty system calls, AppArmor and SELinux from files and mounts that are not its own. `seccomp:unconfined`,
`apparmor:unconfined`, `label:disable` and `systempaths=unconfined` take that away, mostly because of one call that failed. Programs that debug or trace need a
profile with that call, not none.",
        zh: "\
Docker 的 seccomp 配置禁止容器使用大约五十个系统调用，AppArmor、SELinux 不让它碰不属于自己的文件和挂载点。`seccomp:unconfined`、`apparmor:unconfined`、`label:disable`、`systempaths=unconfined` 把这些都关掉了，
通常只是因为某一个调用失败。调试、跟踪类程序需要的是放行那个调用的配置，而不是没有配置。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let mut found = Vec::new();
    for (id, service) in cx.containers() {
        for (index, item) in service.value.get("security_opt").map_or(&[][..], |v| v.items()).iter().enumerate() {
            let Some(text) = item.str().filter(|_| !item.uncertain()) else { continue };
            let Some(what) = off(text) else { continue };
            let place = Place { span: item.span, path: service.path(&format!("security_opt.{index}")) };
            found.push((id, place, (what, item.at)));
        }
    }
    for held in Cx::by_place(found) {
        let who = cx.listed(&held.services);
        let (what, at) = held.what;
        let message = text!("{what} does not protect the host from ", "{what} 不再保护宿主机：").and(&who);
        let mut finding = cx.held(&held, message);
        let first = held.services.first().and_then(|id| cx.service(*id));
        let item = first.and_then(|s| Some((s, s.value.get("security_opt")?.items().iter().find(|i| i.at == at)?)));
        if let Some((service, item)) = item {
            let description = text!("go back to the default profile", "恢复默认配置");
            Cx::plan(&mut finding, take_item(cx.desk(), service, "security_opt", item, description));
        }
        cx.report(finding);
    }
}

/// What an option switches off.
fn off(option: &str) -> Option<&'static str> {
    let (name, value) = option.split_once(['=', ':'])?;
    match (name.trim(), value.trim()) {
        ("seccomp", "unconfined") => Some("seccomp"),
        ("apparmor", "unconfined") => Some("AppArmor"),
        ("label", "disable") => Some("SELinux"),
        ("systempaths", "unconfined") => Some("`/proc`"),
        _ => None,
    }
}
