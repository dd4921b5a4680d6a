//! Where everything stands: layers from left to right, a lane for each set of networks, long edges led between the nodes.

use super::super::table::width;
use super::graph::{Graph, Kind, Node};

pub(super) const HEIGHT: i32 = 46;
/// Room that a passing edge takes in a layer.
const PASSING: i32 = 10;
const GAP: i32 = 12;
const MARGIN: i32 = 16;
/// Above the nodes of a lane or group, for its title.
const HEAD: i32 = 30;
const FOOT: i32 = 14;
const BETWEEN_LANES: i32 = 14;
const BETWEEN_LAYERS: i32 = 62;
const ROUNDS: usize = 16;

/// A rectangle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Rect {
    pub x: i32,
    pub y: i32,
    pub w: i32,
    pub h: i32,
}

impl Rect {
    fn middle(self) -> i32 {
        self.y + self.h / 2
    }
}

/// A box round nodes, with a title.
#[derive(Clone, Debug)]
pub(super) struct Band {
    pub rect: Rect,
    /// Of the lane, or of the kind of nodes in the first and the last layer.
    pub of: Of,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Of {
    Lane(usize),
    Kind(Kind),
}

/// The picture's geometry, in the order of the graph's nodes and edges.
#[derive(Debug)]
pub(super) struct Layout {
    pub boxes: Vec<Rect>,
    /// Corner points of each edge: curves between the first and second, third and fourth ...; straight lines between the others.
    pub paths: Vec<Vec<(i32, i32)>>,
    pub bands: Vec<Band>,
    pub width: i32,
    pub height: i32,
}

/// The chains that end at a side, by the height that they come from.
type Ends = Vec<(i32, usize)>;

/// A node, or the place where an edge passes through a layer.
#[derive(Clone, Copy, Debug)]
struct Item {
    node: Option<usize>,
    layer: usize,
    /// What keeps items together within a layer.
    zone: usize,
    /// In the first or the last layer, which have no lanes.
    column: bool,
    w: i32,
    h: i32,
    y: i32,
}

/// Columns of a text in pixels.
pub(super) fn columns(text: &str, each: i32) -> i32 {
    i32::try_from(width(text)).unwrap_or(i32::MAX / 100) * each / 10
}

fn size(node: &Node) -> (i32, i32) {
    if node.kind == Kind::Joint {
        return (8, PASSING);
    }
    let text = columns(&shorten(&node.name, LONGEST), 78).max(columns(&shorten(&node.note, LONGEST), 64));
    (text.max(56) + 28, HEIGHT)
}

/// More columns of a name or note are not shown in a node.
pub(super) const LONGEST: usize = 30;

/// A text with its middle left out where it is long.
pub(super) fn shorten(text: &str, most: usize) -> String {
    if width(text) <= most {
        return text.to_owned();
    }
    let chars: Vec<char> = text.chars().collect();
    let mut keep = chars.len().min(most).saturating_sub(1);
    loop {
        let head: String = chars.iter().take(keep.div_ceil(2)).collect();
        let tail: String = chars.iter().skip(chars.len() - keep / 2).collect();
        let out = format!("{head}…{tail}");
        if keep == 0 || width(&out) <= most {
            return out;
        }
        keep -= 1;
    }
}

fn is_end(kind: Kind) -> bool {
    matches!(kind, Kind::Host | Kind::Outside | Kind::Nobody | Kind::Unknown)
}

impl Layout {
    pub(super) fn new(graph: &Graph) -> Self {
        let layers = layers(graph);
        let mut plan = Plan::new(graph, &layers);
        plan.order();
        let lanes = plan.settle(graph.lanes.len());
        plan.draw(graph, &lanes)
    }
}

/// Edges as (earlier, later): one edge of each circle turned round.
fn acyclic(graph: &Graph) -> Vec<(usize, usize, bool)> {
    let count = graph.nodes.len();
    let mut out: Vec<Vec<(usize, usize)>> = vec![Vec::new(); count];
    for (index, edge) in graph.edges.iter().enumerate() {
        if let Some(list) = out.get_mut(edge.from) {
            list.push((edge.to, index));
        }
    }
    // 0 not seen, 1 on the way, 2 done.
    let mut state = vec![0u8; count];
    let mut turned = vec![false; graph.edges.len()];
    for start in 0..count {
        if state.get(start) != Some(&0) {
            continue;
        }
        let mut stack = vec![(start, 0usize)];
        while let Some((node, next)) = stack.pop() {
            if let Some(s) = state.get_mut(node) {
                *s = 1;
            }
            let Some(&(to, index)) = out.get(node).and_then(|l| l.get(next)) else {
                if let Some(s) = state.get_mut(node) {
                    *s = 2;
                }
                continue;
            };
            stack.push((node, next + 1));
            match state.get(to) {
                Some(0) => stack.push((to, 0)),
                Some(1) => {
                    if let Some(t) = turned.get_mut(index) {
                        *t = true;
                    }
                }
                _ => {}
            }
        }
    }
    graph
        .edges
        .iter()
        .zip(turned)
        .map(|(e, turned)| if turned { (e.to, e.from, true) } else { (e.from, e.to, false) })
        .collect()
}

/// The layer of each node: entries first, ends last, in between as far left as the edges allow.
fn layers(graph: &Graph) -> Vec<usize> {
    let edges = acyclic(graph);
    let kind = |i: usize| graph.nodes.get(i).map_or(Kind::Service, |n| n.kind);
    let mut layer: Vec<usize> = (0..graph.nodes.len()).map(|i| usize::from(kind(i) != Kind::Entry)).collect();
    // Without circles this ends; the bound is for safety.
    for _ in 0..=graph.nodes.len() {
        let mut moved = false;
        for (a, b, _) in &edges {
            let least = layer.get(*a).map_or(0, |l| l + 1);
            if let Some(l) = layer.get_mut(*b)
                && *l < least
            {
                *l = least;
                moved = true;
            }
        }
        if !moved {
            break;
        }
    }
    // Who is called by nobody moves next to whom it calls.
    for node in (0..graph.nodes.len()).filter(|n| kind(*n) == Kind::Service) {
        let first = edges.iter().filter(|(a, ..)| *a == node).filter_map(|(_, b, _)| layer.get(*b)).min().copied();
        let called = edges.iter().any(|(_, b, _)| *b == node);
        if let (Some(first), false, Some(l)) = (first, called, layer.get_mut(node)) {
            *l = first.saturating_sub(1).max(1);
        }
    }
    let inner = (0..graph.nodes.len()).filter(|n| !is_end(kind(*n))).filter_map(|n| layer.get(n)).max().copied();
    let end = inner.unwrap_or(0) + 1;
    for node in (0..graph.nodes.len()).filter(|n| is_end(kind(*n))) {
        if let Some(l) = layer.get_mut(node) {
            *l = end;
        }
    }
    layer
}

struct Plan {
    items: Vec<Item>,
    /// Items by layer, from top to bottom.
    layers: Vec<Vec<usize>>,
    /// For each edge its items from the left to the right, and whether it points to the left.
    chains: Vec<(Vec<usize>, bool)>,
    /// For each item its neighbours to the left and to the right.
    near: Vec<(Vec<usize>, Vec<usize>)>,
}

impl Plan {
    fn new(graph: &Graph, layer: &[usize]) -> Self {
        let mut items: Vec<Item> = graph
            .nodes
            .iter()
            .zip(layer)
            .enumerate()
            .map(|(index, (node, layer))| {
                let (w, h) = size(node);
                let zone = match node.kind {
                    Kind::Entry => 0,
                    Kind::Host => 1,
                    Kind::Outside => 2,
                    Kind::Unknown => 3,
                    Kind::Nobody => 0,
                    Kind::Service | Kind::Joint => node.lane.unwrap_or(0),
                };
                Item {
                    node: Some(index),
                    layer: *layer,
                    zone,
                    column: node.kind == Kind::Entry || is_end(node.kind),
                    w,
                    h,
                    y: 0,
                }
            })
            .collect();
        let mut chains = Vec::new();
        let lane = |i: usize| graph.nodes.get(i).filter(|n| !is_end(n.kind)).and_then(|n| n.lane);
        for (edge, (mut a, mut b, turned)) in graph.edges.iter().zip(acyclic(graph)) {
            let at = |i: usize| layer.get(i).copied().unwrap_or(0);
            // An end is in the last layer, wherever the circle was cut.
            let mut left = turned;
            if at(a) > at(b) {
                std::mem::swap(&mut a, &mut b);
                left = !left;
            }
            let zone = lane(edge.to).or(lane(edge.from)).unwrap_or(0);
            let mut chain = vec![a];
            for between in at(a) + 1..at(b) {
                items.push(Item { node: None, layer: between, zone, column: false, w: 0, h: PASSING, y: 0 });
                chain.push(items.len() - 1);
            }
            chain.push(b);
            chains.push((chain, left));
        }
        let mut near = vec![(Vec::new(), Vec::new()); items.len()];
        for (chain, _) in &chains {
            for pair in chain.windows(2) {
                if let [a, b] = pair {
                    if let Some((_, right)) = near.get_mut(*a) {
                        right.push(*b);
                    }
                    if let Some((left, _)) = near.get_mut(*b) {
                        left.push(*a);
                    }
                }
            }
        }
        let deepest = items.iter().map(|i| i.layer).max().unwrap_or(0);
        let mut layers = vec![Vec::new(); deepest + 1];
        for (index, item) in items.iter().enumerate() {
            if let Some(list) = layers.get_mut(item.layer) {
                list.push(index);
            }
        }
        Self { items, layers, chains, near }
    }

