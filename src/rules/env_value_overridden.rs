use crate::compose::SetBy;
use crate::diag::{Category, Related, Severity};
use crate::interpolation::Setter;
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::source::Span;
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "env-value-overridden",
    category: Category::Env,
    set: RuleSet::Default,
    causes: &["env-precedence"],
    severity: Severity::Info,
    fix: FixKind::Never,
    since: "0.1.0",
    title: Words { en: "A line of an env file loses against another definition", zh: "env 文件里的这一行被别处的定义盖过了" },
    doc: Words {
        en: "\
Who wins, from strong to weak: for `${NAME}` in a Compose file the shell, then `.env` (or `--env-file`). For what a container gets: `environment`, then the
last `env_file` that sets the variable. So an edit of the losing line changes nothing.

A value from the shell that differs from the file's is a warning: it holds for this terminal only.",
        zh: "\
谁说了算，从强到弱：Compose 文件里的 `${NAME}`，先看 shell 环境，再看 `.env`（或 `--env-file`）；容器得到的变量，先看 `environment`，再看最后一个设置它的 `env_file`。所以改被盖过的那一行不会有任何效果。

shell 环境里的值和文件里不一样时是警告：它只在这个终端里有效。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    in_containers(cx);
    in_templates(cx);
}

/// Lines of a service's env files that another definition beats with another value.
fn in_containers(cx: &mut Cx<'_>) {
    let mut seen: Vec<(Span, Span)> = Vec::new();
    for service in &cx.project().services {
        for var in &service.environment {
            let text = var.value.as_ref().map_or("", |v| v.text());
            for (by, span, beaten) in &var.beaten {
                let SetBy::EnvFile { .. } = by else { continue };
                // The same text twice is no trouble, and neither is a file that another file of the list is meant to override.
                let SetBy::Environment { .. } = var.set_by else { continue };
                if **beaten == *text || beaten.is_empty() || seen.contains(&(*span, var.key_span)) {
                    continue;
                }
                seen.push((*span, var.key_span));
                // A line that other services take is one that this service differs from on purpose.
                if taken(cx, *span) {
                    continue;
                }
                let (key, name) = (&var.key, &service.name);
                let message = text!(
                    "this `{key}` does not reach `{name}`: environment sets it too",
                    "这个 `{key}` 到不了 `{name}`：environment 里也设置了它"
                );
                let mut finding = cx.finding(*span, key.to_string(), message);
                finding.label = text!("loses", "被盖过");
                finding.cause = Some("env-precedence");
                finding.services = vec![name.to_string()];
                finding.related.push(Related {
                    place: crate::diag::Place { span: var.key_span, path: service.path(&format!("environment.{key}")) },
                    service: Some(name.to_string()),
                    message: text!("wins", "以这里为准"),
                });
                cx.report(finding);
            }
        }
    }
}

/// Whether a service takes the line of an env file as its value.
fn taken(cx: &Cx<'_>, line: Span) -> bool {
    let vars = cx.project().services.iter().flat_map(|s| &s.environment);
    vars.into_iter().any(|v| v.key_span == line)
}

/// Lines of `.env` that the shell beats.
fn in_templates(cx: &mut Cx<'_>) {
    let scope = &cx.project().scope;
    let lines: Vec<_> = scope.lines().map(|(key, line)| (key.clone(), line.value.text.clone())).collect();
    for (key, in_file) in lines {
        let Some(bound) = scope.get(&key) else { continue };
        if bound.setter != Setter::Process || bound.value.text == in_file {
            continue;
        }
        let Some(span) = bound.beaten.last().copied() else { continue };
        let message = text!(
            "the shell sets `{key}` to something else, and the shell wins",
            "shell 环境里的 `{key}` 是别的值，以 shell 为准"
        );
        let mut finding = cx.finding(span, key.to_string(), message);
        finding.label = text!("loses against the environment of this terminal", "被这个终端的环境变量盖过");
        finding.cause = Some("env-precedence");
        finding.help.push(text!(
            "take it out of this shell, then the file counts: unset {key}",
            "在这个 shell 里取消它，文件里的值就会生效：unset {key}"
        ));
        let address = crate::network::find(&in_file).into_iter().next().is_some();
        if address {
            finding.severity = Severity::Warning;
        }
        cx.report(finding);
    }
}
