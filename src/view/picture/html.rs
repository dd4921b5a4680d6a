//! The picture as a page: one file, no script, nothing fetched.

use std::fmt::Write as _;

use super::graph::{Class, Graph, Kind, Row, in_files};
use super::layout::Layout;
use super::svg::drawing;
use crate::diag::{Lang, Severity, markup};
use crate::network::{Judged, Survey, Verdict};
use crate::source::Files;
use crate::text;

const STYLE: &str = include_str!("page.css");

/// `dockline reach --format html`
pub fn survey_html(files: &Files, survey: &Survey<'_>, lang: Lang) -> String {
    page(&Graph::new(survey, &|judged| in_files(files, judged), lang), None, lang)
}

/// A finding about what runs, in words.
#[derive(Clone, Debug)]
pub struct Told {
    pub severity: Severity,
    /// `error[loopback-to-host]`
    pub label: String,
    pub message: String,
    /// Layer, place, help.
    pub lines: Vec<String>,
    /// What to type, in order.
    pub commands: Vec<String>,
}

/// What is told beside the picture of what runs.
#[derive(Clone, Debug)]
pub struct Running {
    pub told: Vec<Told>,
    /// What was not looked at, and what else there is to know.
    pub notes: Vec<String>,
    /// The engine, and how much was asked.
    pub summary: String,
}

/// `dockline doctor --format html`: the survey of what runs, with what was seen.
pub fn running_html(survey: &Survey<'_>, place: &dyn Fn(&Judged) -> String, running: &Running, lang: Lang) -> String {
    page(&Graph::new(survey, place, lang), Some(running), lang)
}

fn page(graph: &Graph, running: Option<&Running>, lang: Lang) -> String {
    let layout = Layout::new(graph);
    let say = |en: &'static str, zh: &'static str| if lang == Lang::Zh { zh } else { en };
    let title = format!("{} · {}", graph.project, say("who reaches whom", "谁能连到谁"));
    let (tag, title) = (say("en", "zh-CN"), markup(&title));
    let mut out = format!(
        "<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"{tag}\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n<meta name=\"color-scheme\" content=\"light dark\"/>\n\
         <title>{title}</title>\n<style>\n{STYLE}{}</style>\n</head>\n<body>\n",
        highlights(graph)
    );
    let _ = writeln!(
        out,
        "<header><h1>{}</h1><p class=\"sub\">{}</p>\n<ul class=\"legend\">",
        markup(&graph.project),
        match running {
            None => say("who reaches whom", "谁能连到谁"),
            Some(_) => say("who reaches whom, asked from inside the containers", "谁能连到谁：从容器内部实测"),
        }
    );
    let external: usize = graph.rows.iter().filter(|r| r.verdict == Verdict::External).map(|r| r.services.len()).sum();
    for (class, count, words) in [
        ("broken", graph.count(Class::Broken), say("broken", "不通")),
        ("ok", graph.count(Class::Ok), say("reach their server", "连得通")),
        ("grey", external, say("lead outside", "通向外部")),
        ("grey", graph.count(Class::Grey) - external, say("not known", "未知")),
    ] {
        if count > 0 {
            let _ = writeln!(
                out,
                "<li class=\"{class}\"><svg width=\"30\" height=\"10\" aria-hidden=\"true\"><path class=\"line\" d=\"M1 5H29\"/></svg><b>{count}</b> {words}</li>"
            );
        }
    }
    if graph.nodes.iter().any(|n| n.own.is_some()) {
        let _ = writeln!(
            out,
            "<li><svg width=\"10\" height=\"10\" aria-hidden=\"true\"><circle class=\"own ok\" cx=\"5\" cy=\"5\" r=\"4.5\"/></svg>{}</li>",
            say("calls itself (health check)", "访问自己（健康检查）")
        );
    }
    out.push_str("</ul></header>\n<main>\n");
    if graph.edges.is_empty() && graph.nodes.is_empty() {
        let _ = writeln!(out, "<p>{}</p>", say("No service names an address.", "没有服务写了地址。"));
    } else {
        let _ = writeln!(out, "<div class=\"picture\">\n{}</div>", drawing(graph, &layout, lang));
    }
    match running {
        None => broken(graph, lang, &mut out),
        Some(running) => findings(running, lang, &mut out),
    }
    lone(graph, lang, &mut out);
    table(graph, lang, &mut out);
    let _ = writeln!(
        out,
        "</main>\n<footer>dockline {} · {}</footer>\n</body>\n</html>",
        env!("CARGO_PKG_VERSION"),
        match running {
            None => say("read from the files; nothing was called", "只读文件得出，没有发起任何连接").to_owned(),
            Some(running) => markup(&running.summary),
        }
    );
    out
}

/// Who points at a node sees its edges, and the others step back.
fn highlights(graph: &Graph) -> String {
    let mut out = String::new();
    for (index, _) in graph.nodes.iter().enumerate().filter(|(_, n)| n.kind != Kind::Joint) {
        let _ = writeln!(out, "svg:has(#n{index}:hover) :is(.e,.cross):not(.n{index}){{opacity:.12}}");
    }
    out
}

