//! The description of a stack: `templates/NAME/stack.toml`.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

use crate::diag::Text;
use crate::templates;

/// What a stack is to the others of a project.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Runs models.
    Server,
    /// Stands before model servers; the applications of the project call it instead of them.
    Gateway,
    /// Calls models.
    App,
    /// Calls no model.
    Tool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    pub en: String,
    pub zh: String,
}

impl Words {
    pub fn text(&self) -> Text {
        Text::new(&self.en, &self.zh)
    }
}

/// Something that a person decides.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    pub name: String,
    /// The first counts where none is named.
    pub values: Vec<String>,
    pub about: Words,
    /// What a value asks of another choice of the stack: `CHOICE=VALUE|VALUE`, of which the first counts where none is named.
    #[serde(default)]
    pub needs: BTreeMap<String, String>,
    /// Values with which several containers answer to one name, which the host's network does not have.
    #[serde(default)]
    pub named: Vec<String>,
}

impl Choice {
    /// The other choice that a value needs, and the values of it that do.
    pub fn needs(&self, value: &str) -> Option<(&str, Vec<&str>)> {
        let (other, values) = self.needs.get(value)?.split_once('=')?;
        Some((other, values.split('|').collect()))
    }
}

/// A file besides `compose.yaml` and `.env`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Extra {
    pub path: String,
    /// `choice=value` without which it is not there.
    pub when: Option<String>,
}

/// What the closing text says besides.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Note {
    pub when: Option<String>,
    pub en: String,
    pub zh: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stack {
    #[serde(skip)]
    pub name: String,
    pub role: Role,
    /// The service that people and other services call.
    pub service: String,
    /// Its port on the host.
    pub port: u16,
    /// Its port in the container.
    pub inside: u16,
    /// Whether it can run on the host's network.
    #[serde(default)]
    pub host_mode: bool,
    /// The variable of `.env` that other services of the project send as its key.
    pub key: Option<String>,
    /// Nobody knows that key before somebody makes it on a page.
    #[serde(default)]
    pub key_later: bool,
    /// The service into whose pages it is typed where the models are.
    pub typed: Option<String>,
    /// Graphics cards that it can use.
    #[serde(default)]
    pub gpus: Vec<String>,
    pub about: Words,
    pub login: Option<Words>,
    #[serde(default)]
    pub choice: Vec<Choice>,
    #[serde(default)]
    pub file: Vec<Extra>,
    #[serde(default)]
    pub note: Vec<Note>,
}

/// An image's name and tags.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pin {
    pub name: String,
    pub tag: String,
    pub amd: Option<String>,
    /// What its container starts, where something is to go before that.
    pub entrypoint: Option<Vec<String>>,
    pub command: Option<Vec<String>>,
    #[allow(dead_code, reason = "read by people, and its form by a test")]
    pub seen: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Images {
    pub checked: String,
    pub images: BTreeMap<String, Pin>,
}

/// Every stack, by name.
pub fn stacks() -> &'static [Stack] {
    static READ: OnceLock<Vec<Stack>> = OnceLock::new();
    READ.get_or_init(|| {
        let described =
            templates::TEXTS.iter().filter_map(|(path, text)| Some((path.strip_suffix("/stack.toml")?, text)));
        // What is built in is held by the tests.
        described
            .filter_map(|(name, text)| Some(Stack { name: name.to_owned(), ..toml::from_str(text).ok()? }))
            .collect()
    })
}

pub fn stack(name: &str) -> Option<&'static Stack> {
    stacks().iter().find(|s| s.name == name)
}

pub(super) fn images() -> &'static Images {
    static READ: OnceLock<Images> = OnceLock::new();
    READ.get_or_init(|| {
        let text = templates::text("images.toml").unwrap_or_default();
        toml::from_str(text).unwrap_or_else(|_| Images { checked: String::new(), images: BTreeMap::new() })
    })
}

/// The day on which the images were looked at.
pub fn checked() -> &'static str {
    &images().checked
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

    use super::*;

    #[test]
    fn every_description_is_read() {
        for (path, text) in templates::TEXTS {
            if path.ends_with("/stack.toml") {
                toml::from_str::<Stack>(text).unwrap_or_else(|e| panic!("{path}: {e}"));
            }
        }
        toml::from_str::<Images>(templates::text("images.toml").unwrap()).unwrap();
    }

    #[test]
    fn every_image_is_used_pinned_and_says_where_it_was_seen() {
        let used: String = templates::TEXTS.iter().map(|(_, t)| *t).collect();
        for (name, pin) in &images().images {
            assert!(used.contains(&format!("\"{name}\"")), "{name}: no template uses it");
            assert!(pin.seen.starts_with("https://"), "{name}");
            assert!(pin.tag.chars().any(|c| c.is_ascii_digit()), "{name}: `{}` is no version", pin.tag);
        }
    }

    #[test]
    fn files_of_a_stack_are_there() {
        for stack in stacks() {
            for file in &stack.file {
                let path = format!("{}/{}", stack.name, file.path);
                assert!(templates::text(&path).is_some(), "{path}");
            }
        }
    }

    #[test]
    fn no_two_stacks_have_one_port_on_the_host() {
        let mut seen = BTreeMap::new();
        for stack in stacks() {
            let other = seen.insert(stack.port, &stack.name);
            assert_eq!(other, None, "{} and {other:?}: {}", stack.name, stack.port);
        }
    }
}
