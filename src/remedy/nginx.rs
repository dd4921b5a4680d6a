//! Edits of nginx files: whom nginx asks for names, and that it asks again.

use super::Plan;
use super::desk::Desk;
use crate::compose::Configured;
use crate::diag::{Applicability, Fix, Strategy, Text};
use crate::mounted::Format;
use crate::network::Space;
use crate::source::{Edit, FileId, Span, from, upto};
use crate::text;

/// The engine's own DNS, which knows the services of a network. With `valid` nginx asks again after ten seconds; the engine's
/// answers say that they hold for ten minutes.
pub const RESOLVER: &str = "resolver 127.0.0.11 valid=10s ipv6=off;";

/// Gives the `server` blocks around some directives a `resolver`.
pub fn give_resolver(desk: Desk<'_>, directives: &[&Configured]) -> Plan {
    let (file, blocks) = servers(desk, directives)?;
    let mut fix = Fix::new(Strategy::Repair, Applicability::Safe, text!("add {RESOLVER}", "加上 {RESOLVER}"));
    fix.edits = blocks.iter().map(|start| begin(desk, file, *start, &[RESOLVER.to_owned()])).collect();
    fix.changes = said_by(desk, file);
    Ok(fix)
}

/// Puts addresses into variables, for which nginx asks a `resolver` at each request.
pub fn ask_again(desk: Desk<'_>, directives: &[&Configured]) -> Plan {
    let (file, blocks) = servers(desk, directives)?;
    let name = &desk.files.get(file).name;
    let mut fix = Fix::new(
        Strategy::Repair,
        Applicability::Unsafe,
        text!("let nginx look the names up anew, by variables", "改用变量，让 nginx 重新解析名字"),
    );
    for start in blocks {
        let mut lines = Vec::new();
        let here = |c: &&&Configured| c.setting.directive.and_then(|d| d.server) == Some(start);
        if !directives.iter().filter(here).any(|c| says(c, "resolver").is_some()) {
            lines.push(RESOLVER.to_owned());
        }
        for one in directives.iter().filter(here) {
            let address = one.value.text();
            let Some(variable) = variable(address).filter(|_| convertible(one)) else {
                return Err(text!(
                    "{name} passes on `{address}` in a way that means something else with a variable: change it by hand",
                    "{name} 里 `{address}` 的写法换成变量后意思会变：请手工修改"
                ));
            };
            let line = format!("set {variable} {address};");
            if !lines.contains(&line) {
                lines.push(line);
            }
            let word = one.setting.directive.map(|d| d.word);
            fix.edits.push(Edit::replace(word.ok_or_else(Text::default)?, variable));
        }
        fix.edits.push(begin(desk, file, start, &lines));
    }
    fix.changes = said_by(desk, file);
    Ok(fix)
}

/// What a directive around or beside one says.
fn says<'c>(one: &'c Configured, name: &str) -> Option<&'c str> {
    one.setting.beside.iter().find(|(key, _)| &**key == name).map(|(_, text)| &**text)
}

/// Whether a variable in its place means the same: without a path nginx passes on what it was asked for, in both forms; but it
/// puts the names in redirects right only where no variable is, so the server must be told the name that it is called by.
/// Source: <https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_redirect>
fn convertible(one: &Configured) -> bool {
    let host = one.setting.beside.iter().any(|(key, text)| &**key == "proxy_set_header" && text.starts_with("Host "));
    let address = one.value.text();
    let bare = address.split_once("://").is_some_and(|(_, rest)| !rest.contains(['/', '?']));
    &*one.setting.key == "proxy_pass" && bare && (host || says(one, "proxy_redirect").is_some())
}

/// `$to_api_5001` for `http://api:5001`.
fn variable(address: &str) -> Option<String> {
    let (_, rest) = address.split_once("://")?;
    let word: String = rest.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    Some(format!("$to_{word}"))
}

/// The file that directives stand in, and where the `server` blocks around them begin.
fn servers(desk: Desk<'_>, directives: &[&Configured]) -> Result<(FileId, Vec<u32>), Text> {
    let first = directives.first().ok_or_else(Text::default)?;
    desk.editable(first.file)?;
    let on_networks = |id: &usize| matches!(desk.net().space(*id), Space::Networks(_));
    let mounting = |id: &usize| {
        desk.service(*id)
            .is_some_and(|s| s.configured.iter().any(|c| c.file == first.file && c.format == Format::Nginx))
    };
    if !(0..desk.project().services.len()).filter(mounting).all(|id| on_networks(&id)) {
        return Err(text!(
            "the engine's DNS, 127.0.0.11, answers only in networks of the project",
            "引擎的 DNS（127.0.0.11）只在项目自己的网络里应答"
        ));
    }
    let mut starts = Vec::new();
    for one in directives {
        let by_hand =
            || desk.by_hand(one.value.sourced.spans().first().copied().unwrap_or_else(|| Span::at(one.file, 0)));
        let start = one.setting.directive.and_then(|d| d.server).ok_or_else(by_hand)?;
        if !starts.contains(&start) {
            starts.push(start);
        }
    }
    Ok((first.file, starts))
}

/// Lines at the beginning of a block, indented as what follows there.
fn begin(desk: Desk<'_>, file: FileId, start: u32, lines: &[String]) -> Edit {
    let text = &desk.files.get(file).text;
    let start = start as usize;
    let first = from(text, start).lines().next().unwrap_or("");
    // What is written behind the brace stays in front, where it is a comment.
    let own_lines = first.trim().is_empty() || first.trim_start().starts_with('#');
    let (at, before) = if own_lines {
        let next = from(text, start).lines().skip(1).find(|line| !line.trim().is_empty()).unwrap_or("");
        let indent = upto(next, next.len() - next.trim_start().len());
        let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
        (start + first.len(), format!("{newline}{indent}"))
    } else {
        (start, " ".to_owned())
    };
    Edit::insert(file, at, format!("{before}{}", lines.join(&before)))
}

/// All that services say by a file: it may be mounted by several.
fn said_by(desk: Desk<'_>, file: FileId) -> Vec<String> {
    let mounting = desk.project().services.iter().flat_map(|s| s.configured.iter().map(move |c| (s, c)));
    mounting.filter(|(_, c)| c.file == file).map(|(s, c)| c.path(s)).collect()
}
