//! Simulations in text with named columns.

use freeform_simulators::{ArrayError, FirstLine, Simulations};
use ndarray::array;

use crate::support::refused;

fn read(name: &str, content: &str) -> Result<Simulations, ArrayError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, content).unwrap();
    Simulations::read_table(path, &["rate".to_owned(), "scale".to_owned()], FirstLine::Auto)
        .map(|(simulations, _)| simulations)
}

#[test]
fn columns_are_told_by_the_parameters_names() {
    let simulations = read("s.csv", "y1,scale,y2,rate\n1,2,3,4\n5,6,7,8\n").unwrap();
    assert_eq!(simulations.theta, array![[4.0, 2.0], [8.0, 6.0]]);
    assert_eq!(simulations.x, array![[1.0, 3.0], [5.0, 7.0]]);
    let simulations = read("s.txt", "rate scale  y\n1 2 nan\n").unwrap();
    assert_eq!(simulations.theta, array![[1.0, 2.0]]);
}

/// `numpy.savetxt(…, header=…)` writes names as a comment.
#[test]
fn names_in_a_comment_are_names() {
    for (name, text) in [
        ("s.txt", "# made by hand\n# y scale rate\n1.5 2 4\n5 6 8\n"),
        ("s.csv", "# y,scale,rate\n1.5,2,4\n5,6,8\n"),
        ("s.csv", "#y scale rate\n1.5;2;4\n5;6;8\n"),
    ] {
        let simulations = read(name, text).unwrap();
        assert_eq!(simulations.theta, array![[4.0, 2.0], [8.0, 6.0]], "{text}");
        assert_eq!(simulations.x, array![[1.5], [5.0]], "{text}");
    }
    refused(read("s.txt", "# rate scale\n1.5 2 4\n"), &["no names"]);
}

#[test]
fn columns_that_are_not_there_are_named() {
    refused(read("s.csv", "1,2,4\n5,6,7\n"), &["no names", "rate, scale"]);
    refused(read("s.csv", "rate,y\n1,2\n"), &["no column scale, only rate, y"]);
    refused(read("s.csv", "rate,scale,rate,y\n1,2,3,4\n"), &["two columns rate"]);
    refused(read("s.csv", "rate,scale,y,y\n1,2,3,4\n"), &["two columns y"]);
    refused(read("s.csv", "rate,scale\n1,2\n"), &["no columns of data"]);
    refused(read("s.csv", "rate,scale,y\n1,2,3\n1,2,4e400\n"), &["line 3", "4e400"]);
    refused(read("s.npy", ""), &[".npz (arrays theta and x)", "named columns"]);
}
