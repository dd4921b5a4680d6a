//! The model servers that a stack can call.

/// A kind of server.
#[derive(Debug)]
pub struct Provider {
    pub id: &'static str,
    pub title: &'static str,
    /// Where it listens on a host, as it comes.
    pub port: u16,
    /// Whether it speaks Ollama's own protocol besides that of `OpenAI`.
    pub ollama: bool,
    /// What stands between `http://HOST:PORT` and `/chat/completions`.
    pub path: &'static str,
    /// The stack that runs it in the project; `None` where it has no container of its own.
    pub stack: Option<&'static str>,
    /// The address of a service on the internet, which needs no way to the host.
    pub outside: Option<&'static str>,
}

const fn server(id: &'static str, title: &'static str, port: u16, stack: Option<&'static str>) -> Provider {
    Provider { id, title, port, ollama: false, path: "/v1", stack, outside: None }
}

/// All of them; the first counts where none is named.
pub const PROVIDERS: &[Provider] = &[
    Provider { ollama: true, ..server("ollama", "Ollama", 11434, Some("ollama")) },
    server("vllm", "vLLM", 8000, Some("vllm")),
    server("lm-studio", "LM Studio", 1234, None),
    server("localai", "LocalAI", 8080, Some("localai")),
    server("llama-cpp", "llama.cpp", 8080, Some("llama-cpp")),
    // Source: https://docs.docker.com/ai/model-runner/api-reference/
    Provider { path: "/engines/v1", ..server("model-runner", "Docker Model Runner", 12434, None) },
    Provider { outside: Some("https://api.openai.com"), ..server("openai", "OpenAI", 443, None) },
];

impl Provider {
    pub fn of(id: &str) -> Option<&'static Self> {
        PROVIDERS.iter().find(|p| p.id == id)
    }
}
