use foldhash::HashSet;
use std::rc::Rc;

use crate::compose::{Data, ProblemKind, SetBy, V};
use crate::diag::{Category, Related, Severity};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "unread-env-line",
    category: Category::Env,
    set: RuleSet::Default,
    causes: &["env-precedence"],
    severity: Severity::Info,
    fix: FixKind::Never,
    since: "0.1.0",
    title: Words { en: "Nobody reads this line of .env", zh: "没有谁读取 .env 里的这一行" },
    doc: Words {
        en: "\
`.env` fills in `${NAME}` in the Compose file and nothing else. A line reaches a container only if the Compose file names it, `environment: NAME:
${NAME}` or `environment: [NAME]`, or lists the file under `env_file`. Otherwise an edit of it changes nothing: \"I changed .env and nothing happened\".

Told only of lines that hold an address, and of those that a service sets to a fixed value, since a `.env` is often shared with programs
outside Docker.",
        zh: "\
`.env` 只用来填 Compose 文件里的 `${NAME}`。要让一行到达容器，Compose 文件里得写出它：`environment: NAME: ${NAME}` 或 `environment: [NAME]`，或者在 `env_file` 里列出这个文件。否则改了它也没有用：“改了 .env 却不生效”。

只报含有地址的行，以及服务里写了固定值的行，因为 `.env` 常常也给 Docker 之外的程序用。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let project = cx.project();
    // A file that is an env_file of some service reaches a container whole.
    let whole: HashSet<_> = project
        .services
        .iter()
        .flat_map(|s| &s.environment)
        .filter_map(|v| match v.set_by {
            SetBy::EnvFile { file, .. } => Some(file),
            SetBy::Environment { .. } => None,
        })
        .collect();
    let parts: Vec<_> = project.env_files.iter().filter(|file| !whole.contains(file)).collect();
    if parts.is_empty() {
        return;
    }
    let mut read: HashSet<Rc<str>> = HashSet::default();
    names(&project.root, &mut read);
    // A template that fails has no value, and names the variable all the same.
    read.extend(project.problems.iter().filter_map(|p| match &p.kind {
        ProblemKind::Required { name, .. } => Some(name.clone()),
        _ => None,
    }));
    for file in parts {
        let Some(text) = project.env_texts.get(file) else { continue };
        let used_below: HashSet<&str> = text
            .lines
            .iter()
            .filter_map(|l| l.value.as_ref())
            .flat_map(|v| v.text.split(|c: char| !c.is_alphanumeric() && c != '_'))
            .collect();
        for line in &text.lines {
            let key = &line.key;
            if key.is_empty() || read.contains(key) || key.starts_with("COMPOSE_") || key.starts_with("DOCKER_") {
                continue;
            }
            let value = line.value.as_ref().map_or("", |v| &v.text);
            if used_below.contains(&**key)
                && text.lines.iter().any(|l| l.value.as_ref().is_some_and(|v| v.text.contains(&format!("{{{key}"))))
            {
                continue;
            }
            let elsewhere = |id: &crate::source::FileId| {
                let text = &cx.files.get(*id).text;
                text.contains(&format!("{{{key}")) || text.contains(&format!("${key}"))
            };
            if project.neighbours.iter().any(elsewhere) {
                continue;
            }
            let fixed = project.services.iter().find_map(|s| {
                let var = s.env(key)?;
                matches!(var.set_by, SetBy::Environment { .. }).then_some((s, var))
            });
            let address = crate::network::find(value).into_iter().any(|a| a.scheme.is_some());
            if fixed.is_none() && !address {
                continue;
            }
            let message =
                text!("nobody reads `{key}`: changing it has no effect", "没有谁读取 `{key}`：改了也不起作用");
            let mut finding = cx.finding(line.key_span, key.to_string(), message);
            finding.cause = Some("env-precedence");
            finding.label = text!(
                "no ${{{key}}} in the Compose file, no env_file with this file",
                "Compose 文件里没有 ${{{key}}}，env_file 也没有列出这个文件"
            );
            if let Some((service, var)) = fixed {
                let name = &service.name;
                finding.services = vec![name.to_string()];
                finding.related.push(Related {
                    place: crate::diag::Place { span: var.key_span, path: service.path(&format!("environment.{key}")) },
                    service: Some(name.to_string()),
                    message: text!("`{name}` gets a fixed value here", "`{name}` 在这里用的是固定值"),
                });
                finding.help.push(text!("write there: ${{{key}}}", "在那里写 ${{{key}}}"));
            } else {
                finding.help.push(text!(
                    "give it to a service: environment: {key}: ${{{key}}}",
                    "要交给某个服务，写：environment: {key}: ${{{key}}}"
                ));
            }
            cx.report(finding);
        }
    }
}

/// Every variable that the merged project's templates name, and those that a service passes through.
fn names(value: &V, out: &mut HashSet<Rc<str>>) {
    match &value.data {
        Data::Str(text) => out.extend(text.reads.iter().map(|r| r.name.clone())),
        Data::Seq(items) => {
            for item in items {
                // `environment: [NAME]` and `NAME:` without a value.
                if let Some(text) = item.str().filter(|t| !t.contains('=')) {
                    out.insert(text.into());
                }
                names(item, out);
            }
        }
        Data::Map(map) => {
            for entry in &map.entries {
                if entry.value.is_null() {
                    out.insert(entry.key.clone());
                }
                names(&entry.value, out);
            }
        }
        _ => {}
    }
}
