//! The command line as written; turned into plain options by the commands.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Finds out why a container can't reach its model server, and what else is wrong with a Compose stack.
#[derive(Parser, Debug)]
#[command(name = "dockline", version, arg_required_else_help = true, disable_help_subcommand = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
    #[command(flatten)]
    pub global: Global,
}

/// Options that every command takes.
#[derive(Args, Debug, Clone)]
pub struct Global {
    /// Language of the output: en or zh [default: from `DOCKLINE_LANG` or the locale]
    #[arg(long, global = true, value_name = "LANG")]
    pub lang: Option<String>,
    /// When to use colour
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub color: Color,
    /// Run as if started in DIR
    #[arg(short = 'C', global = true, value_name = "DIR")]
    pub chdir: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum, PartialEq, Eq)]
pub enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Subcommand, Debug)]
pub enum Command {
    /// Say what is wrong, where, why and what to type
    Lint(Lint),
    /// Mend it, touching no byte that need not change
    Fix(Fix),
    /// Who reaches whom: every address of every service
    Reach(Reach),
    /// The environment that a service really gets, and where each value came from
    Env(Env),
    /// The resolved project, as `docker compose config` gives it
    Config(Config),
    /// From an error line, a log, a rule or a cause to what it means and what to do
    Explain(Explain),
    /// List all rules
    Rules(Rules),
    /// Print what a shell needs to complete command lines
    Completions(Completions),
    /// Print the manual page, or write the pages of all commands
    Man(Man),
    /// Make a new project: stacks that start, and reach their model server
    New(New),
    /// Put stacks into a project that is there, changing none of its lines
    Add(Add),
    /// Ask the running containers: which address fails, in which layer, and what to type
    Doctor(Doctor),
}

/// Which project, with Compose's meaning.
#[derive(Args, Debug, Clone, Default)]
#[command(next_help_heading = "Project")]
pub struct Project {
    /// Compose file (repeatable)
    #[arg(short, long = "file", value_name = "FILE")]
    pub file: Vec<PathBuf>,
    /// Env file instead of .env (repeatable)
    #[arg(long, value_name = "FILE")]
    pub env_file: Vec<PathBuf>,
    /// Profile to enable (repeatable; * for all)
    #[arg(long, value_name = "NAME")]
    pub profile: Vec<String>,
    /// Directory that relative paths start from
    #[arg(long, value_name = "DIR")]
    pub project_directory: Option<PathBuf>,
    #[command(flatten)]
    pub host: Host,
}

/// What is known of the machine that the stack runs on.
#[derive(Args, Debug, Clone, Default)]
#[command(next_help_heading = "Host")]
pub struct Host {
    /// any, linux, docker-desktop, rootless, podman, wsl2, colima, orbstack or swarm [default: any]
    #[arg(long, value_name = "PLATFORM")]
    pub platform: Option<String>,
    /// A process of the host that listens there, such as 127.0.0.1:11434 or *:1234 (repeatable)
    #[arg(long, value_name = "ADDR:PORT")]
    pub host_listener: Vec<String>,
    /// An address that is the host's own (repeatable)
    #[arg(long, value_name = "ADDR")]
    pub host_address: Vec<String>,
    /// What the host's firewall does with new connections from containers: drop or allow
    #[arg(long, value_name = "ACTION")]
    pub host_firewall: Option<String>,
    /// Configuration file [default: the nearest dockline.toml upward]
    #[arg(long, value_name = "FILE", conflicts_with = "isolated")]
    pub config: Option<PathBuf>,
    /// Read no configuration file
    #[arg(long)]
    pub isolated: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum, PartialEq, Eq)]
pub enum LintFormat {
    Human,
    Concise,
    Json,
    /// SARIF 2.1.0
    Sarif,
    /// Annotations of GitHub Actions
    Github,
    /// Code quality of GitLab
    Gitlab,
    Junit,
    /// For reviewdog
    Rdjson,
}

#[derive(Clone, Copy, Debug, ValueEnum, PartialEq, Eq)]
pub enum DataFormat {
    Human,
    Json,
}

#[derive(Clone, Copy, Debug, ValueEnum, PartialEq, Eq)]
pub enum DoctorFormat {
    Human,
    Json,
    Html,
}

