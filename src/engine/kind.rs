//! Engines by name.

use super::Engine;
use super::cpu::CpuEngine;
use crate::network::{FlowWeights, NetworkSpec};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// Who does the arithmetic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum EngineKind {
    /// Fused kernels in plain Rust: the fastest on a CPU.
    #[default]
    Cpu,
    /// Burn's tensors on the CPU: the generic engine.
    #[cfg(feature = "burn")]
    Burn,
}

impl EngineKind {
    /// The name users give it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            #[cfg(feature = "burn")]
            Self::Burn => "burn",
        }
    }
}

/// An engine with these weights and a fresh optimiser.
#[must_use]
pub fn create(kind: EngineKind, spec: &NetworkSpec, weights: &FlowWeights) -> Box<dyn Engine> {
    match kind {
        EngineKind::Cpu => Box::new(CpuEngine::new(spec, weights)),
        #[cfg(feature = "burn")]
        EngineKind::Burn => Box::new(super::burn::BurnEngine::new(spec, weights)),
    }
}
