use crate::diag::{Category, Severity};
use crate::rule::{FixKind, Rule, RuleSet, Words};

pub(super) static RULE: Rule = Rule {
    id: "unused-ignore",
    category: Category::Model,
    set: RuleSet::Default,
    causes: &[],
    severity: Severity::Info,
    fix: FixKind::Never,
    since: "0.1.0",
    title: Words { en: "A request to ignore a finding that is not there", zh: "要忽略的问题并不存在" },
    doc: Words {
        en: "\
`# dockline: ignore[RULE] reason` leaves a finding alone that you know of. Where the finding is gone, the comment stays behind and hides the next mistake on that
line. Entries of `[[ignore]]` in `dockline.toml` are looked at in the same way, where the file or service that they name is part of the run.

A comment that names a rule which does not exist, or that is written in another way, ignores nothing at all: that is a warning. A rule that does not run (another
rule set, `--select`) is not judged.",
        zh: "\
`# dockline: ignore[规则] 理由` 用来忽略一个你已经知道的问题。问题改好了而注释还在，这一行以后的错误就会被它盖住。`dockline.toml` 里的 `[[ignore]]` 也一样：只要它写的文件或服务在这次
检查范围内，就会看它是否还有用。

注释里的规则名不存在，或者写法不对，就什么也忽略不了：这是警告。没有运行的规则（不在所选规则集里，或用了 `--select`）不作判断。",
    },
    // What is left alone is known only when all rules have spoken: `lint/suppress.rs` makes the findings.
    check: |_| {},
};
