//! What `new` can make: stacks as data (`templates/`), the choices they leave, the servers that they can call, and how all of
//! it becomes one project. Knows nothing of the file system and of where random numbers come from.

mod host;
mod insert;
mod join;
mod plan;
mod provider;
mod render;
mod stack;
mod swarm;

pub use host::{Auth, HostWish, PORT, Way, host_side, is_origin, is_subnet};
pub use insert::insert;
pub use join::SERVICE_KEYS;
pub use plan::{Edge, Gpu, Mirror, Part, Plan, Present, Refusal, Strategy, Target, Wish, plan};
pub use provider::{PROVIDERS, Provider};
pub use render::{Fragments, Made, Open, Rendered, SecretSource, fragments, render};
pub use stack::{Role, Stack, checked, stack, stacks};
pub use swarm::{DATA, MODELS};
