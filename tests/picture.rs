//! `dockline reach --format mermaid|html`: golden flowcharts; pages that are well-formed, hold every address with its verdict in the
//! right colour, and nothing that a file could smuggle in. `BLESS=1` rewrites the flowcharts.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test may panic"
)]

mod common;

use common::{copy, expect, folder, root, run};

/// A bit of everything: two networks, a wrong port, a name that does not resolve, the host, the outside, a profile, a shared `.env`.
const MIXED: &str = r#"name: mixed
x-env: &env
  DATABASE_URL: postgres://app:s3cr3t-word@db:5432/app
  REDIS_URL: redis://:s3cr3t-word@cache:6379/0
  QDRANT_URL: http://qdrant:6333
  OPENAI_API_BASE: https://api.openai.com/v1
services:
  api:
    image: example/api:1
    ports: ["8000:8000", "127.0.0.1:9000:9000"]
    networks: [front, back]
    environment:
      <<: *env
      OLLAMA_BASE_URL: http://localhost:11434
  worker:
    image: example/api:1
    networks: [front, back]
    environment:
      <<: *env
      OLLAMA_BASE_URL: http://host.docker.internal:11434
    extra_hosts: ["host.docker.internal:host-gateway"]
  beat:
    image: example/api:1
    networks: [back]
    environment:
      <<: *env
      SEARCH_URL: http://search:9200
  db:
    image: postgres:16
    networks: [back]
    healthcheck:
      test: ["CMD", "pg_isready", "-h", "127.0.0.1"]
  cache:
    image: redis:7
    networks: [back]
  qdrant:
    image: qdrant/qdrant:v1.13.0
    networks: [front]
  web:
    image: nginx:1.27
    networks: [front]
    ports: ["443:443"]
    environment:
      CACHE_URL: redis://cache:6379
      API_URL: http://api:8001
  debug:
    image: adminer:5
    profiles: [debug]
    networks: [back]
    ports: ["8081:8080"]
networks:
  front:
  back:
    internal: true
"#;

fn page(yaml: &str, extra: &[&str]) -> String {
    let dir = folder(&[("compose.yaml", yaml)]);
    let args: Vec<&str> = ["reach", "--format", "html"].iter().chain(extra).copied().collect();
    let said = run(dir.path(), &args);
    assert_eq!(said.status, 0, "{}", said.err);
    said.out
}

/// Reads a page as XML, as strictly as XML is; answers with its elements and their attributes.
fn elements(page: &str) -> Vec<(String, Vec<(String, String)>)> {
    let mut rest = page.strip_prefix("<!DOCTYPE html>\n").unwrap();
    let (mut open, mut out) = (Vec::new(), Vec::new());
    let text = |text: &str| {
        for part in text.split('&').skip(1) {
            let name = part.split(';').next().unwrap();
            assert!(["amp", "lt", "gt", "quot", "#39", "#10"].contains(&name), "&{name}");
        }
        assert!(!text.contains(|c: char| (c.is_control() && c != '\n') || c == '\u{fffe}'), "{text:?}");
    };
    while let Some(at) = rest.find('<') {
        text(&rest[..at]);
        let end = at + rest[at..].find('>').unwrap();
        let tag = &rest[at + 1..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name), "before {}", &rest[..rest.len().min(80)]);
            continue;
        }
        let alone = tag.ends_with('/');
        let tag = tag.trim_end_matches('/');
        let (name, mut more) = tag.split_once(' ').unwrap_or((tag, ""));
        assert!(name.chars().all(|c| c.is_ascii_alphanumeric()), "<{tag}>");
        let mut attributes = Vec::new();
        while !more.trim().is_empty() {
            let (key, value) = more.trim_start().split_once("=\"").unwrap_or_else(|| panic!("<{tag}>"));
            let (value, after) = value.split_once('"').unwrap();
            text(value);
            assert!(!key.starts_with("on") && !value.contains("javascript:"), "<{tag}>");
            attributes.push((key.to_owned(), value.to_owned()));
            more = after;
        }
        if !alone {
            open.push(name.to_owned());
        }
        out.push((name.to_owned(), attributes));
    }
    assert!(open.is_empty() && rest.trim().is_empty(), "{open:?} {rest}");
    out
}

fn value<'a>(element: &'a (String, Vec<(String, String)>), key: &str) -> Option<&'a str> {
    element.1.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str())
}

