//! A simulator whose posterior is known in closed form.

use freeform_inference::{Fit, Overrides};
use freeform_simulators::{Marginal, Prior, SimulationError, SimulationRng, Simulator, simulate};
use rand_distr::{Distribution, StandardNormal};

/// θ ~ N(0, I₂), x = Aθ + 0.5 ε with A = [[1, 0.5], [−0.3, 0.8]].
struct LinearGaussian {
    prior: Prior,
}

const A: [[f64; 2]; 2] = [[1.0, 0.5], [-0.3, 0.8]];
const NOISE: f64 = 0.5;

impl Simulator for LinearGaussian {
    fn prior(&self) -> &Prior {
        &self.prior
    }

    fn data_dim(&self) -> usize {
        2
    }

    fn simulate(
        &self,
        theta: &[f64],
        rng: &mut SimulationRng,
        x: &mut [f64],
    ) -> Result<(), SimulationError> {
        for (x, row) in x.iter_mut().zip(A) {
            let noise: f64 = StandardNormal.sample(rng);
            *x = row[0] * theta[0] + row[1] * theta[1] + NOISE * noise;
        }
        Ok(())
    }
}

/// Posterior precision P = I + AᵀA/σ², mean P⁻¹Aᵀx/σ².
fn exact(x: [f64; 2]) -> ([f64; 2], [[f64; 2]; 2]) {
    let s = NOISE * NOISE;
    let mut p = [[1.0, 0.0], [0.0, 1.0]];
    let mut b = [0.0; 2];
    for i in 0..2 {
        for j in 0..2 {
            p[i][j] += (A[0][i] * A[0][j] + A[1][i] * A[1][j]) / s;
        }
        b[i] = (A[0][i] * x[0] + A[1][i] * x[1]) / s;
    }
    let det = p[0][0] * p[1][1] - p[0][1] * p[1][0];
    let covariance = [[p[1][1] / det, -p[0][1] / det], [-p[1][0] / det, p[0][0] / det]];
    let mean = [
        covariance[0][0] * b[0] + covariance[0][1] * b[1],
        covariance[1][0] * b[0] + covariance[1][1] * b[1],
    ];
    (mean, covariance)
}

fn exact_log_prob(theta: [f64; 2], x: [f64; 2]) -> f64 {
    let (m, c) = exact(x);
    let det = c[0][0] * c[1][1] - c[0][1] * c[1][0];
    let d = [theta[0] - m[0], theta[1] - m[1]];
    let square =
        (c[1][1] * d[0] * d[0] - 2.0 * c[0][1] * d[0] * d[1] + c[0][0] * d[1] * d[1]) / det;
    -0.5 * square - (2.0 * std::f64::consts::PI).ln() - 0.5 * det.ln()
}

#[test]
fn the_flow_reaches_the_closed_form_posterior() {
    let standard = Marginal::Normal { mean: 0.0, std: 1.0 };
    let simulator = LinearGaussian { prior: Prior::identical(2, standard).unwrap() };
    let training = simulate(&simulator, 20_000, 1).unwrap().simulations;
    let settings = "
        [network]
        width = 24
        blocks = 2
        [training]
        max_epochs = 30
    ";
    let settings = Overrides::parse(settings).unwrap();
    let posterior = Fit::new(&simulator.prior).settings(settings).run(training).unwrap();
    let quality = posterior.model().training.quality;
    assert!(quality.reconstruction < 1e-3, "{quality:?}");
    // The decoder inverts the encoder, so Algorithm 2 gives the encoder's density.
    assert!(quality.jacobian_deviation < 0.05, "{quality:?}");
    assert!((quality.decoder_nll - quality.encoder_nll).abs() < 0.02, "{quality:?}");

    let fresh = simulate(&simulator, 200, 2).unwrap().simulations;
    let mut error = 0.0;
    for (theta, x) in fresh.theta.rows().into_iter().zip(fresh.x.rows()) {
        let (theta, x) = (theta.insert_axis(ndarray::Axis(0)), x.to_vec());
        let learnt = posterior.log_prob(&theta, &x, 1).unwrap()[0];
        let point = [theta[[0, 0]], theta[[0, 1]]];
        error += (learnt - exact_log_prob(point, [x[0], x[1]])).abs();
    }
    let error = error / fresh.len() as f64;
    assert!(error < 0.05, "mean absolute error of log p is {error} nats");

    let x = [0.8, -0.4];
    let draws = posterior.sample(&x, 20_000, 3).unwrap();
    assert_eq!(draws.acceptance, 1.0);
    let (mean, covariance) = exact(x);
    for j in 0..2 {
        let column: Vec<f64> = draws.theta.column(j).to_vec();
        let m = column.iter().sum::<f64>() / column.len() as f64;
        let v = column.iter().map(|t| (t - m).powi(2)).sum::<f64>() / column.len() as f64;
        let sd = covariance[j][j].sqrt();
        assert!((m - mean[j]).abs() < 0.05 * sd + 0.02, "mean {j}: {m} against {}", mean[j]);
        assert!((v.sqrt() / sd - 1.0).abs() < 0.05, "sd {j}: {} against {sd}", v.sqrt());
    }
}
