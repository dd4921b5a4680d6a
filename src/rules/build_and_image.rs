use crate::compose;
use crate::diag::{Category, Place, Related, Severity};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "build-and-image",
    category: Category::Style,
    set: RuleSet::Style,
    causes: &[],
    severity: Severity::Info,
    fix: FixKind::Never,
    since: "0.1.0",
    title: Words { en: "`build` and `image`, and nothing says which of them counts", zh: "同时有 `build` 和 `image`，却没说用哪个" },
    doc: Words {
        en: "\
With both, `image` is the name that the built image gets; but where `pull_policy` is missing, Compose first tries to pull that name and builds only if no registry
has it. So somebody else's image of the same name may run instead of the sources beside the file, and offline it costs a failed pull. Say which is meant:
`pull_policy: build`, or another one; or drop one of the two.

Silent where `pull_policy` is set, and where base file and override say one each.",
        zh: "\
两个都写时，`image` 是构建出来的镜像的名字；可是没有 `pull_policy` 的话，Compose 会先按这个名字去拉，仓库里没有才构建。于是跑起来的可能是别人的同名镜像，而不是旁边的源码；离线时还要先白等一次
失败的拉取。写明要哪个：`pull_policy: build` 或别的值；或者去掉其中一个。

写了 `pull_policy`，或者基础文件和覆盖文件各写一个时，不报。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    for (tree, service) in compose::services(cx.project()) {
        let name = tree.scalar(service.key);
        let own = |key: &str| tree.entry(service.value, key);
        let (Some(build), Some(image)) = (own("build"), own("image")) else { continue };
        let merged = cx.project().service(name).and_then(|id| cx.service(id));
        if own("pull_policy").is_some() || merged.is_some_and(|s| s.value.get("pull_policy").is_some()) {
            continue;
        }
        let message = text!(
            "`{name}` has `build` and `image`: Compose tries to pull the image before it builds",
            "`{name}` 同时有 `build` 和 `image`：Compose 会先尝试拉取镜像，拉不到才构建"
        );
        let mut finding = cx.finding(tree.span(build.key), format!("services.{name}.build"), message);
        finding.services = vec![name.to_owned()];
        finding.related.push(Related {
            place: Place { span: tree.span(image.key), path: format!("services.{name}.image") },
            service: Some(name.to_owned()),
            message: text!("pulled first", "会先拉这个"),
        });
        finding.help.push(text!("say which counts: pull_policy: build", "写明用哪个：pull_policy: build"));
        cx.report(finding);
    }
}
