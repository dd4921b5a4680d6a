//! The live questions: what runs is asked, address by address and layer by layer, and what fails is told with what to type next.
//! Judges what [`crate::engine`] found; asks nothing itself.

mod front;
mod judge;
mod machine;
mod models;
mod plan;
mod running;
mod seen;
mod stale;
mod state;
mod stored;
mod warm;

use std::net::IpAddr;

use crate::compose::Project;
use crate::diag::{Severity, Text};
use crate::engine::{Answer, Container, Facts, HostSide, Listening, Tcp, Tool};

pub use front::{Front, Met, fronts, questions};
pub use plan::{Planned, plan};
pub use running::compose_text;
pub use seen::put_seen;
pub use stored::{Kept, kept};
pub use warm::{Measured, TOKENS, Warm, Warmed, compare, measure, only_embeds, pieces, request, told, ways};

/// Where it fails.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Layer {
    Container,
    Name,
    Connect,
    Http,
    Api,
    Model,
    Browser,
    Files,
}

impl Layer {
    pub fn name(self) -> &'static str {
        match self {
            Self::Container => "container",
            Self::Name => "name",
            Self::Connect => "connect",
            Self::Http => "http",
            Self::Api => "api",
            Self::Model => "model",
            Self::Browser => "browser",
            Self::Files => "files",
        }
    }
}

/// Something that is wrong with what runs.
#[derive(Clone, Debug)]
pub struct Ailment {
    pub cause: &'static str,
    pub layer: Layer,
    pub severity: Severity,
    pub services: Vec<String>,
    /// The variable that names the address, or the model.
    pub variable: Option<String>,
    /// The address, credentials masked.
    pub address: Option<String>,
    /// Where the address stands, where that is no file of the project.
    pub place: Option<String>,
    pub message: Text,
    pub help: Vec<Text>,
    /// What to type, in order.
    pub commands: Vec<String>,
    /// The address to write instead, where it is known as a whole.
    pub instead: Option<String>,
    /// The statement that changes an address in a database; doctor itself never writes to one.
    pub sql: Option<String>,
}

impl Ailment {
    fn new(cause: &'static str, layer: Layer, severity: Severity, service: &str, message: Text) -> Self {
        Self {
            cause,
            layer,
            severity,
            services: vec![service.to_owned()],
            variable: None,
            address: None,
            place: None,
            message,
            help: Vec::new(),
            commands: Vec::new(),
            instead: None,
            sql: None,
        }
    }

    fn help(mut self, text: Text) -> Self {
        self.help.push(text);
        self
    }

    fn run(mut self, command: impl Into<String>) -> Self {
        self.commands.push(command.into());
        self
    }
}

/// What was tried at an address, and what came back.
#[derive(Clone, Debug)]
pub struct Looked {
    pub planned: Planned,
    pub tool: Option<Tool>,
    pub answer: Answer,
    /// The layer that failed, and why.
    pub failed: Option<(Layer, &'static str)>,
}

/// Everything that is judged.
pub struct Patient<'a> {
    pub facts: &'a Facts,
    pub host: &'a HostSide,
    /// Who listens inside containers, by id, where that can be seen.
    pub inside: &'a [(String, Vec<Listening>)],
    /// The project's files, where there are any.
    pub files: Option<&'a Project>,
    /// Whether a profile that turns a service on is on, and how the commands name the project: `docker compose`, with `-f`.
    pub compose: &'a str,
}

impl<'a> Patient<'a> {
    fn container(&self, id: &str) -> Option<&'a Container> {
        self.facts.containers.iter().find(|c| c.id == id)
    }

    fn container_at(&self, address: IpAddr) -> Option<&'a Container> {
        self.facts.containers.iter().find(|c| c.addresses().any(|a| a == address))
    }

    fn inside(&self, container: &Container) -> Option<&'a [Listening]> {
        self.inside.iter().find(|(id, _)| *id == container.id).map(|(_, l)| l.as_slice())
    }

    /// The command that makes a container anew, as its files say.
    fn up(&self, container: &Container) -> String {
        if container.project.is_some() {
            format!("{} up -d {}", self.compose, container.service)
        } else {
            format!("docker restart {}", container.name)
        }
    }

    fn logs(&self, container: &Container) -> String {
        if container.project.is_some() {
            format!("{} logs --tail 50 {}", self.compose, container.service)
        } else {
            format!("docker logs --tail 50 {}", container.name)
        }
    }
}

/// The outcome of an examination.
#[derive(Debug, Default)]
pub struct Examined {
    pub looked: Vec<Looked>,
    pub ailments: Vec<Ailment>,
    pub gaps: Vec<Text>,
    /// Published ports and browsers' addresses, called from this machine.
    pub met: Vec<Met>,
    /// What was measured on the ways to a model, where that was wanted.
    pub warmed: Vec<Warmed>,
}

