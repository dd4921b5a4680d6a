use crate::diag::{Category, Severity};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "privileged",
    category: Category::Hardening,
    set: RuleSet::Hardening,
    causes: &[],
    severity: Severity::Error,
    fix: FixKind::Never,
    since: "0.1.0",
    title: Words { en: "A container without walls", zh: "没有隔离的容器" },
    doc: Words {
        en: "\
`privileged: true` gives a container every device of the host and every capability, and takes seccomp and AppArmor away: it can mount the host's disk and load
code into its kernel. What a program really needs has a name: a device in `devices`, a capability in `cap_add`, a GPU in `deploy.resources.reservations.devices`.
Docker in Docker is the one thing that does not go without; a rootless build (BuildKit, Kaniko, Buildah) mostly takes its place.",
        zh: "\
`privileged: true` 把宿主机的所有设备、所有 capability 都交给容器，还去掉 seccomp 和 AppArmor：它可以挂载宿主机的硬盘，往内核里加载代码。程序真正需要的东西都能单独写明：设备写进 `devices`，
capability 写进 `cap_add`，GPU 写进 `deploy.resources.reservations.devices`。离不开它的只有 Docker in Docker，而多数情况下可以换成 rootless 构建（BuildKit、Kaniko、Buildah）。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let mut found = Vec::new();
    for (id, service) in cx.containers() {
        if let Some(value) = service.value.get("privileged").filter(|v| v.truth() == Some(true) && !v.uncertain()) {
            found.push((id, cx.place(value, service.path("privileged")), ()));
        }
    }
    for held in Cx::by_place(found) {
        let who = cx.listed(&held.services);
        let message = text!("nothing stands between the host and ", "宿主机没有任何东西挡着 ").and(&who);
        let mut finding = cx.held(&held, message);
        finding.label = text!(
            "all devices, all capabilities, no seccomp",
            "所有设备、所有 capability，没有 seccomp"
        );
        finding.help.push(text!(
            "name what it needs: `devices`, `cap_add`; for a GPU `deploy.resources.reservations.devices`",
            "只写它需要的：`devices`、`cap_add`；GPU 用 `deploy.resources.reservations.devices`"
        ));
        cx.report(finding);
    }
}
