//! What planning a repair may look at.

use std::net::IpAddr;

use crate::compose::{NodeRef, Problem, ProblemKind, Project, Service, ServiceId};
use crate::diag::Text;
use crate::dotenv::{self, Line};
use crate::network::{Survey, Topology};
use crate::source::{Edit, FileId, Files, Span};
use crate::text;
use crate::yaml::{self, Kind, Layout, NodeId, Tree};

/// The project with its survey, and what the user chose.
#[derive(Clone, Copy)]
pub struct Desk<'a> {
    pub files: &'a Files,
    pub survey: &'a Survey<'a>,
    /// The host's LAN address, for the strategy that needs it.
    pub lan_ip: Option<IpAddr>,
    /// Base files stay as they are: write to the override file.
    pub into_override: bool,
}

impl<'a> Desk<'a> {
    pub fn project(&self) -> &'a Project {
        self.survey.project()
    }

    pub fn net(&self) -> &'a Topology<'a> {
        &self.survey.net
    }

    pub fn name(&self, id: ServiceId) -> &'a str {
        self.survey.net.name(id)
    }

    pub fn service(&self, id: ServiceId) -> Option<&'a Service> {
        self.project().services.get(id)
    }

    pub fn tree(&self, file: FileId) -> Option<&'a Tree> {
        self.project().tree(file).map(AsRef::as_ref)
    }

    pub fn layout(&self, file: FileId) -> Layout {
        self.tree(file).map_or(Layout { newline: "\n", step: 2, dash: 2 }, Layout::of)
    }

    /// Whether a file may be edited: it is text that was read as it is, and whole; behind a syntax error we only guess.
    pub fn editable(&self, file: FileId) -> Result<(), Text> {
        let broken = |p: &&Problem| p.span.file == file && matches!(p.kind, ProblemKind::Yaml(_));
        let of_yaml = self.project().problems.iter().find(broken).map(|p| p.span);
        let of_env = self.project().env_texts.get(&file).and_then(|text| text.fault.as_ref()).map(|fault| fault.span);
        let name = &self.files.get(file).name;
        if let Some(fault) = of_yaml.or(of_env) {
            let line = self.files.position(file, fault.start as usize).line;
            return Err(text!(
                "{name} has a syntax error in line {line}: mend that first",
                "{name} 第 {line} 行有语法错误：请先改好它"
            ));
        }
        if self.files.get(file).editable() {
            return Ok(());
        }
        Err(text!(
            "{name} is not UTF-8 text, so dockline does not write to it",
            "{name} 不是 UTF-8 文本，dockline 不会改写它"
        ))
    }

    /// The scalar that a span lies in.
    pub fn scalar_at(&self, span: Span) -> Option<NodeId> {
        let tree = self.tree(span.file)?;
        tree.scalars().find(|id| {
            let whole = tree.span(*id);
            matches!(tree.node(*id).kind, Kind::Scalar { .. }) && whole.contains(span) && !whole.is_empty()
        })
    }

    /// Whether a span lies in what a configuration file of a service says verbatim.
    fn in_configuration(&self, span: Span) -> bool {
        let said = self.project().services.iter().flat_map(|s| &s.configured).filter(|c| c.file == span.file);
        let mut spans = said.flat_map(|c| c.value.sourced.spans());
        spans.any(|whole| whole.contains(span))
    }

    /// The line of an env file that a span lies in.
    pub fn line_at(&self, span: Span) -> Option<&'a Line> {
        self.project().env_texts.get(&span.file)?.lines.iter().find(|l| l.span.contains(span))
    }

    /// Replaces bytes in whichever file they stand, keeping quotes.
    pub fn replace(&self, span: Span, new: &str) -> Result<Edit, Text> {
        self.editable(span.file)?;
        if let Some(node) = self.scalar_at(span)
            && let Some(tree) = self.tree(span.file)
        {
            return yaml::replace_part(tree, node, span, new).ok_or_else(|| self.by_hand(span));
        }
        if self.in_configuration(span) {
            // Words of nginx, squid and TOML strings: what means something there does not go in.
            let plain = !new.contains(['"', '\'', '\\', ';', '{', '}', '#', '$', ' ', '\n']);
            return if plain { Ok(Edit::replace(span, new)) } else { Err(self.by_hand(span)) };
        }
        let line = self.line_at(span).ok_or_else(|| self.by_hand(span))?;
        let text = &self.files.get(span.file).text;
        dotenv::replace_part(text, line, span, new).ok_or_else(|| self.by_hand(span))
    }

    /// "Do it by hand": the place is written in a way that is not safe to edit.
    pub fn by_hand(&self, span: Span) -> Text {
        let at = self.files.position(span.file, span.start as usize);
        let (name, line) = (&self.files.get(span.file).name, at.line);
        text!(
            "{name}:{line} is written in a way that dockline does not edit: change it by hand",
            "{name}:{line} 的写法 dockline 不敢动：请手工修改"
        )
    }

    /// The nodes that write a service's mapping, the base file's first.
    pub fn layers(&self, service: &Service) -> Vec<NodeRef> {
        service.value.map().map_or(Vec::new(), |m| m.layers.clone())
    }

    /// Services that a node belongs to when it stands under a key of theirs: an anchored list serves several.
    pub fn sharing(&self, key: &str, at: NodeRef) -> Vec<ServiceId> {
        let project = self.project();
        (0..project.services.len())
            .filter(|id| {
                project
                    .services
                    .get(*id)
                    .and_then(|s| s.value.get(key))
                    .is_some_and(|v| v.at == at || v.map().is_some_and(|m| m.layers.contains(&at)))
            })
            .collect()
    }

    /// Services whose own mapping is written by a node.
    pub fn written_by(&self, at: NodeRef) -> Vec<ServiceId> {
        let project = self.project();
        (0..project.services.len())
            .filter(|id| project.services.get(*id).and_then(|s| s.value.map()).is_some_and(|m| m.layers.contains(&at)))
            .collect()
    }
}
