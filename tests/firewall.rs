//! Firewalls of the host on a real Docker engine: `dockline doctor` names the rule, and what it says to type heals.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a test may panic and says what it skips"
)]

mod common;

use common::engine::{Engine, engine, outcome};
use common::stack::{GATEWAY, Stack, client, doctor, of, server};

/// Commands on the engine's host side; those that undo them run when the value goes.
struct Changed<'e>(&'e Engine, &'static [&'static str]);

fn run(engine: &Engine, line: &str) -> (bool, String) {
    outcome(engine.beside(&["sh", "-c", line]))
}

impl<'e> Changed<'e> {
    fn new(engine: &'e Engine, set: &[&str], undo: &'static [&'static str]) -> Self {
        let changed = Self(engine, undo);
        for line in set {
            let (fine, said) = run(engine, line);
            assert!(fine, "{line}: {said}");
        }
        changed
    }
}

impl Drop for Changed<'_> {
    fn drop(&mut self) {
        for line in self.1 {
            let _ = run(self.0, line);
        }
    }
}

/// Name, program, commands, what the help names, commands that undo it.
type Row = (&'static str, &'static str, &'static [&'static str], &'static str, &'static [&'static str]);

const SAVE: &str = "iptables-save >/tmp/dockline-firewall.save";
const RESTORE: &[&str] = &["iptables-restore </tmp/dockline-firewall.save; rm -f /tmp/dockline-firewall.save"];
const NO_TABLE: &[&str] = &["nft delete table inet mine"];
const CHAIN: &str = "nft 'add chain inet mine input { type filter hook input priority 0; policy accept; }'";

const ROWS: &[Row] = &[
    (
        "a rule drops",
        "iptables",
        &[SAVE, "iptables -A INPUT -p tcp -m multiport --dports 80,11434 -m comment --comment 'no models' -j DROP"],
        "--dports 80,11434 -m comment --comment \"no models\" -j DROP",
        RESTORE,
    ),
    (
        "a rule rejects as firewalld does",
        "iptables",
        &[SAVE, "iptables -A INPUT ! -i lo -p tcp --dport 11434 -j REJECT --reject-with icmp-admin-prohibited"],
        "-j REJECT --reject-with icmp-admin-prohibited",
        RESTORE,
    ),
    (
        "a chain that others jump to",
        "iptables",
        &[
            SAVE,
            "iptables -N own",
            "iptables -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
            "iptables -A INPUT -p tcp -j own",
            "iptables -A own -s 10.0.0.0/8 -j ACCEPT",
            "iptables -A own -s 172.16.0.0/12 -p tcp --dport 11000:12000 -j DROP",
        ],
        "filter own: -A own -s 172.16.0.0/12",
        RESTORE,
    ),
    (
        "a policy drops",
        "iptables",
        &[
            SAVE,
            "iptables -A INPUT -i lo -j ACCEPT",
            "iptables -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
            "iptables -P INPUT DROP",
        ],
        "filter INPUT drops what none of its rules lets in",
        RESTORE,
    ),
    (
        "nft, by a set",
        "nft",
        &[
            "nft add table inet mine",
            "nft 'add set inet mine closed { type inet_service; flags interval; elements = { 1234, 11400-11500 }; }'",
            CHAIN,
            "nft add rule inet mine input ct state established,related accept",
            "nft 'add rule inet mine input tcp dport @closed drop comment \"closed\"'",
        ],
        "inet mine input: tcp dport @closed drop comment \"closed\"",
        NO_TABLE,
    ),
    (
        "nft, by its policy",
        "nft",
        &[
            "nft add table inet mine",
            "nft 'add chain inet mine input { type filter hook input priority 0; policy drop; }'",
            "nft add rule inet mine input ct state established,related accept",
            "nft 'add rule inet mine input tcp dport { 22, 80 } accept'",
        ],
        "inet mine input drops what none of its rules lets in",
        NO_TABLE,
    ),
];

#[test]
fn the_rule_is_named_and_what_is_typed_heals() {
    let Some((engine, _guard)) = engine() else { return };
    let _host = engine.host_listener("ollama@0.0.0.0:11434");
    let text = [
        "services:\n".to_owned(),
        server("ollama", "\"serve\", \"ollama@[::]:11434\"", ""),
        client("api", "OLLAMA_BASE_URL", "http://host.docker.internal:11434", GATEWAY),
    ]
    .concat();
    let stack = Stack::up(engine, &text, true);
    assert_eq!(of(&stack.doctor(), "api"), []);
    for (name, program, set, names, undo) in ROWS {
        if !run(engine, &format!("command -v {program}")).0 {
            common::skipped(&format!("{name}: no {program}"));
            continue;
        }
        let _changed = Changed::new(engine, set, undo);
        let report = stack.doctor();
        assert_eq!(of(&report, "api"), [("connect".to_owned(), "host-firewall".to_owned())], "{name}: {report:#}");
        let finding = &report["findings"][0];
        assert!(finding["help"].to_string().contains(&names.replace('"', "\\\"")), "{name}: {finding:#}");
        if std::env::var_os("SHOW").is_some() {
            println!("{}", doctor(engine, stack.dir.path(), &["-p", &stack.project, "--lang", "zh"]).out);
        }
        for command in finding["commands"].as_array().unwrap() {
            let line = command.as_str().unwrap().replace("sudo ", "");
            let (fine, said) = run(engine, &line);
            assert!(fine, "{name}: {line}: {said}");
        }
        assert_eq!(of(&stack.doctor(), "api"), [], "{name}: what was typed does not heal");
    }
}

#[test]
fn packets_between_containers_are_followed_too() {
    let Some((engine, _guard)) = engine() else { return };
    let text = [
        "services:\n".to_owned(),
        server("ollama", "\"serve\", \"ollama@[::]:11434\"", ""),
        client("api", "OLLAMA_BASE_URL", "http://ollama:11434", ""),
    ]
    .concat();
    let stack = Stack::up(engine, &text, true);
    let drop = "iptables -I FORWARD -p tcp --dport 11434 -j DROP";
    let _changed = Changed::new(engine, &[SAVE, drop], RESTORE);
    let report = stack.doctor();
    let found = of(&report, "api");
    if found.is_empty() {
        // Without the module br_netfilter no packet inside a bridge meets the filter.
        common::skipped("this kernel does not filter inside bridges");
        return;
    }
    assert_eq!(found, [("connect".to_owned(), "host-firewall".to_owned())], "{report:#}");
    assert!(report["findings"][0]["help"].to_string().contains("-A FORWARD -p tcp"), "{report:#}");
}
