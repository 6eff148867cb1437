#!/usr/bin/env bash
# Whole-process times of backtests on the bundled tapes: the least of five runs each, records a second from it.
# Ratios within one run of this script are what can be compared; the machine's other work is in every figure.
set -euo pipefail
cd "$(dirname "$0")/.."
perigee=${1:-.build/release/perigee}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
printf '%-44s %10s %10s %14s\n' "what" "records" "seconds" "records/s"
measure() { # name, strategy, tape, flags...
    local name=$1 strategy=$2 tape=$3 best=999999999999 start end records
    shift 3
    for _ in 1 2 3 4 5; do
        start=$(date +%s%N)
        "$perigee" backtest "$strategy" --data "backtest-data/$tape" --out "$out/run" --quiet "$@" >/dev/null
        end=$(date +%s%N)
        if [ $((end - start)) -lt "$best" ]; then best=$((end - start)); fi
    done
    records=$(sed -n 's/^ *"events": \([0-9]*\),*$/\1/p' "$out/run/summary.json" | head -n 1)
    awk -v n="$name" -v r="$records" -v b="$best" 'BEGIN { printf "%-44s %10d %10.3f %14.0f\n", n, r, b / 1e9, r * 1e9 / b }'
}
measure "level 2, packed: Lua counts every event" Benchmarks/count.lua btc-l2.tape
measure "level 2, packed: market maker, 20 ms" strategies/market_maker.lua btc-l2.tape --latency 20ms/20ms
measure "bars, packed: SMA cross" strategies/sma_cross.lua eth-1m.tape
