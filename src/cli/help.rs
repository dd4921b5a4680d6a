//! Help and usage errors in Chinese. The English texts stand in `args.rs`; each has its Chinese one here, which a test holds.

use std::fmt::Write as _;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, Command, CommandFactory as _};

use super::args::Cli;
use crate::diag::Lang;

/// The command line with its help in a language.
pub(super) fn command(lang: Lang) -> Command {
    match lang {
        Lang::En => Cli::command(),
        Lang::Zh => chinese(Cli::command()),
    }
}

/// The command line's help in Chinese.
pub(super) fn chinese(command: Command) -> Command {
    translate(command)
        .disable_version_flag(true)
        .arg(
            Arg::new("version")
                .short('V')
                .long("version")
                .action(ArgAction::Version)
                .help("显示版本")
                .help_heading("选项"),
        )
        .mut_subcommands(translate)
}

fn translate(command: Command) -> Command {
    let about = command.get_about().map(|a| told(&a.to_string()));
    let command = match about {
        Some(about) => command.about(about),
        None => command,
    };
    command
        .mut_args(argument)
        .disable_help_flag(true)
        .arg(Arg::new("help").short('h').long("help").action(ArgAction::Help).help("显示帮助").help_heading("选项"))
        .subcommand_help_heading("命令")
        .help_template("{about}\n\n用法：{usage}\n\n{all-args}")
}

/// An argument with its help, its default and its values in Chinese.
fn argument(arg: Arg) -> Arg {
    let mut help = told(&arg.get_help().map(ToString::to_string).unwrap_or_default());
    let list = |values: Vec<String>| values.join("、");
    let takes = arg.get_action().takes_values();
    let default = list(arg.get_default_values().iter().map(|v| v.to_string_lossy().into_owned()).collect());
    if takes && !default.is_empty() {
        let _ = write!(help, "［默认：{default}］");
    }
    let values = list(arg.get_possible_values().iter().map(|v| v.get_name().to_owned()).collect());
    if takes && !values.is_empty() {
        let _ = write!(help, "［可选：{values}］");
    }
    let heading = match (arg.get_help_heading(), arg.is_positional()) {
        (Some("Project"), _) => "项目",
        (Some("Host"), _) => "宿主机",
        (Some("dockline new ollama-host"), _) => "宿主机上的 Ollama（ollama-host）",
        (_, true) => "参数",
        (_, false) => "选项",
    };
    let arg = arg.help(help).help_heading(heading);
    if takes { arg.hide_default_value(true).hide_possible_values(true) } else { arg }
}

fn told(english: &str) -> String {
    WORDS.iter().find(|(en, _)| *en == english).map_or(english, |(_, zh)| zh).to_owned()
}

/// What is wrong with a command line, in Chinese; `None` for what is too rare to have words of its own.
pub(super) fn complaint(error: &clap::Error) -> Option<String> {
    let told = |kind: ContextKind| match error.get(kind)? {
        ContextValue::String(one) => Some(one.clone()),
        ContextValue::Strings(many) => Some(many.join("、")),
        _ => None,
    };
    let arg = told(ContextKind::InvalidArg);
    let what = match error.kind() {
        ErrorKind::UnknownArgument => format!("没有 `{}` 这个参数", arg?),
        ErrorKind::InvalidSubcommand => format!("没有 `{}` 这个命令", told(ContextKind::InvalidSubcommand)?),
        ErrorKind::MissingSubcommand => format!("缺少命令：{}", told(ContextKind::ValidSubcommand)?),
        ErrorKind::MissingRequiredArgument => format!("缺少 {}", arg?),
        ErrorKind::ArgumentConflict => format!("{} 不能和 {} 一起用", arg?, told(ContextKind::PriorArg)?),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            let value = told(ContextKind::InvalidValue).filter(|v| !v.is_empty());
            let wrong = value.map_or_else(
                || format!("{} 缺少值", arg.clone().unwrap_or_default()),
                |value| format!("{} 不能是 `{value}`", arg.clone().unwrap_or_default()),
            );
            match told(ContextKind::ValidValue) {
                Some(valid) => format!("{wrong}，可选：{valid}"),
                None => wrong,
            }
        }
        _ => return None,
    };
    let near = told(ContextKind::SuggestedArg).or_else(|| told(ContextKind::SuggestedSubcommand));
    let tip = near.map_or_else(|| "用法见 --help".to_owned(), |near| format!("是不是 `{near}`？"));
    Some(format!("dockline: {what}\n  提示：{tip}\n"))
}

