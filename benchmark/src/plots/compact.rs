//! Smaller SVG: lines and dots of one style that follow each other become one path, each point as its step
//! from the one before.

use std::fmt::Write;

/// Lines or dots of one style.
struct Group {
    /// All that they have in common, as attributes of a path.
    style: String,
    /// The path's data, and where it ends.
    data: String,
    end: (i64, i64),
}

/// The same drawing in fewer bytes. `svg` is one as plotters writes it, an element a line; what is not known
/// stays as it is.
pub(super) fn compact(svg: &str) -> String {
    let mut out = String::with_capacity(svg.len() / 2);
    let mut open: Option<Group> = None;
    for line in svg.lines() {
        if line.starts_with("<svg ") {
            // What texts and areas have of their own, lines and dots have none of.
            out.push_str(&line.replacen("<svg ", "<svg fill=\"none\" ", 1));
            out.push('\n');
            continue;
        }
        let Some((style, points)) = polyline(line).or_else(|| dot(line)) else {
            close(open.take(), &mut out);
            out.push_str(line);
            out.push('\n');
            continue;
        };
        if open.as_ref().is_some_and(|group| group.style != style) {
            close(open.take(), &mut out);
        }
        open.get_or_insert_with(|| Group { style, data: String::new(), end: (0, 0) }).add(&points);
    }
    close(open, &mut out);
    out
}

fn close(group: Option<Group>, out: &mut String) {
    if let Some(Group { style, data, .. }) = group {
        let _ = writeln!(out, "<path {style} d=\"{data}\"/>");
    }
}

impl Group {
    fn add(&mut self, points: &[(i64, i64)]) {
        for (index, &(x, y)) in points.iter().enumerate() {
            let (dx, dy) = (x - self.end.0, y - self.end.1);
            // After the first, steps are lines without a letter of their own.
            match index {
                0 => self.data.push('m'),
                1 => self.data.push('l'),
                _ if dx >= 0 => self.data.push(' '),
                _ => {}
            }
            let comma = if dy >= 0 { "," } else { "" };
            let _ = write!(self.data, "{dx}{comma}{dy}");
            self.end = (x, y);
        }
    }
}

/// Style and points of a line.
fn polyline(line: &str) -> Option<(String, Vec<(i64, i64)>)> {
    let (style, points) = line.strip_prefix("<polyline ")?.split_once(" points=\"")?;
    let points = points.strip_suffix("\"/>")?.split_ascii_whitespace();
    let number = |text: &str| text.parse().ok();
    let place = |point: &str| {
        let (x, y) = point.split_once(',')?;
        Some((number(x)?, number(y)?))
    };
    let points = points.map(place).collect::<Option<Vec<_>>>()?;
    let style = style.strip_prefix("fill=\"none\" ")?.replace("opacity=\"1\" ", "");
    Some((style, points)).filter(|(_, points)| points.len() > 1)
}

/// A filled circle as a line of no length with a round end.
fn dot(line: &str) -> Option<(String, Vec<(i64, i64)>)> {
    let rest = line.strip_prefix("<circle ")?.strip_suffix("/>")?;
    let value = |name: &str| {
        let start = rest.find(&format!("{name}=\""))? + name.len() + 2;
        rest[start..].split('"').next()
    };
    if value("stroke")? != "none" {
        return None;
    }
    let (x, y) = (value("cx")?.parse().ok()?, value("cy")?.parse().ok()?);
    let radius: i64 = value(" r")?.parse().ok()?;
    let opacity = match value("opacity")? {
        "1" => String::new(),
        other => format!(" opacity=\"{other}\""),
    };
    let (color, width) = (value("fill")?, 2 * radius);
    let style =
        format!("stroke=\"{color}\" stroke-width=\"{width}\" stroke-linecap=\"round\"{opacity}");
    Some((style, vec![(x, y), (x, y)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_dots_of_one_style_are_one_path() {
        let head = "<svg viewBox=\"0 0 9 9\">\n";
        let line = |color: &str, points: &str| {
            format!(
                "<polyline fill=\"none\" opacity=\"1\" stroke=\"{color}\" stroke-width=\"4\" \
                 points=\"{points} \"/>\n"
            )
        };
        let dot = |x: u32, opacity: &str| {
            format!(
                "<circle cx=\"{x}\" cy=\"5\" r=\"1\" opacity=\"{opacity}\" fill=\"#00F\" \
                 stroke=\"none\" stroke-width=\"1\"/>\n"
            )
        };
        let text = "<text x=\"1\">\n2\n</text>\n";
        let svg = [
            head,
            &line("#F00", "1,2 3,1 0,4"),
            &line("#F00", "7,7 8,8"),
            &line("#0F0", "5,5 6,4"),
            text,
            &dot(3, "1"),
            &dot(6, "1"),
            &dot(6, "0.5"),
            "</svg>\n",
        ]
        .concat();
        let round = "stroke=\"#00F\" stroke-width=\"2\" stroke-linecap=\"round\"";
        let expected = format!(
            "<svg fill=\"none\" viewBox=\"0 0 9 9\">\n<path stroke=\"#F00\" stroke-width=\"4\" \
             d=\"m1,2l2-1-3,3m7,3l1,1\"/>\n\
             <path stroke=\"#0F0\" stroke-width=\"4\" d=\"m5,5l1-1\"/>\n{text}\
             <path {round} d=\"m3,5l0,0m3,0l0,0\"/>\n\
             <path {round} opacity=\"0.5\" d=\"m6,5l0,0\"/>\n</svg>\n"
        );
        assert_eq!(compact(&svg), expected);
    }
}
