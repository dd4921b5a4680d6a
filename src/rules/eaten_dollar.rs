use crate::compose::ProblemKind;
use crate::diag::{Applicability, Category, Severity, Strategy, is_secret};
use crate::remedy::Draft;
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words, service_of};
use crate::source::{Edit, Span, byte};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "eaten-dollar",
    category: Category::Env,
    set: RuleSet::Default,
    causes: &["dollar-interpolation"],
    severity: Severity::Warning,
    fix: FixKind::Sometimes,
    since: "0.1.0",
    title: Words { en: "Compose takes a dollar sign for a variable and drops it", zh: "Compose 把美元符号当成变量，结果丢了一段" },
    doc: Words {
        en: "\
In Compose files and in env files `$word` is a variable. Where nobody sets it, Compose warns, `The \"word\" variable is not set. Defaulting to a blank
string`, and puts nothing in: a password `pa$sword` becomes `pa`, a script in `command` loses `$i` before any shell sees it. Write `$$` for a dollar sign;
in an env file single quotes do too.

Flagged in commands and health checks, which a shell was to expand, and in the middle of passwords and keys.",
        zh: "\
在 Compose 文件和 env 文件里，`$word` 是变量。没有谁设置它时，Compose 只警告一句 `The \"word\" variable is not set. Defaulting to a blank string`，然后填空：
密码 `pa$sword` 变成 `pa`，`command` 里脚本的 `$i` 还没到 shell 手里就没了。美元符号本身要写成 `$$`；在 env 文件里也可以用单引号。

只在命令、健康检查（本该由 shell 展开），以及密码和密钥的中间才报。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let project = cx.project();
    for problem in &project.problems {
        let ProblemKind::Unset { name, uncertain: false } = &problem.kind else { continue };
        let file = cx.files.get(problem.span.file);
        let text = &file.text;
        let (start, end) = (problem.span.start as usize, problem.span.end as usize);
        // The span is that of `$name`, or of the whole line of an env file.
        let written = text.get(start..end).unwrap_or("");
        let bare = format!("${name}");
        let Some(at) = written.find(&bare).map(|i| start + i) else { continue };
        let end = at + bare.len();
        let of_env_file = project.env_texts.contains_key(&problem.span.file);
        let key = problem.path.rsplit('.').next().unwrap_or("");
        let service = service_of(&problem.path);
        let attribute = problem.path.split('.').nth(2).unwrap_or("");
        let shell = matches!(attribute, "command" | "entrypoint" | "healthcheck");
        let inside = at > 0 && (byte(text, at - 1).is_ascii_alphanumeric() || b"!@#%^&*".contains(&byte(text, at - 1)));
        if !(shell || (is_secret(key) && inside)) {
            continue;
        }
        let span = Span::new(problem.span.file, at..end);
        let message = if shell {
            text!("Compose puts nothing for `${name}` before the shell sees it", "shell 还没看到，Compose 就把 `${name}` 换成了空")
        } else {
            text!("`{key}` loses `${name}`: Compose takes it for a variable", "`{key}` 丢了 `${name}`：Compose 把它当成变量了")
        };
        let mut finding = cx.finding(span, problem.path.clone(), message);
        finding.cause = Some("dollar-interpolation");
        finding.label = text!("nobody sets {name}", "没有谁设置 {name}");
        finding.services = service.map(str::to_owned).into_iter().collect();
        finding.help.push(if of_env_file {
            text!("write $${name}, or the value in single quotes", "写成 $${name}，或者给值加单引号")
        } else {
            text!("write $${name}", "写成 $${name}")
        });
        let mut draft = Draft::new(cx.desk());
        // Nothing stands for the variable itself: the bytes beside it tell whose value it is.
        draft.note_span(Span::new(span.file, at.saturating_sub(1)..(end + 1).min(text.len())));
        let plan = cx.desk().editable(span.file).map(|()| {
            draft.push(Edit::insert(span.file, at, "$"));
            if shell && let Some(service) = service {
                draft.changes(format!("services.{service}.{attribute}"));
            }
            draft.finish(Strategy::Repair, Applicability::Unsafe, text!("write $${name}", "写成 $${name}"))
        });
        Cx::plan(&mut finding, plan);
        cx.report(finding);
    }
}
