use crate::compose::ProblemKind;
use crate::diag::{Category, Place, Related, Severity, Text};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::source::Span;
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "conflicting-attributes",
    category: Category::Model,
    set: RuleSet::Default,
    causes: &[],
    severity: Severity::Error,
    fix: FixKind::Never,
    since: "0.1.0",
    title: Words { en: "Attributes that exclude or contradict each other", zh: "互相排斥或互相矛盾的属性" },
    doc: Words {
        en: "\
Compose rejects the project when it checks the whole: two attributes of which only one may be there (`file` and `environment` of a secret), two
that say the same thing differently (`mem_limit` and `deploy.resources.limits.memory`), two services with one `container_name`, a `container_name`
for several replicas, two mounts at one path.",
        zh: "\
Compose 检查整个项目时会拒绝：两个只能写一个的属性（secret 的 `file` 和 `environment`），说同一件事却写得不一样的两处（`mem_limit` 和
`deploy.resources.limits.memory`），两个服务用同一个 `container_name`，给多个副本写了 `container_name`，两处挂载到同一个路径。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    for problem in &cx.project().problems {
        let Some((message, help, first)) = words(&problem.kind, &problem.path) else { continue };
        let mut finding = cx.problem(problem, message);
        finding.help.push(help);
        if let Some((span, label)) = first {
            let place = Place { span, path: problem.path.clone() };
            finding.related.push(Related { place, service: None, message: label });
        }
        cx.report(finding);
    }
}

type Told = (Text, Text, Option<(Span, Text)>);

fn words(kind: &ProblemKind, path: &str) -> Option<Told> {
    Some(match kind {
        ProblemKind::Exclusive { one, other } if *one != "network_mode" => (
            text!("`{one}` and `{other}` exclude each other", "`{one}` 和 `{other}` 不能同时写"),
            text!("keep one of the two", "两者只留一个"),
            None,
        ),
        ProblemKind::Differ { one, other } => (
            text!(
                "`{one}` and `{other}` mean the same and have different values",
                "`{one}` 和 `{other}` 是一回事，值却不一样"
            ),
            text!("keep one of the two, or give both the same value", "只留一个，或者写成一样的值"),
            None,
        ),
        ProblemKind::OneOf { keys } => {
            let keys = keys.iter().map(|k| format!("`{k}`")).collect::<Vec<_>>().join(", ");
            let name = path.rsplit('.').next().unwrap_or(path);
            (
                text!("nothing says where the content of `{name}` comes from", "没有写 `{name}` 的内容从哪里来"),
                text!("add one of {keys}, or `external: true`", "加上其中一个：{keys}，或者写 `external: true`"),
                None,
            )
        }
        ProblemKind::NameOfMany => (
            text!("one `container_name` for several containers", "多个容器共用一个 `container_name`"),
            text!("remove `container_name`, or run one replica", "去掉 `container_name`，或者只运行一个副本"),
            None,
        ),
        ProblemKind::NameTaken { name, first } => (
            text!("two services have the container name `{name}`", "两个服务的 container_name 都是 `{name}`"),
            text!("give each its own, or remove `container_name`", "各用各的名字，或者去掉 `container_name`"),
            Some((*first, text!("first used here", "第一次用在这里"))),
        ),
        ProblemKind::TargetTaken { target, first } => (
            text!("something is mounted at `{target}` already", "`{target}` 上已经挂载了别的东西"),
            text!("mount it at another path, or remove one of the two", "换一个路径，或者去掉其中一个"),
            Some((*first, text!("mounted here", "挂载在这里"))),
        ),
        ProblemKind::Repeated { text, first } => (
            text!("`{text}` stands in the list twice", "列表里 `{text}` 写了两次"),
            text!("remove one", "去掉一个"),
            Some((*first, text!("here already", "这里已经有了"))),
        ),
        ProblemKind::Platform { platform } => (
            text!(
                "`build.platforms` lacks the service's own platform `{platform}`",
                "`build.platforms` 里没有这个服务的 platform `{platform}`"
            ),
            text!("add `{platform}` to the list", "把 `{platform}` 加进列表"),
            None,
        ),
        ProblemKind::WatchTarget => (
            text!("this watch action needs a `target`", "这个 watch 动作需要 `target`"),
            text!("add `target:` with the path in the container", "加上 `target:`，写容器里的路径"),
            None,
        ),
        _ => return None,
    })
}
