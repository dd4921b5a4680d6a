use crate::catalog::{Reference, brings_no_healthcheck};
use crate::compose::{Dependency, Service};
use crate::diag::{Category, Place, Related, Severity};
use crate::remedy;
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "healthy-dependency-without-healthcheck",
    category: Category::Start,
    set: RuleSet::Default,
    causes: &["startup-order"],
    severity: Severity::Error,
    fix: FixKind::Sometimes,
    since: "0.1.0",
    title: Words { en: "A service waits for the health of one that has no health check", zh: "等待健康状态，但对方没有健康检查" },
    doc: Words {
        en: "\
`condition: service_healthy` needs a health check to wait for: in the Compose file, or in the image. Without one `docker compose up` gives up, `dependency failed to
start: container ... has no healthcheck configured`, and the waiting service is not started. A `healthcheck` that has only an `interval`, or says `disable: true`,
is none.

Docker's official images bring none. Flagged for images of which that is known, and where the file switches the check off; an image that is built here may have one.",
        zh: "\
`condition: service_healthy` 要有健康检查才能等：写在 Compose 文件里，或者镜像自带。一个都没有，`docker compose up` 就放弃：`dependency failed to start: container ... has no
healthcheck configured`，等待的那个服务不会启动。只写了 `interval` 的 `healthcheck`，或者 `disable: true`，都不算有。

Docker 官方镜像都不带健康检查。只对确知没有的镜像、以及文件里关掉检查的服务才报；在这里构建的镜像可能自带。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    for base in &cx.project().services {
        if !base.active || base.provider || base.value.get("extends").is_some() {
            continue;
        }
        let off = base.healthcheck.as_ref().is_some_and(|h| h.disabled);
        let tested = base.healthcheck.as_ref().is_some_and(|h| !h.disabled && h.test.is_some());
        let bare = !base.builds && base.image_text().is_some_and(|i| brings_no_healthcheck(&Reference::parse(i)));
        if tested || !(off || bare) {
            continue;
        }
        let waits = |d: &&Dependency| {
            *d.name == *base.name && d.required && d.condition.as_deref() == Some("service_healthy")
        };
        let waiting: Vec<(&Service, &Dependency)> = cx
            .project()
            .services
            .iter()
            .filter(|s| s.active)
            .filter_map(|s| Some((s, s.depends_on.iter().find(waits)?)))
            .collect();
        let Some((first, dependency)) = waiting.first() else { continue };
        let other = &base.name;
        let name = &first.name;
        let path = first.path(&format!("depends_on.{other}.condition"));
        let message = text!(
            "`{name}` never starts: it waits for `{other}` to be healthy, and `{other}` has no health check",
            "`{name}` 永远起不来：它要等 `{other}` 健康，而 `{other}` 没有健康检查"
        );
        let mut finding = cx.finding(dependency.span, path, message);
        finding.cause = Some("startup-order");
        finding.services = waiting.iter().map(|(s, _)| s.name.to_string()).collect();
        finding.label = text!("`container ... has no healthcheck configured`", "`container ... has no healthcheck configured`");
        let (span, said) = match &base.healthcheck {
            Some(check) if off => (check.span, text!("switched off here", "在这里关掉了")),
            Some(check) => (check.span, text!("nothing says what to test", "没有写要测什么")),
            None => (base.name_span, text!("its image brings none", "镜像也不自带")),
        };
        let place = Place { span, path: base.path("healthcheck") };
        finding.related.push(Related { place, service: Some(other.to_string()), message: said });
        let test = cx.project().service(other).and_then(|id| Some((id, remedy::health_test(cx.desk(), id)?)));
        match test {
            Some((id, test)) => {
                finding.help.push(text!("give `{other}` healthcheck: {{test: {test}}}", "给 `{other}` 加 healthcheck: {{test: {test}}}"));
                if base.healthcheck.is_none() {
                    Cx::plan(&mut finding, remedy::give_health(cx.desk(), id));
                }
            }
            None => finding.help.push(text!(
                "give `{other}` a healthcheck with a test, or wait with condition: service_started",
                "给 `{other}` 加带 test 的 healthcheck，或者改成 condition: service_started"
            )),
        }
        cx.report(finding);
    }
}
