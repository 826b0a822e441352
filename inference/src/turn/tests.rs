//! Tests of its parent.

use super::*;
use crate::work::Unwatched;
use freeform_simulators::Marginal;

fn fitted(n: usize, angle: impl Fn(f32) -> f32) -> Turn {
    let context: Vec<f32> = (0..n).map(|i| 3.0 * (i as f32 / n as f32 - 0.5)).collect();
    let points: Vec<f32> = context.iter().map(|c| angle(*c)).collect();
    let rows: Vec<u32> = (0..n as u32).collect();
    let (validation, training): (Vec<u32>, Vec<u32>) = rows.iter().partition(|r| **r % 10 == 0);
    let (training, validation) = (&training[..], &validation[..]);
    let (points, context) = (&points[..], &context[..]);
    let circle = Marginal::CircularUniform { low: -PI, high: PI };
    let prior = Prior::identical(1, circle).unwrap();
    let table = TurnTable { points, context, dims: (1, 1), training, validation };
    Turn::fit(&table, &prior, 1, &Part::new(&Unwatched, "test")).unwrap().unwrap()
}

fn wrapped(angle: f64) -> f64 {
    (angle + PI).rem_euclid(TAU) - PI
}

/// An angle that x says exactly is cut opposite to it, also where it crosses π.
#[test]
fn the_cut_lies_opposite() {
    let turn = fitted(4000, |c| wrapped(3.0 + f64::from(c)) as f32);
    for c in [-1.2_f32, -0.3, 0.1, 0.2, 1.1] {
        let gap = wrapped(turn.cuts(&[c])[0] - (3.0 + f64::from(c)));
        // The kernel is flat there: nearly opposite.
        assert!(gap.abs() > PI - 0.8, "{c}: {gap}");
    }
}

/// Of two modes opposite each other, the cut lies between them.
#[test]
fn two_modes_are_not_cut() {
    let turn = fitted(4000, |c| {
        let side = if (c * 1e4) as i32 % 2 == 0 { 0.0 } else { PI };
        wrapped(0.4 + side) as f32
    });
    let gap = wrapped(2.0 * (turn.cuts(&[0.2])[0] - 0.4)).abs();
    assert!(gap > PI - 0.3, "{gap}");
}

#[test]
fn angles_come_back_and_the_slope_is_right() {
    let turn = fitted(500, |c| c);
    for cut in [-3.0, 0.7] {
        for angle in [-3.1_f32, -1.0, 0.3, 3.13] {
            let mut point = [angle];
            let log_det = turn.apply(&mut point, &[cut]);
            let (mut above, mut below) = ([angle + 1e-3], [angle - 1e-3]);
            turn.apply(&mut above, &[cut]);
            turn.apply(&mut below, &[cut]);
            let slope = f64::from(above[0] - below[0]) / 2e-3;
            assert!((slope.ln() - log_det).abs() < 2e-2, "{cut} {angle}: {slope} {log_det}");
            turn.invert(&mut point, &[cut]);
            assert!((point[0] - angle).abs() < 1e-5, "{cut} {angle}: {point:?}");
        }
    }
}
