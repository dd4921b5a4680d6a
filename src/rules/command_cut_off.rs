use crate::compose::Rest;
use crate::diag::{Category, Severity};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::source::{from, upto};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "command-cut-off",
    category: Category::Start,
    set: RuleSet::Default,
    causes: &[],
    severity: Severity::Error,
    fix: FixKind::Never,
    since: "0.1.0",
    title: Words {
        en: "A command with `&&`, `|`, `;` or `>`, of which Compose keeps only what stands before",
        zh: "命令里有 `&&`、`|`、`;` 或 `>`，Compose 只保留它前面的部分",
    },
    doc: Words {
        en: "\
`command` and `entrypoint` written as a string are not given to a shell: Compose splits them into words itself and silently drops everything from
the first `;`, `&`, `|`, `<`, `>` or parenthesis outside quotes. `command: ollama serve && ollama pull llama3` runs `ollama serve`, nothing else.

Ask for a shell: `command: [\"sh\", \"-c\", \"first && second\"]`. (A health check's string does go to a shell.)",
        zh: "\
写成字符串的 `command` 和 `entrypoint` 不会交给 shell：Compose 自己把它拆成单词，遇到引号外的第一个 `;`、`&`、`|`、`<`、`>` 或括号就悄悄丢掉后面的全部内容。
`command: ollama serve && ollama pull llama3` 实际只运行 `ollama serve`。

要用 shell 就写明：`command: [\"sh\", \"-c\", \"first && second\"]`。（健康检查的字符串会交给 shell。）",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    for service in &cx.project().services {
        for (key, words) in [("command", &service.command), ("entrypoint", &service.entrypoint)] {
            let Some(words) = words else { continue };
            let (Rest::Cut(at), Some(text)) = (words.rest, words.texts.first()) else { continue };
            if text.uncertain {
                continue;
            }
            let span = text.sourced.exact(at..text.text().len()).unwrap_or(words.span);
            let name = &service.name;
            let dropped = from(text.text(), at);
            let sign = dropped.split(|c: char| c.is_whitespace() || c.is_alphabetic()).next().unwrap_or(dropped);
            let message = text!(
                "Compose runs only what stands before `{sign}`: `{key}` of `{name}` goes to no shell",
                "Compose 只运行 `{sign}` 前面的部分：`{name}` 的 `{key}` 不会交给 shell"
            );
            let mut finding = cx.finding(span, service.path(key), message);
            finding.label = text!("dropped", "这些都被丢掉了");
            finding.services.push(name.to_string());
            // A redirection alone changes where the output goes, not what runs.
            if dropped.starts_with(|c: char| c.is_ascii_digit() || c == '>') {
                finding.severity = Severity::Warning;
            }
            let more = if dropped.len() > sign.len() { " ..." } else { "" };
            let kept = upto(text.text(), at).trim();
            let shell = if kept.starts_with(['"', '[']) { "..." } else { kept };
            finding.help.push(text!(
                "ask for a shell: {key}: [\"sh\", \"-c\", \"{shell} {sign}{more}\"]",
                "写明要用 shell：{key}: [\"sh\", \"-c\", \"{shell} {sign}{more}\"]"
            ));
            cx.report(finding);
        }
    }
}
