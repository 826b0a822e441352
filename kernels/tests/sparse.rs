//! Products that leave zeros out against f64 sums, on every instruction set of the machine.

use freeform_kernels::{Finish, Isa, Order, Sparse, View, ViewMut};
use proptest::prelude::*;

/// Reproducible numbers in (−1, 1), about `zeros` of 8 of them zero.
fn numbers(n: usize, seed: u64, zeros: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let value = (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0;
        if state % 8 < zeros { 0.0 } else { value }
    };
    (0..n).map(|_| next()).collect()
}

#[derive(Clone, Debug)]
struct Case {
    /// Rows and columns of the sparse matrix, columns of the dense one.
    shape: [usize; 3],
    orders: [Order; 2],
    pads: [usize; 3],
    zeros: u64,
    /// What becomes of the sums: nothing, rectified after a bias, or through units.
    finish: u8,
    seed: u64,
}

fn check(isa: Isa, sparse: &mut Sparse, case: &Case) -> Result<(), TestCaseError> {
    let Case { shape: [m, k, n], orders, pads, zeros, finish, seed } = case.clone();
    let lies = |order, rows, columns| match order {
        Order::Plain => (rows, columns),
        Order::Transposed => (columns, rows),
    };
    let (a_shape, b_shape) = (lies(orders[0], m, k), lies(orders[1], k, n));
    let (lda, ldb, ldc) = (a_shape.1 + pads[0], b_shape.1 + pads[1], n + pads[2]);
    let a = numbers(a_shape.0 * lda, seed, zeros);
    let b = numbers(b_shape.0 * ldb, seed + 1, 0);
    let before = numbers(m * ldc, seed + 2, 0);
    let bias = numbers(n, seed + 3, 0);
    let units = numbers(m * ldc, seed + 4, 3);
    let mut c = before.clone();
    let (left, right) = ((View::new(&a, lda), orders[0]), (View::new(&b, ldb), orders[1]));
    let finish_as = match finish {
        0 => Finish::Sum,
        1 => Finish::Rectify { bias: &bias },
        _ => Finish::Through { units: View::new(&units, ldc) },
    };
    let out = ViewMut::new(&mut c, ldc);
    sparse.product(isa, [m, n, k], left, right, out, finish_as);
    let at = |m: &[f32], stride: usize, order, i: usize, j: usize| {
        f64::from(if order == Order::Plain { m[i * stride + j] } else { m[j * stride + i] })
    };
    for i in 0..m {
        for j in 0..ldc {
            let got = c[i * ldc + j];
            if j >= n {
                prop_assert_eq!(got.to_bits(), before[i * ldc + j].to_bits(), "pad {}, {}", i, j);
                continue;
            }
            let mut want = if finish == 1 { f64::from(bias[j]) } else { 0.0 };
            for p in 0..k {
                want += at(&a, lda, orders[0], i, p) * at(&b, ldb, orders[1], p, j);
            }
            want = match finish {
                1 => want.max(0.0),
                2 if units[i * ldc + j] <= 0.0 => 0.0,
                _ => want,
            };
            let tolerance = 1.2e-6 * (2.0 + k as f64).sqrt();
            let off = (f64::from(got) - want).abs();
            prop_assert!(off < tolerance, "{isa:?} {i},{j}: {got} {want}");
        }
    }
    Ok(())
}

fn case() -> impl Strategy<Value = Case> {
    let order = || prop_oneof![Just(Order::Plain), Just(Order::Transposed)];
    let shape = (1..70usize, 0..140usize, 1..250usize).prop_map(|(m, k, n)| [m, k, n]);
    let pads = prop::array::uniform3(0..3usize);
    (shape, [order(), order()], pads, 0..9u64, 0..3u8, 1..u64::MAX / 2).prop_map(
        |(shape, orders, pads, zeros, finish, seed)| Case {
            shape,
            orders,
            pads,
            zeros,
            finish,
            seed,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]
    #[test]
    fn products_match_sums_in_double_precision(cases in prop::array::uniform3(case())) {
        for isa in Isa::available() {
            // One matrix after another in the same room.
            let mut sparse = Sparse::new(140, 140);
            for case in &cases {
                check(isa, &mut sparse, case)?;
            }
        }
    }
}

/// Zeros are told by value: what is not a number is passed on, not lost.
#[test]
fn not_a_number_is_not_a_zero() {
    for isa in Isa::available() {
        let mut sparse = Sparse::new(1, 3);
        let (a, b, mut c) = ([0.0, f32::NAN, 0.0], [1.0; 3], [0.0; 1]);
        let (a, b) = ((View::new(&a, 3), Order::Plain), (View::new(&b, 1), Order::Plain));
        sparse.product(isa, [1, 1, 3], a, b, ViewMut::new(&mut c, 1), Finish::Sum);
        assert!(c[0].is_nan(), "{isa:?}: {c:?}");
    }
}

#[test]
fn a_matrix_without_room_is_refused() {
    let result = std::panic::catch_unwind(|| {
        let mut sparse = Sparse::new(2, 3);
        let nine = (View::new(&[1.0; 9], 3), Order::Plain);
        sparse.product(
            Isa::best(),
            [3, 3, 3],
            nine,
            nine,
            ViewMut::new(&mut [0.0; 9], 3),
            Finish::Sum,
        );
    });
    let message = *result.unwrap_err().downcast::<String>().unwrap();
    assert!(message.contains("3 × 3"), "{message}");
}
