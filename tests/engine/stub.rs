//! Stands for every program in the engine tests.
//! `stub serve [KIND@]ADDRESS:PORT...` answers there and stays; `stub call HOST PORT` says what happens: ok, refused, dns ...
//! A kind says what is spoken: `ollama`, `openai`, `web`, `broken` (502), `secure` (as nginx on an
//! https port), `silent`, `banner` (no HTTP); without one, `ok` to all.
//! `old-ollama` allows no header of the `openai` package, `small` has no memory for its models, `busy` answers two at a time;
//! `pass=HOST:PORT` hands on what that server says, `hold=HOST:PORT` all of it at the end. Models write ten words in a second.
//! `stub end STATUS` ends at once, `stub eat` takes memory until it is killed.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::time::Duration;

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let words: Vec<&str> = args.iter().skip(1).map(String::as_str).collect();
    match words.as_slice() {
        ["serve", places @ ..] => serve(places),
        ["call", host, port] => println!("{}", call(host, port.parse().expect("a port"))),
        ["end", status] => std::process::exit(status.parse().expect("a status")),
        ["eat"] => eat(),
        _ => panic!("serve ADDRESS:PORT... or call HOST PORT"),
    }
}

fn serve(places: &[&str]) {
    for place in places {
        let (kind, place) = place.split_once('@').unwrap_or(("", place));
        let kind = kind.to_owned();
        let listener = TcpListener::bind(place).unwrap_or_else(|e| panic!("{place}: {e}"));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let kind = kind.clone();
                std::thread::spawn(move || answer(stream, &kind));
            }
        });
    }
    loop {
        std::thread::park();
    }
}

fn eat() {
    let mut all = Vec::new();
    loop {
        all.push(vec![1u8; 1 << 20]);
    }
}

const TAGS: &str = r#"{"models":[{"name":"qwen2.5:7b-instruct"},{"name":"llama3:latest","size":104857600},{"name":"nomic-embed-text:latest"}]}"#;
const MODELS: &str = r#"{"object":"list","data":[{"id":"qwen2.5:7b-instruct"},{"id":"llama3:latest"}]}"#;

fn answer(mut stream: TcpStream, kind: &str) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    if kind == "banner" {
        stream.write_all(b"220 stub ready\r\n")?;
    }
    let mut request = Vec::new();
    let mut chunk = [0; 512];
    // A client may send its request in pieces; what is left unread would reset the connection.
    while !whole(&request) {
        match stream.read(&mut chunk)? {
            0 => break,
            length => request.extend_from_slice(&chunk[..length]),
        }
    }
    let request = String::from_utf8_lossy(&request).into_owned();
    let path = request.split(' ').nth(1).unwrap_or("/");
    if let Some((how, server)) = kind.split_once('=') {
        return hand_on(&mut stream, &request, server, how == "hold");
    }
    if matches!(kind, "ollama" | "old-ollama") && header(&request, "origin").is_some() {
        return preflight(&mut stream, &request, kind == "ollama");
    }
    let kind = kind.trim_start_matches("old-");
    if path == "/api/generate" || path == "/v1/chat/completions" {
        return write(&mut stream, &request, kind, path == "/api/generate");
    }
    let kind = if matches!(kind, "small" | "busy") { "ollama" } else { kind };
    let (status, body) = match (kind, path) {
        ("banner", _) => return Ok(()),
        ("silent", _) => {
            std::thread::sleep(Duration::from_secs(30));
            return Ok(());
        }
        ("ollama", "/") => ("200 OK", "Ollama is running"),
        ("ollama", "/api/version") => ("200 OK", r#"{"version":"0.6.5"}"#),
        ("ollama", "/api/embed") => ("200 OK", r#"{"embeddings":[[0.5]],"load_duration":300000000,"total_duration":310000000}"#),
        ("ollama", "/api/tags") => ("200 OK", TAGS),
        ("ollama" | "openai", "/v1/models") => ("200 OK", MODELS),
        ("ollama", _) => ("404 Not Found", "404 page not found"),
        ("openai", _) => ("404 Not Found", r#"{"detail":"Not Found"}"#),
        ("web", _) => ("200 OK", "<!doctype html><title>stub</title>"),
        ("secure", _) => ("400 Bad Request", "<html>The plain HTTP request was sent to HTTPS port</html>"),
        ("broken", _) => ("502 Bad Gateway", "<html>502</html>"),
        _ => ("200 OK", "ok"),
    };
    let length = body.len();
    stream.write_all(format!("HTTP/1.0 {status}\r\nContent-Length: {length}\r\n\r\n{body}").as_bytes())
}

fn header<'r>(request: &'r str, name: &str) -> Option<&'r str> {
    let named = |line: &'r str| line.split_once(':').filter(|(n, _)| n.eq_ignore_ascii_case(name));
    request.lines().take_while(|l| !l.is_empty()).find_map(|l| Some(named(l)?.1.trim()))
}

