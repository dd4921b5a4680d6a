//! The folder that `new ollama-host` makes: its text stands in `fixtures/host/` for people to read; each file is checked by the
//! program that will read it, where that runs here, and the proxy is called for real.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::format_collect,
    reason = "a test may panic, and need not be fast"
)]

mod common;

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use common::nginx::{check, made, proxy, tool};
use common::{contents, expect, folder, root, run};

/// The folders that people read.
const CASES: &[(&str, &[&str])] = &[
    ("all", &[]),
    ("docker0", &["--bind", "docker0=172.18.0.1", "--subnet", "172.30.0.0/24", "--subnet", "192.168.0.0/16"]),
    (
        "forwarder-zh",
        &["--bind", "forwarder", "--auth", "basic", "--origin", "https://chat.example.com", "--lang", "zh"],
    ),
    ("address", &["--bind", "192.168.1.10", "--publish", "0.0.0.0", "--origin", "http://127.0.0.1:3000"]),
];

/// Random digits are told by their number.
fn hidden(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_hexdigit()) {
        let run = rest[start..].find(|c: char| !c.is_ascii_hexdigit()).map_or(rest.len(), |n| start + n);
        out.push_str(&rest[..start]);
        let word = &rest[start..run];
        out.push_str(if word.len() == 32 { "(32 random characters)" } else { word });
        rest = &rest[run..];
    }
    out + rest
}

#[test]
fn the_files_are_those_that_were_read() {
    let mut wrong = Vec::new();
    for (name, args) in CASES {
        let dir = folder(&[]);
        let said = made(dir.path(), args);
        let target = root().join("fixtures/host").join(name);
        for (path, text) in contents(&dir.path().join("host")) {
            let text = String::from_utf8(text).unwrap();
            assert!(!said.contains("Bearer ") && !said.contains("PLAIN"));
            // Git would turn the line ends of Windows.
            wrong.extend(expect(&target.join(path), &hidden(&text.replace('\r', ""))).err());
        }
        wrong.extend(expect(&target.join("expected.txt"), &said).err());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn keys_are_private_and_nothing_is_overwritten() {
    let dir = folder(&[]);
    made(dir.path(), &[]);
    let key = dir.path().join("host/nginx/ollama-keys.map");
    let before = std::fs::read_to_string(&key).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let again = run(dir.path(), &["new", "ollama-host", "./host", "--bind", "docker0"]);
    assert_eq!(again.status, 2);
    assert!(again.err.contains("--force") && !again.out.contains(before.trim()), "{}", again.err);
    assert_eq!(std::fs::read_to_string(&key).unwrap(), before);
    for (args, says) in [
        (&["--bind", "127.0.0.1"][..], "forwarder"),
        (&["--auth", "digest"], "bearer"),
        (&["--subnet", "172.30.0.1"], "172.30.0.0/24"),
        (&["--origin", "chat.example.com"], "https://"),
    ] {
        let mut all = vec!["new", "ollama-host", "./other"];
        all.extend(args);
        let said = run(dir.path(), &all);
        assert_eq!(said.status, 2, "{args:?}");
        assert!(said.err.contains(says), "{args:?}: {}", said.err);
    }
    let stray = run(dir.path(), &["new", "open-webui", "./x", "--bind", "all"]);
    assert!(stray.status == 2 && stray.err.contains("ollama-host"), "{}", stray.err);
}

#[test]
fn systemd_reads_the_units() {
    let Some(analyze) = tool("systemd-analyze") else { return };
    for (name, args) in CASES {
        let dir = folder(&[
            ("units/ollama.service", "[Service]\nExecStart=/bin/true\n"),
            ("units/docker.service", "[Service]\nExecStart=/bin/true\n"),
        ]);
        made(dir.path(), args);
        let (linux, units) = (dir.path().join("host/linux"), dir.path().join("units"));
        let mut check_these = vec![units.join("ollama.service")];
        if linux.join("ollama.conf").exists() {
            std::fs::create_dir_all(units.join("ollama.service.d")).unwrap();
            std::fs::copy(linux.join("ollama.conf"), units.join("ollama.service.d/dockline.conf")).unwrap();
        }
        for unit in ["ollama-docker0.socket", "ollama-docker0.service"] {
            if linux.join(unit).exists() {
                std::fs::copy(linux.join(unit), units.join(unit)).unwrap();
                check_these.push(units.join(unit));
            }
        }
        let mut command = Command::new(&analyze);
        command
            .args(["verify", "--man=no"])
            .args(&check_these)
            .env("SYSTEMD_UNIT_PATH", format!("{}:", units.display()));
        let done = command.stdin(Stdio::null()).output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        let ours: Vec<&str> =
            said.lines().filter(|l| l.contains(&*units.to_string_lossy()) || l.contains("ollama")).collect();
        // It needs no system to be running, but the forwarder's program must be there.
        let missing = ours.iter().all(|l| l.contains("systemd-socket-proxyd is not executable"));
        assert!(ours.is_empty() || missing, "{name}: {said}");
    }
}

#[test]
fn nft_reads_the_rules() {
    let Some(nft) = tool("nft") else { return };
    let probe = Command::new(&nft).args(["list", "tables"]).stdin(Stdio::null()).output().unwrap();
    if !probe.status.success() {
        common::skipped("nft may not look at the kernel here");
        return;
    }
    for (name, args) in CASES {
        let dir = folder(&[]);
        made(dir.path(), args);
        check(Command::new(&nft).args(["-c", "-f"]).arg(dir.path().join("host/firewall/ollama-host.nft")), name);
    }
}

#[test]
fn shells_read_the_commands() {
    let Some(bash) = tool("bash") else { return };
    for (name, args) in CASES {
        let dir = folder(&[]);
        made(dir.path(), args);
        let text = std::fs::read_to_string(dir.path().join("host/README.md")).unwrap();
        let blocks: Vec<&str> = text.split("```sh\n").skip(1).map(|b| b.split("```").next().unwrap()).collect();
        assert!(blocks.len() > 4, "{name}");
        check(Command::new(&bash).args(["-n", "-c", &blocks.concat()]), name);
    }
}

/// Answers each request in two pieces, the second only when it is told to; and tells what it was sent.
fn backend() -> (u16, Receiver<String>, Sender<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sent, seen) = channel();
    let (go, gone) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) > 0 {
                head.push(byte[0]);
            }
            sent.send(String::from_utf8_lossy(&head).to_lowercase()).unwrap();
            let first = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n";
            let _ = stream.write_all(first.as_bytes());
            let _ = gone.recv_timeout(Duration::from_secs(10));
            let _ = stream.write_all(b"6\r\nsecond\r\n0\r\n\r\n");
        }
    });
    (port, seen, go)
}

