//! Words and numbers as HTML.

/// A text with what HTML would take for markup written out.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A number with four digits that count.
pub(super) fn number(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return format!("{value}");
    }
    let decade = value.abs().log10().floor();
    match (-4.0..6.0).contains(&decade) {
        true => format!("{value:.*}", (3.0 - decade).clamp(0.0, 8.0) as usize),
        false => format!("{value:.3e}"),
    }
}

/// A share as a percentage.
pub(super) fn percent(share: f64) -> String {
    format!("{:.1}%", 100.0 * share)
}

/// A table with a head; cells are HTML.
pub(super) fn table(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let cells =
        |row: &[String]| -> String { row.iter().map(|c| format!("<td>{c}</td>")).collect() };
    let head: String = head.iter().map(|cell| format!("<th>{cell}</th>")).collect();
    let rows: String = rows.into_iter().map(|row| format!("<tr>{}</tr>\n", cells(&row))).collect();
    format!(
        "<div class=\"wide\"><table><thead><tr>{head}</tr></thead>\n<tbody>{rows}</tbody></table></div>\n"
    )
}

/// A list of two columns.
pub(super) fn pairs(rows: &[(&str, String)]) -> String {
    let row = |(name, value): &(&str, String)| format!("<dt>{name}</dt><dd>{value}</dd>\n");
    format!("<dl>{}</dl>\n", rows.iter().map(row).collect::<String>())
}

/// Something that a reader should look at.
pub(super) fn warned(warning: &str) -> String {
    format!("<div class=\"verdict look\"><b>Look closer.</b> {}</div>\n", escaped(warning))
}

/// A plot of the folder as part of the page, where it is there; `says` describes it to those who do
/// not see it.
pub(super) fn figure(folder: &std::path::Path, file: &str, says: &str) -> String {
    let Ok(svg) = std::fs::read_to_string(folder.join(file)) else { return String::new() };
    let (Some(start), true) = (svg.find("<svg"), svg.trim_end().ends_with("</svg>")) else {
        return warned(&format!("{file} is no whole plot"));
    };
    let label = format!("<svg role=\"img\" aria-label=\"{}\"", escaped(says));
    let svg = svg[start..].replacen("<svg", &label, 1);
    format!("<figure>{svg}<figcaption>{}</figcaption></figure>\n", escaped(says))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_and_numbers_are_written_out() {
        assert_eq!(escaped("a<b & \"c\">"), "a&lt;b &amp; &quot;c&quot;&gt;");
        let shown = [0.0, 1.0, -0.012_345, 12_345.678, 1e-7, 2.5e9].map(number);
        assert_eq!(shown, ["0", "1.000", "-0.01235", "12346", "1.000e-7", "2.500e9"]);
    }
}
