//! Damaged files of rounds and of Boltzmann generators: noticed, or without effect.

use crate::mutated_folders::{damaged, files};
use crate::odd_numbers::limited;
use crate::particles::trained;
use crate::support::{Scratch, TINY, attacks, bytes, random};
use rand::RngExt;
use std::time::Duration;

fn freeform(scratch: &Scratch, line: &str) -> Option<i32> {
    let args = line.split(' ').flat_map(|part| match part {
        "TINY" => TINY.to_vec(),
        part => vec![part],
    });
    let args: Vec<String> = args.map(str::to_owned).collect();
    limited(&scratch.path(""), &args, Duration::from_secs(20)).code
}

/// One flipped bit of a model, wherever it is.
#[test]
fn a_damaged_generator_is_refused() {
    let scratch = Scratch::new();
    trained(&scratch);
    let sample = "particles sample generator -n 20 --out x.npz -q";
    assert_eq!(freeform(&scratch, sample), Some(0));
    let draws = bytes(scratch.path("x.npz"));
    let path = scratch.path("generator/particles.safetensors");
    let whole = bytes(&path);
    let mut random = random();
    for attack in 0..5 * attacks() {
        let mut changed = whole.clone();
        match attack % 2 {
            0 => changed = damaged(&whole, &mut random),
            _ => {
                let at = random.random_range(0..whole.len());
                changed[at] ^= 1 << random.random_range(0..8);
            }
        }
        std::fs::write(&path, &changed).unwrap();
        match freeform(&scratch, sample) {
            Some(0) => assert!(bytes(scratch.path("x.npz")) == draws, "attack {attack}"),
            code => assert_eq!(code, Some(1), "attack {attack}"),
        }
    }
}

/// What rounds keep is made again where it is damaged, to the same end, or refused. Many attacks try every
/// file; few those that only rounds have.
#[test]
fn damaged_rounds_end_alike_or_are_refused() {
    let scratch = Scratch::new();
    let infer = "infer two_moons --observation 1 -n 150 --rounds 2 TINY --out out -q";
    assert_eq!(freeform(&scratch, infer), Some(0));
    let ends = ["samples.npy", "weights.safetensors"].map(|name| scratch.path("out").join(name));
    let end = ends.each_ref().map(bytes);
    let mut random = random();
    let (mut refused, mut same) = (0, 0);
    let all: Vec<_> =
        files(&scratch.path("out")).into_iter().map(|path| (bytes(&path), path)).collect();
    for (whole, path) in &all {
        let name = path.strip_prefix(scratch.path("out")).unwrap().display().to_string();
        let of_rounds = name.contains("proposals") || name == "inference.toml";
        if whole.is_empty() || !(of_rounds || (attacks() > 6 && name.starts_with("rounds"))) {
            continue;
        }
        for _ in 0..attacks().div_ceil(6) {
            std::fs::write(path, damaged(whole, &mut random)).unwrap();
            match freeform(&scratch, infer) {
                Some(0) => {
                    assert!(ends.each_ref().map(bytes) == end, "{name}: another end");
                    same += 1;
                }
                code => {
                    assert_eq!(code, Some(1), "{name}");
                    refused += 1;
                }
            }
            // Whatever was made on the way.
            let now = files(&scratch.path("out"));
            now.into_iter().for_each(|file| std::fs::remove_file(file).unwrap());
            all.iter().for_each(|(whole, path)| std::fs::write(path, whole).unwrap());
        }
    }
    println!("{refused} refused, {same} to the same end");
    assert!(refused > 0 && same > 0);
}
