//! Headers of `.npy` files that lie, or are none: refused before anything is allocated.

use std::time::Instant;

use freeform_simulators::{ArrayError, TableOptions};

use crate::support::{npy, npy_of_shape, read, refused};

fn open(bytes: &[u8]) -> Result<freeform_simulators::Table, ArrayError> {
    read("a.npy", bytes, &TableOptions::default())
}

#[test]
fn shapes_are_checked_against_the_bytes_that_follow() {
    let data = [0_u8; 24];
    assert_eq!(open(&npy_of_shape("(3, 2)", &data)).unwrap().values.dim(), (3, 2));
    assert_eq!(open(&npy_of_shape("(3L, 2L,)", &data)).unwrap().values.dim(), (3, 2));
    let cases = [
        ("(1000000000000, 2)", "8000000000000 bytes"),
        ("(4, 2)", "32 bytes, but 24 follow: the file ends early"),
        ("(2, 2)", "16 bytes, but 24 follow: there is something behind the array"),
        ("(4294967296, 4294967296)", "more bytes than can be"),
        ("(9223372036854775807, 2)", "more bytes than can be"),
        ("(18446744073709551615, 18446744073709551615)", "more bytes than can be"),
        ("(99999999999999999999999, 1)", "a length of 99999999999999999999999"),
        ("(0, 1000000000000000000)", "is empty"),
        ("(1000000000000, 0)", "is empty"),
        ("(3, 2, 1)", "[3, 2, 1]"),
        ("(-3, 2)", "a length should be"),
        ("(6)", "a comma"),
        ("[3, 2]", "'('"),
        ("(3, 2", "a length should be"),
    ];
    for (shape, reason) in cases {
        refused(open(&npy_of_shape(shape, &data)), &[reason]);
    }
}

#[test]
fn headers_are_three_entries_and_nothing_more() {
    let cases = [
        ("{'descr': '<f4', 'fortran_order': False, }", "no entry 'shape'"),
        ("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", "two entries"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'more': 1}", "'more'"),
        ("{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}", "True or False"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} + 1", "nothing more"),
        ("{'descr': 'f\\x34', 'fortran_order': False, 'shape': (1,)}", "plain text"),
        ("{'descr': None, 'fortran_order': False, 'shape': (1,)}", "in quotes"),
        ("import os", "'{'"),
        ("", "'{'"),
    ];
    for (header, reason) in cases {
        refused(open(&npy(header, &[0; 4])), &[reason]);
    }
    refused(open(b"\x93NUMPY\x09\x00"), &["version 9"]);
    let mut long = b"\x93NUMPY\x02\x00\xff\xff\xff\xff".to_vec();
    refused(open(&long), &["4294967295 bytes"]);
    long[8..12].copy_from_slice(&[0, 0, 1, 0]);
    refused(open(&long), &["ends early"]);
}

#[test]
fn nested_brackets_take_no_time() {
    let started = Instant::now();
    for (open_, close) in [("[", "]"), ("(", ")"), ("{", "}")] {
        let nested = open_.repeat(20_000) + &close.repeat(20_000);
        for header in [
            format!("{{'descr': {nested}, 'fortran_order': False, 'shape': (1,)}}"),
            format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {nested}}}"),
            nested,
        ] {
            assert!(open(&npy(&header, &[0; 4])).is_err());
        }
    }
    assert!(started.elapsed().as_secs_f64() < 1.0);
}

#[cfg(unix)]
#[test]
fn what_is_no_regular_file_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let options = TableOptions::default();
    for name in ["pipe.npy", "pipe.npz", "pipe.csv"] {
        let path = folder.path().join(name);
        let made = std::process::Command::new("mkfifo").arg(&path).status().unwrap();
        assert!(made.success());
        refused(freeform_simulators::read_table(&path, &options), &[name, "not a regular file"]);
    }
    std::fs::create_dir(folder.path().join("d.csv")).unwrap();
    let path = folder.path().join("d.csv");
    refused(freeform_simulators::read_table(path, &options), &["not a regular file"]);
}
