use crate::catalog::{ImageKind, app};
use crate::diag::{Applicability, Category, Fix, Severity, Strategy};
use crate::network::{Reached, Verdict};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::source::{Edit, from, upto};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "nginx-buffering",
    category: Category::Reach,
    set: RuleSet::Default,
    causes: &["nginx-buffering"],
    severity: Severity::Warning,
    fix: FixKind::Always,
    since: "0.1.0",
    title: Words { en: "nginx holds back the answers that a model streams", zh: "nginx 把模型的流式回答攒在一起" },
    doc: Words {
        en: "\
By default nginx collects an answer in buffers before it sends it on. A chat that streams its words then stands still and arrives in one piece, or in lumps;
long ones end in a timeout. `proxy_buffering off;` in the `location` (or around it) sends on every piece as it comes. A server may switch it off by the
header `X-Accel-Buffering: no`, which no file tells.

Flagged where the server behind `proxy_pass` is known to stream, and no `include` in the block may bring the setting.",
        zh: "\
nginx 默认先把回答攒进缓冲区再往外发。逐字输出的对话就会卡住，最后一整段冒出来，或者一坨一坨地出；回答一长就超时。在 `location` 里（或外层）写 `proxy_buffering off;`，
来一点发一点。服务端也可以用响应头 `X-Accel-Buffering: no` 关掉它，这从文件里看不出来。

只在确知 `proxy_pass` 后面的服务会流式输出、并且块里没有 `include`（可能带来这个设置）时才报。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let survey = cx.survey;
    let mut seen = Vec::new();
    for judged in &survey.endpoints {
        let Some((service, configured)) = cx.directive(judged).filter(|(_, c)| &*c.setting.key == "proxy_pass") else {
            continue;
        };
        let (Verdict::Ok, Some(Reached::Service { service: target, .. })) = (judged.verdict, judged.reached) else {
            continue;
        };
        let Some(image) = survey.net.image(target) else { continue };
        let streams = matches!(image.kind, Some(ImageKind::ModelServer | ImageKind::Gateway)) || app(image).is_some();
        let has = |name: &str| configured.setting.beside.iter().any(|(key, _)| &**key == name);
        if !streams || has("proxy_buffering") || has("include") {
            continue;
        }
        let word = configured.setting.directive.map(|d| d.word);
        let Some(span) = word.filter(|s| !seen.contains(s)) else { continue };
        seen.push(span);
        let name = cx.name(target);
        let message = text!(
            "nginx holds back what `{name}` streams: the answer arrives in one piece",
            "nginx 会把 `{name}` 的流式输出攒在一起，回答一整段才到"
        );
        let block = configured.setting.path.strip_suffix(".proxy_pass").unwrap_or(&configured.setting.path);
        let mut finding = cx.finding(span, block, message);
        finding.cause = Some("nginx-buffering");
        finding.services = vec![service.name.to_string()];
        finding.label = text!("buffered, which is nginx's default", "默认会缓冲");
        finding.help.push(text!("add proxy_buffering off;", "加上 proxy_buffering off;"));
        let plan = cx.desk().editable(span.file).and_then(|()| {
            let source = &cx.files.get(span.file).text;
            let semicolon = from(source, span.end as usize).find(';').map(|i| span.end as usize + i + 1);
            let end = semicolon.ok_or_else(|| cx.desk().by_hand(span))?;
            let line = upto(source, span.start as usize).rfind('\n').map_or(0, |i| i + 1);
            let indent: String = from(source, line).chars().take_while(|c| matches!(c, ' ' | '\t')).collect();
            let newline = if source.contains("\r\n") { "\r\n" } else { "\n" };
            let mut fix = Fix::new(
                Strategy::Repair,
                Applicability::Safe,
                text!("add proxy_buffering off", "加上 proxy_buffering off"),
            );
            fix.edits.push(Edit::insert(span.file, end, format!("{newline}{indent}proxy_buffering off;")));
            // The file may be mounted by several.
            let mounting = cx.project().services.iter().flat_map(|s| s.configured.iter().map(move |c| (s, c)));
            fix.changes = mounting.filter(|(_, c)| c.file == span.file).map(|(s, c)| c.path(s)).collect();
            Ok(fix)
        });
        Cx::plan(&mut finding, plan);
        cx.report(finding);
    }
}
