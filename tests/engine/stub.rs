//! Stands for every program in the engine tests.
//! `stub serve [KIND@]ADDRESS:PORT...` answers there and stays; `stub call HOST PORT` says what happens: ok, refused, dns ...
//! A kind says what is spoken: `ollama`, `openai`, `web`, `broken` (502), `secure` (as nginx on an
//! https port), `silent`, `banner` (no HTTP); without one, `ok` to all.
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

const TAGS: &str = r#"{"models":[{"name":"qwen2.5:7b-instruct"},{"name":"llama3:latest"},{"name":"nomic-embed-text:latest"}]}"#;
const MODELS: &str = r#"{"object":"list","data":[{"id":"qwen2.5:7b-instruct"},{"id":"llama3:latest"}]}"#;

fn answer(mut stream: TcpStream, kind: &str) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    if kind == "banner" {
        stream.write_all(b"220 stub ready\r\n")?;
    }
    let mut request = Vec::new();
    let mut chunk = [0; 512];
    // A client may send its request in pieces; what is left unread would reset the connection.
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut chunk)? {
            0 => break,
            length => request.extend_from_slice(&chunk[..length]),
        }
    }
    let request = String::from_utf8_lossy(&request).into_owned();
    let path = request.split(' ').nth(1).unwrap_or("/");
    let (status, body) = match (kind, path) {
        ("banner", _) => return Ok(()),
        ("silent", _) => {
            std::thread::sleep(Duration::from_secs(30));
            return Ok(());
        }
        ("ollama", "/") => ("200 OK", "Ollama is running"),
        ("ollama", "/api/version") => ("200 OK", r#"{"version":"0.6.5"}"#),
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
