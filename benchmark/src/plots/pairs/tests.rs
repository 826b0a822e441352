//! Pictures of 1 to 20 parameters: whole, small, with everything they should say.

use super::{PairPlot, pair_plot};
use freeform_simulators::{Marginal, Prior};
use ndarray::Array2;

fn names(dim: usize) -> Vec<String> {
    let long = "infection_rate_of_the_second_wave_in_the_north";
    (0..dim)
        .map(|i| if i % 3 == 1 { format!("{long}_{i}") } else { format!("theta_{i}") })
        .collect()
}

/// Correlated draws inside the prior.
fn draws(dim: usize, n: usize) -> (Prior, Array2<f64>) {
    let law = Marginal::Normal { mean: 0.0, std: 1.0 };
    let noise = Prior::identical(dim + 1, law).unwrap().sample_n(5, n);
    let theta = Array2::from_shape_fn((n, dim), |(i, j)| {
        1.0 / (1.0 + (-(noise[[i, j]] + 0.8 * noise[[i, dim]])).exp())
    });
    let uniform = Marginal::Uniform { low: 0.0, high: 1.0 };
    (Prior::independent(names(dim).into_iter().map(|n| (n, uniform))).unwrap(), theta)
}

#[test]
fn pictures_are_whole_and_small() {
    let kept = std::env::var_os("FREEFORM_PICTURES").map(std::path::PathBuf::from);
    let scratch = tempfile::tempdir().unwrap();
    let folder = kept.unwrap_or_else(|| scratch.path().to_owned());
    for dim in [1, 2, 5, 10, 20] {
        let (prior, theta) = draws(dim, 4000);
        let truth = vec![0.4; dim];
        let reference = theta.slice(ndarray::s![..2000, ..]);
        let plot = PairPlot {
            title: "a title, observation 3",
            names: &names(dim),
            posterior: theta.view(),
            reference: (dim < 10).then_some(reference),
            truth: Some(&truth),
            prior: Some(&prior),
        };
        let svg = folder.join(format!("pairs-{dim}.svg"));
        pair_plot(&svg, &plot).unwrap();
        let text = std::fs::read_to_string(&svg).unwrap();
        assert!(text.len() < 200_000, "{dim} parameters: {} bytes", text.len());
        let said: String = text.split(">\n").filter_map(|part| part.lines().next()).collect();
        for part in ["posterior", "prior", "true value", "50%, 90%", "theta_0", "title"] {
            assert!(said.contains(part), "`{part}` is missing with {dim} parameters");
        }
        // Nothing lies outside the sheet.
        let value = |name: &str, part: &str| -> Option<String> {
            Some(part.split(&format!(" {name}=\"")).nth(1)?.split('"').next()?.to_owned())
        };
        let number =
            |name: &str, part: &str| -> f64 { value(name, part).unwrap().parse().unwrap() };
        let sheet = value("viewBox", text.lines().next().unwrap()).unwrap();
        let sheet: Vec<f64> = sheet.split(' ').map(|n| n.parse().unwrap()).collect();
        for part in text.split('<').filter(|part| part.starts_with("text")) {
            let (x, y, size) = (number("x", part), number("y", part), number("font-size", part));
            let label = part.split('>').nth(1).unwrap().trim();
            let width = super::words::width(label, size);
            let left = match value("text-anchor", part).as_deref() {
                Some("middle") => -0.5 * width,
                Some("end") => -width,
                _ => 0.0,
            };
            let (ends, limit) = match part.contains("rotate") {
                true => ([y + left, y + left + width], sheet[3]),
                false => ([x + left, x + left + width], sheet[2]),
            };
            assert!(ends[0] >= 0.0 && ends[1] <= limit, "{label}: {ends:?} of {limit}");
            assert!((0.0..sheet[2]).contains(&x) && (0.0..sheet[3]).contains(&y), "{part}");
        }
        let png = folder.join(format!("pairs-{dim}.png"));
        pair_plot(&png, &plot).unwrap();
        let bytes = std::fs::read(&png).unwrap();
        assert!(bytes.starts_with(b"\x89PNG") && bytes.len() < 2_000_000, "{}", bytes.len());
        let pdf = folder.join(format!("pairs-{dim}.pdf"));
        pair_plot(&pdf, &plot).unwrap();
        let page = std::fs::read(&pdf).unwrap();
        assert!(page.starts_with(b"%PDF-") && page.len() < 1_500_000, "{}", page.len());
        // As large as the .svg says, in points of 72 an inch where those are hundredths of one.
        let text_of_svg = text;
        let text = String::from_utf8_lossy(&page).into_owned();
        let sheet_size = text.split("/MediaBox [").nth(1).unwrap().split(']').next().unwrap();
        let points: Vec<f64> = sheet_size.split(' ').map(|n| n.parse().unwrap()).collect();
        let shown =
            ["width", "height"].map(|side| number(side, text_of_svg.lines().next().unwrap()));
        for (point, place) in points[2..].iter().zip(shown) {
            assert!((point - 0.72 * place).abs() < 0.01, "{points:?} {shown:?}");
        }
        // 200 dots an inch are 7,874 a metre.
        let at = bytes.windows(4).position(|w| w == b"pHYs").unwrap();
        assert_eq!(bytes[at + 4..at + 8], 7874_u32.to_be_bytes());
    }
}

