use crate::compose::{ProblemKind, is_attribute};
use crate::diag::{Category, Severity};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "missing-image",
    category: Category::Model,
    set: RuleSet::Default,
    causes: &[],
    severity: Severity::Error,
    fix: FixKind::Never,
    since: "0.1.0",
    title: Words { en: "A service has neither image nor build", zh: "服务既没有 image 也没有 build" },
    doc: Words {
        en: "\
Compose does not know what to run: `service \"x\" has neither an image nor a build context specified`. If the file is meant to go over another one, name both:
`-f compose.yaml -f this.yaml`.",
        zh: "\
Compose 不知道要运行什么：`service \"x\" has neither an image nor a build context specified`。如果这个文件是要叠在另一个文件上用的，就把两个都写上：`-f compose.yaml -f 这个文件.yaml`。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    // What could not be read may have it.
    if cx.project().incomplete {
        return;
    }
    for problem in &cx.project().problems {
        let ProblemKind::NoImage { service } = &problem.kind else { continue };
        let written =
            cx.project().root.get("services").and_then(|s| s.get(service)).is_some_and(|s| s.get("image").is_some());
        let message = if written {
            text!("the image of `{service}` comes out empty", "`{service}` 的 image 是空的")
        } else {
            text!("`{service}` has neither image nor build", "`{service}` 既没有 image 也没有 build")
        };
        let mut finding = cx.problem(problem, message);
        finding.help.push(if is_attribute(service) {
            text!(
                "`{service}` is an attribute of a service: indent it below the service that it belongs to",
                "`{service}` 是服务的属性：把它缩进到所属的服务下面"
            )
        } else if written {
            text!(
                "give its variable a value in .env, or a default: ${{NAME:-image}}",
                "在 .env 里给其中的变量赋值，或者写上默认值：${{NAME:-镜像}}"
            )
        } else {
            text!(
                "add an image, or name the file that has it first: -f BASE -f THIS",
                "加上 image；或者先写有它的那个文件：-f 基础文件 -f 这个文件"
            )
        });
        cx.report(finding);
    }
}
