//! The real clients through the proxy that `new ollama-host` makes: the `openai` package for Python, for Node, and in a headless
//! Chromium. They are fetched by pip and npm; where they can't be had (or nginx) the tests say SKIPPED and why, and fail with
//! `REQUIRE_CLIENTS=1`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test may panic"
)]

mod common;

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use common::nginx::{Running, proxy, tool};

/// What `found` gives; where it is an error, the test is skipped, or fails where clients are required.
fn have<T: Clone>(found: &Result<T, String>) -> Option<T> {
    match found {
        Ok(it) => Some(it.clone()),
        Err(why) if std::env::var_os("REQUIRE_CLIENTS").is_some() => panic!("{why}"),
        Err(why) => {
            common::skipped(why);
            None
        }
    }
}

fn cache() -> Result<PathBuf, String> {
    let cache = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")))
        .ok_or("no home")?
        .join("dockline-clients");
    std::fs::create_dir_all(&cache).map_err(|e| e.to_string())?;
    Ok(cache)
}

fn fetch(command: &mut Command) -> Result<(), String> {
    let done =
        command.stdin(Stdio::null()).output().map_err(|e| format!("{}: {e}", command.get_program().display()))?;
    let said = [done.stdout, done.stderr].map(|b| String::from_utf8_lossy(&b).into_owned()).concat();
    if done.status.success() { Ok(()) } else { Err(said.lines().last().unwrap_or("it fails").to_owned()) }
}

/// A Python that has the package.
fn python() -> &'static Result<PathBuf, String> {
    static FOUND: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    FOUND.get_or_init(|| {
        let home = cache()?.join("python");
        let python = home.join("bin/python");
        let works = |python: &Path| fetch(Command::new(python).args(["-c", "import openai"])).is_ok();
        if !works(&python) {
            fetch(Command::new("python3").args(["-m", "venv"]).arg(&home))?;
            fetch(Command::new(&python).args(["-m", "pip", "install", "-q", "--timeout", "20", "openai"]))?;
        }
        Ok(python)
    })
}

/// A folder in whose `node_modules` the package is.
fn node() -> &'static Result<PathBuf, String> {
    static FOUND: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    FOUND.get_or_init(|| {
        let home = cache()?.join("node");
        if !home.join("node_modules/openai/index.mjs").exists() {
            let options = ["install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"];
            fetch(Command::new("npm").args(options).arg(&home).arg("openai"))?;
        }
        Ok(home)
    })
}

/// A server with the API of `OpenAI`: a list of models, and answers of five words in half a second.
fn server() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || answer(stream));
        }
    });
    port
}

