//! The paper's one-dimensional example: f(θ) = a·θ and g(z) = b·z on q = N(0, 1.5²) with β = 1
//! have their minima at (a, b) = ±(2/3, 3/2), where f is the inverse of g and whitens q.

use freeform_inference::engine::burn::{
    Device, Dual, DualNetwork, FlowBatch, Tensor, flat_gradients, flatten, flow_loss, jacobian,
    with_flat,
};
use freeform_inference::engine::{LogDet, LossSettings};

/// u ↦ u·W: a network that no description of ours knows.
struct Linear(Tensor<2>);

impl DualNetwork for Linear {
    fn apply(&self, input: Dual, _context: &Tensor<2>) -> Dual {
        input.linear(&self.0, None)
    }

    fn map_parameters(&self, visit: &mut dyn FnMut(&Tensor<2>) -> Tensor<2>) -> Self {
        Linear(visit(&self.0))
    }
}

/// Parameters whose mean square is 1.5² exactly, as q's is: the loss sees no other moment.
fn batch(device: &Device) -> FlowBatch {
    let theta: [[f32; 1]; 4] = [[2.1], [-2.1], [0.3], [-0.3]];
    assert!((theta.iter().map(|t| t[0] * t[0]).sum::<f32>() / 4.0 - 2.25).abs() < 1e-6);
    let probes: [[f32; 1]; 4] = [[1.0], [-1.0], [-1.0], [1.0]];
    FlowBatch {
        theta: Tensor::from_floats(theta, device),
        context: Tensor::zeros([4, 1], device),
        probes: Some(Tensor::from_floats(probes, device)),
    }
}

fn train(a: f32, b: f32, log_det: LogDet) -> [f32; 2] {
    let device = Device::flex();
    let batch = batch(&device);
    let settings = LossSettings { beta: 1.0, latent_reconstruction: 0.0, log_det };
    let mut networks = [a, b].map(|w| Linear(Tensor::from_floats([[w]], &device)));
    for _ in 0..400 {
        let [encoder, decoder] = networks.each_ref().map(Linear::tracked);
        let loss = flow_loss(&encoder, &decoder, &batch, &settings);
        let mut gradients = loss.objective.backward();
        networks = [encoder, decoder].map(|network| {
            let gradient = flat_gradients(&network, &mut gradients);
            with_flat(&network, &(flatten(&network) - gradient * 0.05))
        });
    }
    networks.map(|network| flatten(&network).into_scalar())
}

#[test]
fn trains_to_the_closed_form_minima() {
    for log_det in [LogDet::Hutchinson { probes: 1 }, LogDet::Exact] {
        for (start, sign) in [([1.2, 0.5], 1.0), ([0.3, 1.0], 1.0), ([-1.0, -1.0], -1.0)] {
            let [a, b] = train(start[0], start[1], log_det);
            assert!((a - sign * 2.0 / 3.0).abs() < 1e-4, "a = {a} from {start:?}, {log_det:?}");
            assert!((b - sign * 1.5).abs() < 1e-4, "b = {b} from {start:?}, {log_det:?}");
        }
    }
}

/// Exact Jacobians of a network of one's own: u ↦ u·W has J = Wᵀ at every u.
#[test]
fn jacobians_of_a_linear_network_are_its_weights() {
    let device = Device::flex();
    let network = Linear(Tensor::from_floats([[1.0, 2.0], [-3.0, 0.5]], &device));
    let input = Tensor::from_floats([[0.3, 0.1], [-1.0, 2.0], [5.0, 0.0]], &device);
    let context = Tensor::zeros([1, 1], &device);
    let (output, jacobians) = jacobian(&network, input, &context);
    let output: Vec<f32> = output.try_to_vec_as().expect("numbers");
    assert_eq!(output[2..4], [-7.0, -1.0]);
    let jacobians: Vec<f32> = jacobians.try_to_vec_as().expect("numbers");
    assert_eq!(jacobians, [1.0, -3.0, 2.0, 0.5].repeat(3));
}
