use crate::diag::{Category, Severity};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "host-namespace",
    category: Category::Hardening,
    set: RuleSet::Hardening,
    causes: &[],
    severity: Severity::Warning,
    fix: FixKind::Never,
    since: "0.1.0",
    title: Words { en: "A namespace that is the host's own", zh: "和宿主机共用命名空间" },
    doc: Words {
        en: "\
With `pid: host` a container sees every process of the host, its arguments, and often its environment with the secrets in it, and may stop it; with `ipc: host` it
reads the shared memory of the host's programs. `uts`, `userns_mode` and `cgroup` give away less: the host's name, the user mapping that an administrator may
have set up, the view of the host's resource groups.

For PyTorch's data loaders `shm_size: 8gb` does what `ipc: host` is used for.",
        zh: "\
用 `pid: host`，容器能看到宿主机的每个进程、它的参数，常常还有带着密钥的环境变量，还可以杀掉它；用 `ipc: host`，它能读宿主机程序的共享内存。`uts`、`userns_mode`、`cgroup` 给出的少一些：宿主机名、管理员设置的用户映射、
宿主机的资源组视图。

PyTorch 的 data loader 用 `shm_size: 8gb` 就够了，不需要 `ipc: host`。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let mut found = Vec::new();
    for (id, service) in cx.containers() {
        for key in ["pid", "ipc", "uts", "userns_mode", "cgroup"] {
            let Some(value) = service.value.get(key).filter(|v| v.str() == Some("host") && !v.uncertain()) else { continue };
            found.push((id, cx.place(value, service.path(key)), key));
        }
    }
    for held in Cx::by_place(found) {
        let who = cx.listed(&held.services);
        let (severity, message) = match held.what {
            "pid" => (Severity::Warning, text!(
                "every process of the host is open to ",
                "宿主机的每个进程都开放给 "
            )),
            "ipc" => (Severity::Warning, text!(
                "the shared memory of the host's programs is open to ",
                "宿主机程序的共享内存开放给 "
            )),
            "uts" => (Severity::Info, text!("the host's name is shared with ", "和宿主机共用主机名：")),
            "userns_mode" => (Severity::Info, text!(
                "root is the host's root, whatever the engine maps, in ",
                "不管引擎怎么映射，root 就是宿主机的 root："
            )),
            _ => (Severity::Info, text!("the host's resource groups are shown to ", "能看到宿主机的资源组：")),
        };
        let mut finding = cx.held(&held, message.and(&who));
        finding.severity = severity;
        if held.what == "ipc" {
            finding.help.push(text!(
                "for more shared memory: shm_size: 8gb; between two services: ipc: shareable and ipc: service:NAME",
                "要更多共享内存：shm_size: 8gb；两个服务之间共用：ipc: shareable 加 ipc: service:NAME"
            ));
        }
        if held.what == "pid" {
            finding.help.push(text!(
                "to look at one service's processes: pid: service:NAME",
                "只看某个服务的进程：pid: service:NAME"
            ));
        }
        cx.report(finding);
    }
}
