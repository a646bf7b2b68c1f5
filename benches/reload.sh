#!/usr/bin/env bash
# How long an edit of the policy takes to serve, while wrk asks as fast as it can.
#
#     benches/reload.sh [WARP]
#
# WARP is the binary to measure; without it, a release build is made. A second warp is the origin. "to serving" is
# from the rename that puts the file in place to the first response that the new policy made, "to the swap" what
# /status tells of the reload: reading, checking, compiling and publishing. Then requests are timed for 12 seconds at
# rest and for 12 seconds with 20 reloads of 10,000 rules, in turns, as often as PAIRS says (3): at a steady 10,000
# requests a second (h2load, package nghttp2-client), and as many as two processors can ask and answer (wrk). At rest the
# same files are moved, to where no warp looks: what the measuring takes of the processors is taken from both. What is
# not installed is left out.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

warp=${1:-}
if [ -z "$warp" ]; then
    cargo build --locked --release
    warp=${CARGO_TARGET_DIR:-target}/release/warp
fi

work=$(mktemp -d)
# What is written of each request is not written beside the policy, where warp looks at every change.
mkdir "$work/load"
children=()
cleanup() {
    for child in "${children[@]}"; do kill "$child" 2>/dev/null || true; done
    wait
    rm -rf "$work"
}
trap cleanup EXIT

# ---- processes ----------------------------------------------------------------

# Starts warp with the policy $2; its ports come out in $work/$1.out.
start() {
    "$warp" serve "$2" --listen 127.0.0.1:0 --admin 127.0.0.1:0 >"$work/$1.out" 2>"$work/$1.log" &
    children+=("$!")
    for _ in $(seq 1 1000); do
        if grep -qs '^admin on' "$work/$1.out"; then return; fi
        sleep 0.02
    done
    cat "$work/$1.log" >&2
    exit 2
}

# The port that warp $1 said for "$2 on".
port_of() { sed -n "s|^$2 on http://127.0.0.1:||p" "$work/$1.out"; }

load=
start_load() {
    load=
    command -v wrk >/dev/null || return 0
    wrk -t1 -c16 -d600s -H 'Host: h1.example' "http://127.0.0.1:$traffic/p1/x" >"$work/wrk.out" &
    load=$!
    children+=("$load")
}

# wrk sums up at SIGINT; what went wrong is told.
stop_load() {
    [ -n "$load" ] || return 0
    kill -INT "$load"
    wait "$load" || true
    grep -E 'Requests/sec|Socket errors|Non-2xx' "$work/wrk.out" | sed 's/^ */    under load: /'
}

# ---- measuring ----------------------------------------------------------------

now_us() { echo "${EPOCHREALTIME/[.,]/}"; }

# The mark of the policy that answers a request on the connection 3.
mark_served() {
    local line mark=
    # cat writes it in one piece; in three, as printf does, the second waits 40 ms for an acknowledgement.
    cat "$work/request" >&3
    while IFS= read -r -u 3 line && [ "$line" != $'\r' ]; do
        case $line in X-Mark:*) mark=${line#X-Mark: } && mark=${mark%$'\r'} ;; esac
    done
    served=$mark
}

# The length of the last reload in microseconds, as /status tells it.
swap_us() {
    exec 4<>"/dev/tcp/127.0.0.1/$admin"
    printf 'GET /status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&4
    sed -n 's/.*"last_reload":{[^}]*"duration_ms":\([0-9.]*\).*/\1/p' <&4 | awk '{ printf "%d\n", $1 * 1000 }'
    exec 4>&-
}

# Prints median, 95th and largest of the numbers in the file $1 as milliseconds.
summary() {
    sort -n "$1" | awk '{ us[NR] = $1 } END {
        median = us[int((NR + 1) / 2)]; high = us[int(NR * 0.95 + 0.999)]
        printf "median %.1f ms, 95th %.1f ms, largest %.1f ms", median / 1000, high / 1000, us[NR] / 1000
    }'
}

# Measures $2 reloads of a policy of $1 rules.
measure() {
    local rules=$1 times=$2 turn began
    : >"$work/serving" >"$work/swap"
    for turn in $(seq 1 "$times"); do
        benches/genpolicy.sh "$rules" "$origin" "$rules-$turn" >"$work/next"
        began=$(now_us)
        mv "$work/next" "$work/site.warp"
        served=
        while [ "$served" != "$rules-$turn" ]; do mark_served; done
        echo $(($(now_us) - began)) >>"$work/serving"
        swap_us >>"$work/swap"
    done
    printf '    %-12s %s\n' "to serving" "$(summary "$work/serving")"
    printf '    %-12s %s\n' "to the swap" "$(summary "$work/swap")"
}

# A load writes a line to "$work/$1": the 99th percentile in microseconds, how many requests were answered, and how many
# were not or not well.

# 12 seconds of as many requests as 4 connections can ask for.
hurried_load() {
    wrk -t1 -c4 -d12s --latency -H 'Host: h1.example' "http://127.0.0.1:$traffic/p1/x" >"$work/wrk.timed"
    awk '
        function us(text) { return text * (text ~ /us$/ ? 1 : text ~ /ms$/ ? 1000 : 1000000) }
        $1 == "99%" { high = us($2) }
        $2 == "requests" && $3 == "in" { answered = $1 }
        /Socket errors/ { for (at = 1; at <= NF; at++) lost += $at }
        /Non-2xx/ { lost += $NF }
        END { printf "%d %d %d\n", high, answered, lost }' "$work/wrk.timed" >>"$work/$1"
}

