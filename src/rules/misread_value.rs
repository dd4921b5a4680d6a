use crate::catalog::{Form, reading};
use crate::compose::{EnvVar, Service};
use crate::diag::{Applicability, Category, Finding, Place, Severity, Strategy};
use crate::remedy::Draft;
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "misread-value",
    category: Category::Env,
    set: RuleSet::Default,
    causes: &["timeout-tuning"],
    severity: Severity::Warning,
    fix: FixKind::Sometimes,
    since: "0.1.0",
    title: Words { en: "A value that its program reads otherwise", zh: "程序读出来是另一个意思的值" },
    doc: Words {
        en: "\
Every variable is text, and each program has its own idea of what may stand in it. Ollama reads durations as Go does: `5m`, `24h`, or whole seconds; `1d` or
`5 minutes` is dropped without a word and the default counts. Its switches take `true`, `1`, `false`, `0`: anything else counts as on, so that
`OLLAMA_FLASH_ATTENTION=off` switches it on. Open WebUI takes only `true`: `WEBUI_AUTH=1` switches the login off.

Flagged for the variables in the catalog, whose reading was looked up in the program, and only where the value comes to mean something else than it says.",
        zh: "\
环境变量都是文本，里面能写什么，各个程序有各自的规定。Ollama 按 Go 的写法读时长：`5m`、`24h`，或者整数秒；`1d`、`5 minutes` 会被悄悄丢掉，用默认值。它的开关只认
`true`、`1`、`false`、`0`，其余一律算开，所以 `OLLAMA_FLASH_ATTENTION=off` 反而把它打开了。Open WebUI 只认 `true`：`WEBUI_AUTH=1` 会关掉登录。

只检查目录里的变量（读法都在程序源码里查过），并且只在读出来的意思和写的不一样时才报。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let mut seen = Vec::new();
    for service in cx.project().services.iter().filter(|s| s.active && !s.builds) {
        let Some(image) = service.image_text() else { continue };
        for var in &service.environment {
            let Some(value) = var.value.as_ref().filter(|v| !v.uncertain && !v.text().is_empty()) else { continue };
            let Some(reading) = reading(&var.key, image) else { continue };
            // Ollama takes blanks and quotes off.
            let text = value.text().trim().trim_matches(['"', '\'']);
            let Some(form) = reading.form.filter(|form| form.misreads(text)) else { continue };
            let written = || service.path(&format!("environment.{}", var.key));
            let place = cx.origin(value, written).unwrap_or_else(|| Place { span: var.key_span, path: written() });
            if seen.contains(&place.span) {
                continue;
            }
            seen.push(place.span);
            let finding = say(cx, service, var, text, form, reading.default, place);
            cx.report(finding);
        }
    }
}

fn say(
    cx: &Cx<'_>,
    service: &Service,
    var: &EnvVar,
    text: &str,
    form: Form,
    default: Option<&str>,
    place: Place,
) -> Finding {
    let (name, key) = (&service.name, &var.key);
    let message = match (form, default) {
        (Form::Flag, _) => text!("`{name}` takes `{key}={text}` for on", "`{name}` 把 `{key}={text}` 当成开"),
        (Form::True, _) => text!("`{name}` takes `{key}={text}` for off", "`{name}` 把 `{key}={text}` 当成关"),
        (_, Some(default)) => text!(
            "`{name}` can't read `{key}={text}` and stays at its default, {default}",
            "`{name}` 读不懂 `{key}={text}`，仍用默认值 {default}"
        ),
        (_, None) => text!(
            "`{name}` can't read `{key}={text}` and stays at its default",
            "`{name}` 读不懂 `{key}={text}`，仍用默认值"
        ),
    };
    let mut finding = cx.finding(place.span, place.path, message);
    finding.services = vec![name.to_string()];
    finding.cause = (form == Form::Duration).then_some("timeout-tuning");
    finding.label = match form {
        Form::Flag => text!("only 0 and false switch it off", "只有 0 和 false 才是关"),
        Form::True => text!("only true switches it on", "只有 true 才是开"),
        Form::Duration => text!("no duration for Go", "在 Go 里不是合法的时长"),
        Form::Number => text!("not a whole number", "不是整数"),
    };
    match form {
        Form::Duration => finding.help.push(text!(
            "write 90s, 30m, 24h, or whole seconds; -1 is for ever",
            "可以写 90s、30m、24h，或者整数秒；-1 表示不限"
        )),
        Form::Number => finding.help.push(text!("write digits alone", "只写数字")),
        Form::Flag | Form::True => {}
    }
    if let Some(meant) = form.meant(text) {
        let mut draft = Draft::new(cx.desk());
        let plan = draft.set_value(service, key, &meant).map(|()| {
            let mut fix = draft.finish(Strategy::Repair, Applicability::Safe, text!("write {meant}", "写成 {meant}"));
            // Whoever else reads the text may read it well.
            if fix.changes.len() > 1 {
                fix.applicability = Applicability::Unsafe;
            }
            fix
        });
        Cx::plan(&mut finding, plan);
    }
    finding
}
