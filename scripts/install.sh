#!/usr/bin/env bash
# Install what the tests need: PostgreSQL, Redis, Apache with mod_auth_mellon,
# pysaml2, xmlsec1, xmllint, Chromium, Node's packages and boto3. Quick when all is there.
set -euo pipefail
cd "$(dirname "$0")/.."
run=.run
mkdir -p $run

packages=(redis-server postgresql apache2-bin media-types libapache2-mod-auth-mellon python3-pysaml2 xmlsec1 libxml2-utils chromium curl openssl ca-certificates python3-venv)
command -v node >/dev/null || packages+=(nodejs)
command -v npm >/dev/null || packages+=(npm)
missing=()
for p in "${packages[@]}"; do
  dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q 'install ok installed' || missing+=("$p")
done
if [ ${#missing[@]} -gt 0 ]; then
  sudo=""
  [ "$(id -u)" = 0 ] || sudo=sudo
  $sudo apt-get update -q
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -q --no-install-recommends "${missing[@]}"
fi

lock=conformance/package-lock.json
if ! cmp -s $lock conformance/node_modules/.poolhouse-lock; then
  (cd conformance && npm ci --ignore-scripts --no-audit --no-fund)
  cp $lock conformance/node_modules/.poolhouse-lock
fi

requirements=conformance/requirements.txt
if ! cmp -s $requirements $run/venv/.poolhouse-requirements; then
  python3 -m venv $run/venv
  $run/venv/bin/pip install --quiet --disable-pip-version-check -r $requirements
  cp $requirements $run/venv/.poolhouse-requirements
fi
