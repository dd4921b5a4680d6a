use crate::diag::{Applicability, Category, Severity, Strategy};
use crate::remedy::Draft;
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::source::{Edit, Span};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "carriage-return-in-value",
    category: Category::Env,
    set: RuleSet::Default,
    causes: &["env-crlf"],
    severity: Severity::Warning,
    fix: FixKind::Sometimes,
    since: "0.1.0",
    title: Words { en: "A value with carriage returns in it", zh: "值里混进了回车符" },
    doc: Words {
        en: "\
Compose takes the carriage return off the end of each line of an env file, with `format: raw` too, but not inside a value: a quoted one over several lines, a key in PEM
form, say, keeps one at each line end where the file has Windows line ends, and so does one that was pasted into the middle of a line. Programs that compare or sign the
value then see another one. Save the file with Unix line ends.",
        zh: "\
env 文件每行末尾的回车符，Compose 会去掉（`format: raw` 也一样），但值内部的不会：文件是 Windows 换行时，跨多行的带引号的值（比如 PEM 格式的密钥）每行末尾都带着回车符；粘贴到行中间的也会留下。
程序拿它去比较或签名，就对不上了。请把文件存成 Unix 换行。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let mut files: Vec<_> = cx.project().env_texts.values().cloned().collect();
    files.sort_by_key(|text| text.file);
    for text in files {
        let source = cx.files.get(text.file);
        for line in &text.lines {
            let said = line.value.as_ref().is_some_and(|v| v.text.contains('\r'));
            let returns: Vec<usize> = source.text.get(line.span.range()).map_or(Vec::new(), |raw| {
                raw.match_indices('\r').map(|(at, _)| line.span.start as usize + at).collect()
            });
            if !said || returns.is_empty() {
                continue;
            }
            // Only a line that some service takes.
            let takes = |s: &&crate::compose::Service| {
                s.environment.iter().filter_map(|v| v.value.as_ref()).any(|v| {
                    v.text().contains('\r') && v.sourced.spans().iter().any(|span| span.touches(line.span))
                })
            };
            let services: Vec<String> = cx.project().services.iter().filter(takes).map(|s| s.name.to_string()).collect();
            if services.is_empty() {
                continue;
            }
            let key = &line.key;
            let name = &source.name;
            let message = text!(
                "`{key}` from {name} has carriage returns in its value",
                "{name} 里的 `{key}`，值中混有回车符"
            );
            let mut finding = cx.finding(line.key_span, key.to_string(), message);
            finding.cause = Some("env-crlf");
            finding.services = services;
            finding.label = text!("Compose takes them off at line ends only, not inside a value", "Compose 只去掉行尾的，值内部的会保留");
            let plan = cx.desk().editable(text.file).map(|()| {
                let mut draft = Draft::new(cx.desk());
                draft.note_span(line.span);
                for at in returns {
                    draft.push(Edit::delete(Span::new(text.file, at..at + 1)));
                }
                draft.finish(Strategy::Repair, Applicability::Unsafe, text!("take the carriage returns away", "去掉回车符"))
            });
            Cx::plan(&mut finding, plan);
            cx.report(finding);
        }
    }
}
