use crate::compose::ProblemKind;
use crate::diag::{Category, Severity, Text};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;
use crate::yaml::FaultKind;

pub(super) static RULE: Rule = Rule {
    id: "yaml-syntax",
    category: Category::Model,
    set: RuleSet::Default,
    causes: &[],
    severity: Severity::Error,
    fix: FixKind::Never,
    since: "0.1.0",
    title: Words { en: "The file is not valid YAML", zh: "文件不是合法的 YAML" },
    doc: Words {
        en: "\
Compose can't read the file. The place named is where the reader noticed, which for a missing quote or bracket is where it opened. dockline leaves the
line out and lints the rest; what it says of the rest is a guess until the file is mended.",
        zh: "\
Compose 读不了这个文件。指出的位置是读到出错的地方；如果缺的是引号或括号，就是它开始的地方。dockline 会跳过这一行继续检查其余部分，在文件修好之前，其余的结论只能当参考。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    for problem in &cx.project().problems {
        let (message, help) = match &problem.kind {
            ProblemKind::Yaml(kind) => words(kind),
            ProblemKind::NotUtf8 => (
                text!("this byte is not UTF-8 text", "这个字节不是 UTF-8 文本"),
                text!("save the file as UTF-8", "把文件存成 UTF-8"),
            ),
            ProblemKind::MergeValue => (
                text!("`<<` merges mappings, and this is none", "`<<` 只能合并映射，而这里不是映射"),
                text!("put an alias to a mapping there: <<: *name", "这里应该引用一个映射：<<: *名字"),
            ),
            ProblemKind::AliasCycle => (
                text!("the alias stands inside the block that it names", "这个别名写在它自己引用的段落里面"),
                text!("move the anchor to a block above", "把锚点移到上面的段落"),
            ),
            ProblemKind::TooLarge => (
                text!("aliases blow the file up to over a million nodes", "别名把文件展开成了一百万个以上的节点"),
                text!("Compose would run out of memory on it", "Compose 加载它会耗尽内存"),
            ),
            ProblemKind::TagMismatch => (
                text!("the value is not what its tag says", "值和它的标签（tag）不符"),
                text!(
                    "take the tag away, or write a value of its kind: `!!bool true`, `!!binary aGVsbG8=`",
                    "去掉标签，或写一个符合标签的值：`!!bool true`、`!!binary aGVsbG8=`"
                ),
            ),
            ProblemKind::Empty => (
                text!("the file is empty", "文件是空的"),
                text!("Compose says `empty compose file`", "Compose 会报 `empty compose file`"),
            ),
            _ => continue,
        };
        let mut finding = cx.problem(problem, message);
        finding.help.push(help);
        cx.report(finding);
    }
}

/// What is wrong, and what to type instead.
fn words(kind: &FaultKind) -> (Text, Text) {
    match kind {
        FaultKind::Tab => (
            text!("a tab where YAML takes blanks only", "这里用了制表符，而 YAML 只接受空格"),
            text!("indent with blanks", "用空格缩进"),
        ),
        FaultKind::LoneTab => (
            text!(
                "this line looks empty and holds a tab, where YAML takes blanks only",
                "这一行看起来是空的，其实有一个制表符，而 YAML 只接受空格"
            ),
            text!("take the tab out", "删掉这个制表符"),
        ),
        FaultKind::Unclosed(open) => (
            text!("`{open}` is not closed", "`{open}` 没有结束"),
            text!(
                "close it, or quote the value if the character belongs to it",
                "补上结尾；如果它是值的一部分，就给值加引号"
            ),
        ),
        FaultKind::Mismatched { open, close } => (
            text!("`{open}` is closed by `{close}`", "`{open}` 被 `{close}` 结束了"),
            text!("use the matching bracket", "改成配对的括号"),
        ),
        FaultKind::Indentation => (
            text!("this line is indented to where no entry can stand", "这一行的缩进不对，放不进任何一层"),
            text!(
                "indent it like its neighbours: keys of one mapping in one column",
                "和同级的行对齐：同一个映射的键要在同一列"
            ),
        ),
        FaultKind::MappingHere => (
            text!(
                "a second `: ` in one line, or a key under a value that is complete",
                "一行里有第二个 `: `，或者在已经完整的值下面又写了键"
            ),
            text!(
                "begin the key in the column of its neighbours; a value with `: ` in it needs quotes: key: \"a: b\"",
                "键要和同级的键对齐在同一列；值里有 `: ` 时要加引号：key: \"a: b\""
            ),
        ),
        FaultKind::MissingColon => (
            text!("a key without its colon", "键后面少了冒号"),
            text!("write `key: value`, with a blank behind the colon", "写成 `key: value`，冒号后面要有空格"),
        ),
        FaultKind::Reserved(c) => (
            text!("a plain value can't start with `{c}`", "不带引号的值不能以 `{c}` 开头"),
            text!("quote it", "加上引号"),
        ),
        FaultKind::BehindQuote => (
            text!("text behind a quoted value", "引号后面还有别的文字"),
            text!("put it inside the quotes, or a comment sign before it", "把它放进引号里，或者在前面加注释符号"),
        ),
        FaultKind::Escape => (
            text!("an escape that YAML does not know", "YAML 不认识这个转义"),
            text!("double the backslash, or use single quotes", "把反斜杠写成两个，或者用单引号"),
        ),
        FaultKind::InBrackets('?') => (
            text!("inside brackets a `?` ends a value without quotes", "在括号里，`?` 会截断不带引号的值"),
            text!("quote the value", "给这个值加引号"),
        ),
        FaultKind::InBrackets(c) => (
            text!("inside brackets a value without quotes can't start with `{c}`", "在括号里，不带引号的值不能以 `{c}` 开头"),
            text!("quote it", "加上引号"),
        ),
        FaultKind::AnchorName(c) => (
            text!("an anchor's name can't have a `{c}`", "锚点的名字里不能有 `{c}`"),
            text!("use letters, digits, `_` and `-` only, in its aliases too", "只用字母、数字、`_` 和 `-`；引用它的别名也要改"),
        ),
        FaultKind::UnknownAnchor => (
            text!("the alias names an anchor that is not defined above", "别名引用的锚点在上文没有定义"),
            text!("define it with &name, or correct the name", "用 &名字 定义它，或者改正名字"),
        ),
        FaultKind::TooDeep => (
            text!("nested deeper than 255 levels", "嵌套超过了 255 层"),
            text!("dockline stops there; Compose may read on", "dockline 到此为止，Compose 也许还能读"),
        ),
        FaultKind::Directive => (
            text!("a directive that Compose does not take: it reads YAML 1.1", "Compose 不接受这个指令：它只读 YAML 1.1"),
            text!("take the line out", "删掉这一行"),
        ),
        FaultKind::NotText => (
            text!("a control character, which YAML does not allow", "有 YAML 不允许的控制字符"),
            text!("take it out", "去掉它"),
        ),
        FaultKind::Other(said) => {
            (text!("not valid YAML: {said}", "不是合法的 YAML：{said}"), text!("correct the line", "请改正这一行"))
        }
    }
}
