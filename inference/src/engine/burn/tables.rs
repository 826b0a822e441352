//! The models' tables on the device, and batches gathered from them there.

use super::host::tensor;
use super::loss::FlowBatch;
use burn::tensor::{Device, Int, Tensor, TensorData};

/// One model's standardised data and the rows that judge it.
#[derive(Clone, Copy, Debug)]
pub struct StackTable<'a> {
    /// Parameters, `[n, D]`.
    pub theta: &'a [f32],
    /// Data, `[n, C]`; models may share one slice, which is then held once.
    pub x: &'a [f32],
    /// Held-out rows, as many for every model.
    pub validation: &'a [u32],
}

/// All models' tables, one below the other.
#[derive(Debug)]
pub(super) struct Tables {
    theta: Tensor<2>,
    x: Tensor<2>,
    /// Where each model's rows begin in `theta` and `x`.
    offsets: Vec<(usize, usize)>,
    validation: Indices,
}

impl Tables {
    pub fn upload(tables: &[StackTable], dims: (usize, usize), device: &Device) -> Self {
        let (theta, theta_offsets) = stacked(tables.iter().map(|t| t.theta), dims.0, device);
        let (x, x_offsets) = stacked(tables.iter().map(|t| t.x), dims.1, device);
        let offsets: Vec<(usize, usize)> = theta_offsets.into_iter().zip(x_offsets).collect();
        let held_out: Vec<&[u32]> = tables.iter().map(|t| t.validation).collect();
        let validation = Indices::upload(&held_out, &offsets, device);
        Self { theta, x, offsets, validation }
    }

    /// Every model's held-out rows.
    pub fn validation(&self) -> &Indices {
        &self.validation
    }

    /// Sends the indices of consecutive batches: of each model the same number of rows.
    pub fn indices(&self, rows: &[&[u32]]) -> Indices {
        Indices::upload(rows, &self.offsets, &self.theta.device())
    }

    /// The batch of `rows` rows a model from row `start` of the indices, `[rows, S, ·]`.
    pub fn gather(&self, indices: &Indices, start: usize, rows: usize) -> FlowBatch<3> {
        let models = indices.models;
        let of = |table: &Tensor<2>, indices: &Tensor<1, Int>| {
            let width = table.dims()[1];
            let chosen = indices.clone().narrow(0, start * models, rows * models);
            table.clone().select(0, chosen).reshape([rows, models, width])
        };
        let (theta, context) = (of(&self.theta, &indices.theta), of(&self.x, &indices.x));
        FlowBatch { theta, context, probes: None }
    }
}

/// Rows of the stacked tables, row by row of every model.
#[derive(Debug)]
pub(super) struct Indices {
    theta: Tensor<1, Int>,
    x: Tensor<1, Int>,
    models: usize,
    rows: usize,
}

impl Indices {
    fn upload(rows: &[&[u32]], offsets: &[(usize, usize)], device: &Device) -> Self {
        let count = rows.first().map_or(0, |rows| rows.len());
        let of = |offset: fn(&(usize, usize)) -> usize| {
            let at = |r| rows.iter().zip(offsets).map(move |(m, o)| offset(o) + m[r] as usize);
            let flat: Vec<i64> = (0..count).flat_map(at).map(|row| row as i64).collect();
            let len = flat.len();
            Tensor::<1, Int>::from_data(TensorData::new(flat, [len]), device)
        };
        Self { theta: of(|o| o.0), x: of(|o| o.1), models: offsets.len(), rows: count }
    }

    /// Rows of each model.
    pub fn rows(&self) -> usize {
        self.rows
    }
}

/// The tables one below the other, a shared one once, and each one's first row.
fn stacked<'a>(
    tables: impl Iterator<Item = &'a [f32]>,
    width: usize,
    device: &Device,
) -> (Tensor<2>, Vec<usize>) {
    let (mut numbers, mut seen, mut offsets) = (Vec::new(), Vec::new(), Vec::new());
    for table in tables {
        let key = (table.as_ptr(), table.len());
        let known = seen.iter().find(|(k, _)| *k == key).map(|(_, offset)| *offset);
        let offset = known.unwrap_or(numbers.len() / width);
        if known.is_none() {
            numbers.extend_from_slice(table);
            seen.push((key, offset));
        }
        offsets.push(offset);
    }
    let rows = numbers.len() / width;
    (tensor(numbers, [rows, width], device), offsets)
}
