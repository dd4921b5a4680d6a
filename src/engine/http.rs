//! One HTTP request whose answer is timed piece by piece, from this machine or from a container's network namespace.
//! [`super::probe`] asks whether somebody is there; this asks how they answer.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use futures_util::future::{Either, select};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use serde::{Deserialize, Serialize};

use super::client::entering;
use super::probe::{CONNECT, MOST};

/// A request. No credentials are ever among its headers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// The addresses that the name has, tried one after the other.
    pub at: Vec<SocketAddr>,
    /// The `Host` header: the name and port by which the client knows the server.
    pub host: String,
    pub method: String,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
    /// Seconds that the whole answer may take.
    pub limit: u64,
}

impl Ask {
    /// A request without a body, with the time limit of a probe.
    pub fn get(at: &[SocketAddr], host: &str, path: &str) -> Self {
        let at = at.to_vec();
        let (host, path) = (host.to_owned(), path.to_owned());
        let limit = super::probe::READ;
        Self { at, host, method: "GET".to_owned(), path, headers: Vec::new(), body: String::new(), limit }
    }
}

/// Where a request is sent from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    Here,
    /// The network namespace of a process: needs root on the engine's own Linux machine.
    Namespace(u32),
}

/// Why an answer ends before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cut {
    /// No connection.
    Unconnected,
    /// The connection ended without an HTTP answer, or inside it.
    Broken,
    /// The time was up.
    Late,
}

/// A piece of an answer's body, as it arrived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// Milliseconds since the request was sent.
    pub after: u64,
    pub text: String,
}

/// An answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heard {
    /// 0 where none came.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub pieces: Vec<Piece>,
    /// Milliseconds until the answer ended.
    pub took: u64,
    pub cut: Option<Cut>,
}

impl Heard {
    pub fn body(&self) -> String {
        self.pieces.iter().map(|p| p.text.as_str()).collect()
    }

    /// A header's value, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

/// The word by which this program, started in a container's network namespace, knows that it shall ask.
pub const ASKING: &str = "__ask";

/// Sends all requests at once, each from its place. `heard` is told of each piece as it comes, with the request's number.
pub fn ask_all(asks: &[(From, Ask)], heard: &(dyn Fn(usize, &str) + Sync)) -> Vec<Heard> {
    std::thread::scope(|scope| {
        let one = |(i, (from, ask)): (usize, &(From, Ask))| match from {
            From::Here => ask_here(ask, &|piece| heard(i, &piece.text)),
            From::Namespace(pid) => ask_there(*pid, ask, &|piece| heard(i, &piece.text)),
        };
        let asking: Vec<_> = asks.iter().enumerate().map(|pair| scope.spawn(move || one(pair))).collect();
        asking.into_iter().map(|a| a.join().unwrap_or_default()).collect()
    })
}

/// Sends one request from this process. `heard` is told of each piece as it comes.
fn ask_here(ask: &Ask, heard: &dyn Fn(&Piece)) -> Heard {
    let mut out = Heard::default();
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
        out.cut = Some(Cut::Unconnected);
        return out;
    };
    let start = Instant::now();
    let done = runtime.block_on(async {
        tokio::time::timeout(Duration::from_secs(ask.limit), exchange(ask, start, &mut out, heard)).await
    });
    out.cut = match done {
        Ok(Ok(())) => None,
        Ok(Err(cut)) => Some(cut),
        Err(_) => Some(Cut::Late),
    };
    out.took = since(start);
    out
}

fn since(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX)
}

async fn exchange(ask: &Ask, start: Instant, out: &mut Heard, heard: &dyn Fn(&Piece)) -> Result<(), Cut> {
    let mut stream = None;
    for at in &ask.at {
        let dialed = tokio::time::timeout(Duration::from_secs(CONNECT), tokio::net::TcpStream::connect(at)).await;
        stream = dialed.ok().and_then(Result::ok);
        if stream.is_some() {
            break;
        }
    }
    let stream = stream.ok_or(Cut::Unconnected)?;
    let shaken = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = shaken.map_err(|_| Cut::Broken)?;
    let request = request(ask).ok_or(Cut::Broken)?;
    let answered = std::pin::pin!(talk(&mut sender, request, start, out, heard));
    // The connection is driven here; its end is seen by the one who reads.
    match select(answered, connection).await {
        Either::Left((done, _)) => done,
        Either::Right((_, answered)) => answered.await,
    }
}

async fn talk(
    sender: &mut hyper::client::conn::http1::SendRequest<Full<Bytes>>,
    request: hyper::Request<Full<Bytes>>,
    start: Instant,
    out: &mut Heard,
    heard: &dyn Fn(&Piece),
) -> Result<(), Cut> {
    let answer = sender.send_request(request).await.map_err(|_| Cut::Broken)?;
    out.status = answer.status().as_u16();
    let text = |value: &hyper::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    out.headers = answer.headers().iter().map(|(n, v)| (n.as_str().to_owned(), text(v))).collect();
    let mut body = answer.into_body();
    let mut size = 0;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Cut::Broken)?.into_data() else { continue };
        size += data.len();
        let piece = Piece { after: since(start), text: String::from_utf8_lossy(&data).into_owned() };
        heard(&piece);
        out.pieces.push(piece);
        if size > MOST {
            break;
        }
    }
    Ok(())
}

fn request(ask: &Ask) -> Option<hyper::Request<Full<Bytes>>> {
    let mut request = hyper::Request::builder().method(ask.method.as_str()).uri(ask.path.as_str());
    request = request.header("Host", &ask.host).header("User-Agent", "dockline").header("Connection", "close");
    for (name, value) in &ask.headers {
        request = request.header(name, value);
    }
    request.body(Full::new(Bytes::from(ask.body.clone()))).ok()
}

/// The same from a network namespace: this program once more, which says each piece in a line, and the whole in the last.
fn ask_there(pid: u32, ask: &Ask, heard: &dyn Fn(&Piece)) -> Heard {
    let nothing = Heard { cut: Some(Cut::Unconnected), ..Heard::default() };
    let Some(mut child) = entering(pid).and_then(|command| start(command, ask)) else { return nothing };
    let mut whole = None;
    for line in child.stdout.take().into_iter().flat_map(|out| BufReader::new(out).lines()).map_while(Result::ok) {
        match serde_json::from_str::<Piece>(&line) {
            Ok(piece) => heard(&piece),
            Err(_) => whole = serde_json::from_str::<Heard>(&line).ok(),
        }
    }
    let _ = child.wait();
    whole.unwrap_or(nothing)
}

fn start(mut command: Command, ask: &Ask) -> Option<Child> {
    command.arg(ASKING).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().ok()?;
    // Dropped at once, so that the child sees the end.
    child.stdin.take()?.write_all(serde_json::to_string(ask).ok()?.as_bytes()).ok()?;
    Some(child)
}

/// The other end of that: reads the request, says the answer. `say` prints a line.
pub fn asked(request: &str, say: &dyn Fn(&str)) {
    let Ok(ask) = serde_json::from_str::<Ask>(request) else { return };
    let heard = ask_here(&ask, &|piece| say(&serde_json::to_string(piece).unwrap_or_default()));
    say(&serde_json::to_string(&heard).unwrap_or_default());
}
