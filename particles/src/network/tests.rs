//! The fused passes against the formulas in f64, and the symmetries.

use super::naive;
use super::{Kept, NetworkSpec, Pass};
use freeform_kernels::Isa;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn spec(particles: usize, dims: usize) -> NetworkSpec {
    NetworkSpec { particles, dims, layers: 2, width: 16, normalizer: 2.0 }
}

/// Weights with a last layer that moves particles.
fn weights(spec: &NetworkSpec) -> Vec<f32> {
    let mut weights = spec.initial(7, 0);
    let layout = super::Layout::new(spec);
    for block in &layout.blocks {
        weights[block.last.clone()].iter_mut().for_each(|w| *w *= 2000.0);
    }
    weights
}

fn numbers(seed: u64, count: usize, scale: f32) -> Vec<f32> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    (0..count).map(|_| scale * (2.0 * rng.random::<f32>() - 1.0)).collect()
}

fn doubles(values: &[f32]) -> Vec<f64> {
    values.iter().map(|v| f64::from(*v)).collect()
}

/// a·y(x) + Σ_t b_t·ẏ_t, tangents by central differences, of one configuration.
fn scalar(spec: &NetworkSpec, w: &[f64], x: &[f64], tangents: &[f64], grads: [&[f64]; 2]) -> f64 {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let mut sum = dot(grads[0], &naive::value(spec, w, x));
    let size = x.len();
    for (t, tangent) in tangents.chunks_exact(size).enumerate() {
        let along = |h: f64| {
            let x: Vec<f64> = x.iter().zip(tangent).map(|(x, t)| x + h * t).collect();
            dot(&grads[1][t * size..][..size], &naive::value(spec, w, &x))
        };
        let h = 1e-4;
        sum += (8.0 * (along(h) - along(-h)) - (along(2.0 * h) - along(-2.0 * h))) / (12.0 * h);
    }
    sum
}

#[test]
fn values_tangents_and_gradients_are_those_of_the_formulas() {
    for (spec, tangents) in [(spec(4, 2), 1), (spec(3, 3), 3)] {
        let graphs = 3;
        let (size, w) = (spec.particles * spec.dims, weights(&spec));
        let x = numbers(1, graphs * size, 1.5);
        let v = numbers(2, tangents * graphs * size, 1.0);
        let mut pass = Pass::new(Isa::best(), &spec, graphs, tangents, Kept::Tangents);
        let (mut y, mut dy) = (vec![0.0; x.len()], vec![0.0; v.len()]);
        pass.value(&w, &x, &mut y);
        pass.tangents(&w, &v, &mut dy);
        let (a, b) = (numbers(3, x.len(), 1.0), numbers(4, v.len(), 1.0));
        let mut found = vec![0.0; w.len()];
        let to_input = pass.backward(&w, &a, Some(&b), &mut found).to_vec();
        // Without tangents in the loss.
        let mut of_values = vec![0.0; w.len()];
        let to_x = pass.backward(&w, &a, None, &mut of_values).to_vec();

        let (w64, x64) = (doubles(&w), doubles(&x));
        let of_graph = |streams: &[f32], g: usize| -> Vec<f64> {
            let part = |t: usize| &streams[(t * graphs + g) * size..][..size];
            (0..streams.len() / (graphs * size)).flat_map(|t| doubles(part(t))).collect()
        };
        let moves: f32 = y.iter().zip(&x).map(|(y, x)| (y - x).abs()).sum();
        assert!(moves > 0.03 * x.len() as f32, "a map that does something: {moves}");
        let total = |w: &[f64],
                     x: &dyn Fn(usize) -> Vec<f64>,
                     v: &dyn Fn(usize) -> Vec<f64>,
                     with: bool| {
            let of = |g: usize| {
                let (tangents, b) = if with { (v(g), of_graph(&b, g)) } else { (vec![], vec![]) };
                scalar(&spec, w, &x(g), &tangents, [&of_graph(&a, g), &b])
            };
            (0..graphs).map(of).sum::<f64>()
        };
        for g in 0..graphs {
            let expected = naive::value(&spec, &w64, &x64[g * size..][..size]);
            for (found, expected) in y[g * size..].iter().zip(expected) {
                assert!((f64::from(*found) - expected).abs() < 1e-5, "{found} {expected}");
            }
        }
        for t in 0..tangents {
            for g in 0..graphs {
                let at = (t * graphs + g) * size;
                for i in 0..size {
                    let mut unit = vec![0.0; size];
                    unit[i] = 1.0;
                    let zero = vec![0.0; size];
                    let tangent = doubles(&v[at..at + size]);
                    let x = doubles(&x[g * size..][..size]);
                    let expected = scalar(&spec, &w64, &x, &tangent, [&zero, &unit]);
                    let found = f64::from(dy[at + i]);
                    assert!(
                        (found - expected).abs() < 2e-5 * (1.0 + expected.abs()),
                        "{found} {expected}"
                    );
                }
            }
        }
        let close = |found: f32, expected: f64, what: &str| {
            let error = (f64::from(found) - expected).abs();
            assert!(error < 2e-4 * (1.0 + expected.abs()), "{what}: {found} {expected}");
        };
        // Some of each kind of weight, among them the last.
        for at in (0..w.len()).step_by(97).chain(w.len() - 20..w.len()) {
            for with in [true, false] {
                let along = |h: f64| {
                    let mut moved = w64.clone();
                    moved[at] += h;
                    total(&moved, &|g| of_graph(&x, g), &|g| of_graph(&v, g), with)
                };
                let expected = (along(1e-4) - along(-1e-4)) / 2e-4;
                let found = if with { found[at] } else { of_values[at] };
                close(found, expected, &format!("weight {at}, tangents {with}"));
            }
        }
        for i in 0..size {
            let along = |h: f64, with: bool| {
                let moved = |g: usize| {
                    let mut x = of_graph(&x, g);
                    x[i] += if g == 1 { h } else { 0.0 };
                    x
                };
                total(&w64, &moved, &|g| of_graph(&v, g), with)
            };
            for with in [true, false] {
                let expected = (along(1e-4, with) - along(-1e-4, with)) / 2e-4;
                let found = if with { to_input[size + i] } else { to_x[size + i] };
                close(found, expected, &format!("coordinate {i}, tangents {with}"));
            }
            let along = |h: f64| {
                let moved = |g: usize| {
                    let mut v = of_graph(&v, g);
                    v[i] += if g == 2 { h } else { 0.0 };
                    v
                };
                total(&w64, &|g| of_graph(&x, g), &moved, true)
            };
            let expected = (along(1e-3) - along(-1e-3)) / 2e-3;
            close(to_input[(graphs + 2) * size + i], expected, &format!("tangent {i}"));
        }
    }
}

