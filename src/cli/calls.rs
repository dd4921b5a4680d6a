//! What `doctor` asks beside the probes: published ports and browsers' addresses from this machine, and, where a person wants it,
//! a few words of a model on each way to it.

use std::sync::atomic::{AtomicU64, Ordering};

use indicatif::{ProgressBar, ProgressStyle};

use crate::diag::Lang;
use crate::doctor::{
    Examined, Met, Patient, TOKENS, Warm, Warmed, compare, fronts, measure, only_embeds, pieces, questions, request,
    ways,
};
use crate::engine::{Ask, Cut, From, Heard, ask_all, is_ours, sees};
use crate::network::Survey;
use crate::text;

/// Calls what is published, and sends the preflights of the pages that call model servers.
pub(super) fn meet(patient: &Patient<'_>, survey: &Survey<'_>) -> Vec<Met> {
    let fronts = fronts(patient.facts, survey, &is_ours);
    let asks: Vec<Vec<Ask>> = fronts.iter().map(questions).collect();
    let all: Vec<(From, Ask)> = asks.iter().flatten().map(|ask| (From::Here, ask.clone())).collect();
    let mut heard = ask_all(&all, &|_, _| {}).into_iter();
    let mut met: Vec<Met> = fronts
        .into_iter()
        .zip(asks)
        .map(|(front, asks)| Met { front, heard: heard.by_ref().take(asks.len()).collect(), preflight: None })
        .collect();
    let preflights: Vec<(usize, (From, Ask))> =
        met.iter().enumerate().filter_map(|(i, m)| Some((i, (From::Here, m.preflight()?)))).collect();
    let asks: Vec<(From, Ask)> = preflights.iter().map(|(_, ask)| ask.clone()).collect();
    for ((i, _), heard) in preflights.iter().zip(ask_all(&asks, &|_, _| {})) {
        if let Some(met) = met.get_mut(*i) {
            met.preflight = Some(heard);
        }
    }
    met
}

/// Asks a model for a few words on each way, one after the other, and on the first one `crowd` times at once.
pub(super) fn warm(
    patient: &Patient<'_>,
    found: &Examined,
    (model, crowd): (&str, Option<u16>),
    lang: Lang,
) -> Vec<Warmed> {
    let mut out: Vec<Warmed> = Vec::new();
    for way in ways(patient, model, &found.looked, &found.met) {
        let Some(from) = side(patient, &way) else { continue };
        let bar = bar(&way, lang);
        let mut heard = ask(&bar, from, &request(&way, false), 1);
        if heard.first().is_some_and(only_embeds) {
            heard = ask(&bar, from, &request(&way, true), 1);
        }
        let Some(heard) = heard.pop() else { continue };
        let crowd = match crowd {
            Some(count) if out.is_empty() && heard.status == 200 => ask(&bar, from, &request(&way, false), count),
            _ => Vec::new(),
        };
        bar.finish_and_clear();
        let late = heard.cut == Some(Cut::Late);
        out.push(Warmed { measured: measure(&heard), way, heard, crowd });
        // Other ways to a model that does not finish take as long again.
        if late {
            break;
        }
    }
    compare(&mut out);
    out
}

/// Where a way begins: in the container, where its network can be entered; else here, where the same address leads to the same
/// server; `None` where neither is so.
fn side(patient: &Patient<'_>, way: &Warm) -> Option<From> {
    let Some(id) = &way.from else { return Some(From::Here) };
    let container = patient.facts.containers.iter().find(|c| c.id == *id)?;
    if patient.host.here && sees(container.state.pid, &container.hostname) {
        return Some(From::Namespace(container.state.pid));
    }
    (patient.host.here && !way.to_itself()).then_some(From::Here)
}

/// A bar on standard error, where that is a terminal.
fn bar(way: &Warm, lang: Lang) -> ProgressBar {
    let bar = ProgressBar::new(TOKENS);
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} [{bar:24}] {pos}/{len} {elapsed}") {
        bar.set_style(style.progress_chars("=> "));
    }
    let (model, shown) = (&way.model, &way.shown);
    bar.set_message(text!("{model} at {shown}", "{shown} 上的 {model}").get(lang).to_owned());
    bar.enable_steady_tick(std::time::Duration::from_millis(120));
    bar
}

fn ask(bar: &ProgressBar, from: From, ask: &Ask, count: u16) -> Vec<Heard> {
    let asks: Vec<(From, Ask)> = (0..count).map(|_| (from, ask.clone())).collect();
    bar.set_length(TOKENS * u64::from(count));
    let done = AtomicU64::new(0);
    ask_all(&asks, &|_, text| {
        bar.set_position(done.fetch_add(pieces(text), Ordering::Relaxed) + pieces(text));
    })
}
