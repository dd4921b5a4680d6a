//! What a probe asks and answers, and how the tools of an image are made to ask it. Each layer is told apart.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// One address to try.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Target {
    pub host: String,
    pub port: u16,
    /// Paths to ask for by plain HTTP; none for a port that speaks something else.
    pub gets: Vec<String>,
}

/// What happened, layer by layer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    pub name: Name,
    /// Addresses that the name has in the container.
    #[serde(default)]
    pub addresses: Vec<IpAddr>,
    pub tcp: Tcp,
    #[serde(default)]
    pub pages: Vec<Page>,
}

impl Default for Answer {
    fn default() -> Self {
        Self { name: Name::Unknown, addresses: Vec::new(), tcp: Tcp::Unknown, pages: Vec::new() }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Name {
    Ok,
    Unresolved,
    Unknown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tcp {
    Ok,
    Refused,
    Timeout,
    Unreachable,
    /// Taken and dropped.
    Reset,
    Unknown,
}

/// The answer to one path.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    pub path: String,
    /// 0 where no HTTP came back.
    pub status: u16,
    #[serde(default)]
    pub body: String,
    /// Connected, and then nothing came in time.
    #[serde(default)]
    pub silent: bool,
}

/// How much of a page is read.
pub(super) const MOST: usize = 256 * 1024;
/// Seconds that a connection may take, and an answer.
pub(super) const CONNECT: u64 = 3;
pub(super) const READ: u64 = 5;

impl Answer {
    pub fn settled(&self) -> bool {
        self.name == Name::Unresolved || self.tcp != Tcp::Unknown
    }
}

/// A tool of an image that can ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tool {
    Python(&'static str),
    Node,
    Curl,
    Bash,
    Wget,
    /// dockline itself in the container's network namespace.
    Own,
}

impl Tool {
    pub fn name(self) -> &'static str {
        match self {
            Self::Python(name) => name,
            Self::Node => "node",
            Self::Curl => "curl",
            Self::Bash => "bash",
            Self::Wget => "wget",
            Self::Own => "dockline",
        }
    }

    /// Whether one run asks for all targets.
    pub fn takes_all(self) -> bool {
        matches!(self, Self::Python(_) | Self::Node)
    }
}

/// Prints which tools there are.
pub(super) const WHICH: &str =
    "for t in python3 python node curl bash timeout wget nc; do command -v $t >/dev/null 2>&1 && echo $t; done; true";

/// The best tool of those that an image has.
pub(super) fn best(said: &str) -> Option<Tool> {
    let has = |name: &str| said.lines().any(|l| l.trim() == name);
    if has("python3") {
        Some(Tool::Python("python3"))
    } else if has("python") {
        Some(Tool::Python("python"))
    } else if has("node") {
        Some(Tool::Node)
    } else if has("curl") {
        Some(Tool::Curl)
    } else if has("bash") && has("timeout") {
        Some(Tool::Bash)
    } else if has("wget") || has("nc") {
        Some(Tool::Wget)
    } else {
        None
    }
}

const PYTHON: &str = r#"
import json,socket,sys,threading
T=json.loads(sys.argv[1]); C=float(sys.argv[2]); R=float(sys.argv[3]); M=int(sys.argv[4]); out=[None]*len(T)
def one(i,t):
    a={"name":"unknown","addresses":[],"tcp":"unknown","pages":[]}; out[i]=a
    try: infos=socket.getaddrinfo(t["host"],t["port"],0,socket.SOCK_STREAM)
    except socket.gaierror: a["name"]="unresolved"; return
    except UnicodeError: a["name"]="unresolved"; return
    a["name"]="ok"; seen=[]
    for f in infos:
        if f[4][0].split("%")[0] not in a["addresses"]: a["addresses"].append(f[4][0].split("%")[0]); seen.append(f)
    good=None; worst="unknown"
    for f in seen:
        try:
            s=socket.socket(f[0],socket.SOCK_STREAM); s.settimeout(C); s.connect(f[4]); good=f; s.close(); break
        except socket.timeout: worst="timeout"
        except ConnectionRefusedError:
            if worst!="timeout": worst="refused"
        except OSError:
            if worst not in ("timeout","refused"): worst="unreachable"
    if good is None: a["tcp"]=worst; return
    a["tcp"]="ok"
    for p in t["gets"]:
        g={"path":p,"status":0,"body":"","silent":False}; a["pages"].append(g)
        try:
            s=socket.socket(good[0],socket.SOCK_STREAM); s.settimeout(C); s.connect(good[4]); s.settimeout(R)
            h=t["host"] if ":" not in t["host"] else "["+t["host"]+"]"
            s.sendall(("GET %s HTTP/1.0\r\nHost: %s:%d\r\nUser-Agent: dockline\r\nAccept: */*\r\n\r\n"%(p,h,t["port"])).encode())
            b=b""
            while len(b)<M:
                d=s.recv(65536)
                if not d: break
                b+=d
            x=b.decode("utf-8","replace"); head,_,body=x.partition("\r\n\r\n")
            w=head.split(None,2)
            if x.startswith("HTTP/") and len(w)>1: g["status"]=int(w[1]); g["body"]=body
            elif not x: a["tcp"]="reset"; break
        except socket.timeout: g["silent"]=True; break
        except OSError: a["tcp"]="reset"; break
w=[threading.Thread(target=one,args=(i,t)) for i,t in enumerate(T)]
for x in w: x.daemon=True; x.start()
for x in w: x.join(20)
print(json.dumps([a or {"name":"unknown","tcp":"unknown"} for a in out]))
"#;

const NODE: &str = r#"
const net=require("net"),dns=require("dns"),[T,C,R,M]=process.argv.slice(1).map(x=>JSON.parse(x));
const dial=(ip,port,send,ms)=>new Promise(done=>{let up=false,b=[],n=0;const s=net.connect({host:ip,port});
 let timer=setTimeout(()=>{s.destroy();done({e:up?"silent":"timeout"})},C*1000);
 s.on("connect",()=>{up=true;if(!send){clearTimeout(timer);s.destroy();return done({e:"ok"})}clearTimeout(timer);timer=setTimeout(()=>{s.destroy();done({e:"silent"})},ms*1000);s.write(send)});
 s.on("data",d=>{b.push(d);n+=d.length;if(n>M)s.destroy()});
 s.on("error",e=>{clearTimeout(timer);done({e:up?"reset":e.code==="ECONNREFUSED"?"refused":e.code==="ETIMEDOUT"?"timeout":"unreachable"})});
 s.on("close",()=>{clearTimeout(timer);done({e:"ok",text:Buffer.concat(b).toString("utf8")})})});
const one=async t=>{const a={name:"unknown",addresses:[],tcp:"unknown",pages:[]};let list;
 try{list=await dns.promises.lookup(t.host,{all:true,verbatim:true})}catch(e){a.name="unresolved";return a}
 a.name="ok";a.addresses=[...new Set(list.map(x=>x.address.split("%")[0]))];let good=null,worst="unknown";
 for(const ip of a.addresses){const r=await dial(ip,t.port,null,C);if(r.e==="ok"){good=ip;break}if(r.e==="timeout"||worst==="unknown"||(worst==="unreachable"))worst=r.e}
 if(!good){a.tcp=worst;return a}a.tcp="ok";
 for(const p of t.gets){const g={path:p,status:0,body:"",silent:false};a.pages.push(g);const h=t.host.includes(":")?"["+t.host+"]":t.host;
  const r=await dial(good,t.port,`GET ${p} HTTP/1.0\r\nHost: ${h}:${t.port}\r\nUser-Agent: dockline\r\nAccept: */*\r\n\r\n`,R);
  if(r.e==="silent"){g.silent=true;break}if(r.e!=="ok"||!r.text){a.tcp="reset";break}
  const cut=r.text.indexOf("\r\n\r\n"),m=/^HTTP\/\S+ (\d+)/.exec(r.text);if(m){g.status=+m[1];g.body=cut<0?"":r.text.slice(cut+4)}}
 return a};
Promise.all(T.map(one)).then(l=>{console.log(JSON.stringify(l));process.exit(0)});
"#;

/// The command that asks with a tool. Tools that take all targets get them all.
pub(super) fn command(tool: Tool, targets: &[Target]) -> Vec<String> {
    let plan = serde_json::to_string(targets).unwrap_or_default();
    let (connect, read, most) = (CONNECT.to_string(), READ.to_string(), MOST.to_string());
    let words = |list: &[&str]| list.iter().map(|w| (*w).to_owned()).collect();
    match tool {
        Tool::Python(name) => words(&[name, "-c", PYTHON, &plan, &connect, &read, &most]),
        Tool::Node => words(&["node", "-e", NODE, &plan, &connect, &read, &most]),
        Tool::Own => Vec::new(),
        Tool::Curl | Tool::Bash | Tool::Wget => {
            let script = match tool {
                Tool::Curl => CURL,
                Tool::Bash => BASH,
                _ => WGET,
            };
            let shell = if tool == Tool::Bash { "bash" } else { "sh" };
            let Some(target) = targets.first() else { return Vec::new() };
            let port = target.port.to_string();
            let host = if target.host.contains(':') && tool != Tool::Bash {
                format!("[{}]", target.host)
            } else {
                target.host.clone()
            };
            let mut out: Vec<String> = words(&[shell, "-c", script, "probe", &host, &port]);
            out.extend(target.gets.iter().cloned());
            out
        }
    }
}

// The scripts print, for each path (or once, for a port without HTTP): `#get PATH`, what came, `#end EXIT ...`.

const CURL: &str = r##"h=$1; p=$2; shift 2
getent ahosts "$h" 2>/dev/null | while read -r a _; do echo "#address $a"; done
if [ $# = 0 ]; then echo "#get -"; curl -sS --noproxy '*' --connect-timeout 3 -m 4 -w '\n#connected %{time_connect}\n' "telnet://$h:$p" </dev/null 2>&1; echo "#end $?"; exit 0; fi
for q; do echo "#get $q"; curl -sS -g -i --noproxy '*' --connect-timeout 3 -m 8 -w '\n#connected %{time_connect} %{remote_ip}\n' "http://$h:$p$q" 2>&1; c=$?; echo; echo "#end $c"; [ $c = 0 ] || exit 0; done"##;

const BASH: &str = r##"h=$1; p=$2; shift 2
command -v getent >/dev/null 2>&1 && getent ahosts "$h" 2>/dev/null | while read -r a _; do echo "#address $a"; done
if [ $# = 0 ]; then echo "#get -"; timeout 3 bash -c 'exec 3<>"/dev/tcp/$0/$1" && echo "#connected 1"' "$h" "$p" 2>&1; echo "#end $?"; exit 0; fi
for q; do echo "#get $q"; timeout 8 bash -c 'exec 3<>"/dev/tcp/$0/$1" || exit 7; echo "#connected 1"; printf "GET %s HTTP/1.0\r\nHost: %s:%s\r\nUser-Agent: dockline\r\nAccept: */*\r\n\r\n" "$2" "$0" "$1" >&3; cat <&3' "$h" "$p" "$q" 2>&1; c=$?; echo; echo "#end $c"; [ $c = 0 ] || exit 0; done"##;

const WGET: &str = r##"h=$1; p=$2; shift 2
command -v getent >/dev/null 2>&1 && getent ahosts "$h" 2>/dev/null | while read -r a _; do echo "#address $a"; done
if [ $# = 0 ]; then command -v nc >/dev/null 2>&1 || exit 0; echo "#get -"; nc -w 3 "$h" "$p" </dev/null 2>&1 && echo "#connected 1"; echo "#end $?"; exit 0; fi
command -v wget >/dev/null 2>&1 || exit 0
once=; wget --version >/dev/null 2>&1 && once='-t 1'
for q; do echo "#get $q"; http_proxy= HTTP_PROXY= wget $once -T 4 -O - "http://$h:$p$q" 2>&1; c=$?; echo; echo "#end $c"; done"##;

/// Reads what a tool printed.
pub(super) fn read(tool: Tool, targets: &[Target], said: &str) -> Vec<Answer> {
    match tool {
        Tool::Python(_) | Tool::Node | Tool::Own => {
            let line = said.lines().rev().find(|l| l.starts_with('[')).unwrap_or("[]");
            serde_json::from_str(line).unwrap_or_default()
        }
        Tool::Curl | Tool::Bash | Tool::Wget => targets.iter().take(1).map(|_| of_script(tool, said)).collect(),
    }
}

fn of_script(tool: Tool, said: &str) -> Answer {
    let mut answer = Answer::default();
    let mut page: Option<(String, String)> = None;
    let mut connected = false;
    for line in said.lines() {
        if let Some(address) = line.strip_prefix("#address ") {
            let known = address.trim().parse().ok().filter(|a| !answer.addresses.contains(a));
            answer.addresses.extend(known);
        } else if let Some(path) = line.strip_prefix("#get ") {
            page = Some((path.to_owned(), String::new()));
            connected = false;
        } else if let Some(rest) = line.strip_prefix("#connected ") {
            let mut words = rest.split_whitespace();
            connected = words.next().and_then(|w| w.parse::<f64>().ok()).is_some_and(|t| t > 0.0);
            let known = words.next().and_then(|w| w.parse().ok()).filter(|a| !answer.addresses.contains(a));
            answer.addresses.extend(known);
        } else if let Some(exit) = line.strip_prefix("#end ") {
            let (path, text) = page.take().unwrap_or_default();
            let exit: i32 = exit.trim().parse().unwrap_or(-1);
            finish(tool, &mut answer, &path, &text, exit, connected);
        } else if let Some((_, text)) = &mut page {
            text.push_str(line);
            text.push('\n');
        }
    }
    if answer.name == Name::Unknown && !answer.addresses.is_empty() {
        answer.name = Name::Ok;
    }
    answer
}

/// Whether a client's words say that a name has no address.
fn unresolved(text: &str) -> bool {
    [
        "Could not resolve host",
        "bad address",
        "Name or service not known",
        "unable to resolve",
        "Temporary failure in name resolution",
        "No address associated",
        "Try again",
        "Name does not resolve",
        "getaddrinfo",
    ]
    .iter()
    .any(|words| text.contains(words))
}

fn finish(tool: Tool, answer: &mut Answer, path: &str, text: &str, exit: i32, connected: bool) {
    let http = text.find("HTTP/").map(|at| text.split_at(at).1);
    let code = http.and_then(|h| h.split_whitespace().nth(1)).and_then(|w| w.parse::<u16>().ok());
    let has = |words: &str| text.contains(words);
    let works = connected || exit == 0;
    if works || code.is_some() {
        answer.name = Name::Ok;
        answer.tcp = Tcp::Ok;
        if path == "-" {
            return;
        }
        // BusyBox and GNU name the status of an error in words of their own, and say no status where all is well.
        let status = match (code, tool) {
            (Some(code), _) => code,
            (None, Tool::Wget) if exit == 0 => 200,
            (None, _) => 0,
        };
        let body = match tool {
            Tool::Wget => text.to_owned(),
            _ => http
                .and_then(|h| h.replace("\r\n", "\n").split_once("\n\n").map(|(_, b)| b.to_owned()))
                .unwrap_or_default(),
        };
        let silent = status == 0 && (exit == 28 || exit == 124 || exit == 143);
        if status == 0 && !silent && (text.trim().is_empty() || matches!(exit, 52 | 56)) {
            answer.tcp = Tcp::Reset;
            return;
        }
        answer.pages.push(Page { path: path.to_owned(), status, body: body.trim_end().to_owned(), silent });
        return;
    }
    if unresolved(text) || (tool == Tool::Curl && exit == 6) {
        answer.name = Name::Unresolved;
        return;
    }
    let error =
        text.find("ERROR ").and_then(|at| text.split_at(at + 6).1.split([':', ' ']).next()?.parse::<u16>().ok());
    answer.tcp = if let Some(status) = error {
        answer.pages.push(Page { path: path.to_owned(), status, ..Page::default() });
        Tcp::Ok
    } else if has("refused") {
        Tcp::Refused
    } else if has("No route") || has("unreachable") || has("Unreachable") {
        Tcp::Unreachable
    } else if exit == 28 || exit == 124 || exit == 143 || has("timed out") {
        Tcp::Timeout
    } else if has("reset") || has("error getting response") || has("No data received") {
        Tcp::Reset
    } else if tool == Tool::Curl && exit == 7 {
        Tcp::Refused
    } else {
        Tcp::Unknown
    };
    if answer.tcp != Tcp::Unknown {
        answer.name = Name::Ok;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(tool: Tool, text: &str) -> Answer {
        let target = Target { host: "h".to_owned(), port: 1, gets: vec!["/".to_owned()] };
        read(tool, &[target], text).into_iter().next().unwrap_or_default()
    }

    #[test]
    fn words_of_tools_are_told_apart() {
        let rows = [
            (
                Tool::Curl,
                "#get /\ncurl: (6) Could not resolve host: h\n#connected 0.000\n#end 6\n",
                Name::Unresolved,
                Tcp::Unknown,
            ),
            (
                Tool::Curl,
                "#get /\ncurl: (7) Failed to connect to h port 1 after 0 ms: Couldn't connect to server\n#connected 0.000\n#end 7\n",
                Name::Ok,
                Tcp::Refused,
            ),
            (
                Tool::Curl,
                "#get /\ncurl: (28) Connection timed out after 3001 milliseconds\n#connected 0.000\n#end 28\n",
                Name::Ok,
                Tcp::Timeout,
            ),
            (
                Tool::Curl,
                "#get /\ncurl: (52) Empty reply from server\n#connected 0.001\n#end 52\n",
                Name::Ok,
                Tcp::Reset,
            ),
            (
                Tool::Bash,
                "#get -\nbash: connect: Connection refused\nbash: line 1: /dev/tcp/h/1: Connection refused\n#end 1\n",
                Name::Ok,
                Tcp::Refused,
            ),
            (Tool::Bash, "#get -\nbash: h: Name or service not known\n#end 1\n", Name::Unresolved, Tcp::Unknown),
            (Tool::Bash, "#get -\n#end 124\n", Name::Ok, Tcp::Timeout),
            (Tool::Bash, "#get -\n#connected 1\n#end 0\n", Name::Ok, Tcp::Ok),
            (
                Tool::Wget,
                "#get /\nConnecting to h:1\nwget: bad address 'h:1'\n\n#end 1\n",
                Name::Unresolved,
                Tcp::Unknown,
            ),
            (
                Tool::Wget,
                "#get /\nwget: can't connect to remote host (172.17.0.1): Connection refused\n\n#end 1\n",
                Name::Ok,
                Tcp::Refused,
            ),
            (Tool::Wget, "#get /\nwget: download timed out\n\n#end 1\n", Name::Ok, Tcp::Timeout),
            (
                Tool::Wget,
                "#get /\nwget: error getting response: Connection reset by peer\n\n#end 1\n",
                Name::Ok,
                Tcp::Reset,
            ),
        ];
        for (tool, text, name, tcp) in rows {
            let answer = said(tool, text);
            assert_eq!((answer.name, answer.tcp), (name, tcp), "{text}");
        }
    }

    #[test]
    fn pages_come_with_their_status() {
        let curl = said(
            Tool::Curl,
            "#address 172.18.0.2\n#get /v1/models\nHTTP/1.1 404 Not Found\r\nServer: x\r\n\r\n{}\n\n#connected 0.001\n\n#end 0\n",
        );
        let first = |answer: &Answer| answer.pages.first().map(|p| (p.status, p.body.clone()));
        assert_eq!((first(&curl), curl.addresses.len()), (Some((404, "{}".to_owned())), 1));
        let busybox = said(Tool::Wget, "#get /x\nwget: server returned error: HTTP/1.1 404 Not Found\n\n#end 1\n");
        assert_eq!(first(&busybox).map(|p| p.0), Some(404));
        let gnu = said(
            Tool::Wget,
            "#get /x\nHTTP request sent, awaiting response... 401 Unauthorized\n2026 ERROR 401: Unauthorized.\n\n#end 8\n",
        );
        assert_eq!((gnu.tcp, first(&gnu).map(|p| p.0)), (Tcp::Ok, Some(401)));
    }
}
