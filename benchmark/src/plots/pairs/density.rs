//! Smoothed densities of draws on a grid, the levels that hold a share of them, and their contours.

/// Cells along one side of a grid.
pub(super) const CELLS: usize = 72;
/// Standard deviations of the kernel, in cells: the widest one is taken under which each draw is as
/// likely, given the others, as under any.
const KERNELS: [f64; 6] = [0.7, 1.1, 1.8, 2.9, 4.6, 7.4];

/// Nats a draw that a smoother density may be worse by.
const SLACK: f64 = 0.003;

/// A contour's lines, in cells from the lower end.
pub(super) type Lines = Vec<Vec<(f64, f64)>>;

/// Contours around the highest-density regions that hold these shares of the draws, whose places are
/// in cells, from 0 to [`CELLS`].
pub(super) fn contours<const N: usize>(draws: &[(f64, f64)], shares: [f64; N]) -> [Lines; N] {
    let density = smoothed(draws);
    // A rim of nothing closes every line.
    let side = CELLS + 2;
    let mut rimmed = vec![0.0; side * side];
    for (y, row) in density.chunks_exact(CELLS).enumerate() {
        rimmed[(y + 1) * side + 1..][..CELLS].copy_from_slice(row);
    }
    shares.map(|share| lines(&rimmed, side, level(&density, share)))
}

/// The density above which this share of it lies.
fn level(density: &[f64], share: f64) -> f64 {
    let mut sorted: Vec<f64> = density.iter().copied().filter(|d| *d > 0.0).collect();
    sorted.sort_by(|a, b| b.total_cmp(a));
    let total: f64 = sorted.iter().sum();
    let mut sum = 0.0;
    for value in &sorted {
        sum += value;
        if sum >= share * total {
            return *value;
        }
    }
    0.0
}

fn smoothed(draws: &[(f64, f64)]) -> Vec<f64> {
    let mut counts = vec![0.0; CELLS * CELLS];
    let cell = |at: f64| (at.max(0.0) as usize).min(CELLS - 1);
    for &(x, y) in draws {
        counts[cell(y) * CELLS + cell(x)] += 1.0;
    }
    let n = draws.len() as f64;
    let judged = KERNELS.iter().map(|&width| {
        let kernel = kernel(width);
        let density = blurred(&counts, &kernel);
        // What a draw adds to its own cell.
        let own = kernel[0] * kernel[0];
        let others = counts.iter().zip(&density).filter(|(count, _)| **count > 0.0);
        let score: f64 =
            others.map(|(count, d)| count * ((d - own) / (n - 1.0)).max(1e-12).ln()).sum();
        (score, density)
    });
    let judged: Vec<(f64, Vec<f64>)> = judged.collect();
    let best = judged.iter().map(|(score, _)| *score).fold(f64::NEG_INFINITY, f64::max);
    // The smoothest that is as good.
    let good = judged.into_iter().rev().find(|(score, _)| *score >= best - SLACK * n);
    good.map_or_else(Vec::new, |(_, density)| density)
}

/// Half of a Gaussian kernel, its centre first; the whole sums to 1.
fn kernel(width: f64) -> Vec<f64> {
    let reach = (3.0 * width).ceil() as usize;
    let mut half: Vec<f64> =
        (0..=reach).map(|i| (-0.5 * (i as f64 / width).powi(2)).exp()).collect();
    let sum = half[0] + 2.0 * half[1..].iter().sum::<f64>();
    half.iter_mut().for_each(|k| *k /= sum);
    half
}

