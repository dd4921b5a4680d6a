use crate::catalog::{Login, Rename, rename};
use crate::compose::{EnvVar, Service, SetBy};
use crate::diag::{Applicability, Category, Finding, Place, Related, Severity, Strategy, Text};
use crate::remedy::Draft;
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "renamed-variable",
    category: Category::Env,
    set: RuleSet::Default,
    causes: &["renamed-variable"],
    severity: Severity::Warning,
    fix: FixKind::Sometimes,
    since: "0.1.0",
    title: Words { en: "A variable that its image does not read", zh: "镜像不读的环境变量" },
    doc: Words {
        en: "\
A container takes any variable, and a program reads only those it knows. Nobody complains about the others: after an upgrade that renamed one, or with a name
taken from another project, the setting is just not there. `OLLAMA_MODELS_DIR` leaves the models where they were, `N8N_BASIC_AUTH_PASSWORD` keeps nobody out
since n8n 1.0, `QDRANT_API_KEY` in the server's own container leaves the database open.

The catalog has the names with the versions in which they hold. Not flagged where the right name is set too, where a command, an entrypoint or an init script
may read the variable, and in a block or an env file that services with other images share.",
        zh: "\
容器什么变量都收，程序只读它认识的，其余的没有人报错：升级时变量改了名，或者名字是从别的项目抄来的，这项设置就等于没有。`OLLAMA_MODELS_DIR` 改不了模型的存放位置；
n8n 1.0 起 `N8N_BASIC_AUTH_PASSWORD` 拦不住任何人；在 Qdrant 自己的容器里写 `QDRANT_API_KEY`，数据库照样敞开。

目录里记录了这些名字和对应的版本。正确的名字也设了、command、entrypoint 或初始化脚本可能会读这个变量，或者它写在其他镜像的服务共用的段落或 env 文件里时，都不报。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    if cx.project().part.is_some() {
        return;
    }
    let mut seen = Vec::new();
    for (id, service) in cx.project().services.iter().enumerate() {
        if !service.active {
            continue;
        }
        let mut told: Vec<usize> = Vec::new();
        for var in &service.environment {
            let Some(unread) = unread(service, var) else { continue };
            if told.contains(&unread.line) || seen.contains(&var.key_span) || bundled(cx, id, unread) {
                continue;
            }
            // The same text for other images too is a common block, in which not all is for everybody.
            let sharing: Vec<&Service> = sharing(cx, var).collect();
            if sharing.iter().any(|other| other.image_text().and_then(|i| rename(&var.key, i)).is_none()) {
                continue;
            }
            told.push(unread.line);
            seen.push(var.key_span);
            let finding = say(cx, service, var, unread, &sharing);
            cx.report(finding);
        }
    }
}

/// Why a service's variable has no effect; `None` where it may have one.
fn unread(service: &Service, var: &EnvVar) -> Option<&'static Rename> {
    let image = service.image_text().filter(|_| !service.builds)?;
    let value = var.value.as_ref()?.text();
    let unread = rename(&var.key, image).filter(|_| !value.is_empty())?;
    let right = |name: &&str| service.env(name).is_some() || service.env(&format!("{name}_FILE")).is_some();
    if unread.new.iter().any(right) || (service.environment_incomplete && !unread.new.is_empty()) {
        return None;
    }
    let off = |name: &&str| service.env_text(name).is_some_and(|v| v.eq_ignore_ascii_case("false"));
    if unread.login.is_some() && unread.old.iter().any(off) {
        return None;
    }
    // A program of the user's own may read it.
    let own = service.entrypoint.is_some()
        || service.start_words().any(|w| w.contains(&*var.key) || w.rsplit('.').next() == Some("sh"))
        || service.mounts.iter().any(|m| m.target.contains("entrypoint") || m.target.rsplit('.').next() == Some("sh"));
    let configured = unread.login == Some(Login::Command)
        && (service.start_words().any(|w| w.contains("requirepass") || w.contains(".conf") || w.contains("acl"))
            || service.mounts.iter().any(|m| m.target.contains(".conf") || m.target.contains("acl")));
    (!own && !configured).then_some(unread)
}

/// Whether the image has the server in it that the variable is for.
fn bundled(cx: &Cx<'_>, id: usize, unread: &Rename) -> bool {
    let Some(node) = cx.survey.net.nodes.get(id) else { return false };
    let of_ollama = unread.new.iter().any(|n| n.starts_with("OLLAMA_"));
    of_ollama && node.image.is_some_and(|i| i.bundles(11434, node.tag.as_deref()))
}

