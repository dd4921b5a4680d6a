use crate::compose::{Defined, ProblemKind};
use crate::diag::{Category, Severity, Text, nearest};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words, service_of};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "undefined-reference",
    category: Category::Model,
    set: RuleSet::Default,
    causes: &[],
    severity: Severity::Error,
    fix: FixKind::Never,
    since: "0.1.0",
    title: Words { en: "A service refers to something that the project does not define", zh: "服务引用了项目里没有定义的东西" },
    doc: Words {
        en: "\
Networks, named volumes, secrets and configs that a service uses must stand at the top level; services under `depends_on`, `links`, `extends` and
`network_mode: service:` must be there and, if they have profiles, be on. Compose says `refers to undefined network`, `depends on undefined service`.",
        zh: "\
服务用到的网络、命名卷、secret、config 要在顶层定义；`depends_on`、`links`、`extends`、`network_mode: service:` 里的服务必须存在，有 profile 的还要打开。Compose 会报 `refers to undefined network`、
`depends on undefined service`。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    // What could not be read may have it.
    if cx.project().incomplete {
        return;
    }
    for problem in &cx.project().problems {
        let (message, help) = match &problem.kind {
            ProblemKind::Undefined { what, name, known } => {
                (undefined(*what, name, &problem.path), meant(name, known).or_else(|| define(*what, name, known)))
            }
            ProblemKind::Disabled { name, profiles } => {
                let first = profiles.first().cloned().unwrap_or_default();
                let profiles = profiles.join(", ");
                let asker = service_of(&problem.path).unwrap_or_default();
                (
                    text!(
                        "`{asker}` needs `{name}`, which starts only with the profile {profiles}, and that is off",
                        "`{asker}` 需要 `{name}`，而它要打开 profile {profiles} 才会启动，现在没有打开"
                    ),
                    Some(if problem.path.contains(".depends_on") {
                        text!(
                            "docker compose --profile {first} up -d, or say required: false under depends_on",
                            "docker compose --profile {first} up -d，或者在 depends_on 里写 required: false"
                        )
                    } else {
                        text!("docker compose --profile {first} up -d", "docker compose --profile {first} up -d")
                    }),
                )
            }
            ProblemKind::ExtendsCycle { way } => {
                let (service, way) = (way.first().map_or("", String::as_str), way.join(" -> "));
                (
                    text!("`{service}` extends itself in the end: {way}", "`{service}` 绕了一圈，extends 到了自己：{way}"),
                    Some(text!("take one of these extends away", "去掉其中一个 extends")),
                )
            }
            _ => continue,
        };
        let mut finding = cx.problem(problem, message);
        finding.help.extend(help);
        cx.report(finding);
    }
}

fn undefined(what: Defined, name: &str, path: &str) -> Text {
    let (en, zh) = match what {
        Defined::Service => ("service", "服务"),
        Defined::Network => ("network", "网络"),
        Defined::Volume => ("volume", "卷"),
        Defined::Secret => ("secret", " secret"),
        Defined::Config => ("config", " config"),
        Defined::Model => ("model", "模型"),
    };
    match (service_of(path), what) {
        (Some(service), Defined::Service) => {
            text!(
                "`{service}` names the service `{name}`, which is not there",
                "`{service}` 要用服务 `{name}`，而项目里没有它"
            )
        }
        (Some(service), _) => text!(
            "`{service}` uses the {en} `{name}`, which is not defined at the top level",
            "`{service}` 用到了{zh} `{name}`，而顶层没有定义它"
        ),
        (None, _) => text!("no {en} `{name}`", "没有{zh} `{name}`"),
    }
}

/// What to add where nothing similar is there.
fn define(what: Defined, name: &str, known: &[String]) -> Option<Text> {
    let (section, content) = match what {
        Defined::Network => ("networks", "{}".to_owned()),
        Defined::Volume => ("volumes", "{}".to_owned()),
        Defined::Secret => ("secrets", format!("{{file: ./{name}}}")),
        Defined::Config => ("configs", format!("{{file: ./{name}}}")),
        Defined::Model => ("models", "{model: ...}".to_owned()),
        Defined::Service if known.is_empty() || known.len() > 8 => return None,
        Defined::Service => {
            let known = known.join(", ");
            return Some(text!("services here: {known}", "这里的服务有：{known}"));
        }
    };
    Some(text!(
        "add at the top level: {section}: {{{name}: {content}}}",
        "在顶层加上：{section}: {{{name}: {content}}}"
    ))
}

fn meant(name: &str, known: &[String]) -> Option<Text> {
    nearest(name, known).map(|best| text!("did you mean `{best}`?", "是不是想写 `{best}`？"))
}
