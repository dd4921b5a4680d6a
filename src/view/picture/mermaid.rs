//! The picture as a Mermaid flowchart, which Markdown pages draw.

use std::fmt::Write as _;

use super::graph::{Class, Edge, Graph, Kind, Node, in_files};
use crate::diag::Lang;
use crate::network::Survey;
use crate::source::Files;
use crate::text;

/// `dockline reach --format mermaid`
pub fn survey_mermaid(files: &Files, survey: &Survey<'_>, lang: Lang) -> String {
    let graph = Graph::new(survey, &|judged| in_files(files, judged), lang);
    let mut out = String::from("flowchart LR\n");
    let group = |kind: Kind, lane: Option<usize>| -> Vec<(usize, &Node)> {
        graph.nodes.iter().enumerate().filter(|(_, n)| n.kind == kind && n.lane == lane).collect()
    };
    let mut subgraph = |id: &str, title: &str, nodes: &[(usize, &Node)]| {
        if nodes.is_empty() {
            return;
        }
        let _ = writeln!(out, "  subgraph {id}[\"{}\"]", escaped(title));
        for (index, node) in nodes {
            let _ = writeln!(out, "    {}", drawn(*index, node));
        }
        out.push_str("  end\n");
    };
    subgraph("entry", text!("published ports", "发布的端口").get(lang), &group(Kind::Entry, None));
    for (index, lane) in graph.lanes.iter().enumerate() {
        subgraph(&format!("net{index}"), lane, &group(Kind::Service, Some(index)));
    }
    subgraph("host", text!("the host", "宿主机").get(lang), &group(Kind::Host, None));
    subgraph("outside", text!("outside", "外部").get(lang), &group(Kind::Outside, None));
    subgraph("nobody", text!("nobody answers", "没有应答").get(lang), &group(Kind::Nobody, None));
    subgraph("unknown", text!("not known", "未知").get(lang), &group(Kind::Unknown, None));
    for (index, node) in graph.nodes.iter().enumerate().filter(|(_, n)| n.kind == Kind::Joint) {
        let _ = writeln!(out, "  {}", drawn(index, node));
    }
    for edge in &graph.edges {
        let joint = graph.nodes.get(edge.to).is_some_and(|n| n.kind == Kind::Joint);
        let _ = writeln!(out, "  n{} {} n{}", edge.from, arrow(&graph, edge, joint), edge.to);
    }
    for (class, style) in [
        (Class::Ok, "stroke:#1a7f37"),
        (Class::Broken, "stroke:#cf222e,stroke-width:2px"),
        (Class::Grey, "stroke:#8c959f"),
        (Class::Way, "stroke:#8c959f"),
    ] {
        let edges: Vec<String> = (graph.edges.iter().enumerate())
            .filter(|(_, e)| e.class == class)
            .map(|(index, _)| index.to_string())
            .collect();
        if !edges.is_empty() {
            let _ = writeln!(out, "  linkStyle {} {style}", edges.join(","));
        }
    }
    out.push_str("  classDef off stroke-dasharray:4 3,opacity:0.7\n");
    out.push_str("  classDef bad stroke:#cf222e,stroke-dasharray:4 3\n");
    out
}

fn drawn(index: usize, node: &Node) -> String {
    let label = if node.note.is_empty() {
        escaped(&node.name)
    } else {
        format!("{}<br/>{}", escaped(&node.name), escaped(&node.note))
    };
    let sick = node.own.as_ref().is_some_and(|(class, _)| *class == Class::Broken);
    let class = match node.kind {
        Kind::Nobody => ":::bad",
        _ if sick => ":::bad",
        _ if node.off => ":::off",
        _ => "",
    };
    match node.kind {
        Kind::Joint => format!("n{index}(( ))"),
        Kind::Service => format!("n{index}[\"{label}\"]{class}"),
        _ => format!("n{index}([\"{label}\"]){class}"),
    }
}

fn arrow(graph: &Graph, edge: &Edge, joint: bool) -> String {
    let mut said: Vec<String> = Vec::new();
    for row in edge.rows.iter().filter_map(|r| graph.rows.get(*r)) {
        let one = match edge.class {
            Class::Broken => format!("{} {}: {}", row.variable, row.address, row.words),
            _ => row.address.rsplit_once(':').map_or_else(String::new, |(_, port)| port.to_owned()),
        };
        if !one.is_empty() && !said.contains(&one) {
            said.push(one);
        }
    }
    let outside = graph.nodes.get(edge.to).is_some_and(|n| n.kind != Kind::Service);
    let told = joint || said.is_empty() || (outside && edge.class != Class::Broken);
    let label = if told {
        String::new()
    } else {
        let said: Vec<String> = said.iter().map(|s| escaped(s)).collect();
        format!("|\"{}\"|", said.join("<br/>"))
    };
    let line = match (edge.class, joint) {
        (Class::Broken, _) => "--x",
        (Class::Grey, true) => "-.-",
        (Class::Grey, false) => "-.->",
        (_, true) => "---",
        (_, false) => "-->",
    };
    format!("{line}{label}")
}

/// A text inside a label: nothing in it may end the label, or be markup.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' | '<' | '>' | '&' | '#' | '`' | '\\' | ';' | '%' | '{' | '}' | '[' | ']' | '|' => {
                let _ = write!(out, "#{};", u32::from(c));
            }
            '\n' => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
