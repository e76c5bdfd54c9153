#!/usr/bin/env bash
# Installs from the lock file in a clean copy, starts, signs a person in, stops, and runs a short part of the suite: on Node
# 22, 24 and 26, with the npm of today beside npm 10 and 11. Arguments: the versions to try, as node:npm.
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- 22:10 24:11 26:12
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

tool() { # package, version: installed once, its folder on standard output
  local folder="$scratch/$1-$2"
  [ -d "$folder" ] || npm install --silent --no-audit --no-fund --prefix "$folder" "$1@$2" >&2
  echo "$folder/node_modules/$1"
}

for pair in "$@"; do
  version=${pair%:*}
  node_bin="$(tool node "$version")/bin"
  npm_bin="$scratch/bin-$version"
  mkdir "$npm_bin"
  printf '#!/bin/sh\nexec node "%s/bin/npm-cli.js" "$@"\n' "$(tool npm "${pair#*:}")" >"$npm_bin/npm"
  chmod +x "$npm_bin/npm"
  # With a space and a letter outside ASCII, as folders of people have.
  copy="$scratch/Hodi é $version"
  mkdir "$copy"
  git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents --target-directory="$copy"
  (
    cd "$copy"
    export PATH="$npm_bin:$node_bin:$PATH" npm_config_audit=false npm_config_fund=false npm_config_prefer_offline=true
    echo "Node $(node --version) with npm $(npm --version) ..."
    npm install 2>&1 | tee install.log
    if grep -E 'EBADENGINE|allowScripts' install.log || [ -d node_modules/.sqlite-node-20 ]; then
      echo 'The installation warns of something, or has compiled what this Node does not need.' >&2
      exit 1
    fi
    node scripts/try-sign-in.mjs
    TEST_MYSQL_URL='' TEST_REDIS_URL='' CI='' npx jest --reporters=default --maxWorkers=2 test/sign-in test/session.e2e test/database.e2e
  )
  rm -rf "$copy"
done
