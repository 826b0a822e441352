"""The ways of the package sbi: a script of its changes one import, `from sbi` to `from freeform_sbi.sbi`.

>>> from freeform_sbi.sbi.inference import NPE
>>> inference = NPE(prior)
>>> inference.append_simulations(theta, x).train()
>>> posterior = inference.build_posterior()
>>> draws = posterior.sample((10_000,), x=x_observed)

Arrays come back as torch tensors where the simulations or the observation were tensors.
"""

from . import analysis, inference, utils
from .analysis import pairplot
from .inference import NPE, SNPE, DirectPosterior, simulate_for_sbi
from .utils import BoxUniform, check_sbi_inputs, process_prior, process_simulator

__all__ = [
    "NPE",
    "SNPE",
    "BoxUniform",
    "DirectPosterior",
    "analysis",
    "check_sbi_inputs",
    "inference",
    "pairplot",
    "process_prior",
    "process_simulator",
    "simulate_for_sbi",
    "utils",
]
