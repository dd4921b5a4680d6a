//! The engine's API, through bollard: the only file that knows it. Everything has a time limit.

use std::collections::BTreeSet;
use std::future::Future;
use std::io::{Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use bollard::container::LogOutput;
use bollard::exec::{CreateExecOptions, StartExecOptions, StartExecResults};
use bollard::models::{ContainerCreateBody, HostConfig};
use bollard::query_parameters::{
    ContainerArchiveInfoOptionsBuilder, CreateContainerOptionsBuilder, DownloadFromContainerOptionsBuilder,
    InspectContainerOptions, InspectNetworkOptions, ListContainersOptions, LogsOptionsBuilder,
    RemoveContainerOptionsBuilder, StartContainerOptions,
};
use bollard::{API_DEFAULT_VERSION, Docker};
use futures_util::StreamExt as _;
use futures_util::future::join_all;
use serde::Serialize;
use serde_json::Value;

use super::connect::Place;
use super::facts::{About, Container, Facts, Network};
use super::host;
use super::probe::{self, Answer, Target, Tool};
use super::stored::{self, Channel, Shelf};

/// A connection to an engine.
pub struct Engine {
    runtime: tokio::runtime::Runtime,
    docker: Docker,
    pub place: Place,
}

/// Which containers.
#[derive(Clone, Debug)]
pub enum Wanted {
    /// Those of a Compose project.
    Project { name: String, dir: String },
    /// Those of these names or ids.
    Named(Vec<String>),
}

/// What to try from inside a container.
#[derive(Clone, Debug)]
pub struct Job {
    pub id: String,
    pub pid: u32,
    pub hostname: String,
    pub targets: Vec<Target>,
}

/// What was found. The answers are those of the job's targets, in order.
#[derive(Clone, Debug, Default)]
pub struct Probed {
    /// The last tool that asked; `None` where there was no way to ask.
    pub tool: Option<Tool>,
    pub answers: Vec<Answer>,
    /// Why a helper that was wanted could not be had.
    pub trouble: Option<String>,
}

/// Which rungs there are beyond the tools of images.
#[derive(Clone, Copy, Debug)]
pub struct Ladder<'a> {
    /// dockline itself may enter network namespaces: the engine runs on this machine.
    pub enter: bool,
    /// The image of a helper container that may be started.
    pub helper: Option<&'a str>,
}

const SHORT: Duration = Duration::from_secs(10);
/// The longest that one container's probes may take.
const PROBE: Duration = Duration::from_secs(25);
/// The longest that copying a file out of a container may take, and the largest file.
const COPY: Duration = Duration::from_secs(30);
const LARGEST: i64 = 1 << 30;

async fn limited<T, E: std::fmt::Display>(
    time: Duration,
    what: impl Future<Output = Result<T, E>>,
) -> Result<T, String> {
    match tokio::time::timeout(time, what).await {
        Ok(done) => done.map_err(|e| e.to_string()),
        Err(_) => Err(format!("no answer in {} s", time.as_secs())),
    }
}

fn value(of: impl Serialize) -> Value {
    serde_json::to_value(of).unwrap_or_default()
}

impl Engine {
    /// Connects to the first engine that answers; else says what each place said.
    pub fn connect(places: &[Place]) -> Result<Self, Vec<(Place, String)>> {
        let mut failed = Vec::new();
        for place in places {
            match Self::at(place) {
                Ok(engine) => return Ok(engine),
                Err(why) => failed.push((place.clone(), why)),
            }
        }
        Err(failed)
    }

