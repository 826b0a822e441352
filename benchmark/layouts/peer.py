"""The same as run.py by the package sbi: NPE with its own embedding for a series (a causal CNN) or a set (a permutation
invariant network), at its defaults, or without one:

    python3 peer.py CASE SIMULATIONS SEED [plain]

FREEFORM names the program that scores (`freeform` by default). Needs numpy and sbi.
"""

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from cases import CASES
from run import ROWS, score, simulated
from sbi.inference import NPE
from sbi.neural_nets import posterior_nn
from sbi.neural_nets.embedding_nets import CausalCNNEmbedding, FCEmbedding, PermutationInvariantEmbedding
from sbi.utils import BoxUniform

SETS = {"student"}


def embedding(name, columns):
    """sbi's own network for this kind of data, as its documentation has it."""
    if name not in SETS:
        # Its default of 160 points pooled into one is longer than the series.
        return CausalCNNEmbedding((columns,), pool_kernel_size=columns // 8)
    each = FCEmbedding(input_dim=1, num_hiddens=40, num_layers=2, output_dim=20)
    return PermutationInvariantEmbedding(trial_net=each, trial_net_output_dim=20)


def main(name, simulations, seed, *options):
    case = CASES[name]
    torch.manual_seed(int(seed))
    torch.set_num_threads(1)
    theta, x, observed = simulated(case, simulations, seed)
    tensor = lambda table: torch.as_tensor(table, dtype=torch.float32)
    # Of a set, trials by features.
    shaped = lambda table: tensor(table)[..., None] if name in SETS and not options else tensor(table)
    net = torch.nn.Identity() if options else embedding(name, x.shape[1])
    prior = BoxUniform(tensor(case.low), tensor(case.high))
    begun = time.process_time()
    # A set's trials are scaled as one, else their order would matter.
    scaled = {"z_score_x": "structured"} if not options else {}
    estimator = posterior_nn("maf", embedding_net=net, **scaled)
    inference = NPE(prior, density_estimator=estimator, show_progress_bars=False)
    inference.append_simulations(tensor(theta), shaped(x)).train(show_train_summary=False)
    posterior, seconds = inference.build_posterior(), time.process_time() - begun
    scores = []
    with tempfile.TemporaryDirectory() as folder:
        at = Path(folder)
        for index in range(len(observed)):
            draws = posterior.sample((ROWS,), x=shaped(observed[index : index + 1]), show_progress_bars=False)
            np.save(at / "draws.npy", draws.numpy())
            scores.append(score(case, observed, index, at / "draws.npy", at))
    how = "plain" if options else type(net).__name__
    print(f"{name} {simulations} seed {seed} sbi, {how}: mean C2ST {np.mean(scores):.3f}")
    print("  each " + " ".join(f"{s:.3f}" for s in scores) + f"; trained in {seconds:.0f} s of one core")


if __name__ == "__main__":
    main(*sys.argv[1:])
