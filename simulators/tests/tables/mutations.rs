//! Thousands of damaged files: an answer or an error, at once, and never memory beyond a small
//! multiple of the file.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::path::PathBuf;
use std::time::Instant;

use freeform_simulators::{FirstLine, Simulations, TableOptions, read_table};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use zip::CompressionMethod;

use crate::archives::archive;
use crate::support::{fixture, npy, npy_of_shape};

/// Bytes that any reader may take: buffers of files and of decompression.
const FIXED: usize = 1 << 20;
/// Beyond them, so many times the file: the worst is text of separators alone, where every byte is
/// a field with its place and its name.
const MULTIPLE: usize = 64;
/// Longest time for reading a file, seven times over.
const SECONDS: f64 = 1.0;

/// Counts the bytes that this thread holds, and the most there were.
struct Counting;

thread_local! {
    static HELD: Cell<isize> = const { Cell::new(0) };
    static MOST: Cell<isize> = const { Cell::new(0) };
}

fn count(change: isize) {
    // At a thread's end there is nothing to count any more.
    let _ = HELD.try_with(|held| {
        held.set(held.get() + change);
        let _ = MOST.try_with(|most| most.set(most.get().max(held.get())));
    });
}

// SAFETY: every call is handed on to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size().cast_signed());
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-layout.size().cast_signed());
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Reads a damaged file in every way there is.
fn check(name: &str, bytes: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    let (started, before) = (Instant::now(), HELD.get());
    MOST.set(before);
    let rules: &[FirstLine] = match name {
        "a.npy" | "a.npz" => &[FirstLine::Auto],
        _ => &[FirstLine::Auto, FirstLine::Names, FirstLine::Numbers],
    };
    for options in [TableOptions::observations(), TableOptions::parameters()] {
        for &rule in rules {
            if let Ok(table) = read_table(&path, &options.with_first_line(rule)) {
                assert!(!table.values.is_empty());
                // No number comes from nowhere: a bit of compressed data makes a thousand bytes.
                let most = if name.ends_with("npz") { 1100 * bytes.len() } else { bytes.len() };
                assert!(table.values.len() <= most);
            }
        }
    }
    let parameters = ["theta1".to_owned()];
    let _ = Simulations::read_table(&path, &parameters, FirstLine::Auto);
    let most = (MOST.get() - before).unsigned_abs();
    assert!(most <= FIXED + MULTIPLE * bytes.len(), "{most} bytes for a file of {}", bytes.len());
    let seconds = started.elapsed().as_secs_f64();
    assert!(seconds < SECONDS, "{seconds} s");
}

/// One change to a file.
#[derive(Clone, Debug)]
enum Change {
    Flip(Index, u8),
    Set(Index, Vec<u8>),
    Insert(Index, Vec<u8>),
    Remove(Index, usize),
    Cut(Index),
}

/// Pieces that a reader is most likely to believe.
const BELIEVED: [&[u8]; 18] = [
    b"\xff\xff\xff\xff",
    b"\0\0\0\0",
    b"PK\x01\x02",
    b"PK\x05\x06",
    b"PK\x06\x06",
    b"\xff\xff\xff\xff\xff\xff\xff\x7f",
    b"9999999999999999999",
    b"(",
    b"[[[[[[",
    b")",
    b"',",
    b"'shape': (99999999999, 2)",
    b"<f8",
    b"|O",
    b"0L",
    b",",
    b"-",
    b"\x93NUMPY\x02",
];

fn change() -> impl Strategy<Value = Change> {
    let piece =
        || prop_oneof![vec(any::<u8>(), 1..12), select(&BELIEVED[..]).prop_map(<[u8]>::to_vec),];
    prop_oneof![
        (any::<Index>(), 0..8_u8).prop_map(|(at, bit)| Change::Flip(at, bit)),
        (any::<Index>(), piece()).prop_map(|(at, bytes)| Change::Set(at, bytes)),
        (any::<Index>(), piece()).prop_map(|(at, bytes)| Change::Insert(at, bytes)),
        (any::<Index>(), 1..40_usize).prop_map(|(at, length)| Change::Remove(at, length)),
        any::<Index>().prop_map(Change::Cut),
    ]
}

fn apply(bytes: &mut Vec<u8>, changes: &[Change]) {
    for change in changes {
        if bytes.is_empty() {
            return;
        }
        match change {
            Change::Flip(at, bit) => {
                let at = at.index(bytes.len());
                bytes[at] ^= 1 << bit;
            }
            Change::Set(at, new) => {
                let at = at.index(bytes.len());
                let end = bytes.len().min(at + new.len());
                bytes[at..end].copy_from_slice(&new[..end - at]);
            }
            Change::Insert(at, new) => {
                let at = at.index(bytes.len());
                bytes.splice(at..at, new.iter().copied());
            }
            Change::Remove(at, length) => {
                let at = at.index(bytes.len());
                let end = bytes.len().min(at + length);
                bytes.drain(at..end);
            }
            Change::Cut(at) => bytes.truncate(at.index(bytes.len())),
        }
    }
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    vec(change(), 1..5)
}

