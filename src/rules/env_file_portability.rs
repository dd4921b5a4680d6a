use std::collections::BTreeMap;

use foldhash::HashMap;

use crate::diag::{Category, Severity};
use crate::dotenv::EnvText;
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::source::Files;
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "env-file-portability",
    category: Category::Env,
    set: RuleSet::Style,
    causes: &[],
    severity: Severity::Info,
    fix: FixKind::Never,
    since: "0.1.0",
    title: Words {
        en: "An env file means something else to other programs",
        zh: "同一个 env 文件，别的程序读出来不一样",
    },
    doc: Words {
        en: "\
There is no standard for `.env`. Compose takes `NAME=a b`, expands `${A:-b}`, cuts off ` # comment` and joins lines inside quotes; a shell that
sources the file, Docker's own `--env-file`, and the readers of Rust, Node and Python each do part of that differently. A file that a program
outside Compose reads too should say only what all of them take alike: put values with blanks, `#`, `$` or quotes into single quotes, a line each,
and leave operators such as `:-` to the Compose file.

Measured against dotenvy, the reader of the Rust world, which stands for the others: the finding shows the first line that the two read
differently.",
        zh: "\
`.env` 没有统一标准。Compose 接受 `NAME=a b`，会展开 `${A:-b}`，会去掉 ` # 注释`，引号里的换行会接起来；用 shell 去 source、用 Docker 自己的 `--env-file`、
用 Rust、Node、Python 的读取库，都有一部分不一样。如果 Compose 之外的程序也读这个文件，就只写大家都读得一样的：含空格、`#`、`$`、引号的值放进单引号，一行一个；
`:-` 这类运算符留在 Compose 文件里。

判断依据是 Rust 的 dotenvy，由它代表其他读取库：这里指出两边读法不同的第一行。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let project = cx.project();
    let mut files: Vec<_> = project.env_texts.values().filter(|text| text.fault.is_none()).cloned().collect();
    files.sort_by_key(|text| text.file);
    for text in files {
        let differing = differing(cx.files, &text);
        let Some((index, theirs)) = differing.iter().next() else { continue };
        let Some(line) = text.lines.get(*index) else { continue };
        let key = &line.key;
        let name = &cx.files.get(text.file).name;
        let message = match theirs {
            Theirs::Refused => text!(
                "other readers refuse `{key}` in {name}, and with it the whole file",
                "别的读取库不接受 {name} 里的 `{key}`，整个文件都会读不进去"
            ),
            Theirs::Otherwise => text!(
                "other readers take another value for `{key}` from {name}",
                "别的读取库从 {name} 读到的 `{key}` 是另一个值"
            ),
        };
        let mut finding = cx.finding(line.key_span, key.to_string(), message);
        let more = differing.len() - 1;
        if more > 0 {
            finding.label = text!("and {more} more lines", "另外还有 {more} 行");
        }
        finding.help.push(text!(
            "if another program reads this file too, put the value into single quotes: {key}='...'",
            "如果还有别的程序读这个文件，请给值加上单引号：{key}='...'"
        ));
        cx.report(finding);
    }
}

/// What the other reader makes of a line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Theirs {
    Refused,
    Otherwise,
}

/// The lines, by index, that dotenvy reads otherwise than Compose.
fn differing(files: &Files, text: &EnvText) -> BTreeMap<usize, Theirs> {
    let mut out = BTreeMap::new();
    let source = &files.get(text.file).text;
    let mut theirs: HashMap<String, String> = HashMap::default();
    let mut at = 0;
    for entry in dotenvy::from_read_iter(source.trim_start_matches('\u{feff}').as_bytes()) {
        match entry {
            Ok((key, value)) => {
                let found = text.lines.iter().skip(at).position(|l| *l.key == *key);
                at += found.map_or(0, |step| step + 1);
                theirs.insert(key, value);
            }
            // It goes on behind a line that it refuses.
            Err(dotenvy::Error::LineParse(..)) => {
                if at < text.lines.len() {
                    out.insert(at, Theirs::Refused);
                }
                at += 1;
            }
            Err(_) => return out,
        }
    }
    for (index, line) in text.lines.iter().enumerate() {
        let Some(value) = &line.value else { continue };
        // What stands in for a variable depends on who asks; operators are Compose's own.
        let plain = !line.expands || !value.text.contains('$');
        let last = text.lines.iter().rposition(|l| l.key == line.key) == Some(index);
        if plain && last && theirs.get(&*line.key).is_some_and(|other| **other != *value.text) {
            out.entry(index).or_insert(Theirs::Otherwise);
        }
    }
    out
}
