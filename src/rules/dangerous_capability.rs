use crate::catalog::{Sort, privilege};
use crate::diag::{Place, Text};
use crate::rule::severity;
use crate::diag::{Category, Severity};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "dangerous-capability",
    category: Category::Hardening,
    set: RuleSet::Hardening,
    causes: &[],
    severity: Severity::Warning,
    fix: FixKind::Never,
    since: "0.1.0",
    title: Words { en: "A capability that reaches beyond the container", zh: "能影响到容器之外的 capability" },
    doc: Words {
        en: "\
Capabilities divide root's power into parts, and some of the parts are the whole. `SYS_ADMIN`, `SYS_MODULE`, `SYS_RAWIO` and `ALL` take over the host with nothing
else (an error). `NET_ADMIN`, `BPF`, `SYS_BOOT`, `PERFMON`, `SYS_TIME` and `SYSLOG` reach beyond the container (a warning); `SYS_PTRACE`, `DAC_READ_SEARCH`,
`SYS_NICE`, `IPC_LOCK` and `LEASE` are worth knowing.

A VPN needs `NET_ADMIN`, Vault `IPC_LOCK`: say so in an ignore comment.",
        zh: "\
capability 把 root 的权力分成小块，而有些小块就等于全部。`SYS_ADMIN`、`SYS_MODULE`、`SYS_RAWIO`、`ALL` 单凭自己就能拿下宿主机（报错误）。`NET_ADMIN`、`BPF`、`SYS_BOOT`、`PERFMON`、`SYS_TIME`、`SYSLOG` 能影响到容器之外（报警告）；
`SYS_PTRACE`、`DAC_READ_SEARCH`、`SYS_NICE`、`IPC_LOCK`、`LEASE` 值得知道。

VPN 需要 `NET_ADMIN`，Vault 需要 `IPC_LOCK`：在 ignore 注释里写明原因即可。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let mut found = Vec::new();
    for (id, service) in cx.containers() {
        for (index, item) in service.value.get("cap_add").map_or(&[][..], |v| v.items()).iter().enumerate() {
            let Some(written) = item.str().filter(|_| !item.uncertain()) else { continue };
            let name = written.trim().to_ascii_uppercase();
            // The engine takes `CAP_` off every name but `ALL`.
            let bare = name.strip_prefix("CAP_").filter(|bare| *bare != "ALL").unwrap_or(&name);
            let Some(power) = privilege(Sort::Capability, bare) else { continue };
            let Some(reach) = power.written else { continue };
            let place = Place { span: item.span, path: service.path(&format!("cap_add.{index}")) };
            found.push((id, place, (bare.to_owned(), reach, power.gives)));
        }
    }
    for held in Cx::by_place(found) {
        let (name, reach, (en, zh)) = &held.what;
        let who = cx.listed(&held.services);
        let message = if name == "ALL" {
            text!(
                "`ALL` gives away every capability of the kernel, as `privileged` does, to ",
                "`ALL` 交出了内核的全部 capability，和 `privileged` 一样："
            )
            .and(&who)
        } else {
            let lets = Text::new(format!("`{name}` lets "), String::new());
            lets.and(&who).and(&Text::new(format!(" {en}"), format!(" 有了 `{name}`，可以{zh}")))
        };
        let mut finding = cx.held(&held, message);
        finding.severity = severity(*reach);
        cx.report(finding);
    }
}
