//! Configuration files of programs, as far as they name addresses: settings with their places and the exact bytes of their
//! values. What a file means to its program is not judged here.

mod nginx;
mod squid;
mod toml;
mod tree;

use std::rc::Rc;

use crate::source::{FileId, Sourced, Span};
use crate::yaml::Tree;

/// How a file is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// JSON too, which is YAML in flow style.
    Yaml,
    Json,
    Toml,
    Nginx,
    Squid,
}

impl Format {
    /// The format that a file's name inside the container says; `None` for what is not read.
    pub fn of(target: &str) -> Option<Self> {
        let target = target.to_ascii_lowercase();
        let name = target.rsplit('/').next().unwrap_or(&target);
        Some(match name.rsplit_once('.').map(|(_, ending)| ending) {
            Some("yaml" | "yml") => Self::Yaml,
            Some("json") => Self::Json,
            Some("toml") => Self::Toml,
            Some("conf") if name.starts_with("squid") || target.contains("/squid/") => Self::Squid,
            Some("conf") if name.starts_with("nginx") || target.contains("/nginx/") => Self::Nginx,
            _ => return None,
        })
    }
}

/// A setting: a value with a path to it.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Dotted steps (`model_list.0.litellm_params.api_base`); in nginx files the chain of directives
    /// (`server.location /.proxy_pass`).
    pub path: Rc<str>,
    /// The last name on the path: `api_base`, `proxy_pass`.
    pub key: Rc<str>,
    pub value: Rc<Sourced>,
    /// The texts beside it in the same mapping, by key.
    pub beside: Rc<Vec<(Rc<str>, Rc<str>)>>,
    /// What an nginx file says of it besides.
    pub directive: Option<Directive>,
}

/// A directive of an nginx file.
#[derive(Clone, Copy, Debug)]
pub struct Directive {
    /// The word that says the address.
    pub word: Span,
    /// Where the `server` block around it begins, behind its brace.
    pub server: Option<u32>,
    pub lookup: Lookup,
}

/// When nginx turns a name into an address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lookup {
    /// When it reads the file, and never again.
    Once,
    /// For each request, of the file's `resolver`: a variable is in the address.
    EachRequest,
    /// As long as the answer holds, of the file's `resolver`: the word `resolve`.
    Again,
}

/// What a file holds.
#[derive(Debug, Default)]
pub struct Settings {
    pub list: Vec<Setting>,
    /// Names that stand for several servers: the `upstream`s of an nginx file, which other files may use.
    pub groups: Vec<Rc<str>>,
    /// What stands around the servers of an nginx file: it holds for those of other files too.
    pub around: Vec<(Rc<str>, Rc<str>)>,
    /// The tree of a YAML or JSON file, by which its values are edited.
    pub tree: Option<Rc<Tree>>,
    /// It can't be read as what its name says, from this offset on.
    pub fault: Option<usize>,
}

/// Reads a file's settings. A file that is not what its name says, or that a template engine fills in first, has none.
pub fn read(file: FileId, text: &Rc<str>, format: Format) -> Settings {
    match format {
        Format::Yaml | Format::Json => tree::read(file, text),
        Format::Toml => toml::read(file, text),
        Format::Nginx => nginx::read(file, text),
        Format::Squid => squid::read(file, text),
    }
}

/// Whether a text is filled in by somebody before the program reads it: `{{ host }}`, `${HOST}`, `<%= host %>`, `%(host)s`.
fn templated(text: &str) -> bool {
    ["{{", "${", "<%", "{%", "%("].iter().any(|mark| text.contains(mark))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::source::Files;

    /// `path=value` of every setting whose bytes say its value, `path~value` where they say it otherwise.
    fn settings(name: &str, text: &str) -> Vec<String> {
        let mut files = Files::new(PathBuf::from("/"));
        let file = files.add_text(name, text.as_bytes().to_vec());
        let read = read(file, &files.get(file).text.clone(), Format::of(name).expect("a format"));
        assert_eq!(read.fault, None, "{text}");
        let one = |s: &Setting| {
            let exact = s.value.exact(0..s.value.text.len()).map(|span| files.text(span) == &*s.value.text);
            format!("{}{}{}", s.path, if exact == Some(true) { "=" } else { "~" }, s.value.text)
        };
        read.list.iter().map(one).collect()
    }

    #[test]
    fn nginx_files_say_whom_they_connect_to() {
        let text = "http { # a { comment\n upstream up { server a:1 weight=2; server 'b:2'; }\n server { server_name x;\n  \
                    location ~ ^/(a|b)\\{2} { proxy_pass http://up/; }\n  location = /x { proxy_pass \"http://c:3/p\"; }\n  \
                    location /v { set $h d; proxy_pass http://$h:4; fastcgi_pass unix:/run/x; } } }\n";
        let found = settings("nginx.conf", text);
        assert_eq!(
            found,
            [
                "http.upstream up.server=a:1",
                "http.upstream up.server=b:2",
                "http.server.location ~ ^/(a|b)\\{2}.proxy_pass=http://up/",
                "http.server.location = /x.proxy_pass=http://c:3/p",
                "http.server.location /v.proxy_pass~http://d:4",
            ]
        );
    }

    /// A variable that has one value in the file is read; one whose value nobody tells is not.
    #[test]
    fn nginx_variables_are_read_where_they_have_one_value() {
        let text = "set $up http://a:1; server { set $host_a a; set $twice b; set $uri_of x;\n location / { proxy_pass $up; }\n \
                    location /h { proxy_pass http://${host_a}:2/x/$1; }\n location /r { proxy_pass http://$host_a:3$request_uri; }\n \
                    location /t { set $twice c; proxy_pass http://$twice; }\n location /n { proxy_pass http://$name:4; } }\n \
                    upstream u { zone u 64k; server a:5 resolve; }";
        assert_eq!(
            settings("nginx.conf", text),
            [
                "server.location /.proxy_pass=http://a:1",
                "server.location /h.proxy_pass~http://a:2/x/",
                "server.location /r.proxy_pass~http://a:3",
                "upstream u.server=a:5",
            ]
        );
    }

    #[test]
    fn trees_and_tables_give_dotted_paths() {
        assert_eq!(
            settings("a.json", "{\"a\": [{\"url\": \"http:\\/\\/x:1\"}, \"y:2\"], \"b\": \"http://{{ z }}\"}"),
            ["a.0.url~http://x:1", "a.1=y:2"]
        );
        assert_eq!(
            settings("a.toml", "[a.b]\nurl = \"http://x:1\"\n[[t]]\nu = 'y:2'\nn = 3\nm = \"\"\"\nz:3\"\"\"\n"),
            ["a.b.url=http://x:1", "t.0.m~z:3", "t.0.u=y:2"]
        );
        assert_eq!(
            settings("squid.conf", "cache_peer up.example  parent 3128 0\n# cache_peer x parent 1\n"),
            ["cache_peer~up.example:3128"]
        );
    }

    #[test]
    fn what_is_broken_says_from_where() {
        for (name, text, at) in [("a.toml", "a = \n", 4), ("nginx.conf", "http {\n", 7), ("a.json", "{\"a\": [", 6)] {
            let mut files = Files::new(PathBuf::from("/"));
            let file = files.add_text(name, text.as_bytes().to_vec());
            let read = read(file, &files.get(file).text.clone(), Format::of(name).expect("a format"));
            assert_eq!((read.fault, read.list.len()), (Some(at), 0), "{name}");
        }
    }
}
