use crate::compose::default_name;
use crate::diag::{Category, Severity};
use crate::interpolation::Setter;
use crate::network::Platform;
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "project-name-missing",
    category: Category::Style,
    set: RuleSet::Style,
    causes: &[],
    severity: Severity::Info,
    fix: FixKind::Never,
    since: "0.1.0",
    title: Words { en: "The project has the name of its folder", zh: "项目名取自文件夹名" },
    doc: Words {
        en: "\
Without `name` at the top, Compose names the project after its folder, and containers, networks and volumes after the project. Rename the folder, or check the
repository out under another name, and the next `up` makes new, empty volumes; two folders that are both called `docker` share one project, and `down` in one
stops the other. A name in the file, or `COMPOSE_PROJECT_NAME` in `.env`, ends that.

A project that runs already keeps its volumes only under the name that it has: `docker compose ls` says which.",
        zh: "\
顶层没有 `name` 时，Compose 用文件夹名当项目名，容器、网络、卷的名字又都带着项目名。文件夹改了名，或者仓库检出到别的目录，下次 `up` 就会新建一套空的卷；两个都叫 `docker` 的文件夹会被当成
同一个项目，在一边 `down`，另一边也停。在文件里写上名字，或者在 `.env` 里写 `COMPOSE_PROJECT_NAME`，就没有这些事了。

已经在运行的项目，只有沿用现在的名字才能保住它的卷：用 `docker compose ls` 查看。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    // There the command line gives the name, and a file with one is refused.
    if cx.facts().platform == Platform::Swarm {
        return;
    }
    let project = cx.project();
    let told = project.scope.get("COMPOSE_PROJECT_NAME").is_some_and(|bound| bound.setter != Setter::Compose);
    if project.root.get("name").is_some() || told || project.part.is_some() || project.incomplete {
        return;
    }
    let Some(services) = project.root.map().and_then(|m| m.get("services")) else { return };
    let name = default_name(&project.dir);
    if name.is_empty() {
        return;
    }
    let message = text!(
        "the project has no name of its own: Compose takes the folder's, which is not the same on every machine",
        "项目没有自己的名字：Compose 会用文件夹名，而它在每台机器上不一定相同"
    );
    let mut finding = cx.finding(services.key_span, "name", message);
    finding.help.push(text!(
        "write it above `services`: name: ...; what runs already keeps its volumes only under the name that it has, see docker compose ls",
        "写在 `services` 上面：name: ...；已经在运行的，要沿用现在的名字才能保住卷，见 docker compose ls"
    ));
    cx.report(finding);
}
