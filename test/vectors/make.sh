#!/bin/sh
# Makes test/vectors/hashes.json anew, on Debian 12 and as root. The tests read the file and need none of this.
set -eu
cd "$(dirname "$0")"
packages='python3-argon2 python3-bcrypt python3-cryptography python3-django python3-passlib python3-scrypt python3-werkzeug
  apache2-utils openssl whois'
apt-get update -qq
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages
# Debian's own Python, whatever else is on the PATH
# shellcheck disable=SC2086
/usr/bin/python3 make.py hashes.json $packages
