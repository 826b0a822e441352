//! Constants that the released benchmark took from numpy's legacy generator, against the files
//! that it ships them in; and the prior built on them, against numpy's linear algebra.

mod support;

use freeform_simulators::{BernoulliGlmModel, DistractorMixture, Task};
use support::{assert_close, official};

#[test]
fn the_design_matrix_is_the_released_one() {
    let design = BernoulliGlmModel::design_matrix();
    // Entries of design_matrix.pt, bit by bit.
    for (row, column, expected) in [
        (0, 0, 1.0_f32),
        (0, 1, 0.496_714_14),
        (0, 2, 0.0),
        (8, 9, 0.496_714_14),
        (3, 5, 0.0),
        (50, 4, 1.057_122_2),
        (99, 1, -0.234_587_13),
        (99, 9, 0.968_645),
    ] {
        assert_eq!(design[row][column], f64::from(expected), "{row} {column}");
    }
    let entries = || {
        design.iter().enumerate().flat_map(|(t, row)| {
            row.iter().enumerate().map(move |(column, &v)| (t as f64, column as f64, v))
        })
    };
    let sum = |f: fn((f64, f64, f64)) -> f64| entries().map(f).sum::<f64>();
    assert_close("sum", sum(|(_, _, v)| v), 13.719_870_029_017_33, 1e-12);
    assert_close("absolute sum", sum(|(_, _, v)| v.abs()), 737.174_695_108_085_9, 1e-12);
    let weighted = sum(|(t, column, v)| t * (1.0 + column) * v);
    assert_close("weighted sum", weighted, -13_122.805_600_957_48, 1e-12);
}

#[test]
fn the_glm_prior_has_the_released_precision() {
    let precision = BernoulliGlmModel::prior_precision();
    for (row, column, expected) in [
        (0, 0, 0.5),
        (0, 1, 0.0),
        (1, 1, 6.0),
        (1, 2, -4.666_666_666_666_666),
        (3, 2, -4.942_809_041_582_064),
        (4, 6, 1.745_355_992_499_929_8),
        (9, 9, 3.774_506_972_053_015_6),
    ] {
        assert_close(&format!("{row} {column}"), precision[row][column], expected, 1e-14);
    }
    // numpy: ½ log |P| − 5 log 2π − ½ θᵀPθ at the ten true parameters.
    let expected = [
        -12.520_675_742_234_541,
        -10.563_573_755_445_81,
        -16.379_104_924_887_32,
        -15.516_672_779_607_362,
        -8.577_810_729_318_673,
        -8.624_487_331_136_814,
        -10.149_333_806_823_794,
        -13.037_962_286_983_262,
        -13.127_649_767_527_792,
        -9.623_602_157_362_559,
    ];
    let task = Task::by_name("bernoulli_glm").unwrap();
    for (k, expected) in (1..).zip(expected) {
        let found = task.prior().log_prob(&official(&task, k).0);
        assert_close(&format!("log prior, observation {k}"), found, expected, 1e-11);
    }
}

#[test]
fn the_distractor_mixture_is_the_released_one() {
    let mixture = DistractorMixture::shared();
    // Entries and sums of gmm.torch.
    for (component, i, expected) in [
        (0, 0, 7.450_712_295_168_49),
        (0, 91, 14.529_674_857_993_339),
        (7, 13, -0.361_876_306_650_049_16),
        (19, 91, -3.121_752_859_088_095_6),
    ] {
        assert_close("location", mixture.location(component)[i], expected, 1e-14);
    }
    for (component, i, j, expected) in [
        (0, 0, 0, 3.423_324_718_497_607),
        (0, 91, 90, 5.662_875_361_878_013),
        (7, 13, 5, -2.521_332_201_041_175),
        (11, 50, 50, 1.759_367_954_690_692_4),
        (19, 91, 91, 2.196_350_891_048_934),
    ] {
        assert_close("scale", mixture.scale_row(component, i)[j], expected, 1e-14);
    }
    let locations = || (0..20).flat_map(|c| mixture.location(c).iter().copied());
    let scales = || {
        let rows = (0..20).flat_map(|c| (0..92).map(move |i| (c, i)));
        rows.flat_map(|(c, i)| mixture.scale_row(c, i).iter().copied())
    };
    assert_close("locations", locations().sum(), 1_203.933_391_057_331_4, 1e-11);
    assert_close("|locations|", locations().map(f64::abs).sum(), 21_676.143_297_514_1, 1e-11);
    assert_close("scales", scales().sum(), 9_962.577_423_949_14, 1e-11);
    assert_close("|scales|", scales().map(f64::abs).sum(), 211_080.873_583_817_62, 1e-11);
}

/// permutation_idx.torch.
#[test]
fn the_order_of_the_distractors_is_the_released_one() {
    let expected = [
        87, 47, 39, 9, 25, 21, 26, 94, 41, 30, 34, 44, 12, 27, 89, 20, 6, 13, 51, 40, 54, 5, 0, 2,
        75, 43, 14, 97, 29, 72, 79, 99, 98, 1, 38, 65, 83, 52, 74, 63, 19, 70, 4, 36, 96, 81, 35,
        49, 31, 76, 84, 28, 11, 66, 37, 85, 56, 60, 48, 10, 22, 82, 24, 8, 42, 32, 73, 3, 59, 95,
        90, 50, 18, 68, 45, 67, 92, 91, 17, 93, 33, 78, 88, 62, 46, 64, 57, 86, 55, 77, 7, 80, 69,
        23, 58, 71, 15, 61, 53, 16,
    ];
    assert_eq!(DistractorMixture::shared().order(), expected);
}