/// Head and body of a request.
fn request(stream: &mut TcpStream) -> (String, String) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) > 0 {
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let length =
        head.to_lowercase().lines().find_map(|l| l.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap_or_default();
    (head, String::from_utf8_lossy(&body).into_owned())
}

fn answer(mut stream: TcpStream) -> std::io::Result<()> {
    let (head, _) = request(&mut stream);
    let json = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n";
    if head.contains("/v1/models") {
        let list = r#"{"object":"list","data":[{"id":"stub","object":"model","created":1,"owned_by":"test"}]}"#;
        return stream.write_all(format!("{json}{list}").as_bytes());
    }
    stream.write_all(json.replace("application/json", "text/event-stream").as_bytes())?;
    for word in ["one", "two", "three", "four", "five"] {
        let piece = format!(
            r#"{{"id":"1","object":"chat.completion.chunk","created":1,"model":"stub","choices":[{{"index":0,"delta":{{"content":"{word} "}},"finish_reason":null}}]}}"#
        );
        stream.write_all(format!("data: {piece}\n\n").as_bytes())?;
        std::thread::sleep(Duration::from_millis(100));
    }
    stream.write_all(b"data: [DONE]\n\n")
}

/// The proxy with its server behind it: its base URL and a key that it takes.
fn behind(args: &[&str]) -> Option<(tempfile::TempDir, Running, String, String)> {
    let Some((dir, nginx, front)) = proxy(args, server()) else {
        let required = std::env::var_os("REQUIRE_CLIENTS").is_some();
        assert!(!required, "no nginx");
        return None;
    };
    let keys = std::fs::read_to_string(dir.path().join("host/nginx/ollama-keys.map")).unwrap();
    let key = keys.lines().find_map(|l| l.strip_prefix("\"Bearer ")?.strip_suffix("\" 1;")).unwrap().to_owned();
    Some((dir, nginx, format!("http://127.0.0.1:{front}/v1"), key))
}

/// What a client must say: the model, the words, that they came one by one, and that a wrong key is refused.
const WANTED: &str = "stub|one two three four five|spread|AuthenticationError";

fn said(command: &mut Command) -> String {
    let done = command.stdin(Stdio::null()).output().unwrap();
    let [out, err] = [done.stdout, done.stderr].map(|b| String::from_utf8_lossy(&b).into_owned());
    assert!(done.status.success(), "{out}{err}");
    out.trim().to_owned()
}

#[test]
fn the_python_package_gets_through() {
    let Some(python) = have(python()) else { return };
    let Some((_dir, _nginx, base, key)) = behind(&[]) else { return };
    let script = r#"
import sys, time
from openai import OpenAI, AuthenticationError
base, key = sys.argv[1:]
client = OpenAI(base_url=base, api_key=key, max_retries=0)
model = client.models.list().data[0].id
words, times = "", []
for chunk in client.chat.completions.create(model=model, messages=[{"role": "user", "content": "hi"}], stream=True):
    words += chunk.choices[0].delta.content; times.append(time.time())
try:
    OpenAI(base_url=base, api_key="wrong", max_retries=0).models.list(); wrong = "let in"
except AuthenticationError: wrong = "AuthenticationError"
print(model, words.strip(), "spread" if times[-1] - times[0] > 0.25 else "lump", wrong, sep="|")
"#;
    assert_eq!(said(Command::new(python).args(["-c", script, &base, &key])), WANTED);
}

/// The same for Node and for a page.
const JAVASCRIPT: &str = r#"
async function tell(OpenAI, base, key, more) {
  const client = new OpenAI({ baseURL: base, apiKey: key, maxRetries: 0, ...more });
  const model = (await client.models.list()).data[0].id;
  let words = "", times = [];
  const stream = await client.chat.completions.create({ model, messages: [{ role: "user", content: "hi" }], stream: true });
  for await (const chunk of stream) { words += chunk.choices[0].delta.content; times.push(Date.now()); }
  let wrong = "let in";
  try { await new OpenAI({ baseURL: base, apiKey: "wrong", maxRetries: 0, ...more }).models.list(); }
  catch (e) { wrong = e instanceof OpenAI.AuthenticationError ? "AuthenticationError" : String(e); }
  return [model, words.trim(), times.at(-1) - times[0] > 250 ? "spread" : "lump", wrong].join("|");
}
"#;

#[test]
fn the_node_package_gets_through() {
    let Some(home) = have(node()) else { return };
    let Some((_dir, _nginx, base, key)) = behind(&[]) else { return };
    let script = format!(
        "import OpenAI from 'openai';{JAVASCRIPT}\nconst [base, key] = process.argv.slice(-2);\nconsole.log(await tell(OpenAI, base, key, {{}}));"
    );
    let mut command = Command::new("node");
    command.args(["--input-type=module", "-e", &script, &base, &key]).current_dir(home);
    assert_eq!(said(&mut command), WANTED);
}

/// Serves a page that imports the package, and hands on what the page says.
fn page(listener: TcpListener, packages: PathBuf, text: String) -> Receiver<String> {
    let (tell, told) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (tell, packages, text) = (tell.clone(), packages.clone(), text.clone());
            // A browser opens connections ahead of need.
            std::thread::spawn(move || serve(stream, &packages, &text, &tell));
        }
    });
    told
}

fn serve(mut stream: TcpStream, packages: &Path, text: &str, tell: &Sender<String>) {
    let (head, body) = request(&mut stream);
    let path = head.split([' ', '?']).nth(1).unwrap_or("/");
    let (kind, answer) = match path {
        "/" => ("text/html", text.as_bytes().to_vec()),
        path if path.starts_with("/node_modules/openai/") && !path.contains("..") => {
            ("text/javascript", std::fs::read(packages.join(&path[1..])).unwrap_or_default())
        }
        _ => ("text/plain", Vec::new()),
    };
    if path == "/told" {
        let _ = tell.send(body);
    }
    let length = answer.len();
    let head =
        format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&answer));
}

/// What a page of an origin is told by the proxy that lets in the origin `allowed`; `None` where a program is not there.
fn in_a_browser(allowed_is_own: bool) -> Option<String> {
    let home = have(node())?;
    let chromium = tool("chromium")?;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let allowed = if allowed_is_own { origin.as_str() } else { "https://chat.example.com" };
    let (_dir, _nginx, base, key) = behind(&["--origin", allowed])?;
    let text = format!(
        "<!doctype html><script type=module>import OpenAI from '/node_modules/openai/index.mjs';{JAVASCRIPT}
let said; try {{ said = await tell(OpenAI, '{base}', '{key}', {{ dangerouslyAllowBrowser: true }}); }} catch (e) {{ said = e.constructor.name; }}
await fetch('/told', {{ method: 'POST', body: said }});</script>"
    );
    let told = page(listener, home, text);
    let profile = tempfile::tempdir().unwrap();
    let mut command = Command::new(chromium);
    command.args(["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--remote-debugging-port=0"]);
    command.arg(format!("--user-data-dir={}", profile.path().display())).arg(&origin);
    let _browser = Running(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    Some(told.recv_timeout(Duration::from_secs(60)).unwrap_or_else(|_| "nothing in 60 s".to_owned()))
}

#[test]
fn a_page_gets_through_where_its_origin_is_let_in() {
    if let Some(said) = in_a_browser(true) {
        assert_eq!(said, WANTED);
    }
}

#[test]
fn a_page_of_another_origin_is_kept_out() {
    if let Some(said) = in_a_browser(false) {
        assert!(said.contains("ConnectionError"), "{said}");
    }
}
