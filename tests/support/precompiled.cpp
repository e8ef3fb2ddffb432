// SPDX-License-Identifier: Apache-2.0
// CMake compiles a target's precompiled headers only if a source of that target uses them.
#include "support/precompiled.hpp"
