//! What other programs read of the project: completion scripts, manual pages, the pre-commit hooks. `.ci/integrations` runs the hooks,
//! the action, the job and the image for real.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

mod common;

use std::collections::BTreeSet;
use std::process::{Command, Stdio};

use clap::CommandFactory as _;
use common::{finish, folder, root, run, skipped};

fn read(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap()
}

const DOCS: [&str; 2] = ["docs/integrations.md", "docs/integrations.zh-CN.md"];

fn commands() -> Vec<String> {
    dockline::cli::args::Cli::command().get_subcommands().map(|c| c.get_name().to_owned()).collect()
}

fn there(program: &str) -> bool {
    let there = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if !there {
        skipped(&format!("no {program}"));
    }
    there
}

#[test]
fn every_shell_has_a_script_that_knows_every_command() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        for lang in ["en", "zh"] {
            let said = run(&root(), &["completions", shell, "--lang", lang]);
            assert_eq!((said.status, said.err.as_str()), (0, ""), "{shell}");
            for command in commands() {
                assert!(said.out.contains(&command), "{shell} ({lang}) does not know {command}");
            }
            // The generator gives these two no values of options.
            let values = !["elvish", "powershell"].contains(&shell);
            assert!(!values || said.out.contains("loopback-url"), "{shell} ({lang}) does not know the rules");
        }
    }
    let said = run(&root(), &["completions", "tcsh"]);
    assert_eq!(said.status, 2);
}

#[test]
fn bash_completes() {
    if !there("bash") {
        return;
    }
    let dir = folder(&[("complete", &run(&root(), &["completions", "bash"]).out)]);
    let offered = |words: &[&str]| {
        let script = "source ./complete; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); _dockline dockline \"${@: -1}\" \"${@: -2:1}\"; echo \"${COMPREPLY[*]}\"";
        let mut command = Command::new("bash");
        command.args(["--noprofile", "--norc", "-c", script, "bash"]).args(words).current_dir(dir.path());
        finish(command).out.trim().to_owned()
    };
    assert_eq!(offered(&["dockline", "comp"]), "completions");
    assert_eq!(offered(&["dockline", "lint", "--recurs"]), "--recursive");
    assert_eq!(offered(&["dockline", "lint", "--format", "s"]), "sarif");
    assert_eq!(offered(&["dockline", "lint", "--rules", "hard"]), "hardening");
    assert_eq!(offered(&["dockline", "lint", "--select", "loopback-u"]), "loopback-url");
    assert_eq!(offered(&["dockline", "fix", "--to", "host-"]), "host-gateway host-network");
    assert_eq!(offered(&["dockline", "reach", "--platform", "pod"]), "podman");
}

#[test]
fn every_command_has_a_manual_page() {
    let mut wanted: BTreeSet<String> = commands().iter().map(|c| format!("dockline-{c}.1")).collect();
    wanted.insert("dockline.1".to_owned());
    let groff = there("groff");
    for (lang, name, commands, status) in
        [("en", "NAME", "SUBCOMMANDS", "EXIT STATUS"), ("zh", "名称", "命令", "退出状态")]
    {
        let dir = folder(&[]);
        let said = run(dir.path(), &["man", "share/man1", "--lang", lang]);
        assert_eq!(said.status, 0, "{}", said.err);
        let files = std::fs::read_dir(dir.path().join("share/man1")).unwrap();
        let files: BTreeSet<String> = files.map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect();
        assert_eq!(files, wanted);
        assert_eq!(said.out.lines().count(), wanted.len());
        let first = std::fs::read_to_string(dir.path().join("share/man1/dockline.1")).unwrap();
        assert_eq!(first, run(dir.path(), &["man", "--lang", lang]).out);
        for heading in [name, commands, status] {
            assert!(first.contains(heading), "no {heading} in:\n{first}");
        }
        let headings =
            |page: &str| page.lines().filter(|l| l.starts_with(".SH ")).map(str::to_owned).collect::<Vec<_>>();
        for file in &files {
            let path = dir.path().join("share/man1").join(file);
            for heading in headings(&std::fs::read_to_string(&path).unwrap()) {
                let latin = heading.trim_start_matches(".SH ").is_ascii();
                assert_eq!(latin, lang == "en", "{file} ({lang}): {heading}");
            }
            if groff {
                let mut command = Command::new("groff");
                command.args(["-k", "-Kutf8", "-man", "-Tutf8", "-ww", "-Wbreak"]).arg(&path);
                let shown = finish(command);
                assert_eq!((shown.status, shown.err.as_str()), (0, ""), "{file} ({lang})");
                assert!(shown.out.contains("dockline"), "{file} ({lang}): {}", shown.out);
            }
        }
    }
    let said = run(&root(), &["man", "Cargo.toml"]);
    assert_eq!(said.status, 2);
    assert!(said.err.contains("can't write Cargo.toml"), "{}", said.err);
}

