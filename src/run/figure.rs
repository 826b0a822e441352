//! What the benchmark's figure shows.

use freeform_benchmark::{BudgetCurve, CellSummary, published_scores};

/// The published methods that, like ours, are trained once for every observation.
pub const AMORTISED: [&str; 3] = ["NPE", "NLE", "NRE"];

/// Our curves, and the published ones of the same tasks.
pub(crate) fn curves(cells: &[CellSummary]) -> Vec<BudgetCurve> {
    let mut curves: Vec<BudgetCurve> = Vec::new();
    let mut add = |task: &str, algorithm: &str, ours: bool, point: (usize, f64, f64)| match curves
        .iter_mut()
        .find(|c| c.task == task && c.algorithm == algorithm)
    {
        Some(curve) => curve.points.push(point),
        None => curves.push(BudgetCurve {
            task: task.to_owned(),
            algorithm: algorithm.to_owned(),
            ours,
            points: vec![point],
        }),
    };
    for cell in cells {
        // A single score has no interval: a bar of no height.
        let point = (cell.num_simulations, cell.mean, cell.half_width.unwrap_or(0.0));
        add(&cell.task, &cell.algorithm, true, point);
    }
    for score in published_scores() {
        let shown = AMORTISED.contains(&score.algorithm.as_str());
        if shown && cells.iter().any(|c| c.task == score.task) {
            // Ten observations each.
            let half_width = 1.96 * score.sd / 10_f64.sqrt();
            let point = (score.num_simulations, score.mean, half_width);
            add(&score.task, &score.algorithm, false, point);
        }
    }
    curves
}
