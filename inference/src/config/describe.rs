//! Every setting in words: the one list that a user is shown.

use super::Config;
use toml::{Table, Value};

/// A setting, with its value in some configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// `section.key`.
    pub key: String,
    /// Its value, as TOML writes it.
    pub value: String,
    /// What it does, in a line.
    pub meaning: &'static str,
}

/// Sections, and what they are about.
pub(super) const SECTIONS: [(&str, &str); 7] = [
    ("network", "encoder and decoder, residual networks"),
    ("loss", "½‖z‖² − change of variables + β · reconstruction"),
    ("optimizer", "AdamW"),
    ("training", "batches, epochs, early stopping"),
    ("transform", "what the flows see of parameters and data"),
    ("whitening", "the conditional Gaussian beneath each flow"),
    ("posterior", "how draws are made"),
];

/// What each key does, in the order of the file.
const MEANINGS: [(&str, &str); 40] = [
    ("network.width", "width of the hidden layers"),
    ("network.input_layers", "linear layers before the blocks"),
    ("network.blocks", "residual blocks of two linear layers"),
    ("network.activation", "relu, silu, gelu or tanh"),
    ("network.glu", "whether blocks end in a gated linear unit on the data"),
    ("loss.log_det", "exact, hutchinson, or auto: exact up to 10 parameters"),
    ("loss.probes", "probes per sample with hutchinson (at most the number of parameters)"),
    ("loss.beta_start", "β, the weight of the reconstruction, at the first step"),
    ("loss.beta_end", "β at the end of the ramp and after"),
    ("loss.beta_ramp", "share of the planned steps over which β moves, geometrically"),
    ("loss.latent_reconstruction", "weight of the reconstruction error in latent units; 0 is off"),
    ("optimizer.learning_rate", "the highest learning rate"),
    ("optimizer.schedule", "constant, cosine or one-cycle"),
    ("optimizer.weight_decay", "decoupled weight decay; 0 is Adam"),
    ("optimizer.clip_norm", "largest global norm of the gradient; 0 switches clipping off"),
    (
        "optimizer.average_decay",
        "decay of a moving average of the weights, which is what is used; 0 is off",
    ),
    ("training.batch_size", "simulations per step"),
    ("training.max_epochs", "planned passes over the simulations; schedules stretch over them"),
    (
        "training.patience",
        "epochs without a better validation NLL before it stops; 0 never stops early",
    ),
    ("training.validation_fraction", "share of the simulations held out for validation"),
    ("training.members", "flows that are trained and averaged, each with other rows held out"),
    (
        "transform.theta",
        "standardize; log: first the logarithm of positive parameters; unconstrain: first the prior's bijection to all reals",
    ),
    (
        "transform.data",
        "standardize, or shape: first log, log1p or asinh for skewed or heavy-tailed columns",
    ),
    (
        "transform.layout",
        "what the numbers of x are to each other: vector, series, set, image, parts, or auto: what held-out simulations say of a wide x",
    ),
    (
        "transform.channels",
        "numbers of one point of a series, of one trial of a set or of one pixel",
    ),
    ("transform.shape", "rows and columns of pixels of an image, as [32, 32]"),
    (
        "transform.parts",
        "parts that x consists of, each with its own layout, as [\"series:40x2\", \"vector:3\"]",
    ),
    (
        "transform.missing",
        "what a NaN in x means: failed, that the simulation did; allowed, that the number was not measured",
    ),
    (
        "transform.screening",
        "whether columns of a wide x that show no dependence on any parameter are left out",
    ),
    (
        "whitening.kind",
        "off, linear (in closed form), network (a perceptron over the linear one), or auto: the better of these two",
    ),
    ("whitening.networks", "perceptrons whose outputs are averaged"),
    (
        "whitening.degree",
        "highest degree of the regression beneath, up to 3; rounds after the first: 3",
    ),
    ("whitening.width", "width of the perceptron's two hidden layers"),
    ("whitening.steps", "planned steps of the perceptron"),
    ("whitening.batch_size", "simulations per step of the perceptron"),
    ("whitening.learning_rate", "the perceptron's highest learning rate"),
    ("whitening.weight_decay", "the perceptron's decoupled weight decay"),
    (
        "posterior.polish_steps",
        "Newton steps on f(θ; x) = z that refine each draw; 0 keeps the decoder's",
    ),
    (
        "posterior.correction",
        "off, on, or auto: corrected by a learnt likelihood as far as held-out simulations say that it helps",
    ),
    (
        "posterior.proposals",
        "at most eight times as many proposals are made for each corrected draw",
    ),
];

