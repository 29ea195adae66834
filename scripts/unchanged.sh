#!/usr/bin/env bash
# unchanged.sh COMMAND: run it, and fail if it changed a file that git knows.
set -euo pipefail
cd "$(dirname "$0")/.."
before=$(git diff | sha256sum; git ls-files -o --exclude-standard | sha256sum)
bash -c "$1"
after=$(git diff | sha256sum; git ls-files -o --exclude-standard | sha256sum)
if [ "$before" != "$after" ]; then
  echo "\"$1\" changed files; run it and commit the result:" >&2
  git status --short >&2
  exit 1
fi
