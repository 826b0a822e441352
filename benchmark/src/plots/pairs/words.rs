//! Numbers and names as labels: short, and never cut off.

use plotters::style::{FontDesc, FontFamily, FontStyle};

/// Width of a text in pixels, in a font of this size.
pub(in crate::plots) fn width(text: &str, size: f64) -> f64 {
    let font = FontDesc::new(FontFamily::SansSerif, size, FontStyle::Normal);
    // Without a font, the widest guess.
    font.box_size(text).map_or(text.chars().count() as f64 * size, |(width, _)| f64::from(width))
}

/// A text in lines no wider than `room`, broken after blanks and signs where there are any.
pub(super) fn wrapped(text: &str, room: f64, size: f64) -> Vec<String> {
    let mut lines = vec![String::new()];
    for part in text.split_inclusive(|c: char| !c.is_alphanumeric()) {
        let line = lines.last().map_or(0.0, |line| width(&format!("{line}{part}"), size));
        if line > room && lines.last().is_some_and(|line| !line.is_empty()) {
            lines.push(String::new());
        }
        for letter in part.chars() {
            if let Some(line) = lines.last_mut() {
                line.push(letter);
            }
            let too_wide =
                lines.last().is_some_and(|l| l.chars().count() > 1 && width(l, size) > room);
            if too_wide {
                lines.last_mut().map(String::pop);
                lines.push(letter.to_string());
            }
        }
    }
    lines.into_iter().map(|line| line.trim().to_owned()).collect()
}

/// Round places on an axis, about `wanted` of them, with their labels: the digits that tell them apart.
pub(super) fn ticks((low, high): (f64, f64), wanted: usize) -> Vec<(f64, String)> {
    let rough = (high - low) / wanted.max(1) as f64;
    let decade = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|m| m * decade).into_iter().find(|s| *s >= 0.75 * rough);
    let step = step.filter(|step| step.is_finite() && *step > 0.0).unwrap_or(high - low);
    let first = (low / step).ceil();
    let places = (0..20).map(|i| (first + f64::from(i)) * step).take_while(|place| *place <= high);
    places.map(|place| (place, number(place, step))).collect()
}

/// A number with digits down to those of `step`.
pub(in crate::plots) fn number(value: f64, step: f64) -> String {
    let digits = (-step.abs().log10().floor()).clamp(-300.0, 300.0);
    let value = if value.abs() < 1e-9 * step.abs() { 0.0 } else { value };
    let most = value.abs().max(step.abs());
    if (1e-3..1e5).contains(&most) || value == 0.0 {
        return format!("{value:.*}", digits.max(0.0) as usize);
    }
    let exponent = value.abs().log10().floor();
    let places = (digits + exponent).clamp(0.0, 15.0) as usize;
    format!("{value:.places$e}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_told_apart() {
        let labels = |low, high| -> Vec<String> {
            ticks((low, high), 3).into_iter().map(|tick| tick.1).collect()
        };
        assert_eq!(labels(-1.1, 1.1), ["-1", "0", "1"]);
        assert_eq!(labels(0.0012, 0.0031), ["0.0015", "0.0020", "0.0025", "0.0030"]);
        assert_eq!(
            labels(1e9, 1e9 + 3.0),
            ["1.000000000e9", "1.000000001e9", "1.000000002e9", "1.000000003e9"]
        );
        assert_eq!(labels(2e-7, 6e-7), ["2e-7", "3e-7", "4e-7", "5e-7", "6e-7"]);
    }

    #[test]
    fn no_letter_of_a_name_is_lost() {
        crate::plots::register_fonts();
        for name in
            ["infection_rate_of_the_second_wave", "x", "βββββββββββββββββββββββββ", "a b c d e f"]
        {
            for room in [5.0, 30.0, 80.0] {
                let lines = wrapped(name, room, 10.0);
                let kept = |text: &str| text.replace(' ', "");
                assert_eq!(kept(&lines.concat()), kept(name));
                let fits = |l: &String| l.chars().count() <= 1 || width(l, 10.0) <= room;
                assert!(lines.iter().all(fits), "{lines:?} in {room}");
            }
        }
    }
}
