//! Addresses that applications keep in their databases: where those are, which channels are in use, and how one is changed. A channel
//! is judged as if a variable of its container held the address.

use percent_encoding::percent_decode_str;

use super::{Ailment, Patient};
use crate::catalog::{Reference, Store, app, image, store};
use crate::diag::{Lang, MASK, Text, mask, user_ranges};
use crate::engine::{Channel, Container, Dialect, Facts, Login, Shelf, Target};
use crate::network::{Form, HOST_ALIASES, Judged, find};
use crate::source::{slice, upto};
use crate::text;

/// A database that is to be read, and whose it is.
#[derive(Clone, Debug)]
pub struct Kept {
    /// The id of the application's container.
    pub container: String,
    pub store: &'static Store,
    pub shelf: Shelf,
    pub channels: Vec<Channel>,
}

/// Which databases the running containers keep addresses in; what can't be read, in words.
pub fn kept(facts: &Facts) -> (Vec<Kept>, Vec<Text>) {
    let (mut out, mut gaps) = (Vec::new(), Vec::new());
    for container in facts.containers.iter().filter(|c| c.running()) {
        let Some(store) = image(&Reference::parse(&container.image)).and_then(store) else { continue };
        let dsn = container.variable(store.dsn_env).filter(|dsn| !dsn.is_empty() && !dsn.starts_with("local"));
        let shelf = match dsn {
            None => Ok(file(container, store)),
            Some(dsn) => server(facts, container, store, dsn),
        };
        match shelf {
            Ok(shelf) => out.push(Kept { container: container.id.clone(), store, shelf, channels: Vec::new() }),
            Err(why) => {
                let name = &container.service;
                let what = text!("the channels of `{name}`: ", "`{name}` 的渠道：");
                gaps.push(what.and(&why));
            }
        }
    }
    (out, gaps)
}

fn file(container: &Container, store: &Store) -> Shelf {
    let told = container.variable(store.file_env).filter(|v| !v.is_empty()).unwrap_or(store.file);
    // `file:one-api.db?_busy_timeout=3000`
    let path = told.split('?').next().unwrap_or(told);
    let path = path.strip_prefix("file:").unwrap_or(path);
    let path = match path.strip_prefix("./").unwrap_or(path) {
        absolute if absolute.starts_with('/') => absolute.to_owned(),
        relative => format!("{}/{relative}", container.start_dir.trim_end_matches('/')),
    };
    Shelf::File { container: container.id.clone(), path, table: store.table }
}

/// A server, by the application's own data source name: `postgres://user:password@db:5432/name`, `user:password@tcp(db:3306)/name`.
fn server(facts: &Facts, container: &Container, store: &Store, dsn: &str) -> Result<Shelf, Text> {
    let unread = || text!("its data source name has a form that is not read", "它的数据源名称格式读不了");
    let address = find(dsn).into_iter().next().ok_or_else(unread)?;
    let dialect = match address.scheme.as_deref() {
        Some("postgres" | "postgresql") => Dialect::Postgres,
        _ if address.form == Form::Dsn => Dialect::Mysql,
        _ => return Err(unread()),
    };
    // In MySQL's form a password may hold anything, blanks too.
    let who = match dialect {
        Dialect::Postgres => user_ranges(dsn).into_iter().next().map(|range| slice(dsn, range)),
        Dialect::Mysql => dsn.rsplit_once("@tcp(").map(|(who, _)| who),
    };
    let who = who.ok_or_else(unread)?;
    let (user, password) = who.split_once(':').unwrap_or((who, ""));
    let path = match dialect {
        Dialect::Postgres => slice(dsn, address.path_range.clone()).trim_start_matches('/'),
        Dialect::Mysql => dsn.split_once(")/").map_or("", |(_, path)| path),
    };
    let database = upto(path, path.find('?').unwrap_or(path.len()));
    // A URL is percent-encoded, MySQL's form is not.
    let plain = |text: &str| match dialect {
        Dialect::Postgres => percent_decode_str(text).decode_utf8_lossy().into_owned(),
        Dialect::Mysql => text.to_owned(),
    };
    let host = &address.host;
    let holds = |c: &&Container| {
        let named = c.attached.iter().any(|a| container.on(&a.network) && a.aliases.iter().any(|n| n == host));
        c.running() && c.id != container.id && (named || c.addresses().any(|a| a.to_string() == *host))
    };
    let server = facts.containers.iter().find(holds).ok_or_else(|| {
        text!("its database is at {host}, which is no container here", "它的数据库在 {host}，不是这里的容器")
    })?;
    let default = if dialect == Dialect::Postgres { 5432 } else { 3306 };
    Ok(Shelf::Server {
        container: server.id.clone(),
        dialect,
        login: Login {
            user: plain(user),
            password: plain(password),
            database: plain(database),
            port: address.port.unwrap_or(default),
        },
        table: store.table,
    })
}

