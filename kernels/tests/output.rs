//! Back from an output to the rectified units below it, against the formulas in f64.

use freeform_kernels::{Isa, output_backward};

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
fn gradients_follow_their_formulas() {
    for isa in Isa::available() {
        for [rows, n] in SHAPES {
            let hidden: Vec<f32> = wave(rows * n, 0.7).iter().map(|v| v.max(0.0)).collect();
            let (weights, grad) = (wave(n, 0.37), wave(rows, 2.1));
            let unit = |i: usize, j: usize| f64::from(hidden[i * n + j]);
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
