//! Between slices on the host and tensors on a device.

use crate::engine::DeviceError;
use burn::tensor::{Device, Tensor, TensorData};

/// A tensor of numbers in row-major order.
///
/// # Panics
/// If the shape is not of as many.
#[must_use]
pub fn tensor<const R: usize>(numbers: Vec<f32>, shape: [usize; R], device: &Device) -> Tensor<R> {
    Tensor::from_data(TensorData::new(numbers, shape), device)
}

/// A tensor's numbers in row-major order.
///
/// Where the device fails to hand them over the work ends:
/// [`guarded`](crate::engine::guarded) makes an error of it.
#[must_use]
pub fn read<const R: usize>(tensor: &Tensor<R>) -> Vec<f32> {
    match tensor.try_to_vec_as() {
        Ok(numbers) => numbers,
        Err(error) => DeviceError::Failed {
            device: format!("{:?}", tensor.device()),
            reason: error.to_string(),
        }
        .unwind(),
    }
}

/// The chosen rows of a table `[·, width]`, as a tensor.
pub(super) fn gather(table: &[f32], width: usize, rows: &[u32], device: &Device) -> Tensor<2> {
    let mut numbers = Vec::with_capacity(rows.len() * width);
    for row in rows {
        numbers.extend_from_slice(&table[*row as usize * width..][..width]);
    }
    tensor(numbers, [rows.len(), width], device)
}