#[derive(Clone, Copy, Debug, ValueEnum, PartialEq, Eq)]
pub enum ReachFormat {
    Human,
    Json,
    Mermaid,
    Html,
}

#[derive(Clone, Copy, Debug, ValueEnum, PartialEq, Eq)]
pub enum FailOn {
    Error,
    Warning,
    Info,
    Never,
}

/// Which rules run.
#[derive(Args, Debug, Default)]
pub struct RuleChoice {
    /// Sets of rules to run: default, hardening, style or all
    #[arg(long, value_name = "SET", value_delimiter = ',')]
    pub rules: Vec<String>,
    /// Only these rules or categories (repeatable, commas allowed)
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub select: Vec<String>,
    /// Leave out these rules or categories
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub ignore: Vec<String>,
}

#[derive(Args, Debug)]
pub struct Lint {
    /// Directories, Compose files or env files [default: what `docker compose` would load here]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Every Compose file below the paths
    #[arg(short, long)]
    pub recursive: bool,
    #[arg(long, value_enum, default_value_t = LintFormat::Human, value_name = "FORMAT")]
    /// Output format
    pub format: LintFormat,
    /// Write to FILE instead of standard output; FORMAT=FILE writes another format besides (repeatable)
    #[arg(short, long, value_name = "FILE")]
    pub output: Vec<String>,
    /// Least severity that makes the exit status 1 [default: warning]
    #[arg(long, value_enum, value_name = "SEVERITY")]
    pub fail_on: Option<FailOn>,
    #[command(flatten)]
    pub choice: RuleChoice,
    /// Exit 1 also for what could not be judged
    #[arg(long)]
    pub strict: bool,
    /// Leave out what FILE says is known already [default: what dockline.toml names]
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// Write what is found to the baseline file, and exit 0
    #[arg(long)]
    pub write_baseline: bool,
    /// Heed no comment and no entry that asks to ignore something
    #[arg(long)]
    pub no_ignores: bool,
    /// Leave out what dockline.toml excludes also where it is given as PATH
    #[arg(long)]
    pub force_exclude: bool,
    #[command(flatten)]
    pub project: Project,
}

#[derive(Args, Debug)]
pub struct Fix {
    /// Directories, Compose files or env files
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// How loopback and missing-mapping addresses are mended: auto, service, host-gateway, host-network or lan-ip
    #[arg(long, value_name = "STRATEGY", default_value = "auto")]
    pub to: String,
    /// The host's LAN address, for --to lan-ip
    #[arg(long, value_name = "ADDR")]
    pub lan_ip: Option<String>,
    /// Point a variable at a server: [SERVICE.]VARIABLE=host:11434/v1 (repeatable)
    #[arg(long, value_name = "SETTING")]
    pub set: Vec<String>,
    /// Print the changes as a patch and write nothing
    #[arg(long)]
    pub diff: bool,
    /// Make fixes too that need a person's choice
    #[arg(long = "unsafe")]
    pub unsafe_fixes: bool,
    /// Leave the base files alone: write to the override file
    #[arg(long = "override")]
    pub override_file: bool,
    /// Every Compose file below the paths
    #[arg(short, long)]
    pub recursive: bool,
    /// Leave out what dockline.toml excludes also where it is given as PATH
    #[arg(long)]
    pub force_exclude: bool,
    /// Output format
    #[arg(long, value_enum, default_value_t = DataFormat::Human, value_name = "FORMAT")]
    pub format: DataFormat,
    /// Least severity of what is left that makes the exit status 1 [default: warning]
    #[arg(long, value_enum, value_name = "SEVERITY")]
    pub fail_on: Option<FailOn>,
    #[command(flatten)]
    pub choice: RuleChoice,
    #[command(flatten)]
    pub project: Project,
}

