use crate::diag::{Category, Severity};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "restart-without-limit",
    category: Category::Hardening,
    set: RuleSet::Hardening,
    causes: &[],
    severity: Severity::Info,
    fix: FixKind::Never,
    since: "0.1.0",
    title: Words { en: "A service that is restarted for ever", zh: "无限次重启的服务" },
    doc: Words {
        en: "\
`restart: on-failure` tries again without end, so a program that can't start, for a wrong password say, goes round and round, fills the log and takes the processor.
With `on-failure:5` it stops after the fifth time and is seen as down. In `deploy.restart_policy` it is `max_attempts: 5`.

`unless-stopped` and `always` have no count, and are meant for servers that shall come back whatever happens.",
        zh: "\
`restart: on-failure` 会没完没了地重试：启动不了的程序（比如密码错了）一圈一圈地转，写满日志，占着 CPU。写 `on-failure:5`，第五次之后就停下，一眼能看出它挂了。`deploy.restart_policy` 里是 `max_attempts: 5`。

`unless-stopped`、`always` 没有次数，本来就是给无论如何都要回来的服务用的。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let mut found = Vec::new();
    for (id, service) in cx.containers() {
        if let Some(value) = service.value.get("restart").filter(|v| v.str() == Some("on-failure") && !v.uncertain()) {
            found.push((id, cx.place(value, service.path("restart")), ()));
        }
        let policy = service.value.get("deploy").and_then(|d| d.get("restart_policy"));
        let failing = policy.and_then(|p| p.get("condition")).filter(|c| c.str() == Some("on-failure") && !c.uncertain());
        if let Some(value) = failing.filter(|_| policy.is_some_and(|p| p.get("max_attempts").is_none())) {
            found.push((id, cx.place(value, service.path("deploy.restart_policy.condition")), ()));
        }
    }
    for held in Cx::by_place(found) {
        let message = text!(
            "there is no end to the attempts to start ",
            "会没完没了地重试："
        )
        .and(&cx.listed(&held.services));
        let mut finding = cx.held(&held, message);
        finding.help.push(text!(
            "on-failure:5, or max_attempts: 5 in deploy.restart_policy",
            "on-failure:5，或者在 deploy.restart_policy 里写 max_attempts: 5"
        ));
        cx.report(finding);
    }
}
