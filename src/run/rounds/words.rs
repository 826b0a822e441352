//! Numbers of a round, for people.

use freeform_simulators::tenths;

/// A share: in percent, or with its exponent where that would be nought.
#[must_use]
pub fn share_in_words(share: f64) -> String {
    match share {
        0.0005..=1.0 => format!("{:.1}%", 100.0 * share),
        _ => format!("{share:.1e}"),
    }
}

/// How far a posterior moved, in standard deviations.
#[must_use]
pub fn moved_in_words(moved: Option<f64>) -> String {
    match moved {
        None => "-".to_owned(),
        Some(moved) if moved < 1e3 => format!("{moved:.2}"),
        Some(moved) => tenths(moved),
    }
}

#[cfg(test)]
mod tests {
    use super::{moved_in_words, share_in_words};

    #[test]
    fn numbers_stay_short() {
        let shares = [1.0, 0.1234, 6e-4, 4e-4, 0.0].map(share_in_words);
        assert_eq!(shares, ["100.0%", "12.3%", "0.1%", "4.0e-4", "0.0e0"]);
        let moves = [None, Some(0.0), Some(12.345), Some(5.9e307)].map(moved_in_words);
        assert_eq!(moves, ["-", "0.00", "12.35", "5.9e307"]);
    }
}
