//! Bennett's acceptance ratio.

/// −ln(Z₁/Z₀) between two states, with its standard error for independent draws.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FreeEnergy {
    /// F₁ − F₀ = −ln(Z₁/Z₀), in kT.
    pub difference: f64,
    /// Standard error, if draws are independent.
    pub error: f64,
}

/// F₁ − F₀ by Bennett (1976) from u₁ − u₀ at draws from state 0 (`forward`) and at draws from
/// state 1 (`backward`): the c with
/// Σ_forward 1/(1 + e^(ln(n₀/n₁) + Δu − c)) = Σ_backward 1/(1 + e^(−ln(n₀/n₁) − Δu + c)).
/// An infinite Δu is a state that cannot be in 1. `None` where there are no draws of one side, or
/// none that says anything.
#[must_use]
pub fn free_energy_difference(forward: &[f64], backward: &[f64]) -> Option<FreeEnergy> {
    if forward.is_empty() || backward.is_empty() {
        return None;
    }
    let fermi = |t: f64| 1.0 / (1.0 + t.exp());
    let shift = (forward.len() as f64 / backward.len() as f64).ln();
    // Rises with c.
    let excess = |c: f64| {
        let out: f64 = forward.iter().map(|d| fermi(shift + d - c)).sum();
        let back: f64 = backward.iter().map(|d| fermi(c - shift - d)).sum();
        out - back
    };
    let finite = || forward.iter().chain(backward).copied().filter(|d| d.is_finite());
    let mut low = finite().fold(f64::INFINITY, f64::min);
    let mut high = finite().fold(f64::NEG_INFINITY, f64::max);
    if low > high {
        return None;
    }
    let room = 10.0 + shift.abs() + (forward.len() as f64).ln() + (backward.len() as f64).ln();
    (low, high) = (low - room, high + room);
    while high - low > 1e-10 * (1.0 + low.abs().max(high.abs())) {
        let middle = 0.5 * (low + high);
        match excess(middle) < 0.0 {
            true => low = middle,
            false => high = middle,
        }
    }
    let c = 0.5 * (low + high);
    let variance = |values: &[f64], of: &dyn Fn(f64) -> f64| {
        let n = values.len() as f64;
        let mean = values.iter().map(|d| of(*d)).sum::<f64>() / n;
        let square = values.iter().map(|d| of(*d).powi(2)).sum::<f64>() / n;
        // Where all are the same, rounding may go below.
        (square / (mean * mean) - 1.0).max(0.0) / n
    };
    let error = (variance(forward, &|d| fermi(shift + d - c))
        + variance(backward, &|d| fermi(c - shift - d)))
    .sqrt();
    error.is_finite().then_some(FreeEnergy { difference: c, error })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, stream};
    use rand_distr::{Distribution, StandardNormal};

    /// Normals of width 1 and ½: Z₁/Z₀ = ½.
    #[test]
    fn normals_of_two_widths() {
        let mut rng = stream(1, Purpose::Chain, 0);
        let mut draws = |n: usize, width: f64| -> Vec<f64> {
            let x = StandardNormal.sample_iter(&mut rng).take(n);
            x.map(|x: f64| 1.5 * (width * x).powi(2)).collect()
        };
        let (forward, backward) = (draws(40_000, 1.0), draws(20_000, 0.5));
        let found = free_energy_difference(&forward, &backward).unwrap();
        assert!((found.difference - 2.0_f64.ln()).abs() < 4.0 * found.error, "{found:?}");
        assert!(found.error < 0.01, "{found:?}");
    }

    #[test]
    fn infinite_energies_are_states_that_cannot_be() {
        // A box of half the size.
        let forward: Vec<f64> =
            (0..1000).map(|i| if i % 2 == 0 { 0.0 } else { f64::INFINITY }).collect();
        let found = free_energy_difference(&forward, &[0.0; 1000]).unwrap();
        assert!((found.difference - 2.0_f64.ln()).abs() < 1e-6, "{found:?}");
        assert_eq!(free_energy_difference(&[f64::INFINITY], &[]), None);
        // The same law twice: no difference, and no error.
        let same = free_energy_difference(&[0.3; 7], &[0.3; 7]).unwrap();
        assert!((same.difference - 0.3).abs() < 1e-9 && same.error < 1e-6, "{same:?}");
    }
}
