use crate::compose::{Configured, Service};
use crate::diag::{Category, Place, Related, Severity};
use crate::mounted::Lookup;
use crate::network::{Judged, Reached, Verdict, edges};
use crate::remedy;
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "nginx-stale-dns",
    category: Category::Reach,
    set: RuleSet::Default,
    causes: &["nginx-stale-dns"],
    severity: Severity::Info,
    fix: FixKind::Sometimes,
    since: "0.1.0",
    title: Words { en: "nginx keeps the address that a service had when nginx started", zh: "nginx 一直用它启动时解析到的服务地址" },
    doc: Words {
        en: "\
nginx looks up the names behind `proxy_pass http://NAME` and in an `upstream` once, when it reads the file. When `docker compose up -d` makes several containers
anew, after an update say, they may swap their addresses; nginx then calls the wrong one and answers 502, `connect() failed (111: Connection refused) while
connecting to upstream`, until it is started again: `docker compose restart nginx`. With one container made anew the address mostly stays, so it comes and goes.

A `resolver` alone changes nothing. nginx asks again where a variable is in the address:

    resolver 127.0.0.11 valid=10s ipv6=off;
    set $to_api http://api:5001;
    location / {
        proxy_pass $to_api;
    }

127.0.0.11 is the engine's DNS; without `valid` nginx keeps its answer for ten minutes. With a variable nginx passes on what it was asked for: a path in
`proxy_pass http://api:5001/path/` is then no longer put in the place of the location's, and needs a `rewrite`. From nginx 1.27.3 `server api:5001 resolve;` does it
for an `upstream` with a `zone`.

Not told where `depends_on` has `restart: true` for the service, which lets Compose start nginx again, or the service has a fixed address.",
        zh: "\
`proxy_pass http://名字` 和 `upstream` 里的名字，nginx 只在读取配置时解析一次。`docker compose up -d` 一次重建好几个容器时（比如升级之后），它们的地址可能对调；nginx 还在访问旧地址，于是
一直返回 502：`connect() failed (111: Connection refused) while connecting to upstream`，直到重启它：`docker compose restart nginx`。只重建一个容器时地址多半不变，所以这个问题时有时无。

只写 `resolver` 没有用。地址里有变量，nginx 才会重新解析：

    resolver 127.0.0.11 valid=10s ipv6=off;
    set $to_api http://api:5001;
    location / {
        proxy_pass $to_api;
    }

127.0.0.11 是引擎自带的 DNS；不写 `valid`，nginx 会把结果缓存十分钟。用了变量，nginx 就把请求的路径原样转发：`proxy_pass http://api:5001/path/` 里的路径不再替换 location 的前缀，要另写
`rewrite`。nginx 1.27.3 起，带 `zone` 的 `upstream` 也可以写 `server api:5001 resolve;`。

`depends_on` 里给那个服务写了 `restart: true`（Compose 会连带重启 nginx），或者服务的地址是固定的，就不报。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let mut left = edges(cx.survey, |judged| goes_stale(cx, judged));
    while !left.is_empty() {
        // A file is one decision.
        let file = left.first().and_then(|edge| edge.origin).map(|span| span.file);
        let (here, others): (Vec<_>, Vec<_>) = left.into_iter().partition(|e| e.origin.map(|s| s.file) == file);
        left = others;
        let Some((edge, more)) = here.split_first() else { break };
        let names: Vec<String> = edge.services().iter().map(|id| format!("`{}`", cx.name(*id))).collect();
        let (en, zh) = (names.join(", "), names.join("、"));
        let message = text!(
            "{en} looks its servers up once, at its start: 502 when they get other addresses",
            "{zh} 只在启动时解析一次后端地址：后端换了地址就返回 502"
        );
        let mut finding = cx.edge(edge, message, text!("looked up at the start alone", "只在启动时解析"));
        finding.cause = Some("nginx-stale-dns");
        for later in more {
            let Some(span) = later.origin else { continue };
            let place = Place { span, path: cx.path_of(later.first(), span) };
            finding.related.push(Related { place, service: None, message: text!("and here", "还有这里") });
        }
        let first = edge.services().first().map_or("nginx", |id| cx.name(*id));
        finding.help.push(text!("when it answers 502: docker compose restart {first}", "出现 502 时：docker compose restart {first}"));
        let resolver = remedy::RESOLVER;
        finding.help.push(text!(
            "for good: {resolver} and the address in a variable: set $up http://api:5001; proxy_pass $up;",
            "要一劳永逸：{resolver} 并把地址写进变量：set $up http://api:5001; proxy_pass $up;"
        ));
        let mut directives: Vec<&Configured> = Vec::new();
        for judged in here.iter().flat_map(|e| &e.judged) {
            let Some((_, one)) = cx.directive(judged) else { continue };
            let word = |c: &Configured| c.setting.directive.map(|d| d.word);
            if !directives.iter().any(|known| word(known) == word(one)) {
                directives.push(one);
            }
        }
        Cx::plan(&mut finding, remedy::ask_again(cx.desk(), &directives));
        cx.report(finding);
    }
}

fn goes_stale(cx: &Cx<'_>, judged: &Judged) -> bool {
    let Some((service, one)) = cx.directive(judged) else { return false };
    let (Verdict::Ok, Some(Reached::Service { service: target, .. })) = (judged.verdict, judged.reached) else {
        return false;
    };
    let once = one.setting.directive.is_some_and(|d| d.lookup == Lookup::Once);
    let Some(server) = cx.service(target).filter(|s| once && s.name != service.name) else { return false };
    let host = judged.endpoint.address.host.as_str();
    let numbered = host.parse::<std::net::IpAddr>().is_ok() || host == "localhost";
    let fixed = server.attachments.iter().any(|a| !a.addresses.is_empty());
    !(numbered || fixed || started_again(service, &server.name) || reloads(service))
}

/// Whether Compose starts a service again with another. Source: Compose specification, `depends_on`, `restart`.
fn started_again(service: &Service, other: &str) -> bool {
    let dependency = service.value.get("depends_on").and_then(|d| d.get(other));
    dependency.and_then(|d| d.get("restart")).and_then(|r| r.truth()) == Some(true)
}

/// Whether its command has nginx read its files again from time to time.
fn reloads(service: &Service) -> bool {
    service.commands().any(|(_, words)| words.words.iter().any(|word| word.contains("reload")))
}
