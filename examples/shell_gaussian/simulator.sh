#!/bin/sh
# Two noisy readings of a mean. One simulation a line: index, seed, parameters; the answer begins
# with the index. An empty line ends a batch.
while read -r index seed mean; do
    [ -n "$index" ] || continue
    awk -v index_="$index" -v seed="$seed" -v mean="$mean" '
    function uniform() { state = (state * 16807) % 2147483647; return state / 2147483647 }
    function normal() { return sqrt(-2 * log(uniform())) * cos(6.283185307179586 * uniform()) }
    BEGIN {
        state = seed % 2147483646 + 1
        for (skip = 0; skip < 3; skip++) uniform()
        printf "%s %.9g %.9g\n", index_, mean + 0.5 * normal(), mean + 0.5 * normal()
    }'
done
