//! Arrays that numpy wrote, of every type it has. `numpy_types.npz` was made by numpy 2.4.

use freeform_simulators::{ArrayError, Expected, Table, TableOptions, read_table};
use ndarray::{Array2, array};

use crate::support::{fixture, refused};

fn member(name: &'static str) -> Result<Table, ArrayError> {
    let options = TableOptions { array: Some(name), ..TableOptions::default() };
    read_table(fixture("numpy_types.npz"), &options)
}

fn values(name: &'static str) -> Array2<f64> {
    member(name).unwrap().values
}

#[test]
fn integers_of_any_width_and_order_are_read() {
    let whole = |low: f64, high: f64| array![[low, 0.0, 1.0], [2.0, 100.0, high]];
    let two = |power: i32| 2.0_f64.powi(power);
    assert_eq!(values("i1"), whole(-128.0, 127.0));
    assert_eq!(values("u1"), whole(0.0, 255.0));
    let cases = [
        (["little_i2", "big_i2"], whole(-32_768.0, 32_767.0)),
        (["little_u2", "big_u2"], whole(0.0, 65_535.0)),
        (["little_i4", "big_i4"], whole(-two(31), two(31) - 1.0)),
        (["little_u4", "big_u4"], whole(0.0, two(32) - 1.0)),
        (["little_i8", "big_i8"], whole(-two(53), two(53))),
        (["little_u8", "big_u8"], whole(0.0, two(53))),
    ];
    for (names, expected) in cases {
        names.iter().for_each(|name| assert_eq!(values(name), expected, "{name}"));
    }
    assert_eq!(values("bool"), array![[1.0, 0.0, 1.0], [0.0, 0.0, 1.0]]);
}

#[test]
fn floats_of_any_width_and_order_are_read_as_they_are() {
    // Python's float(np.float16(0.1)), and so on.
    let cases = [
        (["little_f2", "big_f2"], [0.099_975_585_937_5, -65_504.0, 5.960_464_477_539_063e-8]),
        (["little_f4", "big_f4"], [0.100_000_001_490_116_12, -65_504.0, 5.999_999_785_899_49e-8]),
        (["little_f8", "big_f8"], [0.1, -65_504.0, 6e-8]),
    ];
    for (names, first_row) in cases {
        for name in names {
            let table = values(name);
            assert_eq!(table.row(0).to_vec(), first_row, "{name}");
            let [inf, nan, zero] = [table[[1, 0]], table[[1, 1]], table[[1, 2]]];
            assert!(inf == f64::INFINITY && nan.is_nan(), "{name}");
            assert!(zero == 0.0 && zero.is_sign_negative(), "{name}");
        }
    }
}

#[test]
fn other_orders_and_dimensions_are_read() {
    assert_eq!(values("fortran"), array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    assert_eq!(values("scalar"), array![[2.5]]);
    assert_eq!(values("vector"), array![[0.0], [1.0], [2.0], [3.0]]);
    refused(member("cube"), &["cube", "[2, 3, 4]", "reshape(len(array), -1)"]);
    refused(member("empty"), &["empty", "0 × 3"]);
}

#[test]
fn nothing_is_rounded_unasked() {
    refused(
        member("huge_i8"),
        &["huge_i8", "row 1, column 2", "9007199254740993", "astype(float)"],
    );
    refused(member("huge_u8"), &["row 2, column 1", "18446744073709551615"]);
    let table = member("big_f4_value").unwrap();
    assert_eq!(table.values[[1, 1]], 1e39);
    refused(table.to_f32(), &["numpy_types.npz", "row 2, column 2", "1e39", "single precision"]);
    // What is not finite is for the caller to judge.
    assert!(member("little_f8").unwrap().to_f32().unwrap()[[1, 0]].is_infinite());
}

/// The advice was followed in numpy: each gives an array that is read.
#[test]
fn arrays_that_are_no_plain_numbers_get_advice_that_works() {
    let structured = "structured_to_unstructured(array)";
    refused(member("structured"), &["fields", structured]);
    refused(read_table(fixture("structured.npy"), &TableOptions::default()), &[structured]);
    refused(member("complex"), &["c16", "np.column_stack([array.real, array.imag])"]);
    refused(member("text"), &["U3", "array.astype(float)"]);
    refused(member("dates"), &["M8[ns]", "(array - array.min()) / np.timedelta64(1, 's')"]);
}

#[test]
fn an_archive_says_which_of_its_arrays_is_meant() {
    let path = fixture("numpy_types.npz");
    refused(read_table(&path, &TableOptions::default()), &["several arrays", "fortran", "np.save"]);
    refused(read_table(&path, &TableOptions::parameters()), &["no array \"theta\"", "np.savez"]);
    // numpy's own compressed archive of theta and x.
    let path = fixture("numpy_compressed.npz");
    let theta = read_table(&path, &TableOptions::parameters()).unwrap().values;
    assert_eq!(theta, array![[0.5], [-1.5], [2.5]]);
    let x = read_table(&path, &TableOptions::observations()).unwrap();
    assert_eq!(x.observation(Some(3), Expected::numbers(2)).unwrap(), [4.0, 5.0]);
}
