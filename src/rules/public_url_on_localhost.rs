use crate::compose::Service;
use crate::diag::{Category, Place, Related};
use crate::network::{Audience, Form, Judged, Sure, edges, is_loopback};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "public-url-on-localhost",
    category: Category::Reach,
    set: RuleSet::Default,
    causes: &["public-url-wrong"],
    severity: crate::diag::Severity::Warning,
    fix: FixKind::Never,
    since: "0.1.0",
    title: Words {
        en: "A public URL that says localhost beside one with a domain",
        zh: "一个公开地址是域名，另一个却是 localhost",
    },
    doc: Words {
        en: "\
Programs hand out links, redirects after login, webhooks and signed downloads under the public URL that they are told. `localhost` is the reader's own computer, so with it only a browser on
this very machine gets anywhere: the login comes back to an empty page, a webhook is never called. Where another public URL of the same service, or the name under which a proxy serves it
(Traefik's `Host(...)` rule), has a domain, one of the two is wrong: people use the domain.

Only for variables that are known to be handed to browsers or other sites. Two URLs on localhost are a machine of one's own, and right.",
        zh: "\
程序对外给出的链接、登录后的跳转、webhook 和带签名的下载地址，都以它被告知的公开地址开头。`localhost` 是访问者自己的电脑，写它就只有这台机器上的浏览器能用：登录后跳到打不开的页面，webhook 没人调得到。
如果同一个服务的另一个公开地址，或者代理为它设的域名（Traefik 的 `Host(...)` 规则）是域名，那就有一个写错了：大家用的是域名。

只对确知会交给浏览器或别的网站的变量才报。几个地址都是 localhost，那是自己机器上用，没有问题。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let found = edges(cx.survey, |j| {
        let address = &j.endpoint.address;
        told(j) && address.form == Form::Url && is_loopback(&address.host) && domain(cx, j).is_some()
    });
    for edge in found {
        let judged = edge.first();
        let Some((domain, place)) = domain(cx, judged) else { continue };
        let url = Cx::shown(judged);
        let (variable, name) = (&judged.endpoint.variable, cx.name(judged.endpoint.service));
        let message = text!(
            "`{variable}` sends people to `{url}`, their own computer, and `{name}` is served as `{domain}`",
            "`{variable}` 让访问者去 `{url}`，也就是他们自己的电脑，而 `{name}` 的域名是 `{domain}`"
        );
        let label = text!("links, logins and webhooks lead here", "链接、登录跳转和 webhook 都指向这里");
        let mut finding = cx.edge(&edge, message, label);
        finding.related.push(Related {
            place,
            service: Some(name.to_owned()),
            message: text!("the domain stands here", "域名在这里"),
        });
        finding.help.push(text!(
            "write the address that people type: https://{domain}, where a proxy serves it with a certificate",
            "写成大家在浏览器里输入的地址：前面有带证书的代理就是 https://{domain}"
        ));
        cx.report(finding);
    }
}

/// Whether an endpoint is an address that the service hands to people.
fn told(j: &Judged) -> bool {
    j.counts()
        && j.role.audience == Audience::Browser
        && j.role.sure == Sure::Catalog
        && !j.role.allow_list
        && !j.endpoint.value.uncertain
}

/// The domain under which the service of an endpoint is served by another word of the project, and where that stands.
fn domain(cx: &Cx<'_>, judged: &Judged) -> Option<(String, Place)> {
    let id = judged.endpoint.service;
    let other = cx.survey.endpoints.iter().find(|o| {
        let form = o.endpoint.address.form;
        o.endpoint.service == id
            && told(o)
            // Variables of many programs may name another one's address.
            && o.role.fact.is_some_and(|fact| !fact.images.is_empty())
            && matches!(form, Form::Url | Form::Host | Form::HostPort)
            && is_domain(&o.endpoint.address.host)
    });
    if let Some(other) = other {
        let service = cx.service(id)?;
        let place = cx.origin(&other.endpoint.value, || other.endpoint.path(service))?;
        return Some((other.endpoint.address.host.clone(), place));
    }
    routed(cx, cx.service(id)?)
}

/// The name in Traefik's `Host(...)` rule, which stands in a label of the service that it serves.
/// Source: <https://doc.traefik.io/traefik/routing/routers/#rule>
fn routed(cx: &Cx<'_>, service: &Service) -> Option<(String, Place)> {
    let labels = service.value.get("labels")?;
    let listed = labels.items().iter().filter_map(|v| v.str()?.split_once('=').map(|(key, text)| (key, text, v)));
    let mapped = labels.entries().iter().filter_map(|e| e.value.str().map(|text| (&*e.key, text, &e.value)));
    listed.chain(mapped).find_map(|(key, text, value)| {
        let (_, option) = key.strip_prefix("traefik.http.routers.")?.rsplit_once('.')?;
        let host = text.split("Host(`").nth(1).filter(|_| option == "rule")?.split('`').next()?;
        is_domain(host).then(|| (host.to_owned(), cx.place(value, service.path(&format!("labels.{key}")))))
    })
}

fn is_domain(host: &str) -> bool {
    host.contains('.')
        && host.parse::<std::net::IpAddr>().is_err()
        && !host.rsplit('.').next().is_some_and(|last| matches!(last, "internal" | "local" | "localhost"))
}
