//! What settings and data say together of the layout of x.

use super::{ConfigError, Overrides, Problem, TransformConfig};
use freeform_simulators::{DataLayout, Layout};
use toml::Value;

impl Overrides {
    /// Rows and columns of pixels belong to an image, and what an array says of them where nobody says
    /// more; its channels are then what is left of x.
    pub(super) fn settle_shape(
        &self,
        transform: &mut TransformConfig,
        problem: &Problem,
    ) -> Result<(), ConfigError> {
        let given = self.transform("shape").filter(|_| transform.shape.is_some());
        match (transform.layout, given) {
            (Layout::Image, _) => {
                let stated = problem.layout.clone().unwrap_or_default();
                transform.shape = transform.shape.or(stated.shape);
                let pixels = transform.shape.map(|[rows, columns]| rows.saturating_mul(columns));
                if self.transform("channels").is_none() && stated.layout != Layout::Image {
                    let left = pixels.filter(|pixels| problem.context_dim.is_multiple_of(*pixels));
                    transform.channels = left.map_or(1, |pixels| problem.context_dim / pixels);
                }
            }
            (Layout::Auto, _) => {}
            (_, None) => transform.shape = None,
            (_, Some(value)) => {
                let requirement = "left out unless transform.layout is image: it is the rows and \
                                   columns of pixels"
                    .to_owned();
                return Err(self.refused("transform.shape", value, requirement));
            }
        }
        Ok(())
    }

    /// Channels alone, with no layout, belong to a series or a set, whichever; rows and columns of
    /// pixels to an image.
    pub(super) fn with_channels(&self, problem: Problem) -> Problem {
        let alone = |key: &str| self.transform(key).is_some() && self.transform("layout").is_none();
        let shaped =
            self.transform("shape").and_then(Value::as_array).is_some_and(|s| !s.is_empty());
        match &problem.layout {
            Some(DataLayout { layout: Layout::Image, .. }) => problem,
            stated if alone("shape") && shaped => {
                let shape = stated.as_ref().and_then(|stated| stated.shape);
                let image = DataLayout { shape, ..DataLayout::new(Layout::Image, 1) };
                problem.laid_out(Some(image))
            }
            None if alone("channels") => problem.laid_out(Some(DataLayout::of_channels(1))),
            _ => problem,
        }
    }
}