    /// Orders each layer so that few edges cross: an item goes to the mean position of its neighbours, within its zone.
    fn order(&mut self) {
        let mut position = vec![0i64; self.items.len()];
        let place = |layers: &[Vec<usize>], position: &mut [i64]| {
            for layer in layers {
                for (at, item) in (0i64..).zip(layer) {
                    if let Some(p) = position.get_mut(*item) {
                        // Positions of layers of different size are compared: from the top, in thousandths.
                        *p = at * 1000 / i64::try_from(layer.len()).unwrap_or(1).max(1);
                    }
                }
            }
        };
        let zone: Vec<usize> = self.items.iter().map(|i| i.zone).collect();
        let zone_of = |i: &usize| zone.get(*i).copied().unwrap_or(0);
        for layer in &mut self.layers {
            layer.sort_by_key(zone_of);
        }
        place(&self.layers, &mut position);
        for round in 0..ROUNDS {
            let count = self.layers.len();
            for step in 0..count {
                let index = if round.is_multiple_of(2) { step } else { count - 1 - step };
                let near = &self.near;
                let mean = |item: usize| {
                    let Some((left, right)) = near.get(item) else { return 0 };
                    let side = if round.is_multiple_of(2) { left } else { right };
                    let side = if side.is_empty() { if round.is_multiple_of(2) { right } else { left } } else { side };
                    let known: Vec<i64> = side.iter().filter_map(|n| position.get(*n).copied()).collect();
                    let own = position.get(item).copied().unwrap_or(0);
                    if known.is_empty() { own } else { known.iter().sum::<i64>() / i64::from(px(known.len())) }
                };
                if let Some(layer) = self.layers.get_mut(index) {
                    layer.sort_by_key(|i| (zone_of(i), mean(*i)));
                    let one = std::slice::from_ref(layer);
                    place(one, &mut position);
                }
            }
        }
    }

