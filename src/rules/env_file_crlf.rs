use crate::diag::{Applicability, Category, Fix, Severity, Strategy};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::source::{Edit, Span};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "env-file-crlf",
    category: Category::Env,
    set: RuleSet::Style,
    causes: &["env-crlf"],
    severity: Severity::Info,
    fix: FixKind::Sometimes,
    since: "0.1.0",
    title: Words { en: "An env file with Windows line ends", zh: "env 文件用的是 Windows 换行" },
    doc: Words {
        en: "\
Compose takes the carriage returns off (measured with 2.40.3, with `format: raw` too). A shell that sources the file does not, and neither do scripts that read it line by line:
`PORT` is then `8080\\r`, and the error message overwrites itself. `fix` writes Unix line ends; values over several lines it leaves as they are, see
`carriage-return-in-value`.",
        zh: "\
Compose 会去掉回车符（2.40.3 实测，`format: raw` 也一样）。用 shell 去 source，或者用脚本逐行读，就不会：`PORT` 变成 `8080\\r`，报错信息还会自己盖住自己。`fix` 改成 Unix 换行；跨多行的值不动，
见 `carriage-return-in-value`。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let mut files: Vec<_> = cx.project().env_texts.values().cloned().collect();
    files.sort_by_key(|text| text.file);
    for text in files {
        let source = cx.files.get(text.file);
        let ends: Vec<usize> = source.text.match_indices("\r\n").map(|(at, _)| at).collect();
        // Bytes of values stay.
        let outside: Vec<usize> = ends
            .iter()
            .copied()
            .filter(|at| !text.lines.iter().any(|l| l.span.range().contains(at)))
            .collect();
        let Some(first) = text.lines.first().filter(|_| !outside.is_empty()) else { continue };
        let name = &source.name;
        let message = text!(
            "{name} has Windows line ends: Compose copes, a shell that sources it does not",
            "{name} 用的是 Windows 换行：Compose 没问题，用 shell 去 source 就会出错"
        );
        let mut finding = cx.finding(first.key_span, first.key.to_string(), message);
        finding.cause = Some("env-crlf");
        let plan = cx.desk().editable(text.file).map(|()| {
            let mut fix = Fix::new(Strategy::Repair, Applicability::Safe, text!("write Unix line ends", "改成 Unix 换行"));
            fix.edits = outside.iter().map(|at| Edit::delete(Span::new(text.file, *at..at + 1))).collect();
            fix
        });
        Cx::plan(&mut finding, plan);
        cx.report(finding);
    }
}
