//! The picture as SVG. Everything that comes from a file goes through [`markup`].

use std::fmt::Write as _;

use super::graph::{Class, Graph, Kind, Node};
use super::layout::{LONGEST, Layout, Of, Rect, columns, shorten};
use crate::diag::{Lang, markup};
use crate::text;

/// A few words for a group.
fn title(graph: &Graph, of: Of, lang: Lang) -> String {
    match of {
        Of::Lane(lane) => graph.lanes.get(lane).cloned().unwrap_or_default(),
        Of::Kind(kind) => match kind {
            Kind::Entry => text!("published ports", "发布的端口"),
            Kind::Host => text!("on the host", "宿主机上"),
            Kind::Outside => text!("outside", "外部"),
            Kind::Nobody => text!("nobody answers", "没有应答"),
            Kind::Service | Kind::Joint | Kind::Unknown => text!("not known", "未知"),
        }
        .get(lang)
        .to_owned(),
    }
}

fn zone_class(of: Of) -> &'static str {
    match of {
        Of::Lane(_) => "lane",
        Of::Kind(Kind::Entry) => "entry",
        Of::Kind(Kind::Host) => "host",
        Of::Kind(Kind::Nobody) => "nobody",
        Of::Kind(_) => "outside",
    }
}

pub(super) fn drawing(graph: &Graph, layout: &Layout, lang: Lang) -> String {
    let (w, h) = (layout.width, layout.height);
    let label = text!("Who reaches whom in {}", "{} 里谁能连到谁", graph.project);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {w} {h}\" width=\"{w}\" height=\"{h}\" role=\"img\" aria-label=\"{}\">\n",
        markup(label.get(lang))
    );
    out.push_str("<defs>");
    for class in [Class::Ok, Class::Broken, Class::Grey, Class::Way] {
        let name = class.name();
        let _ = write!(
            out,
            "<marker id=\"to-{name}\" class=\"head {name}\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" markerWidth=\"7\" markerHeight=\"7\" markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path d=\"M0 0.8L10 5L0 9.2z\"/></marker>"
        );
    }
    out.push_str("</defs>\n");
    // Titles stand above the edges that pass.
    let mut titles = String::new();
    for band in &layout.bands {
        let Rect { x, y, w, h } = band.rect;
        let class = zone_class(band.of);
        let words = title(graph, band.of, lang);
        let room = usize::try_from((w - 24) * 10 / 68).unwrap_or(0);
        let _ = writeln!(
            out,
            "<g class=\"zone {class}\"><rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" rx=\"10\"/></g>"
        );
        let _ = writeln!(
            titles,
            "<g class=\"zone {class}\"><text x=\"{}\" y=\"{}\">{}</text></g>",
            x + 12,
            y + 19,
            markup(&shorten(&words, room.max(8)))
        );
    }
    // What is broken is drawn last, above the rest.
    let mut order: Vec<usize> = (0..graph.edges.len()).collect();
    order.sort_by_key(|i| graph.edges.get(*i).map(|e| std::cmp::Reverse(e.class)));
    let mut labels = String::new();
    for index in order {
        edge(graph, layout, index, &mut out, &mut labels);
    }
    out.push_str(&titles);
    for (index, node) in graph.nodes.iter().enumerate() {
        if let Some(rect) = layout.boxes.get(index) {
            drawn(graph, index, node, *rect, lang, &mut out);
        }
    }
    out.push_str(&labels);
    out.push_str("</svg>\n");
    out
}

/// The way of an edge as path data.
fn path(points: &[(i32, i32)]) -> String {
    let mut out = String::new();
    for (at, pair) in points.windows(2).enumerate() {
        let [(x1, y1), (x2, y2)] = pair else { continue };
        if at == 0 {
            let _ = write!(out, "M{x1} {y1}");
        }
        if at % 2 == 1 {
            let _ = write!(out, "L{x2} {y2}");
        } else {
            let middle = i32::midpoint(*x1, *x2);
            let _ = write!(out, "C{middle} {y1} {middle} {y2} {x2} {y2}");
        }
    }
    out
}

