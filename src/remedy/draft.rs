//! A repair in the making: elementary changes, each of which finds its place or says why it can't.

use std::collections::BTreeMap;
use std::ops::Range;

use super::desk::Desk;
use crate::compose::{EnvVar, Mode, NodeRef, Service, ServiceId, SetBy};
use crate::diag::{Applicability, Creation, Fix, Override, Strategy, Text, is_secret, mask};
use crate::dotenv;
use crate::interpolation::{Read, ReadFrom, Setter, Value};
use crate::network::{Audience, Edge, Endpoint, Form, Judged, Site, Space, bystanders, scheme_port};
use crate::source::{Edit, FileId, Span, byte, slice};
use crate::text;
use crate::yaml::{self, Fragment, Kind};

/// Where an address shall lead.
#[derive(Clone, Debug, Default)]
pub struct NewAddress {
    pub host: String,
    /// A new port, where it changes.
    pub port: Option<u16>,
    /// A new address for the whole value, where the old has no parts to keep.
    pub whole: Option<String>,
}

/// Collects the changes of one fix.
pub struct Draft<'a> {
    pub desk: Desk<'a>,
    edits: Vec<Edit>,
    creates: Vec<Creation>,
    over: Override,
    changes: Vec<String>,
    /// Host ports that this fix gives to container ports.
    published: BTreeMap<(ServiceId, u16), u16>,
    pub announces: Vec<&'static str>,
    pub notes: Vec<Text>,
}

impl<'a> Draft<'a> {
    pub fn new(desk: Desk<'a>) -> Self {
        Self {
            desk,
            edits: Vec::new(),
            creates: Vec::new(),
            over: Override::default(),
            changes: Vec::new(),
            published: BTreeMap::new(),
            announces: Vec::new(),
            notes: Vec::new(),
        }
    }

    pub fn finish(self, strategy: Strategy, applicability: Applicability, description: Text) -> Fix {
        Fix {
            edits: self.edits,
            creates: self.creates,
            overrides: self.over,
            changes: self.changes,
            announces: self.announces,
            notes: self.notes,
            ..Fix::new(strategy, applicability, description)
        }
    }

    pub fn push(&mut self, edit: Edit) {
        if !self.edits.contains(&edit) {
            self.edits.push(edit);
        }
    }

    pub fn create(&mut self, creation: Creation) {
        self.creates.push(creation);
    }

    pub fn changes(&mut self, path: String) {
        if !self.changes.contains(&path) {
            self.changes.push(path);
        }
    }

    // -- addresses --

    /// Makes every endpoint of an edge lead elsewhere: where its text stands, or in the services one by one where others need
    /// the text as it is.
    pub fn readdress(&mut self, edge: &Edge<'_>, new: &NewAddress) -> Result<(), Text> {
        if self.desk.into_override {
            edge.judged.iter().for_each(|judged| self.note_change(judged));
            return edge.judged.iter().try_for_each(|judged| self.readdress_in_override(judged, new));
        }
        let others = bystanders(self.desk.survey, edge);
        if let Some(other) = others.first() {
            edge.judged.iter().for_each(|judged| self.note_change(judged));
            return edge.judged.iter().try_for_each(|judged| self.readdress_alone(judged, new, other));
        }
        let judged = edge.first();
        // What is not read today, but is said by the same bytes, changes with them.
        self.note_edge(edge);
        for edit in self.address_edits(judged, new)? {
            self.push(edit);
        }
        Ok(())
    }

    fn note_change(&mut self, judged: &Judged) {
        if let Some(service) = self.desk.service(judged.endpoint.service) {
            let path = match judged.endpoint.site {
                Site::Env(_) => service.path(&format!("environment.{}", judged.endpoint.variable)),
                Site::Command(_) => service.path("command"),
                Site::Entrypoint(_) => service.path("entrypoint"),
                Site::Health(_) => service.path("healthcheck"),
                Site::Configured(index) => service.configured.get(index).map_or_else(String::new, |c| c.path(service)),
            };
            self.changes(path);
            if let (Site::Env(_), Some(port)) = (judged.endpoint.site, judged.endpoint.port_from)
                && let Some(var) = service.environment.get(port)
            {
                self.changes(service.path(&format!("environment.{}", var.key)));
            }
        }
    }

    /// Notes what changes with the bytes of an edge.
    pub fn note_edge(&mut self, edge: &Edge<'_>) {
        for judged in &edge.judged {
            self.note_change(judged);
        }
        if let Some(origin) = edge.origin {
            self.note_span(origin);
        }
    }

