#!/bin/sh
# Makes the bundled tapes and MANIFEST anew from sim/scenarios/. Usage: backtest-data/regenerate.sh [PERIGEE]
# A test (BundledTapesTests) compares every build's tapes with MANIFEST; run this only when the generator or the format was meant to change.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
perigee=${1:-"$here/../.build/release/perigee"}
{
    echo "# Bundled tapes, made by \`perigee sim\` (backtest-data/regenerate.sh); docs/generated-market.md says how."
    echo "# records_sha256 is over the 64-byte records, whatever the packing; sha256 is over the file. Times: local, ns."
    for pair in btc-day:btc-l2 eth-year:eth-1m pair:pair-1m; do
        echo
        "$perigee" sim "$here/../sim/scenarios/${pair%%:*}.toml" --generate "$here/${pair##*:}.tape" --packed
    done
} > "$here/MANIFEST.partial"
mv "$here/MANIFEST.partial" "$here/MANIFEST"
