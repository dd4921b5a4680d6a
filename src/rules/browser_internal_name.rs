use crate::diag::{Applicability, Category, Fix, Lang, Severity, Strategy};
use crate::network::{Audience, Fault, Judged, Sure, edges};
use crate::remedy::NewAddress;
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "browser-internal-name",
    category: Category::Reach,
    set: RuleSet::Default,
    causes: &["browser-url-internal-name"],
    severity: Severity::Warning,
    fix: FixKind::Sometimes,
    since: "0.1.0",
    title: Words { en: "A browser is given a name that only containers know", zh: "给了浏览器一个只有容器才认识的名字" },
    doc: Words {
        en: "\
Some variables hold addresses that a person's browser opens, or a client outside: public URLs, redirect targets, presigned upload links. The browser does
not run in the project's network: `http://minio:9000` ends there in `ERR_NAME_NOT_RESOLVED`. Give it a published address: `http://localhost:9000` on one
machine, the public name elsewhere.",
        zh: "\
有些变量里的地址是给浏览器或外部客户端用的：公开 URL、重定向地址、预签名的上传链接。浏览器不在项目的网络里：`http://minio:9000` 在那里是 `ERR_NAME_NOT_RESOLVED`。要给它一个发布出来的地址：
本机用 `http://localhost:9000`，别处用公开的域名。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let found = edges(cx.survey, |j| {
        j.counts()
            && j.role.audience == Audience::Browser
            && j.role.sure == Sure::Catalog
            && matches!(j.fault, Some(Fault::BrowserGetsInternalName { .. }))
    });
    for edge in found {
        let judged = edge.first();
        let Some(Fault::BrowserGetsInternalName { service }) = judged.fault else { continue };
        let url = Cx::shown(judged);
        let variable = &judged.endpoint.variable;
        let askers = cx.askers(&edge);
        let (en, zh) = (askers.get(Lang::En), askers.get(Lang::Zh));
        let message = text!("{en} hands `{url}` to browsers, which can't resolve it", "{zh}把 `{url}` 交给浏览器，而浏览器解析不了");
        let label = text!("ERR_NAME_NOT_RESOLVED outside the containers", "在容器外面是 ERR_NAME_NOT_RESOLVED");
        let mut finding = cx.edge(&edge, message, label);
        finding.cause = Some("browser-url-internal-name");
        let name = cx.name(service);
        let published = on_host(cx, judged, service);
        finding.help.push(match published {
            Some(port) => text!(
                "`{variable}` is for browsers: write an address that they reach, such as localhost:{port}",
                "`{variable}` 是给浏览器用的：写浏览器能到的地址，比如 localhost:{port}"
            ),
            None => text!(
                "`{variable}` is for browsers: publish a port of `{name}` and write that address",
                "`{variable}` 是给浏览器用的：发布 `{name}` 的端口，再写那个地址"
            ),
        });
        let mut draft = crate::remedy::Draft::new(cx.desk());
        let plan = || -> Result<Fix, crate::diag::Text> {
            let port = if let Some(port) = published { port } else {
                let wanted = judged.endpoint.address.port.ok_or_else(|| text!("no port is given", "没有写端口"))?;
                draft.on_host(service, wanted, &[])?
            };
            draft.readdress(&edge, &NewAddress { host: "localhost".to_owned(), port: Some(port), whole: None })?;
            let description = text!("write localhost:{port}, for a browser on this machine", "改为 localhost:{port}（浏览器在本机时）");
            Ok(draft.finish(Strategy::Repair, Applicability::Unsafe, description))
        };
        let plan = plan();
        Cx::plan(&mut finding, plan);
        cx.report(finding);
    }
}

/// The host port behind which the address's port is.
fn on_host(cx: &Cx<'_>, judged: &Judged, service: usize) -> Option<u16> {
    let port = judged.endpoint.address.port?;
    cx.service(service)?.ports.iter().filter(|p| p.tcp).find_map(|p| p.host_port(port))
}
