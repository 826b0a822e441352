"""The training step of the stack benchmark in PyTorch: steps a second by network and batch.

    python benches/torch_step.py --device cuda      # or cpu, mps

The same networks (SiLU), loss (Algorithm 1: one probe, the decoder's tangent by forward mode, the
encoder's by a vector-Jacobian product) and Adam; to be run on the card that
`cargo bench --bench stack --features wgpu,fusion,autotune -- --device wgpu` ran on.
"""

import argparse
import time

import torch
from torch.autograd import forward_ad
from torch.nn import functional

DIM, CONTEXT, BETA = 5, 8, 25.0


class ResidualNetwork(torch.nn.Module):
    """u + output(blocks(input([u, c]))), each block gated by the context where `glu`."""

    def __init__(self, width, input_layers, blocks, glu):
        super().__init__()
        linear = torch.nn.Linear
        sizes = [DIM + CONTEXT] + [width] * input_layers
        self.inputs = torch.nn.ModuleList(map(linear, sizes[:-1], sizes[1:]))
        self.first = torch.nn.ModuleList(linear(width, width) for _ in range(blocks))
        self.second = torch.nn.ModuleList(linear(width, width) for _ in range(blocks))
        self.gates = torch.nn.ModuleList(linear(CONTEXT, width) for _ in range(blocks * glu))
        self.output = linear(width, DIM)

    def forward(self, u, context):
        hidden = self.inputs[0](torch.cat((u, context), 1))
        for layer in self.inputs[1:]:
            hidden = layer(functional.silu(hidden))
        for index, (first, second) in enumerate(zip(self.first, self.second)):
            residual = second(functional.silu(first(functional.silu(hidden))))
            if self.gates:
                residual = residual * torch.sigmoid(self.gates[index](context))
            hidden = hidden + residual
        return u + self.output(hidden)


def loss(encoder, decoder, theta, context):
    theta = theta.detach().requires_grad_()
    latent = encoder(theta, context)
    probe = torch.randint(0, 2, latent.shape, device=latent.device) * 2.0 - 1.0
    with forward_ad.dual_level():
        dual = decoder(forward_ad.make_dual(latent, probe), context)
        decoded, tangent = forward_ad.unpack_dual(dual)
    (pulled,) = torch.autograd.grad(latent, theta, probe, create_graph=True)
    surrogate = (pulled * tangent.detach()).sum(1)
    error = (decoded - theta).square().sum(1)
    return (0.5 * latent.square().sum(1) - surrogate + BETA * error).mean()


def steps_per_second(arguments, batch, device, seconds):
    encoder, decoder = (ResidualNetwork(*arguments).to(device) for _ in range(2))
    optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], 5e-4)
    theta, context = (torch.randn(batch, width, device=device) for width in (DIM, CONTEXT))

    def run(count):
        for _ in range(count):
            optimizer.zero_grad()
            loss(encoder, decoder, theta, context).backward()
            optimizer.step()
        # A read waits for the device, as the end of a run of steps does.
        next(encoder.parameters()).sum().item()

    run(4)
    done, started = 0, time.perf_counter()
    while time.perf_counter() - started < seconds:
        run(8)
        done += 8
    return done / (time.perf_counter() - started)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--batches", type=int, nargs="+", default=[32, 128, 512, 1024, 4096, 16384])
    parser.add_argument("--seconds", type=float, default=2.0, help="of each case")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print("network batch    steps/s")
    networks = {"S": (50, 1, 10, True), "L": (256, 2, 4, False)}
    for name, arguments in networks.items():
        for batch in options.batches:
            rate = steps_per_second(arguments, batch, options.device, options.seconds)
            print(f"{name:>7} {batch:>5} {rate:>10.2f}", flush=True)


if __name__ == "__main__":
    main()
