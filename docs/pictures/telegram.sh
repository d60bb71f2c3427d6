#!/usr/bin/env bash
# Makes telegram-*.png anew: the demo's threads go through the bot to the Bot
# API's stand-in, and what stands in its chats is drawn. Needs Chromium, and
# `npm ci` once in .ci/browser.
set -euo pipefail
cd "$(dirname "$0")/../.."
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
go run ./cmd/unrollbot unroll --demo --format json https://x.com/vanepoint/status/2050651137435799309 >"$dir/lens.json" 2>/dev/null
go run ./cmd/unrollbot unroll --demo --format json https://bsky.app/profile/mairi.weaving.test/post/3mkd2ouq72lye >"$dir/loom.json" 2>/dev/null
cp -r internal/demo/media "$dir/media"
UNROLL_TELEGRAM_PICTURES=$dir go test -count=1 -run '^TestPictures$' ./bot/telegram
pairs=()
for page in "$dir"/telegram-*.html; do pairs+=("$page" "docs/pictures/$(basename "${page%.html}").png"); done
node .ci/browser/shot.mjs 460 "${pairs[@]}"
