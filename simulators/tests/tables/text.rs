//! Text: separators, and the rule for its first line.

use freeform_simulators::{ArrayError, FirstLine};
use ndarray::{Array2, array};

use crate::support::{refused, text, text_with};

/// The numbers of every text below.
fn expected() -> Array2<f64> {
    array![[0.5, 1.5], [2.5, 3.5]]
}

#[test]
fn text_of_any_common_separator_is_read() {
    // The first three as numpy.savetxt wrote them: by default, with fmt="%10.4f", with a header.
    for content in [
        "# a b\n5.000000000000000000e-01 1.500000000000000000e+00\n2.500000000000000000e+00 \
         3.500000000000000000e+00\n",
        "    0.5000     1.5000\n    2.5000     3.5000\n",
        "a b\n    0.5000     1.5000\n    2.5000     3.5000\n",
        "0.5,1.5\n2.5,3.5",
        "0.5, 1.5\r\n2.5, 3.5\r\n",
        "0.5;1.5\n2.5;3.5\n",
        "0.5\t1.5\n2.5\t3.5\n\n",
        "a;b\n0.5 ; 1.5\n2.5 ; 3.5\n",
        "rate (1/s)\tmean of x\n0.5\t1.5\n2.5\t3.5\n",
        "\"a, b\" \"c d\"\n0.5   1.5 \n\n2.5\t 3.5\n",
        "\u{feff}\"rate, mean\",b\n\"0.5\",1.5\n   \n2.5,3.5\n",
        "a,b\r0.5,1.5\r2.5,3.5\r",
    ] {
        assert_eq!(text(content).unwrap().values, expected(), "{content:?}");
    }
    let named = text("rate (1/s), θ\n1,2\n3,4\n").unwrap();
    assert_eq!(named.names.unwrap(), ["rate (1/s)", "θ"]);
}

#[test]
fn numbers_are_read_as_they_are() {
    let table = text("1e300,-inf,0.1\nNaN,NA,-0.0\n").unwrap().values;
    assert_eq!(table.row(0).to_vec(), [1e300, f64::NEG_INFINITY, 0.1]);
    assert!(table[[1, 0]].is_nan() && table[[1, 1]].is_nan());
    assert!(table[[1, 2]].is_sign_negative());
    // As a float, this time in seconds keeps its microseconds.
    assert_eq!(text("1412345678.000001\n").unwrap().values[[0, 0]], 1_412_345_678.000_001);
    refused(text("1e400,1\n"), &["line 1, field 1", "\"1e400\"", "double precision"]);
}

#[test]
fn fields_that_are_no_numbers_are_named() {
    let line = |content, parts: &[&str]| refused(text(content), parts);
    line("1,2\n3,four\n", &["line 2, field 2", "\"four\" is not a number"]);
    line("a,b\n1,\n", &["line 2, field 2", "is empty", "nan"]);
    line("a;b\n1,5;2,5\n", &["line 2, field 1", "\"1,5\"", "point"]);
    line("a,b\n# a remark\n1,2\n3\n", &["line 4", "1 fields where the first line has 2"]);
    line("", &["is empty"]);
    line("a,b\n", &["below the names", "is empty"]);
    let long = "1,".to_owned() + &"x".repeat(100_000);
    assert!(line(&(long.clone() + "\n1,2"), &["\"xxxx"]).len() < 400, "a long field is cut");
    let result = text("\u{0}\u{1}PNG,\n1,2\n");
    assert!(result.is_err());
}

#[test]
fn other_encodings_are_named() {
    let read = |bytes: &[u8]| crate::support::read("t.txt", bytes, &Default::default());
    refused(read(b"\xff\xfe1\x00\n\x00"), &["UTF-16", "UTF-8"]);
    refused(read(b"a,b\n1,\xb5\n"), &["line 2", "UTF-8"]);
}