#[test]
fn flowcharts_are_as_agreed() {
    let seeds = copy(&root().join("fixtures/seeds"));
    let mixed = folder(&[("compose.yaml", MIXED)]);
    let mut wrong = Vec::new();
    for (name, dir, lang) in [
        ("one-api", seeds.path().join("one-api"), "en"),
        ("dify", seeds.path().join("dify"), "en"),
        ("mixed", mixed.path().to_path_buf(), "en"),
        ("mixed.zh-CN", mixed.path().to_path_buf(), "zh"),
    ] {
        let said = run(&dir, &["reach", "--format", "mermaid", "--lang", lang]);
        assert_eq!(said.status, 0, "{}", said.err);
        wrong.extend(expect(&root().join(format!("tests/picture/{name}.mmd")), &said.out).err());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Each address that a program reads stands in the page, and a line or a mark of its colour tells of it.
#[test]
fn every_address_is_in_the_page() {
    let mixed = folder(&[("compose.yaml", MIXED)]);
    let seeds = copy(&root().join("fixtures/seeds"));
    for (dir, least) in [(mixed.path(), 15), (&seeds.path().join("one-api"), 4), (&seeds.path().join("dify"), 20)] {
        let json = run(dir, &["reach", "--format", "json"]).json();
        let page = run(dir, &["reach", "--format", "html"]).out;
        let found = elements(&page);
        let rows: Vec<&str> = page.split("<tr id=\"r").skip(1).map(|r| r.split("</tr>").next().unwrap()).collect();
        let read =
            json["endpoints"].as_array().unwrap().iter().filter(|e| e["read"] == true && e["audience"] != "bind");
        let mut count = 0;
        for endpoint in read {
            count += 1;
            let word = |key: &str| endpoint[key].as_str().unwrap().to_owned();
            let (service, variable, verdict) = (word("service"), word("variable"), word("verdict"));
            let at = rows.iter().position(|row| {
                row.contains(&format!("data-verdict=\"{verdict}\""))
                    && row.contains(&format!("<code>{variable}</code>"))
                    && row.contains(&word("host"))
                    && row.split("</td>").nth(1).unwrap().contains(&service)
            });
            let at = at.unwrap_or_else(|| panic!("{service} {variable} {verdict} is missing")).to_string();
            let class = match verdict.as_str() {
                "ok" => "ok",
                "external" | "unknown" => "grey",
                _ => "broken",
            };
            assert!(rows[at.parse::<usize>().unwrap()].starts_with(&format!("{at}\" class=\"{class}\"")));
            let line = found.iter().any(|e| {
                let own = value(e, "class").is_some_and(|c| c.split(' ').any(|c| c == class));
                own && value(e, "data-rows").is_some_and(|r| r.split(' ').any(|r| r == at))
            });
            assert!(line, "{service} {variable} ({class}) has no line");
        }
        assert!(count >= least, "{count}");
    }
}

/// Services stand in their networks, and what several services share is one row.
#[test]
fn networks_and_what_is_shared() {
    let page = page(MIXED, &[]);
    for words in ["networks back (internal) + front", "network front", "nobody answers", "on the host", "outside"] {
        assert!(page.contains(&format!(">{words}<")), "{words}");
    }
    assert!(page.contains("<td>api, worker, beat</td><td><code>OPENAI_API_BASE</code>"), "{page}");
    // Not started, and without an address: in the list beside the picture.
    assert!(page.contains("<b>debug</b> <span>adminer:5 :8081</span>"), "{page}");
    assert!(page.contains("class=\"joint ok\""));
}

#[test]
fn the_page_stands_alone_and_speaks_two_languages() {
    for (lang, tag, word) in [("en", "en", "who reaches whom"), ("zh", "zh-CN", "谁能连到谁")] {
        let page = page(MIXED, &["--lang", lang]);
        let found = elements(&page);
        assert!(page.contains(&format!("lang=\"{tag}\"")) && page.contains(word));
        assert!(page.contains("prefers-color-scheme:dark"));
        for element in &found {
            assert!(!["script", "iframe", "img", "link", "object", "base", "form"].contains(&element.0.as_str()));
            assert!(value(element, "href").is_none_or(|to| to.starts_with('#')), "{element:?}");
            assert!(value(element, "src").is_none(), "{element:?}");
        }
        assert!(!page.contains("@import") && !page.contains("s3cr3t"), "{page}");
        // A link leads to something.
        let ids: Vec<&str> = found.iter().filter_map(|e| value(e, "id")).collect();
        for to in found.iter().filter_map(|e| value(e, "href")) {
            assert!(ids.contains(&&to[1..]), "{to}");
        }
    }
}

/// Names and values are text, whatever is in them.
#[test]
fn files_put_no_markup_into_the_picture() {
    let nasty = r#"name: mixed
services:
  api:
    image: "x/<script>alert(1)</script>\"'&:1"
    container_name: "a"
    networks: ["n<b>", default]
    environment:
      "A<img src=x onerror=alert(1)>_URL": "http://localhost:11434"
      "B]]>--|\"]_URL": "http://x`y\"<i>:80"
      "C\u202e\u0007_URL": "http://localhost:4"
      "D;#%{}_URL": "http://nobody:1/?key=sk-abcdefghijklmnopqrstuvwxyz0123456789abcdefgh"
  "a.b-c_d": { image: "redis" }
networks:
  "n<b>": {}
"#;
    let dir = folder(&[("compose.yaml", nasty)]);
    for lang in ["en", "zh"] {
        let page = run(dir.path(), &["reach", "--format", "html", "--lang", lang]).out;
        let names: Vec<String> = elements(&page).into_iter().map(|e| e.0).collect();
        for name in ["script", "img", "i"] {
            assert!(!names.contains(&name.to_owned()), "{name}: {page}");
        }
        assert!(page.contains("&lt;img src=x onerror=alert(1)&gt;"), "{page}");
        let chart = run(dir.path(), &["reach", "--format", "mermaid", "--lang", lang]).out;
        for out in [&page, &chart] {
            assert!(!out.contains("sk-abcdef") && !out.contains('\u{202e}') && !out.contains('\u{7}'), "{out}");
        }
        // Outside of its line breaks, a label has no markup, and no quote ends it.
        for line in chart.lines().skip(1) {
            assert!(matches!(line.matches('"').count(), 0 | 2), "{line}");
            let bare = line.replace("<br/>", "").replace("-->", "").replace(".->", "");
            assert!(!bare.contains('<') && !bare.contains('>'), "{line}");
        }
    }
}

#[test]
fn a_question_has_no_picture_and_an_empty_project_has_one() {
    let dir = folder(&[("compose.yaml", MIXED)]);
    let said = run(dir.path(), &["reach", "--from", "api", "--to", "db", "--format", "html"]);
    assert_eq!(said.status, 2, "{}", said.out);
    assert!(said.err.contains("--from"), "{}", said.err);
    let page = page("services:\n  a: { image: redis }\n", &[]);
    elements(&page);
    assert!(page.contains("<b>a</b>"));
    assert_eq!(run(dir.path(), &["reach", "--format", "html", "--fail-on-broken"]).status, 1);
}
