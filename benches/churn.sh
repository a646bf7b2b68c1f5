#!/usr/bin/env bash
# How much memory warp takes while far more than fits is asked for: a load of many sizes, for a long time.
#
#     benches/churn.sh [MINUTES]
#     benches/churn.sh --draw [SAMPLES]
#
# Runs tests/proxy/churn.rs for MINUTES (60) against a release build with --memory 1GB, so that resources of
# 50 MB are kept, too. Every second's numbers go to target/churn/samples.csv, and a picture of them to
# docs/src/store-churn.svg, and what came of the requests, with the statuses that were not 200 and the reasons for them, to
# target/churn/ends.txt; --draw draws the picture alone, also while the run goes on, of SAMPLES where they are
# elsewhere. Fails when a bound does not hold.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

out=${CARGO_TARGET_DIR:-target}/churn
samples=$out/samples.csv
picture=docs/src/store-churn.svg

# Lines of numbers to a picture: time to the right, bytes upwards.
draw() {
    awk -F, '
    # The next of 1, 2, 5, 10, 20 ... that is not smaller.
    function round(number,   unit) {
        for (unit = 1; unit * 10 <= number; unit *= 10);
        return unit * (number <= unit ? 1 : number <= 2 * unit ? 2 : number <= 5 * unit ? 5 : 10)
    }
    function x(seconds) { return left + (seconds / longest) * wide }
    function y(mb) { return top + high - (mb / highest) * high }
    function line(values, class,   n, path) {
        for (n = 1; n <= count; n++) path = path sprintf("%s%.1f,%.1f", n == 1 ? "M" : "L", x(seconds[n]), y(values[n]))
        printf "<path class=\"%s\" d=\"%s\"/>\n", class, path
    }
    function label(text, class, place) {
        printf "<path class=\"%s\" d=\"M%d,%dh24\"/>", class, left + place, top - 16
        printf "<text x=\"%d\" y=\"%d\">%s</text>\n", left + place + 30, top - 12, text
    }
    NR > 1 {
        # As many points as can be told apart; the highest of those that one stands for.
        all++
        if (all == 1 || $1 - seconds[count] >= step) { count++; seconds[count] = $1; rss[count] = store[count] = 0 }
        if ($2 / mb > rss[count]) rss[count] = $2 / mb
        if ($3 / mb > store[count]) store[count] = $3 / mb
        limit[count] = $4 / mb; bound[count] = $5 / mb
        if (bound[count] > largest) largest = bound[count]
        if (rss[count] > largest) largest = rss[count]
    }
    BEGIN { mb = 1048576; left = 70; top = 40; wide = 800; high = 320 }
    END {
        longest = seconds[count]
        highest = round(largest); if (highest > 1.25 * largest) highest = int(largest * 1.1 / 50 + 1) * 50
        print "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 900 410\" role=\"img\" aria-label=\"Memory over time\">"
        print "<style>svg{background:#fff}text{font:13px sans-serif;fill:#333}path{fill:none;stroke-width:1.5}" \
              ".grid{stroke:#ddd;stroke-width:1}.rss{stroke:#c4401a}.store{stroke:#2060b0}" \
              ".limit{stroke:#555;stroke-dasharray:6 4}.bound{stroke:#111;stroke-dasharray:2 3}</style>"
        unit = round(highest / 6)
        for (at = 0; at <= highest; at += unit) {
            printf "<path class=\"grid\" d=\"M%d,%.1fh%d\"/>", left, y(at), wide
            printf "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%d MB</text>\n", left - 6, y(at) + 4, at
        }
        scale = longest < 300 ? 1 : 60
        unit = round(longest / scale / 8)
        for (at = 0; at * scale <= longest + 1; at += unit)
            printf "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%d %s</text>\n", x(at * scale), top + high + 20, at, \
                scale == 1 ? "s" : "min"
        line(bound, "bound"); line(limit, "limit"); line(rss, "rss"); line(store, "store")
        label("resident memory", "rss", 0); label("counted by the store", "store", 180)
        label("--memory", "limit", 380); label("its bound", "bound", 520)
        print "</svg>"
    }' step="$(awk -F, 'END { printf "%.3f", $1 / 800 }' "$samples")" "$samples" >"$picture"
    awk -F, 'NR > 1 { if ($2 > rss) rss = $2; if ($3 > store) store = $3; limit = $4; seconds = $1; requests = $7 }
        END { printf "%d s, %d requests: at most %.1f MB resident (%.3f of the limit), %.1f MB counted (%.3f)\n",
              seconds, requests, rss / 1048576, rss / limit, store / 1048576, store / limit }' "$samples"
}

if [ "${1:-}" = --draw ]; then
    samples=${2:-$samples}
    draw
    exit
fi

mkdir -p "$out"
cargo build --locked --release
# A copy, so that what is measured stays the same when somebody builds meanwhile.
cp "${CARGO_TARGET_DIR:-target}/release/warp" "$out/warp"
held=0
CHURN_SECONDS=$((${1:-60} * 60)) CHURN_LIMIT_MB=1024 CHURN_CSV=$(realpath "$out")/samples.csv \
    WARP_BIN=$(realpath "$out")/warp cargo test --locked --test proxy churn:: -- --nocapture | tee "$out/ends.txt" || held=1
draw
exit "$held"
