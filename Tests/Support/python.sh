#!/usr/bin/env bash
# Makes the Python environment of the tests, .build/python, if it is not there or lacks something; prints its interpreter.
set -euo pipefail
cd "$(dirname "$0")/../.."
venv="$PWD/.build/python"
# What was installed is what the file asked for.
if ! cmp -s Tests/Support/requirements.txt "$venv/requirements.txt"; then
  echo "setup: making the tests' Python environment" >&2
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r Tests/Support/requirements.txt >&2
  cp Tests/Support/requirements.txt "$venv/requirements.txt"
fi
echo "$venv/bin/python"