/// Both ways, reflected at the ends, where a prior may end too.
fn blurred(counts: &[f64], kernel: &[f64]) -> Vec<f64> {
    let along = |line: &[f64]| -> Vec<f64> {
        let last = CELLS as isize - 1;
        let at = |i: isize| {
            let mirrored = if i < 0 { -i - 1 } else { i };
            let mirrored = if mirrored > last { 2 * last + 1 - mirrored } else { mirrored };
            line[mirrored.clamp(0, last) as usize]
        };
        let sum = |i: isize| {
            let sides = kernel.iter().enumerate().skip(1);
            let sides = sides.map(|(j, k)| k * (at(i - j as isize) + at(i + j as isize)));
            kernel[0] * at(i) + sides.sum::<f64>()
        };
        (0..=last).map(sum).collect()
    };
    let rows: Vec<f64> = counts.chunks_exact(CELLS).flat_map(along).collect();
    let columns =
        (0..CELLS).map(|x| along(&(0..CELLS).map(|y| rows[y * CELLS + x]).collect::<Vec<_>>()));
    let columns: Vec<Vec<f64>> = columns.collect();
    (0..CELLS * CELLS).map(|i| columns[i % CELLS][i / CELLS]).collect()
}

/// An edge between two neighbouring points of a grid: the lower point, and whether it goes up.
type Edge = (usize, bool);

/// Where a surface crosses `level`, as lines: marching squares. Places are those of the middle of the
/// cells of the grid without its rim.
fn lines(surface: &[f64], side: usize, level: f64) -> Lines {
    let mut neighbours: std::collections::BTreeMap<Edge, Vec<Edge>> = Default::default();
    for y in 0..side - 1 {
        for x in 0..side - 1 {
            let corner = y * side + x;
            let above = |i: usize| surface[i] >= level;
            // In order around the square: bottom, right, top, left.
            let edges: [Edge; 4] =
                [(corner, false), (corner + 1, true), (corner + side, false), (corner, true)];
            let corners = [corner, corner + 1, corner + side + 1, corner + side].map(above);
            let crossed: Vec<Edge> =
                (0..4).filter(|&i| corners[i] != corners[(i + 1) % 4]).map(|i| edges[i]).collect();
            let pairs: &[(usize, usize)] = match (crossed.len(), corners[0]) {
                (2, _) => &[(0, 1)],
                (4, true) => &[(0, 1), (2, 3)],
                (4, false) => &[(0, 3), (1, 2)],
                _ => &[],
            };
            for &(a, b) in pairs {
                neighbours.entry(crossed[a]).or_default().push(crossed[b]);
                neighbours.entry(crossed[b]).or_default().push(crossed[a]);
            }
        }
    }
    let place = |(point, up): Edge| {
        let other = if up { point + side } else { point + 1 };
        let (a, b) = (surface[point], surface[other]);
        let share = if a == b { 0.5 } else { ((level - a) / (b - a)).clamp(0.0, 1.0) };
        let (x, y) = ((point % side) as f64 - 0.5, (point / side) as f64 - 0.5);
        if up { (x, y + share) } else { (x + share, y) }
    };
    let mut found = Vec::new();
    while let Some((&start, _)) = neighbours.iter().next() {
        let (mut line, mut at) = (vec![place(start)], start);
        while let Some(next) = step(&mut neighbours, at) {
            line.push(place(next));
            at = next;
        }
        found.push(line);
    }
    found
}

/// The next edge of a line, which is taken off the map.
fn step(neighbours: &mut std::collections::BTreeMap<Edge, Vec<Edge>>, at: Edge) -> Option<Edge> {
    let next = neighbours.get_mut(&at)?.pop();
    if neighbours.get(&at).is_some_and(Vec::is_empty) {
        neighbours.remove(&at);
    }
    let next = next?;
    if let Some(back) = neighbours.get_mut(&next) {
        if let Some(i) = back.iter().position(|edge| *edge == at) {
            back.swap_remove(i);
        }
        if back.is_empty() {
            neighbours.remove(&next);
        }
    }
    Some(next)
}

