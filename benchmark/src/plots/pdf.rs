//! Drawings as PDF: one page of lines and areas, text as the outlines of its letters, so that no font is
//! needed to show it.

mod letters;

use super::{Canvas, Drawn, PlotError, failed, paint, write_whole};
use ab_glyph::FontRef;
use letters::{letters, text_width};
use pdf_writer::types::LineJoinStyle;
use pdf_writer::{Content, Filter, Finish, Name, Pdf, Rect, Ref};
use plotters::prelude::*;
use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingErrorKind, FontTransform,
};
use std::collections::BTreeSet;
use std::convert::Infallible;
use std::io::Write;
use std::path::Path;

/// Points an inch.
const INCH: f32 = 72.0;
/// Control points of a quarter of a circle lie so far along, in radii.
const QUARTER: f32 = 0.552_285;

/// Draws into a page, `scale` places to a hundredth of an inch, then writes it whole.
pub(super) fn write_pdf(
    path: &Path,
    (width, height): (u32, u32),
    scale: u32,
    draw: impl FnOnce(&Canvas<PdfBackend>) -> Drawn,
) -> Result<(), PlotError> {
    let mut sheet = PageContent { content: Content::new(), opacities: BTreeSet::new() };
    let size = (width * scale, height * scale);
    let backend = PdfBackend { size, sheet: &mut sheet };
    paint(path, &backend.into_drawing_area(), draw)?;
    let unit = INCH / (100.0 * scale as f32);
    let bytes = document(&sheet, (size.0 as f32, size.1 as f32), unit);
    write_whole(path, &bytes.map_err(|e| failed(path, e))?)
}

/// What has been drawn, in places from the upper left corner.
struct PageContent {
    content: Content,
    /// Opacities in use, in percent.
    opacities: BTreeSet<u8>,
}

/// Draws on a page.
pub(super) struct PdfBackend<'a> {
    size: (u32, u32),
    sheet: &'a mut PageContent,
}

type Answer = Result<(), DrawingErrorKind<Infallible>>;

impl PageContent {
    fn color(&mut self, color: BackendColor) {
        let (r, g, b) = color.rgb;
        let [r, g, b] = [r, g, b].map(|v| f32::from(v) / 255.0);
        let opacity = (100.0 * color.alpha).round().clamp(0.0, 100.0) as u8;
        self.opacities.insert(opacity);
        self.content.set_parameters(Name(opacity_name(opacity).as_bytes()));
        self.content.set_fill_rgb(r, g, b).set_stroke_rgb(r, g, b);
    }

    fn outline(&mut self, points: impl IntoIterator<Item = BackendCoord>) {
        for (index, (x, y)) in points.into_iter().enumerate() {
            match index {
                0 => self.content.move_to(x as f32, y as f32),
                _ => self.content.line_to(x as f32, y as f32),
            };
        }
    }

    fn stroke(&mut self, style: &impl BackendStyle) {
        self.content.set_line_width(style.stroke_width() as f32).stroke();
    }
}

fn opacity_name(percent: u8) -> String {
    format!("o{percent}")
}

