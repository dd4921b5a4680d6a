use crate::compose::{Configured, ExtraHost};
use crate::diag::{Category, Place, Related, Severity};
use crate::mounted::Lookup;
use crate::network::{HOST_ALIASES, Judged, Platform, Reached, Verdict, edges};
use crate::remedy;
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "nginx-resolver",
    category: Category::Reach,
    set: RuleSet::Default,
    causes: &["nginx-resolver"],
    severity: Severity::Error,
    fix: FixKind::Sometimes,
    since: "0.1.0",
    title: Words { en: "nginx has nobody to ask for a name", zh: "nginx 没有可用的 DNS 来解析名字" },
    doc: Words {
        en: "\
With a variable in `proxy_pass` nginx looks the name up at each request, and asks only the servers that `resolver` names: neither `/etc/resolv.conf` nor
`/etc/hosts`. Without a `resolver` it answers every request with 502 and logs `no resolver defined to resolve NAME`. What only `/etc/hosts` knows, `localhost` and the names of `extra_hosts`, stays unknown whoever is asked. A public one, such as 8.8.8.8, does not know
the services of a Compose project: `NAME could not be resolved`. The engine's own DNS knows both:

    resolver 127.0.0.11 valid=10s ipv6=off;

Flagged where all files of nginx are there to be read, and the variable has one value in its file.",
        zh: "\
`proxy_pass` 里用了变量，nginx 就在每次请求时解析名字，而且只问 `resolver` 写的服务器，既不看 `/etc/resolv.conf`，也不看 `/etc/hosts`。没写 `resolver`，每个请求都返回 502，日志里是
`no resolver defined to resolve 名字`。只在 `/etc/hosts` 里的名字（`localhost`、`extra_hosts` 里写的）问谁都解析不了。写的是公共 DNS（比如 8.8.8.8），它不认识 Compose 项目里的服务：`名字 could not be resolved`。引擎自带的 DNS 两种名字都认识：

    resolver 127.0.0.11 valid=10s ipv6=off;

只在 nginx 的配置文件都读得到、变量在文件里只有一个值时才报。",
    },
    check,
};

/// Public servers that people write there. Source: their own pages (Google, Cloudflare, Quad9, 114DNS, Alibaba, Tencent).
const PUBLIC: [&str; 9] = [
    "8.8.8.8", "8.8.4.4", "1.1.1.1", "1.0.0.1", "9.9.9.9", "114.114.114.114", "223.5.5.5", "223.6.6.6", "119.29.29.29",
];

fn check(cx: &mut Cx<'_>) {
    let mut left = edges(cx.survey, |judged| asks(cx, judged).is_some());
    while let Some(edge) = left.first() {
        // A file is one mistake.
        let (file, wrong) = (edge.origin.map(|s| s.file), asks(cx, edge.first()));
        let same = |e: &crate::network::Edge<'_>| e.origin.map(|s| s.file) == file && asks(cx, e.first()) == wrong;
        let (here, others): (Vec<_>, Vec<_>) = left.into_iter().partition(same);
        left = others;
        let (Some((edge, more)), Some(wrong)) = (here.split_first(), wrong) else { break };
        let host = &edge.first().endpoint.address.host;
        let message = match wrong {
            Asked::Nobody => text!(
                "nginx answers 502 to every request: nothing says whom to ask for `{host}`",
                "nginx 对每个请求都返回 502：没有写向谁解析 `{host}`"
            ),
            Asked::NotHosts => text!(
                "nginx answers 502 to every request: it asks a DNS server for `{host}`, which only /etc/hosts knows",
                "nginx 对每个请求都返回 502：它向 DNS 解析 `{host}`，而这个名字只在 /etc/hosts 里"
            ),
            Asked::Public(server) => text!(
                "nginx answers 502 to every request: {server} does not know the service `{host}`",
                "nginx 对每个请求都返回 502：{server} 不认识服务 `{host}`"
            ),
        };
        let label = match wrong {
            Asked::Nobody => text!("`no resolver defined to resolve {host}`", "`no resolver defined to resolve {host}`"),
            Asked::NotHosts | Asked::Public(_) => text!("`{host} could not be resolved`", "`{host} could not be resolved`"),
        };
        let mut finding = cx.edge(edge, message, label);
        finding.cause = Some("nginx-resolver");
        for later in more {
            let Some(span) = later.origin else { continue };
            let place = Place { span, path: cx.path_of(later.first(), span) };
            finding.related.push(Related { place, service: None, message: text!("and here", "还有这里") });
        }
        if wrong == Asked::NotHosts {
            if HOST_ALIASES.contains(&host.as_str()) && cx.facts().platform != Platform::Linux {
                finding.severity = Severity::Warning;
            }
            let address = Cx::shown(edge.first());
            finding.help.push(text!(
                "without a variable nginx reads /etc/hosts: proxy_pass {address};",
                "不用变量时 nginx 会看 /etc/hosts：proxy_pass {address};"
            ));
        } else {
            let resolver = remedy::RESOLVER;
            finding.help.push(text!("write {resolver}", "写上 {resolver}"));
        }
        if wrong == Asked::Nobody {
            let judged = here.iter().flat_map(|e| &e.judged);
            let directives: Vec<&Configured> = judged.filter_map(|j| Some(cx.directive(j)?.1)).collect();
            Cx::plan(&mut finding, remedy::give_resolver(cx.desk(), &directives));
        }
        cx.report(finding);
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked<'a> {
    Nobody,
    /// A DNS server, for a name that stands in `/etc/hosts` alone.
    NotHosts,
    /// A server that knows public names alone.
    Public(&'a str),
}

/// Whom nginx asks in vain.
fn asks<'a>(cx: &Cx<'a>, judged: &Judged) -> Option<Asked<'a>> {
    let (service, one) = cx.directive(judged)?;
    let each = one.setting.directive.is_some_and(|d| d.lookup == Lookup::EachRequest);
    let host = judged.endpoint.address.host.as_str();
    if !each || judged.verdict == Verdict::Dns || host.parse::<std::net::IpAddr>().is_ok() {
        return None;
    }
    let known = |e: &ExtraHost| e.name.eq_ignore_ascii_case(host);
    if host == "localhost" || service.extra_hosts.iter().any(known) {
        // The DNS of other engines may know the host's names.
        let told = HOST_ALIASES.contains(&host) && !cx.facts().platform.is_linux();
        return (!told).then_some(Asked::NotHosts);
    }
    let beside = |name: &'static str| one.setting.beside.iter().filter(move |(key, _)| &**key == name).map(|(_, text)| &**text);
    if let Some(servers) = beside("resolver").next() {
        let mut addresses = servers.split_whitespace().filter(|word| !word.contains('='));
        let first = addresses.next()?;
        let public = std::iter::once(first).chain(addresses).all(|server| PUBLIC.contains(&server));
        let service = matches!(judged.reached, Some(Reached::Service { .. }));
        return (public && service).then_some(Asked::Public(first));
    }
    // Another file may bring one.
    let harmless = |file: &str| ["mime.types", "_params", "conf.d/*.conf"].iter().any(|known| file.ends_with(known));
    beside("include").all(harmless).then_some(Asked::Nobody)
}