    fn item(&self, index: usize) -> Item {
        self.items.get(index).copied().unwrap_or(Item {
            node: None,
            layer: 0,
            zone: 0,
            column: false,
            w: 0,
            h: 0,
            y: 0,
        })
    }

    fn gap(&self, above: usize, below: usize) -> i32 {
        let (above, below) = (self.item(above), self.item(below));
        if above.column && below.column && above.zone != below.zone {
            return HEAD + FOOT + BETWEEN_LANES;
        }
        if above.h == PASSING && below.h == PASSING { PASSING / 2 } else { GAP }
    }

    /// The items of a layer that are placed together: a lane's, or all of a column.
    fn runs(&self) -> Vec<Vec<usize>> {
        let mut out: Vec<Vec<usize>> = Vec::new();
        for layer in &self.layers {
            let mut last: Option<Item> = None;
            for index in layer {
                let item = self.item(*index);
                let joins = last.is_some_and(|l| l.column || l.zone == item.zone);
                match out.last_mut() {
                    Some(run) if joins => run.push(*index),
                    _ => out.push(vec![*index]),
                }
                last = Some(item);
            }
        }
        out
    }

    fn stack(&self, run: &[usize]) -> i32 {
        let gaps: i32 = run.windows(2).map(|w| if let [a, b] = w { self.gap(*a, *b) } else { 0 }).sum();
        run.iter().map(|i| self.item(*i).h).sum::<i32>() + gaps
    }

