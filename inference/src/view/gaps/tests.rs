//! Tests of its parent.

use super::*;

const NAN: f64 = f64::NAN;

fn applied(gaps: &Gaps, x: &[f64]) -> Vec<f64> {
    let mut out = Vec::new();
    gaps.apply(x, &mut out);
    assert_eq!((out.len(), out.len()), (gaps.outputs(), gaps.names().len()));
    out
}

#[test]
fn nothing_is_told_where_nothing_is_missing() {
    assert_eq!(Gaps::of(&[1.0, 2.0, 3.0, 4.0], 2, Structure::Vector), None);
}

/// Sets of 2 and 4 trials of two numbers, wherever the padding stands.
#[test]
fn trials_are_counted() {
    let x = [[1.0, 1.0, NAN, NAN, 2.0, 2.0, NAN, NAN], [1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 4.0, 4.0]];
    let gaps = Gaps::of(&x.concat(), 8, Structure::Set(2)).unwrap();
    assert!(gaps.is_whole(8) && !gaps.is_whole(10));
    assert_eq!(gaps.names(), ["log number of trials present"]);
    assert_eq!(applied(&gaps, &x[0]), [2_f64.ln()]);
    // More of them than in any simulation, and a single one.
    let many = [1.0; 20];
    assert_eq!(applied(&gaps, &many), [10_f64.ln()]);
    let said = gaps.standing(&many);
    assert_eq!((said.present, said.simulated), (10, (2, 4)));
    assert!(said.to_string().contains("it has 10 trials, simulations 2 to 4"), "{said}");
    assert!(gaps.standing(&[1.0, 1.0]).is_unlike());
    assert!(!gaps.standing(&x[0]).is_unlike() && !gaps.standing(&[1.0; 6]).is_unlike());
    // A trial that lacks one of its numbers is there all the same, but its number is counted too.
    let partly = [[1.0, NAN, 2.0, 2.0], [1.0, 1.0, 2.0, 2.0]].concat();
    let gaps = Gaps::of(&partly, 4, Structure::Set(2)).unwrap();
    assert_eq!(gaps.names(), ["log number of trials with channel 2"]);
}

/// Series of 20 points of which the first k were measured, and such of which any third is missing.
#[test]
fn ends_of_a_series_are_told_where_they_move() {
    let cut: Vec<f64> =
        (5..=20).flat_map(|k| (0..20).map(move |t| if t < k { 1.0 } else { NAN })).collect();
    let gaps = Gaps::of(&cut, 20, Structure::Series(1)).unwrap();
    assert_eq!(gaps.names(), ["log number of points present", "last point present"]);
    assert_eq!(applied(&gaps, &cut[..20]), [5_f64.ln(), 4.0 / 20.0]);
    assert!(!gaps.standing(&cut[..20]).is_unlike());
    // Cut at the other end.
    let other: Vec<f64> = (0..20).map(|t| if t < 14 { NAN } else { 1.0 }).collect();
    let said = gaps.standing(&other).to_string();
    assert!(said.contains("it begins at point 15, simulations at 1"), "{said}");
    // A hole in the middle, which no simulation has.
    let hole: Vec<f64> = (0..20).map(|t| if (5..10).contains(&t) { NAN } else { 1.0 }).collect();
    assert!(gaps.standing(&hole).to_string().contains("of part 2 of 4 it has 0%"));
}

#[test]
fn columns_that_are_missing_together_share_an_indicator() {
    let x = [[1.0, NAN, NAN, 4.0], [NAN, 2.0, 3.0, 4.0], [1.0, 2.0, 3.0, 4.0]];
    let gaps = Gaps::of(&x.concat(), 4, Structure::Vector).unwrap();
    let names = ["whether column 1 is missing", "whether column 2 and 1 more are missing"];
    assert_eq!(gaps.names(), names);
    assert_eq!(applied(&gaps, &x[0]), [0.0, 1.0]);
    assert_eq!(applied(&gaps, &x[1]), [1.0, 0.0]);
    assert_eq!(gaps.never_missing(&[NAN, 1.0, NAN, NAN]), Some(3));
    assert_eq!(gaps.never_missing(&x[1]), None);
    let said = gaps.standing(&[1.0, NAN, 3.0, 4.0]).to_string();
    assert!(said.contains("number 2 is missing and number 3 is not"), "{said}");
    assert!(!gaps.standing(&x[0]).is_unlike() && !gaps.standing(&x[2]).is_unlike());
}

/// A count stands for all that is nearer to it than to the next: what is spread stays there.
#[test]
fn counts_are_spread_over_what_they_stand_for() {
    let x = [[1.0, NAN, NAN], [1.0, 2.0, 3.0]].concat();
    let gaps = Gaps::of(&x, 3, Structure::Set(1)).unwrap();
    let mut shown = applied(&gaps, &x[3..]);
    gaps.spread(&mut shown, || 0.4);
    assert!((shown[0].exp() - 3.4).abs() < 1e-12, "{shown:?}");
}
