"""The energy of particles on springs to their common centre, in units of kT."""

import sys

STIFFNESS = 4.0


def energy(x):
    """u of positions x1, y1, x2, y2, … It must not change where all move, turn or reflect together."""
    total = 0.0
    for axis in (0, 1):
        places = x[axis::2]
        mean = sum(places) / len(places)
        total += sum((place - mean) ** 2 for place in places)
    return 0.5 * STIFFNESS * total


# One configuration a line: an index, a seed (not used), the positions. The answer begins with the index.
# Standard output is for answers; print messages to sys.stderr.
for line in sys.stdin:
    if not line.strip():  # the end of a batch
        sys.stdout.flush()
        continue
    index, _, *x = line.split()
    print(index, energy([float(value) for value in x]))
