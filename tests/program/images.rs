//! Images, by `simulator.toml`, on the command line, and by the arrays themselves.

use crate::layouts::{project, train};
use crate::support::{Scratch, TINY, bytes, numbers};
use std::fs;
use std::path::Path;

fn sample<'a>(observation: &'a str, out: &'a str) -> Vec<&'a str> {
    vec!["sample", "model", "--observation", observation, "-n", "50", "--anyway", "--out", out]
}

#[test]
fn an_image_is_stated_by_its_shape() {
    let scratch = Scratch::new();
    project(&scratch, "shape = [4, 5]");
    let output = scratch.freeform(&train(&[])).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && said.contains("of an image of 4 × 5 pixels"), "{said}");
    let config = fs::read_to_string(scratch.path("model/config.toml")).unwrap();
    assert!(config.contains("layout = \"image\"") && config.contains("shape = ["), "{config}");
    // One observation as a row, and as rows of pixels.
    let pixels: Vec<String> =
        (0..20).map(|k| format!("{}", f64::from(k * 7 % 20) / 20.0)).collect();
    fs::write(scratch.path("row.csv"), pixels.join(",") + "\n").unwrap();
    let table = |columns| {
        let rows: Vec<String> = pixels.chunks(columns).map(|row| row.join(",")).collect();
        rows.join("\n") + "\n"
    };
    fs::write(scratch.path("rows.csv"), table(5)).unwrap();
    fs::write(scratch.path("turned.csv"), table(4)).unwrap();
    scratch.succeeds(&sample("row.csv", "a.npy"));
    scratch.succeeds(&sample("rows.csv", "b.npy"));
    assert_eq!(numbers(scratch.path("a.npy")).dim(), (50, 1));
    assert_eq!(bytes(scratch.path("a.npy")), bytes(scratch.path("b.npy")));
    let said = scratch.fails(1, &sample("turned.csv", "c.npy"));
    assert!(said.contains("[5, 4]") && said.contains("image [4, 5]"), "{said}");
    // A pixel far out is named by its place.
    let mut far = pixels.clone();
    far[12] = "900".to_owned();
    fs::write(scratch.path("far.csv"), far.join(",") + "\n").unwrap();
    let ask = ["sample", "model", "--observation", "far.csv", "-n", "50", "--out", "x.npy"];
    let said = scratch.fails(1, &ask);
    assert!(said.contains("column 13 (row 3, column 3)"), "{said}");
    // The command line has the last word.
    let output = scratch.freeform(&train(&["--shape", "5x4"])).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && said.contains("of an image of 5 × 4 pixels"), "{said}");
    scratch.succeeds(&train(&["--layout", "vector"]));
    let config = fs::read_to_string(scratch.path("model/config.toml")).unwrap();
    assert!(config.contains("layout = \"vector\"") && config.contains("shape = []"), "{config}");
}

#[test]
fn shapes_that_do_not_fit_are_refused() {
    let scratch = Scratch::new();
    for (stated, named) in [
        ("layout = \"image\"", "shape = [32, 32]"),
        ("shape = [4, 6]", "rows × columns × channels"),
        ("shape = [2, 10]", "3 rows"),
        ("shape = [4, 5]\nchannels = 2", "rows × columns × channels"),
        ("shape = [4]", "rows and columns of pixels"),
        ("shape = \"4x5\"", "as [32, 32]"),
        ("layout = \"set\"\nshape = [4, 5]", "layout = \"image\""),
    ] {
        project(&scratch, stated);
        let said = scratch.fails(2, &train(&[]));
        assert!(said.contains(named), "{stated}: {said}");
    }
    project(&scratch, "");
    let said = scratch.fails(1, &train(&["--layout", "image"]));
    assert!(said.contains("20 numbers") && said.contains("--shape"), "{said}");
    let said = scratch.fails(1, &train(&["--shape", "4x6"]));
    assert!(said.contains("4 rows and 6 columns"), "{said}");
    let said = scratch.fails(2, &train(&["--layout", "series", "--shape", "4x5"]));
    assert!(said.contains("transform.shape") && said.contains("image"), "{said}");
    for bad in ["4", "0x5", "4x", "4x5x2"] {
        let said = scratch.fails(2, &train(&["--shape", bad]));
        assert!(said.contains("32x48"), "{bad}: {said}");
    }
}

/// `[n, H, W]` may be an image, `[n, H, W, channels]` is one; both as numpy wrote them.
#[test]
fn arrays_say_their_shape() {
    let scratch = Scratch::new();
    // x `[200, 5, 4]` and `[200, 5, 4, 2]` in Fortran's order; `[5, 4, 2]` and `[4, 5, 2]`, the fourth of the
    // latter and its sides exchanged; and five of the latter.
    for name in ["gray.npz", "color.npz", "color_row.npy", "color_turned.npy", "color_five.npy"] {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/images").join(name);
        fs::copy(from, scratch.path(name)).unwrap();
    }
    let uniform = "[[parameter]]\nname = \"a\"\ndistribution = \"uniform\"\nlow = -1\nhigh = 1\n";
    fs::write(scratch.path("prior.toml"), uniform).unwrap();
    let trained = |table: &str, more: &[&str]| {
        let head = ["train", "--simulations", table, "--prior", "prior.toml", "--out", "model"];
        let head = [&head[..], &["--overwrite"], &TINY, more].concat();
        let output = scratch.freeform(&head).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{said}");
        said
    };
    let said = trained("gray.npz", &["--layout", "image"]);
    assert!(said.contains("of an image of 5 × 4 pixels") && !said.contains("of 2"), "{said}");
    let said = trained("color.npz", &[]);
    assert!(said.contains("of an image of 5 × 4 pixels of 2 numbers"), "{said}");
    scratch.succeeds(&sample("color_row.npy", "a.npy"));
    scratch.succeeds(&sample("color_five.npy:4", "b.npy"));
    assert_eq!(bytes(scratch.path("a.npy")), bytes(scratch.path("b.npy")));
    let said = scratch.fails(1, &sample("color_turned.npy", "c.npy"));
    assert!(said.contains("[4, 5, 2]") && said.contains("[5, 4, 2]"), "{said}");
    let said = scratch.fails(1, &sample("gray.npz:1", "d.npy"));
    assert!(said.contains("[200, 5, 4]"), "{said}");
}
