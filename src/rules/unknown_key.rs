use crate::compose::ProblemKind;
use crate::diag::{Category, Severity, nearest};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "unknown-key",
    category: Category::Model,
    set: RuleSet::Default,
    causes: &[],
    severity: Severity::Error,
    fix: FixKind::Never,
    since: "0.1.0",
    title: Words { en: "A key that Compose does not know there", zh: "Compose 在这里不认识的键" },
    doc: Words {
        en: "\
Compose rejects the whole project (`additional properties 'enviroment' not allowed`): the key is misspelt, stands at the wrong depth because of its
indentation, or belongs to another tool. Keys of your own must begin with `x-`. Names of services, volumes, secrets and configs have only letters,
digits, `.`, `_` and `-`, and every key must be text: quote keys like `1` or `true`.",
        zh: "\
Compose 会拒绝整个项目（`additional properties 'enviroment' not allowed`）：键写错了，缩进不对跑到了别的层级，或者是别的工具的键。自己加的键要以 `x-` 开头。
服务、卷、secret、config 的名字只能用字母、数字、`.`、`_`、`-`；键必须是文本，`1`、`true` 这样的键要加引号。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    for problem in &cx.project().problems {
        let (message, help) = match &problem.kind {
            ProblemKind::UnknownKey { key, known } => {
                let help = match nearest(key, known) {
                    Some(best) => text!("did you mean `{best}`?", "是不是想写 `{best}`？"),
                    None if known.len() <= 8 => {
                        let known = known.join(", ");
                        text!("known here: {known}", "这里可以写：{known}")
                    }
                    None => text!(
                        "look at its indentation; a key of your own begins with `x-`",
                        "看看缩进对不对；自己加的键要以 `x-` 开头"
                    ),
                };
                (text!("Compose does not know the key `{key}` here", "Compose 不认识这里的键 `{key}`"), help)
            }
            ProblemKind::KeyName { key } => (
                text!("`{key}` can't be a name here", "这里的名字不能是 `{key}`"),
                text!("letters, digits, `.`, `_` and `-` only", "只能用字母、数字、`.`、`_`、`-`"),
            ),
            ProblemKind::NonStringKey { key } => (
                text!("YAML reads the key `{key}` as something else than text", "YAML 没有把键 `{key}` 读成文本"),
                text!("quote it: \"{key}\"", "加上引号：\"{key}\""),
            ),
            ProblemKind::MissingKey { key } => (
                text!("`{key}` is missing here", "这里缺少 `{key}`"),
                text!("Compose requires it: add `{key}:`", "Compose 要求必须有它：加上 `{key}:`"),
            ),
            _ => continue,
        };
        let mut finding = cx.problem(problem, message);
        finding.help.push(help);
        cx.report(finding);
    }
}
