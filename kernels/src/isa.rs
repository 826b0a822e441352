//! Which instruction set a kernel runs on: chosen at run time, proven by a token.

#[cfg(target_arch = "x86_64")]
use crate::simd::{Avx2, Avx512};
use crate::simd::{Portable, Simd};
use std::fmt;
use std::sync::OnceLock;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

/// An instruction set that this machine has. Only detection makes one, so holding an `Isa` proves
/// that its instructions may run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Isa(Kind);

/// A computation generic over the vector type.
pub(crate) trait Kernel {
    type Output;

    /// # Safety
    /// The caller runs inside a function compiled for the features of `S`, on a machine that has
    /// them.
    unsafe fn run<S: Simd>(self) -> Self::Output;
}

impl Isa {
    /// The fastest instruction set of this machine.
    #[must_use]
    pub fn best() -> Self {
        static BEST: OnceLock<Isa> = OnceLock::new();
        *BEST.get_or_init(|| Self::available()[0])
    }

    /// Every instruction set that this machine has, fastest first; the last one is portable.
    #[must_use]
    pub fn available() -> Vec<Self> {
        let mut found = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            let fma = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
            if fma && is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512dq") {
                found.push(Self(Kind::Avx512));
            }
            if fma {
                found.push(Self(Kind::Avx2));
            }
        }
        found.push(Self(Kind::Portable));
        found
    }

    /// Runs a kernel compiled for this instruction set.
    #[inline]
    pub(crate) fn run<K: Kernel>(self, kernel: K) -> K::Output {
        // SAFETY: an `Isa` exists only if its features were detected on this machine.
        unsafe {
            match self.0 {
                Kind::Portable => kernel.run::<Portable>(),
                #[cfg(target_arch = "x86_64")]
                Kind::Avx2 => run_avx2(kernel),
                #[cfg(target_arch = "x86_64")]
                Kind::Avx512 => run_avx512(kernel),
            }
        }
    }
}

impl fmt::Debug for Isa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn run_avx2<K: Kernel>(kernel: K) -> K::Output {
    // SAFETY: this function is compiled for the features; its caller proved that they exist.
    unsafe { kernel.run::<Avx2>() }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512dq,avx2,fma")]
unsafe fn run_avx512<K: Kernel>(kernel: K) -> K::Output {
    // SAFETY: as above.
    unsafe { kernel.run::<Avx512>() }
}