/// English and Chinese.
const WORDS: &[(&str, &str)] = &[
    (
        "Finds out why a container can't reach its model server, and what else is wrong with a Compose stack",
        "找出容器为什么连不上模型服务，以及 Compose 项目还有什么问题",
    ),
    ("Say what is wrong, where, why and what to type", "指出哪里错了、为什么、该怎么写"),
    (
        "Ask the running containers: which address fails, in which layer, and what to type",
        "检查正在运行的容器：哪个地址不通、卡在哪一层、该敲什么命令",
    ),
    (
        "Where nothing else can ask from inside a container: start a helper of this image in its network, and remove it. The image must be there already, with sh and curl, wget, nc or python3",
        "没有别的办法从容器里面测试时：用这个镜像在它的网络里启动一个辅助容器，用完就删。镜像必须已经在本地，里面要有 sh 和 curl、wget、nc 或 python3",
    ),
    (
        "Ask this model for a few words on each way to it: times, and whether a proxy holds the stream back (loads the model)",
        "沿每条路让这个模型说几个词：测时间，看代理有没有把流式输出攒住（会加载模型）",
    ),
    (
        "Ask that model so many times at once: who turns requests away (429, 503)?",
        "同时向这个模型发这么多请求：有谁拒绝（429、503）",
    ),
    (
        "A container, whoever started it, instead of a project (repeatable)",
        "不看项目，只看这个容器，不管是谁启动的（可重复）",
    ),
    (
        "Also write a bundle for asking others for help, with secrets taken out [default file: dockline-report.md]",
        "另外写一份求助用的报告，密钥都已去掉［默认文件：dockline-report.md］",
    ),
    (
        "The name that the project runs under [default: as Compose would name it]",
        "项目运行时用的名字［默认：和 Compose 取的一样］",
    ),
    ("Mend it, touching no byte that need not change", "修好它，不该动的一个字节也不动"),
    ("Who reaches whom: every address of every service", "谁能连到谁：每个服务的每个地址"),
    (
        "The environment that a service really gets, and where each value came from",
        "服务真正得到的环境变量，以及每个值的来源",
    ),
    ("The resolved project, as `docker compose config` gives it", "解析后的项目，和 `docker compose config` 一致"),
    (
        "From an error line, a log, a rule or a cause to what it means and what to do",
        "解释一行报错、一份日志、一条规则或一个原因：是什么意思，该怎么办",
    ),
    ("List all rules", "列出全部规则"),
    ("Print what a shell needs to complete command lines", "打印 shell 的命令行补全脚本"),
    ("The shell that is to complete", "给哪个 shell 用"),
    ("Print the manual page, or write the pages of all commands", "打印手册页，或写出全部命令的手册页"),
    ("Directory to write the pages into", "手册页写到哪个目录"),
    (
        "Language of the output: en or zh [default: from `DOCKLINE_LANG` or the locale]",
        "输出语言：en 或 zh［默认：由 `DOCKLINE_LANG` 或系统区域设置决定］",
    ),
    ("When to use colour", "何时使用颜色"),
    ("Run as if started in DIR", "如同在 DIR 目录里运行"),
    ("Compose file (repeatable)", "Compose 文件（可重复）"),
    ("Env file instead of .env (repeatable)", "用来代替 .env 的 env 文件（可重复）"),
    ("Profile to enable (repeatable; * for all)", "要启用的 profile（可重复；* 表示全部）"),
    ("Directory that relative paths start from", "相对路径的起点目录"),
    (
        "any, linux, docker-desktop, rootless, podman, wsl2, colima, orbstack or swarm [default: any]",
        "any、linux、docker-desktop、rootless、podman、wsl2、colima、orbstack 或 swarm［默认：any］",
    ),
    (
        "A process of the host that listens there, such as 127.0.0.1:11434 or *:1234 (repeatable)",
        "宿主机上有程序在这里监听，例如 127.0.0.1:11434 或 *:1234（可重复）",
    ),
    ("An address that is the host's own (repeatable)", "宿主机自己的地址（可重复）"),
    (
        "What the host's firewall does with new connections from containers: drop or allow",
        "宿主机防火墙如何处理来自容器的新连接：drop（丢弃）或 allow（放行）",
    ),
    (
        "Configuration file [default: the nearest dockline.toml upward]",
        "配置文件［默认：向上找到的第一个 dockline.toml］",
    ),
    ("Read no configuration file", "不读配置文件"),
    (
        "Directories, Compose files or env files [default: what `docker compose` would load here]",
        "目录、Compose 文件或 env 文件［默认：`docker compose` 在这里会加载的项目］",
    ),
    ("Every Compose file below the paths", "这些路径下的所有 Compose 文件"),
    ("Output format", "输出格式"),
    (
        "Write to FILE instead of standard output; FORMAT=FILE writes another format besides (repeatable)",
        "写入 FILE，而不是标准输出；写成 FORMAT=FILE 则另外输出一种格式（可重复）",
    ),
    ("Least severity that makes the exit status 1 [default: warning]", "达到这个级别，退出码就是 1［默认：warning］"),
    ("Sets of rules to run: default, hardening, style or all", "用哪些规则集：default、hardening、style 或 all"),
    ("Only these rules or categories (repeatable, commas allowed)", "只用这些规则或类别（可重复，可用逗号分隔）"),
    ("Leave out these rules or categories", "不用这些规则或类别"),
    ("Exit 1 also for what could not be judged", "有无法判断的地方，退出码也是 1"),
    (
        "Leave out what FILE says is known already [default: what dockline.toml names]",
        "不报告 FILE 里记下的已知问题［默认：dockline.toml 里写的文件］",
    ),
    ("Write what is found to the baseline file, and exit 0", "把发现的问题写入基线文件，退出码为 0"),
    ("Heed no comment and no entry that asks to ignore something", "不理会任何要求忽略的注释和配置"),
    (
        "Leave out what dockline.toml excludes also where it is given as PATH",
        "dockline.toml 排除的文件，即使写在命令行里也跳过",
    ),
    ("Directories, Compose files or env files", "目录、Compose 文件或 env 文件"),
    (
        "How loopback and missing-mapping addresses are mended: auto, service, host-gateway, host-network or lan-ip",
        "写成 localhost 或缺少 extra_hosts 的地址怎么修：auto、service、host-gateway、host-network 或 lan-ip",
    ),
    ("The host's LAN address, for --to lan-ip", "宿主机的局域网地址，用于 --to lan-ip"),
    (
        "Point a variable at a server: [SERVICE.]VARIABLE=host:11434/v1 (repeatable)",
        "让变量指向某个服务：[服务.]变量=host:11434/v1（可重复）",
    ),
    ("Print the changes as a patch and write nothing", "把改动打印成补丁，不写文件"),
    ("Make fixes too that need a person's choice", "也做那些需要人来拿主意的修复"),
    ("Leave the base files alone: write to the override file", "不动原文件，写入 override 文件"),
    (
        "Least severity of what is left that makes the exit status 1 [default: warning]",
        "剩下的问题达到这个级别，退出码就是 1［默认：warning］",
    ),
    ("Directory or Compose file", "目录或 Compose 文件"),
    ("The service that asks", "发起连接的服务"),
    ("What it wants to reach: host:11434, SERVICE[:PORT] or a URL", "要连到哪里：host:11434、服务名[:端口] 或 URL"),
    ("Exit 1 when an address is broken", "有连不上的地址，退出码就是 1"),
    (
        "[PATH] [SERVICE [VARIABLE]]: a first word that is `.`, has a / or is a directory is a path",
        "[路径] [服务 [变量]]：第一个词如果是 `.`、含有 / 或是目录，就当作路径",
    ),
    ("Show credentials too", "凭据也显示出来"),
    ("Show where each value came from, not the values", "显示每个值的来源，而不是值"),
    (
        "An error line, a rule, a cause, or - to read a log from standard input",
        "一行报错、一条规则、一个原因，或用 - 从标准输入读日志",
    ),
    ("Make a new project: stacks that start, and reach their model server", "生成新项目：能启动、能连上模型服务的栈"),
    ("Put stacks into a project that is there, changing none of its lines", "把栈加进已有的项目，原有内容一行不改"),
    ("STACK... [DIR]", "栈... [目录]"),
    (
        "STACK... [DIR], or ollama-host [DIR]; without any it asks",
        "栈... [目录]，或 ollama-host [目录]；不写就逐项询问",
    ),
    (
        "Where Ollama is reached: all, forwarder[=ADDR], docker0[=ADDR] or an address [default: all]",
        "Ollama 在哪里接受连接：all、forwarder[=地址]、docker0[=地址] 或某个地址［默认：all］",
    ),
    (
        "Network whose containers get in [default: 172.16.0.0/12] (repeatable)",
        "放行哪个网段的容器［默认：172.16.0.0/12］（可重复）",
    ),
    ("What the proxy asks for: bearer or basic [default: bearer]", "代理要求的凭据：bearer 或 basic［默认：bearer］"),
    (
        "Page that may call from a browser: its origin, with scheme and port (repeatable)",
        "允许从浏览器调用的网页：来源，含协议和端口（可重复）",
    ),
    ("What runs it: compose or swarm [default: compose]", "用什么运行：compose 或 swarm［默认：compose］"),
    ("Name of the project [default: that of its folder]", "项目名［默认：目录名］"),
    ("Print what would be written, and write nothing", "只打印将要写入的内容，不写文件"),
    ("Overwrite files that are there; passwords stay", "覆盖已有文件；密码保留不变"),
    (
        "Take over a project that is there, such as a checkout of Dify or One-API: an override file and lines of .env, no other file",
        "接管已有的项目，例如检出的 Dify 或 One-API：只加一个覆盖文件和几行 .env，其他文件不动",
    ),
    ("List the stacks and their choices", "列出所有栈和可选项"),
    (
        "Model server: ollama, vllm, lm-studio, localai, llama-cpp, model-runner or openai [default: ollama]",
        "模型服务：ollama、vllm、lm-studio、localai、llama-cpp、model-runner 或 openai［默认：ollama］",
    ),
    (
        "Where it runs and how it is reached: service, host-gateway, host-network or lan-ip",
        "模型服务在哪里、怎么连：service、host-gateway、host-network 或 lan-ip",
    ),
    ("Address of the machine with the model server, for --net lan-ip", "模型服务所在机器的地址，用于 --net lan-ip"),
    ("A choice of a stack: [STACK.]CHOICE=VALUE (repeatable)", "栈的可选项：[栈.]选项=值（可重复）"),
    ("Another port on the host: STACK=PORT (repeatable)", "换一个宿主机端口：栈=端口（可重复）"),
    (
        "Where it runs: any, linux, docker-desktop, rootless, podman, wsl2, colima, orbstack or swarm [default: any]",
        "在哪里运行：any、linux、docker-desktop、rootless、podman、wsl2、colima、orbstack 或 swarm［默认：any］",
    ),
    ("Address on which the pages are published [default: 127.0.0.1]", "网页发布在哪个地址上［默认：127.0.0.1］"),
    ("Give the model server the graphics cards: nvidia or amd", "把显卡交给模型服务：nvidia 或 amd"),
    (
        "Pull images from a mirror: of all registries (PREFIX/docker.io/ollama/ollama), or of one (docker.io=PREFIX)",
        "从镜像站拉取镜像：各家仓库都有的（PREFIX/docker.io/ollama/ollama），或只有一家的（docker.io=PREFIX）",
    ),
];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

    use super::*;

    fn texts(command: &Command, out: &mut Vec<String>) {
        out.extend(command.get_about().map(ToString::to_string));
        out.extend(command.get_arguments().map(|a| a.get_help().map(ToString::to_string).unwrap_or_default()));
        command.get_subcommands().for_each(|c| texts(c, out));
    }

    #[test]
    fn every_help_text_has_its_chinese_one_and_none_is_left_over() {
        let mut all = Vec::new();
        texts(&Cli::command(), &mut all);
        for text in &all {
            assert!(WORDS.iter().any(|(en, _)| en == text), "no Chinese for `{text}`");
        }
        for (en, _) in WORDS {
            assert!(all.iter().any(|t| t == en), "nothing says `{en}`");
        }
    }

    #[test]
    fn the_help_of_every_command_is_chinese() {
        let mut command = chinese(Cli::command());
        command.build();
        let names: Vec<String> = command.get_subcommands().map(|c| c.get_name().to_owned()).collect();
        for name in names {
            let help = command.find_subcommand_mut(&name).unwrap().render_help().to_string();
            for word in ["Usage", "Options:", "Arguments:", "[default", "[possible", "Print help"] {
                assert!(!help.contains(word), "`{word}` in the Chinese help of {name}:\n{help}");
            }
        }
    }

    #[test]
    fn usage_errors_are_chinese() {
        let told = |args: &[&str]| complaint(&Cli::command().try_get_matches_from(args).unwrap_err()).unwrap();
        for (args, part) in [
            (&["dockline", "lnt"][..], "是不是 `lint`？"),
            (&["dockline", "lint", "--recursiv"], "是不是 `--recursive`？"),
            (&["dockline", "lint", "--format", "xml"], "可选：human、concise、json"),
            (&["dockline", "lint", "--format"], "缺少值"),
            (&["dockline", "explain"], "缺少 <TEXT>..."),
            (&["dockline", "lint", "--isolated", "--config", "x"], "不能和"),
        ] {
            let said = told(args);
            assert!(said.contains(part), "{args:?}: {said}");
        }
    }
}
