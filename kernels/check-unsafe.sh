#!/usr/bin/env bash
# Runs the kernels' tests under tools that see what `unsafe` code does wrong. Not part of every
# build: it takes minutes, and Miri a nightly toolchain.
#
#   kernels/check-unsafe.sh            everything that this machine has tools for
#   kernels/check-unsafe.sh TOOL …     of: lints guard address fused valgrind miri
#
# lints     each `unsafe` function and block says why it is sound
# guard     buffers that end at, or begin behind, a page that must not be touched
# address   AddressSanitizer, every instruction set (the stable compiler's own runtime)
# fused     the portable path compiled with FMA gives the bits of AVX2 and AVX-512
# valgrind  Memcheck, portable and AVX2 (it does not know AVX-512)
# miri      Miri, the portable path: rustup +nightly component add miri rust-src
set -euo pipefail
cd "$(dirname "$0")/.."

target=$(rustc -vV | sed -n 's/^host: //p')
missing=0

step() { printf '\n== %s ==\n' "$*"; "$@"; }
absent() { printf '\n!! %s is not here: skipped\n' "$1"; missing=$((missing + 1)); }

lints() { step cargo clippy --release -p freeform-kernels --all-targets -- -D warnings; }

guard() { step cargo test --release -p freeform-kernels --test guard; }

address() {
    # The flag is unstable, its runtime comes with every toolchain.
    RUSTC_BOOTSTRAP=1 RUSTFLAGS="-Zsanitizer=address" ASAN_OPTIONS=detect_leaks=0 PROPTEST_CASES=50 \
        step cargo test --release -p freeform-kernels --target "$target" --target-dir target/address \
        --lib --test agreement --test elementwise --test gemm --test mlp --test optimizer \
        --test output --test refusals --test sparse
}

fused() {
    case "$target" in x86_64-*) ;; *) return ;; esac
    grep -qw avx2 /proc/cpuinfo || { absent "AVX2"; return; }
    RUSTFLAGS="-C target-feature=+avx2,+fma" \
        step cargo test --release -p freeform-kernels --target "$target" --target-dir target/fused \
        --test agreement
}

valgrind() {
    command -v valgrind >/dev/null || { absent "valgrind"; return; }
    local binary
    binary=$(cargo test --release -p freeform-kernels --test agreement --no-run --message-format json |
        sed -n 's/.*"executable":"\([^"]*agreement[^"]*\)".*/\1/p')
    step command valgrind --quiet --error-exitcode=1 "$binary" --test-threads 1 \
        --skip everywhere --skip products
    # Products: at a shape of each kind.
    FREEFORM_FEW_SHAPES=1 step command valgrind --quiet --error-exitcode=1 "$binary" products
}

miri() {
    cargo +nightly miri --version >/dev/null 2>&1 || { absent "Miri"; return; }
    MIRIFLAGS="-Zmiri-disable-isolation" PROPTEST_CASES=2 \
        step cargo +nightly miri test -p freeform-kernels --target-dir target/miri
}

if [ $# = 0 ]; then set -- lints guard address fused valgrind miri; fi
for tool; do
    case "$tool" in
        lints | guard | address | fused | valgrind | miri) "$tool" ;;
        *) echo "$tool: none of lints, guard, address, fused, valgrind, miri" >&2; exit 2 ;;
    esac
done
printf '\nall checks passed, %s skipped\n' "$missing"
