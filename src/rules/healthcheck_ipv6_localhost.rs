use crate::compose::{Data, Service, V};
use crate::diag::{Applicability, Category, Fix, Severity, Strategy};
use crate::network::Node;
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "healthcheck-ipv6-localhost",
    category: Category::Start,
    set: RuleSet::Default,
    causes: &["healthcheck-ipv6-localhost"],
    severity: Severity::Warning,
    fix: FixKind::Sometimes,
    since: "0.1.0",
    title: Words { en: "A health check uses busybox wget with localhost", zh: "健康检查用 busybox 的 wget 访问 localhost" },
    doc: Words {
        en: "\
In Alpine images `wget` is busybox's. It takes the first address of `localhost`, which is `::1` on current engines, and does not try `127.0.0.1` after it. A
server that listens on IPv4 only is refused, and the container stays `unhealthy` although it works. Write `127.0.0.1`. curl and GNU wget try both.

Flagged where the image is known or named to be Alpine and the server is not known to listen on IPv6.",
        zh: "\
Alpine 镜像里的 `wget` 是 busybox 的。它只用 `localhost` 的第一个地址，在现在的引擎上是 `::1`，失败后不会再试 `127.0.0.1`。只监听 IPv4 的服务就会被拒绝，容器一直是 `unhealthy`，其实服务是好的。应写 `127.0.0.1`。
curl 和 GNU wget 两个地址都会试。

镜像确知或从名字看是 Alpine、并且不知道服务监听 IPv6 时才报。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let mut seen = Vec::new();
    for (id, node) in cx.survey.net.nodes.iter().enumerate() {
        let Some(service) = cx.service(id) else { continue };
        let Some(test) = service.healthcheck.as_ref().filter(|h| !h.disabled).and_then(|h| h.test.as_ref()) else {
            continue;
        };
        if !on_alpine(service, node)
            || node.image.is_some_and(|i| i.dual_stack || i.kind == Some(crate::catalog::ImageKind::Proxy))
        {
            continue;
        }
        let script = test.words.join(" ");
        if !uses_wget(&script) || script.contains("curl") {
            continue;
        }
        for text in &test.texts {
            let Some(at) = text.text().find("://localhost") else { continue };
            let range = at + 3..at + 3 + "localhost".len();
            let Some(span) = text.sourced.first(range.clone()) else { continue };
            // A health check that services share is one finding.
            if seen.contains(&span) {
                break;
            }
            seen.push(span);
            let shared = sharing(cx, span);
            let names: Vec<String> = shared.iter().map(|s| s.name.to_string()).collect();
            let quoted: Vec<String> = names.iter().map(|n| format!("`{n}`")).collect();
            let (name, name_zh) = (quoted.join(", "), quoted.join("、"));
            let message = text!(
                "the health check of {name} may be refused: busybox wget takes ::1 for localhost and tries nothing else",
                "{name_zh} 的健康检查可能会被拒绝：busybox 的 wget 把 localhost 当作 ::1，失败后不再试别的"
            );
            let mut finding = cx.finding(span, service.path("healthcheck.test"), message);
            finding.label = text!("write 127.0.0.1", "改成 127.0.0.1");
            finding.cause = Some("healthcheck-ipv6-localhost");
            finding.services = names;
            if let Some(span) = text.sourced.exact(range) {
                let plan = cx.desk().replace(span, "127.0.0.1").map(|edit| {
                    let mut fix =
                        Fix::new(Strategy::Repair, Applicability::Unsafe, text!("write 127.0.0.1", "改成 127.0.0.1"));
                    fix.edits.push(edit);
                    fix.changes = shared.iter().map(|s| s.path("healthcheck")).collect();
                    fix
                });
                Cx::plan(&mut finding, plan);
            }
            cx.report(finding);
            break;
        }
    }
}

/// Services whose health check the bytes belong to.
fn sharing<'a>(cx: &Cx<'a>, span: crate::source::Span) -> Vec<&'a Service> {
    let uses = |s: &&Service| {
        s.healthcheck.as_ref().and_then(|h| h.test.as_ref()).is_some_and(|t| {
            t.texts.iter().any(|x| x.sourced.pieces.iter().any(|p| p.span.is_some_and(|s| s.touches(span))))
        })
    };
    cx.project().services.iter().filter(uses).collect()
}

fn uses_wget(script: &str) -> bool {
    script.split(|c: char| !c.is_alphanumeric()).any(|w| w == "wget")
}

fn on_alpine(service: &Service, node: &Node) -> bool {
    let alpine = |text: &str| text.split(['-', '_', ':', '/', '.']).any(|w| w == "alpine" || w == "busybox");
    node.image.is_some_and(|i| i.busybox)
        || node.tag.as_deref().is_some_and(alpine)
        || service.image_text().is_some_and(alpine)
        || service.value.get("build").is_some_and(from_alpine)
}

/// Whether the last stage of an inline Dockerfile starts from Alpine.
fn from_alpine(build: &V) -> bool {
    let Some(Data::Str(text)) = build.get("dockerfile_inline").map(|v| &v.data) else { return false };
    let last = text.text().lines().rev().find(|l| l.trim_start().to_ascii_uppercase().starts_with("FROM "));
    last.is_some_and(|l| l.contains("alpine") || l.contains("busybox"))
}
