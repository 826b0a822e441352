//! Every operation's tangents, and reverse mode through them, against central differences in f64.

use super::Dual;
use crate::network::Activation;
use burn::tensor::{DType, Device, Tensor, TensorData};

const ROWS: usize = 3;
const WIDTH: usize = 4;
const DIRECTIONS: usize = 2;
const STEP: f64 = 1e-5;

/// Smooth numbers of every sign, none near a kink.
fn numbers(rows: usize, seed: f64) -> Vec<f64> {
    (0..rows * WIDTH).map(|i| 1.7 * (seed + 2.3 * i as f64).sin()).collect()
}

fn tensor(numbers: Vec<f64>) -> Tensor<2> {
    let shape = [numbers.len() / WIDTH, WIDTH];
    Tensor::from_data(TensorData::new(numbers, shape), (&Device::flex(), DType::F64))
}

fn read(tensor: &Tensor<2>) -> Vec<f64> {
    tensor.try_to_vec_as().expect("numbers of a tensor on the CPU")
}

/// Checks ẏ of `operation` for K directions against differences of y, and the reverse-mode
/// gradient of Σ w ⊙ ẏ with respect to t against differences of that sum.
fn check(name: &str, operation: impl Fn(Dual) -> Dual) {
    let (t, directions) = (numbers(ROWS, 0.3), numbers(DIRECTIONS * ROWS, 5.1));
    let dual = |t: Tensor<2>| operation(Dual::new(t, tensor(directions.clone())));
    let tangents = read(dual(tensor(t.clone())).tangents().expect("tangents stay"));
    for k in 0..DIRECTIONS {
        let direction = &directions[k * t.len()..][..t.len()];
        let moved = |step: f64| {
            let t = t.iter().zip(direction).map(|(t, d)| t + step * d).collect();
            read(operation(Dual::constant(tensor(t))).value())
        };
        let (up, down) = (moved(STEP), moved(-STEP));
        for (i, (up, down)) in up.iter().zip(&down).enumerate() {
            let (got, expected) =
                (tangents[k * per_direction(&tangents) + i], (up - down) / (2.0 * STEP));
            assert!((got - expected).abs() < 1e-8, "{name}: ẏ = {got}, not {expected}");
        }
    }

    let weights: Vec<f64> = (0..tangents.len()).map(|i| (0.7 * i as f64).cos()).collect();
    let leaf = tensor(t.clone()).autodiff().require_grad();
    let output = dual(leaf.clone()).into_parts().1.expect("tangents stay");
    let shape = output.dims();
    let data = TensorData::new(weights.clone(), shape);
    let factor = Tensor::from_data(data, (&Device::flex(), DType::F64));
    // The value's own part keeps t in the graph of operations that are linear in it.
    let mut gradients = ((output * factor).sum() + leaf.clone().sum()).backward();
    let gradient = read(&leaf.grad_remove(&mut gradients).expect("t is a leaf"));
    for (i, gradient) in gradient.iter().enumerate() {
        let at = |step: f64| -> f64 {
            let mut t = t.clone();
            t[i] += step;
            let tangents = read(dual(tensor(t)).tangents().expect("tangents stay"));
            tangents.iter().zip(&weights).map(|(t, w)| t * w).sum()
        };
        let expected = (at(STEP) - at(-STEP)) / (2.0 * STEP) + 1.0;
        assert!((gradient - expected).abs() < 1e-8, "{name}: ∂ẏ = {gradient}, not {expected}");
    }
}

/// Elements of one direction.
fn per_direction(tangents: &[f64]) -> usize {
    tangents.len() / DIRECTIONS
}

#[test]
fn activations() {
    for activation in Activation::ALL {
        check(&activation.to_string(), |t| t.activate(activation));
    }
    check("sigmoid", Dual::sigmoid);
}

