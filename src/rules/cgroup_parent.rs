use crate::diag::{Category, Severity};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "cgroup-parent",
    category: Category::Hardening,
    set: RuleSet::Hardening,
    causes: &[],
    severity: Severity::Info,
    fix: FixKind::Never,
    since: "0.1.0",
    title: Words { en: "A container under a resource group of its own choice", zh: "容器放进了自选的资源组" },
    doc: Words {
        en: "\
`cgroup_parent` puts a container under another group of the host: the limits that the administrator has set for Docker don't hold for it, and it shares those of
whatever else is in the group. Leave it out, and give the service limits of its own (`mem_limit`, `cpus`), unless somebody runs that group.",
        zh: "\
`cgroup_parent` 把容器放进宿主机的另一个资源组：管理员给 Docker 设的上限管不到它，它还要和那个组里的其他东西共用上限。除非那个组有人管，否则去掉它，给服务单独设上限（`mem_limit`、`cpus`）。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let mut found = Vec::new();
    for (id, service) in cx.containers() {
        let Some(value) = service.value.get("cgroup_parent").filter(|v| !v.uncertain()) else { continue };
        let group = value.shown().unwrap_or_default();
        if !group.is_empty() {
            found.push((id, cx.place(value, service.path("cgroup_parent")), group));
        }
    }
    for held in Cx::by_place(found) {
        let group = &held.what;
        let message = text!(
            "the limits of the group `{group}` hold, not Docker's, for ",
            "受资源组 `{group}` 的上限约束，而不是 Docker 的："
        )
        .and(&cx.listed(&held.services));
        let finding = cx.held(&held, message);
        cx.report(finding);
    }
}
