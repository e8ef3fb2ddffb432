#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Looks for mistakes in the shell scripts.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
git ls-files -z -- '*.sh' .ci/run | xargs -0 shellcheck --external-sources --source-path=SCRIPTDIR