/// A line with only the points that it needs to be right within `tolerance` (Douglas and Peucker).
pub(super) fn simplified(line: &[(f64, f64)], tolerance: f64) -> Vec<(f64, f64)> {
    let (Some(&first), Some(&last)) = (line.first(), line.last()) else { return Vec::new() };
    let (dx, dy) = (last.0 - first.0, last.1 - first.1);
    let length = dx.hypot(dy);
    let off = |p: &(f64, f64)| match length > 0.0 {
        true => (dx * (p.1 - first.1) - dy * (p.0 - first.0)).abs() / length,
        // A closed line: away from its start.
        false => (p.0 - first.0).hypot(p.1 - first.1),
    };
    let farthest =
        (1..line.len().saturating_sub(1)).max_by(|a, b| off(&line[*a]).total_cmp(&off(&line[*b])));
    match farthest.filter(|at| off(&line[*at]) > tolerance) {
        None => vec![first, last],
        Some(at) => {
            let mut head = simplified(&line[..=at], tolerance);
            head.pop();
            head.extend(simplified(&line[at..], tolerance));
            head
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Area inside the lines, by the trapezium rule.
    fn area(lines: &Lines) -> f64 {
        let of = |line: &Vec<(f64, f64)>| -> f64 {
            let pairs = line.iter().zip(line.iter().cycle().skip(1));
            (0.5 * pairs.map(|(a, b)| a.0 * b.1 - b.0 * a.1).sum::<f64>()).abs()
        };
        lines.iter().map(of).sum()
    }

    /// Quantiles of two independent normals: the region of share p is the disc of radius
    /// σ √(−2 ln(1 − p)).
    #[test]
    fn contours_of_a_gaussian_are_its_discs() {
        let sigma = 9.0;
        let law = freeform_simulators::Marginal::Normal { mean: 36.0, std: sigma };
        let theta = freeform_simulators::Prior::identical(2, law).unwrap().sample_n(3, 20_000);
        let draws: Vec<(f64, f64)> = theta.rows().into_iter().map(|r| (r[0], r[1])).collect();
        let [half, most] = contours(&draws, [0.5, 0.9]);
        for (lines, share) in [(half, 0.5_f64), (most, 0.9)] {
            let lines: Lines = lines.into_iter().filter(|line| line.len() > 20).collect();
            assert_eq!(lines.len(), 1);
            assert_eq!(lines[0].first(), lines[0].last(), "an open line");
            let exact = std::f64::consts::PI * sigma * sigma * -2.0 * (1.0 - share).ln();
            let ratio = area(&lines) / exact;
            // Smoothing by w cells widens the law by 1 + (w/σ)²; draws add a few hundredths.
            assert!((0.97..1.12).contains(&ratio), "share {share}: {ratio} of the area");
        }
    }

    #[test]
    fn a_simplified_circle_is_one() {
        let place = |i: usize| {
            let angle = std::f64::consts::TAU * i as f64 / 500.0;
            (40.0 * angle.cos(), 40.0 * angle.sin())
        };
        let circle: Vec<_> = (0..=500).map(place).collect();
        let fewer = simplified(&circle, 0.2);
        assert!(fewer.len() < 60, "{}", fewer.len());
        let ratio = area(&vec![fewer]) / area(&vec![circle]);
        assert!((ratio - 1.0).abs() < 0.01, "{ratio}");
    }

    #[test]
    fn two_narrow_modes_stay_two_and_a_full_square_is_closed() {
        let place =
            |i: usize, mode: f64| (mode + 0.02 * (i % 50) as f64, mode + 0.02 * (i / 50) as f64);
        let modes: Vec<_> =
            (0..4000).map(|i| place(i % 2000, if i < 2000 { 20.0 } else { 50.0 })).collect();
        assert_eq!(contours(&modes, [0.9])[0].len(), 2);
        let even: Vec<_> = (0..CELLS * CELLS * 4)
            .map(|i| ((i % 144) as f64 / 2.0, (i / 144) as f64 / 2.0))
            .collect();
        let lines = &contours(&even, [0.9999])[0];
        assert!(area(lines) > 0.95 * (CELLS * CELLS) as f64, "{}", area(lines));
        // Nothing to contour is no panic.
        contours(&[(1.0, 1.0)], [0.5]);
        contours(&[], [0.5]);
    }
}
