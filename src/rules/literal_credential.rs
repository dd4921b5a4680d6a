use foldhash::HashMap;

use crate::catalog::{KnownSecret, known_secret};
use crate::diag::{Place, Text, argument_ranges, is_credential, is_secret, names_argument};
use crate::source::slice;
use crate::diag::{Category, Severity};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "literal-credential",
    category: Category::Hardening,
    set: RuleSet::Hardening,
    causes: &[],
    severity: Severity::Warning,
    fix: FixKind::Never,
    since: "0.1.0",
    title: Words { en: "A credential in a Compose file", zh: "凭据直接写在 Compose 文件里" },
    doc: Words {
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
            let Some(value) = var.value.as_ref().filter(|v| secret && !v.uncertain) else { continue };
            let text = value.text();
            // What everybody knows is `default-secret`'s, where the service runs.
            let known = known_secret(text);
            if known.is_some_and(|sort| service.active || harmless(sort)) || text.contains("://") || !is_credential(text) {
                continue;
            }
            let Some(span) = cx.in_compose(value, 0..text.len()) else { continue };
            found.push((id, Place { span, path: service.path(&format!("environment.{}", var.key)) }, (var.key.to_string(), known.is_some())));
        }
        for (key, words) in service.commands() {
            for value in words.texts.iter().filter(|v| !v.uncertain) {
                for range in argument_ranges(value.text()) {
                    let text = slice(value.text(), range.clone());
                    if known_secret(text).is_some_and(harmless) || !is_credential(text) {
                        continue;
                    }
                    let Some(span) = cx.in_compose(value, range) else { continue };
                    found.push((id, Place { span, path: service.path(key) }, (key.to_owned(), false)));
                }
            }
            // `--requirepass` and its value as two items.
            for pair in words.texts.windows(2) {
                let [flag, value] = pair else { continue };
                let text = value.text();
                if words.listed && value.settled() && names_argument(flag.text()) && is_credential(text) && !known_secret(text).is_some_and(harmless)
                    && let Some(span) = cx.in_compose(value, 0..text.len())
                {
                    found.push((id, Place { span, path: service.path(key) }, (key.to_owned(), false)));
                }
            }
        }
    }
    for held in Cx::by_place(found) {
        let (key, known) = &held.what;
        let value = held.place.path.contains(".environment.");
        let message = if value {
            text!("the value of `{key}` stands in the Compose file for ", "`{key}` 的值直接写在 Compose 文件里：")
        } else {
            text!("a password or key in `{key}` stands in the Compose file for ", "`{key}` 里的密码或密钥直接写在 Compose 文件里：")
        };
        let mut finding = cx.held(&held, message.and(&cx.listed(&held.services)));
        if *known {
            finding.severity = Severity::Info;
        }
        finding.label = text!("goes wherever the file goes", "文件到哪里，它就到哪里");
        if value {
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

/// Whether a name is that of a credential itself, not of something about it: not `RESET_TOKEN_EXPIRY` or `APIKEY_USERS`.
fn names_credential(key: &str) -> bool {
    let upper = key.to_ascii_uppercase();
    let bare = upper.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_');
    let ends = ["PASSWORD", "PASSWD", "PASS", "PWD", "PASSPHRASE", "SECRET", "SECRETS", "TOKEN", "TOKENS", "KEY", "KEYS", "KEY_BASE", "SALT", "AUTH", "CREDENTIAL", "CREDENTIALS", "PAT", "JWT", "COOKIE", "PW"];
    is_secret(key) && ends.iter().any(|end| bare.ends_with(end))
}

/// Whether it opens nothing.
fn harmless(sort: KnownSecret) -> bool {
    matches!(sort, KnownSecret::Placeholder | KnownSecret::Dummy)
}
