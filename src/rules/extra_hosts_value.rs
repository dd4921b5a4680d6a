use crate::diag::{Applicability, Category, Fix, Severity, Strategy};
use crate::network::{Blocked, valid_address};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "extra-hosts-value",
    category: Category::Reach,
    set: RuleSet::Default,
    causes: &["missing-host-gateway"],
    severity: Severity::Error,
    fix: FixKind::Sometimes,
    since: "0.1.0",
    title: Words {
        en: "An extra_hosts entry has an address that the engine refuses",
        zh: "extra_hosts 里的地址会被引擎拒绝",
    },
    doc: Words {
        en: "\
Behind the name stands an IP address or the word `host-gateway`, with no blank in between. `docker compose config` accepts anything; `up`
then fails with `invalid IP address in add-host`, and the container is not made. Usual slips: `\"host.docker.internal: host-gateway\"` (a blank),
`hostgateway`, `host_gateway`, `gateway`.",
        zh: "\
名字后面要写 IP 地址或 `host-gateway` 这个词，中间不能有空格。`docker compose config` 什么都接受，但 `up` 会报 `invalid IP address in add-host`，容器建不出来。
常见的笔误：`\"host.docker.internal: host-gateway\"`（多了空格）、`hostgateway`、`host_gateway`、`gateway`。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let mut seen = Vec::new();
    for (id, node) in cx.survey.net.nodes.iter().enumerate() {
        let (Some(Blocked::ExtraHost { .. }), Some(service)) = (&node.blocked, cx.service(id)) else { continue };
        for entry in service.extra_hosts.iter().filter(|e| !e.uncertain && !valid_address(&e.address)) {
            if seen.contains(&entry.span) {
                continue;
            }
            seen.push(entry.span);
            let text = &entry.address;
            let sharing = cx.project().services.iter().filter(|s| s.extra_hosts.iter().any(|e| e.span == entry.span));
            let names: Vec<String> = sharing.clone().map(|s| format!("`{}`", s.name)).collect();
            let (names, names_zh) = (names.join(", "), names.join("、"));
            let message = text!(
                "{names} can't start: `{text}` is no address for extra_hosts",
                "{names_zh} 启动不了：`{text}` 不是 extra_hosts 能用的地址"
            );
            let mut finding = cx.finding(entry.span, service.path(&format!("extra_hosts.{}", entry.index)), message);
            finding.label = text!(
                "the engine says `invalid IP address in add-host: \"{text}\"`",
                "引擎会报 `invalid IP address in add-host: \"{text}\"`"
            );
            finding.cause = Some("missing-host-gateway");
            finding.services = sharing.clone().map(|s| s.name.to_string()).collect();
            if let Some(right) = meant(text) {
                finding.help.push(text!("write {right}", "改成 {right}"));
                let span = entry.address_span.unwrap_or(entry.span);
                match cx.desk().replace(span, &right) {
                    Ok(edit) => {
                        let mut fix =
                            Fix::new(Strategy::Repair, Applicability::Safe, text!("write {right}", "改成 {right}"));
                        fix.edits.push(edit);
                        fix.changes = sharing.map(|s| s.path("extra_hosts")).collect();
                        finding.fixes.push(fix);
                    }
                    Err(reason) => finding.refusals.push((Strategy::Repair, reason)),
                }
            } else {
                finding.help.push(text!(
                    "write an IP address, or host-gateway for the host: names are not looked up here",
                    "写 IP 地址；要指宿主机就写 host-gateway：这里不会去解析名字"
                ));
            }
            cx.report(finding);
        }
    }
}

/// The address that a slip stands for.
fn meant(text: &str) -> Option<String> {
    let trimmed = text.trim();
    if trimmed != text && valid_address(trimmed) {
        return Some(trimmed.to_owned());
    }
    let letters: String = trimmed.to_ascii_lowercase().chars().filter(char::is_ascii_alphabetic).collect();
    let near =
        strsim::damerau_levenshtein(&letters, "hostgateway") <= 2 || letters == "gateway" || letters == "dockerhost";
    near.then(|| "host-gateway".to_owned())
}
