//! Tests of its parent.

use super::*;
use crate::random::{Purpose, stream};
use rand_distr::{Distribution, StandardNormal};

/// Three columns: two that go together (correlation 0.95), one alone.
fn table(rows: usize, seed: u64) -> Vec<[f32; 3]> {
    let mut rng = stream(seed, Purpose::Weights, 0);
    let mut normal = || -> f32 { StandardNormal.sample(&mut rng) };
    let r = 0.95_f32;
    let mut row = || {
        let (a, b) = (normal(), normal());
        [a, r * a + (1.0 - r * r).sqrt() * b, 2.0 * normal() + 5.0]
    };
    (0..rows).map(|_| row()).collect()
}

fn name(column: usize) -> String {
    column.to_string()
}

fn cloud(rows: &[[f32; 3]]) -> Cloud {
    Cloud::of(3, &rows.iter().map(|r| &r[..]).collect::<Vec<_>>()).unwrap()
}

#[test]
fn distances_are_mahalanobis_and_the_column_that_does_not_fit_is_named() {
    let cloud = cloud(&table(20_000, 1));
    let at = |x: [f32; 3]| cloud.outlyingness(&x, &name);
    // Within each column, but not together: (2, −2) has a distance² of (2² + 2² + 2·.95·4)/(1 − .95²).
    let apart = at([2.0, -2.0, 5.0]);
    let exact = ((8.0 + 2.0 * 0.95 * 4.0) / (1.0 - 0.95_f64 * 0.95) / 3.0).sqrt();
    assert!((apart.distance / exact - 1.0).abs() < 0.03, "{} {exact}", apart.distance);
    assert!(apart.unusual && apart.percentile == 100.0);
    // (2 + .95·2)/√(1 − .95²) standard deviations from what the other predicts.
    let named: Vec<&str> = apart.worst.iter().map(|w| &w.name[..]).collect();
    assert!(named[..2] == ["0", "1"] || named[..2] == ["1", "0"], "{named:?}");
    let deviations = apart.worst[0].deviations.abs();
    assert!((deviations / 12.49 - 1.0).abs() < 0.03, "{:?}", apart.worst);
    assert!(!at([2.0, 2.0, 5.0]).unusual && !at([0.0, 0.0, 9.0]).unusual);
    let alone = at([0.0, 0.0, 14.0]);
    assert!(alone.unusual && alone.worst[0].name == "2");
    assert!((alone.worst[0].deviations - 4.5).abs() < 0.15, "{:?}", alone.worst);
}

/// New rows are called unusual twice in a thousand times, whether rows are many or few.
#[test]
fn chance_is_called_unusual_twice_in_a_thousand_times() {
    let fresh = table(20_000, 2);
    for (rows, most) in [(4000, 80), (300, 160)] {
        let cloud = cloud(&table(rows, 3));
        let unusual = fresh.iter().filter(|x| cloud.outlyingness(&x[..], &name).unusual).count();
        assert!(unusual <= most, "{unusual} of 20000 with {rows} rows");
    }
}

#[test]
fn numbers_come_back_and_damaged_ones_do_not() {
    let cloud = cloud(&table(200, 4));
    let (shape, mut numbers) = (cloud.shape(), cloud.numbers());
    assert_eq!(Some(numbers.len()), shape.numbers());
    assert_eq!(Cloud::from_numbers(shape, &numbers), Some(cloud));
    assert_eq!(Cloud::from_numbers(shape, &numbers[1..]), None);
    numbers[3] = -1.0;
    assert_eq!(Cloud::from_numbers(shape, &numbers), None);
    let huge = CloudShape { width: usize::MAX, references: 1 };
    assert_eq!(Cloud::from_numbers(huge, &numbers), None);
    assert_eq!(Cloud::of(1, &[&[1.0_f32][..]; 30]), None);
    // A column that never varies is no panic.
    let same: Vec<&[f32]> = vec![&[1.0_f32, 2.0][..]; 100];
    assert!(Cloud::of(2, &same).unwrap().outlyingness(&[1.0, 3.0], &name).unusual);
}
