//! Reference draws: kept, imported, told apart.

use crate::support::{Scratch, bytes};
use std::io::Write;
use std::time::{Duration, SystemTime};

const DRAW: [&str; 6] = ["reference", "two_moons", "--observation", "1", "-n", "50"];

/// One table as the Python package has it, packed likewise.
fn package(scratch: &Scratch) -> std::path::PathBuf {
    package_with(scratch, "")
}

pub fn package_with(scratch: &Scratch, last: &str) -> std::path::PathBuf {
    let root = scratch.path("site");
    let folder = root.join("sbibm/tasks/two_moons/files/num_observation_1");
    std::fs::create_dir_all(&folder).unwrap();
    let mut text = "parameter_1,parameter_2\n".to_owned();
    for i in 0..60 {
        text += &format!("{},{}\n", f64::from(i) / 64.0, -f64::from(i) / 128.0);
    }
    text += last;
    let file = std::fs::File::create(folder.join("reference_posterior_samples.csv.bz2")).unwrap();
    let mut packer = bzip2::write::BzEncoder::new(file, bzip2::Compression::best());
    packer.write_all(text.as_bytes()).unwrap();
    packer.finish().unwrap();
    root
}

#[test]
fn a_second_use_comes_from_disk_and_damage_is_mended() {
    let scratch = Scratch::new();
    let draw = |out: &str| scratch.succeeds(&[&DRAW[..], &["--out", out]].concat());
    draw("a.npy");
    let folder = scratch.path("cache/native");
    let entry = std::fs::read_dir(&folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .find(|path| path.extension().is_some_and(|e| e == "npy"))
        .expect("an entry");
    let kept = bytes(&entry);
    // Written once: the next use reads.
    let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    let file = std::fs::File::options().write(true).open(&entry).unwrap();
    file.set_modified(long_ago).unwrap();
    draw("b.npy");
    assert_eq!(std::fs::metadata(&entry).unwrap().modified().unwrap(), long_ago);
    assert_eq!(bytes(scratch.path("b.npy")), kept);
    // A flipped bit is found, said and mended.
    let mut flipped = kept.clone();
    let last = flipped.len() - 4;
    flipped[last] ^= 1;
    std::fs::write(&entry, &flipped).unwrap();
    let again = scratch.freeform(&[&DRAW[..], &["--out", "d.npy"]].concat()).output().unwrap();
    let said = String::from_utf8(again.stderr).unwrap();
    assert!(said.contains("damaged") && said.contains("drawn anew"), "{said}");
    assert_eq!((bytes(scratch.path("d.npy")), bytes(&entry)), (kept.clone(), kept.clone()));
    // A torn entry is drawn again.
    std::fs::write(&entry, &kept[..kept.len() / 2]).unwrap();
    draw("c.npy");
    assert_eq!(bytes(scratch.path("c.npy")), bytes(scratch.path("a.npy")));
    assert_eq!(bytes(&entry), kept);
    // So is one whose header claims more rows than there is memory.
    let header = String::from_utf8_lossy(&kept[10..128]).replace("(50, 2)", "(9999999999999, 2)");
    let liar = [&kept[..10], &header.as_bytes()[..118], &kept[128..]].concat();
    assert!(liar != kept);
    std::fs::write(&entry, &liar).unwrap();
    draw("d.npy");
    assert_eq!(bytes(&entry), kept);
}

#[test]
fn released_draws_are_imported() {
    let scratch = Scratch::new();
    let released = [&DRAW[..], &["--reference", "released", "--out", "r.csv"]].concat();
    let message = scratch.fails(1, &released);
    assert!(message.contains("freeform reference import"), "{message}");
    let package = package(&scratch);
    let text = scratch.succeeds(&["reference", "import", package.to_str().unwrap()]);
    assert!(text.contains("two_moons") && text.contains("1 observation\n"), "{text}");
    scratch.succeeds(&released);
    let rows = String::from_utf8(bytes(scratch.path("r.csv"))).unwrap();
    let rows: Vec<&str> = rows.lines().collect();
    assert_eq!((rows.len(), rows[49]), (50, "0.765625,-0.3828125"));
    let message = scratch.fails(2, &["reference", "import", "nowhere.whl"]);
    assert!(message.contains("nowhere.whl"), "{message}");
}

#[test]
fn a_wheel_is_read_in_place() {
    let scratch = Scratch::new();
    let member =
        "sbibm/tasks/two_moons/files/num_observation_1/reference_posterior_samples.csv.bz2";
    let packed = bytes(package(&scratch).join(member));
    let wheel = scratch.path("sbibm.whl");
    let mut archive = zip::ZipWriter::new(std::fs::File::create(&wheel).unwrap());
    let options = zip::write::SimpleFileOptions::default();
    archive.start_file(member, options).unwrap();
    archive.write_all(&packed).unwrap();
    archive.finish().unwrap();
    scratch.succeeds(&["reference", "import", wheel.to_str().unwrap()]);
    let args = [&DRAW[..], &["--reference", "released", "--out", "r.csv"]].concat();
    scratch.succeeds(&args);
    std::fs::write(&wheel, &bytes(&wheel)[..100]).unwrap();
    let message = scratch.fails(1, &["reference", "import", wheel.to_str().unwrap()]);
    assert!(message.contains("sbibm.whl"), "{message}");
}

#[test]
fn released_draws_are_judged_before_they_are_kept_and_when_they_are_used() {
    let scratch = Scratch::new();
    // Beyond single precision, which would be an infinity; outside the prior.
    for (last, why) in [("1e300,0\n", "line 62: `1e300`"), ("0,1.5\n", "line 62: theta2 = 1.5")] {
        let package = package_with(&scratch, last);
        let message = scratch.fails(1, &["reference", "import", package.to_str().unwrap()]);
        assert!(message.contains(why) && message.contains("num_observation_1"), "{message}");
    }
    scratch.succeeds(&["reference", "import", package(&scratch).to_str().unwrap()]);
    let kept = scratch.path("cache/released/two_moons/observation_01.npy");
    let mut flipped = bytes(&kept);
    let last = flipped.len() - 8;
    flipped[last] ^= 1;
    std::fs::write(&kept, &flipped).unwrap();
    let released = [&DRAW[..], &["--reference", "released", "--out", "r.csv"]].concat();
    let message = scratch.fails(1, &released);
    assert!(message.contains("checksum") && message.contains("import"), "{message}");
    assert_eq!(bytes(&kept), flipped);
    // As an earlier version imported it: used, and said.
    std::fs::remove_file(kept.with_extension("json")).unwrap();
    let output = scratch.freeform(&released).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && said.contains("without a checksum"), "{said}");
}

#[test]
fn options_that_would_do_nothing_are_refused() {
    let scratch = Scratch::new();
    scratch.tiny_model();
    scratch.succeeds(&["init", "project"]);
    let run = ["run", "project/simulator.toml", "--out", "run"];
    let refused = |args: &[&str], name: &str| {
        let message = scratch.fails(2, args);
        assert!(message.contains(name), "{args:?}: {message}");
    };
    for option in
        [&["--mmd"][..], &["--median-distance"], &["--reference", "released"], &["--no-cache"]]
    {
        refused(&[&run[..], option].concat(), option[0]);
    }
    assert!(!scratch.path("run").exists());
    scratch.succeeds(&[&DRAW[..], &["--out", "r.npy"]].concat());
    let released = [&DRAW[..], &["--out", "s.npy", "--reference", "released"]].concat();
    refused(&[&released[..], &["--no-cache"]].concat(), "--no-cache");
    refused(&[&released[..], &["--seed", "3"]].concat(), "--seed");
    for option in [&["--no-cache"][..], &["--reference", "released"], &["--median-distance"]] {
        refused(&[&["c2st", "r.npy", "r.npy"][..], option].concat(), option[0]);
    }
    refused(&["c2st", "--all", "model", "--seed", "2"], "--seed");
}
