//! Scores of a run that an earlier process made. `status.json`, which has a checksum and names the
//! run, keeps them; `c2st.csv` is the same for people and their programs, and made again where it
//! says anything else.

use super::RunError;
use super::directory::{status, write_status_beside};
use super::rounds::OF_ROUNDS;
use super::sealed::Sealed;
use freeform_benchmark::{ObservationScore, read_scores, scores_text, write_scores};
use freeform_inference::TrainingSummary;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// What is known of a run's scores.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Known {
    pub scores: Vec<ObservationScore>,
    /// What a user should know of them.
    pub remark: Option<String>,
}

/// `status.json` of a run that is scored, or about to be.
#[derive(Serialize)]
pub(super) struct ScoredStatus<'a> {
    /// `done`, or `trained` where observations are missing.
    pub status: &'static str,
    pub task: &'a str,
    pub training_seconds: f64,
    pub evaluation_seconds: f64,
    pub mean_c2st: Option<f64>,
    pub observations: &'a [ObservationScore],
    pub training: &'a TrainingSummary,
}

impl ScoredStatus<'_> {
    /// Keeps the scores: first where they are sealed.
    pub fn write(&self, folder: &Path) -> Result<(), RunError> {
        write_status_beside(folder, self, &OF_ROUNDS)?;
        Ok(write_scores(&table(folder), self.observations)?)
    }
}

/// What only [`ScoredStatus`] says.
pub(super) const OF_SCORES: [&str; 5] =
    ["training_seconds", "evaluation_seconds", "mean_c2st", "observations", "training"];
/// The scores, for people and their programs.
pub(super) const SCORES: &str = "c2st.csv";

fn table(folder: &Path) -> PathBuf {
    folder.join(SCORES)
}

/// The scores that the folder has of the model of this run; those of former versions, whose status has
/// none while they are made, and those without a checksum, are taken from the table.
pub(crate) fn known_scores(folder: &Path, run: Option<&str>) -> Result<Known, RunError> {
    let path = table(folder);
    let shown = path.display();
    let unsealed = || -> Result<Known, RunError> {
        if !path.exists() {
            return Ok(Known::default());
        }
        let remark = format!(
            "{shown}: kept by a former version, without a checksum; the scores are used as they are"
        );
        Ok(Known { scores: read_scores(&path)?, remark: Some(remark) })
    };
    let status = match status(folder) {
        Sealed::Absent | Sealed::Unsealed(_) => return unsealed(),
        Sealed::Damaged => {
            let remark =
                "status.json is damaged: the scores, which it keeps, have to be made again";
            let remark = format!("{}: {remark}", folder.display());
            return Ok(Known { scores: Vec::new(), remark: Some(remark) });
        }
        Sealed::Whole(status) => status,
    };
    let Some(rows) = status.get("observations") else { return unsealed() };
    // Of a program's run, which has no scores, or of another model.
    let of_this = status["training"]["run"].as_str() == run;
    let scores: Option<Vec<ObservationScore>> = serde_json::from_value(rows.clone()).ok();
    let Some(scores) = scores.filter(|_| of_this) else { return Ok(Known::default()) };
    let remark = (!is_part_of(&path, &scores_text(&scores))).then(|| {
        format!(
            "{shown} is not what was written there; the scores are those that status.json keeps"
        )
    });
    Ok(Known { scores, remark })
}

/// Whether the file holds lines of the text alone: all of them, or, after a kill, all but the last.
fn is_part_of(path: &Path, text: &str) -> bool {
    let found = match std::fs::read_to_string(path) {
        Ok(found) => found,
        Err(error) => return error.kind() == std::io::ErrorKind::NotFound,
    };
    let mut lines = text.split_inclusive('\n');
    found.split_inclusive('\n').all(|line| lines.any(|known| known == line))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::directory::write_status;
    use freeform_benchmark::ReferenceSource;
    use serde_json::json;

    fn score(num_observation: usize, c2st: f64) -> ObservationScore {
        let reference = Some(ReferenceSource::Native);
        ObservationScore { num_observation, c2st, mmd: None, median_distance: Some(0.1), reference }
    }

    /// A folder of a run `mine` with these scores in status and table.
    fn folder(scores: &[ObservationScore]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let status = json!({ "observations": scores, "training": { "run": "mine" } });
        write_status(folder.path(), &status).unwrap();
        write_scores(&table(folder.path()), scores).unwrap();
        folder
    }

    #[test]
    fn no_flipped_bit_of_table_or_status_changes_a_score() {
        let scores = [score(1, 0.1 + 0.2), score(3, 0.515)];
        let folder = folder(&scores);
        let known = || known_scores(folder.path(), Some("mine")).unwrap();
        assert_eq!(known(), Known { scores: scores.to_vec(), remark: None });
        for file in ["c2st.csv", "status.json"] {
            let path = folder.path().join(file);
            let whole = std::fs::read(&path).unwrap();
            for bit in (0..8 * whole.len()).step_by(3) {
                let mut bytes = whole.clone();
                bytes[bit / 8] ^= 1 << (bit % 8);
                std::fs::write(&path, bytes).unwrap();
                // A checksum of another name seals nothing: the status is one of a former version's.
                let unsealed = matches!(status(folder.path()), Sealed::Unsealed(_));
                let known = known();
                assert!(known.scores.is_empty() || known.scores == scores, "{file}, bit {bit}");
                // Blanks, and digits beyond double precision, say nothing.
                let harmless = file == "status.json" && known.scores == scores;
                assert!(known.remark.is_some() || harmless, "{file}, bit {bit}");
                assert!(!unsealed || known.scores == scores);
            }
            std::fs::write(&path, whole).unwrap();
        }
    }

    #[test]
    fn a_kill_between_the_two_files_is_no_damage() {
        let scores = [score(1, 0.5), score(2, 0.6)];
        let folder = folder(&scores);
        write_scores(&table(folder.path()), &scores[..1]).unwrap();
        let known = || known_scores(folder.path(), Some("mine")).unwrap();
        assert_eq!(known(), Known { scores: scores.to_vec(), remark: None });
        std::fs::remove_file(table(folder.path())).unwrap();
        assert_eq!(known().scores, scores);
        // Those of another model are none of this one.
        assert_eq!(known_scores(folder.path(), Some("other")).unwrap(), Known::default());
    }

    #[test]
    fn a_former_version_s_table_is_used_with_a_remark() {
        let scores = [score(1, 0.5)];
        let folder = folder(&scores);
        std::fs::remove_file(folder.path().join("status.json")).unwrap();
        let known = known_scores(folder.path(), Some("mine")).unwrap();
        assert_eq!(known.scores, scores);
        assert!(known.remark.unwrap().contains("without a checksum"));
        // As its training wrote the status.
        write_status(folder.path(), &json!({ "status": "trained" })).unwrap();
        assert!(known_scores(folder.path(), None).unwrap().remark.is_some());
    }
}