    /// Every variable of every service that some bytes have a share in will change with them.
    pub fn note_span(&mut self, span: Span) {
        let project = self.desk.project();
        for service in &project.services {
            for var in &service.environment {
                let touched = var
                    .value
                    .as_ref()
                    .is_some_and(|v| v.sourced.pieces.iter().any(|p| p.span.is_some_and(|s| s.touches(span))));
                if touched {
                    self.changes(service.path(&format!("environment.{}", var.key)));
                }
            }
            let words = [("command", &service.command), ("entrypoint", &service.entrypoint)];
            for (name, words) in words {
                let touched = words.as_ref().is_some_and(|w| {
                    w.texts.iter().any(|t| t.sourced.pieces.iter().any(|p| p.span.is_some_and(|s| s.touches(span))))
                });
                if touched {
                    self.changes(service.path(name));
                }
            }
        }
    }

    /// The edits that turn an endpoint's address into another where its text stands.
    fn address_edits(&mut self, judged: &Judged, new: &NewAddress) -> Result<Vec<Edit>, Text> {
        let endpoint = &judged.endpoint;
        let text = endpoint.text();
        if let Some(whole) = &new.whole {
            return Ok(vec![self.replace_in(endpoint, 0..text.len(), whole)?]);
        }
        let address = &endpoint.address;
        let mut host = address.host_range.clone();
        if host.start > 0 && byte(text, host.start - 1) == b'[' && byte(text, host.end) == b']' {
            host = host.start - 1..host.end + 1;
        }
        let mut edits = Vec::new();
        match (new.port, &address.port_range) {
            (Some(port), Some(range)) => {
                let together = endpoint.value.sourced.exact(host.start..range.end);
                if together.is_some() {
                    edits.push(self.replace_in(endpoint, host.start..range.end, &format!("{}:{port}", new.host))?);
                } else {
                    edits.push(self.replace_in(endpoint, host, &new.host)?);
                    if address.port != Some(port) {
                        edits.push(self.replace_in(endpoint, range.clone(), &port.to_string())?);
                    }
                }
            }
            (Some(port), None) if address.form == Form::Pair => {
                edits.push(self.replace_in(endpoint, host, &new.host)?);
                if address.port != Some(port) {
                    edits.push(self.partner_port(endpoint, port)?);
                }
            }
            (Some(port), None) if address.form != Form::Host && address.port != Some(port) => {
                edits.push(self.replace_in(endpoint, host, &format!("{}:{port}", new.host))?);
            }
            _ => edits.push(self.replace_in(endpoint, host, &new.host)?),
        }
        Ok(edits)
    }

    fn partner_port(&mut self, endpoint: &Endpoint, port: u16) -> Result<Edit, Text> {
        let service = self.desk.service(endpoint.service);
        let var = endpoint.port_from.and_then(|i| service?.environment.get(i));
        let value = var.and_then(|v| v.value.as_ref());
        let (Some(var), Some(value)) = (var, value) else {
            return Err(text!("the port is not written in a file", "端口没有写在文件里"));
        };
        let Some(span) = value.sourced.exact(0..value.text().len()) else {
            let key = &var.key;
            return Err(text!("`{key}` is not written in one piece", "`{key}` 的值不是写在一处的"));
        };
        self.note_span(span);
        self.desk.replace(span, &port.to_string())
    }

    /// Replaces a part of a value where the files say it.
    fn replace_in(&self, endpoint: &Endpoint, range: Range<usize>, new: &str) -> Result<Edit, Text> {
        let sourced = &endpoint.value.sourced;
        if let Some(span) = sourced.exact(range.clone()) {
            return self.desk.replace(span, new);
        }
        let variable = &endpoint.variable;
        let first = sourced.origins(range.clone()).next();
        match first {
            Some((_, None, _)) | None => Err(text!(
                "`{variable}` gets its value from the shell: change it there",
                "`{variable}` 的值来自 shell 环境：请在那里改"
            )),
            Some((_, Some(span), _)) => Err(self.desk.by_hand(span)),
        }
    }