impl Kept {
    /// The name under which a channel's address stands among the variables of its container.
    fn key(&self, channel: &Channel) -> String {
        format!("{}.{}.base_url", self.store.table, channel.id)
    }

    /// The address that a channel calls; `None` where it is switched off by hand, or calls its provider's own.
    fn address<'c>(&self, channel: &'c Channel) -> Option<&'c str> {
        let own = channel.base_url.trim();
        let default = match self.store.speaks(channel.kind) {
            Some("ollama") => self.store.ollama_default,
            _ => "",
        };
        let address = if own.is_empty() { default } else { own };
        (channel.status != 2 && !address.is_empty()).then_some(address)
    }

    /// What its channels add to the variables of a container.
    pub(super) fn variables(&self, container: &Container) -> Vec<(String, String)> {
        if container.id != self.container {
            return Vec::new();
        }
        let one = |c: &Channel| Some((self.key(c), self.address(c)?.to_owned()));
        self.channels.iter().filter_map(one).collect()
    }

    /// What the database itself is called: its file, or server and name.
    fn place(&self) -> String {
        match &self.shelf {
            Shelf::File { path, .. } => path.clone(),
            Shelf::Server { login, .. } => login.database.clone(),
        }
    }
}

/// A channel behind an address that is tried.
#[derive(Clone, Debug)]
pub struct Stored {
    kept: Kept,
    channel: Channel,
    pub(super) protocol: Option<&'static str>,
    /// What clients may ask for, in the server's words.
    pub(super) models: Vec<String>,
}

/// The channel that an endpoint stands for.
pub(super) fn behind(kept: &[Kept], container: &Container, judged: &Judged) -> Option<Stored> {
    let mine = kept.iter().filter(|k| k.container == container.id);
    let (kept, channel) = mine
        .flat_map(|k| k.channels.iter().map(move |c| (k, c)))
        .find(|(k, c)| k.key(c) == *judged.endpoint.variable)?;
    let mapping: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(&channel.mapping).unwrap_or_default();
    let mapped = |name: &str| mapping.get(name).and_then(|v| v.as_str()).unwrap_or(name).trim().to_owned();
    let models = channel.models.split(',').map(str::trim).filter(|m| !m.is_empty()).map(mapped).collect();
    let protocol = kept.store.speaks(channel.kind);
    Some(Stored { kept: Kept { channels: Vec::new(), ..kept.clone() }, channel: channel.clone(), protocol, models })
}

