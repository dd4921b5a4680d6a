use crate::diag::{Category, Severity};
use crate::network::Exposed;
use crate::remedy::loopback_only;
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "exposed-port",
    category: Category::Exposure,
    set: RuleSet::Default,
    causes: &["exposed-port"],
    severity: Severity::Error,
    fix: FixKind::Sometimes,
    since: "0.1.0",
    title: Words { en: "A server that asks for no password is open to the network", zh: "不要密码的服务对整个网络开放" },
    doc: Words {
        en: "\
`ports: \"11434:11434\"` binds all of the host's addresses, and Docker's own firewall rules come before ufw's: whoever reaches the machine can use the model,
pull others onto the disk, or read and drop the database. Services of the same project need no published port, they call each other by name. To use it from
the host itself, publish on its loopback: `\"127.0.0.1:11434:11434\"`.

An error where the image asks for no credential, as it comes or because nothing sets the one that it could have (Redis without `--requirepass`, MongoDB without
`MONGO_INITDB_ROOT_USERNAME`, vLLM without `--api-key`); not where a mounted file or a script may set it. A warning where nobody knows the image and the port is that of such
a server.",
        zh: "\
`ports: \"11434:11434\"` 会绑定宿主机的所有地址，而且 Docker 自己的防火墙规则排在 ufw 前面：能连到这台机器的人都可以用你的模型、往磁盘上拉别的模型，或者读走、删掉
数据库。同一个项目里的服务用名字互相访问，不需要发布端口。只想在宿主机上用，就发布到回环地址：`\"127.0.0.1:11434:11434\"`。

镜像不要求凭据时是错误：要么本来就没有，要么可以有却没有设（Redis 没写 `--requirepass`，MongoDB 没写 `MONGO_INITDB_ROOT_USERNAME`，vLLM 没写 `--api-key`）；挂载的文件或脚本可能设了的不报。
不认识镜像、端口却是这类服务的端口时，是警告。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    for (id, service) in cx.project().services.iter().enumerate() {
        for port in &service.ports {
            let Some(exposed) = cx.survey.net.exposed(id, port) else { continue };
            let name = &service.name;
            let target = port.target.0;
            let published = port.published.map_or(target, |(first, _)| first);
            let message = match exposed {
                Exposed::Open => text!(
                    "anyone on the network can use `{name}`: it asks for no password, and port {published} is open on all addresses",
                    "网络里的任何人都能用 `{name}`：它不要密码，而端口 {published} 在所有地址上开放"
                ),
                Exposed::Perhaps(server) => text!(
                    "anyone on the network reaches `{name}` on port {published}; if that is {server}, it asks for no password as it comes",
                    "网络里的任何人都能连到 `{name}` 的 {published} 端口；如果那是 {server}，它默认不要密码"
                ),
            };
            let mut finding = cx.finding(port.span, service.path(&format!("ports.{}", port.index)), message);
            if exposed != Exposed::Open {
                finding.severity = Severity::Warning;
            }
            finding.cause = Some("exposed-port");
            finding.services = vec![name.to_string()];
            finding.label = text!("Docker opens it past ufw", "Docker 会绕过 ufw 直接放开");
            finding.help.push(text!(
                "for use from this host alone: \"127.0.0.1:{published}:{target}\"; services of the project need no published port",
                "只在本机使用：\"127.0.0.1:{published}:{target}\"；项目里的服务互访不需要发布端口"
            ));
            Cx::plan(&mut finding, loopback_only(cx.desk(), port));
            cx.report(finding);
        }
    }
}
