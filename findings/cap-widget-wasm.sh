#!/bin/sh
# @cap.js/widget 0.1.57 (npm) fetches its solver from a CDN in a version that was never published.
#
# Its script has `WASM_VERSION = "0.0.7"` in it and asks jsdelivr for `@cap.js/wasm@0.0.7/browser/cap_wasm_bg.wasm`, which
# serves what npm has. npm has no 0.0.7: its newest is 0.0.6. So every page asks a third host for a file that is not there,
# logs that the load failed, and solves in plain JavaScript, one asynchronous digest after the other, unless the site
# serves a solver itself and names it in `CAP_CUSTOM_WASM_URL`.
#
# Needs node 20, npm and a package registry. Exits with 0 while it is so, with 1 if the version is there.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$folder" @cap.js/widget@0.1.57 >&2
asked=$(grep -oE 'WASM_VERSION = "[0-9.]+"' node_modules/@cap.js/widget/src/cap.js | grep -oE '[0-9.]+')
published=$(npm view @cap.js/wasm versions --json | tr -d ' \n"[]')
echo "the widget asks for @cap.js/wasm $asked; published are $published"
case ",$published," in
*",$asked,"*) exit 1 ;;
esac
