#!/usr/bin/env bash
# Prints a policy of many rules, for measuring: each names a host and a path, every second path by a regex.
#
#     benches/genpolicy.sh RULES ORIGIN_PORT MARK
#
# Ten rules share a host. A response says in X-Rule which rule held, and in X-Mark which text of the policy it was.
set -euo pipefail

if [ $# -ne 3 ]; then
    echo "usage: benches/genpolicy.sh RULES ORIGIN_PORT MARK" >&2
    exit 2
fi

awk -v rules="$1" -v port="$2" -v mark="$3" 'BEGIN {
    print "warp 1;\n"
    printf "backend default { .host = \"127.0.0.1\"; .port = \"%d\"; }\n\n", port
    print "rules response first { else -> ttl 1h; }\n"
    print "sub deliver {"
    printf "    set resp.http.X-Mark = \"%s\";\n", mark
    for (rule = 1; rule <= rules; rule++) {
        printf rule == 1 ? "    if (" : "    } else if ("
        printf "req.host == \"h%d.example\" && ", int((rule + 9) / 10)
        if (rule % 2) printf "req.path under \"/p%d/\") {\n", rule
        else printf "req.path ~ \"^/p%d/[a-z]+/[0-9]+$\") {\n", rule
        printf "        set resp.http.X-Rule = \"%d\";\n", rule
    }
    print "    }\n}"
}'