    /// The new value of a whole variable, where only a part of the old changes.
    fn new_value(judged: &Judged, new: &NewAddress) -> Result<String, Text> {
        let endpoint = &judged.endpoint;
        let text = endpoint.text();
        if let Some(whole) = &new.whole {
            return Ok(whole.clone());
        }
        let variable = &endpoint.variable;
        if is_secret(variable) || mask(text) != text {
            return Err(text!(
                "`{variable}` holds a credential, which dockline does not copy to another place",
                "`{variable}` 里有凭据，dockline 不会把它抄到别处"
            ));
        }
        let address = &endpoint.address;
        let host = &address.host_range;
        let bracketed = host.start > 0 && byte(text, host.start - 1) == b'[';
        let start = if bracketed { host.start - 1 } else { host.start };
        let behind = if bracketed { host.end + 1 } else { host.end };
        let end = match (&address.port_range, new.port) {
            (Some(range), Some(_)) => range.end,
            _ => behind,
        };
        let port = match new.port {
            Some(port) if address.port_range.is_some() || (address.form == Form::Url && address.port != Some(port)) => {
                format!(":{port}")
            }
            _ => String::new(),
        };
        Ok(format!("{}{}{port}{}", slice(text, 0..start), new.host, slice(text, end..text.len())))
    }

    fn readdress_in_override(&mut self, judged: &Judged, new: &NewAddress) -> Result<(), Text> {
        let Site::Env(_) = judged.endpoint.site else {
            return Err(if matches!(judged.endpoint.site, Site::Configured(_)) {
                text!(
                    "it stands in a file of the program's own, which no override file reaches",
                    "它写在程序自己的配置文件里，override 文件管不到"
                )
            } else {
                text!(
                    "it stands in a command, which an override file can only replace whole",
                    "它写在命令里，而 override 文件只能整条替换命令"
                )
            });
        };
        let value = Self::new_value(judged, new)?;
        let name = self.desk.name(judged.endpoint.service).to_owned();
        let key = judged.endpoint.variable.to_string();
        self.over_env(&name, &key, value);
        if let (Form::Pair, Some(port), Some(index)) =
            (judged.endpoint.address.form, new.port, judged.endpoint.port_from)
            && judged.endpoint.address.port != Some(port)
            && let Some(var) = self.desk.service(judged.endpoint.service).and_then(|s| s.environment.get(index))
        {
            self.over_env(&name, &var.key, port.to_string());
        }
        Ok(())
    }

    fn over_env(&mut self, service: &str, key: &str, value: String) {
        let list = &mut self.over.service(service).environment;
        // Compose reads `$` in the override file again.
        let value = if value.contains("${HOST_LAN_IP}") { value } else { value.replace('$', "$$") };
        match list.iter_mut().find(|(k, _)| k == key) {
            Some(old) => old.1 = value,
            None => list.push((key.to_owned(), value)),
        }
    }

    /// Changes a variable in one service only, because `other` needs the shared text as it is.
    fn readdress_alone(&mut self, judged: &Judged, new: &NewAddress, other: &Judged) -> Result<(), Text> {
        let name = self.desk.name(other.endpoint.service);
        let variable = &other.endpoint.variable;
        let shared = text!(
            "`{variable}` of `{name}` is said by the same text and is right as it is",
            "`{name}` 的 `{variable}` 用的是同一处文字，而它是对的"
        );
        let Site::Env(index) = judged.endpoint.site else { return Err(shared) };
        if new.port.is_some() && judged.endpoint.address.form == Form::Pair {
            return Err(shared);
        }
        let value = Self::new_value(judged, new)?;
        let Some(service) = self.desk.service(judged.endpoint.service) else { return Err(shared) };
        let Some(var) = service.environment.get(index) else { return Err(shared) };
        self.set_alone(service, var, &value).map_err(|_| shared)
    }

    /// Gives a variable a value in one service, in its own `environment`.
    fn set_alone(&mut self, service: &Service, var: &EnvVar, value: &str) -> Result<(), Text> {
        if let SetBy::Environment { at, .. } = var.set_by {
            let tree = self.desk.tree(at.file).ok_or_else(|| self.desk.by_hand(var.key_span))?;
            let own = self.owners_of_node(at).len() == 1;
            if own {
                self.desk.editable(at.file)?;
                let listed = tree.node(at.node).mark.is_none_or(|m| byte(&tree.text, m as usize) != b':');
                let text = if listed { format!("{}={value}", var.key) } else { value.to_owned() };
                let edit = yaml::replace_scalar(tree, at.node, &text);
                self.push(edit.ok_or_else(|| self.desk.by_hand(var.key_span))?);
                return Ok(());
            }
        }
        self.set_env(service, &var.key, value)
    }

