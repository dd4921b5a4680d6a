use std::ops::Range;

use foldhash::HashMap;

use crate::catalog::{KnownSecret, known_secret};
use crate::compose::Words;
use crate::diag::{
    Category, Place, Severity, Text, argument_ranges, guards, is_credential, is_secret, names_argument, signs,
};
use crate::interpolation::Value;
use crate::rule::{self, Cx, FixKind, Rule, RuleSet};
use crate::source::{Span, slice};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "literal-credential",
    category: Category::Hardening,
    set: RuleSet::Hardening,
    causes: &[],
    severity: Severity::Warning,
    fix: FixKind::Never,
    since: "0.1.0",
    title: rule::Words { en: "A credential in a Compose file", zh: "凭据直接写在 Compose 文件里" },
    doc: rule::Words {
        en: "\
A Compose file goes into git, into tickets and to colleagues, and a password or key in it goes along. Put it into `.env`, which git ignores, and let the file ask
for it: `DB_PASSWORD: ${DB_PASSWORD:?}`; or into a file of its own through `secrets`, where the image reads `..._FILE`. A default in `${DB_PASSWORD:-hunter2}`
is in the file as well. One that was ever pushed must be changed, not only moved.

Each place once, with all services that have it. Placeholders, keys that local model servers ignore (`sk-no-key-required`), and what `default-secret` says already
are left out, as is all that an env file or the shell brings.",
        zh: "\
Compose 文件会进 git、进工单、发给同事，里面的密码和密钥也跟着走。请放进被 git 忽略的 `.env`，在文件里要求它有值：`DB_PASSWORD: ${DB_PASSWORD:?}`；镜像支持 `..._FILE` 的，可以通过 `secrets` 放进单独的文件。
`${DB_PASSWORD:-hunter2}` 里的默认值也算写在文件里。推送过的凭据必须更换，只挪走不够。

同一处只报一次，列出所有用到它的服务。占位符、本地模型服务不检查的密钥（`sk-no-key-required`）、`default-secret` 已经报过的，以及来自 env 文件和 shell 的，都不报。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let mut found = Vec::new();
    // Services that share a block share hundreds of names.
    let mut names: HashMap<&str, bool> = HashMap::default();
    for (id, service) in cx.containers() {
        for var in &service.environment {
            let secret = *names.entry(&var.key).or_insert_with(|| names_credential(&var.key));
            let Some(value) = var.value.as_ref().filter(|v| secret && v.settled()) else { continue };
            let text = value.text();
            // What everybody knows is `default-secret`'s, where the service runs and something opens with it.
            let known = known_secret(text);
            let published = known == Some(KnownSecret::Published);
            if known.is_some() && service.active && (published || signs(&var.key) || guards(&var.key)) {
                continue;
            }
            let path = service.path(&format!("environment.{}", var.key));
            if !text.contains("://") && tells(text) {
                let span = cx.in_compose(value, 0..text.len());
                found.extend(span.map(|span| (id, Place { span, path }, (var.key.to_string(), known.is_some()))));
            }
        }
        for (key, words) in service.commands() {
            for (span, known) in in_command(cx, words) {
                found.push((id, Place { span, path: service.path(key) }, (key.to_owned(), known)));
            }
        }
    }
    for held in Cx::by_place(found) {
        let (key, known) = &held.what;
        let variable = held.place.path.contains(".environment.");
        let message = if variable {
            text!(
                "the value of `{key}` stands in the Compose file for ",
                "`{key}` 的值直接写在 Compose 文件里："
            )
        } else {
            text!(
                "a password or key in `{key}` stands in the Compose file for ",
                "`{key}` 里的密码或密钥直接写在 Compose 文件里："
            )
        };
        let mut finding = cx.held(&held, message.and(&cx.listed(&held.services)));
        if *known {
            finding.severity = Severity::Info;
        }
        finding.label = text!("goes wherever the file goes", "文件到哪里，它就到哪里");
        if variable {
            finding.help.push(Text::new(
                format!("put it into .env, and here: ${{{key}:?}}; change it where it was pushed"),
                format!("放进 .env，这里写 ${{{key}:?}}；推送过的要更换"),
            ));
        } else {
            finding.help.push(text!(
                "put it into .env, and name the variable here; arguments are seen by all who list processes",
                "放进 .env，这里写变量；命令行参数谁列进程都看得到"
            ));
        }
        cx.report(finding);
    }
}

/// Credentials among the words of a command, and whether everybody knows them.
fn in_command(cx: &Cx<'_>, words: &Words) -> Vec<(Span, bool)> {
    let mut out = Vec::new();
    let mut add = |value: &Value, range: Range<usize>| {
        let text = slice(value.text(), range.clone());
        if value.settled() && tells(text) {
            out.extend(cx.in_compose(value, range).map(|span| (span, known_secret(text).is_some())));
        }
    };
    for value in &words.texts {
        argument_ranges(value.text()).into_iter().for_each(|range| add(value, range));
    }
    // `--requirepass` and its value as two items.
    for pair in words.texts.windows(2).filter(|_| words.listed) {
        if let [flag, value] = pair
            && names_argument(flag.text())
        {
            add(value, 0..value.text().len());
        }
    }
    out
}

/// Whether a value is a credential, and no placeholder.
fn tells(text: &str) -> bool {
    is_credential(text) && !matches!(known_secret(text), Some(KnownSecret::Placeholder | KnownSecret::Dummy))
}

/// Whether a name is that of a credential itself, not of something about it: not `RESET_TOKEN_EXPIRY` or `APIKEY_USERS`.
fn names_credential(key: &str) -> bool {
    const ENDS: [&str; 18] = [
        "PASSWORD",
        "PASSWD",
        "PASS",
        "PWD",
        "PASSPHRASE",
        "SECRET",
        "SECRETS",
        "TOKEN",
        "TOKENS",
        "KEY",
        "KEYS",
        "KEY_BASE",
        "SALT",
        "AUTH",
        "CREDENTIAL",
        "CREDENTIALS",
        "PAT",
        "COOKIE",
    ];
    let upper = key.to_ascii_uppercase();
    let bare = upper.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_');
    is_secret(key) && ENDS.iter().any(|end| bare.ends_with(end))
}