fn edge(graph: &Graph, layout: &Layout, index: usize, out: &mut String, labels: &mut String) {
    let (Some(edge), Some(points)) = (graph.edges.get(index), layout.paths.get(index)) else { return };
    let class = edge.class.name();
    let ends = ends_of(graph, index);
    let data = path(points);
    let told = graph.told(&edge.rows);
    let joint = graph.nodes.get(edge.to).is_some_and(|n| n.kind == Kind::Joint);
    let head = if joint { String::new() } else { format!(" marker-end=\"url(#to-{class})\"") };
    let inner = format!("<path class=\"hit\" d=\"{data}\"/><path class=\"line\" d=\"{data}\"{head}/>");
    let rows = edge.rows.iter().map(usize::to_string).collect::<Vec<_>>().join(" ");
    let _ = write!(out, "<g class=\"e {class} {ends}\" data-rows=\"{rows}\">");
    if !told.is_empty() {
        let _ = write!(out, "<title>{}</title>", markup(&told.join("\n")));
    }
    match edge.rows.first() {
        Some(row) => {
            let _ = writeln!(out, "<a href=\"#r{row}\">{inner}</a></g>");
        }
        None => {
            let _ = writeln!(out, "{inner}</g>");
        }
    }
    if edge.class == Class::Broken
        && !joint
        && let [.., (x1, y1), (x2, y2)] = points.as_slice()
    {
        // The middle of a curve of this form is the middle of its ends.
        let (x, y) = (i32::midpoint(*x1, *x2), i32::midpoint(*y1, *y2));
        let _ = writeln!(
            labels,
            "<g class=\"cross {ends}\"><circle cx=\"{x}\" cy=\"{y}\" r=\"8\"/><path d=\"M{} {}l7 7m0 -7l-7 7\"/></g>",
            f64::from(x) - 3.5,
            f64::from(y) - 3.5
        );
    }
}

/// The classes that tie an edge to its nodes; through a joint to those behind it.
fn ends_of(graph: &Graph, index: usize) -> String {
    let Some(edge) = graph.edges.get(index) else { return String::new() };
    let mut ends = vec![edge.from, edge.to];
    for (end, other) in [(edge.from, true), (edge.to, false)] {
        if graph.nodes.get(end).is_some_and(|n| n.kind == Kind::Joint) {
            let beyond = graph.edges.iter().filter(|e| if other { e.to == end } else { e.from == end });
            ends.extend(beyond.map(|e| if other { e.from } else { e.to }));
        }
    }
    ends.sort_unstable();
    ends.dedup();
    ends.iter().map(|n| format!("n{n}")).collect::<Vec<_>>().join(" ")
}

fn drawn(graph: &Graph, index: usize, node: &Node, rect: Rect, lang: Lang, out: &mut String) {
    let Rect { x, y, w, h } = rect;
    let (name, note) = (shorten(&node.name, LONGEST), shorten(&node.note, LONGEST));
    let class = match node.kind {
        Kind::Joint => {
            let class = graph.edges.iter().find(|e| e.from == index).map_or("", |e| e.class.name());
            let _ =
                writeln!(out, "<circle class=\"joint {class}\" cx=\"{}\" cy=\"{}\" r=\"4\"/>", x + w / 2, y + h / 2);
            return;
        }
        Kind::Service => "service",
        Kind::Entry => "entry",
        Kind::Host => "host",
        Kind::Nobody => "nobody",
        Kind::Outside | Kind::Unknown => "outside",
    };
    let off = if node.off { " off" } else { "" };
    let mut title = node.name.clone();
    if !node.note.is_empty() {
        let _ = write!(title, " ({})", node.note);
    }
    if node.off {
        title.push_str(text!("; not started: its profile is off", "；没有启动：它的 profile 没有打开").get(lang));
    }
    let _ = write!(
        out,
        "<g class=\"n {class}{off}\" id=\"n{index}\" tabindex=\"0\"><title>{}</title><rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" rx=\"{}\"/>",
        markup(&title),
        if node.kind == Kind::Service { 7 } else { h / 2 }
    );
    let middle = x + w / 2;
    let first = if note.is_empty() { y + h / 2 + 5 } else { y + h / 2 - 3 };
    let _ = write!(out, "<text class=\"name\" x=\"{middle}\" y=\"{first}\">{}</text>", markup(&name));
    if !note.is_empty() {
        let _ = write!(out, "<text class=\"note\" x=\"{middle}\" y=\"{}\">{}</text>", y + h / 2 + 14, markup(&note));
    }
    if let Some((class, rows)) = &node.own {
        let told = graph.told(rows).join("\n");
        let (cx, cy) = (x + w - 9, y + 9);
        let _ = write!(
            out,
            "<a href=\"#r{}\"><circle class=\"own {}\" cx=\"{cx}\" cy=\"{cy}\" r=\"4.5\"><title>{}</title></circle></a>",
            rows.first().copied().unwrap_or(0),
            class.name(),
            markup(&told)
        );
    }
    out.push_str("</g>\n");
    debug_assert!(columns(&name, 78) <= w, "a name is wider than its node");
}