    /// Gives a variable a new value where it is set today, for all who read it there; sets it anew where it is not.
    pub fn set_value(&mut self, service: &Service, key: &str, value: &str) -> Result<(), Text> {
        let Some(var) = service.env(key) else { return self.set_env(service, key, value) };
        self.changes(service.path(&format!("environment.{key}")));
        if self.desk.into_override {
            self.over_env(&service.name.clone(), key, value.to_owned());
            return Ok(());
        }
        let Some(old) = &var.value else { return self.set_alone(service, var, value) };
        if old.text() == value {
            return Ok(());
        }
        if old.text().is_empty() {
            return self.fill(service, var, old, value);
        }
        let exact = old.sourced.exact(0..old.text().len()).filter(|s| !s.is_empty());
        // Put together from several places: the entry itself is written anew.
        let Some(span) = exact else { return self.set_alone(service, var, value) };
        self.note_span(span);
        let edit = self.desk.replace(span, value)?;
        self.push(edit);
        Ok(())
    }

    /// Gives a variable that is empty its value: on the line of an env file that leaves it empty, on a new one where a template
    /// reads a name that nobody sets, else in the service.
    fn fill(&mut self, service: &Service, var: &EnvVar, old: &Value, value: &str) -> Result<(), Text> {
        let project = self.desk.project();
        if let SetBy::EnvFile { file, .. } = var.set_by {
            self.note_reads(&var.key);
            return self.fill_line(file, var.key_span, value);
        }
        match old.reads.as_slice() {
            [Read { name, from: ReadFrom::Set(Setter::Line(key)), .. }] => {
                self.note_reads(name);
                self.fill_line(key.file, *key, value)
            }
            [Read { name, from: ReadFrom::Unset, .. }] if !project.env_files.is_empty() => {
                self.note_reads(name);
                self.add_env_line(name, value)
            }
            _ => self.set_alone(service, var, value),
        }
    }

    fn fill_line(&mut self, file: FileId, key: Span, value: &str) -> Result<(), Text> {
        self.desk.editable(file)?;
        let line = self.desk.line_at(key).ok_or_else(|| self.desk.by_hand(key))?;
        let rest = Span::new(file, key.end as usize..line.span.end as usize);
        self.push(Edit::replace(rest, format!("={value}")));
        Ok(())
    }

    /// Every variable that a template fills from a name, or an env file sets under it, will change with it.
    fn note_reads(&mut self, name: &str) {
        let project = self.desk.project();
        for service in &project.services {
            for var in &service.environment {
                let reads = var.value.as_ref().is_some_and(|v| v.reads.iter().any(|r| &*r.name == name));
                if reads || (&*var.key == name && matches!(var.set_by, SetBy::EnvFile { .. })) {
                    self.changes(service.path(&format!("environment.{}", var.key)));
                }
            }
        }
    }