/// Where a person changes a channel: `Channels > Add a new channel > Proxy (Base URL)` has the page first and the field last.
fn on_page(container: &Container, id: i64, name: &str, new: &str) -> Text {
    let of_app = image(&Reference::parse(&container.image)).and_then(app);
    let Some(page) = of_app.map(|app| &app.page) else {
        return text!("set the address of channel {id} (`{name}`) to {new}", "把渠道 {id}（`{name}`）的地址改成 {new}");
    };
    let ends = |lang| {
        let words = page.get(lang);
        let first = words.split(" > ").next().unwrap_or(words);
        (first, words.rsplit(" > ").next().unwrap_or(words))
    };
    let ((page, field), (zh_page, zh_field)) = (ends(Lang::En), ends(Lang::Zh));
    text!(
        "on the page {page}, edit channel {id} (`{name}`) and set {field} to {new}",
        "在“{zh_page}”页面编辑渠道 {id}（`{name}`），把“{zh_field}”改成 {new}"
    )
}

/// Whether a shell takes a text for one word as it stands.
fn word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./:@+".contains(c))
}

/// What the files must give a container before the address works, as `dockline fix --set` takes it: the host's name, or a network.
fn lacking(patient: &Patient<'_>, container: &Container, found: &Ailment, target: &Target) -> Option<String> {
    let files = patient.files?;
    let port = target.port;
    let by_name = |line: &String| HOST_ALIASES.iter().any(|name| line.starts_with(&format!("{name}:")));
    let to_host = found.instead.as_ref().is_some_and(|url| HOST_ALIASES.iter().any(|name| url.contains(name)));
    if (to_host || found.cause == "missing-host-gateway") && !container.extra_hosts.iter().any(by_name) {
        return Some(format!("host:{port}"));
    }
    let apart = found.cause == "network-mismatch" && files.service(&target.host).is_some();
    apart.then(|| format!("{}:{port}", target.host))
}

impl Stored {
    /// Adds where the address is changed: on the application's page, or by SQL.
    pub(super) fn advise(&self, patient: &Patient<'_>, container: &Container, target: &Target, found: &mut Ailment) {
        let (id, name) = (self.channel.id, mask(&self.channel.name));
        let table = self.kept.store.table;
        found.place = Some(format!("{} ({table}, id {id})", self.kept.place()));
        if self.channel.base_url.trim().is_empty() {
            let default = self.kept.store.ollama_default;
            found.help.push(text!(
                "the channel has no address of its own, so the application calls {default}",
                "渠道没有填地址，程序就访问 {default}"
            ));
        }
        let instead = found.instead.clone();
        if let Some(to) = lacking(patient, container, found, target) {
            found.commands.push(format!("dockline fix --set {}={to}", container.service));
            found.commands.push(patient.up(container));
        }
        if let Some(instead) = instead {
            let new = mask(&instead);
            found.help.push(on_page(container, id, &name, &new));
            // A statement with a mask in it would store the mask.
            if !new.contains(MASK) {
                let value = new.replace('\'', "''");
                let sql = format!("UPDATE {table} SET base_url = '{value}' WHERE id = {id};");
                let words = self.by_sql(patient, container, &sql);
                found.help.push(words);
                found.sql = Some(sql);
            }
        }
        if self.channel.status == 3 {
            found.help.push(text!(
                "the application has switched the channel off because it failed: switch it on again afterwards",
                "渠道因为出错已被程序自动禁用：改好后再启用"
            ));
        }
    }

