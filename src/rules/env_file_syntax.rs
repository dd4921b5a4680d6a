use crate::compose::ProblemKind;
use crate::diag::{Category, Severity};
use crate::dotenv::FaultKind;
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "env-file-syntax",
    category: Category::Env,
    set: RuleSet::Default,
    causes: &["env-quoting"],
    severity: Severity::Error,
    fix: FixKind::Never,
    since: "0.1.0",
    title: Words { en: "A line of an env file that Compose can't read", zh: "Compose 读不了 env 文件里的这一行" },
    doc: Words {
        en: "\
Compose gives up at the first such line and loads nothing. A name is made of letters, digits, `_`, `.`, `-` and brackets, without blanks; a value in quotes
needs its closing quote; a quote inside a single-quoted value is written `\\'`.",
        zh: "\
Compose 碰到第一个这样的行就放弃，什么都不加载。变量名由字母、数字、`_`、`.`、`-` 和方括号组成，不能有空格；带引号的值要有结尾的引号；单引号里面的单引号要写成 `\\'`。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    for problem in &cx.project().problems {
        let ProblemKind::EnvSyntax(kind) = &problem.kind else { continue };
        let (message, help) = match kind {
            FaultKind::Character(c) => (
                text!("`{c}` can't stand in a variable's name", "变量名里不能有 `{c}`"),
                text!("write NAME=value; comments start with #", "写成 NAME=value；注释以 # 开头"),
            ),
            FaultKind::Blank => (
                text!("a blank in a variable's name", "变量名里有空格"),
                text!("write NAME=value, without `set` or blanks in the name", "写成 NAME=value，前面不要加 `set`，名字里不要有空格"),
            ),
            FaultKind::Unclosed(quote) => (
                text!("the quote {quote} is not closed", "引号 {quote} 没有结束"),
                text!("close it on the same line", "在同一行补上"),
            ),
            FaultKind::NoName => (text!("a value without a name", "有值没有名字"), text!("write NAME=value", "写成 NAME=value")),
        };
        let mut finding = cx.problem(problem, message);
        finding.help.push(help);
        cx.report(finding);
    }
}
