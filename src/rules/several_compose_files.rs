use crate::diag::{Category, Place, Related, Severity, Text};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::source::Span;
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "several-compose-files",
    category: Category::Model,
    set: RuleSet::Default,
    causes: &[],
    severity: Severity::Info,
    fix: FixKind::Never,
    since: "0.1.0",
    title: Words { en: "Compose reads one of several files with standard names", zh: "有好几个标准名字的文件，Compose 只读其中一个" },
    doc: Words {
        en: "\
In a folder Compose takes the first that is there of `compose.yaml`, `compose.yml`, `docker-compose.yml`, `docker-compose.yaml`, and one override; the others it passes over
with a warning, \"Found multiple config files with supported names\". Who edits one of those sees no effect. Delete or rename what is not meant, or name the files:
`-f`, or `COMPOSE_FILE` in `.env`.",
        zh: "\
在一个文件夹里，Compose 按 `compose.yaml`、`compose.yml`、`docker-compose.yml`、`docker-compose.yaml` 的顺序取第一个存在的，外加一个覆盖文件；其余的跳过，并警告 \"Found multiple config files with
supported names\"。改了被跳过的文件，什么也不会发生。把不要的删掉或改名，或者写明用哪些：`-f`，或者在 `.env` 里写 `COMPOSE_FILE`。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let project = cx.project();
    let Some(first) = project.files.first().copied().filter(|_| !project.passed_over.is_empty()) else { return };
    let Some(services) = project.root.map().and_then(|m| m.get("services")) else { return };
    let names: Vec<String> = project.passed_over.iter().map(|n| format!("`{n}`")).collect();
    let used = &cx.files.get(first).name;
    let (en, zh) = (names.join(", "), names.join("、"));
    let message = Text::new(
        format!("Compose reads {used} here and passes over {en}"),
        format!("Compose 在这里读 {used}，跳过 {zh}"),
    );
    let mut finding = cx.finding(services.key_span, "services", message);
    finding.label = text!("this file counts", "以这个文件为准");
    for file in &project.neighbours {
        if project.passed_over.contains(&cx.files.get(*file).name) {
            let place = Place { span: Span::at(*file, 0), path: String::new() };
            finding.related.push(Related { place, service: None, message: text!("not read", "不会读") });
        }
    }
    finding.help.push(text!(
        "delete or rename what is not meant, or list the files: COMPOSE_FILE in .env",
        "删掉或改名不用的文件，或者在 .env 里用 COMPOSE_FILE 列出要用的"
    ));
    cx.report(finding);
}
