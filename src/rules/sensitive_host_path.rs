use crate::catalog::{Sort, privilege};
use crate::diag::Text;
use crate::rule::severity;
use crate::diag::{Category, Severity};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "sensitive-host-path",
    category: Category::Hardening,
    set: RuleSet::Hardening,
    causes: &[],
    severity: Severity::Warning,
    fix: FixKind::Never,
    since: "0.1.0",
    title: Words { en: "A path of the host that gives it away", zh: "挂载了宿主机的要害路径" },
    doc: Words {
        en: "\
Who can write `/`, `/etc`, `/root`, `/usr/bin` or another container's files under `/var/lib/docker` runs what he likes as root on the host: a scheduled job, a
login key, a changed program (an error). Read-only, most of them still give away password hashes, keys and other people's data (a warning); monitoring mounts
`/proc` and `/sys` that way, which is only noted.

Mount the one file or folder that the program needs, with `:ro`. The time zone, `/dev/null` and paths beside the Compose file are left alone.",
        zh: "\
能写 `/`、`/etc`、`/root`、`/usr/bin`，或者 `/var/lib/docker` 下面别的容器的文件，就能在宿主机上以 root 运行任何东西：定时任务、登录密钥、改过的程序（报错误）。只读挂载，多数仍然会泄露密码哈希、密钥和别人的数据（报警告）；
监控程序就是这样挂载 `/proc` 和 `/sys` 的，只作提示。

只挂载程序需要的那个文件或目录，并加上 `:ro`。时区、`/dev/null`、Compose 文件旁边的路径不报。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let mut found = Vec::new();
    for (id, service) in cx.containers() {
        for bind in service.binds(cx.project()) {
            // Sockets, and folders that hold one, have a rule of their own.
            if privilege(Sort::Socket, &bind.source).or_else(|| privilege(Sort::Folder, &bind.source)).is_some() {
                continue;
            }
            let Some(power) = privilege(Sort::Path, &bind.source) else { continue };
            let Some(reach) = (if bind.read_only { power.read } else { power.written }) else { continue };
            found.push((id, bind.place, (bind.source, bind.read_only, reach, power.gives)));
        }
    }
    for held in Cx::by_place(found) {
        let (source, read_only, reach, (en, zh)) = &held.what;
        let who = cx.listed(&held.services);
        let message = if *read_only {
            text!("`{source}` can be read by ", "`{source}` 可以被读取：").and(&who)
        } else {
            text!("`{source}` can be written by ", "`{source}` 可以被写入：").and(&who)
        };
        let mut finding = cx.held(&held, message);
        finding.severity = severity(*reach);
        finding.label = Text::new(*en, *zh);
        if !read_only {
            finding.help.push(text!("mount only what it needs, with `:ro`", "只挂载需要的部分，并加上 `:ro`"));
        }
        cx.report(finding);
    }
}