#[derive(Args, Debug)]
pub struct Reach {
    /// Directory or Compose file
    #[arg(value_name = "PATH")]
    pub path: Option<PathBuf>,
    /// The service that asks
    #[arg(long, value_name = "SERVICE", requires = "to")]
    pub from: Option<String>,
    /// What it wants to reach: host:11434, SERVICE[:PORT] or a URL
    #[arg(long, value_name = "TARGET", requires = "from")]
    pub to: Option<String>,
    /// Exit 1 when an address is broken
    #[arg(long)]
    pub fail_on_broken: bool,
    /// Output format
    #[arg(long, value_enum, default_value_t = ReachFormat::Human, value_name = "FORMAT")]
    pub format: ReachFormat,
    #[command(flatten)]
    pub project: Project,
}

#[derive(Args, Debug)]
pub struct Env {
    /// [PATH] [SERVICE [VARIABLE]]: a first word that is `.`, has a / or is a directory is a path
    #[arg(value_name = "SERVICE", num_args = 0..=3)]
    pub words: Vec<String>,
    /// Show credentials too
    #[arg(long)]
    pub show_secrets: bool,
    /// Output format
    #[arg(long, value_enum, default_value_t = DataFormat::Human, value_name = "FORMAT")]
    pub format: DataFormat,
    #[command(flatten)]
    pub project: Project,
}

#[derive(Clone, Copy, Debug, ValueEnum, PartialEq, Eq)]
pub enum ConfigFormat {
    Yaml,
    Json,
}

#[derive(Args, Debug)]
pub struct Config {
    /// Directory or Compose file
    #[arg(value_name = "PATH")]
    pub path: Option<PathBuf>,
    /// Show where each value came from, not the values
    #[arg(long)]
    pub origins: bool,
    /// Output format
    #[arg(long, value_enum, default_value_t = ConfigFormat::Yaml, value_name = "FORMAT")]
    pub format: ConfigFormat,
    #[command(flatten)]
    pub project: Project,
}

#[derive(Args, Debug)]
pub struct Explain {
    /// An error line, a rule, a cause, or - to read a log from standard input
    #[arg(value_name = "TEXT", required = true)]
    pub text: Vec<String>,
    /// Output format
    #[arg(long, value_enum, default_value_t = DataFormat::Human, value_name = "FORMAT")]
    pub format: DataFormat,
    #[command(flatten)]
    pub project: Project,
}

#[derive(Args, Debug)]
pub struct Rules {
    /// Output format
    #[arg(long, value_enum, default_value_t = DataFormat::Human, value_name = "FORMAT")]
    pub format: DataFormat,
}

#[derive(Args, Debug)]
pub struct Completions {
    /// The shell that is to complete
    pub shell: clap_complete::Shell,
}

#[derive(Args, Debug)]
pub struct Man {
    /// Directory to write the pages into
    #[arg(value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub struct New {
    /// STACK... [DIR], or ollama-host [DIR]; without any it asks
    #[arg(value_name = "STACK")]
    pub words: Vec<PathBuf>,
    #[command(flatten)]
    pub wish: Wish,
    /// Where it runs: any, linux, docker-desktop, rootless, podman, wsl2, colima, orbstack or swarm [default: any]
    #[arg(long, value_name = "PLATFORM")]
    pub platform: Option<String>,
    /// What runs it: compose or swarm [default: compose]
    #[arg(long, value_name = "ENGINE", conflicts_with = "onto")]
    pub engine: Option<String>,
    /// Name of the project [default: that of its folder]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Print what would be written, and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Overwrite files that are there; passwords stay
    #[arg(long)]
    pub force: bool,
    /// Take over a project that is there, such as a checkout of Dify or One-API: an override file and lines of .env, no other file
    #[arg(long, value_name = "DIR", conflicts_with_all = ["force", "name"])]
    pub onto: Option<PathBuf>,
    /// List the stacks and their choices
    #[arg(long)]
    pub list: bool,
    #[command(flatten)]
    pub host: HostSide,
}

/// For `dockline new ollama-host [DIR]`: files that open an Ollama on this machine to containers and others.
#[derive(Args, Debug, Clone, Default)]
#[command(next_help_heading = "dockline new ollama-host")]
pub struct HostSide {
    /// Where Ollama is reached: all, forwarder[=ADDR], docker0[=ADDR] or an address [default: all]
    #[arg(long, value_name = "WAY")]
    pub bind: Option<String>,
    /// Network whose containers get in [default: 172.16.0.0/12] (repeatable)
    #[arg(long, value_name = "SUBNET")]
    pub subnet: Vec<String>,
    /// What the proxy asks for: bearer or basic [default: bearer]
    #[arg(long, value_name = "KIND")]
    pub auth: Option<String>,
    /// Page that may call from a browser: its origin, with scheme and port (repeatable)
    #[arg(long, value_name = "ORIGIN")]
    pub origin: Vec<String>,
}

