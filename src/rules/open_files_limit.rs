use crate::compose::{Data, V};
use crate::diag::{Category, Severity};
use crate::remedy;
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "open-files-limit",
    category: Category::Start,
    set: RuleSet::Default,
    causes: &["file-descriptors"],
    severity: Severity::Error,
    fix: FixKind::Sometimes,
    since: "0.1.0",
    title: Words { en: "A limit of open files under which nothing starts", zh: "打开文件数的上限设得起不来" },
    doc: Words {
        en: "\
`ulimits.nofile` says how many files and connections a process may have open: `soft` counts, and it may raise that itself up to `hard`. Compose takes any numbers. The
engine can't start a container whose `soft` is over `hard`, nor one with -1, as the kernel knows no unlimited number of files: `error setting rlimit type 7`.

Elasticsearch and OpenSearch look at it when they start and stop below 65535: `max file descriptors [4096] for elasticsearch process is too low, increase to at least
[65535]`, exit status 78. With `discovery.type=single-node` they only warn. Without the key the engine's own limit counts, which is high enough as it comes.

Flagged for what the engine refuses, and for images that are known to look.",
        zh: "\
`ulimits.nofile` 限制一个进程能打开多少文件和连接：生效的是 `soft`，进程自己最多可以提高到 `hard`。Compose 什么数都收；但 `soft` 大于 `hard`，或者写成 -1，引擎就启动不了容器，因为内核没有“不限”打开文件数
这回事：`error setting rlimit type 7`。

Elasticsearch 和 OpenSearch 启动时会检查，低于 65535 就退出：`max file descriptors [4096] for elasticsearch process is too low, increase to at least [65535]`，退出码 78。设了
`discovery.type=single-node` 时只告警。不写这一项就用引擎自己的上限，默认足够大。

只对引擎会拒绝的值、以及确知会检查的镜像才报。",
    },
    check,
};

/// What the kernel allows at the most as it comes. Source: the manual page `proc_sys_fs`, `nr_open`.
const MOST: &str = "1048576";

fn check(cx: &mut Cx<'_>) {
    for (id, node) in cx.survey.net.nodes.iter().enumerate() {
        let Some(service) = cx.service(id).filter(|s| s.active) else { continue };
        let Some(said) = service.value.get("ulimits").and_then(|u| u.get("nofile")) else { continue };
        let limit = |key: &str| said.get(key).or(said.map().is_none().then_some(said)).and_then(|v| Some((v, number(v)?)));
        let (Some((soft, low)), Some((hard, high))) = (limit("soft"), limit("hard")) else { continue };
        let name = &service.name;
        let least = node.image.filter(|_| !service.builds).and_then(|image| image.open_files).map_or(0, i128::from);
        let unlimited = low == i128::MAX || high == i128::MAX;
        let (severity, message, answer) = if unlimited {
            let message =
                text!("`{name}` does not start: `nofile` can't be unlimited", "`{name}` 起不来：`nofile` 不能设成不限");
            (Severity::Error, message, "error setting rlimit type 7".to_owned())
        } else if low > high {
            let message = text!(
                "`{name}` does not start: `nofile` has a soft limit over its hard one",
                "`{name}` 起不来：`nofile` 的 soft 比 hard 还大"
            );
            (Severity::Error, message, "error setting rlimit type 7: invalid argument".to_owned())
        } else if high < least {
            let answer = format!("max file descriptors [{high}] ... is too low, increase to at least [{least}]");
            // A cluster of one only warns.
            let one = ["discovery.type", "DISCOVERY_TYPE"].iter().any(|key| service.env_text(key) == Some("single-node"));
            let message = if one {
                text!(
                    "`{name}` may have {high} files open, and asks for {least}",
                    "`{name}` 最多只能打开 {high} 个文件，而它希望有 {least}"
                )
            } else {
                text!(
                    "`{name}` stops as it starts: it may have {high} files open, and asks for {least}",
                    "`{name}` 一启动就退出：它最多只能打开 {high} 个文件，而它要求 {least}"
                )
            };
            (if one { Severity::Info } else { Severity::Warning }, message, answer)
        } else {
            continue;
        };
        // The one that has to change.
        let (value, key) = if low == i128::MAX && high != low { (soft, "soft") } else { (hard, "hard") };
        let wanted = match (low, high) {
            (_, i128::MAX) => MOST,
            (i128::MAX, _) => &high.to_string(),
            _ if low > high => &low.to_string(),
            _ => "65536",
        };
        let path = if said.map().is_some() { vec!["ulimits", "nofile", key] } else { vec!["ulimits", "nofile"] };
        let place = cx.place(value, service.path(&path.join(".")));
        let mut finding = cx.finding(place.span, place.path, message);
        finding.severity = severity;
        finding.cause = Some("file-descriptors");
        finding.services = vec![name.to_string()];
        finding.label = text!("`{answer}`", "`{answer}`");
        let description = text!("write {wanted}", "改成 {wanted}");
        finding.help.push(description.clone());
        Cx::plan(&mut finding, remedy::say(cx.desk(), &[id], &path, wanted, description));
        cx.report(finding);
    }
}

/// A limit as it is written, -1 for none; `None` where it is not known.
fn number(value: &V) -> Option<i128> {
    let written = match &value.data {
        Data::Int(number) => *number,
        Data::Str(text) if !text.uncertain => text.text().parse().ok()?,
        _ => return None,
    };
    Some(if written == -1 { i128::MAX } else { written })
}
