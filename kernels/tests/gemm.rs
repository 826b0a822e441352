//! Matrix products against f64 sums, on every instruction set of the machine.

use freeform_kernels::{Isa, Start, View, ViewMut, gemm_nn, gemm_nt, gemm_tn};
use proptest::prelude::*;

/// Reproducible numbers in (−1, 1).
fn numbers(n: usize, seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    };
    (0..n).map(|_| next()).collect()
}

#[derive(Clone, Copy, Debug)]
enum Op {
    Nn,
    Nt,
    Tn,
}

#[derive(Clone, Debug)]
struct Case {
    op: Op,
    shape: [usize; 3],
    pads: [usize; 3],
    start: usize,
    seed: u64,
}

fn check(isa: Isa, case: &Case) -> Result<(), TestCaseError> {
    let Case { op, shape: [m, n, k], pads, start, seed } = *case;
    let a_shape = if let Op::Tn = op { (k, m) } else { (m, k) };
    let b_shape = if let Op::Nt = op { (n, k) } else { (k, n) };
    let (lda, ldb, ldc) = (a_shape.1 + pads[0], b_shape.1 + pads[1], n + pads[2]);
    let a = numbers(a_shape.0 * lda, seed);
    let b = numbers(b_shape.0 * ldb, seed + 1);
    let before = numbers(m * ldc, seed + 2);
    let bias = numbers(n, seed + 3);
    let rows = m.div_ceil(2);
    let (start, adds, biased) = match start {
        0 => (Start::Zero, false, 0),
        1 => (Start::Accumulate, true, 0),
        2 => (Start::Bias { values: &bias, rows }, false, rows),
        _ => (Start::AccumulateBias { values: &bias, rows }, true, rows),
    };
    let mut c = before.clone();
    let (va, vb, vc) = (View::new(&a, lda), View::new(&b, ldb), ViewMut::new(&mut c, ldc));
    match op {
        Op::Nn => gemm_nn(isa, [m, n, k], va, vb, vc, start),
        Op::Nt => gemm_nt(isa, [m, n, k], va, vb, vc, start),
        Op::Tn => gemm_tn(isa, [m, n, k], va, vb, vc, start),
    }
    for i in 0..m {
        for j in 0..ldc {
            let (got, old) = (c[i * ldc + j], before[i * ldc + j]);
            if j >= n {
                prop_assert_eq!(got.to_bits(), old.to_bits(), "padding at {}, {}", i, j);
                continue;
            }
            let mut want = if adds { f64::from(old) } else { 0.0 };
            want += if i < biased { f64::from(bias[j]) } else { 0.0 };
            for p in 0..k {
                let x = if let Op::Tn = op { a[p * lda + i] } else { a[i * lda + p] };
                let y = if let Op::Nt = op { b[j * ldb + p] } else { b[p * ldb + j] };
                want += f64::from(x) * f64::from(y);
            }
            let tolerance = 3e-7 * (2.0 + k as f64).sqrt() * 4.0;
            prop_assert!(
                (f64::from(got) - want).abs() < tolerance,
                "{isa:?} {i},{j}: {got} {want}"
            );
        }
    }
    Ok(())
}

fn case() -> impl Strategy<Value = Case> {
    let op = prop_oneof![Just(Op::Nn), Just(Op::Nt), Just(Op::Tn)];
    let shape = (1..70usize, 1..140usize, 0..80usize).prop_map(|(m, n, k)| [m, n, k]);
    let pads = prop::array::uniform3(0..3usize);
    (op, shape, pads, 0..4usize, 1..u64::MAX / 2).prop_map(|(op, shape, pads, start, seed)| Case {
        op,
        shape,
        pads,
        start,
        seed,
    })
}

/// Widths a little above a multiple of the vector take a path of their own.
#[test]
fn the_last_few_columns_match() {
    for op in [Op::Nn, Op::Nt, Op::Tn] {
        for isa in Isa::available() {
            for rest in 1..=5 {
                for (m, k) in [(1, 50), (4, 32), (13, 47), (67, 64), (50, 128)] {
                    for start in 0..4 {
                        let pads = [1, 2, 3];
                        let case = Case { op, shape: [m, 48 + rest, k], pads, start, seed: 5 };
                        check(isa, &case).unwrap();
                    }
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]
    #[test]
    fn products_match_sums_in_double_precision(case in case()) {
        for isa in Isa::available() {
            check(isa, &case)?;
        }
    }
}

#[test]
fn products_deeper_than_a_block_match() {
    for op in [Op::Nn, Op::Nt, Op::Tn] {
        for shape in [[7, 65, 513], [50, 16, 300], [1, 1, 257], [70, 130, 128], [9, 51, 129]] {
            for isa in Isa::available() {
                let case = Case { op, shape, pads: [1, 0, 2], start: 3, seed: 7 };
                check(isa, &case).unwrap();
            }
        }
    }
}

#[test]
fn a_matrix_that_does_not_fit_is_refused() {
    let (a, b) = ([0.0; 6], [0.0; 6]);
    let result = std::panic::catch_unwind(|| {
        let mut c = [0.0; 3];
        let c = ViewMut::new(&mut c, 2);
        gemm_nn(Isa::best(), [2, 2, 3], View::new(&a, 3), View::new(&b, 2), c, Start::Zero);
    });
    let message = *result.unwrap_err().downcast::<String>().unwrap();
    assert!(message.contains("matrix C of 2 × 2"), "{message}");
}

#[test]
fn the_portable_path_is_always_there() {
    let names: Vec<_> = Isa::available().iter().map(|isa| isa.name()).collect();
    assert_eq!(names.last(), Some(&"portable"));
}
