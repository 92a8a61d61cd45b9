//! A curve over a logarithmic axis, as text for a terminal and as SVG: a loss over learning rates.

use std::fmt::Write as _;

/// What is drawn; every `x` is above 0.
#[derive(Clone, Debug)]
pub struct Curve<'a> {
    /// What the picture shows.
    pub title: &'a str,
    /// What the vertical axis measures.
    pub y_name: &'a str,
    /// What the horizontal axis measures.
    pub x_name: &'a str,
    /// Points in the order of x.
    pub points: &'a [(f64, f64)],
    /// A place on the horizontal axis that is pointed out.
    pub mark: Option<f64>,
}

/// Height of the drawing in lines.
const LINES: usize = 12;
/// Size of the SVG, and the space around its plot.
const SIZE: (f64, f64) = (640.0, 400.0);
const MARGIN: f64 = 56.0;

/// The least and the greatest of some numbers, apart in any case.
fn span(numbers: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let low = numbers.clone().fold(f64::INFINITY, f64::min);
    let high = numbers.fold(f64::NEG_INFINITY, f64::max);
    if high > low { (low, high) } else { (low - 0.5, low + 0.5) }
}

impl Curve<'_> {
    fn x_span(&self) -> (f64, f64) {
        span(self.points.iter().map(|(x, _)| x.log10()))
    }

    fn y_span(&self) -> (f64, f64) {
        span(self.points.iter().map(|(_, y)| *y))
    }

    /// Powers of ten on the horizontal axis.
    fn powers(&self) -> impl Iterator<Item = i32> {
        let (low, high) = self.x_span();
        (low - 1e-9).ceil() as i32..=(high + 1e-9).floor() as i32
    }

    /// The curve in `width` columns of text: a star a column, `|` under the mark.
    #[must_use]
    pub fn text(&self, width: usize) -> String {
        if self.points.is_empty() {
            return String::new();
        }
        let ((left, right), (low, high)) = (self.x_span(), self.y_span());
        let labels = [format!("{high:.3}"), format!("{low:.3}")];
        let gutter = labels.iter().map(String::len).max().unwrap_or(0);
        let columns = width.saturating_sub(gutter + 2).max(16);
        let column = |x: f64| ((x.log10() - left) / (right - left) * (columns - 1) as f64).round() as usize;
        let line = |y: f64| ((high - y) / (high - low) * (LINES - 1) as f64).round() as usize;
        let mut grid = vec![vec![' '; columns]; LINES];
        let mark = self.mark.map(column).filter(|mark| *mark < columns);
        if let Some(mark) = mark {
            grid.iter_mut().for_each(|line| line[mark] = '|');
        }
        for (x, y) in self.points {
            grid[line(*y).min(LINES - 1)][column(*x).min(columns - 1)] = '*';
        }
        let mut text = format!("{}\n", self.y_name);
        for (at, cells) in grid.iter().enumerate() {
            let label = match at {
                0 => labels[0].as_str(),
                at if at == LINES - 1 => &labels[1],
                _ => "",
            };
            let cells: String = cells.iter().collect();
            _ = writeln!(text, "{label:>gutter$} |{}", cells.trim_end());
        }
        let mut axis = String::new();
        for power in self.powers() {
            let at = column(10_f64.powi(power));
            if axis.len() <= at {
                axis = format!("{axis:<at$}1e{power} ");
            }
        }
        _ = writeln!(text, "{:>gutter$} +{}", "", "-".repeat(columns));
        _ = writeln!(text, "{:>gutter$}  {}", "", axis.trim_end());
        text
    }

    /// The curve as an SVG file.
    #[must_use]
    pub fn svg(&self) -> String {
        let ((left, right), (low, high)) = (self.x_span(), self.y_span());
        let (width, height) = SIZE;
        let x = |x: f64| MARGIN + (x.log10() - left) / (right - left) * (width - 2.0 * MARGIN);
        let y = |y: f64| MARGIN + (high - y) / (high - low) * (height - 2.0 * MARGIN);
        let (top, bottom) = (MARGIN, height - MARGIN);
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" role=\"img\">\n\
             <title>{title}</title>\n<style>text {{ font: 12px sans-serif; fill: #57606a }} \
             .axis {{ stroke: #8c96a5; fill: none }} .grid {{ stroke: #8c96a5; stroke-opacity: 0.3 }} \
             .curve {{ stroke: #0969da; fill: none; stroke-width: 2 }} \
             .mark {{ stroke: #cf222e; stroke-dasharray: 4 3 }}</style>\n\
             <text x=\"{MARGIN}\" y=\"24\">{title}</text>\n<text x=\"{MARGIN}\" y=\"46\">{name}</text>\n",
            title = escaped(self.title),
            name = escaped(self.y_name),
        );
        for power in self.powers() {
            let at = x(10_f64.powi(power));
            _ = writeln!(svg, "<path class=\"grid\" d=\"M{at:.1} {top}V{bottom}\"/>");
            _ = writeln!(svg, "<text x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"middle\">1e{power}</text>", bottom + 18.0);
        }
        for value in [low, high] {
            let at = y(value) + 4.0;
            _ = writeln!(svg, "<text x=\"{:.1}\" y=\"{at:.1}\" text-anchor=\"end\">{value:.3}</text>", MARGIN - 6.0);
        }
        let end = width - MARGIN;
        _ = writeln!(svg, "<path class=\"axis\" d=\"M{MARGIN} {top}V{bottom}H{end}\"/>");
        let path: Vec<String> =
            self.points.iter().map(|(at, value)| format!("{:.1} {:.1}", x(*at), y(*value))).collect();
        _ = writeln!(svg, "<path class=\"curve\" d=\"M{}\"/>", path.join("L"));
        if let Some(mark) = self.mark {
            let at = x(mark);
            _ = writeln!(svg, "<path class=\"mark\" d=\"M{at:.1} {top}V{bottom}\"/>");
            _ = writeln!(svg, "<text x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{mark:e}</text>", top - 4.0);
        }
        _ = writeln!(
            svg,
            "<text x=\"{end}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            height - 14.0,
            escaped(self.x_name)
        );
        svg.push_str("</svg>\n");
        svg
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(points: &[(f64, f64)]) -> Curve<'_> {
        Curve { title: "a < b", y_name: "loss", x_name: "rate", points, mark: Some(1e-3) }
    }

    #[test]
    fn a_falling_curve_goes_from_the_top_left_to_the_bottom_right() {
        let points: Vec<(f64, f64)> = (0..50).map(|at| (1e-5 * 1.2_f64.powi(at), 2.0 - 0.03 * f64::from(at))).collect();
        let text = curve(&points).text(60);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[1].starts_with("2.000 |*"), "{text}");
        assert!(lines[12].starts_with("0.530 |") && lines[12].ends_with('*'), "{text}");
        assert!(lines[14].contains("1e-5") && lines[14].contains("1e-3"), "{text}");
        assert!(lines.iter().all(|line| line.len() <= 62), "{text}");
    }

    #[test]
    fn a_picture_is_whole_and_escaped_and_one_point_is_no_trouble() {
        let svg = curve(&[(1e-3, 1.0)]).svg();
        assert!(svg.contains("a &lt; b") && svg.ends_with("</svg>\n") && !svg.contains("NaN"), "{svg}");
        assert!(curve(&[(1e-3, 1.0)]).text(40).contains('*'));
        assert_eq!(curve(&[]).text(40), "");
    }
}
