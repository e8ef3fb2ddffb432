// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "chaos/scenario.hpp"

namespace millrace::chaos {

/// Runs a scenario with several seeds. A seed decides every step, so a run can be repeated. Reports wrong results with
/// BOOST_CHECK.
///
/// MILLRACE_CHAOS_SEEDS: the number of seeds; `seeds` if it is not set, a tenth of that under a sanitizer.
/// MILLRACE_CHAOS_SEED: runs only this seed and shows its log.
void simulate(const std::string& name, int seeds, const std::function<std::unique_ptr<Scenario>()>& make);

}  // namespace millrace::chaos
