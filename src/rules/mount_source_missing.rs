use crate::compose::{Absent, Needed};
use crate::diag::{Category, Place, Related, Severity, Text};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "mount-source-missing",
    category: Category::Start,
    set: RuleSet::Default,
    causes: &["mount-source-missing"],
    severity: Severity::Warning,
    fix: FixKind::Never,
    since: "0.1.0",
    title: Words { en: "A mounted file is not there", zh: "要挂载的文件不存在" },
    doc: Words {
        en: "\
Where the source of a bind mount does not exist, Docker makes an empty folder of that name, on the host too. The container then either does not start, `not a
directory: Are you trying to mount a directory onto a file (or vice-versa)?`, or its program finds a folder where its configuration should be. Putting the file
there later is not enough: the folder must go first (`rmdir nginx.conf`). For `configs`, `secrets` and mounts with a `bind` mapping nothing is made: `bind source
path does not exist`.

Relative paths count from the folder of the first Compose file (or `--project-directory`), not from where the command is typed.

Flagged for names that only files have: an error in a git checkout, where all that belongs to the project should be, else a warning. Where an example stands
beside it, git leaves it out, or it is a key or a secret, the file is yours to make: an information.
Nothing is said of folders, which Docker may well make, of absolute paths, of what another service writes, or where the folder visibly is not the whole project.",
        zh: "\
绑定挂载的源文件如果不存在，Docker 会用这个名字建一个空目录，宿主机上也会有。之后要么容器起不来（`not a directory: Are you trying to mount a directory onto a file
(or vice-versa)?`），要么程序在该放配置文件的地方看到一个目录。事后再补文件还不够：得先把那个目录删掉（`rmdir nginx.conf`）。`configs`、`secrets` 以及带 `bind` 映射的挂载则什么也不建，
直接报 `bind source path does not exist`。

相对路径从第一个 Compose 文件所在的目录（或 `--project-directory`）算起，与在哪里敲命令无关。

只对肯定是文件的名字才报：在 git 检出的目录里，项目的文件本该都在，所以是错误；否则是警告。如果旁边有示例、git 忽略了它、或者它是证书或密钥，那它本来就该由你来建，只作提示。目录（Docker 建了也没关系）、绝对路径、其他服务会写出来的文件，以及文件夹明显不是完整项目的情况，都不报。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let project = cx.project();
    if project.part.is_some() || project.incomplete {
        return;
    }
    // Files that came with the project are missing for one reason: the folder is not all of it. Those that the person makes are
    // another matter.
    let (made, given): (Vec<&Absent>, Vec<&Absent>) = project.absent.iter().partition(|a| yours(a));
    for group in [given, made] {
        report(cx, &group);
    }
}

/// More files than this are only counted.
const SHOWN: usize = 3;

fn report(cx: &mut Cx<'_>, group: &[&Absent]) {
    let Some((absent, (first, span, path))) = group.first().and_then(|a| Some((*a, a.users.first()?))) else { return };
    let (file, service) = (&absent.name, cx.name(*first));
    let message = match (&absent.how, absent.folder) {
        _ if group.len() > 1 => {
            let list = group.iter().take(SHOWN).map(|a| a.name.as_str()).collect::<Vec<_>>().join(", ");
            let (en, zh) = match group.len() - SHOWN.min(group.len()) {
                0 => (String::new(), String::new()),
                more => (format!(" and {more} more"), format!(" 等 {} 个文件", more + SHOWN)),
            };
            if yours(absent) {
                text!("files to make before the first start: {list}{en}", "第一次启动之前要先建好的文件：{list}{zh}")
            } else {
                text!("files to mount are not there: {list}{en}", "要挂载的文件不存在：{list}{zh}")
            }
        }
        (Needed::Mount { .. }, true) => text!(
            "{file} is an empty folder, and `{service}` mounts it as a file",
            "{file} 是个空目录，而 `{service}` 把它当文件挂载"
        ),
        _ if absent.example.is_some() => {
            let example = absent.example.as_deref().unwrap_or_default();
            text!(
                "{file}, which `{service}` needs, is not there yet: cp {example} {file}",
                "`{service}` 需要的 {file} 还没有：cp {example} {file}"
            )
        }
        _ if yours(absent) => text!(
            "{file}, which `{service}` needs, is not there yet: make it before the first start",
            "`{service}` 需要的 {file} 还没有：第一次启动之前先建好"
        ),
        (Needed::Mount { .. }, false) => {
            text!("`{service}` mounts {file}, which is not there", "`{service}` 要挂载的 {file} 不存在")
        }
        (Needed::Config | Needed::Secret, _) => {
            text!("`{service}` needs {file}, which is not there", "`{service}` 需要的 {file} 不存在")
        }
    };
    let mut finding = cx.finding(*span, path.clone(), message);
    finding.cause = Some("mount-source-missing");
    finding.label = label(absent);
    finding.severity = group.iter().map(|a| weight(a)).max().unwrap_or(Severity::Info);
    for absent in group {
        for (id, other, path) in &absent.users {
            let name = cx.name(*id).to_owned();
            if !finding.services.contains(&name) {
                finding.services.push(name.clone());
            }
            if other == span || finding.related.len() >= SHOWN || finding.related.iter().any(|r| r.place.span == *other) {
                continue;
            }
            let place = Place { span: *other, path: path.clone() };
            finding.related.push(Related { place, service: Some(name), message: label(absent) });
        }
    }
    let base = cx.project().files.first().map_or("", |f| &cx.files.get(*f).name);
    for absent in group.iter().take(SHOWN) {
        let file = &absent.name;
        if absent.folder {
            finding.help.push(text!("take the empty folder away first: rmdir {file}", "先删掉空目录：rmdir {file}"));
        }
        match (&absent.example, &absent.above) {
            (Some(example), _) => finding.help.push(text!("cp {example} {file}", "cp {example} {file}")),
            (None, Some((folder, there))) => finding.help.push(text!(
                "{there} is there, and paths count from that folder with docker compose -f {base} --project-directory {folder} up -d",
                "{there} 倒是有；用 docker compose -f {base} --project-directory {folder} up -d，路径就从那个目录算起"
            )),
            (None, None) if data(file) => {
                finding.help.push(text!("before the first start: touch {file}", "第一次启动之前：touch {file}"));
            }
            (None, None) => {}
        }
    }
    if finding.help.is_empty() {
        finding.help.push(if group.iter().any(|a| yours(a)) {
            text!("make it before the first start", "第一次启动之前先建好")
        } else {
            text!(
                "put it there before the first start; the Compose file alone is not the whole project",
                "第一次启动之前先放好；只有 Compose 文件还不是完整的项目"
            )
        });
    }
    cx.report(finding);
}

fn label(absent: &Absent) -> Text {
    match &absent.how {
        Needed::Mount { .. } if absent.folder => {
            text!("Docker made the folder when the file was not there", "文件当时不存在，目录是 Docker 建的")
        }
        Needed::Mount { made: true, .. } => {
            text!("Docker makes an empty folder of that name and mounts it", "Docker 会建一个同名的空目录挂进去")
        }
        _ => text!("up fails: `bind source path does not exist`", "up 会失败：`bind source path does not exist`"),
    }
}

/// What nobody puts into a repository is the person's to make.
fn yours(absent: &Absent) -> bool {
    !absent.folder
        && (absent.example.is_some() || absent.ignored || absent.how == Needed::Secret || personal(&absent.name))
}

fn weight(absent: &Absent) -> Severity {
    if yours(absent) {
        Severity::Info
    } else if absent.folder || (absent.checkout && !data(&absent.name)) {
        Severity::Error
    } else {
        // A Compose file that was fetched alone.
        Severity::Warning
    }
}

/// Whether a program fills a file.
fn data(name: &str) -> bool {
    [".db", ".log", ".sqlite", ".sqlite3"].iter().any(|end| name.ends_with(end))
}

/// Whether a file is a key, a certificate, a list of passwords or an env file.
fn personal(name: &str) -> bool {
    let ends = [".crt", ".env", ".jks", ".key", ".p12", ".pem", ".pfx", "htpasswd", "acme.json", "credentials.json"];
    ends.iter().any(|end| name.ends_with(end)) || name.split('/').any(|part| part == "secrets" || part == "certs")
}
