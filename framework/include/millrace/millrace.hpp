// SPDX-License-Identifier: Apache-2.0
#pragma once

/// All of Millrace that a topology needs: the DSL, the Processor API, the serdes of the primitives and MILLRACE_JSON,
/// stores, the runtime. These come separately:
///
///     millrace/testing/topology_test_driver.hpp   TopologyTestDriver
///     millrace/testing/mock_processor_context.hpp a context for tests of one processor
///     millrace/app/app.hpp                        an application's command line
///     millrace/functions/aggregates.hpp           ready-made aggregates: count, sum, avg...
///     millrace/functions/timestamps.hpp           timestamps as text: TimestampFormat
///     millrace/functions/window_columns.hpp       the bounds of windows as fields of values
///     millrace/serde/windowed.hpp                 serdes of windowed keys: TimeWindowedSerde, SessionWindowedSerde
///     millrace/serde/uuid.hpp                     Uuid and its serde
///     millrace/serde/csv.hpp                      CsvSerde: structs as CSV records
///     millrace/serde/nlohmann_json.hpp            nlohmann::json as a value

#include "millrace/config/streams_config.hpp"
#include "millrace/dsl/streams_builder.hpp"
#include "millrace/processor/processor.hpp"
#include "millrace/runtime/streams.hpp"
#include "millrace/serde/json.hpp"
#include "millrace/serde/list.hpp"
#include "millrace/serde/primitives.hpp"
#include "millrace/state/stores.hpp"
