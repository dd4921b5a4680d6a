use crate::catalog::{Reach, Sort, privilege};
use crate::compose::V;
use crate::diag::{Place, Text};
use crate::rule::severity;
use crate::diag::{Category, Severity};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "dangerous-device",
    category: Category::Hardening,
    set: RuleSet::Hardening,
    causes: &[],
    severity: Severity::Error,
    fix: FixKind::Never,
    since: "0.1.0",
    title: Words { en: "A disk or another device of the host in a container", zh: "把宿主机的硬盘等设备给了容器" },
    doc: Words {
        en: "\
A disk in `devices` is the host's files without their permissions: whoever can read `/dev/sda` reads `/etc/shadow` and all keys, whoever can write it owns the host.
`device_cgroup_rules` with `b` or `a` opens the same devices to a node that the container makes for itself. Monitors of disks (`smartctl`) need `r` and
`SYS_RAWIO`, not `rwm`.

GPUs (`/dev/dri`, `/dev/nvidia0`), serial ports, `/dev/net/tun` and `/dev/kvm` are left alone.",
        zh: "\
写进 `devices` 的硬盘就是没有权限控制的宿主机文件：能读 `/dev/sda`，就能读 `/etc/shadow` 和所有密钥；能写，宿主机就是他的。`device_cgroup_rules` 里的 `b`、`a` 也一样，容器自己建个节点就能打开这些设备。
监控硬盘（`smartctl`）需要 `r` 加 `SYS_RAWIO`，不需要 `rwm`。

GPU（`/dev/dri`、`/dev/nvidia0`）、串口、`/dev/net/tun`、`/dev/kvm` 不报。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let mut found = Vec::new();
    for (id, service) in cx.containers() {
        for key in ["devices", "device_cgroup_rules"] {
            for (index, item) in service.value.get(key).map_or(&[][..], |v| v.items()).iter().enumerate() {
                let told = if key == "devices" { mapped(item) } else { allowed(item) };
                let place = Place { span: item.span, path: service.path(&format!("{key}.{index}")) };
                found.extend(told.map(|told| (id, place, told)));
            }
        }
    }
    for held in Cx::by_place(found) {
        let (name, reach, (en, zh)) = &held.what;
        let message = text!(
            "`{name}` is handed to ",
            "`{name}` 交给了 "
        )
        .and(&cx.listed(&held.services));
        let mut finding = cx.held(&held, message);
        finding.severity = severity(*reach);
        finding.label = Text::new(*en, *zh);
        cx.report(finding);
    }
}

type Told = (String, Reach, (&'static str, &'static str));

/// `HOST[:CONTAINER[:PERMISSIONS]]`, or the long form.
fn mapped(item: &V) -> Option<Told> {
    if item.uncertain() {
        return None;
    }
    let (source, permissions) = match item.str() {
        Some(text) => {
            let mut parts = text.split(':');
            (parts.next()?, parts.nth(1))
        }
        None => (item.get("source")?.str()?, item.get("permissions").and_then(|p| p.str())),
    };
    let permissions = permissions.filter(|p| !p.is_empty()).unwrap_or("rwm");
    let source = format!("/{}", source.split('/').filter(|s| !s.is_empty() && *s != ".").collect::<Vec<_>>().join("/"));
    let power = privilege(Sort::Device, &source)?;
    let reach = if permissions.contains(['w', 'W']) {
        power.written
    } else if permissions.contains('r') {
        power.read
    } else {
        None
    };
    Some((source, reach?, power.gives))
}

/// `TYPE MAJOR:MINOR ACCESS` that opens every device, or every disk, or the kernel's log. Source: a container may make device
/// nodes by default (MKNOD), so that the rule is all that keeps it from them.
fn allowed(item: &V) -> Option<Told> {
    let text = item.str().filter(|_| !item.uncertain())?;
    let mut words = text.split_whitespace();
    let (kind, numbers, access) = (words.next()?, words.next()?, words.next()?);
    if !access.contains(['r', 'w']) {
        return None;
    }
    let (major, minor) = numbers.split_once(':')?;
    let fits = |a: &str, b: &str| (major == a || major == "*") && (minor == b || minor == "*");
    let gives = match kind {
        "a" => ("every device of the host, its disks among them", "宿主机的所有设备，包括硬盘"),
        "b" => ("disks of the host, below their file systems' permissions", "宿主机的硬盘，绕过文件系统的权限"),
        "c" if fits("1", "11") => ("the host's kernel log", "宿主机的内核日志"),
        "c" if fits("10", "237") => ("the host's loop devices: any file as a disk", "宿主机的 loop 设备：可以把任意文件当硬盘"),
        _ => return None,
    };
    Some((text.to_owned(), if kind == "c" { Reach::Beyond } else { Reach::Host }, gives))
}