    /// Gives every item its height; answers with the top and the bottom of each lane.
    fn settle(&mut self, lanes: usize) -> Vec<(i32, i32)> {
        let runs = self.runs();
        let column = |run: &[usize]| run.first().is_some_and(|i| self.item(*i).column);
        let zone = |run: &[usize]| run.first().map_or(0, |i| self.item(*i).zone);
        let mut room = vec![0; lanes];
        for run in runs.iter().filter(|r| !column(r)) {
            if let Some(room) = room.get_mut(zone(run)) {
                *room = self.stack(run).max(*room);
            }
        }
        let chrome = HEAD + FOOT;
        let inside: i32 = room.iter().map(|r| r + chrome).sum::<i32>() + BETWEEN_LANES * px(lanes.saturating_sub(1));
        let tallest = runs.iter().filter(|r| column(r)).map(|r| self.stack(r) + chrome).max().unwrap_or(0);
        let height = inside.max(tallest);
        // Lanes take what room a taller column leaves.
        let spare = (height - inside) / px(lanes.max(1));
        let mut at = 0;
        let bounds: Vec<(i32, i32)> = room
            .iter()
            .map(|room| {
                let top = at;
                at += room + chrome + spare;
                let bottom = at;
                at += BETWEEN_LANES;
                (top, bottom)
            })
            .collect();
        let limits: Vec<(i32, i32)> = runs
            .iter()
            .map(|run| {
                let (top, bottom) = bounds.get(zone(run)).copied().filter(|_| !column(run)).unwrap_or((0, height));
                (top + HEAD, bottom - FOOT)
            })
            .collect();
        for (run, (top, bottom)) in runs.iter().zip(&limits) {
            let start = top + (bottom - top - self.stack(run)) / 2;
            self.place(run, &[start], *top, *bottom, true);
        }
        for round in 0..ROUNDS {
            let order: Vec<usize> =
                if round.is_multiple_of(2) { (0..runs.len()).collect() } else { (0..runs.len()).rev().collect() };
            for index in order {
                let (Some(run), Some((top, bottom))) = (runs.get(index), limits.get(index)) else { continue };
                let wish: Vec<i32> = run.iter().map(|i| self.wish(*i, round)).collect();
                self.place(run, &wish, *top, *bottom, false);
            }
        }
        bounds
    }

