//! The list of rules, their files, their fixtures and their pages agree. `BLESS=1 cargo test --test docs` rewrites the pages.
#![allow(clippy::unwrap_used, clippy::format_collect, reason = "a test may panic")]

mod common;

use std::fmt::Write as _;
use std::path::PathBuf;

use common::{contents, copy, expect, root, run};
use dockline::diag::Lang;
use dockline::rule::{FixKind, Rule};
use dockline::rules::ALL;

fn folders(of: &Rule, prefix: &str) -> Vec<PathBuf> {
    let dir = root().join("fixtures/rules").join(of.id);
    let mut out: Vec<PathBuf> = std::fs::read_dir(dir).into_iter().flatten().map(|e| e.unwrap().path()).collect();
    out.retain(|p| p.file_name().unwrap().to_string_lossy().starts_with(prefix));
    out.sort();
    out
}

fn names(dir: &str) -> Vec<String> {
    let entries = std::fs::read_dir(root().join(dir)).unwrap();
    entries.map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn every_rule_has_its_file_and_fixtures() {
    let mut files: Vec<String> = ALL.iter().map(|r| format!("{}.rs", r.id.replace('-', "_"))).collect();
    for (rule, file) in ALL.iter().zip(&files) {
        assert!(root().join("src/rules").join(file).is_file(), "the rule {} is not in src/rules/{file}", rule.id);
        assert!(!folders(rule, "bad-").is_empty(), "no fixture shows what `{}` finds", rule.id);
        assert!(!folders(rule, "ok-").is_empty(), "no fixture shows what `{}` leaves alone", rule.id);
        for folder in folders(rule, "") {
            let name = folder.file_name().unwrap().to_string_lossy().into_owned();
            assert!(
                name.starts_with("bad-") || name.starts_with("ok-"),
                "{} is neither bad- nor ok-",
                folder.display()
            );
        }
    }
    files.push("mod.rs".to_owned());
    for name in names("src/rules") {
        assert!(files.contains(&name), "src/rules/{name} is not in the list of mod.rs");
    }
    for name in names("fixtures/rules") {
        assert!(dockline::rules::rule(&name).is_some(), "fixtures/rules/{name} belongs to no rule");
    }
}

#[test]
fn every_cause_has_a_page() {
    for rule in ALL {
        for cause in rule.causes {
            let said = run(&root(), &["explain", cause, "--isolated"]);
            assert_eq!(said.status, 0, "explain {cause} (of {}) says: {}", rule.id, said.err);
        }
    }
}

#[test]
fn pages_are_up_to_date() {
    let dir = root().join("docs/rules");
    let mut wrong = Vec::new();
    for (lang, suffix) in [(Lang::En, ".md"), (Lang::Zh, ".zh-CN.md")] {
        let index = format!("README{suffix}");
        wrong.extend(expect(&dir.join(index), &list(lang)).err());
        for rule in ALL {
            wrong.extend(expect(&dir.join(format!("{}{suffix}", rule.id)), &page(rule, lang)).err());
        }
    }
    for name in names("docs/rules") {
        let id = name.trim_end_matches(".md").trim_end_matches(".zh-CN");
        if id != "README" && dockline::rules::rule(id).is_none() {
            wrong.push(format!("docs/rules/{name} belongs to no rule"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The word for how often a rule's findings come with a fix.
fn fixes(rule: &Rule, lang: Lang) -> &'static str {
    match (lang, rule.fix) {
        (Lang::En, kind) => kind.name(),
        (Lang::Zh, FixKind::Never) => "不提供",
        (Lang::Zh, FixKind::Sometimes) => "部分提供",
        (Lang::Zh, FixKind::Always) => "总是提供",
    }
}

fn list(lang: Lang) -> String {
    let (title, about, head) = match lang {
        Lang::En => (
            "Rules",
            "Written by the documentation test from the rules themselves.",
            "| rule | category | set | severity | fix | |\n| --- | --- | --- | --- | --- | --- |\n",
        ),
        Lang::Zh => (
            "规则",
            "由文档测试根据规则本身生成。",
            "| 规则 | 类别 | 规则集 | 级别 | 修复 | |\n| --- | --- | --- | --- | --- | --- |\n",
        ),
    };
    let mut out = format!("# {title}\n\n{about}\n\n{head}");
    let suffix = if lang == Lang::En { ".md" } else { ".zh-CN.md" };
    for rule in ALL {
        let (id, category, set) = (rule.id, rule.category.name(), rule.set.name());
        let (severity, fix) = (rule.severity.name(), fixes(rule, lang));
        // A bar would end the cell, in code too.
        let title = rule.title.get(lang).replace('|', "\\|");
        let _ = writeln!(out, "| [`{id}`]({id}{suffix}) | {category} | {set} | {severity} | {fix} | {title} |");
    }
    out
}

fn page(rule: &Rule, lang: Lang) -> String {
    let case = folders(rule, "bad-").into_iter().next().unwrap();
    let own = std::fs::read_to_string(case.join("args")).unwrap_or_default();
    let arguments = |verb: &'static str, more: &[&str]| -> String {
        let mut args = vec![verb.to_owned()];
        args.extend(own.split_whitespace().map(str::to_owned));
        args.extend(more.iter().map(|m| (*m).to_owned()));
        if lang == Lang::Zh {
            args.extend(["--lang".to_owned(), "zh".to_owned()]);
        }
        let work = copy(&case);
        run(work.path(), &args.iter().map(String::as_str).collect::<Vec<_>>()).out
    };
    let said = arguments("lint", &["--select", rule.id]);
    // The last lines are about the run, not the rule.
    let said = said.split("\n\ncompose").next().unwrap_or(&said).trim_end().to_owned();
    let diff = arguments("fix", &["--select", rule.id, "--unsafe", "--diff"]);
    let diff: String =
        diff.lines().take_while(|l| l.starts_with(['-', '+', ' ', '@'])).map(|l| format!("{l}\n")).collect();
    let causes = rule.causes.iter().map(|c| format!("`{c}`")).collect::<Vec<_>>().join(", ");
    let causes = if causes.is_empty() { "-".to_owned() } else { causes };
    let words = match lang {
        Lang::En => [
            "category",
            "severity",
            "causes",
            "fix",
            "since",
            "Example",
            "says:",
            "is mended to:",
            "To leave one place alone, on the line or the one above it:",
            "why it is right here",
        ],
        Lang::Zh => [
            "类别",
            "级别",
            "原因",
            "修复",
            "始于",
            "示例",
            "会报告：",
            "修复后：",
            "要放过某一处，写在那一行或上一行：",
            "为什么这里没问题",
        ],
    };
    let [category, severity, cause_word, fix, since, example, says, mended, ignore, why] = words;
    let mut out = format!("# {}\n\n{}\n\n", rule.id, rule.title.get(lang));
    let _ =
        writeln!(out, "| {category} | {severity} | {cause_word} | {fix} | {since} |\n| --- | --- | --- | --- | --- |");
    let _ = writeln!(
        out,
        "| {} | {} | {causes} | {} | {} |\n",
        rule.category.name(),
        rule.severity.name(),
        fixes(rule, lang),
        rule.since
    );
    let _ = writeln!(out, "{}\n\n## {example}\n", rule.doc.get(lang).trim());
    let command = format!("dockline lint {own}").trim().to_owned();
    for (name, bytes) in contents(copy(&case).path()).into_iter().rev() {
        let text = String::from_utf8_lossy(&bytes).trim_end().to_owned();
        let (title, kind) = match name.rsplit_once('.').map(|(_, ending)| ending) {
            Some("yaml") if name == "compose.yaml" => (String::new(), "yaml"),
            Some("yaml" | "yml") => (format!("`{name}`:\n\n"), "yaml"),
            _ => (format!("`{name}`:\n\n"), "text"),
        };
        let _ = writeln!(out, "{title}```{kind}\n{text}\n```\n");
    }
    let _ = writeln!(out, "`{command}` {says}\n\n```text\n{said}\n```\n");
    if !diff.trim().is_empty() {
        let _ = writeln!(out, "{mended}\n\n```diff\n{}\n```\n", diff.trim_end());
    }
    let _ = writeln!(out, "{ignore}\n\n```yaml\n# dockline: ignore[{}] {why}\n```", rule.id);
    out
}

/// Every rule that `docs/peers.md` names as dockline's answer is one, and the reader is told why where there is none.
#[test]
fn peers_are_answered_by_rules() {
    let text = std::fs::read_to_string(root().join("docs/peers.md")).unwrap();
    let mut rows = 0;
    for row in text.lines().filter(|l| l.starts_with("| ") && !l.starts_with("| ---")) {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [peer, _, rules, why] = cells.as_slice() else { panic!("four columns: {row}") };
        if *rules == "dockline" {
            continue;
        }
        rows += 1;
        if *rules == "-" {
            assert!(!why.is_empty(), "no rule answers {peer}, and nothing says why");
            continue;
        }
        for id in rules.split(", ") {
            let bare = id.strip_prefix('`').and_then(|i| i.strip_suffix('`'));
            let bare = bare.unwrap_or_else(|| panic!("{peer}: a rule's id stands in backticks: {id}"));
            assert!(dockline::rules::rule(bare).is_some(), "{peer}: there is no rule `{bare}`");
        }
    }
    assert_eq!(rows, 27 + 22 + 17, "rules of compose-lint, queries of KICS, rules of dclint");
}
