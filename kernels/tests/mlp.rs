//! The perceptron's gradient against finite differences.

use freeform_kernels::{Isa, Mlp, Nonlinearity};

#[test]
fn gradients_are_those_of_finite_differences() {
    let sizes = [3, 7, 5, 2];
    let wave = |i: usize, f: f32| (i as f32 * f).sin();
    let weights: Vec<f32> = (0..Mlp::parameters(&sizes)).map(|i| 0.7 * wave(i, 0.37)).collect();
    let input: Vec<f32> = (0..4 * 3).map(|i| wave(i, 1.3)).collect();
    let target: Vec<f32> = (0..4 * 2).map(|i| wave(i, 0.9)).collect();
    let loss = |output: &[f32]| -> f64 {
        output.iter().zip(&target).map(|(o, t)| 0.5 * f64::from(o - t).powi(2)).sum()
    };
    for kind in [Nonlinearity::Silu, Nonlinearity::Tanh] {
        let mut mlp = Mlp::new(Isa::best(), kind, &sizes, 4, weights.clone());
        let output = mlp.forward(&input).to_vec();
        let delta: Vec<f32> = output.iter().zip(&target).map(|(o, t)| o - t).collect();
        mlp.backward(&delta);
        let gradient = mlp.gradient().to_vec();
        let h = 2e-3;
        for (i, g) in gradient.iter().enumerate() {
            let mut at = |shift: f32| {
                let mut moved = weights.clone();
                moved[i] += shift;
                mlp.set_weights(&moved);
                loss(mlp.forward(&input))
            };
            let difference = (at(h) - at(-h)) / f64::from(2.0 * h);
            let error = (difference - f64::from(*g)).abs();
            assert!(error < 2e-3 * (1.0 + difference.abs()), "{kind:?} {i}: {g} {difference}");
        }
    }
}