/// What pandas 3.1 writes for a frame without names, and with its row index.
const PANDAS: &str = "0,1\n0.5,1.5\n2.5,3.5\n";
const PANDAS_INDEX: &str = ",0,1\n0,0.5,1.5\n1,2.5,3.5\n";

#[test]
fn numbers_that_may_be_names_are_refused_until_said() {
    refused(text(PANDAS), &["line 1", "\"0,1\"", "--header yes", "--header no"]);
    assert_eq!(text_with(PANDAS, FirstLine::Names).unwrap().values, expected());
    let numbers = text_with(PANDAS, FirstLine::Numbers).unwrap();
    assert_eq!((numbers.names, numbers.values.dim()), (None, (3, 2)));
    // Both ways out that the message names beside the option.
    assert_eq!(text(&format!("# {PANDAS}")).unwrap().values, expected());
    assert_eq!(text(&PANDAS.replacen("0,1", "0.0,1.0", 1)).unwrap().values.dim(), (3, 2));
    for labels in [
        "0\n0.5\n",
        "0\n3\n0\n",
        "1,2\n0.5,1.5\n",
        "0;1;2\n5;7;6\n",
        "1 2 3\n.1 .2 .7\n",
        // Points in time, as pandas names the columns of a series.
        "0.0,0.1,0.2,0.30000000000000004\n1,2,7,8\n",
        "10,20,30\n1,2,7\n4,4,4\n",
        "3,2,1\n1,2,7\n",
    ] {
        assert!(matches!(text(labels), Err(ArrayError::FirstLine { line: 1, .. })), "{labels:?}");
    }
    refused(text(PANDAS_INDEX), &["field 1 is empty", "index=False"]);
    refused(text(",a,b\n0,1,2\n"), &["field 1 is empty", "index=False"]);
    assert_eq!(text_with(PANDAS_INDEX, FirstLine::Names).unwrap().values.dim(), (2, 3));
}

#[test]
fn numbers_that_are_numbers_are_no_names() {
    for (numbers, shape) in [
        // One row only: names would be of nothing.
        ("0,1\n", (1, 2)),
        ("0.1,0.3,0.5,0.7,0.9\n", (1, 5)),
        // Counts in a column, and other numbers.
        ("1\n0\n3\n", (3, 1)),
        ("0.0\n1.0\n", (2, 1)),
        ("2,1\n0,1\n", (2, 2)),
        ("0,2\n1,1\n", (2, 2)),
        ("5,5,5\n1,2,7\n", (2, 3)),
        // Evenly spaced like the rows beneath.
        ("1,2,3\n4,5,6\n1,1,9\n", (3, 3)),
    ] {
        assert_eq!(text(numbers).unwrap().values.dim(), shape, "{numbers:?}");
    }
}

#[test]
fn names_are_names_and_mistyped_numbers_are_not() {
    for names in ["a,b", "x1,x2", "x.1,x.2", "θ₁,θ₂", "log L,E", "V1,V2", "e1,e2"] {
        let content = format!("{names}\n1,2\n3,4\n");
        assert_eq!(text(&content).unwrap().values, array![[1.0, 2.0], [3.0, 4.0]], "{names}");
    }
    for mistyped in ["1..5,2.5.1", "O.5,l.2", "−1,−2", "1_000,2_000", "0x1f,0x2f", "5e,7e"] {
        let content = format!("{mistyped}\n1,2\n3,4\n");
        refused(text(&content), &["line 1", "mistyped", "--header"]);
        let result = text_with(&content, FirstLine::Numbers);
        assert!(matches!(result, Err(ArrayError::NotANumber { line: 1, field: 1, .. })));
        assert_eq!(text_with(&content, FirstLine::Names).unwrap().values.nrows(), 2);
    }
    refused(text("1,x\n3,4\n"), &["field 2, \"x\", is not a number", "field 1, \"1\", is"]);
    refused(text("x,1\n3,4\n"), &["field 1, \"x\"", "--header"]);
    refused(text("a,,c\n1,2,3\n"), &["field 2 is empty"]);
}