#[test]
fn the_tables_of_commands_are_whole() {
    for page in ["README.md", "README.zh-CN.md"] {
        let text = read(page);
        for command in commands() {
            let row = [format!("| `{command}`"), format!("| `{command} ")];
            assert!(text.lines().any(|l| row.iter().any(|r| l.starts_with(r))), "{page} has no row for {command}");
        }
    }
    let text = read("docs/commands.md");
    for command in commands() {
        assert!(text.contains(&format!("`{command}`")) || text.contains(&format!("## {command}")), "no {command}");
    }
}

#[test]
fn the_hooks_take_compose_and_env_files() {
    let hooks = read(".pre-commit-hooks.yaml");
    assert_eq!(hooks, read("integrations/pre-commit/.pre-commit-hooks.yaml"), "the two lists of hooks differ");
    let patterns: BTreeSet<&str> = hooks.lines().filter_map(|l| l.trim().strip_prefix("files: ")).collect();
    assert_eq!(patterns.len(), 1, "{patterns:?}");
    let pattern = patterns.first().unwrap();
    for page in DOCS {
        assert!(read(page).contains(&format!("files: {pattern}\n")), "{page} shows another pattern");
    }
    let pattern = regex_lite::Regex::new(pattern).unwrap();
    for name in [
        "compose.yaml",
        "deploy/compose.yml",
        "docker-compose.yml",
        "docker-compose.yaml",
        "compose.override.yaml",
        "compose.prod.yaml",
        "docker-compose.prod.yml",
        "docker-compose-dev.yml",
        "docker-compose_gpu.yml",
        "a/b.docker-compose.yml",
        ".env",
        "deploy/.env",
        ".env.local",
        ".env.example",
        "config/stack.env",
    ] {
        assert!(pattern.is_match(name), "the hooks leave out {name}");
    }
    for name in [
        "composer.json",
        "composer.yml",
        "decompose.yaml",
        "docker-compose.yml.j2",
        "environment",
        ".envrc",
        "README.md",
        "k8s.yaml",
    ] {
        assert!(!pattern.is_match(name), "the hooks take {name}");
    }
}

#[test]
fn everything_installs_this_version() {
    let version = env!("CARGO_PKG_VERSION");
    let mut pages = vec!["integrations/pre-commit/pyproject.toml", "integrations/gitlab-ci.yml"];
    pages.extend(["docs/integrations.md", "docs/integrations.zh-CN.md"]);
    for page in pages {
        let text = read(page);
        let named: Vec<&str> = text
            .split("dockline==")
            .skip(1)
            .map(|rest| rest.split(|c: char| c != '.' && !c.is_ascii_digit()).next().unwrap())
            .filter(|v| !v.is_empty())
            .collect();
        assert!(named.iter().all(|v| *v == version), "{page} names {named:?}, not {version}");
    }
    assert!(read("integrations/pre-commit/pyproject.toml").contains(&format!("\"dockline=={version}\"")));
    assert!(read("integrations/gitlab-ci.yml").contains(&format!("default: \"{version}\"")));
}

/// What `--format concise` prints of a shipped example, in both languages.
fn concise() -> [String; 2] {
    ["en", "zh"].map(|lang| {
        let said = run(&root().join("fixtures/seeds/one-api"), &["lint", "--format", "concise", "--lang", lang]).out;
        assert_eq!(said.lines().count(), 2);
        said
    })
}

#[test]
fn the_problem_matcher_matches() {
    let [page, chinese] = DOCS.map(read);
    let regexp = |page: &str| {
        let json = page.split("```json\n").nth(1).unwrap().split("```").next().unwrap();
        let task: serde_json::Value = serde_json::from_str(json).unwrap();
        task.pointer("/tasks/0/problemMatcher/pattern/regexp").unwrap().as_str().unwrap().to_owned()
    };
    assert_eq!(regexp(&page), regexp(&chinese));
    let regexp = regex_lite::Regex::new(&regexp(&page)).unwrap();
    for line in concise().concat().lines() {
        let found = regexp.captures(line).unwrap_or_else(|| panic!("not matched: {line}"));
        let part = |n: usize| found.get(n).unwrap().as_str();
        assert_eq!([part(1), part(3), part(4), part(5)], ["compose.yaml", "26", "error", "loopback-url"]);
        assert!(part(6).starts_with("`lobe-chat`"), "{line}");
    }
}

#[test]
fn the_errorformat_of_vim_matches() {
    if !there("vim") {
        return;
    }
    for page in DOCS.map(read) {
        let set = page.lines().find(|l| l.starts_with("set errorformat=")).unwrap();
        for said in concise() {
            let script = format!(
                "{set}\ncgetfile said\ncall writefile(map(getqflist(), 'join([bufname(v:val.bufnr), v:val.lnum, v:val.col, v:val.type, v:val.valid])'), 'list')\nqa!\n"
            );
            let dir = folder(&[("said", &said), ("script", &script)]);
            let mut command = Command::new("vim");
            command.args(["-es", "-u", "NONE", "-S", "script"]).current_dir(dir.path()).stdin(Stdio::null());
            finish(command);
            let list = std::fs::read_to_string(dir.path().join("list")).unwrap();
            assert_eq!(list, "compose.yaml 26 26 e 1\ncompose.yaml 27 26 e 1\n");
        }
    }
}