fn ask(port: u16, method: &str, headers: &[&str], until: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let headers: String = headers.iter().map(|h| format!("{h}\r\n")).collect();
    write!(
        stream,
        "{method} /v1/chat/completions HTTP/1.1\r\nHost: proxy.example.com\r\nConnection: close\r\n{headers}\r\n"
    )
    .unwrap();
    let mut said = String::new();
    let mut piece = [0; 1024];
    while !said.contains(until) {
        match stream.read(&mut piece) {
            Ok(0) | Err(_) => break,
            Ok(n) => said.push_str(&String::from_utf8_lossy(&piece[..n])),
        }
    }
    said
}

#[test]
fn the_proxy_asks_for_the_key_lets_preflights_through_and_streams() {
    let (port, seen, go) = backend();
    let args = ["--origin", "https://chat.example.com"];
    let Some((dir, _nginx, front)) = proxy(&args, port) else { return };
    let keys = std::fs::read_to_string(dir.path().join("host/nginx/ollama-keys.map")).unwrap();
    let key = keys.lines().find_map(|l| l.strip_prefix('"')?.strip_suffix("\" 1;")).unwrap().to_owned();
    let page = "Origin: https://chat.example.com";

    for headers in [vec![page], vec![page, "Authorization: Bearer wrong"], vec![]] {
        let said = ask(front, "GET", &headers, "never");
        assert!(said.starts_with("HTTP/1.1 401"), "{headers:?}: {said}");
    }
    let wanted = "Access-Control-Request-Headers: authorization,content-type,x-stainless-timeout";
    let preflight = ask(front, "OPTIONS", &[page, "Access-Control-Request-Method: POST", wanted], "never");
    assert!(preflight.starts_with("HTTP/1.1 204"), "{preflight}");
    assert!(preflight.contains("Access-Control-Allow-Origin: https://chat.example.com"), "{preflight}");
    assert!(preflight.contains("x-stainless-timeout"), "{preflight}");
    let stranger = ask(front, "OPTIONS", &["Origin: https://evil.example.com", wanted], "never");
    assert!(!stranger.contains("Access-Control-Allow-Origin"), "{stranger}");
    assert!(seen.try_recv().is_err(), "something got through without a key");

    // The first piece arrives while the server still holds the second back.
    let authorization = format!("Authorization: {key}");
    let said = ask(front, "GET", &[page, &authorization], "first");
    assert!(said.starts_with("HTTP/1.1 200") && said.contains("first") && !said.contains("second"), "{said}");
    assert_eq!(said.matches("Access-Control-Allow-Origin").count(), 1, "{said}");
    go.send(()).unwrap();
    let request = seen.recv_timeout(Duration::from_secs(5)).unwrap();
    assert!(request.contains(&format!("host: localhost:{port}")), "{request}");
    assert!(!request.contains("origin:") && !request.contains("bearer"), "{request}");
}

#[test]
fn the_proxy_asks_for_the_password() {
    let (port, _seen, go) = backend();
    let Some((dir, _nginx, front)) = proxy(&["--auth", "basic"], port) else { return };
    let users = std::fs::read_to_string(dir.path().join("host/nginx/ollama-users")).unwrap();
    assert!(ask(front, "GET", &[], "never").starts_with("HTTP/1.1 401"));
    assert!(ask(front, "OPTIONS", &[], "never").starts_with("HTTP/1.1 204"));
    let pair = base64(users.trim().replace("{PLAIN}", "").as_bytes());
    let said = ask(front, "GET", &[&format!("Authorization: Basic {pair}")], "first");
    assert!(said.starts_with("HTTP/1.1 200"), "{said}");
    go.send(()).unwrap();
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for group in bytes.chunks(3) {
        let all = group.iter().fold(0_u32, |all, b| (all << 8) | u32::from(*b)) << (8 * (3 - group.len()));
        for place in 0..4 {
            let digit = DIGITS[(all >> (18 - 6 * place)) as usize & 63];
            out.push(if place <= group.len() { char::from(digit) } else { '=' });
        }
    }
    out
}
