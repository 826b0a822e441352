//! Engines and their devices by name.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Who does the arithmetic, and where. By name: `cpu`, `burn`, or a GPU as `wgpu`, `wgpu:1`,
/// `vulkan`, `metal`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum EngineKind {
    /// Fused kernels in plain Rust: the fastest on a CPU.
    #[default]
    Cpu,
    /// Burn's tensors on the CPU: the generic engine.
    #[cfg(feature = "burn")]
    Burn,
    /// Burn's tensors on a GPU.
    #[cfg(feature = "wgpu")]
    Gpu(Gpu),
}

/// A GPU by its graphics API and its number there, as `freeform devices` lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Gpu {
    /// How it is reached.
    pub api: GraphicsApi,
    /// Which, from 0.
    pub index: usize,
}

/// The way to a GPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GraphicsApi {
    /// Whichever the machine offers.
    Wgpu,
    /// Vulkan and nothing else (feature `vulkan`).
    Vulkan,
    /// Metal and nothing else (feature `metal`).
    Metal,
}

impl GraphicsApi {
    const ALL: [Self; 3] = [Self::Wgpu, Self::Vulkan, Self::Metal];

    /// Its name, which is also that of the feature that it takes.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Wgpu => "wgpu",
            Self::Vulkan => "vulkan",
            Self::Metal => "metal",
        }
    }

    /// Whether this build has it.
    #[must_use]
    pub fn is_built(self) -> bool {
        match self {
            Self::Wgpu => cfg!(feature = "wgpu"),
            Self::Vulkan => cfg!(feature = "vulkan"),
            Self::Metal => cfg!(feature = "metal"),
        }
    }
}

impl fmt::Display for Gpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.api.name(), self.index)
    }
}

impl EngineKind {
    /// The name of the engine without its device: what results may depend on.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            #[cfg(feature = "burn")]
            Self::Burn => "burn",
            #[cfg(feature = "wgpu")]
            Self::Gpu(_) => "burn",
        }
    }

    /// Whether it works on Burn's tensors, which train flows of one shape together.
    #[must_use]
    pub fn is_burn(self) -> bool {
        self != Self::Cpu
    }

    /// Whether it works on a GPU, which may be missing or give up.
    #[must_use]
    pub fn is_gpu(self) -> bool {
        match self {
            #[cfg(feature = "wgpu")]
            Self::Gpu(_) => true,
            _ => false,
        }
    }
}

impl fmt::Display for EngineKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            #[cfg(feature = "wgpu")]
            Self::Gpu(gpu) => gpu.fmt(f),
            other => f.write_str(other.name()),
        }
    }
}

/// A device name that is none, or that this build lacks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EngineNameError {
    /// Not a name.
    #[error("`{0}` is no device; devices are cpu, burn, wgpu, vulkan, metal, and wgpu:N and so on")]
    Unknown(String),
    /// Left out when this program was built.
    #[error("this build has no `{name}`: build it again with `--features {feature}`")]
    NotBuilt {
        /// The device.
        name: String,
        /// The feature that it takes.
        feature: &'static str,
    },
}

impl FromStr for EngineKind {
    type Err = EngineNameError;

    fn from_str(name: &str) -> Result<Self, EngineNameError> {
        let unknown = || EngineNameError::Unknown(name.to_owned());
        let not_built = |feature| Err(EngineNameError::NotBuilt { name: name.to_owned(), feature });
        match name {
            "cpu" => return Ok(Self::Cpu),
            #[cfg(feature = "burn")]
            "burn" => return Ok(Self::Burn),
            #[cfg(not(feature = "burn"))]
            "burn" => return not_built("burn"),
            _ => {}
        }
        let (api, index) = name.split_once(':').unwrap_or((name, "0"));
        let api =
            GraphicsApi::ALL.into_iter().find(|known| known.name() == api).ok_or_else(unknown)?;
        let gpu = Gpu { api, index: index.parse().map_err(|_| unknown())? };
        if !api.is_built() {
            return not_built(api.name());
        }
        Self::of_gpu(gpu).ok_or_else(unknown)
    }
}

impl EngineKind {
    #[cfg(feature = "wgpu")]
    fn of_gpu(gpu: Gpu) -> Option<Self> {
        Some(Self::Gpu(gpu))
    }

    #[cfg(not(feature = "wgpu"))]
    fn of_gpu(_: Gpu) -> Option<Self> {
        None
    }
}

impl TryFrom<String> for EngineKind {
    type Error = EngineNameError;

    fn try_from(name: String) -> Result<Self, EngineNameError> {
        name.parse()
    }
}

impl From<EngineKind> for String {
    fn from(kind: EngineKind) -> Self {
        kind.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::{EngineKind, EngineNameError};

    #[test]
    fn names_are_read_and_what_is_missing_is_named() {
        assert_eq!("cpu".parse(), Ok(EngineKind::Cpu));
        for wrong in ["gpu", "wgpu:x", "wgpu:-1", "cpu:0", ""] {
            let error = wrong.parse::<EngineKind>();
            assert_eq!(error, Err(EngineNameError::Unknown(wrong.to_owned())), "{wrong}");
        }
        for (name, feature) in [("wgpu:3", "wgpu"), ("vulkan", "vulkan"), ("metal:0", "metal")] {
            match name.parse::<EngineKind>() {
                Ok(kind) => assert!(kind.to_string().starts_with(feature), "{kind}"),
                Err(error) => assert!(error.to_string().contains(&format!("--features {feature}"))),
            }
        }
    }
}
