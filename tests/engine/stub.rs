//! Stands for every program in the engine tests.
//! `stub serve ADDRESS:PORT...` answers there and stays; `stub call HOST PORT` says what happens: ok, refused, dns ...

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::time::Duration;

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let words: Vec<&str> = args.iter().skip(1).map(String::as_str).collect();
    match words.as_slice() {
        ["serve", places @ ..] => serve(places),
        ["call", host, port] => println!("{}", call(host, port.parse().expect("a port"))),
        _ => panic!("serve ADDRESS:PORT... or call HOST PORT"),
    }
}

fn serve(places: &[&str]) {
    for place in places {
        let listener = TcpListener::bind(place).unwrap_or_else(|e| panic!("{place}: {e}"));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let _ = answer(stream);
            }
        });
    }
    loop {
        std::thread::park();
    }
}

fn answer(mut stream: TcpStream) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    let mut request = [0; 512];
    let _ = stream.read(&mut request)?;
    stream.write_all(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok")
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
