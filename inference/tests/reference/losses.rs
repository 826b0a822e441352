//! Both losses of a free-form flow as numbers, and their gradients by central differences.

use super::{forward, jacobian, jvp};
use freeform_inference::engine::{Batch, LogDet, LossSettings};
use freeform_inference::network::{FlowWeights, NetworkSpec};

/// Rows of a batch in f64.
pub struct Table {
    pub theta: Vec<Vec<f64>>,
    pub x: Vec<Vec<f64>>,
    /// Probe k of row b is `probes[k][b]`.
    pub probes: Vec<Vec<Vec<f64>>>,
}

/// The parts of a loss, batch means.
pub struct Loss {
    pub loss: f64,
    pub latent: f64,
    pub change: f64,
    pub reconstruction: f64,
}

impl Table {
    /// The rows that a batch names.
    pub fn of(spec: &NetworkSpec, batch: &Batch) -> Self {
        let (d, c, rows) = (spec.theta_dim, spec.context_dim, batch.rows.len());
        let row = |table: &[f32], width: usize, row: usize| -> Vec<f64> {
            table[row * width..][..width].iter().map(|&t| f64::from(t)).collect()
        };
        let pick =
            |table, width| batch.rows.iter().map(|&r| row(table, width, r as usize)).collect();
        let probes = batch.probes.chunks_exact(rows * d);
        Self {
            theta: pick(batch.theta, d),
            x: pick(batch.x, c),
            probes: probes.map(|p| (0..rows).map(|b| row(p, d, b)).collect()).collect(),
        }
    }
}

/// The change-of-variables term of every row, with J_g v_k held at `held[k][row]`: log|det J_f|
/// for the exact loss.
pub fn change_of_variables(
    spec: &NetworkSpec,
    encoder: &[f64],
    table: &Table,
    held: &[Vec<Vec<f64>>],
    log_det: LogDet,
) -> Vec<f64> {
    let rows = table.theta.iter().zip(&table.x).enumerate();
    rows.map(|(b, (theta, x))| match log_det {
        LogDet::Exact => determinant(theta.len(), jacobian(spec, encoder, theta, x)).abs().ln(),
        LogDet::Hutchinson { probes } => {
            let dot = |k: usize| -> f64 {
                let pushed = jvp(spec, encoder, theta, &held[k][b], x);
                pushed.iter().zip(&table.probes[k][b]).map(|(a, v)| a * v).sum()
            };
            (0..probes).map(dot).sum::<f64>() / probes as f64
        }
    })
    .collect()
}

/// The loss at `weights`, with the stop-gradient J_g v taken at `anchor`.
pub fn reference_loss(
    spec: &NetworkSpec,
    weights: &[Vec<f64>; 2],
    anchor: &[Vec<f64>; 2],
    table: &Table,
    settings: &LossSettings,
) -> Loss {
    let rows = || table.theta.iter().zip(&table.x).enumerate();
    let mean = |sum: f64| sum / table.theta.len() as f64;
    let square = |t: &[f64]| t.iter().map(|t| t * t).sum::<f64>();
    let push = |probes: &Vec<Vec<f64>>| -> Vec<Vec<f64>> {
        rows()
            .map(|(b, (theta, x))| {
                let z = forward(spec, &anchor[0], theta, x);
                jvp(spec, &anchor[1], &z, &probes[b], x)
            })
            .collect()
    };
    let held: Vec<_> = table.probes.iter().map(push).collect();
    let change = change_of_variables(spec, &weights[0], table, &held, settings.log_det);
    let (mut latent, mut reconstruction, mut image) = (0.0, 0.0, 0.0);
    for (_, (theta, x)) in rows() {
        let z = forward(spec, &weights[0], theta, x);
        let back = forward(spec, &weights[1], &z, x);
        latent += 0.5 * square(&z);
        let error: Vec<f64> = back.iter().zip(theta).map(|(a, b)| a - b).collect();
        reconstruction += square(&error);
        if settings.lambda().is_some() {
            image += square(&jvp(spec, &anchor[0], theta, &error, x));
        }
    }
    let (latent, change) = (mean(latent), mean(change.iter().sum()));
    let reconstruction = mean(reconstruction);
    let loss = latent - change
        + f64::from(settings.beta) * reconstruction
        + f64::from(settings.latent_reconstruction) * mean(image);
    Loss { loss, latent, change, reconstruction }
}

/// The gradient of the loss with the stop-gradient held, by central differences; encoder, decoder.
pub fn finite_differences(
    spec: &NetworkSpec,
    weights: &FlowWeights,
    table: &Table,
    settings: &LossSettings,
) -> [Vec<f64>; 2] {
    const STEP: f64 = 1e-6;
    let anchor = [&weights.encoder, &weights.decoder]
        .map(|w| w.iter().map(|&w| f64::from(w)).collect::<Vec<f64>>());
    [0, 1].map(|network| {
        let mut moved = anchor.clone();
        let mut at = |index: usize, step: f64| {
            moved[network][index] = anchor[network][index] + step;
            let loss = reference_loss(spec, &moved, &anchor, table, settings).loss;
            moved[network][index] = anchor[network][index];
            loss
        };
        (0..anchor[network].len())
            .map(|index| (at(index, STEP) - at(index, -STEP)) / (2.0 * STEP))
            .collect()
    })
}

/// The determinant of a row-major d × d matrix, by expansion along the first row.
pub fn determinant(d: usize, matrix: Vec<f64>) -> f64 {
    if d == 1 {
        return matrix[0];
    }
    (0..d)
        .map(|column| {
            let minor = (1..d)
                .flat_map(|i| (0..d).filter(move |j| *j != column).map(move |j| (i, j)))
                .map(|(i, j)| matrix[i * d + j])
                .collect();
            let sign = if column % 2 == 0 { 1.0 } else { -1.0 };
            sign * matrix[column] * determinant(d - 1, minor)
        })
        .sum()
}