#[test]
fn linear_maps_and_products() {
    let weight = tensor(numbers(WIDTH, 1.1));
    let bias = tensor(numbers(1, 2.2));
    check("linear", |t| t.linear(&weight, Some(&bias)));
    check("scale", |t| t.scale(-0.7));
    check("add", |t| t.clone().add(t.tanh()));
    check("sub", |t| t.clone().sub(t.tanh()));
    check("sub from one without tangents", |t| {
        Dual::constant(tensor(numbers(3, 1.0))).sub(t.tanh())
    });
    check("add_scalar", |t| t.tanh().add_scalar(0.4));
    check("mul", |t| t.clone().tanh().mul(t.sigmoid()));
    check("mul by one without tangents", |t| t.tanh().mul(Dual::constant(tensor(numbers(3, 1.0)))));
    check("mul_constant", |t| t.tanh().mul_constant(&tensor(numbers(ROWS, 4.0))));
    check("mul_constant, one row", |t| t.tanh().mul_constant(&tensor(numbers(1, 4.0))));
    check("map_linear", |t| t.tanh().map_linear(|t| t.sum_dim(1)));
}

#[test]
fn joins() {
    check("concat", |t| t.clone().tanh().concat(t.sigmoid(), 1));
    let constant = || Dual::constant(tensor(numbers(ROWS, 9.0)));
    check("concat a constant", |t| t.tanh().concat(constant(), 1));
    check("concat to a constant", |t| constant().concat(t.tanh(), 1));
    check("narrow", |t| t.tanh().narrow(1, 1, 2));
    let indices = Tensor::from_ints([2, 0, 2, 3, 1], &Device::flex());
    check("select", |t| t.tanh().select(1, &indices));
    check("spread", |t| t.tanh().narrow(1, 2, 1).spread(1, 5));
    check("sum_dim", |t| t.tanh().sum_dim(1));
    check("reshape", |t| t.tanh().reshape([ROWS, 2, 2]).sum_dim(1).reshape([2 * ROWS, 1]));
}

#[test]
fn powers() {
    check("square", |t| t.tanh().square());
    check("sqrt", |t| t.tanh().add_scalar(1.5).sqrt());
    check("recip", |t| t.sigmoid().recip());
}

/// Distances between all pairs, as networks on particles have them: of (0, 0), (3, 4) and (3, 0), whose
/// first moves by (1, 0) and whose last by (0, 1).
#[test]
fn distances_between_pairs() {
    let on = (&Device::flex(), DType::F64);
    let of =
        |numbers: [f64; 6]| Tensor::<2>::from_data(TensorData::new(numbers.to_vec(), [1, 6]), on);
    let moves = of([1.0, 0.0, 0.0, 0.0, 0.0, 1.0]);
    let x = Dual::new(of([0.0, 0.0, 3.0, 4.0, 3.0, 0.0]), moves).reshape([1, 3, 2]);
    let senders = Tensor::from_ints([1, 2, 0, 2, 0, 1], &Device::flex());
    let own = x.clone().reshape([1, 3, 1, 2]).spread(2, 2);
    let distances = own.sub(x.select(1, &senders).reshape([1, 3, 2, 2])).square().sum_dim(3).sqrt();
    let (value, tangents) = distances.reshape([1, 6]).into_parts();
    assert_eq!(read(&value), [5.0, 3.0, 5.0, 4.0, 3.0, 4.0]);
    // (xᵢ − xⱼ)·(ẋᵢ − ẋⱼ)/d.
    let expected = [-0.6, -1.0, -0.6, -1.0, -1.0, -1.0];
    for (got, expected) in read(&tangents.expect("tangents stay")).iter().zip(expected) {
        assert!((got - expected).abs() < 1e-15, "{got} {expected}");
    }
}

/// Rank 3, as networks on sets or graphs have it: y = t ⊙ Σ_rows-of-a-sample tanh t.
#[test]
fn ranks_above_two() {
    check("rank 3", |t| {
        let pairs = t.map_linear(|t| {
            let [rows, _] = t.dims();
            t.reshape([rows, 2, 2])
        });
        let pooled = pairs.clone().tanh().map_linear(|t| t.sum_dim(1).repeat_dim(1, 2));
        pairs.mul(pooled).map_linear(|t| {
            let [rows, a, b] = t.dims();
            t.reshape([rows, a * b])
        })
    });
}

#[test]
fn basis_tangents_are_the_identity_per_direction() {
    let dual = Dual::with_basis(tensor(numbers(ROWS, 0.0)));
    assert_eq!(dual.directions(), WIDTH);
    let tangents = read(dual.tangents().expect("a basis"));
    for (index, entry) in tangents.iter().enumerate() {
        let (direction, column) = (index / (ROWS * WIDTH), index % WIDTH);
        assert_eq!(*entry, f64::from(u8::from(direction == column)));
    }
}