    fn by_sql(&self, patient: &Patient<'_>, container: &Container, sql: &str) -> Text {
        let command = match &self.kept.shelf {
            // Elsewhere, or in Docker Desktop's machine, the path is not one of this machine.
            Shelf::File { path, .. } if patient.host.here => {
                container.on_host(path).filter(|path| word(path)).map(|path| format!("sqlite3 {path}"))
            }
            Shelf::File { .. } => None,
            Shelf::Server { container: server, dialect, login, .. } => {
                let server = patient.container(server);
                let (user, database) = (&login.user, &login.database);
                let client = match dialect {
                    Dialect::Postgres => format!("psql -U {user} -d {database} -c"),
                    Dialect::Mysql => format!("mysql -u {user} -p {database} -e"),
                };
                let plain = word(user) && word(database);
                server.filter(|_| plain).map(|s| format!("docker exec -it {} {client}", s.name))
            }
        };
        // What a shell would read in another way is not put into a command.
        let command = command.filter(|_| !sql.contains(['$', '`', '"', '\\', '!']));
        let command = command.map_or_else(|| sql.to_owned(), |command| format!("{command} \"{sql}\""));
        // https://github.com/songquanpeng/one-api/blob/main/main.go: with Redis or MEMORY_CACHE_ENABLED it reads channels from time to time.
        let cached = container.variable("MEMORY_CACHE_ENABLED") == Some("true")
            || container.variable("REDIS_CONN_STRING").is_some_and(|v| !v.is_empty());
        let words = text!("or by SQL: {command}", "或者用 SQL：{command}");
        if !cached {
            return words;
        }
        let again = format!("docker restart {}", container.name);
        words.and(&text!(" and then {again}, as it keeps channels in memory", "，再 {again}（它把渠道缓存在内存里）"))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic, reason = "a test may panic")]

    use super::*;
    use crate::engine::Attached;

    fn container(service: &str, image: &str, variables: &[(&str, &str)]) -> Container {
        let mut out = Container { id: service.to_owned(), service: service.to_owned(), ..Container::default() };
        out.image = image.to_owned();
        out.start_dir = "/data".to_owned();
        out.state.status = "running".to_owned();
        out.environment = variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let aliases = vec![service.to_owned()];
        out.attached = vec![Attached { network: "net".to_owned(), aliases, ..Attached::default() }];
        out
    }

    fn shelf(variables: &[(&str, &str)]) -> Result<Shelf, Text> {
        let app = container("one-api", "justsong/one-api:v0.6.10", variables);
        let facts = Facts { containers: vec![app, container("db", "mysql:8", &[])], ..Facts::default() };
        let (mut kept, mut gaps) = kept(&facts);
        kept.pop().map(|k| k.shelf).ok_or_else(|| gaps.pop().unwrap_or_else(|| text!("nothing", "没有")))
    }

    #[test]
    fn the_file_is_found_by_its_variable() {
        let path = |variables: &[(&str, &str)]| match shelf(variables) {
            Ok(Shelf::File { path, .. }) => path,
            other => panic!("{other:?}"),
        };
        assert_eq!(path(&[]), "/data/one-api.db");
        assert_eq!(path(&[("SQL_DSN", "local")]), "/data/one-api.db");
        assert_eq!(path(&[("SQLITE_PATH", "x/new.db?_busy_timeout=5000")]), "/data/x/new.db");
        assert_eq!(path(&[("SQLITE_PATH", "file:/srv/new.db?mode=rwc")]), "/srv/new.db");
    }

    #[test]
    fn the_server_is_found_by_the_data_source_name() {
        let login = |dsn: &str| match shelf(&[("SQL_DSN", dsn)]) {
            Ok(Shelf::Server { container, dialect, login, .. }) => {
                assert_eq!(container, "db");
                (dialect, login.user, login.password, login.database, login.port)
            }
            other => panic!("{other:?}"),
        };
        let of = |dialect, user: &str, password: &str, database: &str, port| {
            (dialect, user.to_owned(), password.to_owned(), database.to_owned(), port)
        };
        assert_eq!(login("root:a@ b:c@tcp(db:3306)/one-api"), of(Dialect::Mysql, "root", "a@ b:c", "one-api", 3306));
        assert_eq!(login("app:pw@tcp(db:3307)/x?parseTime=true"), of(Dialect::Mysql, "app", "pw", "x", 3307));
        assert_eq!(
            login("postgres://app:p%40w@db/one%20api?sslmode=disable"),
            of(Dialect::Postgres, "app", "p@w", "one api", 5432)
        );
        for unread in ["root:pw@tcp(elsewhere:3306)/x", "root:pw@unix(/run/mysqld.sock)/x", "nonsense"] {
            assert!(shelf(&[("SQL_DSN", unread)]).is_err(), "{unread}");
        }
    }
}
