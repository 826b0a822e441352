//! AdamW, averaging and norms against f64 arithmetic written from their definitions.

use freeform_kernels::{AdamW, Isa, adamw, average, sum_squares};

#[test]
fn adamw_follows_its_definition_over_several_steps() {
    for isa in Isa::available() {
        let n = 37;
        let mut w: Vec<f32> = (0..n).map(|i| (i as f32).cos()).collect();
        let (mut m, mut v) = (vec![0.0; n], vec![0.0; n]);
        let mut exact: Vec<[f64; 3]> = w.iter().map(|&w| [f64::from(w), 0.0, 0.0]).collect();
        let (lr, b1, b2, eps, decay, scale) = (1e-2, 0.9, 0.99, 1e-6, 0.1, 0.5);
        for t in 1..=20 {
            let g: Vec<f32> = (0..n).map(|i| ((i * t) as f32 * 0.37).sin()).collect();
            let (c1, c2) = (1.0 - f64::powi(b1, t as i32), 1.0 - f64::powi(b2, t as i32));
            let step = AdamW {
                learning_rate: lr as f32,
                beta1: b1 as f32,
                beta2: b2 as f32,
                epsilon: eps as f32,
                weight_decay: decay as f32,
                correction1: c1 as f32,
                correction2: c2 as f32,
                gradient_scale: scale as f32,
            };
            adamw(isa, &step, &mut w, &g, &mut m, &mut v);
            for ([w, m, v], g) in exact.iter_mut().zip(&g) {
                let g = f64::from(*g) * scale;
                *m = b1 * *m + (1.0 - b1) * g;
                *v = b2 * *v + (1.0 - b2) * g * g;
                *w -= lr * ((*m / c1) / ((*v / c2).sqrt() + eps) + decay * *w);
            }
        }
        for (i, exact) in exact.iter().enumerate() {
            assert!((f64::from(w[i]) - exact[0]).abs() < 3e-6, "{isa:?} w: {} {}", w[i], exact[0]);
            assert!((f64::from(m[i]) - exact[1]).abs() < 1e-6, "{isa:?} m: {} {}", m[i], exact[1]);
            assert!((f64::from(v[i]) - exact[2]).abs() < 1e-6, "{isa:?} v: {} {}", v[i], exact[2]);
        }
    }
}

#[test]
fn sum_of_squares_keeps_its_digits() {
    for isa in Isa::available() {
        // Σ (i/n)² for i < n = (n−1)(2n−1)/6n
        let n = 100_003;
        let x: Vec<f32> = (0..n).map(|i| i as f32 / n as f32).collect();
        let n = n as f64;
        let want = (n - 1.0) * (2.0 * n - 1.0) / (6.0 * n);
        assert!((sum_squares(isa, &x) / want - 1.0).abs() < 1e-6);
        assert_eq!(sum_squares(isa, &[]), 0.0);
        assert!(sum_squares(isa, &[1.0, f32::NAN]).is_nan());
    }
}

#[test]
fn average_moves_by_its_decay() {
    for isa in Isa::available() {
        let mut a = vec![1.0f32; 19];
        average(isa, 0.75, &[5.0; 19], &mut a);
        assert_eq!(a, vec![2.0; 19]);
    }
}

#[test]
fn numbers_on_their_way_to_the_subnormal_range_become_zero_and_nan_stays() {
    let step = AdamW {
        learning_rate: 0.1,
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 1e-8,
        weight_decay: 1.0,
        correction1: 1.0,
        correction2: 1.0,
        gradient_scale: 1.0,
    };
    for isa in Isa::available() {
        let (mut w, mut m, mut v) = (vec![1.0; 21], vec![1e-9; 21], vec![1e-12; 21]);
        w[20] = f32::NAN;
        for _ in 0..2000 {
            adamw(isa, &step, &mut w, &[0.0; 21], &mut m, &mut v);
        }
        assert!(w[20].is_nan(), "{isa:?}");
        assert!(w[..20].iter().chain(&m).all(|x| *x == 0.0), "{isa:?}: {w:?} {m:?}");
        assert!(v.iter().all(|x| *x > 0.0), "{isa:?}: {v:?}");
    }
}
