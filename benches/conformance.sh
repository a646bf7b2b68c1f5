#!/bin/sh
# The score of warp in the public test suite for HTTP caches, http-tests/cache-tests.
#
#     benches/conformance.sh SUITE [POLICY]
#
# SUITE is a clone of it in which `npm install` has been run; POLICY is examples/rfc9111.warp if not given,
# and `builtin` stands for the built-in policy alone. WARP names the binary, target/release/warp if unset.
# Takes a minute, for most of which the suite sleeps. Ports 18180 to 18182 are used.
set -eu

cd "$(dirname "$0")/.."
[ $# -ge 1 ] || {
    sed -n '2,/^set /s/^# \{0,1\}//p' "$0" | sed '/^set /d' >&2
    exit 2
}
suite=$(cd "$1" && pwd)
policy=${2:-examples/rfc9111.warp}
warp=${WARP:-target/release/warp}
[ -x "$warp" ] || {
    echo "no $warp: cargo build --release" >&2
    exit 2
}
[ -d "$suite/node_modules" ] || {
    echo "run 'npm install' in $suite first" >&2
    exit 2
}

work=$(mktemp -d)
stop() {
    [ -z "${proxy:-}" ] || kill "$proxy" 2>/dev/null || true
    [ ! -s "$work/origin.pid" ] || kill "$(cat "$work/origin.pid")" 2>/dev/null || true
    rm -rf "$work"
}
trap stop EXIT
trap 'exit 130' INT TERM

# npm hands settings on to a script through the environment.
run() {
    script=$1
    shift
    (cd "$suite" && env "$@" npm run --silent "$script")
}

[ "$policy" = builtin ] || set -- "$policy"
[ "$policy" != builtin ] || set --
"$warp" serve "$@" --listen 127.0.0.1:18180 --admin 127.0.0.1:18182 --origin http://127.0.0.1:18181 \
    >"$work/ready" 2>"$work/log" &
proxy=$!
run server npm_config_port=18181 "npm_config_pidfile=$work/origin.pid" >"$work/origin.log" 2>&1 &
tries=0
until curl -fsS -o /dev/null http://127.0.0.1:18180/package.json 2>/dev/null; do
    tries=$((tries + 1))
    [ "$tries" -lt 100 ] || {
        cat "$work/log" "$work/origin.log" >&2
        echo "warp does not reach the suite's origin" >&2
        exit 1
    }
    sleep 0.1
done
run cli npm_config_base=http://127.0.0.1:18180 >"$work/results.json"

# A test has passed when it and all that it depends on have.
cat >"$work/score.mjs" <<'END'
import { readFileSync } from 'node:fs'

const [suite, file] = process.argv.slice(2)
const groups = (await import(`${suite}/tests/index.mjs`)).default
const results = JSON.parse(readFileSync(file, 'utf8'))
const tests = new Map(groups.flatMap(group => group.tests).map(test => [test.id, test]))
const passed = id => results[id] === true && (tests.get(id)?.depends_on ?? []).every(passed)

for (const kind of ['required', 'optimal', 'check']) {
  const asked = [...tests.values()].filter(test => (test.kind ?? 'required') === kind && !test.browser_only)
  const missed = asked.filter(test => !passed(test.id)).map(test => test.id)
  console.log(`${kind}: ${asked.length - missed.length} of ${asked.length}`)
  if (kind !== 'check') missed.forEach(id => console.log(`  not passed: ${id}`))
}
END
node "$work/score.mjs" "$suite" "$work/results.json"
