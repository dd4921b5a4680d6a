use std::path::PathBuf;

use crate::compose::{Problem, ProblemKind};
use crate::diag::{Category, Place, Related, Severity};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words, service_of};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "missing-env-file",
    category: Category::Env,
    set: RuleSet::Default,
    causes: &["env-file-missing"],
    severity: Severity::Error,
    fix: FixKind::Never,
    since: "0.1.0",
    title: Words { en: "An env file that the project needs is not there", zh: "项目需要的 env 文件不存在" },
    doc: Words {
        en: "\
A file under `env_file` must exist, unless it says `required: false`: `env file ... not found`. Where an example stands beside it (`.env.example`), or git leaves
it out, the file is yours to make: this is then an information with the command, and the values that it would set count as unknown. To check the
example itself: `dockline lint --env-file .env.example`.",
        zh: "\
`env_file` 里的文件必须存在，除非写了 `required: false`：`env file ... not found`。如果旁边有示例（`.env.example`），或者 git 忽略了它，那它本来就该由你来建：这时只作提示并给出命令，它要设置的值按未知处理。
要检查示例本身：`dockline lint --env-file .env.example`。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let mut seen: Vec<&PathBuf> = Vec::new();
    for problem in &cx.project().problems {
        let ProblemKind::EnvFileMissing { path, .. } = &problem.kind else { continue };
        if seen.contains(&path) {
            continue;
        }
        seen.push(path);
        missing(cx, path);
    }
}

/// Says once that a file is missing, where the first service requires it.
fn missing(cx: &mut Cx<'_>, path: &PathBuf) {
    let same = |p: &&Problem| matches!(&p.kind, ProblemKind::EnvFileMissing { path: other, .. } if other == path);
    let places: Vec<&Problem> = cx.project().problems.iter().filter(same).collect();
    let Some(problem) = places.iter().find(|p| p.rejects).or(places.first()) else { return };
    let ProblemKind::EnvFileMissing { name, example, ignored, .. } = &problem.kind else { return };
    let message = match example {
        Some(example) => text!("{name} is not there yet: cp {example} {name}", "{name} 还没有：cp {example} {name}"),
        None if *ignored => text!(
            "{name} is not there yet, and git leaves it out: make it",
            "{name} 还没有，git 也不收录它：请自己建一个"
        ),
        None => text!("{name} is not there", "{name} 不存在"),
    };
    let mut finding = cx.problem(problem, message);
    finding.cause = Some("env-file-missing");
    if let Some(example) = example {
        finding.help.push(text!("cp {example} {name}", "cp {example} {name}"));
    } else if problem.rejects {
        finding.help.push(text!(
            "make the file, or say that it may be absent: {{path: {name}, required: false}}",
            "建好这个文件，或者声明它可以没有：{{path: {name}, required: false}}"
        ));
    }
    if example.is_some() || *ignored {
        finding.severity = Severity::Info;
        finding.label = text!("what it sets is not known", "它会设置什么，无从得知");
    } else {
        finding.label = text!("Compose says `env file ... not found`", "Compose 会报 `env file ... not found`");
    }
    // A `.env` that Compose can do without, and that git leaves out, is nobody's trouble.
    if !problem.rejects && example.is_none() {
        return;
    }
    for other in places.iter().filter(|p| p.rejects && p.span != problem.span) {
        let service = service_of(&other.path).map(str::to_owned);
        finding.services.extend(service.clone());
        finding.related.push(Related {
            place: Place { span: other.span, path: other.path.clone() },
            service,
            message: text!("needed here too", "这里也需要它"),
        });
    }
    cx.report(finding);
}
