//! One page about a model: what was run, the posteriors, the training, the checks. One file, which
//! loads nothing.

mod checks;
mod commands;
mod draws;
mod inference;
mod page;
mod posterior;
mod run;
mod text;
mod training;

pub use commands::{add_command, record_command};
pub(crate) use draws::ParameterSummary;

use crate::run::{Check, Found, RunError, known_scores, read_check, read_status};
use freeform_benchmark::ObservationScore;
use freeform_inference::Model;
use freeform_simulators::write_bytes_atomically;
use std::path::{Path, PathBuf};

/// The page's file, in the model's folder.
const FILE: &str = "report.html";

/// What a page is made of.
struct Content<'a> {
    folder: &'a Path,
    model: &'a Model,
    status: Option<serde_json::Value>,
    check: Option<Check>,
    /// Of the run's observations.
    scores: Vec<ObservationScore>,
    /// What is there but cannot be shown, and what to do.
    left_out: Vec<String>,
}

/// Writes `report.html` into the folder of a model, from what the folder holds; says where it is.
///
/// # Errors
/// [`RunError`] where there is no model, or the page cannot be written.
pub fn report(folder: &Path) -> Result<PathBuf, RunError> {
    let model = Model::load(folder)?;
    let content = content(folder, &model);
    let sections = [
        run::section(&content),
        posterior::section(&content),
        inference::section(&content),
        checks::section(&content),
        training::section(&content),
    ];
    let page = page::page(&title(&content), &sections.concat());
    let path = folder.join(FILE);
    write_bytes_atomically(&path, page.as_bytes())?;
    Ok(path)
}

/// What the folder holds of this model; what is damaged, or another's, is left out and said.
fn content<'a>(folder: &'a Path, model: &'a Model) -> Content<'a> {
    let (run, mut left_out) = (model.training.run.as_deref(), Vec::new());
    let check = match read_check(folder, run) {
        Found::Nothing => None,
        Found::Whole(check) => Some(*check),
        Found::Useless(why) => {
            let name = folder.display();
            left_out.push(format!("check.json {why}: `freeform check {name}` makes it again"));
            None
        }
    };
    let scores = match known_scores(folder, run) {
        Ok(known) => {
            left_out.extend(known.remark);
            known.scores
        }
        Err(error) => {
            left_out.push(error.to_string());
            Vec::new()
        }
    };
    Content { folder, model, status: read_status(folder), check, scores, left_out }
}

/// The simulator's name, or the folder's.
fn title(content: &Content) -> String {
    let named = content.model.training.task.as_deref().map(|task| {
        let path = Path::new(task);
        let folder = path.parent().and_then(Path::file_name).filter(|_| path.is_absolute());
        folder.map_or(task.to_owned(), |name| name.to_string_lossy().into_owned())
    });
    named.unwrap_or_else(|| {
        let folder = std::path::absolute(content.folder).unwrap_or_default();
        folder.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    })
}
