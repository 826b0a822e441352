//! How priors are made.

use super::joint::Joint;
use super::{Block, Law, Marginal, MultivariateNormal, Prior, PriorError, Support};

impl Prior {
    /// Independent parameters, each with a name and a distribution.
    ///
    /// # Errors
    /// [`PriorError`] for no parameters, a name used twice, or a bad number.
    pub fn independent<N: Into<String>>(
        parameters: impl IntoIterator<Item = (N, Marginal)>,
    ) -> Result<Self, PriorError> {
        let mut names = Vec::new();
        let mut marginals = Vec::new();
        for (name, marginal) in parameters {
            let name = name.into();
            let prepared = marginal.prepare(&name)?;
            names.push(name);
            marginals.push((marginal, prepared));
        }
        check_names(&names)?;
        let support = marginals.iter().map(|(marginal, _)| marginal.support()).collect();
        Ok(Self { names, support, law: Law::Independent(marginals) })
    }

    /// The same distribution for `dim` independent parameters, named `theta1`, `theta2`, ….
    ///
    /// # Errors
    /// As [`Prior::independent`].
    pub fn identical(dim: usize, marginal: Marginal) -> Result<Self, PriorError> {
        Self::independent(default_names(dim).into_iter().map(|name| (name, marginal)))
    }

    /// A multivariate normal; without names, parameters are `theta1`, `theta2`, ….
    ///
    /// # Errors
    /// [`PriorError`] if the names are not one for each entry of the mean, or not distinct.
    pub fn multivariate_normal(
        law: MultivariateNormal,
        names: Option<Vec<String>>,
    ) -> Result<Self, PriorError> {
        let dim = law.mean().len();
        let names = names.unwrap_or_else(|| default_names(dim));
        if names.len() != dim {
            let (field, found) = ("names".to_owned(), names.len());
            return Err(PriorError::Dimension { field, found, expected: dim });
        }
        check_names(&names)?;
        Ok(Self { names, support: vec![Support::Real; dim], law: Law::MultivariateNormal(law) })
    }

    /// Parts side by side, in the order of θ's columns: ordered parameters, shares, correlated ones, laws
    /// that are given by parameters of other parts, laws of one's own. Laws of single parameters alone
    /// make the same prior as [`Prior::independent`].
    ///
    /// ```
    /// use freeform_simulators::{Block, Conditional, Prior};
    ///
    /// let prior = Prior::joint(vec![
    ///     Block::one("tau", Conditional::new("half_normal", [("scale", 1.0.into())])?),
    ///     Block::Each {
    ///         names: vec!["a".into(), "b".into()],
    ///         law: Conditional::new("normal", [("mean", 0.0.into()), ("std", "tau".into())])?,
    ///     },
    /// ])?;
    /// // Half-normal at 1, and two normals with standard deviation 1 at 0.
    /// let expected = (2.0 / std::f64::consts::TAU).ln() / 2.0 + 2.0_f64.ln() / 2.0 - 0.5;
    /// let density = prior.log_prob(&[1.0, 0.0, 0.0]);
    /// assert!((density - (expected - std::f64::consts::TAU.ln())).abs() < 1e-12);
    /// # Ok::<(), freeform_simulators::PriorError>(())
    /// ```
    ///
    /// # Errors
    /// [`PriorError`] for a bad number, a name used twice or that no parameter has, laws that are given
    /// by each other, and a law of one's own whose density is not that of its draws.
    pub fn joint(blocks: Vec<Block>) -> Result<Self, PriorError> {
        let names: Vec<String> = blocks.iter().flat_map(|block| block.names()).cloned().collect();
        check_names(&names)?;
        if let Some(empty) = blocks.iter().position(|block| block.names().is_empty()) {
            return Err(PriorError::MissingField {
                place: format!("part {}", empty + 1),
                field: "names".to_owned(),
                fix: "name its parameters".to_owned(),
            });
        }
        let single = blocks.iter().all(|block| matches!(block, Block::Each { .. }));
        let (joint, support) = Joint::new(blocks, &names)?;
        let marginals = (0..names.len()).map(|d| joint.marginal(d));
        if let (true, Some(marginals)) = (single, marginals.collect::<Option<Vec<_>>>()) {
            return Self::independent(names.into_iter().zip(marginals));
        }
        Ok(Self { names, support, law: Law::Joint(joint) })
    }
}

fn default_names(dim: usize) -> Vec<String> {
    (1..=dim).map(|i| format!("theta{i}")).collect()
}

fn check_names(names: &[String]) -> Result<(), PriorError> {
    if names.is_empty() {
        return Err(PriorError::NoParameters);
    }
    for (i, name) in names.iter().enumerate() {
        if names[..i].contains(name) {
            return Err(PriorError::DuplicateName(name.clone()));
        }
    }
    Ok(())
}