    /// Services that take a variable from one node.
    fn owners_of_node(&self, at: NodeRef) -> Vec<&'a str> {
        let uses = |s: &&Service| {
            s.environment.iter().any(|v| matches!(v.set_by, SetBy::Environment { at: a, .. } if a == at))
        };
        self.desk.project().services.iter().filter(uses).map(|s| &*s.name).collect()
    }

    /// Sets a variable in a service's own `environment`: there where it stands, else as a new entry.
    pub fn set_env(&mut self, service: &Service, key: &str, value: &str) -> Result<(), Text> {
        self.changes(service.path(&format!("environment.{key}")));
        if self.desk.into_override {
            self.over_env(&service.name.clone(), key, value.to_owned());
            return Ok(());
        }
        let value_node = service.value.get("environment");
        let own = self.own_entry(service, "environment");
        let refuse = || {
            let name = &service.name;
            text!("`{name}` takes its environment from a shared block", "`{name}` 的环境变量来自共用的段落")
        };
        match (value_node, own) {
            (None, None) => {
                let map = Fragment::Map(vec![(key.to_owned(), Fragment::text(value))]);
                self.insert_key(service, "environment", &map)
            }
            (_, Some((file, node))) => {
                self.desk.editable(file)?;
                let tree = self.desk.tree(file).ok_or_else(refuse)?;
                let target = tree.target(node).unwrap_or(node);
                // An alias leads to a block that others use too.
                if target != node && self.desk.sharing("environment", NodeRef { file, node: target }).len() > 1 {
                    return Err(refuse());
                }
                let layout = self.desk.layout(file);
                let edit = match &tree.node(target).kind {
                    Kind::Sequence { .. } => {
                        yaml::append_item(tree, &layout, target, &Fragment::text(format!("{key}={value}")))
                    }
                    _ => yaml::insert_entry(tree, &layout, target, "", key, &Fragment::text(value)),
                };
                self.push(edit.ok_or_else(refuse)?);
                Ok(())
            }
            (Some(_), None) => Err(refuse()),
        }
    }

    /// Gives a variable another name where it is set, for all who have it from there.
    pub fn rename_env(&mut self, service: &Service, old: &str, new: &str) -> Result<(), Text> {
        let refuse = || text!("`{old}` can't be renamed where it stands", "无法在原处给 `{old}` 改名");
        let var = service.env(old).ok_or_else(refuse)?;
        let value = var.value.as_ref().ok_or_else(refuse)?;
        if self.desk.into_override {
            if is_secret(old) {
                return Err(text!(
                    "`{old}` holds a credential, which dockline does not copy to another place",
                    "`{old}` 里有凭据，dockline 不会把它抄到别处"
                ));
            }
            self.changes(service.path(&format!("environment.{new}")));
            self.over_env(&service.name.clone(), new, value.text().to_owned());
            return Ok(());
        }
        let project = self.desk.project();
        let file = match var.set_by {
            SetBy::Environment { at, .. } => at.file,
            SetBy::EnvFile { file, .. } => file,
        };
        // A line of `.env` is for templates too; a bare name takes its value from there.
        let tree = project.trees.get(&file);
        let bare = |text: &str| {
            !matches!(text.trim_start_matches(['"', '\'']).trim_start().as_bytes().first(), Some(b'=' | b':'))
        };
        let text = &self.desk.files.get(file).text;
        if project.env_files.contains(&file)
            || self.desk.files.text(var.key_span) != old
            || (tree.is_some() && bare(slice(text, var.key_span.end as usize..text.len())))
        {
            return Err(refuse());
        }
        self.desk.editable(file)?;
        for other in &project.services {
            if other.environment.iter().any(|v| v.key_span == var.key_span) {
                self.changes(other.path(&format!("environment.{old}")));
                self.changes(other.path(&format!("environment.{new}")));
            }
        }
        self.push(Edit::replace(var.key_span, new.to_owned()));
        Ok(())
    }

    /// Takes a variable out of a service's own `environment`.
    pub fn remove_env(&mut self, service: &Service, key: &str) -> Result<(), Text> {
        let shared = || {
            text!(
                "`{key}` is not set in the service's own environment",
                "`{key}` 不是写在这个服务自己的 environment 里"
            )
        };
        let var = service.env(key).ok_or_else(shared)?;
        self.changes(service.path(&format!("environment.{key}")));
        let SetBy::Environment { at, .. } = var.set_by else { return Err(shared()) };
        if self.desk.into_override || self.owners_of_node(at).len() != 1 {
            return Err(shared());
        }
        self.desk.editable(at.file)?;
        let (file, node) = self.own_entry(service, "environment").filter(|(f, _)| *f == at.file).ok_or_else(shared)?;
        let tree = self.desk.tree(file).ok_or_else(shared)?;
        let edits = match &tree.node(node).kind {
            Kind::Sequence { items, .. } => {
                let index = items.iter().position(|i| *i == at.node).ok_or_else(shared)?;
                yaml::remove_item(tree, node, index)
            }
            Kind::Mapping { entries, .. } => {
                let index = entries.iter().position(|e| e.value == at.node).ok_or_else(shared)?;
                yaml::remove_entry(tree, node, index)
            }
            _ => None,
        };
        if let Some(edits) = edits {
            edits.into_iter().for_each(|e| self.push(e));
            return Ok(());
        }
        // The last variable: the whole of `environment` goes.
        self.remove_key(service, "environment")
    }

    // -- services --

    /// The value node of a key that the service's own mapping writes, the base file's first.
    pub fn own_entry(&self, service: &Service, key: &str) -> Option<(FileId, yaml::NodeId)> {
        self.desk.layers(service).into_iter().find_map(|layer| {
            let tree = self.desk.tree(layer.file)?;
            Some((layer.file, tree.entry(layer.node, key)?.value))
        })
    }

    /// An override file adds to lists and mappings of the base file and says little else.
    pub fn in_place(&self, key: &str) -> Result<(), Text> {
        if self.desk.into_override {
            return Err(text!(
                "dockline does not write `{key}` into an override file: add it there by hand",
                "dockline 不会把 `{key}` 写进覆盖文件：请手工加上"
            ));
        }
        Ok(())
    }

    /// Adds a key to a service's mapping in the base file.
    pub fn insert_key(&mut self, service: &Service, key: &str, value: &Fragment) -> Result<(), Text> {
        let name = &service.name;
        let refuse = || text!("can't add `{key}` to `{name}` where it stands", "无法在原处给 `{name}` 加上 `{key}`");
        self.in_place(key)?;
        let layer = *self.desk.layers(service).first().ok_or_else(refuse)?;
        self.desk.editable(layer.file)?;
        let tree = self.desk.tree(layer.file).ok_or_else(refuse)?;
        for other in self.desk.written_by(layer) {
            if let Some(other) = self.desk.service(other) {
                self.changes(other.path(key));
            }
        }
        let layout = self.desk.layout(layer.file);
        // Behind the last entry; behind an earlier one where the last is about to go.
        let keys = std::iter::once("").chain(tree.entries(layer.node).iter().rev().map(|e| tree.scalar(e.key)));
        let edit = keys
            .filter_map(|after| yaml::insert_entry(tree, &layout, layer.node, after, key, value))
            .find(|edit| !self.edits.iter().any(|e| e.span.surrounds(edit.span)));
        self.push(edit.ok_or_else(refuse)?);
        Ok(())
    }

    /// Takes a key out of a service's own mapping, in every file that writes it.
    pub fn remove_key(&mut self, service: &Service, key: &'static str) -> Result<(), Text> {
        if service.value.get(key).is_none() {
            return Ok(());
        }
        self.changes(service.path(key));
        if self.desk.into_override {
            self.over.service(&service.name).resets.push(key);
            return Ok(());
        }
        let name = &service.name;
        let refuse = || text!("`{key}` of `{name}` stands in a shared block", "`{name}` 的 `{key}` 写在共用的段落里");
        let mut removed = false;
        for layer in self.desk.layers(service) {
            let Some(tree) = self.desk.tree(layer.file) else { continue };
            let Some(index) = tree.entries(layer.node).iter().position(|e| tree.scalar(e.key) == key) else { continue };
            self.desk.editable(layer.file)?;
            if self.desk.written_by(layer).len() > 1 {
                return Err(refuse());
            }
            for edit in yaml::remove_entry(tree, layer.node, index).ok_or_else(refuse)? {
                self.push(edit);
            }
            removed = true;
        }
        if removed { Ok(()) } else { Err(refuse()) }
    }

    /// Sets a key with a plain value, replacing what is there.
    pub fn set_key(&mut self, service: &Service, key: &'static str, value: &str) -> Result<(), Text> {
        self.changes(service.path(key));
        if self.desk.into_override && key == "network_mode" {
            self.over.service(&service.name).network_mode = Some(value.to_owned());
            return Ok(());
        }
        self.in_place(key)?;
        match self.own_entry(service, key) {
            Some((file, node)) => {
                self.desk.editable(file)?;
                let tree = self.desk.tree(file);
                let edit = tree.and_then(|t| yaml::replace_scalar(t, node, value));
                self.push(edit.ok_or_else(|| self.desk.by_hand(service.name_span))?);
                Ok(())
            }
            None => self.insert_key(service, key, &Fragment::text(value)),
        }
    }

    /// Maps a name to an address in a container's /etc/hosts; in another's namespace it is the owner's that counts.
    pub fn map_host(&mut self, id: ServiceId, name: &str, address: &str) -> Result<(), Text> {
        let owner = match self.desk.net().space(id) {
            Space::Networks(owner) | Space::Bridge(owner) | Space::Foreign(owner) => owner,
            Space::Host => id,
            Space::Alone(_) => {
                return Err(text!("network_mode: none has no way to the host", "network_mode: none 到不了宿主机"));
            }
            Space::Outside => {
                return Err(text!(
                    "the container whose network it uses is not of this project",
                    "它使用的网络属于本项目之外的容器"
                ));
            }
        };
        let Some(service) = self.desk.service(owner) else { return Ok(()) };
        if service.extra_hosts.iter().any(|e| e.name.eq_ignore_ascii_case(name)) {
            return Ok(());
        }
        self.changes(service.path("extra_hosts"));
        if self.desk.into_override {
            let entry = format!("{name}:{address}");
            let list = &mut self.over.service(&service.name).extra_hosts;
            if !list.contains(&entry) {
                list.push(entry);
            }
            return Ok(());
        }
        let item = Fragment::Quoted(format!("{name}:{address}"));
        let Some(value) = service.value.get("extra_hosts") else {
            return self.insert_key(service, "extra_hosts", &Fragment::List(vec![item]));
        };
        let at = value.at;
        let tree = self.desk.tree(at.file).ok_or_else(|| self.desk.by_hand(value.span))?;
        self.desk.editable(at.file)?;
        for other in self.desk.sharing("extra_hosts", at) {
            if let Some(other) = self.desk.service(other) {
                self.changes(other.path("extra_hosts"));
            }
        }
        let layout = self.desk.layout(at.file);
        let edit = match &tree.node(at.node).kind {
            Kind::Sequence { .. } => {
                yaml::append_item(tree, &layout, at.node, &Fragment::text(format!("{name}:{address}")))
            }
            _ => yaml::insert_entry(tree, &layout, at.node, "", name, &Fragment::text(address)),
        };
        self.push(edit.ok_or_else(|| self.desk.by_hand(value.span))?);
        Ok(())
    }

    /// Puts a service on a network of the project.
    pub fn join(&mut self, id: ServiceId, network: usize) -> Result<(), Text> {
        let owner = self.desk.net().space(id).owner().unwrap_or(id);
        let (Some(service), Some(network)) = (self.desk.service(owner), self.desk.project().networks.get(network))
        else {
            return Ok(());
        };
        if service.mode != Mode::Networks {
            let name = &service.name;
            return Err(text!(
                "`{name}` has a network_mode, which excludes networks",
                "`{name}` 设了 network_mode，不能再加入网络"
            ));
        }
        if service.attachments.iter().any(|a| a.key == network.key) {
            return Ok(());
        }
        self.changes(service.path("networks"));
        if self.desk.into_override {
            let list = &mut self.over.service(&service.name).networks;
            if service.value.get("networks").is_none() && !list.iter().any(|n| n == "default") {
                list.push("default".to_owned());
            }
            list.push(network.key.clone());
            return Ok(());
        }
        let Some(value) = service.value.get("networks") else {
            // Without `networks` a service is on the default one; naming another would take it off.
            let both = vec![Fragment::text("default"), Fragment::text(&network.key)];
            return self.insert_key(service, "networks", &Fragment::List(both));
        };
        let at = value.at;
        let tree = self.desk.tree(at.file).ok_or_else(|| self.desk.by_hand(value.span))?;
        self.desk.editable(at.file)?;
        for other in self.desk.sharing("networks", at) {
            if let Some(other) = self.desk.service(other) {
                self.changes(other.path("networks"));
            }
        }
        let layout = self.desk.layout(at.file);
        let edit = match &tree.node(at.node).kind {
            Kind::Sequence { .. } => yaml::append_item(tree, &layout, at.node, &Fragment::text(&network.key)),
            _ => yaml::insert_entry(tree, &layout, at.node, "", &network.key, &Fragment::Raw("{}".to_owned())),
        };
        self.push(edit.ok_or_else(|| self.desk.by_hand(value.span))?);
        Ok(())
    }

    /// Publishes a container port on an address of the host; an entry that does so already is enough.
    pub fn publish(&mut self, id: ServiceId, published: u16, target: u16) -> Result<(), Text> {
        let Some(service) = self.desk.service(id) else { return Ok(()) };
        self.changes(service.path("ports"));
        let entry = format!("127.0.0.1:{published}:{target}");
        if self.desk.into_override {
            let list = &mut self.over.service(&service.name).ports;
            if !list.contains(&entry) {
                list.push(entry);
            }
            return Ok(());
        }
        let Some(value) = service.value.get("ports") else {
            return self.insert_key(service, "ports", &Fragment::List(vec![Fragment::Quoted(entry)]));
        };
        let at = value.at;
        self.desk.editable(at.file)?;
        let tree = self.desk.tree(at.file).ok_or_else(|| self.desk.by_hand(value.span))?;
        let edit = yaml::append_item(tree, &self.desk.layout(at.file), at.node, &Fragment::Quoted(entry));
        self.push(edit.ok_or_else(|| self.desk.by_hand(value.span))?);
        Ok(())
    }

    /// The port by which a service is found on the host's loopback; it is published there where it is not. `moving` are
    /// services that are about to listen on the host themselves.
    pub fn on_host(&mut self, id: ServiceId, target: u16, moving: &[ServiceId]) -> Result<u16, Text> {
        let net = self.desk.net();
        if moving.contains(&id) || matches!(net.space(id), Space::Host) {
            return Ok(target);
        }
        let owner = net.space(id).owner().unwrap_or(id);
        let Some(service) = self.desk.service(owner) else { return Ok(target) };
        let known =
            service.ports.iter().filter(|p| p.tcp && (p.on_all() || p.on_loopback())).find_map(|p| p.host_port(target));
        if let Some(port) = known.or_else(|| self.published.get(&(owner, target)).copied()) {
            return Ok(port);
        }
        let taken = |port: u16| {
            let listens = |id: &ServiceId| net.nodes.get(*id).is_some_and(|n| n.listening.on(port).is_some());
            net.publishers(port).next().is_some()
                || net.facts.on(port).next().is_some()
                || self.published.values().any(|p| *p == port)
                || moving.iter().any(listens)
                || net.in_space(Space::Host).any(|id| listens(&id))
        };
        let wanted = [target, target.saturating_add(10_000), target.saturating_add(20_000)];
        let Some(port) = wanted.into_iter().find(|p| !taken(*p)) else {
            let name = &service.name;
            return Err(text!("no free host port for `{name}`:{target}", "没有空闲的宿主机端口给 `{name}`:{target}"));
        };
        self.publish(owner, port, target)?;
        self.published.insert((owner, target), port);
        Ok(port)
    }

    /// Adds a line to the project's `.env`, or makes the file.
    pub fn add_env_line(&mut self, key: &str, value: &str) -> Result<(), Text> {
        let project = self.desk.project();
        let assignment = format!("{key}={value}");
        let Some(file) = project.env_files.first().copied() else {
            let missing = project.problems.iter().any(|p| {
                matches!(&p.kind, crate::compose::ProblemKind::EnvFileMissing { path, example: Some(_), .. } if *path == project.dotenv)
            });
            let name = self.desk.files.name_of(&project.dotenv);
            if missing {
                return Err(text!(
                    "{name} is not there yet: copy its example first, then fix",
                    "还没有 {name}：先从示例文件复制一份，再修复"
                ));
            }
            self.create(Creation { path: project.dotenv.clone(), text: format!("{assignment}\n") });
            return Ok(());
        };
        self.desk.editable(file)?;
        // Services that take the whole file as their env_file get the new line too.
        for service in &project.services {
            if service.environment.iter().any(|v| matches!(v.set_by, SetBy::EnvFile { file: f, .. } if f == file)) {
                self.changes(service.path(&format!("environment.{key}")));
            }
        }
        let text = &self.desk.files.get(file).text;
        let first = project.env_texts.get(&file).and_then(|t| t.lines.first()).map(|l| l.span.start as usize);
        // In front of the first line, so that the lines below can use it.
        self.push(dotenv::insert_line(file, text, first, &assignment));
        Ok(())
    }
}