    /// Where an item would stand for straight edges.
    fn wish(&self, index: usize, round: usize) -> i32 {
        let item = self.item(index);
        let Some((left, right)) = self.near.get(index) else { return item.y };
        let both = round + 2 >= ROUNDS;
        let (first, second) = if round.is_multiple_of(2) { (left, right) } else { (right, left) };
        let side: Vec<usize> = match (both, first.is_empty()) {
            (true, _) => left.iter().chain(right).copied().collect(),
            (false, true) => second.clone(),
            (false, false) => first.clone(),
        };
        if side.is_empty() {
            return item.y;
        }
        let sum: i32 = side.iter().map(|i| self.item(*i)).map(|n| n.y + n.h / 2).sum();
        sum / px(side.len()) - item.h / 2
    }

    /// Places items under each other, near where they wish to be, within bounds.
    fn place(&mut self, run: &[usize], wish: &[i32], top: i32, bottom: i32, packed: bool) {
        let wished = |at: usize| if packed { wish.first().copied() } else { wish.get(at).copied() }.unwrap_or(top);
        let count = run.len();
        let mut down = Vec::with_capacity(count);
        let mut least = top;
        for (at, index) in run.iter().enumerate() {
            let y = if packed && at > 0 { least } else { wished(at).max(least) };
            down.push(y);
            let gap = run.get(at + 1).map_or(0, |next| self.gap(*index, *next));
            least = y + self.item(*index).h + gap;
        }
        let mut up = vec![0; count];
        let mut most = bottom;
        for (at, index) in run.iter().enumerate().rev() {
            let y = (if packed { down.get(at).copied().unwrap_or(top) } else { wished(at) })
                .min(most - self.item(*index).h);
            if let Some(slot) = up.get_mut(at) {
                *slot = y;
            }
            let gap = at.checked_sub(1).and_then(|a| run.get(a)).map_or(0, |above| self.gap(*above, *index));
            most = y - gap;
        }
        // Downward from the top bound, upward from the bottom bound: the mean of both keeps the gaps, then the bounds count.
        let mut mean: Vec<i32> = down.iter().zip(&up).map(|(d, u)| i32::midpoint(*d, *u)).collect();
        let mut most = bottom;
        for (at, index) in run.iter().enumerate().rev() {
            if let Some(y) = mean.get_mut(at) {
                *y = (*y).min(most - self.item(*index).h);
                let gap = at.checked_sub(1).and_then(|a| run.get(a)).map_or(0, |above| self.gap(*above, *index));
                most = *y - gap;
            }
        }
        let mut least = top;
        for (at, index) in run.iter().enumerate() {
            if let Some(y) = mean.get_mut(at) {
                *y = (*y).max(least);
                let gap = run.get(at + 1).map_or(0, |next| self.gap(*index, *next));
                least = *y + self.item(*index).h + gap;
            }
        }
        for (index, y) in run.iter().zip(mean) {
            if let Some(item) = self.items.get_mut(*index) {
                item.y = y;
            }
        }
    }