/// The services that have the variable from the same text.
fn sharing<'a>(cx: &Cx<'a>, var: &EnvVar) -> impl Iterator<Item = &'a Service> {
    let set_by = var.set_by;
    cx.project().services.iter().filter(move |s| {
        s.environment.iter().any(|v| match (v.set_by, set_by) {
            (SetBy::Environment { at: a, .. }, SetBy::Environment { at: b, .. }) => a == b,
            (SetBy::EnvFile { file: a, .. }, SetBy::EnvFile { file: b, .. }) => a == b,
            _ => false,
        })
    })
}

fn say(cx: &Cx<'_>, service: &Service, var: &EnvVar, unread: &Rename, sharing: &[&Service]) -> Finding {
    let (name, key) = (&service.name, &var.key);
    let new: Vec<String> = unread.new.iter().map(|n| format!("`{n}`")).collect();
    let (new_en, new_zh) = (new.join(" and "), new.join(" 和 "));
    let message = match (unread.new.is_empty(), unread.login) {
        (true, Some(_)) => text!(
            "`{key}` keeps nobody out of `{name}`: its image does not read it",
            "`{key}` 拦不住访问 `{name}` 的人：这个镜像不读它"
        ),
        (true, None) => text!("`{name}` does not read `{key}`", "`{name}` 不读 `{key}`"),
        _ => text!(
            "`{name}` does not read `{key}`: its image reads {new_en}",
            "`{name}` 不读 `{key}`：这个镜像读的是 {new_zh}"
        ),
    };
    let path = match var.set_by {
        SetBy::Environment { .. } => service.path(&format!("environment.{key}")),
        SetBy::EnvFile { .. } => key.to_string(),
    };
    let mut finding = cx.finding(var.key_span, path, message);
    finding.cause = Some("renamed-variable");
    finding.services = sharing.iter().map(|s| s.name.to_string()).collect();
    if unread.option {
        finding.severity = Severity::Info;
    }
    finding.label = match &unread.since {
        Some(since) => {
            let since = since.iter().map(u64::to_string).collect::<Vec<_>>().join(".");
            text!("version {since} and later do not read it", "{since} 及以后的版本不读它")
        }
        None => text!("set, and read by nobody", "设了，但没有人读"),
    };
    finding.help.extend(instead(unread, key));
    let others = service.environment.iter().filter(|v| v.key != *key && unread.old.contains(&&*v.key));
    for other in others {
        let place = Place { span: other.key_span, path: service.path(&format!("environment.{}", other.key)) };
        let message = text!("nor this one", "这个也一样");
        finding.related.push(Related { place, service: Some(name.to_string()), message });
    }
    if let ([new], true) = (unread.new.as_slice(), finding.related.is_empty()) {
        let mut draft = Draft::new(cx.desk());
        let applicability = if unread.risky { Applicability::Unsafe } else { Applicability::Safe };
        let plan = draft.rename_env(service, key, new).map(|()| {
            draft.finish(Strategy::Repair, applicability, text!("rename it to {new}", "改名为 {new}"))
        });
        Cx::plan(&mut finding, plan);
    }
    finding
}

/// What to do instead.
fn instead(unread: &Rename, key: &str) -> Option<Text> {
    Some(match (unread.login, unread.new.as_slice()) {
        (Some(Login::App), _) => text!(
            "the application has accounts of its own: open it and create the first one before somebody else does",
            "这个应用有自己的账号：打开页面，抢在别人之前创建第一个账号"
        ),
        (Some(Login::Nothing), _) => text!(
            "it has no authentication of its own any more: publish its port on 127.0.0.1, or put a proxy with a password before it",
            "它自己已经没有身份验证：端口只发布到 127.0.0.1，或者在前面放一个要密码的反向代理"
        ),
        (Some(Login::Command), _) => text!(
            "let the command say it: command: sh -c 'exec redis-server --requirepass \"$${key}\"'",
            "在命令里写明：command: sh -c 'exec redis-server --requirepass \"$${key}\"'"
        ),
        (None, [new]) => text!("call it {new}", "改叫 {new}"),
        (None, []) => text!(
            "num_gpu, num_thread and the like are options of a model: PARAMETER in its Modelfile, or `options` in a request",
            "num_gpu、num_thread 之类是模型的选项：写在 Modelfile 的 PARAMETER 里，或者放进请求的 `options`"
        ),
        (None, _) => return None,
    })
}
