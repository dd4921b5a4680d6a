use crate::catalog::ImageKind;
use crate::compose::{Dependency, ServiceId};
use crate::diag::{Category, Place, Related, Severity};
use crate::network::{Audience, Reached, Verdict};
use crate::remedy;
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "startup-order",
    category: Category::Start,
    set: RuleSet::Default,
    causes: &["startup-order"],
    severity: Severity::Warning,
    fix: FixKind::Sometimes,
    since: "0.1.0",
    title: Words { en: "A service does not wait for its database and is not started again", zh: "服务不等数据库就绪，失败了也不会重启" },
    doc: Words {
        en: "\
Compose starts everything at once, and `depends_on: [db]` waits only until the database's container has started, which is seconds before the database takes
connections, longer at the first start. A program that gives up when it can't connect is gone then: `connection refused` in its log, `Exited (1)`, and
without a `restart` policy nothing brings it back. Give the database a `healthcheck` and wait with `condition: service_healthy`, or set `restart:
unless-stopped`, or both.",
        zh: "\
Compose 会同时启动所有服务；`depends_on: [db]` 只等到数据库的容器启动，而数据库要过几秒才接受连接，第一次启动更久。连不上就退出的程序这时就没了：日志里是
`connection refused`，状态是 `Exited (1)`；没有 `restart` 策略，就没有谁会再把它拉起来。给数据库加 `healthcheck`，用 `condition: service_healthy` 等它，或者设置
`restart: unless-stopped`，最好都加上。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let survey = cx.survey;
    let mut told: Vec<(ServiceId, ServiceId)> = Vec::new();
    for judged in &survey.endpoints {
        let asker = judged.endpoint.service;
        let (Verdict::Ok, Some(Reached::Service { service: target, .. })) = (judged.verdict, judged.reached) else {
            continue;
        };
        let database = survey.net.image(target).is_some_and(|i| i.kind == Some(ImageKind::Database));
        if !database || asker == target || judged.role.audience != Audience::Server || !judged.counts() {
            continue;
        }
        let (Some(service), Some(base)) = (cx.service(asker), cx.service(target)) else { continue };
        if !service.active || !base.active || restarts(service) || waits(cx, asker, target) || told.contains(&(asker, target)) {
            continue;
        }
        told.push((asker, target));
        let (name, other) = (&service.name, &base.name);
        let direct: Option<&Dependency> = service.depends_on.iter().find(|d| *d.name == **other);
        let (span, path) = match direct {
            Some(dependency) => (dependency.span, service.path(&format!("depends_on.{other}.condition"))),
            None => match judged.endpoint.span_of(judged.endpoint.address.whole.clone()) {
                Some(span) => (span, judged.endpoint.path(service)),
                None => (service.name_span, service.path("depends_on")),
            },
        };
        let message = text!(
            "`{name}` does not wait until `{other}` takes connections, and nothing starts it again",
            "`{name}` 不等 `{other}` 能接受连接就启动，退出后也没有谁再拉起它"
        );
        let mut finding = cx.finding(span, path, message);
        finding.cause = Some("startup-order");
        finding.services = vec![name.to_string()];
        finding.label = if direct.is_some() {
            text!("waits only until the container has started", "只等到容器启动")
        } else {
            text!("nothing in depends_on makes it wait", "depends_on 里没有要等它")
        };
        if base.healthcheck.as_ref().is_none_or(|h| h.disabled) {
            finding.help.push(match remedy::health_test(cx.desk(), target) {
                Some(test) => text!("give `{other}` healthcheck: {{test: {test}}}", "给 `{other}` 加 healthcheck: {{test: {test}}}"),
                None => text!("give `{other}` a healthcheck", "给 `{other}` 加 healthcheck"),
            });
        }
        finding.help.push(text!(
            "wait with depends_on: {{{other}: {{condition: service_healthy}}}}",
            "用 depends_on: {{{other}: {{condition: service_healthy}}}} 等它"
        ));
        finding.help.push(text!("or let it try again: restart: unless-stopped", "或者让它重试：restart: unless-stopped"));
        finding.related.push(Related {
            place: Place { span: base.name_span, path: base.path("healthcheck") },
            service: Some(other.to_string()),
            message: text!("the database", "数据库"),
        });
        Cx::plan(&mut finding, remedy::wait_for(cx.desk(), asker, target));
        cx.report(finding);
    }
}

/// Whether the engine starts it again when it exits.
fn restarts(service: &crate::compose::Service) -> bool {
    let policy = service.value.get("restart").and_then(|r| r.str());
    policy.is_some_and(|p| p != "no") || service.value.get("deploy").is_some_and(|d| d.get("restart_policy").is_some())
}

/// Whether a service waits for another to be healthy or done, by itself or through those that it waits for.
fn waits(cx: &Cx<'_>, from: ServiceId, target: ServiceId) -> bool {
    let mut todo = vec![from];
    let mut met = Vec::new();
    while let Some(id) = todo.pop() {
        if met.contains(&id) {
            continue;
        }
        met.push(id);
        for dependency in cx.service(id).map_or(&[][..], |s| &s.depends_on) {
            let Some(next) = cx.project().service(&dependency.name) else { continue };
            let ready = matches!(dependency.condition.as_deref(), Some("service_healthy" | "service_completed_successfully"));
            // Who waits for one that is healthy waits for what that one needs.
            if next == target && (ready || id != from) {
                return true;
            }
            if ready {
                todo.push(next);
            }
        }
    }
    false
}