impl DrawingBackend for PdfBackend<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Answer {
        Ok(())
    }

    fn present(&mut self) -> Answer {
        Ok(())
    }

    fn draw_pixel(&mut self, (x, y): BackendCoord, color: BackendColor) -> Answer {
        self.sheet.color(color);
        self.sheet.content.rect(x as f32, y as f32, 1.0, 1.0).fill_nonzero();
        Ok(())
    }

    fn draw_line<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
    ) -> Answer {
        self.draw_path([from, to], style)
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        (left, top): BackendCoord,
        (right, bottom): BackendCoord,
        style: &S,
        fill: bool,
    ) -> Answer {
        if style.color().alpha > 0.0 {
            self.sheet.color(style.color());
            let (width, height) = ((right - left) as f32, (bottom - top) as f32);
            self.sheet.content.rect(left as f32, top as f32, width, height);
            match fill {
                true => _ = self.sheet.content.fill_nonzero(),
                false => self.sheet.stroke(style),
            }
        }
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Answer {
        if style.color().alpha > 0.0 {
            self.sheet.color(style.color());
            self.sheet.outline(path);
            self.sheet.stroke(style);
        }
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        (x, y): BackendCoord,
        radius: u32,
        style: &S,
        fill: bool,
    ) -> Answer {
        if style.color().alpha > 0.0 {
            self.sheet.color(style.color());
            let (x, y, r) = (x as f32, y as f32, radius as f32);
            let k = QUARTER * r;
            let content = &mut self.sheet.content;
            content.move_to(x + r, y);
            content.cubic_to(x + r, y + k, x + k, y + r, x, y + r);
            content.cubic_to(x - k, y + r, x - r, y + k, x - r, y);
            content.cubic_to(x - r, y - k, x - k, y - r, x, y - r);
            content.cubic_to(x + k, y - r, x + r, y - k, x + r, y);
            match fill {
                true => _ = content.fill_nonzero(),
                false => self.sheet.stroke(style),
            }
        }
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        points: I,
        style: &S,
    ) -> Answer {
        if style.color().alpha > 0.0 {
            self.sheet.color(style.color());
            self.sheet.outline(points);
            self.sheet.content.close_path().fill_nonzero();
        }
        Ok(())
    }

    fn draw_text<T: BackendTextStyle>(
        &mut self,
        text: &str,
        style: &T,
        (x, y): BackendCoord,
    ) -> Answer {
        let font = FontRef::try_from_slice(epaint_default_fonts::UBUNTU_LIGHT);
        let font = font.map_err(|e| DrawingErrorKind::FontError(Box::new(e)))?;
        let size = style.size() as f32;
        let width = text_width(text, &font, size);
        let across = match style.anchor().h_pos {
            HPos::Left => 0.0,
            HPos::Center => -0.5 * width,
            HPos::Right => -width,
        };
        // From the anchor down to the baseline, as browsers have it for SVG.
        let down = size
            * match style.anchor().v_pos {
                VPos::Top => 0.76,
                VPos::Center => 0.3,
                VPos::Bottom => -0.2,
            };
        // Cosine and sine of the turn.
        let (c, s) = match style.transform() {
            FontTransform::None => (1.0, 0.0),
            FontTransform::Rotate90 => (0.0, 1.0),
            FontTransform::Rotate180 => (-1.0, 0.0),
            FontTransform::Rotate270 => (0.0, -1.0),
        };
        let sheet = &mut *self.sheet;
        sheet.content.save_state();
        sheet.color(style.color());
        sheet.content.transform([c, s, -s, c, x as f32, y as f32]);
        sheet.content.transform([1.0, 0.0, 0.0, 1.0, across, down]);
        letters(&mut sheet.content, text, &font, size);
        sheet.content.fill_nonzero().restore_state();
        Ok(())
    }
}

/// The file: a catalogue, its one page, and the drawing.
fn document(sheet: &PageContent, size: (f32, f32), unit: f32) -> std::io::Result<Vec<u8>> {
    let [catalog, tree, page, drawing] = [1, 2, 3, 4].map(Ref::new);
    let (width, height) = (size.0 * unit, size.1 * unit);
    let mut pdf = Pdf::new();
    pdf.catalog(catalog).pages(tree);
    pdf.pages(tree).kids([page]).count(1);
    let mut leaf = pdf.page(page);
    leaf.parent(tree).media_box(Rect::new(0.0, 0.0, width, height)).contents(drawing);
    let mut resources = leaf.resources();
    let mut states = resources.ext_g_states();
    for percent in &sheet.opacities {
        let share = f32::from(*percent) / 100.0;
        let name = opacity_name(*percent);
        let mut state =
            states.insert(Name(name.as_bytes())).start::<pdf_writer::writers::ExtGraphicsState>();
        state.stroking_alpha(share).non_stroking_alpha(share);
    }
    states.finish();
    resources.finish();
    leaf.finish();
    // Places grow downwards, points upwards.
    let mut head = Content::new();
    head.transform([unit, 0.0, 0.0, -unit, 0.0, height]);
    head.set_line_join(LineJoinStyle::RoundJoin);
    let mut squeezed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    squeezed.write_all(&head.finish())?;
    squeezed.write_all(b"\n")?;
    squeezed.write_all(sheet.content.as_bytes())?;
    let bytes = squeezed.finish()?;
    pdf.stream(drawing, &bytes).filter(Filter::FlateDecode);
    Ok(pdf.finish())
}
