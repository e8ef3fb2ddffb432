#pragma once

/// All of Millrace that a topology needs: the DSL, the Processor API, the serdes of the primitives and MILLRACE_JSON,
/// stores, the runtime. TopologyTestDriver, the application's command line and nlohmann::json come separately:
/// millrace/testing/topology_test_driver.hpp, millrace/app/app.hpp, millrace/serde/nlohmann_json.hpp.

#include "millrace/dsl/streams_builder.hpp"
#include "millrace/processor/processor.hpp"
#include "millrace/runtime/streams.hpp"
#include "millrace/runtime/streams_config.hpp"
#include "millrace/serde/json.hpp"
#include "millrace/serde/list.hpp"
#include "millrace/serde/primitives.hpp"
#include "millrace/state/stores.hpp"
