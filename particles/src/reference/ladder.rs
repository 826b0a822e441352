//! Where the rungs of a ladder stand.

/// Rungs close to the Gaussian, where energies are largest: λ_k = (k/K)⁴.
pub(super) fn initial(replicas: usize) -> Vec<f64> {
    let last = (replicas - 1) as f64;
    (0..replicas).map(|k| (k as f64 / last).powi(4)).collect()
}

/// Rungs with the same share of the sum of `rejections` `[K]` (of the gaps of `rungs`) in each gap:
/// by lines through the sums at the old rungs, over λ^¼.
pub(super) fn even(rungs: &[f64], rejections: &[f64]) -> Vec<f64> {
    // A gap that is always crossed keeps some room.
    let shares: Vec<f64> = rejections.iter().map(|r| r.max(1e-3)).collect();
    let total: f64 = shares.iter().sum();
    let gaps = rejections.len();
    let (mut gap, mut before) = (0, 0.0);
    let mut even = vec![0.0];
    for k in 1..gaps {
        let wanted = total * k as f64 / gaps as f64;
        while gap + 1 < gaps && before + shares[gap] < wanted {
            before += shares[gap];
            gap += 1;
        }
        let part = ((wanted - before) / shares[gap]).clamp(0.0, 1.0);
        let [low, high] = [rungs[gap], rungs[gap + 1]].map(|rung| rung.powf(0.25));
        even.push((low + part * (high - low)).powi(4));
    }
    even.push(1.0);
    even
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_that_are_seldom_crossed_become_narrower() {
        let rungs = initial(5);
        assert_eq!((rungs[0], rungs[4]), (0.0, 1.0));
        let same = even(&rungs, &[0.5; 4]);
        assert!(rungs.iter().zip(&same).all(|(a, b)| (a - b).abs() < 1e-12));
        let moved = even(&rungs, &[0.9, 0.1, 0.1, 0.1]);
        assert!(moved[1] < rungs[1] && moved[3] < rungs[3], "{moved:?}");
        assert!(moved.windows(2).all(|pair| pair[0] < pair[1]), "{moved:?}");
    }
}
