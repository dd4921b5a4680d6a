use crate::compose::ProblemKind;
use crate::diag::{Category, Severity};
use crate::rule::{Cx, FixKind, Rule, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "invalid-value",
    category: Category::Model,
    causes: &[],
    severity: Severity::Error,
    fix: FixKind::Never,
    since: "0.1.0",
    title: Words { en: "A value of the wrong kind or form", zh: "值的类型或写法不对" },
    doc: Words {
        en: "Compose rejects the project because something else stands here than the attribute takes: a list for a mapping, a date for a string, a port mapping that is none.",
        zh: "这里的值不是这个属性能接受的，Compose 会拒绝整个项目：该写映射的地方写了列表，该写字符串的地方写了日期，端口映射的写法不对，等等。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    for problem in &cx.project().problems {
        let (message, help) = match &problem.kind {
            ProblemKind::Shape { expected, found } => {
                let (expected_zh, found_zh) = (kind_zh(expected), kind_zh(found));
                (
                    text!("a {expected} belongs here, not a {found}", "这里应该是{expected_zh}，不是{found_zh}"),
                    None,
                )
            }
            ProblemKind::Port { text } => (
                text!("`{text}` is no port mapping", "`{text}` 不是端口映射"),
                Some(text!("HOST:CONTAINER, such as \"8080:80\" or \"127.0.0.1:8080:80\"", "写成 宿主机端口:容器端口，例如 \"8080:80\" 或 \"127.0.0.1:8080:80\"")),
            ),
            ProblemKind::ExtraHost { text } => (
                text!("`{text}` has no address", "`{text}` 没有写地址"),
                Some(text!("NAME:ADDRESS, such as \"host.docker.internal:host-gateway\"", "写成 名字:地址，例如 \"host.docker.internal:host-gateway\"")),
            ),
            ProblemKind::Timestamp => (
                text!("YAML reads this as a date, which Compose takes nowhere", "YAML 会把它读成日期，而 Compose 哪里都不接受日期"),
                Some(text!("quote it", "加上引号")),
            ),
            _ => continue,
        };
        let mut finding = cx.problem(problem, message);
        finding.help.extend(help);
        cx.report(finding);
    }
}

fn kind_zh(kind: &str) -> &str {
    match kind {
        "mapping" => "映射",
        "list" => "列表",
        "string" => "字符串",
        "number" => "数字",
        "boolean" => "布尔值",
        "null" => "空值",
        "timestamp" => "日期",
        other => other,
    }
}
