//! Tests of its parent.

use super::*;

const PROBLEM: Problem = Problem {
    simulations: 1000,
    theta_dim: 2,
    context_dim: 2,
    layout: None,
    missing: Missing::Failed,
};

fn resolve(text: &str) -> Result<Config, ConfigError> {
    Overrides::parse(text)?.resolve(Preset::Recommended, &PROBLEM)
}

#[test]
fn a_file_changes_only_its_own_keys() {
    let config = resolve("[loss]\nbeta_end = 7\n").unwrap();
    let mut expected = Preset::Recommended.config(&PROBLEM);
    expected.loss.beta_end = 7.0;
    assert_eq!(config, expected);
}

#[test]
fn a_single_key_wins_over_the_file() {
    let mut overrides = Overrides::parse("[network]\nactivation = \"tanh\"\n").unwrap();
    overrides.set("network.activation=gelu").unwrap();
    let config = overrides.resolve(Preset::Paper, &PROBLEM).unwrap();
    assert_eq!(config.network.activation.to_string(), "gelu");
}

#[test]
fn errors_name_the_place_the_key_the_value_and_the_fix() {
    let message = |text| resolve(text).unwrap_err().to_string();
    let says = |text, parts: &[&str]| {
        let message = message(text);
        for part in parts {
            assert!(message.contains(part), "`{part}` is missing in: {message}");
        }
    };
    says(
        "[loss]\n# remark\nbeta_strat = 1",
        &["line 3", "`loss.beta_strat`", "did you mean `loss.beta_start`?"],
    );
    says("[loss]\nbeta_start = -2", &["line 2", "is -2, but must be a number above 0"]);
    says("[network]\nwidth = \"wide\"", &["`network.width` is \"wide\" (string)", "whole number"]);
    says("[network]\nwidth = -5", &["`network.width` is -5", "not negative"]);
    says("network = 3", &["line 1", "`network` is 3", "a section, with the keys", "blocks"]);
    says(
        "[network]\nactivation = \"rely\"",
        &["line 2", "`network.activation` is \"rely\"", "one of relu, silu, gelu, tanh"],
    );
    says("[training]\nbatch_size = 0\n", &["`training.batch_size` is 0", "at least 1 and at most"]);
    says("[loss]\nbeta_end = nan", &["`loss.beta_end` is NaN"]);
    says("[nets]\nwidth = 3", &["unknown key `nets`"]);
    says("[network]\nwidth = = 3", &["line 2"]);
    let mut overrides = Overrides::default();
    overrides.set("whitening.kind=fast").unwrap();
    let error = overrides.resolve(Preset::Paper, &PROBLEM).unwrap_err().to_string();
    assert!(error.contains("setting whitening.kind=fast: `whitening.kind`"), "{error}");
    assert!(error.contains("off") && error.contains("linear"), "{error}");
    assert!(overrides.set("whitening").unwrap_err().to_string().contains("SECTION.KEY=VALUE"));
}

#[test]
fn a_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.toml");
    std::fs::write(&path, "[posterior]\nproposals = 0\n").unwrap();
    let resolved = Overrides::read(&path).unwrap().resolve(Preset::Paper, &PROBLEM);
    let error = resolved.unwrap_err().to_string();
    assert!(error.contains("mine.toml, line 2: `posterior.proposals` is 0"), "{error}");
    std::fs::write(&path, "[posterior\n").unwrap();
    let error = Overrides::read(&path).unwrap_err().to_string();
    assert!(error.contains("mine.toml, line 1"), "{error}");
}

/// Whatever a number is replaced by, what is accepted has sizes that can be computed with.
#[test]
fn sizes_have_limits() {
    for key in [
        "network.width",
        "network.input_layers",
        "network.blocks",
        "loss.probes",
        "training.batch_size",
        "training.max_epochs",
        "training.members",
        "whitening.width",
        "whitening.steps",
        "whitening.batch_size",
        "posterior.proposals",
        "training.patience",
        "posterior.polish_steps",
    ] {
        let mut overrides = Overrides::default();
        overrides.set(&format!("{key}=9223372036854775807")).unwrap();
        let error = overrides.resolve(Preset::Recommended, &PROBLEM).unwrap_err().to_string();
        assert!(error.contains(&format!("`{key}`")), "{error}");
    }
}

/// A run of before layouts was recorded without them.
#[test]
fn a_run_is_known_by_what_could_be_said_of_old() {
    let config = Preset::Recommended.config(&PROBLEM);
    let text = toml::to_string(&config).unwrap();
    assert!(text.contains("layout = \"vector\"\nchannels = 1\n"), "{text}");
    let known = Config::known_by(&text);
    assert!(!known.contains("layout") && !known.contains("channels"), "{known}");
    assert!(text.contains("missing") && !known.contains("missing"), "{known}");
    assert_eq!(Config::known_by(&known), known);
    let other = text.replace("layout = \"vector\"", "layout = \"set\"");
    assert!(Config::known_by(&other).contains("layout = \"set\""));
}
