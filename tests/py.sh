#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs a test written in Python; without Python 3 it is skipped.
command -v python3 >/dev/null || exit 77
PYTHONDONTWRITEBYTECODE=1 exec python3 "$@"
