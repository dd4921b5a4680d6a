use crate::compose::ProblemKind;
use crate::diag::{Category, Severity, Text};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::source::ReadError;
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "unreadable-file",
    category: Category::Model,
    set: RuleSet::Default,
    causes: &[],
    severity: Severity::Error,
    fix: FixKind::Never,
    since: "0.1.0",
    title: Words { en: "A file that the project draws in can't be read", zh: "项目引用的文件读不了" },
    doc: Words {
        en: "A file named by `include`, `extends` or `env_file` is not there, is a directory, or may not be read. Compose stops at it.",
        zh: "`include`、`extends` 或 `env_file` 里写的文件不存在、是个目录，或者没有读取权限。Compose 到此为止。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    for problem in &cx.project().problems {
        let (name, why) = match &problem.kind {
            ProblemKind::Unreadable { name, error } => (name, why(error)),
            ProblemKind::FileMissing { name } => (name, text!("no such file", "没有这个文件")),
            _ => continue,
        };
        let message = text!("{name} can't be read: ", "{name} 读不了：").and(&why);
        let mut finding = cx.problem(problem, message);
        finding.help.extend(match &problem.kind {
            ProblemKind::FileMissing { .. } | ProblemKind::Unreadable { error: ReadError::Missing, .. } => {
                Some(text!("correct the path, or bring the file there", "改正路径，或者把文件放到那里"))
            }
            ProblemKind::Unreadable { error: ReadError::Directory, .. } => {
                Some(text!("name a file in it", "写上里面的某个文件"))
            }
            ProblemKind::Unreadable { error: ReadError::Denied, .. } => {
                Some(text!("allow yourself to read it: chmod u+r {name}", "加上读取权限：chmod u+r {name}"))
            }
            _ => None,
        });
        cx.report(finding);
    }
}

fn why(error: &ReadError) -> Text {
    match error {
        ReadError::Missing => text!("no such file", "没有这个文件"),
        ReadError::Directory => text!("it is a directory", "它是个目录"),
        ReadError::Special => text!("it is no regular file", "它不是普通文件"),
        ReadError::TooLarge => text!("it is over 64 MiB", "它超过 64 MiB"),
        ReadError::Denied => text!("permission denied", "没有读取权限"),
        ReadError::Other(said) => Text::same(said.clone()),
    }
}
