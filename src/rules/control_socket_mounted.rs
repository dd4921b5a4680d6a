use crate::catalog::{Reference, Sort, privilege};
use crate::compose::ServiceId;
use crate::diag::Text;
use crate::diag::{Category, Severity};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "control-socket-mounted",
    category: Category::Hardening,
    set: RuleSet::Hardening,
    causes: &[],
    severity: Severity::Error,
    fix: FixKind::Never,
    since: "0.1.0",
    title: Words { en: "A container that has the engine's control socket", zh: "容器里挂载了引擎的控制 socket" },
    doc: Words {
        en: "\
Whoever can talk to `/var/run/docker.sock` can start a container that has the host's whole file system, so breaking into a program that has the socket is
breaking into the host. `:ro` changes nothing: it protects the file, not the API behind it. The same goes for containerd, Podman and CRI-O, and for `/run` and
`/var/run`, where the sockets are.

Portainer, Traefik, Watchtower and their like have it on purpose. Where such a program only reads (labels, the list of containers), put a proxy between them
that answers nothing else, `tecnativa/docker-socket-proxy` for one; where it must start containers, take care who reaches its web page.",
        zh: "\
能访问 `/var/run/docker.sock`，就能启动一个挂载宿主机整个文件系统的容器，所以攻进拿着 socket 的程序就等于攻进宿主机。`:ro` 没有用：它只保护 socket 文件，管不了后面的 API。
containerd、Podman、CRI-O 也一样；挂载 `/run`、`/var/run` 也一样，socket 就在里面。

Portainer、Traefik、Watchtower 这类程序是有意挂载的。如果它只读（标签、容器列表），就在中间放一个只放行这些请求的代理，例如 `tecnativa/docker-socket-proxy`；如果它要启动容器，就管好谁能打开它的页面。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let mut found = Vec::new();
    for (id, service) in cx.containers() {
        for bind in service.binds(cx.project()) {
            let known = privilege(Sort::Socket, &bind.source).or_else(|| privilege(Sort::Folder, &bind.source));
            found.extend(known.map(|p| (id, bind.place, (p.gives, bind.read_only))));
        }
        // Source: docker-compose 2.40.3: it mounts the engine's socket and the user's registry credentials.
        if let Some(value) = service.value.get("use_api_socket").filter(|v| v.truth() == Some(true)) {
            let gives = ("the Docker engine's API", "Docker 引擎的 API");
            found.push((id, cx.place(value, service.path("use_api_socket")), (gives, false)));
        }
    }
    for held in Cx::by_place(found) {
        let ((en, zh), read_only) = held.what;
        let who = cx.listed(&held.services);
        let message = Text::new("whoever breaks into ", "攻进 ").and(&who).and(&Text::new(
            format!(" is root on the host, through {en}"),
            format!(" 的人就是宿主机的 root：容器里有 {zh}"),
        ));
        let mut finding = cx.held(&held, message);
        if read_only {
            finding.label = text!("read-only keeps nobody from using it", "只读挡不住任何人使用它");
        }
        if held.services.iter().all(|id| is_proxy(cx, *id)) {
            // This is what the others are advised to use.
            finding.severity = Severity::Info;
            finding.help.push(text!(
                "publish none of its ports, and let it answer only what its clients ask for",
                "不要发布它的端口，只放行客户端需要的请求"
            ));
        } else {
            finding.help.push(text!(
                "where it only reads: a proxy such as tecnativa/docker-socket-proxy, and DOCKER_HOST=tcp://PROXY:2375",
                "如果它只读：中间放一个 tecnativa/docker-socket-proxy 这样的代理，再设 DOCKER_HOST=tcp://代理:2375"
            ));
        }
        cx.report(finding);
    }
}

/// Whether a service is there to let only some requests through.
fn is_proxy(cx: &Cx<'_>, id: ServiceId) -> bool {
    cx.service(id).and_then(|s| s.image_text()).is_some_and(|image| Reference::parse(image).repository.contains("socket-proxy"))
}
