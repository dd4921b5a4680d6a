use crate::catalog::{Reference, names_version, pinned};
use crate::compose::pulls;
use crate::diag::{Category, Severity};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "image-mutable-tag",
    category: Category::Hardening,
    set: RuleSet::Hardening,
    causes: &[],
    severity: Severity::Warning,
    fix: FixKind::Never,
    since: "0.1.0",
    title: Words { en: "An image that changes under the same name", zh: "同一个名字下会变的镜像" },
    doc: Words {
        en: "\
Without a tag, or with `latest`, `main` or another one that names no version, the next `pull` may bring another program: with a changed database schema, another
configuration, or, if the publisher's account is stolen, somebody else's code. There is no way back either, as nobody knows which version ran before. Name a
version, and raise it when you mean to.

Not for images that the project builds itself.",
        zh: "\
不写标签，或者写 `latest`、`main` 这类不表示版本的标签，下次 `pull` 拿到的可能就是另一个程序：数据库结构变了，配置变了，发布者账号被盗时甚至是别人的代码。想退回去也不行，没人知道之前跑的是哪个版本。
请写明版本，要升级时再改。

项目自己构建的镜像不报。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let mut found = Vec::new();
    for (id, service) in cx.containers() {
        let Some(image) = service.image.as_ref().filter(|_| pulls(cx.project(), service)) else { continue };
        let tag = Reference::parse(image.text()).tag;
        if !image.settled() || image.text().is_empty() || pinned(image.text()) || tag.as_deref().is_some_and(names_version) {
            continue;
        }
        let Some(place) = cx.origin(image, || service.path("image")) else { continue };
        found.push((id, place, tag));
    }
    for held in Cx::by_place(found) {
        let who = cx.listed(&held.services);
        let message = match &held.what {
            Some(tag) => text!(
                "`{tag}` names no version: the next pull may bring another program to ",
                "`{tag}` 不表示版本，下次拉取可能换了程序："
            )
            .and(&who),
            None => text!(
                "without a tag it is `latest`: the next pull may bring another program to ",
                "没有标签就是 `latest`，下次拉取可能换了程序："
            )
            .and(&who),
        };
        let mut finding = cx.held(&held, message);
        finding.help.push(text!(
            "name the version that runs now: docker compose images",
            "写明现在运行的版本，用 docker compose images 查看"
        ));
        cx.report(finding);
    }
}
