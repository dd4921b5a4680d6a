use std::collections::BTreeMap;

use crate::catalog::{Reference, Sort, privilege};
use crate::compose::{Service, ServiceId};
use crate::diag::{Place, Related};
use crate::diag::{Category, Severity};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "volume-shared-between-services",
    category: Category::Hardening,
    set: RuleSet::Hardening,
    causes: &[],
    severity: Severity::Info,
    fix: FixKind::Never,
    since: "0.1.0",
    title: Words { en: "A volume that several programs may write", zh: "多个程序都能写的卷" },
    doc: Words {
        en: "\
Whoever breaks into one of the services changes the files of the others: pages that a web server delivers, scripts that a worker runs. Often only one of them
writes: give the others the volume with `:ro`. Services of the same image (an application and its workers) are taken for one program.",
        zh: "\
攻进其中一个服务，就能改其他服务的文件：Web 服务器发出去的页面、worker 要执行的脚本。多数情况下只有一个服务要写：其他的挂载时加上 `:ro`。同一个镜像的服务（应用和它的 worker）算一个程序。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let mut volumes: BTreeMap<String, Vec<(ServiceId, Place)>> = BTreeMap::new();
    for (id, service) in cx.containers().filter(|(id, _)| !cx.ends(*id)) {
        for used in service.volume_uses().into_iter().filter(|u| !u.read_only && shared(&u.volume)) {
            volumes.entry(used.volume).or_default().push((id, used.place));
        }
    }
    for (volume, uses) in volumes {
        let Some(((first, place), others)) = uses.split_first() else { continue };
        if others.iter().all(|(id, _)| same_program(cx, *first, *id)) {
            continue;
        }
        let mut ids: Vec<ServiceId> = uses.iter().map(|(id, _)| *id).collect();
        ids.dedup();
        let message = text!(
            "`{volume}` can be written by ",
            "`{volume}` 可以被写入："
        )
        .and(&cx.listed(&ids));
        let mut finding = cx.finding(place.span, place.path.clone(), message);
        finding.services = cx.names(&ids);
        for (id, place) in others.iter().filter(|(_, p)| p.span != place.span).take(SHOWN) {
            let message = text!("and from here", "这里也能写");
            finding.related.push(Related { place: place.clone(), service: Some(cx.name(*id).to_owned()), message });
        }
        finding.help.push(text!("`:ro` for those that only read", "只读的服务加上 `:ro`"));
        cx.report(finding);
    }
}

/// More places than this are not shown.
const SHOWN: usize = 3;

/// What is no part of the host's own.
fn shared(source: &str) -> bool {
    let of_host = [Sort::Socket, Sort::Folder, Sort::Path].iter().any(|sort| privilege(*sort, source).is_some());
    !of_host && !source.is_empty()
}

/// Whether two services run the same image, or are built from the same folder.
fn same_program(cx: &Cx<'_>, a: ServiceId, b: ServiceId) -> bool {
    let (Some(a), Some(b)) = (cx.service(a), cx.service(b)) else { return false };
    let folder = |s: &Service| {
        let build = s.value.get("build")?;
        build.str().or_else(|| build.get("context")?.str()).map(str::to_owned)
    };
    let program = |s: &Service| s.image.as_ref().map(|i| Reference::parse(i.text()).repository).filter(|r| !r.is_empty());
    // Of services in profiles of their own only one runs.
    let apart = !a.profiles.is_empty() && !b.profiles.is_empty() && !a.profiles.iter().any(|p| b.profiles.contains(p));
    a.name == b.name
        || apart
        || program(a).is_some_and(|image| program(b) == Some(image))
        || folder(a).is_some_and(|context| folder(b) == Some(context))
}