#[test]
fn passes_that_keep_no_tangents_give_the_same() {
    let spec = spec(4, 2);
    let w = weights(&spec);
    let (x, v) = (numbers(1, 16, 1.0), numbers(2, 32, 1.0));
    let run = |kept| {
        let mut pass = Pass::new(Isa::best(), &spec, 2, 2, kept);
        let (mut y, mut dy, mut g) = (vec![0.0; 16], vec![0.0; 32], vec![0.0; w.len()]);
        pass.value(&w, &x, &mut y);
        pass.tangents(&w, &v, &mut dy);
        let to_x = pass.backward(&w, &x, None, &mut g).to_vec();
        [y, dy, g, to_x]
    };
    assert_eq!(run(Kept::Values), run(Kept::Tangents));
    let mut alone = vec![0.0; 16];
    Pass::new(Isa::best(), &spec, 2, 0, Kept::Nothing).value(&w, &x, &mut alone);
    assert_eq!(alone, run(Kept::Values)[0]);
}

#[test]
fn turned_reflected_moved_and_reordered_positions() {
    let (particles, dims) = (5, 3);
    let spec = NetworkSpec { particles, dims, layers: 3, width: 32, normalizer: 4.0 };
    let w = weights(&spec);
    let x = numbers(1, particles * dims, 1.5);
    let map = |x: &[f32]| {
        let mut pass = Pass::new(Isa::best(), &spec, 1, 0, Kept::Values);
        let mut y = vec![0.0; x.len()];
        pass.value(&w, x, &mut y);
        y
    };
    let size = |x: &[f32]| x.iter().map(|v| v * v).sum::<f32>().sqrt();
    let y = map(&x);
    let check = |of: &dyn Fn(&[f32]) -> Vec<f32>, what: &str| {
        let (expected, found) = (of(&y), map(&of(&x)));
        let error: Vec<f32> = expected.iter().zip(&found).map(|(a, b)| a - b).collect();
        assert!(
            size(&error) < 1e-5 * size(&expected),
            "{what}: {}",
            size(&error) / size(&expected)
        );
    };
    let (c, s) = (0.6, 0.8);
    let by = |matrix: [[f32; 3]; 3]| {
        move |x: &[f32]| -> Vec<f32> {
            let turn = |p: &[f32]| matrix.map(|m| m[0] * p[0] + m[1] * p[1] + m[2] * p[2]);
            x.chunks_exact(3).flat_map(turn).collect()
        }
    };
    check(&by([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]]), "turned");
    check(&by([[1.0, 0.0, 0.0], [0.0, c, -s], [0.0, s, c]]), "turned about another axis");
    check(&by([[-1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]), "reflected");
    check(&|x| x.iter().enumerate().map(|(i, v)| v + [0.5, -1.0, 2.0][i % 3]).collect(), "moved");
    let order = [3, 0, 4, 1, 2];
    let reorder = |x: &[f32]| order.iter().flat_map(|i| x[i * 3..][..3].to_vec()).collect();
    check(&reorder, "reordered");
    let moved: Vec<f32> = y.iter().zip(&x).map(|(a, b)| a - b).collect();
    assert!(size(&moved) > 0.1 * size(&x), "a map that does something: {}", size(&moved));
}

#[test]
fn sizes() {
    // Two networks of the published code have 626,836 weights; the embedding of the constant 1 is a
    // weight and a bias there, one vector here.
    let spec = NetworkSpec { particles: 4, dims: 2, layers: 5, width: 64, normalizer: 100.0 };
    assert_eq!(2 * (spec.parameters() + 64), 626_836);
    let wrong = NetworkSpec { width: 60, ..spec };
    assert_eq!(
        wrong.check().unwrap_err().to_string(),
        "width = 60: choose a multiple of 16, up to 4096"
    );
}
