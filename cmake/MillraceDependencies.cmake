# SPDX-License-Identifier: Apache-2.0
# Everything as Debian 12 ships it; newer versions work too. What the framework itself needs stands in
# millraceConfig.cmake.in as well.
# Targets are global so that a project that takes Millrace by add_subdirectory can link what it needs.
set(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL ON)
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(RDKAFKA REQUIRED IMPORTED_TARGET GLOBAL rdkafka)
find_package(RocksDB REQUIRED)
# Debian's static RocksDB may not be position independent, as shared libraries need it.
set(MILLRACE_ROCKSDB $<IF:$<BOOL:${BUILD_SHARED_LIBS}>,RocksDB::rocksdb-shared,RocksDB::rocksdb>)
find_package(Boost REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(simdjson REQUIRED)
find_package(ICU REQUIRED COMPONENTS i18n uc)
if(MILLRACE_TCMALLOC)
  pkg_check_modules(TCMALLOC libtcmalloc_minimal)
  if(NOT TCMALLOC_FOUND)
    message(FATAL_ERROR "tcmalloc was not found: install libgoogle-perftools-dev (scripts/install-deps.sh does), or "
                        "configure with -DMILLRACE_TCMALLOC=OFF to let the programs allocate with the C library")
  endif()
endif()
if(MILLRACE_BUILD_TESTS)
  find_package(Boost REQUIRED COMPONENTS unit_test_framework)
endif()