# 120,000 requests in 12 seconds on 8 connections. A rate with a duration in place of a number never ends (h2load 1.52).
steady_load() {
    local asked=120000
    rm -f "$work/load/h2load.log"
    h2load --h1 -t1 -c8 --rps=1250 -n"$asked" --log-file="$work/load/h2load.log" \
        --connect-to="127.0.0.1:$traffic" http://h1.example/p1/x >"$work/h2load.out"
    sort -n -k3,3 "$work/load/h2load.log" | awk -v asked="$asked" '
        { time[NR] = $3 }
        $2 == 200 { well++ }
        END { printf "%d %d %d\n", time[int(NR * 0.99)], NR, asked - well }' >>"$work/$1"
}

# Moves 20 policies of 10,000 rules to the file $1, one each half second.
move_often() {
    local turn
    for turn in $(seq 1 20); do
        mv "$work/policy-$turn" "$1"
        sleep 0.5
    done
}

# Writes the 20 policies for the turn $1.
write_policies() {
    local turn
    for turn in $(seq 1 20); do benches/genpolicy.sh 10000 "$origin" "$1-$turn" >"$work/policy-$turn"; done
}

# What the requests of the load $1 take at rest and while the policy is reloaded, in turns; $2 says what load that is.
under_reloads() {
    local load=$1 pair reloads before
    printf '12 seconds at rest and 12 seconds with 20 reloads of 10,000 rules, in turns, %s\n' "$2"
    : >"$work/quiet" >"$work/reloading"
    for pair in $(seq 1 "${PAIRS:-3}"); do
        write_policies "rest-$pair"
        move_often "$work/load/site.warp" &
        "$load" quiet
        wait "$!"
        write_policies "pair-$pair"
        before=$(reloads_ok)
        move_often "$work/site.warp" &
        "$load" reloading
        wait "$!"
        reloads=$(($(reloads_ok) - before))
        paste -d' ' <(tail -n1 "$work/quiet") <(tail -n1 "$work/reloading") | awk -v pair="$pair" -v reloads="$reloads" '{
            printf "    pair %d: 99th percentile %.2f ms at rest, %.2f ms with %d reloads, ratio %.2f; ", pair, $1 / 1000, $4 / 1000, reloads, $4 / $1
            printf "%d and %d answered, %d lost\n", $2, $5, $3 + $6 }'
    done
    # Each 99th percentile moves by itself on a shared machine, so that a ratio of two of them moves twice as much: the
    # medians of all pairs are compared, too.
    paste -d' ' "$work/quiet" "$work/reloading" | awk '
        function sort_up(values, count,    one, two, swap) {
            for (one = 1; one < count; one++) for (two = one + 1; two <= count; two++)
                if (values[two] < values[one]) { swap = values[one]; values[one] = values[two]; values[two] = swap }
        }
        { ratio[NR] = $4 / $1; rest[NR] = $1; reloaded[NR] = $4; lost += $3 + $6 }
        END {
            sort_up(ratio, NR); sort_up(rest, NR); sort_up(reloaded, NR); middle = int((NR + 1) / 2)
            printf "    ratio of the 99th percentiles: median %.2f, least %.2f, largest %.2f; %d requests lost\n", ratio[middle], ratio[1], ratio[NR], lost
            printf "    their medians: %.2f ms at rest, %.2f ms with reloads, ratio %.2f\n", rest[middle] / 1000, reloaded[middle] / 1000, reloaded[middle] / rest[middle] }'
}

# How many reloads there were.
reloads_ok() {
    exec 4<>"/dev/tcp/127.0.0.1/$admin"
    printf 'GET /status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&4
    sed -n 's/.*"reloads_ok":\([0-9]*\).*/\1/p' <&4
    exec 4>&-
}

# Both loads for one size of policy.
series() {
    printf '%s rules, %s reloads, no load\n' "$1" "$2"
    measure "$1" "$2"
    start_load
    if [ -z "$load" ]; then
        echo "wrk is not installed: not measured under load"
        return
    fi
    printf '%s rules, %s reloads, wrk with 16 connections\n' "$1" "$2"
    measure "$1" "$2"
    stop_load
}

# ---- the run ------------------------------------------------------------------

cat >"$work/origin.warp" <<'END'
warp 1;
backend default none;
sub recv { return (synth(200, "OK")); }
END
start origin "$work/origin.warp"
origin=$(port_of origin listening)
benches/genpolicy.sh 10 "$origin" first >"$work/site.warp"
start site "$work/site.warp"
traffic=$(port_of site listening)
admin=$(port_of site admin)
printf 'HEAD /p1/x HTTP/1.1\r\nHost: h1.example\r\n\r\n' >"$work/request"
exec 3<>"/dev/tcp/127.0.0.1/$traffic"

printf '%s, %s cores\n' "$("$warp" --version)" "$(nproc)"
if [ -z "${PAIRS_ONLY:-}" ]; then
    series 10 100
    series 10000 10
fi
if command -v h2load >/dev/null; then under_reloads steady_load "h2load with 10,000 requests a second"; fi
if command -v wrk >/dev/null; then under_reloads hurried_load "wrk with 4 connections"; fi
