# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# Settings of ccache for all scripts that compile. The caller sets `root`, the folder of this checkout. Objects are
# shared only between builds with the same settings.

# Checkouts in different folders share objects.
export CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1
# Sources that use precompiled headers, as the tests do, are cached too.
export CCACHE_SLOPPINESS=${CCACHE_SLOPPINESS:+$CCACHE_SLOPPINESS,}pch_defines,time_macros
