//! The texts that new projects are made of: `templates/`, built into the binary, and the one place that knows the template engine.

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, UndefinedBehavior};

use crate::diag::Lang;

pub use minijinja::value::{Rest, Value};
pub use minijinja::{Error, ErrorKind, context};

macro_rules! texts {
    ($($name:literal)*) => {
        /// Every file of `templates/`, by its path there.
        pub const TEXTS: &[(&str, &str)] = &[$(($name, include_str!(concat!("../templates/", $name)))),*];
    };
}

texts! {
    "anythingllm/compose.yaml"
    "anythingllm/env"
    "anythingllm/stack.toml"
    "dify/compose.yaml"
    "dify/env"
    "dify/nginx/dify.conf"
    "dify/squid/squid.conf"
    "dify/stack.toml"
    "fastgpt/compose.yaml"
    "fastgpt/env"
    "fastgpt/stack.toml"
    "flowise/compose.yaml"
    "flowise/env"
    "flowise/stack.toml"
    "gateway.yaml"
    "images.toml"
    "langfuse/compose.yaml"
    "langfuse/env"
    "langfuse/stack.toml"
    "librechat/compose.yaml"
    "librechat/env"
    "librechat/librechat/librechat.yaml"
    "librechat/stack.toml"
    "litellm/compose.yaml"
    "litellm/env"
    "litellm/litellm/config.yaml"
    "litellm/stack.toml"
    "llama-cpp/compose.yaml"
    "llama-cpp/env"
    "llama-cpp/stack.toml"
    "lobe-chat/compose.yaml"
    "lobe-chat/env"
    "lobe-chat/stack.toml"
    "localai/compose.yaml"
    "localai/env"
    "localai/stack.toml"
    "n8n/compose.yaml"
    "n8n/env"
    "n8n/stack.toml"
    "new-api/compose.yaml"
    "new-api/env"
    "new-api/stack.toml"
    "ollama-host/README.md"
    "ollama-host/firewall/ollama-host.nft"
    "ollama-host/linux/ollama-docker0.service"
    "ollama-host/linux/ollama-docker0.socket"
    "ollama-host/linux/ollama.conf"
    "ollama-host/macos/dockline.ollama-host.plist"
    "ollama-host/nginx/ollama-keys.map"
    "ollama-host/nginx/ollama-users"
    "ollama-host/nginx/ollama.conf"
    "ollama-host/windows/open.cmd"
    "ollama-host/windows/undo.cmd"
    "ollama/compose.yaml"
    "ollama/env"
    "ollama/stack.toml"
    "one-api/compose.yaml"
    "one-api/env"
    "one-api/stack.toml"
    "open-webui/compose.yaml"
    "open-webui/env"
    "open-webui/searxng/settings.yml"
    "open-webui/stack.toml"
    "parts.yaml"
    "perplexica/compose.yaml"
    "perplexica/stack.toml"
    "ragflow/compose.yaml"
    "ragflow/env"
    "ragflow/infinity/infinity.toml"
    "ragflow/nginx/ragflow.conf"
    "ragflow/stack.toml"
    "swarm/with-secrets"
    "vllm/compose.yaml"
    "vllm/env"
    "vllm/stack.toml"
}

/// A text by its path.
pub fn text(name: &str) -> Option<&'static str> {
    TEXTS.iter().find(|(n, _)| *n == name).map(|(_, text)| *text)
}

/// The engine: strict, so that a misspelt name is an error and not an empty text. `say` takes the one of two texts that the
/// person reads.
pub fn engine(lang: Lang) -> Environment<'static> {
    let mut engine = Environment::new();
    engine.set_undefined_behavior(UndefinedBehavior::Strict);
    if let Ok(syntax) =
        SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build()
    {
        engine.set_syntax(syntax);
    }
    // What several stacks take in has no folder. It is held by the tests of every stack.
    for name in ["gateway.yaml", "parts.yaml"] {
        let _ = engine.add_template(name, text(name).unwrap_or_default());
    }
    engine.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    engine.add_function("say", move |en: String, zh: String| if lang == Lang::Zh { zh } else { en });
    engine
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    fn below(dir: &Path, root: &Path, out: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(dir).unwrap().map(Result::unwrap) {
            if entry.path().is_dir() {
                below(&entry.path(), root, out);
            } else {
                out.insert(entry.path().strip_prefix(root).unwrap().to_string_lossy().into_owned());
            }
        }
    }

    #[test]
    fn every_file_of_the_folder_is_built_in_and_the_list_is_sorted() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
        let mut there = BTreeSet::new();
        below(&root, &root, &mut there);
        let listed: Vec<String> = TEXTS.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(listed, there.into_iter().collect::<Vec<_>>());
    }
}
