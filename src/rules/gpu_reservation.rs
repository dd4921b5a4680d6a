use crate::catalog::Reference;
use crate::compose::{Data, Service, V};
use crate::diag::{Applicability, Category, Severity, Strategy};
use crate::remedy::Draft;
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "gpu-reservation",
    category: Category::Start,
    set: RuleSet::Default,
    causes: &["gpu-runtime"],
    severity: Severity::Error,
    fix: FixKind::Sometimes,
    since: "0.1.0",
    title: Words { en: "A GPU reservation that gives no GPU", zh: "这样写预留不到 GPU" },
    doc: Words {
        en: "\
The engine compares `capabilities` letter by letter with what its GPU driver offers: `gpu`, `nvidia`, `compute`, `utility`, `graphics`, `video`, `display`, `compat32`.
Anything else, `gpus` or `GPU`, ends in `could not select device driver \"nvidia\" with capabilities: [[gpus]]`, the very text that a missing NVIDIA Container Toolkit gives. With
`count: 0` the container starts without a GPU, and nothing says so.

An image for AMD (`ollama/ollama:rocm`) has no use for the driver `nvidia`: on a machine with an AMD card there is no such driver. It takes the devices themselves:

    devices:
      - /dev/kfd
      - /dev/dri

What Compose itself rejects (`capabilities` missing, `count` beside `device_ids`) is told by other rules.",
        zh: "\
引擎会逐字比较 `capabilities` 和 GPU 驱动提供的能力：`gpu`、`nvidia`、`compute`、`utility`、`graphics`、`video`、`display`、`compat32`。写成别的，比如 `gpus` 或 `GPU`，结果是
`could not select device driver \"nvidia\" with capabilities: [[gpus]]`，和没装 NVIDIA Container Toolkit 时的报错一模一样。`count: 0` 则会在没有 GPU 的情况下启动，而且什么都不说。

AMD 的镜像（`ollama/ollama:rocm`）用不上 `nvidia` 驱动：装 AMD 显卡的机器上也没有这个驱动。它直接用设备：

    devices:
      - /dev/kfd
      - /dev/dri

Compose 自己就会拒绝的写法（缺 `capabilities`、`count` 和 `device_ids` 同时出现）由别的规则来报。",
    },
    check,
};

/// Source: <https://github.com/moby/moby/blob/master/daemon/devices_nvidia_linux.go>
const OFFERED: [&str; 8] = ["gpu", "nvidia", "compute", "compat32", "graphics", "utility", "video", "display"];

fn check(cx: &mut Cx<'_>) {
    let mut seen = Vec::new();
    for service in &cx.project().services {
        if !service.active {
            continue;
        }
        for (device, path) in devices(service) {
            if seen.contains(&device.span) {
                continue;
            }
            seen.push(device.span);
            misspelt(cx, service, &device, &path);
            none(cx, service, &device, &path);
            of_another_maker(cx, service, &device, &path);
        }
    }
}

/// The requests for devices of a service.
fn devices(service: &Service) -> Vec<(V, String)> {
    let reserved = || service.value.get("deploy")?.get("resources")?.get("reservations")?.get("devices");
    let places = [(reserved(), "deploy.resources.reservations.devices"), (service.value.get("gpus"), "gpus")];
    let listed = places.into_iter().filter_map(|(value, path)| Some((value?, path)));
    listed
        .flat_map(|(value, path)| {
            let items = value.items().iter().enumerate();
            items.map(move |(i, item)| (item.clone(), service.path(&format!("{path}.{i}"))))
        })
        .collect()
}

fn driver(device: &V) -> &str {
    device.get("driver").and_then(|d| d.str()).unwrap_or_default()
}

