use crate::catalog::{KnownSecret, known_secret};
use crate::compose::{Service, ServiceId};
use crate::diag::{Category, Finding, Place, Related, Severity, Text};
use crate::network::{Audience, Judged, Lock, Reached, Secret, Verdict, locks, offer};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "secret-drift",
    category: Category::Env,
    set: RuleSet::Default,
    causes: &["secret-drift"],
    severity: Severity::Error,
    fix: FixKind::Never,
    since: "0.1.0",
    title: Words { en: "A client sends another password than its server was given", zh: "客户端用的密码和服务端设置的不一致" },
    doc: Words {
        en: "\
One password stands in two places, and only one of them was changed: `POSTGRES_PASSWORD` of the database and the `DATABASE_URL` of its client, `API_KEY` of Dify's
sandbox and `CODE_EXECUTION_API_KEY`. The connection is made and refused: `password authentication failed for user`, `Access denied for user`, `WRONGPASS`, `401
Unauthorized`. Let both take it from one variable.

A database makes its users at the first start and keeps them: a password that is changed in the files later must be changed in the database too.

Flagged where the survey knows which service the address reaches, what that image asks for, and that both speak of one user. A Redis without a password that is
sent one answers `AUTH <password> called without any password configured`: Python's client ends there (a warning), others log it and go on (an information).
Values are not shown.",
        zh: "\
同一个密码写在两处，只改了其中一处：数据库的 `POSTGRES_PASSWORD` 和客户端的 `DATABASE_URL`，Dify 沙箱的 `API_KEY` 和 `CODE_EXECUTION_API_KEY`。连得上，但会被拒绝：
`password authentication failed for user`、`Access denied for user`、`WRONGPASS`、`401 Unauthorized`。让两边都从同一个变量取值。

数据库在第一次启动时创建用户，之后就一直保留：事后在文件里改了密码，数据库里也要改。

只有确知地址连到哪个服务、那个镜像要什么凭据，并且两边说的是同一个用户时才报。没设密码的 Redis 收到密码会回答 `AUTH <password> called without any password configured`，
Python 的客户端会就此退出，给警告；其他的只记一条日志就继续，只作提示。不会显示密码的值。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    if cx.project().part.is_some() {
        return;
    }
    let survey = cx.survey;
    let mut found: Vec<Finding> = Vec::new();
    for judged in &survey.endpoints {
        let asker = judged.endpoint.service;
        let (Verdict::Ok, Some(Reached::Service { service: target, .. })) = (judged.verdict, judged.reached) else {
            continue;
        };
        if asker == target || judged.role.audience != Audience::Server || !judged.counts() {
            continue;
        }
        let (Some(service), Some(server)) = (cx.service(asker), cx.service(target)) else { continue };
        if !service.active || !server.active {
            continue;
        }
        for lock in locks(server) {
            let Some(finding) = compare(cx, judged, target, &lock) else { continue };
            match found.iter_mut().find(|f| f.place.span == finding.place.span) {
                Some(known) => {
                    known.services.extend(finding.services.into_iter().filter(|s| !known.services.contains(s)).collect::<Vec<_>>());
                }
                None => found.push(finding),
            }
        }
    }
    for finding in found {
        cx.report(finding);
    }
}

