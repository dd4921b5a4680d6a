//! `.env` files, templates and scalars as Compose reads them. The expected values were measured with docker-compose 2.40.3.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod common;

use common::{folder, run};

/// What a service gets for `V`; `None` where the project is rejected, `Some(None)` where it is set without a value.
fn value(compose: &str, env: Option<&str>) -> Option<Option<String>> {
    let mut files = vec![("compose.yaml", compose)];
    files.extend(env.map(|text| (".env", text)));
    let dir = folder(&files);
    let said = run(dir.path(), &["env", "--format", "json", "--show-secrets"]);
    if said.status != 0 {
        return None;
    }
    let found = said.json();
    let value = &found["services"]["a"]["V"]["value"];
    Some(value.as_str().map(str::to_owned))
}

fn text(value: &str) -> Option<Option<String>> {
    Some(Some(value.to_owned()))
}

#[test]
fn env_files_are_read_as_compose_does() {
    let compose = "services:\n  a:\n    image: x:1\n    environment:\n      V: ${A}\n";
    for (env, wanted) in [
        ("A=1", text("1")),
        ("A = 1 ", text("1")),
        ("A: http://h:1/p", text("http://h:1/p")),
        ("A=a b c", text("a b c")),
        ("A=it's", text("it's")),
        ("A=1 # c", text("1")),
        ("A=1#c", text("1#c")),
        ("A= #c", text("#c")),
        ("A=\"1\"x", text("1")),
        ("A='it\\'s'", text("it's")),
        ("A='$B'", text("$B")),
        ("A=\"two\nlines\"", text("two\nlines")),
        ("A=\"a\\nb\"", text("a\nb")),
        ("export A=1", text("1")),
        ("A=1\nA=2", text("2")),
        ("B=1\nA=${B}2", text("12")),
        ("A=${B:-d}", text("d")),
        ("A=p@ss$word", text("p@ss")),
        ("A=$$", text("$")),
        ("A=\r\n", text("")),
        ("\u{feff}A=1", text("1")),
        ("set A=1", None),
        ("A/B=1", None),
        ("A=${B:?gone}", None),
        ("A=\"open", None),
    ] {
        assert_eq!(value(compose, Some(env)), wanted, "{env:?}");
    }
}

#[test]
fn templates_are_filled_as_compose_does() {
    for (template, wanted) in [
        ("${S}", text("set")),
        ("$S-x", text("set-x")),
        ("${E:-d}", text("d")),
        ("${E-d}", text("")),
        ("${U-d}", text("d")),
        ("${S:+alt}", text("alt")),
        ("${U:+alt}", text("")),
        ("${E+alt}", text("alt")),
        ("${U:-${S}}", text("set")),
        ("${U:-a}b}", text("ab}")),
        ("$$S", text("$S")),
        ("$1 $(x) $.", text("$1 $(x) $.")),
        ("a$", text("a$")),
        ("${S:?must}", text("set")),
        ("${E:?must}", None),
        ("${E?must}", text("")),
        ("${S:-${U:?eager}}", None),
        ("${}", None),
        ("${A.B}", None),
        ("${S", None),
    ] {
        let compose = format!("services:\n  a:\n    image: x:1\n    environment:\n      V: '{template}'\n");
        assert_eq!(value(&compose, Some("S=set\nE=\n")), wanted, "{template}");
    }
}

#[test]
fn scalars_are_read_as_compose_does() {
    for (written, wanted) in [
        ("yes", text("yes")),
        ("true", text("true")),
        ("True", text("true")),
        ("~", Some(None)),
        ("", Some(None)),
        ("010", text("8")),
        ("0o14", text("12")),
        ("08", text("8")),
        ("1_000", text("1000")),
        ("1.10", text("1.1")),
        ("1e3", text("1000")),
        ("22:22", text("22:22")),
        (".inf", text("+Inf")),
        ("0x1F", text("31")),
        ("'010'", text("010")),
        ("\"a\\tb\"", text("a\tb")),
        ("!!str 5", text("5")),
        ("2001-12-14", None),
        ("[1]", None),
        ("{a: b}", None),
    ] {
        let compose = format!("services:\n  a:\n    image: x:1\n    environment:\n      V: {written}\n");
        assert_eq!(value(&compose, None), wanted, "{written:?}");
    }
}

#[test]
fn the_shell_beats_the_env_file_and_environment_beats_env_file() {
    let dir = folder(&[
        (
            "compose.yaml",
            "services:\n  a:\n    image: x:1\n    env_file: a.env\n    environment:\n      V: ${X}\n      W:\n",
        ),
        (".env", "X=file\nW=project\n"),
        ("a.env", "V=service\nY=only\nW=service\n"),
    ]);
    let mut command = common::command(dir.path(), &["env", "--format", "json"]);
    command.env("X", "shell");
    let found = common::finish(command).json();
    let get = |key: &str| found["services"]["a"][key]["value"].as_str().unwrap().to_owned();
    assert_eq!((get("V"), get("Y"), get("W")), ("shell".to_owned(), "only".to_owned(), "project".to_owned()));
}
