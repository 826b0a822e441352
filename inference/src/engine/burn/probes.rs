//! Hutchinson probes drawn where the models are.

use burn::tensor::{DType, Device, Int, Tensor, TensorData};

/// Signs ±1 as probes v, `[K·B, S, D]`, E\[vvᵀ\] = I: element i of a model is a bit of a hash of i
/// and of the model's `key` for this step, so a model's probes do not depend on its neighbours.
pub(super) fn draw_signs(keys: &[u32], rows: usize, dim: usize, device: &Device) -> Tensor<3> {
    let models = keys.len();
    // 31 bits: positive in every integer type that a device may have.
    let keys: Vec<i64> = keys.iter().map(|key| i64::from(key >> 1)).collect();
    let keys = Tensor::<1, Int>::from_data(TensorData::new(keys, [models]), device);
    let count = (rows * dim) as i64;
    let elements = Tensor::<1, Int>::arange(0..count, device).reshape([rows, 1, dim]);
    let elements = multiply(elements + 1, 0x7FEB_352D).expand([rows, models, dim]);
    let mixed = elements.bitwise_xor(keys.reshape([1, models, 1]).expand([rows, models, dim]));
    let mixed = multiply(shift_xor(mixed, 16), 0x7FEB_352D);
    let mixed = multiply(shift_xor(mixed, 15), 0x45D9_F3B1);
    let bit = shift_xor(mixed, 16).bitwise_and_scalar(1);
    bit.float() * 2.0 - 1.0
}

/// t·factor modulo 2³², for t of 32 bits.
fn multiply<const R: usize>(t: Tensor<R, Int>, factor: i64) -> Tensor<R, Int> {
    let wide = matches!(t.dtype(), DType::I64 | DType::U64);
    let product = t * factor;
    if wide { product.bitwise_and_scalar(0xFFFF_FFFF_i64) } else { product }
}

/// t ⊕ (t ≫ bits), shifting zeros in, for t of 32 bits.
fn shift_xor<const R: usize>(t: Tensor<R, Int>, bits: i64) -> Tensor<R, Int> {
    let kept = (1_i64 << (32 - bits)) - 1;
    let shifted = t.clone().bitwise_right_shift_scalar(bits).bitwise_and_scalar(kept);
    t.bitwise_xor(shifted)
}

#[cfg(test)]
mod tests {
    use super::draw_signs;
    use crate::engine::burn::host::read;
    use burn::tensor::Device;

    const ROWS: usize = 20_000;
    const DIM: usize = 3;

    fn signs(keys: &[u32]) -> Vec<f32> {
        read(&draw_signs(keys, ROWS, DIM, &Device::flex()))
    }

    /// Second moments of signs: entries have standard error 1/√20,000 = 0.007.
    #[test]
    fn probes_have_mean_zero_and_unit_covariance() {
        for key in [1, 12_345_678, u32::MAX] {
            let v = signs(&[key]);
            assert!(v.iter().all(|v| v.abs() == 1.0));
            for i in 0..DIM {
                let mean = v.chunks_exact(DIM).map(|p| p[i]).sum::<f32>() / ROWS as f32;
                assert!(mean.abs() < 0.035, "key {key}: mean {mean}");
                for j in 0..i {
                    let product = v.chunks_exact(DIM).map(|p| p[i] * p[j]).sum::<f32>();
                    assert!(product.abs() / (ROWS as f32) < 0.035, "key {key}: {i}, {j}");
                }
            }
            // Nor does a row resemble the next.
            let next = v.iter().zip(&v[DIM..]).map(|(a, b)| a * b).sum::<f32>();
            assert!((next / v.len() as f32).abs() < 0.02);
        }
    }

    #[test]
    fn a_model_s_probes_are_its_own() {
        let (alone, other) = (signs(&[7]), signs(&[8]));
        let both = signs(&[8, 7]);
        let second = both.chunks_exact(2 * DIM).flat_map(|row| row[DIM..].to_vec());
        assert_eq!(second.collect::<Vec<f32>>(), alone);
        let same = alone.iter().zip(&other).map(|(a, b)| a * b).sum::<f32>();
        assert!((same / alone.len() as f32).abs() < 0.02);
    }
}
