use crate::compose::ServiceId;
use crate::diag::{Category, Severity};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "healthcheck-missing",
    category: Category::Hardening,
    set: RuleSet::Hardening,
    causes: &[],
    severity: Severity::Info,
    fix: FixKind::Never,
    since: "0.1.0",
    title: Words { en: "Services of which nobody knows whether they work", zh: "不知道是否正常的服务" },
    doc: Words {
        en: "\
Without a `healthcheck` a container counts as running as long as its process lives: a server that hangs is never noticed, and others can't wait for it
(`condition: service_healthy`). An image may bring one of its own: `docker inspect --format '{{.Config.Healthcheck}}' IMAGE`.

One finding for all services that go without; jobs that end are not among them.",
        zh: "\
没有 `healthcheck`，只要进程还在，容器就算正常：卡死的服务没人发现，别的服务也没法等它（`condition: service_healthy`）。镜像可能自带一个，用 `docker inspect --format '{{.Config.Healthcheck}}' 镜像` 查看。

所有没写的服务合在一条里报告；跑完就结束的任务不算。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let lacking: Vec<ServiceId> =
        cx.containers().filter(|(id, s)| s.healthcheck.is_none() && !cx.ends(*id)).map(|(id, _)| id).collect();
    let message = text!("the Compose file has no healthcheck for ", "Compose 文件里没有健康检查：");
    let Some((mut finding, _)) = cx.absent(&lacking, "healthcheck", &message) else { return };
    finding.label = text!("a server that hangs counts as running", "卡死了也算正常");
    finding.help.push(text!(
        "an image may have one: docker inspect --format '{{{{.Config.Healthcheck}}}}' IMAGE",
        "镜像可能自带：docker inspect --format '{{{{.Config.Healthcheck}}}}' IMAGE"
    ));
    cx.report(finding);
}
