//! Which instruction set a kernel runs on: chosen at run time, proven by a token.

#[cfg(target_arch = "x86_64")]
use crate::simd::{Avx2, Avx512};
use crate::simd::{PORTABLE_FUSES, Portable, Simd};
use std::fmt;
use std::sync::OnceLock;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Proof {
    Portable(Portable),
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2),
    #[cfg(target_arch = "x86_64")]
    Avx512(Avx512),
}

/// An instruction set that this machine has. Only detection makes one, so holding an `Isa` proves
/// that its instructions may run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Isa(Proof);

/// A computation generic over the vector type.
pub(crate) trait Kernel {
    type Output;

    /// Runs inside a function compiled for the instructions of `S`; implementations are inlined.
    fn run<S: Simd>(self, simd: S) -> Self::Output;
}

/// The environment names an instruction set that there is none of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownIsa {
    named: String,
}

impl fmt::Display for UnknownIsa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = Isa::available().iter().map(|isa| isa.name()).collect();
        let (variable, named) = (Isa::VARIABLE, &self.named);
        write!(f, "{variable}={named:?}: this machine has {}", names.join(", "))?;
        f.write_str("; set one of them, or unset the variable for the fastest")
    }
}

impl std::error::Error for UnknownIsa {}

impl Isa {
    /// The environment variable that names the instruction set to use, for example to compute the
    /// same bytes on every machine of a mixed cluster.
    pub const VARIABLE: &'static str = "FREEFORM_ISA";

    /// The instruction set that the environment asks for, else the fastest of this machine.
    ///
    /// # Panics
    /// If the environment asks for one that there is not. Programs ask [`Isa::chosen`] first.
    #[must_use]
    pub fn best() -> Self {
        Self::chosen().unwrap_or_else(|error| panic!("{error}"))
    }

    /// The instruction set that [`Isa::VARIABLE`] names, else the fastest of this machine; read once
    /// in a process.
    ///
    /// # Errors
    /// If the variable is neither empty nor the [name](Isa::name) of an
    /// [available](Isa::available) instruction set.
    pub fn chosen() -> Result<Self, UnknownIsa> {
        static CHOSEN: OnceLock<Result<Isa, UnknownIsa>> = OnceLock::new();
        let choose = || match std::env::var_os(Self::VARIABLE) {
            Some(name) => Self::named(&name.to_string_lossy()),
            None => Self::named(""),
        };
        CHOSEN.get_or_init(choose).clone()
    }

    fn named(name: &str) -> Result<Self, UnknownIsa> {
        let fits = |isa: &Self| name.is_empty() || isa.name() == name;
        let found = Self::available().into_iter().find(fits);
        found.ok_or_else(|| UnknownIsa { named: name.to_owned() })
    }

    /// Every instruction set that this machine has, fastest first; the last one is portable.
    #[must_use]
    pub fn available() -> Vec<Self> {
        let mut found = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            found.extend(Avx512::detect().map(|proof| Self(Proof::Avx512(proof))));
            found.extend(Avx2::detect().map(|proof| Self(Proof::Avx2(proof))));
        }
        found.push(Self(Proof::Portable(Portable)));
        found
    }

    /// Its name, which stays the same for good: `avx512`, `avx2` or `portable`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self.0 {
            Proof::Portable(_) => "portable",
            #[cfg(target_arch = "x86_64")]
            Proof::Avx2(_) => "avx2",
            #[cfg(target_arch = "x86_64")]
            Proof::Avx512(_) => "avx512",
        }
    }

    /// How it rounds, by a name that stays the same for good. Instruction sets of one arithmetic
    /// give the same bytes for the same input, those of different ones differ by rounding:
    /// `fused` rounds a·b + c once (`avx512`, `avx2`, and `portable` compiled for a target that
    /// does so), `separate` rounds the product and the sum (`portable` on other targets).
    #[must_use]
    pub fn arithmetic(self) -> &'static str {
        let fused = !matches!(self.0, Proof::Portable(_)) || PORTABLE_FUSES;
        if fused { "fused" } else { "separate" }
    }

    /// Runs a kernel compiled for this instruction set.
    #[inline]
    pub(crate) fn run<K: Kernel>(self, kernel: K) -> K::Output {
        match self.0 {
            Proof::Portable(simd) => kernel.run(simd),
            // SAFETY: `simd` proves the instructions that the function is compiled for.
            #[cfg(target_arch = "x86_64")]
            Proof::Avx2(simd) => unsafe { run_avx2(kernel, simd) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Proof::Avx512(simd) => unsafe { run_avx512(kernel, simd) },
        }
    }
}

impl fmt::Debug for Isa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// # Safety
/// This machine has AVX2 and FMA, which `simd` proves.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn run_avx2<K: Kernel>(kernel: K, simd: Avx2) -> K::Output {
    kernel.run(simd)
}

/// # Safety
/// This machine has AVX-512F and DQ, AVX2 and FMA, which `simd` proves.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512dq,avx2,fma")]
fn run_avx512<K: Kernel>(kernel: K, simd: Avx512) -> K::Output {
    kernel.run(simd)
}
