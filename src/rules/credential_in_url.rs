use crate::catalog::{KnownSecret, known_secret};
use crate::diag::{Place, Text, is_credential, user_ranges};
use crate::source::slice;
use crate::diag::{Category, Severity};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "credential-in-url",
    category: Category::Hardening,
    set: RuleSet::Hardening,
    causes: &[],
    severity: Severity::Warning,
    fix: FixKind::Never,
    since: "0.1.0",
    title: Words { en: "A password inside an address", zh: "地址里带着密码" },
    doc: Words {
        en: "\
`postgres://app:hunter2@db/app` is a password that nobody looks for: it goes into git with the Compose file, and into error messages and logs, where programs print
the address that failed. Put the password into `.env` and name it: `postgres://app:${DB_PASSWORD:?}@db/app`.

Passwords that come from variables without a default are left alone, and placeholders. A password that everybody knows is only noted.",
        zh: "\
`postgres://app:hunter2@db/app` 里的密码没人会留意：它跟着 Compose 文件进 git，也会进报错和日志，因为程序会打印连不上的地址。请把密码放进 `.env`，写成 `postgres://app:${DB_PASSWORD:?}@db/app`。

来自变量且没有默认值的密码不报，占位符不报。人人都知道的密码只作提示。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let mut found = Vec::new();
    for (id, service) in cx.containers() {
        let vars = service.environment.iter().filter_map(|v| Some((format!("environment.{}", v.key), v.value.clone()?)));
        let commands = service.commands().flat_map(|(key, words)| words.texts.iter().map(move |t| (key.to_owned(), t.clone())));
        for (key, value) in vars.chain(commands).filter(|(_, v)| !v.uncertain) {
            for range in user_ranges(value.text()) {
                let user = slice(value.text(), range.clone());
                let Some(colon) = user.find(':') else { continue };
                let password = range.start + colon + 1..range.end;
                let text = slice(value.text(), password.clone());
                let known = known_secret(text);
                if matches!(known, Some(KnownSecret::Placeholder | KnownSecret::Dummy)) || !is_credential(text) {
                    continue;
                }
                let Some(span) = cx.in_compose(&value, password) else { continue };
                // The whole value: what is inside the credential is not shown.
                let span = value.sourced.spans().iter().filter(|s| s.file == span.file).fold(span, |a, b| a.to(*b));
                found.push((id, Place { span, path: service.path(&key) }, (key.clone(), known.is_some())));
            }
        }
    }
    for held in Cx::by_place(found) {
        let (key, known) = &held.what;
        let key = key.strip_prefix("environment.").unwrap_or(key);
        let message = text!(
            "`{key}` has a password in its address, in the Compose file, for ",
            "`{key}` 的地址里带着密码，写在 Compose 文件里："
        )
        .and(&cx.listed(&held.services));
        let mut finding = cx.held(&held, message);
        if *known {
            finding.severity = Severity::Info;
        }
        finding.label = text!("programs print it when the connection fails", "连接失败时程序会把它打印出来");
        finding.help.push(Text::same("SCHEME://USER:${DB_PASSWORD:?}@HOST"));
        cx.report(finding);
    }
}
