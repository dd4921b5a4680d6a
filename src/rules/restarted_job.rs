use crate::diag::{Applicability, Category, Place, Related, Severity, Strategy};
use crate::remedy::Draft;
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "restarted-job",
    category: Category::Start,
    set: RuleSet::Default,
    causes: &["startup-order"],
    severity: Severity::Error,
    fix: FixKind::Sometimes,
    since: "0.1.0",
    title: Words {
        en: "A service waits for the end of a job that is started again whenever it ends",
        zh: "服务在等一个任务结束，而这个任务每次结束都会被重新启动",
    },
    doc: Words {
        en: "\
`condition: service_completed_successfully` waits until the other container has exited with 0. With `restart: always` or `unless-stopped` the engine starts it again
at once, also after success: it is `Restarting (0)` and never `Exited (0)`, and `docker compose up` waits without end. Often the policy comes from an anchor that was
meant for the servers. A job is restarted on failure, or not at all.

Measured with Compose 2.40.3 and Engine 28.5: with `always` and `unless-stopped` the other service is never started, with `on-failure` and `\"no\"` it is.",
        zh: "\
`condition: service_completed_successfully` 要等另一个容器以 0 退出。而 `restart: always` 或 `unless-stopped` 会让引擎在它退出后马上重启，成功退出也一样：它的状态是 `Restarting (0)`，
永远不会是 `Exited (0)`，`docker compose up` 就一直等下去。常见的原因是这条策略来自给服务端用的锚点。任务应该只在失败时重启，或者不重启。

在 Compose 2.40.3 和 Engine 28.5 上实测：`always` 和 `unless-stopped` 时，等它的服务从不启动；`on-failure` 和 `\"no\"` 时正常启动。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    for job in cx.project().services.iter().filter(|job| job.active) {
        let policy = job.value.get("restart").filter(|v| !v.uncertain());
        let Some((value, policy)) = policy.and_then(|v| Some((v, v.str()?))) else { continue };
        if !matches!(policy, "always" | "unless-stopped") {
            continue;
        }
        let ends = |d: &crate::compose::Dependency| {
            *d.name == *job.name && d.required && d.condition.as_deref() == Some("service_completed_successfully")
        };
        let services = cx.project().services.iter().filter(|s| s.active);
        let waiting: Vec<_> = services.filter_map(|s| Some((s, s.depends_on.iter().find(|d| ends(d))?))).collect();
        let Some((first, _)) = waiting.first() else { continue };
        let (name, waiter) = (&job.name, &first.name);
        let place = cx.place(value, job.path("restart"));
        let message = text!(
            "`{waiter}` never starts: it waits for `{name}` to end, and `{name}` is started again whenever it ends",
            "`{waiter}` 永远起不来：它要等 `{name}` 结束，而 `{name}` 每次结束都会被重新启动"
        );
        let mut finding = cx.finding(place.span, place.path, message);
        finding.cause = Some("startup-order");
        finding.label = text!("also after success", "成功结束后也一样");
        finding.services = std::iter::once(name).chain(waiting.iter().map(|(s, _)| &s.name)).map(ToString::to_string).collect();
        for (service, dependency) in &waiting {
            let place = Place { span: dependency.span, path: service.path(&format!("depends_on.{name}.condition")) };
            let message = text!("waits here", "在这里等");
            finding.related.push(Related { place, service: Some(service.name.to_string()), message });
        }
        let mut draft = Draft::new(cx.desk());
        let plan = draft.set_key(job, "restart", "on-failure").map(|()| {
            draft.finish(
                Strategy::Repair,
                Applicability::Unsafe,
                text!("restart `{name}` on failure only", "只在失败时重启 `{name}`"),
            )
        });
        Cx::plan(&mut finding, plan);
        cx.report(finding);
    }
}
