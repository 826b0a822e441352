//! Rectified units, and back from an output above them, against their formulas in f64.

use freeform_kernels::{Isa, output_backward, rectify};

/// Numbers of either sign, with zeros among them.
fn wave(n: usize, step: f32) -> Vec<f32> {
    (0..n).map(|i| if i % 7 == 3 { 0.0 } else { (i as f32 * step).sin() * 1.7 }).collect()
}

/// Rows and units: none, fewer than a vector, whole vectors and not.
const SHAPES: [[usize; 2]; 8] =
    [[0, 5], [3, 0], [1, 1], [3, 2], [16, 16], [17, 50], [33, 100], [40, 64]];

fn near(got: f32, want: f64) {
    assert!((f64::from(got) - want).abs() < 1e-5 * (1.0 + want.abs()), "{got} for {want}");
}

#[test]
fn negative_units_become_zero() {
    for isa in Isa::available() {
        for n in [0, 1, 15, 16, 37] {
            let before = wave(n, 0.7);
            let mut units = before.clone();
            rectify(isa, &mut units);
            assert!(units.iter().zip(&before).all(|(after, x)| *after == x.max(0.0)));
            let mut lost = vec![f32::NAN; n];
            rectify(isa, &mut lost);
            assert!(lost.iter().all(|x| x.is_nan()));
        }
    }
}

#[test]
fn gradients_follow_their_formulas() {
    for isa in Isa::available() {
        for [rows, n] in SHAPES {
            let (before, weights, grad) = (wave(rows * n, 0.7), wave(n, 0.37), wave(rows, 2.1));
            let mut hidden = before.clone();
            rectify(isa, &mut hidden);
            let unit = |i: usize, j: usize| f64::from(before[i * n + j].max(0.0));
            let mut below = vec![f32::NAN; rows * n];
            let (mut sums, mut weight_grad) = (vec![f32::NAN; n], vec![f32::NAN; n]);
            let layer = (&hidden[..], &weights[..]);
            output_backward(isa, layer, &grad, &mut below, &mut sums, &mut weight_grad);
            let through = |i: usize, j: usize| match unit(i, j) > 0.0 {
                true => f64::from(grad[i]) * f64::from(weights[j]),
                false => 0.0,
            };
            for j in 0..n {
                (0..rows).for_each(|i| near(below[i * n + j], through(i, j)));
                near(sums[j], (0..rows).map(|i| through(i, j)).sum());
                near(weight_grad[j], (0..rows).map(|i| f64::from(grad[i]) * unit(i, j)).sum());
            }
        }
    }
}

#[test]
#[should_panic(expected = "6 elements are not 2 rows of 4")]
fn a_buffer_of_another_size_is_refused() {
    let (sums, weights) = (&mut [0.0; 4], &mut [0.0; 4]);
    output_backward(Isa::best(), (&[0.0; 6], &[0.0; 4]), &[0.0; 2], &mut [0.0; 6], sums, weights);
}
