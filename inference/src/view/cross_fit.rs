//! Numbers learnt of θ from the very rows that they are then shown for: each row is told by those learners that have
//! not seen it, so that it is told as well as new data are.

use crate::work::{Halt, Part};

/// Learners, each of which is blind to as large a part of the simulations: what a row is told by the one that did
/// not see it is as good as what all together tell of new data.
pub(super) const LEARNERS: usize = 5;

/// The rows at those places of `rows` that a learner sees.
pub(super) fn seen_by(learner: usize, rows: &[u32]) -> Vec<u32> {
    let blind = |place: &usize| place % LEARNERS == learner;
    (0..rows.len()).filter(|place| !blind(place)).map(|place| rows[place]).collect()
}

/// What each of `count` rows is told, `[count, outputs]`: by the learner that is blind to it, and those that are not
/// among `rows`, which none has seen, by all on average. `said` is what a learner says of some rows.
pub(super) fn told(
    rows: &[u32],
    (count, outputs): (usize, usize),
    said: impl Fn(usize, &[u32]) -> Vec<f32>,
    part: &Part,
) -> Result<Vec<f32>, Halt> {
    let mut blind = vec![None; count];
    for (place, row) in rows.iter().enumerate() {
        blind[*row as usize] = Some(place % LEARNERS);
    }
    let mut told = vec![0.0; count * outputs];
    for learner in 0..LEARNERS {
        part.go_on()?;
        let asked = |row: &u32| blind[*row as usize].is_none_or(|blind| blind == learner);
        let asked: Vec<u32> = (0..count as u32).filter(asked).collect();
        for (row, said) in asked.iter().zip(said(learner, &asked).chunks_exact(outputs)) {
            let row = *row as usize;
            let share = if blind[row].is_some() { 1.0 } else { 1.0 / LEARNERS as f32 };
            let slots = told[row * outputs..][..outputs].iter_mut().zip(said);
            slots.for_each(|(slot, value)| *slot += share * value);
        }
    }
    Ok(told)
}