/// A capability that no driver offers.
fn misspelt(cx: &mut Cx<'_>, service: &Service, device: &V, path: &str) {
    for (index, item) in device.get("capabilities").map_or(&[][..], |c| c.items()).iter().enumerate() {
        let Some(text) = item.string().filter(|t| !t.uncertain) else { continue };
        let written = text.text();
        let lower = written.to_ascii_lowercase();
        let meant = OFFERED.into_iter().find(|o| *o == lower || *o == lower.trim_end_matches('s'));
        let driver = driver(device);
        // Other drivers offer what they like.
        if OFFERED.contains(&written) || !(driver == "nvidia" || (driver.is_empty() && meant.is_some())) {
            continue;
        }
        let name = &service.name;
        let message = text!(
            "`{name}` does not start: no GPU driver offers `{written}`",
            "`{name}` 起不来：没有 GPU 驱动提供 `{written}`"
        );
        let place = format!("{path}.capabilities.{index}");
        let mut finding = cx.finding(item.span, place, message);
        finding.cause = Some("gpu-runtime");
        finding.services = vec![name.to_string()];
        let said = format!("`could not select device driver \"{driver}\" with capabilities: [[{written}]]`");
        finding.label = text!("{said}", "{said}");
        let meant = meant.unwrap_or("gpu");
        finding.help.push(text!("write capabilities: [{meant}]", "改成 capabilities: [{meant}]"));
        if let Some(span) = text.sourced.exact(0..written.len()) {
            let mut draft = Draft::new(cx.desk());
            for other in &cx.project().services {
                if devices(other).iter().any(|(d, _)| d.span == device.span) {
                    ["deploy", "gpus"].iter().for_each(|key| draft.changes(other.path(key)));
                }
            }
            let plan = cx.desk().replace(span, meant).map(|edit| {
                draft.push(edit);
                let said = text!("write `{meant}`", "改成 `{meant}`");
                draft.finish(Strategy::Repair, Applicability::Unsafe, said)
            });
            Cx::plan(&mut finding, plan);
        }
        cx.report(finding);
    }
}

/// A request for no GPU at all.
fn none(cx: &mut Cx<'_>, service: &Service, device: &V, path: &str) {
    // A number from a variable is set elsewhere for a reason.
    let Some(count) = device.get("count").filter(|c| matches!(c.data, Data::Int(0))) else { return };
    let name = &service.name;
    let message = text!("`{name}` gets no GPU: `count` is 0", "`{name}` 拿不到 GPU：`count` 是 0");
    let mut finding = cx.finding(count.span, format!("{path}.count"), message);
    finding.cause = Some("gpu-runtime");
    finding.severity = Severity::Warning;
    finding.services = vec![name.to_string()];
    finding.label = text!("starts without a GPU, and nothing says so", "会在没有 GPU 的情况下启动，也不会提示");
    finding.help.push(text!("write count: all or count: 1, or take the reservation out", "改成 count: all 或 count: 1，或者去掉这段预留"));
    cx.report(finding);
}

/// NVIDIA's driver for an image that is built for AMD.
fn of_another_maker(cx: &mut Cx<'_>, service: &Service, device: &V, path: &str) {
    let Some(image) = service.image_text().filter(|_| driver(device) == "nvidia") else { return };
    let reference = Reference::parse(image);
    let words = |text: &str| text.to_ascii_lowercase().split(['-', '_', '.', '/']).any(|w| w.starts_with("rocm"));
    if !(words(&reference.repository) || reference.tag.as_deref().is_some_and(words)) {
        return;
    }
    let Some(at) = device.get("driver") else { return };
    let name = &service.name;
    let message = text!(
        "`{name}` is built for AMD and asks for NVIDIA's driver",
        "`{name}` 的镜像是给 AMD 的，却要 NVIDIA 的驱动"
    );
    let mut finding = cx.finding(at.span, format!("{path}.driver"), message);
    finding.cause = Some("gpu-runtime");
    finding.severity = Severity::Warning;
    finding.services = vec![name.to_string()];
    let said = "`could not select device driver \"nvidia\" with capabilities: [[gpu]]`";
    finding.label = text!("with an AMD card: {said}", "装 AMD 显卡的机器上：{said}");
    finding.help.push(text!(
        "give it the devices instead: devices: [/dev/kfd, /dev/dri]",
        "改为直接给设备：devices: [/dev/kfd, /dev/dri]"
    ));
    cx.report(finding);
}
