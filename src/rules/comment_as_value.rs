use crate::diag::{Applicability, Category, Severity, Strategy};
use crate::dotenv::{self, Quote};
use crate::remedy::Draft;
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::source::{Edit, Span, from, upto};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "comment-as-value",
    category: Category::Env,
    set: RuleSet::Default,
    causes: &["env-inline-comment"],
    severity: Severity::Warning,
    fix: FixKind::Always,
    since: "0.1.0",
    title: Words { en: "A comment in an env file becomes a value", zh: "env 文件里的注释成了值" },
    doc: Words {
        en: "\
In an env file Compose takes ` # text` behind a value for a comment. Behind an empty value it does not: `KEY= # optional` sets KEY to `# optional`, and a
program that asks \"is there a key?\" hears yes. With `format: raw`, and with `docker run --env-file`, every comment behind a value is part of it. Put
comments on lines of their own.",
        zh: "\
env 文件里，值后面的 ` # 文字` 会被 Compose 当作注释。但如果值是空的就不会：`KEY= # optional` 会把 KEY 设成 `# optional`，程序一问“有没有 key”，答案就成了“有”。
用 `format: raw` 或 `docker run --env-file` 时，值后面的注释全都是值的一部分。注释请单独写一行。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let project = cx.project();
    let mut files: Vec<_> = project.env_texts.values().cloned().collect();
    files.sort_by_key(|text| text.file);
    for text in files {
        for line in &text.lines {
            let (Some(value), Quote::None) = (&line.value, line.quote) else { continue };
            let Some(span) = value.exact(0..value.text.len()) else { continue };
            // Where a comment is none: at the start of a value, and anywhere in a raw file.
            let at = if value.text.starts_with("# ") || &*value.text == "#" {
                0
            } else if let Some(at) = value.text.find(" # ") {
                at
            } else {
                continue;
            };
            let source = &cx.files.get(text.file).text;
            let before = upto(source, span.start as usize);
            // `KEY=#abc` without a blank may be meant so.
            if at == 0 && !before.ends_with([' ', '\t']) {
                continue;
            }
            let key = &line.key;
            let message = text!("the comment becomes the value of `{key}`", "注释成了 `{key}` 的值");
            let cut = span.part(at..value.text.len());
            let mut finding = cx.finding(cut, key.to_string(), message);
            finding.cause = Some("env-inline-comment");
            finding.label = if at == 0 {
                text!("behind an empty value Compose sees no comment", "值为空时，Compose 不把它当注释")
            } else {
                text!("a raw env file has no comments behind values", "raw 格式的 env 文件里，值后面没有注释")
            };
            let readers = project.services.iter().filter(|s| {
                let from_line = |v: &crate::interpolation::Value| {
                    v.sourced.spans().iter().any(|piece| piece.touches(cut))
                };
                s.environment.iter().any(|v| v.value.as_ref().is_some_and(|v| from_line(v)))
            });
            finding.services = readers.map(|s| s.name.to_string()).collect();
            let mut draft = Draft::new(cx.desk());
            draft.note_span(span);
            let plan = cx.desk().editable(text.file).map(|()| {
                // To the end of the line: behind a second `#` follows what Compose takes for a comment too.
                let rest = from(source, cut.start as usize).split(['\n', '\r']).next().unwrap_or_default();
                let comment = rest.trim();
                // The blanks before it go with it.
                let kept = upto(source, cut.start as usize).trim_end_matches([' ', '\t']).len();
                draft.push(dotenv::insert_line(text.file, source, Some(span.start as usize), comment));
                draft.push(Edit::delete(Span::new(text.file, kept..cut.start as usize + rest.len())));
                let description = text!("put the comment on a line of its own", "把注释单独写成一行");
                draft.finish(Strategy::Repair, Applicability::Safe, description)
            });
            Cx::plan(&mut finding, plan);
            cx.report(finding);
        }
    }
}
