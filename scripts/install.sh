#!/usr/bin/env bash
# Install what the tests need: PostgreSQL, Redis (its server is a Sentinel as well), Apache with mod_auth_mellon, nginx,
# pysaml2, xmlsec1, xmllint, Chromium, Node's packages, boto3, the AWS CLI,
# Envoy, Traefik and versitygw.
# Quick when all is there.
set -euo pipefail
cd "$(dirname "$0")/.."
run=.run
mkdir -p $run

packages=(redis-server postgresql apache2-bin media-types libapache2-mod-auth-mellon nginx-light python3-pysaml2 xmlsec1 libxml2-utils chromium curl openssl ca-certificates python3-venv)
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

# The S3 gateway is a program, not a dependency of ours: built by itself, once for
# all clones.
gateway=versitygw-v1.8.0
if [ ! -x $run/tools/$gateway ]; then
  cache=${XDG_CACHE_HOME:-$HOME/.cache}/poolhouse
  if [ ! -x "$cache/$gateway" ]; then
    mkdir -p "$cache"
    fresh=$(mktemp -d "$cache/build.XXXXXX")
    (cd / && GOFLAGS=-trimpath GOBIN=$fresh go install github.com/versity/versitygw/cmd/versitygw@${gateway#versitygw-})
    mv "$fresh/versitygw" "$cache/$gateway"
    rmdir "$fresh"
  fi
  mkdir -p $run/tools
  ln -sf "$cache/$gateway" $run/tools/$gateway
fi