impl HostSide {
    pub fn is_given(&self) -> bool {
        self.bind.is_some() || !self.subnet.is_empty() || self.auth.is_some() || !self.origin.is_empty()
    }
}

#[derive(Args, Debug)]
pub struct Add {
    /// STACK... [DIR]
    #[arg(value_name = "STACK", required = true)]
    pub words: Vec<PathBuf>,
    #[command(flatten)]
    pub wish: Wish,
    /// Print the changes as a patch and write nothing
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub project: Project,
}

/// What the stacks are to be like.
#[derive(Args, Debug, Clone, Default)]
pub struct Wish {
    /// Model server: ollama, vllm, lm-studio, localai, llama-cpp, model-runner or openai [default: ollama]
    #[arg(long, value_name = "PROVIDER")]
    pub provider: Option<String>,
    /// Where it runs and how it is reached: service, host-gateway, host-network or lan-ip
    #[arg(long, value_name = "STRATEGY")]
    pub net: Option<String>,
    /// Address of the machine with the model server, for --net lan-ip
    #[arg(long, value_name = "ADDR")]
    pub lan_ip: Option<String>,
    /// A choice of a stack: [STACK.]CHOICE=VALUE (repeatable)
    #[arg(long = "with", value_name = "CHOICE")]
    pub with: Vec<String>,
    /// Another port on the host: STACK=PORT (repeatable)
    #[arg(long, value_name = "STACK=PORT")]
    pub port: Vec<String>,
    /// Address on which the pages are published [default: 127.0.0.1]
    #[arg(long, value_name = "ADDR")]
    pub publish: Option<String>,
    /// Give the model server the graphics cards: nvidia or amd
    #[arg(long, value_name = "VENDOR")]
    pub gpu: Option<String>,
    /// Pull images from a mirror: of all registries (PREFIX/docker.io/ollama/ollama), or of one (docker.io=PREFIX)
    #[arg(long, value_name = "PREFIX")]
    pub registry: Option<String>,
}

#[derive(Args, Debug)]
pub struct Doctor {
    /// Directory or Compose file
    #[arg(value_name = "PATH")]
    pub path: Option<PathBuf>,
    /// A container, whoever started it, instead of a project (repeatable)
    #[arg(long, value_name = "NAME", conflicts_with_all = ["path", "file", "project_name"])]
    pub container: Vec<String>,
    /// The name that the project runs under [default: as Compose would name it]
    #[arg(short = 'p', long, value_name = "NAME")]
    pub project_name: Option<String>,
    /// Output format
    #[arg(long, value_enum, default_value_t = DoctorFormat::Human, value_name = "FORMAT")]
    pub format: DoctorFormat,
    /// Also write a bundle for asking others for help, with secrets taken out [default file: dockline-report.md]
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "dockline-report.md")]
    pub report: Option<PathBuf>,
    /// Least severity that makes the exit status 1 [default: warning]
    #[arg(long, value_enum, value_name = "SEVERITY")]
    pub fail_on: Option<FailOn>,
    /// Exit 1 also for what could not be judged
    #[arg(long)]
    pub strict: bool,
    /// Where nothing else can ask from inside a container: start a helper of this image in its network, and remove it. The image
    /// must be there already, with sh and curl, wget, nc or python3
    #[arg(long, value_name = "IMAGE")]
    pub helper: Option<String>,
    /// Ask this model for a few words on each way to it: times, and whether a proxy holds the stream back (loads the model)
    #[arg(long, value_name = "MODEL")]
    pub warm: Option<String>,
    /// Ask that model so many times at once: who turns requests away (429, 503)?
    #[arg(long, value_name = "N", requires = "warm", value_parser = clap::value_parser!(u16).range(2..=64))]
    pub load: Option<u16>,
    #[command(flatten)]
    pub project: Project,
}