#[test]
fn what_cannot_be_drawn_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (prior, theta) = draws(2, 100);
    let names = names(2);
    let plot = PairPlot {
        title: "",
        names: &names,
        posterior: theta.view(),
        reference: None,
        truth: None,
        prior: Some(&prior),
    };
    let refused = |name: &str, plot: &PairPlot| {
        pair_plot(&folder.path().join(name), plot).unwrap_err().to_string()
    };
    assert!(refused("a.eps", &plot).contains(".svg, .pdf or .png"));
    assert!(
        refused("a.svg", &PairPlot { truth: Some(&[1.0]), ..plot }).contains("true parameters")
    );
    assert!(refused("a.svg", &PairPlot { names: &names[..1], ..plot }).contains("column"));
    let wrong = [1.0, f64::NAN];
    assert!(refused("a.svg", &PairPlot { truth: Some(&wrong), ..plot }).contains("not finite"));
    // All draws equal are no panic.
    let same = Array2::from_elem((50, 2), 3.0);
    let plot = PairPlot { posterior: same.view(), prior: None, ..plot };
    pair_plot(&folder.path().join("same.svg"), &plot).unwrap();
}

/// A category by its names and the likeliest by its probability; no regions, for which a sure category would have no
/// width.
#[test]
fn categories_are_shown_by_name() {
    let text = "[[parameter]]\nname = \"kind\"\ndistribution = \"category\"\n\
                labels = [\"short\", \"something_longer\"]\n\
                [[parameter]]\nname = \"size\"\ndistribution = \"normal\"\nmean = 0\nstd = 1";
    let prior = Prior::from_toml_str(text).unwrap();
    let sizes = prior.sample_n(3, 1000);
    let scratch = tempfile::tempdir().unwrap();
    let svg = scratch.path().join("pairs.svg");
    for (second, title) in [(750, "someth"), (0, "short")] {
        let mut theta = sizes.clone();
        let kinds = theta.column_mut(0).into_iter().enumerate();
        kinds.for_each(|(i, kind)| *kind = f64::from(u8::from(i < second)));
        let plot = PairPlot {
            title: "kinds",
            names: prior.names(),
            posterior: theta.view(),
            reference: None,
            truth: Some(&[1.0, 0.0]),
            prior: Some(&prior),
        };
        pair_plot(&svg, &plot).unwrap();
        let said = std::fs::read_to_string(&svg).unwrap();
        let share = if second > 0 { "0.750" } else { "1.000" };
        for part in ["short", "somethin…", share] {
            assert!(said.contains(part), "`{part}` is missing beside {title}");
        }
    }
}