fn broken(graph: &Graph, lang: Lang, out: &mut String) {
    let rows: Vec<&Row> = graph.rows.iter().filter(|r| r.class == Class::Broken).collect();
    if rows.is_empty() {
        return;
    }
    let _ = writeln!(out, "<section><h2>{}</h2>\n<ul class=\"broken\">", text!("Broken", "不通的地址").get(lang));
    for row in rows {
        let who = row.services.join(text!(", ", "、").get(lang));
        let _ = writeln!(
            out,
            "<li><p><b>{}</b> <code>{}</code> → <code>{}</code> <span class=\"verdict broken\">{}</span></p><p>{}</p><p class=\"place\">{}</p></li>",
            markup(&who),
            markup(&row.variable),
            markup(&row.address),
            markup(&row.words),
            markup(&row.reason),
            markup(&row.place)
        );
    }
    out.push_str("</ul>\n");
    let next = text!(
        "<code>dockline lint</code> says what to do, <code>dockline fix --diff</code> shows the change",
        "<code>dockline lint</code> 给出处理办法，<code>dockline fix --diff</code> 预览改动"
    );
    let _ = writeln!(out, "<p class=\"next\">{}</p></section>", next.get(lang));
}

fn findings(running: &Running, lang: Lang, out: &mut String) {
    if running.told.is_empty() {
        let _ = writeln!(
            out,
            "<section><p class=\"fine\">{}</p></section>",
            text!("Nothing is wrong", "没有发现问题").get(lang)
        );
    } else {
        let _ = writeln!(out, "<section><h2>{}</h2>\n<ul class=\"broken\">", text!("Findings", "发现的问题").get(lang));
    }
    for told in &running.told {
        let _ = writeln!(
            out,
            "<li class=\"{}\"><p><b>{}</b></p><p>{}</p>",
            told.severity.name(),
            markup(&told.label),
            marked(&told.message)
        );
        let _ = writeln!(out, "<p class=\"said\">{}</p>", marked(&told.lines.join("\n")));
        if !told.commands.is_empty() {
            let _ = writeln!(out, "<pre>{}</pre>", markup(&told.commands.join("\n")));
        }
        out.push_str("</li>\n");
    }
    if !running.told.is_empty() {
        out.push_str("</ul></section>\n");
    }
    if !running.notes.is_empty() {
        let _ = writeln!(out, "<section><h2>{}</h2>\n<ul>", text!("To know", "另外").get(lang));
        for note in &running.notes {
            let _ = writeln!(out, "<li>{}</li>", marked(note));
        }
        out.push_str("</ul></section>\n");
    }
}

/// A message with what stands in backticks as code.
fn marked(message: &str) -> String {
    let parts = markup(message);
    let mut out = String::with_capacity(parts.len());
    let pieces: Vec<&str> = parts.split('`').collect();
    for (index, piece) in pieces.iter().enumerate() {
        // An odd backtick at the end opens nothing.
        if index % 2 == 1 && index + 1 < pieces.len() {
            let _ = write!(out, "<code>{piece}</code>");
        } else {
            out.push_str(if index % 2 == 1 { "`" } else { "" });
            out.push_str(piece);
        }
    }
    out
}

fn lone(graph: &Graph, lang: Lang, out: &mut String) {
    if graph.lone.is_empty() {
        return;
    }
    let head = text!("Services that call nobody and that nobody calls", "没有连接的服务");
    let _ = writeln!(out, "<section><h2>{}</h2>\n<ul class=\"lone\">", head.get(lang));
    for (name, note, lane) in &graph.lone {
        let _ =
            writeln!(out, "<li title=\"{}\"><b>{}</b> <span>{}</span></li>", markup(lane), markup(name), markup(note));
    }
    out.push_str("</ul></section>\n");
}

fn table(graph: &Graph, lang: Lang, out: &mut String) {
    if graph.rows.is_empty() {
        return;
    }
    let say = |en: &'static str, zh: &'static str| if lang == Lang::Zh { zh } else { en };
    let count: usize = graph.rows.iter().map(|r| r.services.len()).sum();
    let head = text!("Every address ({count})", "全部地址（{count}）");
    let _ = writeln!(
        out,
        "<section><details><summary>{}</summary>\n<div class=\"wide\"><table><thead><tr><th></th><th>{}</th><th>{}</th><th>{}</th><th>{}</th><th>{}</th><th>{}</th></tr></thead><tbody>",
        head.get(lang),
        say("service", "服务"),
        say("variable", "变量"),
        say("address", "地址"),
        say("reaches", "连到"),
        say("why", "原因"),
        say("where", "位置")
    );
    for (index, row) in graph.rows.iter().enumerate() {
        let _ = writeln!(
            out,
            "<tr id=\"r{index}\" class=\"{}\" data-verdict=\"{}\" data-audience=\"{}\"><td><span class=\"verdict {}\">{}</span></td><td>{}</td><td><code>{}</code></td><td><code>{}</code></td><td>{}</td><td>{}</td><td class=\"place\">{}</td></tr>",
            row.class.name(),
            row.verdict.name(),
            row.audience,
            row.class.name(),
            markup(&row.words),
            markup(&row.services.join(", ")),
            markup(&row.variable),
            markup(&row.address),
            markup(&row.to),
            markup(&row.reason),
            markup(&row.place)
        );
    }
    out.push_str("</tbody></table></div></details></section>\n");
}
