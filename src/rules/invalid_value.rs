use crate::compose::{Check, Problem, ProblemKind, is_attribute};
use crate::diag::{Category, Lang, Severity, Text};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "invalid-value",
    category: Category::Model,
    set: RuleSet::Default,
    causes: &[],
    severity: Severity::Error,
    fix: FixKind::Never,
    since: "0.1.0",
    title: Words { en: "A value of the wrong kind or form", zh: "值的类型或写法不对" },
    doc: Words {
        en: "Compose rejects the project because something else stands here than the attribute takes: a list for a mapping, a date for a string, a port mapping that is none.

A container's name is looked at by the engine: `Invalid container name (my app), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`.",
        zh: "这里的值不是这个属性能接受的，Compose 会拒绝整个项目：该写映射的地方写了列表，该写字符串的地方写了日期，端口映射的写法不对，等等。

容器名由引擎检查：`Invalid container name (my app), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    container_names(cx);
    for problem in &cx.project().problems {
        // Of an alias that can't be followed is said only that.
        let cycle = |p: &Problem| p.span == problem.span && p.kind == ProblemKind::AliasCycle;
        if cx.project().problems.iter().any(cycle) {
            continue;
        }
        let (message, help) = match &problem.kind {
            ProblemKind::Shape { expected, found, check } => {
                let (en, zh) =
                    (listed(expected, " or ", str::to_owned), listed(expected, "或", |k| kind_zh(k).to_owned()));
                let (found_zh, at) = (kind_zh(found), attribute(&problem.path));
                let (at_en, at_zh) = (at.get(Lang::En), at.get(Lang::Zh));
                let message = if *found == "null" {
                    text!("{at_en} is empty; Compose wants a {en}", "{at_zh}是空的，应该写{zh}")
                } else {
                    text!("{at_en} is a {found}; Compose wants a {en}", "{at_zh}是{found_zh}，应该写{zh}")
                };
                let quote = expected.contains(&"string") && matches!(*found, "number" | "boolean");
                let help = match *found {
                    "list" | "string" if misplaced(&problem.path).is_some() => {
                        let name = misplaced(&problem.path).unwrap_or_default();
                        text!(
                            "`{name}` is an attribute of a service: indent it below the service that it belongs to",
                            "`{name}` 是服务的属性：把它缩进到所属的服务下面"
                        )
                    }
                    "mapping" if *expected == ["string"] && problem.path.contains(".environment.") => {
                        text!("write KEY=value, or take the `- ` away", "写成 KEY=value，或者去掉前面的 `- `")
                    }
                    _ if *check != Check::Free && quote => form(*check),
                    "null" => text!("write a value, or remove the key", "写上值，或者去掉这个键"),
                    _ if quote => text!("put it in quotes", "加上引号"),
                    "mapping" if *expected == ["list"] => text!("begin each entry with `- `", "每一项以 `- ` 开头"),
                    "string" | "number" if expected.contains(&"list") => {
                        text!(
                            "write a list: each item on a line of its own that begins with `- `",
                            "写成列表：每一项单独一行，以 `- ` 开头"
                        )
                    }
                    "list" if expected.contains(&"mapping") => {
                        text!("write `key: value` lines without `- `", "写成 `键: 值`，前面不加 `- `")
                    }
                    _ => text!("look at its indentation", "看看缩进对不对"),
                };
                (message, Some(help))
            }
            // The value may be a secret.
            ProblemKind::Value { text, check: Check::Assignment } => {
                let name = text.split('=').next().unwrap_or(text);
                let plain = name.trim_end();
                (
                    text!("the name `{name}` ends in a blank", "变量名 `{name}` 末尾有空格"),
                    Some(text!(
                        "write {plain}=..., with no blank before the `=`",
                        "写成 {plain}=...，`=` 前面不要有空格"
                    )),
                )
            }
            ProblemKind::Value { text, check } => wants(text, *check, &problem.path),
            ProblemKind::Volume { text } => (
                text!("`{text}` is no volume", "`{text}` 不是有效的卷"),
                Some(text!(
                    "SOURCE:TARGET, such as \"./data:/data\", with nothing empty between the colons",
                    "写成 来源:目标，例如 \"./data:/data\"，冒号之间不能空着"
                )),
            ),
            ProblemKind::Entry { text, form } if text.is_empty() => (
                text!("this is empty; Compose can't take that here", "这里是空的，Compose 不接受"),
                Some(text!("write something like {form}", "写成类似 {form} 的内容")),
            ),
            ProblemKind::Entry { text, form } => (
                text!("Compose can't take `{text}` here", "Compose 不接受这里的 `{text}`"),
                Some(text!("write {form}", "写成 {form}")),
            ),
            ProblemKind::OpenQuote => (
                text!("a quote in this command is not closed", "这条命令里有没闭合的引号"),
                Some(text!(
                    "close it, or write the command as a list: [\"sh\", \"-c\", \"...\"]",
                    "把引号闭合，或者把命令写成列表：[\"sh\", \"-c\", \"...\"]"
                )),
            ),
            ProblemKind::HealthTest { first } => (
                text!("a health check's list can't begin with `{first}`", "健康检查的列表不能以 `{first}` 开头"),
                Some(text!(
                    "begin it with \"CMD\" (run as it is), \"CMD-SHELL\" (through a shell) or \"NONE\"",
                    "以 \"CMD\"（直接运行）、\"CMD-SHELL\"（通过 shell）或 \"NONE\" 开头"
                )),
            ),
            ProblemKind::Port { text } => (
                match too_high(text) {
                    Some(port) => text!(
                        "`{text}` is no port mapping: {port} is above 65535",
                        "`{text}` 不是端口映射：{port} 超过了 65535"
                    ),
                    None => text!("`{text}` is no port mapping", "`{text}` 不是端口映射"),
                },
                Some(text!(
                    "HOST:CONTAINER, such as \"8080:80\" or \"127.0.0.1:8080:80\"",
                    "写成 宿主机端口:容器端口，例如 \"8080:80\" 或 \"127.0.0.1:8080:80\""
                )),
            ),
            ProblemKind::ProjectName { name } => (
                text!("`{name}` can't be a project's name", "`{name}` 不能作项目名"),
                Some(text!(
                    "lower-case letters, digits, `-` and `_` only, beginning with a letter or a digit",
                    "只能用小写字母、数字、`-`、`_`，以字母或数字开头"
                )),
            ),
            ProblemKind::ExtraHost { text } => (
                text!("`{text}` has no address", "`{text}` 没有写地址"),
                Some(text!(
                    "NAME:ADDRESS, such as \"host.docker.internal:host-gateway\"",
                    "写成 名字:地址，例如 \"host.docker.internal:host-gateway\""
                )),
            ),
            ProblemKind::Timestamp => (
                text!(
                    "YAML reads this as a date, which Compose takes nowhere",
                    "YAML 会把它读成日期，而 Compose 哪里都不接受日期"
                ),
                Some(text!("quote it", "加上引号")),
            ),
            _ => continue,
        };
        let mut finding = cx.problem(problem, message);
        finding.help.extend(help);
        cx.report(finding);
    }
}

/// The name of a service that is an attribute by its name, and stands too far left.
fn misplaced(path: &str) -> Option<&str> {
    path.strip_prefix("services.").filter(|name| is_attribute(name))
}

fn listed(kinds: &[&str], or: &str, word: impl Fn(&str) -> String) -> String {
    let words: Vec<String> = kinds.iter().map(|k| word(k)).collect();
    words.join(or)
}

/// `` `ports` of `api` ``, from a place's path.
fn attribute(path: &str) -> Text {
    let steps: Vec<&str> = path.split('.').collect();
    match steps.as_slice() {
        ["services", service, rest @ ..] if !rest.is_empty() => {
            let rest = rest.join(".");
            text!("`{rest}` of `{service}`", "`{service}` 的 `{rest}` ")
        }
        ["services", service] => text!("the service `{service}`", "服务 `{service}` "),
        _ if path.is_empty() => text!("this file", "这个文件"),
        _ => text!("`{path}`", "`{path}` "),
    }
}

/// What is wrong with a value's form, and what to write.
fn wants(text: &str, check: Check, path: &str) -> (Text, Option<Text>) {
    let at = attribute(path);
    let (at_en, at_zh) = (at.get(Lang::En), at.get(Lang::Zh));
    let message = if text.is_empty() {
        text!("{at_en} is empty; Compose can't take that", "{at_zh}是空的，Compose 不接受")
    } else {
        text!("{at_en} can't be `{text}`", "{at_zh}不能写 `{text}`")
    };
    (message, Some(form(check)))
}

fn form(check: Check) -> Text {
    let form = match check {
        Check::Boolean => text!("true or false", "true 或 false"),
        // Has words of its own.
        Check::Assignment => text!("NAME=value", "名字=值"),
        Check::Whole | Check::Free => text!("a whole number", "整数"),
        Check::NotNegative => text!("a whole number, 0 or more", "不小于 0 的整数"),
        Check::Range(first, last) => text!("a whole number from {first} to {last}", "{first} 到 {last} 的整数"),
        Check::Decimal => text!("a number, such as 0.5", "数字，例如 0.5"),
        Check::Duration => text!("a time with its unit, such as 30s or 1m30s", "带单位的时间，例如 30s 或 1m30s"),
        Check::Bytes => text!("a size with its unit, such as 512m or 2g", "带单位的大小，例如 512m 或 2g"),
        Check::Mode => text!("octal digits, such as 0444", "八进制数字，例如 0444"),
        Check::Count => text!("all or a whole number", "all 或整数"),
        Check::OneOf(known) => {
            let known = known.join(", ");
            text!("one of {known}", "以下之一：{known}")
        }
        Check::ContainerName => text!(
            "a name of two characters or more: letters, digits, `_`, `.` and `-`",
            "至少两个字符的名字：字母、数字、`_`、`.`、`-`"
        ),
        Check::PullPolicy => text!(
            "one of always, never, missing, build, daily, weekly, every_2d",
            "以下之一：always, never, missing, build, daily, weekly, every_2d"
        ),
    };
    let (en, zh) = (form.get(Lang::En), form.get(Lang::Zh));
    text!("write {en}", "写成{zh}")
}

fn kind_zh(kind: &str) -> &str {
    match kind {
        "mapping" => "映射",
        "list" => "列表",
        "string" => "字符串",
        "number" => "数字",
        "whole number" => "整数",
        "boolean" => "布尔值",
        "null" => "空值",
        "timestamp" => "日期",
        other => other,
    }
}

/// The number in a port mapping that no port can have.
fn too_high(text: &str) -> Option<&str> {
    let numbers = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| part.len() > 4);
    numbers.into_iter().find(|part| part.parse::<u64>().is_ok_and(|number| number > 65535))
}

/// Container names that Compose passes on and the engine refuses. Source: moby/moby, daemon/names/names.go,
/// `^[a-zA-Z0-9][a-zA-Z0-9_.-]+$`; a slash before it goes.
fn container_names(cx: &mut Cx<'_>) {
    for service in &cx.project().services {
        let Some(value) = service.value.get("container_name") else { continue };
        let Some(name) = value.string().filter(|v| !v.uncertain && v.text().len() > 1) else { continue };
        let body = name.text().strip_prefix('/').unwrap_or(name.text());
        let allowed = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
        let starts = body.starts_with(|c: char| c.is_ascii_alphanumeric());
        let path = service.path("container_name");
        let told = cx.project().problems.iter().any(|p| p.path == path && matches!(p.kind, ProblemKind::Value { .. }));
        if told || starts && body.chars().all(allowed) {
            continue;
        }
        let text = name.text();
        let message = text!("no container can have the name `{text}`", "容器不能叫 `{text}`");
        let mut finding = cx.finding(value.span, path, message);
        finding.label = text!("Compose takes it, and the engine refuses it at up", "Compose 不拦，到 up 时引擎会拒绝");
        finding.services = vec![service.name.to_string()];
        finding.help.push(text!(
            "use letters, digits, `_`, `.` and `-`, a letter or digit first",
            "只用字母、数字、`_`、`.`、`-`，并以字母或数字开头"
        ));
        cx.report(finding);
    }
}
