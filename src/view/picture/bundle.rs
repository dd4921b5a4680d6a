//! Edges of several services to the same targets meet in a joint: four services with ten targets are fourteen lines, not forty.

use std::collections::BTreeSet;

use super::graph::{Class, Edge, Graph, Kind, Node};

/// More services than this are drawn edge by edge: the search is cubic.
const MOST: usize = 200;

pub(super) fn bundle(graph: &mut Graph) {
    for class in [Class::Broken, Class::Ok, Class::Grey] {
        while let Some((from, to)) = best(graph, class) {
            join(graph, class, &from, &to);
        }
    }
}

/// The targets of each node by edges of a class, without joints.
fn targets(graph: &Graph, class: Class) -> Vec<(usize, BTreeSet<usize>)> {
    let service = |i: usize| graph.nodes.get(i).is_some_and(|n| n.kind == Kind::Service);
    let joint = |i: usize| graph.nodes.get(i).is_some_and(|n| n.kind == Kind::Joint);
    (0..graph.nodes.len())
        .filter(|i| service(*i))
        .map(|i| {
            let edges = graph.edges.iter().filter(|e| e.from == i && e.class == class && !joint(e.to));
            (i, edges.map(|e| e.to).collect())
        })
        .filter(|(_, to): &(usize, BTreeSet<usize>)| to.len() > 1)
        .collect()
}

/// The sources and targets whose joint saves the most edges.
fn best(graph: &Graph, class: Class) -> Option<(Vec<usize>, BTreeSet<usize>)> {
    let all = targets(graph, class);
    if all.len() > MOST {
        return None;
    }
    let mut found: Option<(usize, Vec<usize>, BTreeSet<usize>)> = None;
    for (index, (_, a)) in all.iter().enumerate() {
        for (_, b) in all.iter().skip(index + 1) {
            let shared: BTreeSet<usize> = a.intersection(b).copied().collect();
            let from: Vec<usize> = all.iter().filter(|(_, to)| shared.is_subset(to)).map(|(i, _)| *i).collect();
            let saved = (shared.len() * from.len()).saturating_sub(shared.len() + from.len());
            if shared.len() > 1 && saved > 0 && found.as_ref().is_none_or(|(most, ..)| saved > *most) {
                found = Some((saved, from, shared));
            }
        }
    }
    found.map(|(_, from, to)| (from, to))
}

fn join(graph: &mut Graph, class: Class, from: &[usize], to: &BTreeSet<usize>) {
    let lane = from.first().and_then(|i| graph.nodes.get(*i)).and_then(|n| n.lane);
    let joint = graph.nodes.len();
    graph.nodes.push(Node { kind: Kind::Joint, name: String::new(), note: String::new(), lane, off: false, own: None });
    let (inside, rest): (Vec<Edge>, Vec<Edge>) = std::mem::take(&mut graph.edges)
        .into_iter()
        .partition(|e| e.class == class && from.contains(&e.from) && to.contains(&e.to));
    graph.edges = rest;
    let gathered = |pick: &dyn Fn(&Edge) -> bool| -> Vec<usize> {
        let mut rows: Vec<usize> = inside.iter().filter(|e| pick(e)).flat_map(|e| e.rows.iter().copied()).collect();
        rows.sort_unstable();
        rows.dedup();
        rows
    };
    for source in from {
        let rows = gathered(&|e| e.from == *source);
        graph.edges.push(Edge { from: *source, to: joint, class, rows });
    }
    for target in to {
        let rows = gathered(&|e| e.to == *target);
        graph.edges.push(Edge { from: joint, to: *target, class, rows });
    }
}
