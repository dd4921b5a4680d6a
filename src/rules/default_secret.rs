use std::rc::Rc;

use foldhash::HashMap;

use crate::catalog::{ImageKind, KnownSecret, known_secret};
use crate::compose::Service;
use crate::diag::{Category, Place, Related, Severity, guards, is_secret, signs};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "default-secret",
    category: Category::Exposure,
    set: RuleSet::Default,
    causes: &["default-secret"],
    severity: Severity::Warning,
    fix: FixKind::Never,
    since: "0.1.0",
    title: Words { en: "A secret that everybody knows", zh: "人人都知道的密钥或密码" },
    doc: Words {
        en: "\
A value from a project's example files, a placeholder or one of the commonest passwords protects nothing. With a published `SECRET_KEY` anyone signs sessions of
his own and is logged in as whoever he likes; a database with its default password is open to every container on its networks, and to the world where its
port is published.

Make one (`openssl rand -base64 42`), keep it in `.env`, and let the Compose file ask for it: `${SECRET_KEY:?}`. A database that has data keeps its old
password, whatever the variable says: change it there too (`ALTER USER ... PASSWORD`), then in all places that name it.

A warning for what signs or encrypts and for published defaults; weak passwords of services that publish nothing are only worth knowing.",
        zh: "\
示例文件里的值、占位符、最常见的密码，什么也保护不了。`SECRET_KEY` 用公开的值，谁都可以自己签发会话，想登录成谁就是谁；数据库用默认密码，同一网络里的每个容器都进得去，
端口一旦发布，外面也进得去。

请生成一个（`openssl rand -base64 42`），放进 `.env`，在 Compose 文件里要求它必须有值：`${SECRET_KEY:?}`。已经有数据的数据库会保留旧密码，变量怎么写都没用：要在数据库里也改
（`ALTER USER ... PASSWORD`），再改所有用到它的地方。

用来签名、加密的，以及项目公开的默认值，给警告；不发布端口的服务用弱密码，只作提示。",
    },
    check,
};

/// More places than this are not shown.
const SHOWN: usize = 3;

/// One value and who has it.
struct Told {
    text: Rc<str>,
    key: Rc<str>,
    place: Place,
    sort: KnownSecret,
    loud: bool,
    services: Vec<String>,
    /// Other places that say the same.
    others: Vec<(Rc<str>, Place)>,
}

fn check(cx: &mut Cx<'_>) {
    let mut all: Vec<Told> = Vec::new();
    // Services that share an env file share hundreds of names.
    let mut names: HashMap<&str, bool> = HashMap::default();
    for (id, service) in cx.project().services.iter().enumerate() {
        if !service.active {
            continue;
        }
        for var in &service.environment {
            let secret = *names.entry(&var.key).or_insert_with(|| is_secret(&var.key));
            let Some(value) = var.value.as_ref().filter(|v| !v.uncertain && secret) else { continue };
            let text = &value.sourced.text;
            let Some(sort) = known_secret(text).filter(|sort| *sort != KnownSecret::Dummy) else { continue };
            // A key for somebody else's service that is not filled in is missing, not weak.
            let signs = signs(&var.key) && !of_somebody_else(service, &var.key);
            if !signs && sort != KnownSecret::Published && !guards(&var.key) {
                continue;
            }
            let loud = sort == KnownSecret::Published || signs || (published(service) && keeps_data(cx, id));
            let Some(place) = cx.origin(value, || service.path(&format!("environment.{}", var.key))) else { continue };
            let name = service.name.to_string();
            // One secret is one cause, whatever opens with it.
            if let Some(known) = all.iter_mut().find(|t| t.text == *text) {
                known.loud |= loud;
                if !known.services.contains(&name) {
                    known.services.push(name);
                }
                if known.place.span != place.span && !known.others.iter().any(|(_, p)| p.span == place.span) {
                    known.others.push((var.key.clone(), place));
                }
                continue;
            }
            let (text, key, services) = (text.clone(), var.key.clone(), vec![name]);
            all.push(Told { text, key, place, sort, loud, services, others: Vec::new() });
        }
    }
    for told in all {
        let key = &told.key;
        let message = match told.sort {
            KnownSecret::Published => {
                text!(
                    "`{key}` has the value that stands in public example files",
                    "`{key}` 用的是公开示例文件里的值"
                )
            }
            KnownSecret::Placeholder => text!("`{key}` still has its placeholder", "`{key}` 还是占位符"),
            KnownSecret::Weak | KnownSecret::Dummy => text!(
                "`{key}` is one of the commonest passwords",
                "`{key}` 是最常见的密码之一"
            ),
        };
        let mut finding = cx.finding(told.place.span, told.place.path, message);
        finding.cause = Some("default-secret");
        finding.services = told.services;
        for (key, place) in told.others.into_iter().take(SHOWN) {
            let message = text!("`{key}` has the same", "`{key}` 也是它");
            finding.related.push(Related { place, service: None, message });
        }
        if !told.loud {
            finding.severity = Severity::Info;
        }
        finding.label = if signs(key) {
            text!("whoever knows it can log in as anyone", "知道它的人可以冒充任何用户")
        } else {
            text!("tried first by everybody who looks for open servers", "扫描的人第一个就试它")
        };
        finding.help.push(text!(
            "make one: openssl rand -base64 42",
            "生成一个：openssl rand -base64 42"
        ));
        if !signs(key) {
            finding.help.push(text!(
                "a database that has data keeps its old password: change it there too",
                "已有数据的数据库会保留旧密码：数据库里也要改"
            ));
        }
        cx.report(finding);
    }
}

/// Whether a key is one half of a pair for a storage or cloud service: the other half stands beside it.
fn of_somebody_else(service: &Service, key: &str) -> bool {
    let Some(at) = key.find("SECRET") else { return false };
    let stem = crate::source::upto(key, at);
    !stem.is_empty()
        && ["ACCESS_KEY", "ACCESS_KEY_ID", "SECRET_ID", "KEY_ID", "APP_ID", "CLIENT_ID"]
            .iter()
            .any(|half| service.env(&format!("{stem}{half}")).is_some())
}

fn published(service: &Service) -> bool {
    service.ports.iter().any(|port| port.bound_to().is_some_and(|ip| !ip.is_loopback()))
}

fn keeps_data(cx: &Cx<'_>, id: usize) -> bool {
    use ImageKind as K;
    cx.survey.net.image(id).is_some_and(|image| {
        matches!(image.kind, Some(K::Database | K::VectorStore | K::Cache | K::Queue | K::Storage | K::Search))
    })
}
