#!/usr/bin/env bash
# The memory store's stress under AddressSanitizer, which ends the run at the first access to memory that is not
# one's own.
#
#     benches/asan.sh [MINUTES]
#
# Runs benches/stress for MINUTES (10), with the system's allocator. The stable compiler has the sanitizer, but
# not the leave to use it: RUSTC_BOOTSTRAP gives that. Builds in target/asan, some minutes the first time.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

host=$(rustc -vV | sed -n 's/^host: //p')
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-target}/asan
# Named with --target, so that what runs while building, macros and build scripts, goes without.
export RUSTC_BOOTSTRAP=1 RUSTFLAGS="-Zsanitizer=address -Cforce-frame-pointers=yes"
# Quick enough to stress, and quicker to build than what is shipped.
export CARGO_PROFILE_BENCH_OPT_LEVEL=1 CARGO_PROFILE_BENCH_LTO=off CARGO_PROFILE_BENCH_CODEGEN_UNITS=16
export CARGO_PROFILE_BENCH_DEBUG=line-tables-only
# What lives as long as the process could be told as a leak; the stress itself checks at its end that the store has given
# every byte back.
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=0:detect_stack_use_after_return=1}

cargo bench --locked --target "$host" --bench stress -- --seconds $((${1:-10} * 60))
