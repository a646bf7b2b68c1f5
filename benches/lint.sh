#!/usr/bin/env bash
# Measures how long `warp check` takes for policies of many rules of one kind each, with an invariant to be proved.
#
#     benches/lint.sh WARP [RULES]
#
# A line for each kind: seconds of a processor, and the most memory. KINDS="cookies mix" measures those alone; with KEEP=DIR
# the policies stay there.
set -euo pipefail

if [ $# -lt 1 ]; then
    echo "usage: benches/lint.sh WARP [RULES]" >&2
    exit 2
fi
warp="$1"
rules="${2:-10000}"
dir="${KEEP:-$(mktemp -d)}"
[ -n "${KEEP:-}" ] || trap 'rm -rf "$dir"' EXIT
all="hosts extensions anchored patterns ends cookies queries fields addresses mix ifs lifetimes answers delivered names tables lookups"

policy() {
    awk -v kind="$1" -v rules="$2" '
    function row(at) {
        if (kind == "hosts") return "host == \"h" int(at / 10) ".example\" and path under \"/p" at "/\" -> pass"
        if (kind == "extensions") return "path ext \"e" at "\" -> pass"
        if (kind == "anchored") return "path ~ \"^/p" at "/[a-z]+\\.html$\" -> pass"
        if (kind == "patterns") return "path ~ \"/x" at "/.*\\.html$\" -> pass"
        if (kind == "ends") return "host ~ \"\\.h" at "\\.example$\" -> pass"
        if (kind == "cookies") return "cookies has \"a" at "\" -> pass"
        if (kind == "queries") return "query[\"a" at "\"] == \"" at "\" -> pass"
        if (kind == "fields") return "header \"X-A" at "\" == \"v\" -> pass"
        if (kind == "addresses") return "client.ip == \"10." int(at / 65536) "." int(at / 256) % 256 "." at % 256 "\" -> pass"
        if (at % 7 == 0) return "path under \"/a" at "/\" -> pass"
        if (at % 7 == 1) return "path ext \"e" at "\" -> pass"
        if (at % 7 == 2) return "host == \"h" at ".example\" -> pass"
        if (at % 7 == 3) return "header \"X-A\" ~ \"^v" at "[0-9]+$\" -> pass"
        if (at % 7 == 4) return "cookies has \"c" at "\" -> pass"
        if (at % 7 == 5) return "path ~ \"/x" at "/.*\\.html$\" -> pass"
        return "client.ip ~ here and path == \"/i" at "\" -> pass"
    }
    function line(at) {
        if (kind == "ifs") return "if (req.path == \"/a" at "\" or req.path == \"/b" at "\") { return (pass); }"
        if (kind == "lifetimes") return "if (bereq.path under \"/a" at "/\") { set beresp.ttl = " at + 1 "s; }"
        if (kind == "answers") return "if (beresp.http.X-C == \"p" at "\") { set beresp.ttl = " at % 100 + 1 "s; set beresp.http.X-P += \"" at % 7 "\"; }"
        if (kind == "delivered") return "if (resp.http.X-D == \"d" at "\") { set resp.http.X-P" at " = \"" at "\"; }"
        return "let n" at " = req.http.X-A" at % 50 " ?? \"a\"; if (n" at " == \"" at "\") { return (synth(403)); }"
    }
    BEGIN {
        print "warp 1;\n"
        print "backend default { .host = \"127.0.0.1\"; }"
        print "acl here { \"10.0.0.0\"/8; }\n"
        print "rules request first { when path under \"/account/\" and client.ip ~ here -> pass; when path under \"/account/\" -> pass; }"
        print "invariant \"accounts\" { path under \"/account/\" => not stored }"
        split("lifetimes:backend_response answers:backend_response delivered:deliver ifs:recv names:recv", pairs, " ")
        for (pair in pairs) { split(pairs[pair], two, ":"); steps[two[1]] = two[2] }
        if (kind == "tables") {
            for (at = 0; at < rules; at++) {
                if (at % 10 == 0) print "rules request first {"
                print "    when path under \"/t" int(at / 10) "/p" at "/\" -> " (at % 2 ? "strip cookie, cache" : "pass") ";"
                if (at % 10 == 9 || at == rules - 1) print "}"
            }
        } else if (kind == "lookups") {
            for (at = 0; at < rules; at++) {
                if (at % 10 == 0) print "table t" int(at / 10) " {"
                print "    \"/k" at "\": \"/v" at "\","
                if (at % 10 == 9 || at == rules - 1) print "}"
            }
            print "sub recv {"
            for (at = 0; at * 10 < rules; at++) print "    if (t" at "[req.path]) { return (synth(301, t" at "[req.path])); }"
            print "}"
        } else if (kind in steps) {
            print "sub " steps[kind] " {"
            for (at = 0; at < rules; at++) print "    " line(at)
            print "}"
        } else {
            print "rules request first {"
            for (at = 0; at < rules; at++) print "    when " row(at) ";"
            print "}"
        }
    }'
}

echo "| kind | seconds | MB |"
echo "|---|---|---|"
for kind in ${KINDS:-$all}; do
    policy "$kind" "$rules" >"$dir/$kind.warp"
    status=0
    /usr/bin/time -o "$dir/$kind.time" -f '%U %S %M' "$warp" check "$dir/$kind.warp" >"$dir/$kind.out" 2>&1 || status=$?
    [ "$status" -le 1 ] || echo "$kind: warp ended with $status" >&2
    echo "| $kind | $(tail -n 1 "$dir/$kind.time" | awk '{ printf "%.1f | %d", $1 + $2, $3 / 1024 }') |"
done