/// Whether an endpoint's value is an address without a scheme and a port, where the program wants a URL.
pub(super) fn url_for(judged: &Judged, host: &str, port: Option<u16>) -> NewAddress {
    let address = &judged.endpoint.address;
    // `OLLAMA_HOST=0.0.0.0` says no port: a client needs the whole.
    if address.form == Form::Host && judged.role.audience == Audience::Server && port.is_some() {
        let scheme = if judged.role.speaks.is_some_and(is_http) { "http://" } else { "" };
        let port = port.map_or(String::new(), |p| format!(":{p}"));
        let whole = if scheme.is_empty() { host.to_owned() } else { format!("{scheme}{host}{port}") };
        return NewAddress { whole: Some(whole), ..NewAddress::default() };
    }
    let unchanged = port == address.port && (address.port_range.is_some() || address.form == Form::Pair);
    let default = address.scheme.as_deref().and_then(scheme_port) == port && address.port_range.is_none();
    NewAddress { host: host.to_owned(), port: port.filter(|_| !(unchanged || default)), whole: None }
}

fn is_http(protocol: &str) -> bool {
    matches!(
        protocol,
        "ollama" | "openai" | "http" | "qdrant" | "weaviate" | "chroma" | "elasticsearch" | "opensearch" | "searxng"
    )
}