    fn draw(&self, graph: &Graph, lanes: &[(i32, i32)]) -> Layout {
        // Columns of the layers; an empty first one takes no room.
        let wide: Vec<i32> = self.layers.iter().map(|l| l.iter().map(|i| self.item(*i).w).max().unwrap_or(0)).collect();
        let mut left = Vec::new();
        let mut at = MARGIN * 2;
        for (layer, w) in self.layers.iter().zip(&wide) {
            left.push(at);
            if !layer.is_empty() {
                at += w + BETWEEN_LAYERS;
            }
        }
        let right = at - BETWEEN_LAYERS + MARGIN * 2;
        let rect = |index: usize| {
            let item = self.item(index);
            let (x, w) = (left.get(item.layer).copied().unwrap_or(0), wide.get(item.layer).copied().unwrap_or(0));
            let own = if item.node.is_none() {
                w
            } else if item.h == PASSING {
                item.w
            } else {
                w
            };
            Rect { x: x + (w - own) / 2, y: item.y + MARGIN, w: own, h: item.h }
        };
        let boxes: Vec<Rect> = (0..graph.nodes.len()).map(rect).collect();
        let paths = self.paths(&rect);
        let mut bands = Vec::new();
        let round = |rects: &[Rect]| -> Option<Rect> {
            let x = rects.iter().map(|r| r.x).min()? - MARGIN;
            let y = rects.iter().map(|r| r.y).min()? - HEAD;
            let w = rects.iter().map(|r| r.x + r.w).max()? + MARGIN - x;
            let h = rects.iter().map(|r| r.y + r.h).max()? + FOOT - y;
            Some(Rect { x, y, w, h })
        };
        let of_nodes = |pick: &dyn Fn(&Node) -> bool| -> Vec<Rect> {
            graph.nodes.iter().zip(&boxes).filter(|(n, _)| pick(n)).map(|(_, r)| *r).collect()
        };
        let inner = round(&of_nodes(&|n| matches!(n.kind, Kind::Service | Kind::Joint)));
        for (lane, (top, bottom)) in lanes.iter().enumerate() {
            let Some(all) = inner else { continue };
            let rect = Rect { x: all.x, y: top + MARGIN, w: all.w, h: bottom - top };
            bands.push(Band { rect, of: Of::Lane(lane) });
        }
        for kind in [Kind::Entry, Kind::Nobody, Kind::Host, Kind::Outside, Kind::Unknown] {
            if let Some(rect) = round(&of_nodes(&|n| n.kind == kind)) {
                bands.push(Band { rect, of: Of::Kind(kind) });
            }
        }
        let bottom = bands.iter().map(|b| b.rect.y + b.rect.h).max().unwrap_or(0);
        Layout { boxes, paths, bands, width: right, height: bottom + MARGIN }
    }

    /// The corner points of every edge. Ends at one side of a node are spread along it.
    fn paths(&self, rect: &dyn Fn(usize) -> Rect) -> Vec<Vec<(i32, i32)>> {
        // For each item and side the chains that end there, by where they come from.
        let mut ends: Vec<(Ends, Ends)> = vec![(Vec::new(), Vec::new()); self.items.len()];
        for (index, (chain, _)) in self.chains.iter().enumerate() {
            let ([first, second, ..], [.., before, last]) = (chain.as_slice(), chain.as_slice()) else { continue };
            if let Some((_, right)) = ends.get_mut(*first) {
                right.push((rect(*second).middle(), index));
            }
            if let Some((left, _)) = ends.get_mut(*last) {
                left.push((rect(*before).middle(), index));
            }
        }
        for (left, right) in &mut ends {
            left.sort_unstable();
            right.sort_unstable();
        }
        let spread = |list: &[(i32, usize)], chain: usize, r: Rect| -> i32 {
            let count = px(list.len());
            let at = px(list.iter().position(|(_, c)| *c == chain).unwrap_or(0));
            let step = if r.h <= PASSING { 0 } else { ((r.h - 16) / count.max(1)).min(9) };
            r.middle() + at * step - (count - 1) * step / 2
        };
        let mut out = Vec::new();
        for (index, (chain, to_left)) in self.chains.iter().enumerate() {
            let mut points = Vec::new();
            for (at, item) in chain.iter().enumerate() {
                let r = rect(*item);
                let side = ends.get(*item);
                if at == 0 {
                    let y = side.map_or(r.middle(), |(_, right)| spread(right, index, r));
                    points.push((r.x + r.w, y));
                } else if at + 1 == chain.len() {
                    let y = side.map_or(r.middle(), |(left, _)| spread(left, index, r));
                    points.push((r.x, y));
                } else {
                    points.push((r.x, r.middle()));
                    points.push((r.x + r.w, r.middle()));
                }
            }
            if *to_left {
                points.reverse();
            }
            out.push(points);
        }
        out
    }
}

fn px(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
