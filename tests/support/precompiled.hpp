// SPDX-License-Identifier: Apache-2.0
#pragma once

// Precompiled for all tests: headers that most tests include, but none of Millrace. Compiling these headers takes about
// a second.
#define BOOST_TEST_DYN_LINK
#include <algorithm>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <variant>
#include <vector>