impl Examined {
    /// Adds what was called from outside the containers.
    pub fn met(&mut self, patient: &Patient<'_>, met: Vec<Met>) {
        self.add(met.iter().filter_map(|m| front::judge(patient, m)).collect());
        self.met = met;
    }

    /// Adds what came of asking for a model.
    pub fn warmed(&mut self, patient: &Patient<'_>, model: &str, warmed: Vec<Warmed>) {
        let found = warm::judge(patient, model, &self.looked, &self.met, &warmed);
        if warmed.is_empty() && found.is_empty() {
            self.gaps.push(crate::text!(
                "`{model}` was not asked: no server that can be reached from here lists its models",
                "没有去问 `{model}`：从这里能连到的服务里，没有一个列出了它的模型"
            ));
        }
        self.add(found);
        self.warmed = warmed;
    }

    fn add(&mut self, more: Vec<Ailment>) {
        let mut all = std::mem::take(&mut self.ailments);
        all.extend(more);
        self.ailments = together(all);
        self.ailments.sort_by_key(|a| (std::cmp::Reverse(a.severity), a.layer));
    }
}

/// Judges containers, files and the answers of probes: `answers` has one for each plan, with the tool that asked.
pub fn examine(patient: &Patient<'_>, planned: &[Planned], answers: &[(Option<Tool>, Answer)]) -> Examined {
    let stale = stale::find(patient);
    let mut out = Examined::default();
    let mut found: Vec<Ailment> = Vec::new();
    for (planned, (tool, answer)) in planned.iter().zip(answers) {
        let judged = judge::judge(patient, planned, answer);
        // That a TLS server drops a question in plain HTTP is no fault of the connection.
        let mut answer = answer.clone();
        if planned.speaks == plan::Speaks::Tls && answer.tcp == Tcp::Reset {
            answer.tcp = Tcp::Ok;
        }
        let failed = judged.as_ref().map(|a| (a.layer, a.cause));
        out.looked.push(Looked { planned: planned.clone(), tool: *tool, answer, failed });
        if tool.is_none() {
            let (service, address) = (&planned.service, &planned.shown);
            out.gaps.push(crate::text!(
                "`{service}` could not be looked into, so {address} was not tried: its image has no tool for it (sh with python3, node, curl, \
                 bash, wget or nc); as root on the engine's own Linux machine dockline needs none, and --helper IMAGE starts a container that has them",
                "没法从 `{service}` 里面试 {address}：镜像里没有可用的工具（sh 加 python3、node、curl、bash、wget 或 nc）；\
                 在运行引擎的 Linux 机器上以 root 运行 dockline 就不需要这些工具，也可以用 --helper 镜像 启动一个带工具的容器"
            ));
        }
        let Some(mut ailment) = judged else { continue };
        ailment.variable.get_or_insert_with(|| planned.variable.clone());
        ailment.address.get_or_insert_with(|| planned.shown.clone());
        // Where the files say something else by now, the container is to be made anew, not the files changed.
        if stale.is_changed(&planned.container, &planned.variable) {
            ailment.commands = stale.commands_of(&planned.container);
            ailment.help.clear();
            ailment.help.push(crate::text!(
                "the files say something else by now: the container still runs with what they said when it was made",
                "文件里已经改了：容器用的还是创建时的值"
            ));
        }
        if let Some((stored, container)) = planned.stored.as_ref().zip(patient.container(&planned.container)) {
            stored.advise(patient, container, &planned.target, &mut ailment);
        }
        found.push(ailment);
    }
    found.extend(models::judge(patient, &out.looked));
    found.extend(machine::judge(patient, &out.looked));
    let mut all = state::find(patient);
    all.extend(found);
    all.extend(stale.into_ailments());
    out.add(all);
    out
}

/// One cause is told once, with all services that suffer from it.
fn together(all: Vec<Ailment>) -> Vec<Ailment> {
    let mut out: Vec<Ailment> = Vec::new();
    for ailment in all {
        let same = |known: &&mut Ailment| {
            known.cause == ailment.cause
                && known.layer == ailment.layer
                && known.variable == ailment.variable
                && known.address == ailment.address
                && (known.address.is_some() || known.message == ailment.message)
        };
        match out.iter_mut().find(same) {
            Some(known) => {
                for service in ailment.services {
                    if !known.services.contains(&service) {
                        known.services.push(service);
                    }
                }
                for command in ailment.commands {
                    if !known.commands.contains(&command) {
                        known.commands.push(command);
                    }
                }
            }
            None => out.push(ailment),
        }
    }
    out
}