fn npy_seeds() -> Vec<Vec<u8>> {
    let fixtures = ["fortran_f64.npy", "structured.npy"];
    let mut seeds: Vec<_> = fixtures.map(|n| std::fs::read(fixture(n)).unwrap()).into();
    seeds.push(npy_of_shape("(3, 2)", &[1; 24]));
    seeds.push(npy("{'descr': '|b1', 'fortran_order': True, 'shape': (100, 2)}", &[1; 200]));
    seeds.push(npy("{'descr': '>i8', 'fortran_order': True, 'shape': (3,)}", &[0; 24]));
    seeds
}

fn npz_seeds() -> Vec<Vec<u8>> {
    let fixtures = ["numpy_compressed.npz", "numpy_types.npz"];
    let mut seeds: Vec<_> = fixtures.map(|n| std::fs::read(fixture(n)).unwrap()).into();
    let (theta, x) = (npy_of_shape("(3,)", &[1; 12]), npy_of_shape("(3, 2)", &[7; 24]));
    let members: [(&str, &[u8]); 2] = [("theta.npy", &theta), ("x.npy", &x)];
    seeds.push(archive(&members, CompressionMethod::Stored));
    seeds.push(archive(&members[1..], CompressionMethod::Deflated));
    seeds
}

const TEXTS: [&str; 6] = [
    "0,1\n0.5,1.5\n2.5,3.5\n",
    "# a b\n5.0e-01 1.5e+00\n2.5e+00 3.5e+00\n",
    "theta1;\"x; 1\"\n1;2\n\n3;NA\n",
    "theta1\tx\n1\t2\n3\t4e-300\n",
    "1\n2\n-inf\n",
    "\u{feff}\"a\",\"b\"\r\n1,2\r\n",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arrays(seed in select(npy_seeds()), changes in changes()) {
        let mut bytes = seed;
        apply(&mut bytes, &changes);
        check("a.npy", &bytes);
    }

    #[test]
    fn archives(seed in select(npz_seeds()), changes in changes()) {
        let mut bytes = seed;
        apply(&mut bytes, &changes);
        check("a.npz", &bytes);
    }

    /// A header of any content before data of any length.
    #[test]
    fn headers(
        descriptor in select(&["'<f4'", "'>f2'", "'|b1'", "'|u1'", "[('a', '<f4')]", "'O'", "''", "("][..]),
        order in select(&["True", "False", "1"][..]),
        shape in prop_oneof![
            vec(any::<u64>(), 0..4).prop_map(|s| format!("{s:?}").replace('[', "(").replace(']', ",)")),
            vec(0..9_u64, 0..4).prop_map(|s| format!("{s:?}").replace('[', "(").replace(']', ",)")),
            "[\\[\\](){}0-9,L' ]{0,40}",
        ],
        data in vec(0..2_u8, 0..100),
        packed in any::<bool>(),
    ) {
        let header = format!("{{'descr': {descriptor}, 'fortran_order': {order}, 'shape': {shape}}}");
        let bytes = npy(&header, &data);
        check("a.npy", &bytes);
        let method = if packed { CompressionMethod::Deflated } else { CompressionMethod::Stored };
        check("a.npz", &archive(&[("x.npy", &bytes)], method));
    }

    #[test]
    fn text(seed in select(&TEXTS[..]), changes in changes()) {
        let mut bytes = seed.as_bytes().to_vec();
        apply(&mut bytes, &changes);
        check("a.csv", &bytes);
    }

    #[test]
    fn text_of_anything(content in "[-+0-9.eE,;\t \r\n\"#aNnx]{0,200}") {
        check("a.txt", content.as_bytes());
    }

    /// Whatever the separator, order of bytes and width: the numbers come back.
    #[test]
    fn numbers_come_back(
        values in vec(vec(-1e6..1e6_f64, 3), 1..5),
        separator in select(&[",", ";", "\t", " ", "  ", " , "][..]),
        names in any::<bool>(),
    ) {
        let mut content = if names { ["a", "b b", "c"].map(|n| format!("{n:?}")).join(separator) + "\n" } else { String::new() };
        for row in &values {
            content += &(row.iter().map(|v| format!("{v:?}")).collect::<Vec<_>>().join(separator) + "\n");
        }
        let rule = if names { FirstLine::Names } else { FirstLine::Numbers };
        let table = crate::support::text_with(&content, rule).unwrap().values;
        prop_assert_eq!(table.rows().into_iter().map(|r| r.to_vec()).collect::<Vec<_>>(), values);
    }
}

/// Long fields, lines and names are no trouble either.
#[test]
fn long_text() {
    let long = "1".repeat(1 << 20);
    for content in [
        long.clone(),
        format!("\"{long}"),
        ",".repeat(1 << 18),
        " ".repeat(1 << 20),
        "\"".repeat(1 << 18),
        "1 ".repeat(1 << 18),
        "#\n".repeat(1 << 18),
        format!("{}\n1", "x,".repeat(1 << 17)),
        format!("0.{long},1e{long}\n"),
    ] {
        check("a.csv", content.as_bytes());
    }
}