impl Config {
    /// Every setting with its value here and its meaning, in the order of `config.toml`.
    #[must_use]
    pub fn described(&self) -> Vec<Setting> {
        let table = Table::try_from(self).unwrap_or_default();
        let value = |key: &str| -> Option<&Value> {
            let (section, name) = key.split_once('.')?;
            table.get(section)?.get(name)
        };
        MEANINGS
            .iter()
            .filter_map(|(key, meaning)| {
                Some(Setting { key: (*key).to_owned(), value: value(key)?.to_string(), meaning })
            })
            .collect()
    }

    /// A text that reads back as these settings, with the meaning of each beside it.
    #[must_use]
    pub fn described_toml(&self) -> String {
        let settings = self.described();
        let mut text = String::new();
        for (section, about) in SECTIONS {
            let own: Vec<(String, &str)> = settings
                .iter()
                .filter_map(|s| {
                    let name = s.key.strip_prefix(section)?.strip_prefix('.')?;
                    Some((format!("{name} = {}", s.value), s.meaning))
                })
                .collect();
            let width = own.iter().map(|(line, _)| line.chars().count()).max().unwrap_or(0);
            text += &format!("{}[{section}]  # {about}\n", if text.is_empty() { "" } else { "\n" });
            for (line, meaning) in own {
                text += &format!("{line:<width$}  # {meaning}\n");
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Overrides, Preset, Problem};
    use super::*;
    use freeform_simulators::Missing;

    const PROBLEM: Problem = Problem {
        simulations: 2000,
        theta_dim: 3,
        context_dim: 5,
        layout: None,
        missing: Missing::Failed,
    };

    /// The list has serde's keys, all of them and no others, and in its order.
    #[test]
    fn every_key_has_a_meaning() {
        let config = Preset::Recommended.config(&PROBLEM);
        let text = toml::to_string(&config).unwrap();
        let mut section = String::new();
        let mut keys = Vec::new();
        for line in text.lines() {
            match line.strip_prefix('[') {
                Some(name) => section = name.trim_end_matches(']').to_owned(),
                None => keys.extend(line.split_once(" = ").map(|(k, _)| format!("{section}.{k}"))),
            }
        }
        assert_eq!(MEANINGS.map(|(key, _)| key.to_owned()).to_vec(), keys);
        assert_eq!(config.described().len(), keys.len());
        let mut sections: Vec<&str> = keys.iter().filter_map(|k| k.split('.').next()).collect();
        sections.dedup();
        assert_eq!(SECTIONS.map(|(name, _)| name).to_vec(), sections);
    }

    #[test]
    fn the_text_reads_back() {
        for preset in [Preset::Recommended, Preset::Paper] {
            let config = preset.config(&PROBLEM);
            let read = Overrides::parse(&config.described_toml()).unwrap();
            assert_eq!(read.resolve(Preset::Recommended, &PROBLEM).unwrap(), config);
        }
    }

    #[test]
    fn the_readme_lists_every_key() {
        let readme = include_str!("../../../README.md");
        for (section, _) in SECTIONS {
            let row = readme.lines().find(|line| line.starts_with(&format!("| `{section}` |")));
            let row = row.unwrap_or_else(|| panic!("{section} is not in the README"));
            // Values stand in brackets.
            let mut keys = Vec::new();
            let mut depth = 0;
            for part in row.split_inclusive(['(', ')']) {
                if depth == 0 {
                    keys.extend(part.split('`').skip(1).step_by(2));
                }
                depth += i32::from(part.ends_with('(')) - i32::from(part.ends_with(')'));
            }
            let known: Vec<&str> = MEANINGS
                .iter()
                .filter_map(|(key, _)| key.strip_prefix(section)?.strip_prefix('.'))
                .collect();
            assert_eq!(keys[1..], known[..], "{section}");
        }
    }
}
