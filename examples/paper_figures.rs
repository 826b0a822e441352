//! Figures 2, 4 and 5 of the paper: `cargo run --release --example paper_figures [FOLDER]`.
//!
//! Their numbers are printed; tests of `freeform_particles::theory` hold them to closed forms.

use freeform_benchmark::{Line, LinePanel, line_panels};
use freeform_particles::theory::{Component, linear_gradient, linear_gradient_exact, reuse, solve};
use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "figures".to_owned());
    let folder = Path::new(&folder);
    std::fs::create_dir_all(folder)?;
    linear_model(&folder.join("figure2.svg"))?;
    mixture(&folder.join("figure4.svg"))?;
    partitions(&folder.join("figure5.svg"))?;
    println!("{}: figure2.svg, figure4.svg, figure5.svg", folder.display());
    Ok(())
}

fn axes(x: &str, y: &str) -> [String; 2] {
    [x.to_owned(), y.to_owned()]
}

/// Flow lines of both losses' gradients, down hill.
fn linear_model(path: &Path) -> Result<(), Box<dyn std::error::Error>> {
    const S: f64 = 1.5;
    type Field = fn([f64; 2], f64, f64) -> [f64; 2];
    let panel = |title: &str, field: Field, critical: &[(f64, f64)]| {
        let mut lines = Vec::new();
        for start in (0..18 * 18).map(|k| [f64::from(k % 18), f64::from(k / 18)]) {
            let mut at = start.map(|v| -2.4 + 4.8 * v / 17.0 + 0.01);
            let mut points = vec![(at[0], at[1])];
            for _ in 0..25 {
                let gradient = field(at, S, 1.0);
                let length = gradient[0].hypot(gradient[1]).max(1e-3);
                at = [0, 1].map(|i| at[i] - 0.008 * gradient[i] / length);
                points.push((at[0], at[1]));
            }
            lines.push(Line { name: None, points });
        }
        LinePanel {
            title: title.to_owned(),
            axes: axes("a", "b"),
            lines,
            points: critical.to_vec(),
        }
    };
    let minima = [(1.0 / S, S), (-1.0 / S, -S)];
    for (a, b) in minima {
        let [exact, free] =
            [linear_gradient_exact([a, b], S, 1.0), linear_gradient([a, b], S, 1.0)];
        println!("figure 2: minimum ({a:.4}, {b:.4}), gradients {exact:?} and {free:?}");
    }
    let panels = [
        panel("exact change of variables", linear_gradient_exact, &minima),
        panel(
            "free-form, with a saddle in 0",
            linear_gradient,
            &[minima[0], minima[1], (0.0, 0.0)],
        ),
    ];
    Ok(line_panels(path, &panels)?)
}

/// f and g of two components for several β.
fn mixture(path: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let mixture = [-2.0, 2.0].map(|mean| Component { share: 0.5, mean, deviation: 0.3 });
    let panels: Vec<LinePanel> = [0.001, 0.1, 0.3, 10.0]
        .into_iter()
        .map(|beta| {
            // The better of starts that overlap and that do not.
            let loss = |s: &freeform_particles::theory::Solution| s.nll + beta * s.reconstruction;
            let found = [0.0, 0.7, 1.5, 3.0].map(|start| solve(&mixture, beta, start, 4000));
            let best = found.into_iter().min_by(|a, b| loss(a).total_cmp(&loss(b)));
            let best = best.unwrap_or_else(|| solve(&mixture, beta, 1.5, 4000));
            println!(
                "figure 4: beta {beta}, NLL {:.4}, reconstruction {:.4}, loss {:.4}",
                best.nll,
                best.reconstruction,
                loss(&best)
            );
            let mut lines: Vec<Line> = Vec::new();
            for (at, points) in best.encoder.into_iter().enumerate() {
                let name = Some(format!("f, component {}", at + 1));
                lines.push(Line { name, points });
            }
            let decoder = best.decoder.into_iter().filter(|(z, _)| z.abs() < 3.0);
            let points = decoder.map(|(z, x)| (x, z)).collect();
            lines.push(Line { name: Some("g".to_owned()), points });
            LinePanel {
                title: format!("beta = {beta}"),
                axes: axes("x", "z"),
                lines,
                points: vec![],
            }
        })
        .collect();
    Ok(line_panels(path, &panels)?)
}

/// Losses above the invertible encoder's against β, of three components.
fn partitions(path: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let [a, b, c] =
        [-3.0, 0.0, 3.0].map(|mean| Component { share: 1.0 / 3.0, mean, deviation: 0.3 });
    let all = [
        ("{1}, {2}, {3}", vec![vec![a], vec![b], vec![c]]),
        ("{1}, {2, 3}", vec![vec![a], vec![b, c]]),
        ("{1, 3}, {2}", vec![vec![a, c], vec![b]]),
        ("{1, 2, 3}: invertible", vec![vec![a, b, c]]),
    ];
    let mut panel = LinePanel {
        title: "losses of codes used more than once".to_owned(),
        axes: axes("beta", "loss above the invertible encoder's"),
        lines: Vec::new(),
        points: Vec::new(),
    };
    for (name, elements) in all {
        let elements: Vec<&[Component]> = elements.iter().map(Vec::as_slice).collect();
        let found = reuse(&elements);
        let at = |k: usize| 0.004 * k as f64;
        let points = (0..=100).map(|k| (at(k), found.loss(at(k)))).collect();
        panel.lines.push(Line { name: Some(name.to_owned()), points });
        if elements.len() > 1 {
            let critical = found.critical_beta();
            println!(
                "figure 5: {name}: H {:.4}, R {:.4}, beta_crit {critical:.4}",
                found.entropy, found.reconstruction
            );
            panel.points.push((critical, 0.0));
        }
    }
    Ok(line_panels(path, &[panel])?)
}
