//! `dockline man [DIR]`

use std::fmt::Write as _;
use std::path::Path;

use super::args::Man;
use super::help;
use super::session::{self, Failure, Session};
use crate::diag::{Lang, Text};
use crate::text;

/// The headings that the generator writes, and what a Chinese manual page calls them.
const HEADINGS: &[(&str, &str)] = &[
    ("NAME", "名称"),
    ("SYNOPSIS", "概要"),
    ("DESCRIPTION", "描述"),
    ("OPTIONS", "选项"),
    ("SUBCOMMANDS", "命令"),
    ("VERSION", "版本"),
];

pub(super) fn run(session: &Session, args: &Man) -> Result<u8, Failure> {
    let pages = pages(session.lang);
    let Some(dir) = &args.dir else {
        session::print(pages.first().map_or("", |(_, page)| page));
        return Ok(session::OK);
    };
    std::fs::create_dir_all(dir).map_err(|error| unwritten(dir, &error))?;
    for (name, page) in pages {
        let path = dir.join(name);
        std::fs::write(&path, page).map_err(|error| unwritten(&path, &error))?;
        session::print(&format!("{}\n", path.display()));
    }
    Ok(session::OK)
}

fn unwritten(path: &Path, error: &std::io::Error) -> Failure {
    let name = path.display();
    Failure::new(text!("can't write {name}: {error}", "无法写入 {name}：{error}"))
}

/// File names and pages: the program's, then one for each command.
fn pages(lang: Lang) -> Vec<(String, String)> {
    let mut command = help::command(lang);
    command.build();
    let commands: Vec<clap::Command> =
        std::iter::once(&command).chain(command.get_subcommands()).map(Clone::clone).collect();
    commands.into_iter().enumerate().map(|(at, command)| page(command, at == 0, lang)).collect()
}

fn page(command: clap::Command, first: bool, lang: Lang) -> (String, String) {
    let man = clap_mangen::Man::new(command);
    let mut bytes = Vec::new();
    // A vector takes all that is written to it.
    let _ = man.render(&mut bytes);
    let mut page = String::from_utf8_lossy(&bytes).into_owned();
    if lang == Lang::Zh {
        for (en, zh) in HEADINGS {
            page = page.replace(&format!("\n.SH {en}\n"), &format!("\n.SH {zh}\n"));
        }
    }
    // Stretched blanks and hyphens inside option names read badly, in Chinese most of all.
    page = page.replacen("\n.SH ", "\n.ad l\n.nh\n.SH ", 1);
    let (title, body) = closing(first);
    let _ = writeln!(page, ".SH {}\n{}", title.get(lang), body.get(lang));
    (man.get_filename(), page)
}

/// The last section: what the exit status says, or where it is said.
fn closing(first: bool) -> (Text, Text) {
    if first {
        (
            text!("\"EXIT STATUS\"", "退出状态"),
            text!(
                "0: nothing at or above the severity that was asked for. 1: findings or, with fix, something left. 2: the run itself failed.",
                "0：没有达到所要求级别的问题。1：有问题（fix 则表示还有没修的）。2：运行本身失败。"
            ),
        )
    } else {
        (text!("\"SEE ALSO\"", "另见"), Text::same("dockline(1)".to_owned()))
    }
}