    fn at(place: &Place) -> Result<Self, String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| e.to_string())?;
        let scheme = place.url.split("://").next().unwrap_or_default();
        let docker = match scheme {
            "unix" | "npipe" => Docker::connect_with_socket(&place.url, 30, API_DEFAULT_VERSION),
            "tcp" | "http" if std::env::var_os("DOCKER_TLS_VERIFY").is_none_or(|v| v.is_empty()) => {
                Docker::connect_with_http(&place.url, 30, API_DEFAULT_VERSION)
            }
            "tcp" | "https" => return Err("TLS is not spoken here".to_owned()),
            other => return Err(format!("`{other}` is not spoken here")),
        };
        let docker = docker.map_err(|e| e.to_string())?;
        let docker = runtime.block_on(limited(SHORT, docker.negotiate_version()))?;
        Ok(Self { runtime, docker, place: place.clone() })
    }

    /// Whether it runs on this machine, as far as its address tells.
    pub fn by_socket(&self) -> bool {
        self.place.url.starts_with("unix://")
    }

    /// Everything that judging needs.
    pub fn facts(&self, wanted: &Wanted) -> Result<Facts, String> {
        self.runtime.block_on(self.gather(wanted))
    }

    async fn gather(&self, wanted: &Wanted) -> Result<Facts, String> {
        let docker = &self.docker;
        let all = ListContainersOptions { all: true, ..Default::default() };
        let (version, info, list) = futures_util::join!(
            limited(SHORT, docker.version()),
            limited(SHORT, docker.info()),
            limited(SHORT, docker.list_containers(Some(all))),
        );
        let about = About::of(&value(version?), &value(info.ok()));
        let list: Vec<Value> = list?.into_iter().map(value).collect();
        let mine = wanted.choose(&list);
        let ids = mine.iter().filter_map(|c| c.get("Id")?.as_str());
        let inspected = join_all(ids.map(|id| {
            limited(SHORT, async move { docker.inspect_container(id, None::<InspectContainerOptions>).await })
        }))
        .await;
        // A container that went away meanwhile is not there.
        let mut containers: Vec<Container> =
            inspected.into_iter().flatten().map(|c| Container::of(&value(c))).collect();
        for container in &mut containers {
            // The list says `Up 4 seconds`, or `Restarting` a moment before: what runs just now and was restarted often will end again.
            let same = |c: &&&Value| c.get("Id").and_then(Value::as_str) == Some(container.id.as_str());
            let said = mine.iter().find(same).and_then(|c| c.get("Status")?.as_str());
            container.state.young =
                said.is_some_and(|s| (s.starts_with("Up") && s.contains("second")) || s.starts_with("Restarting"));
        }
        let networks: BTreeSet<&str> =
            containers.iter().flat_map(|c| c.attached.iter().map(|a| a.network.as_str())).collect();
        let networks = join_all(networks.into_iter().map(|name| {
            limited(SHORT, async move { docker.inspect_network(name, None::<InspectNetworkOptions>).await })
        }))
        .await;
        let networks: Vec<Value> = networks.into_iter().flatten().map(value).collect();
        let images: BTreeSet<&str> = containers.iter().map(|c| c.image_id.as_str()).collect();
        let images = join_all(images.into_iter().map(|id| async move {
            let image = value(limited(SHORT, docker.inspect_image(id)).await.ok()?);
            let lines = image.pointer("/Config/Env").and_then(Value::as_array);
            let lines = lines.into_iter().flatten().filter_map(|v| v.as_str().map(str::to_owned)).collect();
            Some((id.to_owned(), lines))
        }))
        .await;
        let others = list.iter().filter_map(|c| {
            let name = c.pointer("/Names/0")?.as_str()?.trim_start_matches('/').to_owned();
            Some((c.get("Id")?.as_str()?.to_owned(), name))
        });
        Ok(Facts {
            about,
            others: others.collect(),
            networks: networks.iter().map(Network::of).collect(),
            image_environment: images.into_iter().flatten().collect(),
            containers,
        })
    }

    /// Tries the targets of several containers side by side.
    pub fn probe(&self, jobs: &[Job], ladder: Ladder<'_>) -> Vec<Probed> {
        self.runtime.block_on(join_all(jobs.iter().map(|job| self.one(job, ladder))))
    }

    async fn one(&self, job: &Job, ladder: Ladder<'_>) -> Probed {
        let nothing = || Probed { answers: vec![Answer::default(); job.targets.len()], ..Probed::default() };
        let mut out = tokio::time::timeout(PROBE, self.climb(job, ladder.enter)).await.unwrap_or_else(|_| nothing());
        let Some(image) = ladder.helper.filter(|_| !out.answers.iter().all(Answer::settled)) else { return out };
        let name = format!("dockline-helper-{}-{}", std::process::id(), job.id.get(..12).unwrap_or_default());
        match self.lend(image, &name, job).await {
            Ok(()) => {
                let lent = Job { id: name.clone(), ..job.clone() };
                if let Ok((tool, answers)) = tokio::time::timeout(PROBE, self.by_tool(&lent)).await
                    && answers.iter().any(Answer::settled)
                {
                    out = Probed { tool, answers, trouble: None };
                }
            }
            Err(why) => out.trouble = Some(why),
        }
        let force = RemoveContainerOptionsBuilder::default().force(true).build();
        let _ = limited(SHORT, self.docker.remove_container(&name, Some(force))).await;
        out
    }

    /// Starts a helper in a container's network, by an image that is already there: nothing is pulled. It ends by itself, should
    /// nobody remove it.
    async fn lend(&self, image: &str, name: &str, job: &Job) -> Result<(), String> {
        let host = HostConfig {
            network_mode: Some(format!("container:{}", job.id)),
            auto_remove: Some(true),
            cap_drop: Some(vec!["ALL".to_owned()]),
            ..HostConfig::default()
        };
        let body = ContainerCreateBody {
            image: Some(image.to_owned()),
            entrypoint: Some(["sh", "-c"].map(str::to_owned).to_vec()),
            cmd: Some(vec![format!("sleep {}", 2 * PROBE.as_secs())]),
            host_config: Some(host),
            ..ContainerCreateBody::default()
        };
        let named = CreateContainerOptionsBuilder::default().name(name).build();
        limited(SHORT, self.docker.create_container(Some(named), body)).await?;
        limited(SHORT, self.docker.start_container(name, None::<StartContainerOptions>)).await
    }

    /// By a tool that the container's image has.
    async fn by_tool(&self, job: &Job) -> (Option<Tool>, Vec<Answer>) {
        let which = self.run(&job.id, &["sh", "-c", probe::WHICH].map(str::to_owned), &[]).await;
        let tool = which.ok().and_then(|(_, said)| probe::best(&said));
        let mut answers = match tool {
            Some(tool) => self.with(tool, job).await,
            None => Vec::new(),
        };
        answers.resize(job.targets.len(), Answer::default());
        (tool, answers)
    }

    /// Up the ladder: a tool of the image, then dockline itself.
    async fn climb(&self, job: &Job, may_enter: bool) -> Probed {
        let (tool, mut answers) = self.by_tool(job).await;
        if answers.iter().all(Answer::settled) {
            return Probed { tool, answers, trouble: None };
        }
        if may_enter && host::sees(job.pid, &job.hostname) {
            let left: Vec<Target> =
                job.targets.iter().zip(&answers).filter(|(_, a)| !a.settled()).map(|(t, _)| t.clone()).collect();
            let pid = job.pid;
            let entered = tokio::task::spawn_blocking(move || enter(pid, &left)).await;
            if let Ok(Some(found)) = entered {
                let mut found = found.into_iter();
                for answer in answers.iter_mut().filter(|a| !a.settled()) {
                    *answer = found.next().unwrap_or_default();
                }
                return Probed { tool: Some(Tool::Own), answers, trouble: None };
            }
        }
        Probed { tool: tool.filter(|_| answers.iter().any(Answer::settled)), answers, trouble: None }
    }

    async fn with(&self, tool: Tool, job: &Job) -> Vec<Answer> {
        if tool.takes_all() {
            let said = self.run(&job.id, &probe::command(tool, &job.targets), &[]).await.unwrap_or_default().1;
            return probe::read(tool, &job.targets, &said);
        }
        let each = job.targets.iter().map(|target| async move {
            let one = std::slice::from_ref(target);
            let said = self.run(&job.id, &probe::command(tool, one), &[]).await.unwrap_or_default().1;
            probe::read(tool, one, &said).into_iter().next().unwrap_or_default()
        });
        join_all(each).await
    }

    /// The last lines of logs, in the order of the ids; empty where there are none to be had.
    pub fn logs(&self, ids: &[&str], lines: u32) -> Vec<String> {
        let one = |id: &str| {
            let options = LogsOptionsBuilder::default().stdout(true).stderr(true).tail(&lines.to_string()).build();
            let pieces = self.docker.logs(id, Some(options));
            async move {
                let whole = pieces.fold(String::new(), |mut out, piece| async move {
                    if let Ok(piece) = piece {
                        out.push_str(&String::from_utf8_lossy(&piece.into_bytes()));
                    }
                    out
                });
                tokio::time::timeout(SHORT, whole).await.unwrap_or_default()
            }
        };
        self.runtime.block_on(join_all(ids.iter().map(|id| one(id))))
    }

    /// The rows of databases, side by side, in the order of the shelves.
    pub fn stored(&self, shelves: &[Shelf]) -> Vec<Result<Vec<Channel>, String>> {
        self.runtime.block_on(join_all(shelves.iter().map(|shelf| self.read(shelf))))
    }

    async fn read(&self, shelf: &Shelf) -> Result<Vec<Channel>, String> {
        match shelf {
            Shelf::File { container, path, table } => {
                // Only this user may read the folder, which goes away with the value.
                let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
                let copy = folder.path().join("copy");
                limited(COPY, self.copy_database(container, path, &copy)).await?;
                stored::of_file(&copy, table)
            }
            Shelf::Server { container, dialect, login, table } => {
                let (words, variables) = stored::command(*dialect, login, table);
                let (status, said) = limited(SHORT, self.run(container, &words, &variables)).await?;
                match status {
                    Some(0) => Ok(stored::of_client(&said)),
                    _ => Err(said.lines().map(str::trim).rfind(|l| !l.is_empty()).unwrap_or("no answer").to_owned()),
                }
            }
        }
    }

    /// Copies a database file with what stands beside it, as it is at one moment: again where it changed meanwhile.
    async fn copy_database(&self, id: &str, path: &str, to: &Path) -> Result<(), String> {
        for _ in 0..3 {
            let before = self.parts(id, path).await?;
            for (suffix, stat) in stored::PARTS.iter().zip(&before) {
                let target = PathBuf::from(format!("{}{suffix}", to.display()));
                match stat {
                    Some((size, _)) if *size > LARGEST => return Err(format!("{path} is larger than 1 GiB")),
                    Some(_) => self.fetch(id, &format!("{path}{suffix}"), &target).await?,
                    None => drop(std::fs::remove_file(&target)),
                }
            }
            if self.parts(id, path).await? == before {
                return Ok(());
            }
        }
        Err(format!("{path} is being written to"))
    }

    /// Size and time of a database file and of what stands beside it.
    async fn parts(&self, id: &str, path: &str) -> Result<Vec<Option<(i64, Option<String>)>>, String> {
        let mut out = Vec::new();
        for suffix in stored::PARTS {
            let options = ContainerArchiveInfoOptionsBuilder::default().path(&format!("{path}{suffix}")).build();
            match self.docker.get_container_archive_info(id, Some(options)).await {
                Ok(stat) => out.push(Some((stat.size, stat.modification_time))),
                Err(bollard::errors::Error::DockerResponseServerError { status_code: 404, .. }) => {
                    if suffix.is_empty() {
                        return Err(format!("there is no {path} in the container"));
                    }
                    out.push(None);
                }
                Err(e) => return Err(e.to_string()),
            }
        }
        Ok(out)
    }

    /// Copies one file out of a container, running or not.
    async fn fetch(&self, id: &str, path: &str, to: &Path) -> Result<(), String> {
        let options = DownloadFromContainerOptionsBuilder::default().path(path).build();
        let mut pieces = std::pin::pin!(self.docker.download_from_container(id, Some(options)));
        // An archive with this file in it; on disk, as it may be large.
        let mut archive = tempfile::tempfile().map_err(|e| e.to_string())?;
        while let Some(piece) = pieces.next().await {
            archive.write_all(&piece.map_err(|e| e.to_string())?).map_err(|e| e.to_string())?;
        }
        let unpack = |mut archive: std::fs::File| {
            archive.rewind()?;
            let mut archive = tar::Archive::new(archive);
            let mut entry = archive.entries()?.next().ok_or(std::io::ErrorKind::UnexpectedEof)??;
            if !entry.header().entry_type().is_file() {
                return Err(std::io::Error::other(format!("{path} is no file")));
            }
            std::io::copy(&mut entry, &mut std::fs::File::create(to)?).map(drop)
        };
        unpack(archive).map_err(|e| e.to_string())
    }

    /// Runs a command inside a container, with variables of its own (`NAME=value`); answers with its status, if it ended, and with
    /// what it printed.
    async fn run(&self, id: &str, words: &[String], variables: &[String]) -> Result<(Option<i64>, String), String> {
        let exec = CreateExecOptions {
            cmd: Some(words.to_vec()),
            env: Some(variables.to_vec()),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            ..Default::default()
        };
        let made = limited(SHORT, self.docker.create_exec(id, exec)).await?;
        let started = limited(SHORT, self.docker.start_exec(&made.id, None::<StartExecOptions>)).await?;
        let StartExecResults::Attached { mut output, .. } = started else { return Err("not attached".to_owned()) };
        let mut said = Vec::new();
        while let Some(Ok(piece)) = output.next().await {
            let (LogOutput::StdErr { message } | LogOutput::StdOut { message } | LogOutput::Console { message }) =
                piece
            else {
                continue;
            };
            said.extend_from_slice(&message);
            if said.len() > 4 * probe::MOST {
                break;
            }
        }
        let ended = limited(SHORT, self.docker.inspect_exec(&made.id)).await;
        let status = ended.ok().and_then(|e| e.exit_code);
        Ok((status, String::from_utf8_lossy(&said).into_owned()))
    }
}

