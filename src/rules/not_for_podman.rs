use crate::compose::{self, Service, V};
use crate::diag::{Category, Place, Severity};
use crate::network::Platform;
use crate::rule::{Cx, FixKind, Held, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "not-for-podman",
    category: Category::Model,
    set: RuleSet::Default,
    causes: &["gpu-runtime"],
    severity: Severity::Warning,
    fix: FixKind::Never,
    since: "0.1.0",
    title: Words { en: "Attributes that Podman refuses or passes over", zh: "Podman 会拒绝或忽略的属性" },
    doc: Words {
        en: "\
With `--platform podman`: docker-compose (also as `podman compose`) talks to Podman's own service, which takes most of what Docker takes, but not all. It creates no container with `links`,
with `healthcheck.start_interval`, with a volume of `type: image`, or with a logging driver other than `json-file`, `k8s-file`, `journald`, `passthrough` and `none`, and no network with the
driver `overlay`. And it passes in silence over what Docker's GPU support is asked with (`gpus`, `runtime: nvidia`, reserved devices of the driver `nvidia`): the model server starts, and
computes on the CPU.

Service names need no links. A GPU is a CDI device there: `sudo nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml` once, then `devices: [nvidia.com/gpu=all]`.

Measured with Podman 5.4.2, rootful and rootless, and docker-compose 2.40.3. podman-compose, the Python program, reads files by itself and is not meant here. The names
`host.docker.internal` and `host.containers.internal` are both built in since Podman 4.7, without `extra_hosts`; where Podman is rootless, from 5.3 on.",
        zh: "\
用 `--platform podman` 时：docker-compose（`podman compose` 也是它）对接的是 Podman 自己的服务，Docker 认的它大多也认，但不是全部。带 `links`、`healthcheck.start_interval`、`type: image` 卷，或者日志驱动不是 `json-file`、
`k8s-file`、`journald`、`passthrough`、`none` 的容器，它不创建；驱动是 `overlay` 的网络也不创建。Docker 申请 GPU 的写法（`gpus`、`runtime: nvidia`、驱动为 `nvidia` 的设备预留）它一声不响地忽略：模型服务照常启动，
却在用 CPU 算。

服务之间用服务名就行，不需要 links。Podman 的 GPU 是 CDI 设备：先执行一次 `sudo nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml`，再写 `devices: [nvidia.com/gpu=all]`。

以 Podman 5.4.2（rootful 和 rootless）和 docker-compose 2.40.3 实测。podman-compose 那个 Python 程序自己读文件，不在此列。`host.docker.internal` 和 `host.containers.internal` 从 Podman 4.7 起都是内置的，
不用写 `extra_hosts`；rootless 的要 5.3 起。",
    },
    check,
};

const LOG_DRIVERS: [&str; 7] = ["", "json-file", "k8s-file", "journald", "passthrough", "passthrough-tty", "none"];
const NETWORK_DRIVERS: [&str; 4] = ["", "bridge", "ipvlan", "macvlan"];

fn check(cx: &mut Cx<'_>) {
    if cx.facts().platform != Platform::Podman {
        return;
    }
    let (mut refused, mut ignored) = (Vec::new(), Vec::new());
    for (id, service) in cx.containers().filter(|(_, s)| s.active) {
        let uses = |found: Vec<(&'static str, &V)>| {
            let at = |(what, value): (&str, &V)| Held {
                place: cx.place(value, service.path(what.split(" (").next().unwrap_or(what))),
                services: vec![id],
                what: what.to_owned(),
            };
            found.into_iter().map(at).collect::<Vec<_>>()
        };
        refused.extend(uses(refuses(service)));
        ignored.extend(uses(no_gpu(service)));
    }
    for entry in cx.project().root.get("networks").map_or(&[] as &[_], |n| n.entries()) {
        let driver = entry.value.get("driver").filter(|d| d.str().is_some_and(|d| !NETWORK_DRIVERS.contains(&d)));
        let Some(driver) = driver.filter(|_| compose::is_used(cx.project(), "networks", &entry.key)) else { continue };
        let place = Place { span: driver.span, path: format!("networks.{}.driver", entry.key) };
        let what = format!("networks.{}.driver ({})", entry.key, driver.str().unwrap_or_default());
        refused.push(Held { place, services: Vec::new(), what });
    }
    if let Some(mut finding) =
        cx.gathered(&refused, |list| text!("Podman does not take {list}", "Podman 不接受 {list}"))
    {
        finding.severity = Severity::Error;
        finding.help.push(text!("take it out, for this engine in an override file", "请去掉；只想在这个引擎上去掉，就写进 override 文件"));
        cx.report(finding);
    }
    let message = |list: &str| {
        text!("Podman passes over {list}: the container gets no GPU", "Podman 会忽略 {list}：容器拿不到 GPU")
    };
    if let Some(mut finding) = cx.gathered(&ignored, message) {
        finding.cause = Some("gpu-runtime");
        finding.help.push(text!(
            "sudo nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml, then devices: [nvidia.com/gpu=all] in its place",
            "先执行 sudo nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml，再改写成 devices: [nvidia.com/gpu=all]"
        ));
        cx.report(finding);
    }
}

/// With what Podman's service creates no container.
fn refuses(service: &Service) -> Vec<(&'static str, &V)> {
    let value = &service.value;
    let mut out = Vec::new();
    for key in ["links", "external_links"] {
        out.extend(value.get(key).filter(|v| !v.items().is_empty()).map(|v| (key, v)));
    }
    let driver = value.get("logging").and_then(|l| l.get("driver"));
    out.extend(driver.filter(|d| d.str().is_some_and(|d| !LOG_DRIVERS.contains(&d))).map(|d| ("logging.driver", d)));
    let check = value.get("healthcheck").filter(|h| h.get("disable").and_then(|d| d.truth()) != Some(true));
    out.extend(check.and_then(|h| h.get("start_interval")).map(|v| ("healthcheck.start_interval", v)));
    let volumes = value.get("volumes").map_or(&[] as &[_], |v| v.items());
    let image = |v: &&V| v.get("type").and_then(|t| t.str()) == Some("image");
    out.extend(volumes.iter().find(image).map(|v| ("volumes (type: image)", v)));
    out
}

/// What asks Docker for a GPU in a way that Podman passes over.
fn no_gpu(service: &Service) -> Vec<(&'static str, &V)> {
    let value = &service.value;
    let mut out = Vec::new();
    out.extend(value.get("gpus").map(|v| ("gpus", v)));
    out.extend(value.get("runtime").filter(|r| r.str() == Some("nvidia")).map(|v| ("runtime", v)));
    let devices = ["resources", "reservations", "devices"];
    let reserved = devices.iter().try_fold(value.get("deploy"), |at, key| at.map(|v| v.get(key)));
    let reserved = reserved.flatten().filter(|list| {
        list.items().iter().any(|d| d.get("driver").and_then(|d| d.str()) != Some("cdi"))
    });
    out.extend(reserved.map(|v| ("deploy.resources.reservations.devices", v)));
    out
}
