use crate::catalog::{Reference, names_version, pinned};
use crate::compose::{ServiceId, pulls};
use crate::diag::{Category, Severity};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "image-without-digest",
    category: Category::Hardening,
    set: RuleSet::Hardening,
    causes: &[],
    severity: Severity::Info,
    fix: FixKind::Never,
    since: "0.1.0",
    title: Words { en: "Images by tag alone", zh: "镜像只写了标签" },
    doc: Words {
        en: "\
A publisher can push another image under the same tag, and some do with every patch (`postgres:16`). A digest, `postgres:16.4@sha256:...`, always names the same
bytes. Renovate and Dependabot keep digests up to date.

One finding for all images that have a version and no digest.",
        zh: "\
发布者可以用同一个标签推送另一个镜像，有些每次打补丁都这么做（`postgres:16`）。写摘要 `postgres:16.4@sha256:...` 才能保证每次都是同样的字节。Renovate 和 Dependabot 可以自动更新摘要。

所有写了版本、没写摘要的镜像合在一条里报告。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let lacking: Vec<ServiceId> = cx
        .containers()
        .filter(|(_, s)| {
            s.image.as_ref().is_some_and(|image| {
                let tag = Reference::parse(image.text()).tag;
                let versioned = tag.as_deref().is_some_and(names_version);
                image.settled() && versioned && !pinned(image.text()) && pulls(cx.project(), s)
            })
        })
        .map(|(id, _)| id)
        .collect();
    let message = text!("the same tag may bring other bytes tomorrow for ", "同一个标签明天可能是别的内容：");
    let Some((mut finding, _)) = cx.absent(&lacking, "image", &message) else { return };
    finding.help.push(text!(
        "add the digest, NAME:TAG@sha256:..., which `docker buildx imagetools inspect NAME:TAG` shows",
        "加上摘要 NAME:TAG@sha256:...，摘要可以用 `docker buildx imagetools inspect NAME:TAG` 查到"
    ));
    cx.report(finding);
}