impl Wanted {
    /// Those of the project's name; where there are none, those that were started from its folder under another name.
    fn choose<'l>(&self, list: &'l [Value]) -> Vec<&'l Value> {
        let label = |c: &Value, name: &str| c.get("Labels")?.get(name)?.as_str().map(str::to_owned);
        let mine: Vec<&Value> = list.iter().filter(|c| self.takes(c)).collect();
        match self {
            Self::Project { dir, .. } if mine.is_empty() => {
                let from =
                    |c: &Value| label(c, "com.docker.compose.project.working_dir").as_deref() == Some(dir.as_str());
                let first = list.iter().find(|c| from(c)).and_then(|c| label(c, "com.docker.compose.project"));
                list.iter().filter(|c| from(c) && label(c, "com.docker.compose.project") == first).collect()
            }
            _ => mine,
        }
    }

    fn takes(&self, container: &Value) -> bool {
        match self {
            Self::Project { name, .. } => {
                let label = container.get("Labels").and_then(|l| l.get("com.docker.compose.project"));
                label.and_then(Value::as_str) == Some(name)
            }
            Self::Named(names) => {
                let own = container.get("Names").and_then(Value::as_array).into_iter().flatten();
                let own: Vec<&str> = own.filter_map(|n| Some(n.as_str()?.trim_start_matches('/'))).collect();
                let id = container.get("Id").and_then(Value::as_str).unwrap_or_default();
                names.iter().any(|n| own.contains(&n.as_str()) || (n.len() >= 6 && id.starts_with(n.as_str())))
            }
        }
    }
}

/// The word by which this program, started in a container's network namespace, knows what to do.
pub const INSIDE: &str = "__probe";

/// This program, to be run in the network namespace of a process.
pub(super) fn entering(pid: u32) -> Option<Command> {
    let program = std::env::current_exe().ok()?;
    let nsenter = ["/usr/bin/nsenter", "/bin/nsenter", "/usr/local/bin/nsenter"].map(PathBuf::from);
    let mut command = Command::new(nsenter.into_iter().find(|p| p.exists())?);
    command.args(["-t", &pid.to_string(), "-n"]).arg(program);
    Some(command)
}

/// Tries targets from the network namespace of a process.
fn enter(pid: u32, targets: &[Target]) -> Option<Vec<Answer>> {
    let mut command = entering(pid)?;
    command.arg(INSIDE).arg(format!("/proc/{pid}/root"));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().ok()?;
    let plan = serde_json::to_string(targets).ok()?;
    // Dropped at once, so that the child sees the end.
    child.stdin.take()?.write_all(plan.as_bytes()).ok()?;
    let done = child.wait_with_output().ok()?;
    let answers: Vec<Answer> = serde_json::from_slice(&done.stdout).ok()?;
    (answers.len() == targets.len()).then_some(answers)
}