/// Says where a client's secret is not the server's.
fn compare(cx: &Cx<'_>, judged: &Judged, target: ServiceId, lock: &Lock) -> Option<Finding> {
    let (service, server) = (cx.service(judged.endpoint.service)?, cx.service(target)?);
    let offer = offer(service, judged, lock.fact)?;
    // Another user may have been made by a script; a cache's clients mostly name none.
    let nameless = offer.user.is_none() && (lock.user.as_deref() == Some("default") || only_user(server, lock));
    if offer.user != lock.user && !nameless {
        return None;
    }
    let placeholder = |s: &Secret| known_secret(&s.text) == Some(KnownSecret::Placeholder) || s.text.starts_with(['<', '$']);
    if lock.secrets.iter().any(|s| s.text == offer.secret.text)
        || lock.secrets.iter().chain([&offer.secret]).any(placeholder)
    {
        return None;
    }
    let (name, other) = (&service.name, &server.name);
    let place = place(cx, &offer.secret)?;
    let (key, sent) = (lock.secrets.first().map(|s| s.key.as_str()), &offer.secret.key);
    let message = match key {
        Some(_) => text!(
            "`{other}` refuses `{name}`: the password in `{sent}` is not the one that it was given",
            "`{other}` 会拒绝 `{name}`：`{sent}` 里的密码和它自己设置的不一致"
        ),
        None => text!(
            "`{name}` sends `{other}` a password in `{sent}`, and it has none",
            "`{name}` 用 `{sent}` 里的密码连 `{other}`，而它没有设密码"
        ),
    };
    let mut finding = cx.finding(place.span, place.path, message);
    finding.cause = Some("secret-drift");
    finding.services = vec![name.to_string()];
    if offer.user.is_none() && lock.user.as_deref() != Some("default") && lock.fact.user.is_some() {
        finding.severity = Severity::Warning;
    }
    finding.label = answer(judged, lock);
    if let Some(secret) = lock.secrets.first() {
        let key = &secret.key;
        if let Some(place) = self::place(cx, secret) {
            let message = if secret.value.is_none() && lock.fact.flag.is_none() {
                text!("the image's own default, as nothing sets `{key}`", "没有设置 `{key}`，用的是镜像自带的默认值")
            } else {
                text!("`{other}` asks for this one", "`{other}` 要的是这一个")
            };
            finding.related.push(Related { place, service: Some(other.to_string()), message });
        }
        finding.help.push(text!("let both take it from one variable in .env", "让两边都从 .env 里的同一个变量取值"));
    } else {
        // ioredis and others only log it.
        let python = sent.starts_with("CELERY")
            || cx.survey.net.image(judged.endpoint.service).is_some_and(|i| i.tools.contains(&"python"));
        finding.severity = if python { Severity::Warning } else { Severity::Info };
        finding.help.push(text!(
            "give `{other}` the password (command: redis-server --requirepass ...), or take it from `{name}`",
            "给 `{other}` 设上这个密码（command: redis-server --requirepass ...），或者从 `{name}` 里去掉"
        ));
    }
    Some(finding)
}

/// Whether a database has nobody but the user that its image makes by itself: a client that names none means that one, or
/// one that is not there.
fn only_user(server: &Service, lock: &Lock) -> bool {
    let own = lock.fact.user.is_some_and(|(name, default)| server.env(name).is_none() && default == lock.user.as_deref());
    let scripts = server.mounts.iter().any(|m| m.target.starts_with("/docker-entrypoint-initdb.d"));
    own && !scripts && locks(server).len() == 1
}

/// What the server answers.
fn answer(judged: &Judged, lock: &Lock) -> Text {
    let user = lock.user.as_deref().unwrap_or_default();
    match (lock.fact.secrets.first().map(|s| s.0), lock.secrets.is_empty()) {
        (Some("POSTGRES_PASSWORD"), _) => text!("`password authentication failed for user \"{user}\"`", "`password authentication failed for user \"{user}\"`"),
        (Some(name), _) if name.starts_with("MYSQL") || name.starts_with("MARIADB") => {
            text!("`Access denied for user '{user}'`", "`Access denied for user '{user}'`")
        }
        (None, true) => text!(
            "`AUTH <password> called without any password configured`",
            "`AUTH <password> called without any password configured`"
        ),
        (None, false) if judged.endpoint.address.port == Some(6379) => {
            text!("`WRONGPASS invalid username-password pair`", "`WRONGPASS invalid username-password pair`")
        }
        _ if lock.fact.user.is_none() => text!("`401 Unauthorized`", "`401 Unauthorized`"),
        _ => text!("the login is refused", "登录会被拒绝"),
    }
}

/// Where a secret is set.
fn place(cx: &Cx<'_>, secret: &Secret) -> Option<Place> {
    if let Some(value) = &secret.value {
        return cx.origin(value, || secret.path.clone());
    }
    let span = secret.span?;
    let text = cx.project().env_texts.get(&span.file);
    let line = text.and_then(|text| text.lines.iter().find(|l| l.span.contains(span)));
    Some(Place { span, path: line.map_or_else(|| secret.path.clone(), |l| l.key.to_string()) })
}
