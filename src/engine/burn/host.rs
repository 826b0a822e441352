//! Between slices on the host and tensors on a device.

use burn::tensor::{Device, Tensor, TensorData};

/// A tensor of numbers in row-major order.
pub(super) fn tensor<const R: usize>(
    numbers: Vec<f32>,
    shape: [usize; R],
    device: &Device,
) -> Tensor<R> {
    Tensor::from_data(TensorData::new(numbers, shape), device)
}

/// A tensor's numbers in row-major order.
///
/// # Panics
/// If the device fails to hand them over, which leaves nothing to go on with.
pub(super) fn read<const R: usize>(tensor: &Tensor<R>) -> Vec<f32> {
    match tensor.try_to_vec_as() {
        Ok(numbers) => numbers,
        Err(error) => panic!("cannot read a tensor back from its device: {error}"),
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
