//! Tests of its parent.

use super::description::{checked, signed};

#[test]
fn every_change_of_a_signed_text_is_noticed() {
    let text = signed("format_version = 3\n\n[a]\nb = 1.5\n");
    assert_eq!(checked(&text), ("format_version = 3\n\n[a]\nb = 1.5\n", true));
    let unchecked = "format_version = 3\n";
    assert_eq!(checked(unchecked), (unchecked, true));
    let bytes = text.as_bytes();
    for bit in 0..bytes.len() * 8 {
        let mut damaged = bytes.to_vec();
        damaged[bit / 8] ^= 1 << (bit % 8);
        let Ok(damaged) = String::from_utf8(damaged) else { continue };
        let (rest, whole) = checked(&damaged);
        // Where the line itself has another name, it is one that no model has.
        let unknown = rest.len() == text.len();
        assert!(!whole || unknown, "bit {bit}");
    }
}
