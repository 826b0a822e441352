//! `.npz` archives whose members lie about their sizes, or unpack into far more than they are.

use std::io::Write;

use freeform_simulators::{ArrayError, Simulations, Table, TableOptions};
use zip::CompressionMethod;
use zip::write::SimpleFileOptions;

use crate::support::{npy_of_shape, read, refused};

/// An archive with these members.
pub fn archive(members: &[(&str, &[u8])], method: CompressionMethod) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let mut archive = zip::ZipWriter::new(&mut bytes);
    for (name, content) in members {
        archive.start_file(*name, SimpleFileOptions::default().compression_method(method)).unwrap();
        archive.write_all(content).unwrap();
    }
    archive.finish().unwrap();
    bytes.into_inner()
}

fn open(bytes: &[u8]) -> Result<Table, ArrayError> {
    read("a.npz", bytes, &TableOptions::default())
}

#[test]
fn members_are_checked_like_files() {
    let member = npy_of_shape("(3, 2)", &[0; 24]);
    for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
        let table = open(&archive(&[("a.npy", &member)], method)).unwrap();
        assert_eq!(table.values.dim(), (3, 2));
        for (shape, reason) in [
            ("(1000000000000, 2)", "but 24 follow"),
            ("(4294967296, 4294967296)", "more bytes than can be"),
            ("(2, 2)", "something behind"),
        ] {
            let liar = npy_of_shape(shape, &[0; 24]);
            refused(open(&archive(&[("a.npy", &liar)], method)), &["a.npz/a", reason]);
        }
    }
    let none = archive(&[], CompressionMethod::Stored);
    refused(open(&none), &["holds no array"]);
    let twice = archive(&[("x.npy", &member), ("x", &member)], CompressionMethod::Stored);
    refused(read("a.npz", &twice, &TableOptions::observations()), &["two arrays x"]);
}

/// Writes `value` over the size that both headers of the only member claim.
fn claim_size(bytes: &mut [u8], value: u32) {
    let places: Vec<(usize, &[u8])> = vec![(22, b"PK\x03\x04"), (24, b"PK\x01\x02")];
    for (offset, signature) in places {
        let at = bytes.windows(4).position(|window| window == signature).unwrap();
        bytes[at + offset..at + offset + 4].copy_from_slice(&value.to_le_bytes());
    }
}

#[test]
fn sizes_that_cannot_be_are_refused() {
    // Numbers that do not compress well, so that the claim is what is wrong.
    let data: Vec<u8> =
        (0..4000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let member = npy_of_shape("(1000000000, 1)", &data);
    let mut bytes = archive(&[("a.npy", &member)], CompressionMethod::Deflated);
    claim_size(&mut bytes, 4_000_000_000 + member.len() as u32 - 4000);
    refused(open(&bytes), &["cannot unpack into"]);
    // A claim within what deflate can do, which the content does not keep.
    let member = npy_of_shape("(10000, 1)", &data);
    let mut bytes = archive(&[("a.npy", &member)], CompressionMethod::Deflated);
    claim_size(&mut bytes, 40_000 + member.len() as u32 - 4000);
    assert!(open(&bytes).is_err());
    // A flipped bit of the data.
    let member = npy_of_shape("(1000, 1)", &data);
    let mut bytes = archive(&[("a.npy", &member)], CompressionMethod::Stored);
    let at = bytes.windows(4).position(|window| window == &data[100..104]).unwrap();
    bytes[at] ^= 1;
    refused(open(&bytes), &["hecksum"]);
}

#[test]
fn bombs_are_refused_with_the_way_out() {
    // 80 MB of zeros in 80 kB.
    let member = npy_of_shape("(20000000, 1)", &vec![0; 80_000_000]);
    let bytes = archive(&[("a.npy", &member)], CompressionMethod::Deflated);
    assert!(bytes.len() < 100_000);
    refused(open(&bytes), &["would unpack into", "np.savez"]);
    // Small ones may be as sparse as they are.
    let member = npy_of_shape("(1000000, 1)", &vec![0; 4_000_000]);
    let bytes = archive(&[("a.npy", &member)], CompressionMethod::Deflated);
    assert_eq!(open(&bytes).unwrap().values.dim(), (1_000_000, 1));
}

#[test]
fn simulations_name_the_array_that_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.npz");
    let good = npy_of_shape("(2, 1)", &[0; 8]);
    let huge = npy_of_shape("(1000000000000, 1)", &[0; 8]);
    let members: [(&str, &[u8]); 2] = [("theta.npy", &good), ("x.npy", &huge)];
    std::fs::write(&path, archive(&members, CompressionMethod::Stored)).unwrap();
    refused(Simulations::read(&path), &["s.npz/x", "8 follow"]);
}