fn whole(request: &[u8]) -> bool {
    let Some(end) = request.windows(4).position(|end| end == b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(&request[..end]).into_owned();
    let length = header(&head, "content-length").and_then(|l| l.parse().ok()).unwrap_or(0);
    request.len() >= end + 4 + length
}

/// What a proxy does: the server's answer piece by piece, or all at once.
fn hand_on(stream: &mut TcpStream, request: &str, server: &str, hold: bool) -> std::io::Result<()> {
    let mut behind = TcpStream::connect(server)?;
    behind.write_all(request.as_bytes())?;
    let mut held = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let length = behind.read(&mut chunk)?;
        if length == 0 {
            return stream.write_all(&held);
        }
        if hold {
            held.extend_from_slice(&chunk[..length]);
        } else {
            stream.write_all(&chunk[..length])?;
        }
    }
}

/// As Ollama answers a request with an origin: its own and those of `OLLAMA_ORIGINS` come in (server/routes.go, envconfig).
fn preflight(stream: &mut TcpStream, request: &str, new: bool) -> std::io::Result<()> {
    let origin = header(request, "origin").unwrap_or_default();
    let own = ["http://localhost", "http://127.0.0.1", "http://0.0.0.0"].iter().any(|o| origin.starts_with(o));
    let more = std::env::var("OLLAMA_ORIGINS").unwrap_or_default();
    if !own && !more.split(',').any(|o| o == origin || o == "*") {
        return stream.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    }
    let stainless = "x-stainless-arch,x-stainless-lang,x-stainless-os,x-stainless-package-version,x-stainless-retry-count,\
                     x-stainless-runtime,x-stainless-runtime-version,x-stainless-timeout";
    let more = if new { stainless } else { "accept" };
    let answer = format!(
        "HTTP/1.1 204 No Content\r\nAccess-Control-Allow-Origin: {origin}\r\n\
         Access-Control-Allow-Headers: Authorization,Content-Type,{more}\r\n\r\n"
    );
    stream.write_all(answer.as_bytes())
}

/// A model writes: ten words in a second, after a moment of loading.
fn write(stream: &mut TcpStream, request: &str, kind: &str, own: bool) -> std::io::Result<()> {
    static BUSY: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    let refuse = |stream: &mut TcpStream, status: &str, words: &str| {
        let body = format!("{{\"error\":\"{words}\"}}");
        stream.write_all(format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).as_bytes())
    };
    if kind == "small" {
        let words = "model requires more system memory (5.6 GiB) than is available (3.2 GiB)";
        return refuse(stream, "500 Internal Server Error", words);
    }
    if request.contains("nomic-embed-text") {
        return refuse(stream, "400 Bad Request", "\\\"nomic-embed-text\\\" does not support generate");
    }
    let others = BUSY.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    let done = if kind == "busy" && others >= 2 {
        refuse(stream, "503 Service Unavailable", "server busy, please try again.  maximum pending requests exceeded")
    } else {
        words(stream, own)
    };
    BUSY.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
    done
}

fn words(stream: &mut TcpStream, own: bool) -> std::io::Result<()> {
    std::thread::sleep(Duration::from_millis(300));
    stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")?;
    let (one, last) = if own {
        (
            "{\"response\":\"one\",\"done\":false}\n",
            "{\"response\":\"\",\"done\":true,\"load_duration\":300000000,\"eval_count\":10,\"eval_duration\":1000000000}\n",
        )
    } else {
        ("data: {\"choices\":[{\"delta\":{\"content\":\"one\"}}]}\n\n", "data: [DONE]\n\n")
    };
    for _ in 0..10 {
        stream.write_all(one.as_bytes())?;
        std::thread::sleep(Duration::from_millis(100));
    }
    stream.write_all(last.as_bytes())
}

/// As a client with glibc's resolver does: every address in turn.
fn call(host: &str, port: u16) -> &'static str {
    let Ok(found) = (host, port).to_socket_addrs() else { return "dns" };
    let mut last = "dns";
    for address in found {
        last = connect(&address);
        if matches!(last, "ok" | "reset") {
            break;
        }
    }
    last
}

fn connect(address: &SocketAddr) -> &'static str {
    let mut stream = match TcpStream::connect_timeout(address, Duration::from_secs(4)) {
        Ok(stream) => stream,
        Err(e) => {
            return match e.kind() {
                ErrorKind::ConnectionRefused => "refused",
                ErrorKind::TimedOut | ErrorKind::WouldBlock => "timeout",
                ErrorKind::ConnectionReset => "reset",
                _ => "unreachable",
            };
        }
    };
    let _ = stream.set_read_timeout(Some(Duration::from_secs(4)));
    let mut said = Vec::new();
    let asked = stream.write_all(b"GET / HTTP/1.0\r\n\r\n");
    match asked.and_then(|()| stream.read_to_end(&mut said)) {
        Ok(_) if !said.is_empty() => "ok",
        _ => "reset",
    }
}
