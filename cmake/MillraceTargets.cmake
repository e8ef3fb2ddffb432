# SPDX-License-Identifier: Apache-2.0
# A sanitizer slows tests down; presets say how much.
set(MILLRACE_TIMEOUT_FACTOR 1 CACHE STRING "Multiplies the timeouts of tests")

# Warnings are ours alone: a private target that is never exported to users.
add_library(millrace_warnings INTERFACE)
target_compile_options(millrace_warnings INTERFACE -Wall -Wextra $<$<BOOL:${MILLRACE_WERROR}>:-Werror>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # GCC 12 sees overlaps in std::string's operator+ that are none (https://gcc.gnu.org/PR105651, mended in 13), and
  # uninitialised members in optionals that are empty (https://gcc.gnu.org/PR105562 and others).
  target_compile_options(millrace_warnings INTERFACE -Wno-restrict -Wno-maybe-uninitialized)
endif()

# millrace_layer(NAME SOURCES ... [PUBLIC ...] [PRIVATE ...])
# One library of the framework: static, or shared with BUILD_SHARED_LIBS=ON. Which layer may include which is checked by
# scripts/check-layers.py.
function(millrace_layer name)
  cmake_parse_arguments(ARG "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(millrace_${name} ${ARG_SOURCES})
  add_library(millrace::${name} ALIAS millrace_${name})
  # Before 1.0 each minor version may change interfaces, so the name of a shared library contains it. No symbol for
  # exports: objects of both kinds are then the same, and ccache has them.
  set_target_properties(
    millrace_${name}
    PROPERTIES EXPORT_NAME ${name} POSITION_INDEPENDENT_CODE ON DEFINE_SYMBOL "" VERSION ${PROJECT_VERSION}
               SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
  target_compile_features(millrace_${name} PUBLIC cxx_std_20)
  target_include_directories(
    millrace_${name}
    PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/framework/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>
    PRIVATE ${PROJECT_SOURCE_DIR}/framework/src)
  target_link_libraries(millrace_${name} PUBLIC ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE} $<BUILD_INTERFACE:millrace_warnings>)
  if(MILLRACE_PRECOMPILE)
    target_precompile_headers(millrace_${name} REUSE_FROM millrace_precompiled)
  endif()
  set_property(GLOBAL APPEND PROPERTY MILLRACE_LAYERS millrace_${name})
endfunction()

# millrace_executable(NAME SOURCES ... [LINK ...]): a program that uses Millrace as any user would.
function(millrace_executable name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE millrace::millrace millrace::tcmalloc ${ARG_LINK} millrace_warnings)
endfunction()

# millrace_test_program(NAME LABELS label... SOURCES ... [LINK ...])
# A Boost.Test executable that may look into framework/src. The target millrace_tests_LABEL builds all of one label.
function(millrace_test_program name)
  cmake_parse_arguments(ARG "" "" "LABELS;SOURCES;LINK" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/framework/src ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(${name} PRIVATE ${ARG_LINK} millrace_test_main millrace_warnings)
  target_precompile_headers(${name} REUSE_FROM millrace_test_main)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  foreach(label IN LISTS ARG_LABELS)
    if(NOT TARGET millrace_tests_${label})
      add_custom_target(millrace_tests_${label})
    endif()
    add_dependencies(millrace_tests_${label} ${name})
  endforeach()
endfunction()

# millrace_test_case(NAME PROGRAM label timeout ARGUMENT...): the program as one CTest case.
function(millrace_test_case name program label timeout)
  add_test(NAME ${name} COMMAND ${program} --log_level=test_suite --color_output=no ${ARGN})
  math(EXPR timeout "${timeout} * ${MILLRACE_TIMEOUT_FACTOR}")
  set_tests_properties(${name} PROPERTIES LABELS ${label} TIMEOUT ${timeout})
endfunction()

# millrace_test(NAME LABEL unit|integration|... SOURCES ... [LINK ...] [TIMEOUT seconds])
# A Boost.Test executable that is one CTest case.
function(millrace_test name)
  cmake_parse_arguments(ARG "" "LABEL;TIMEOUT" "SOURCES;LINK" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  millrace_test_program(${name} LABELS ${ARG_LABEL} SOURCES ${ARG_SOURCES} LINK ${ARG_LINK})
  millrace_test_case(${name} ${name} ${ARG_LABEL} ${ARG_TIMEOUT})
endfunction()

# millrace_broker_test(NAME STEM stem SOURCES ... [LINK ...] EMBEDDED_TIMEOUT seconds KAFKA_TIMEOUT seconds)
# A Boost.Test executable that runs on both brokers, told which: the CTest cases STEM_embedded (label integration) and
# STEM_kafka (label kafka). The latter needs MILLRACE_TEST_KAFKA=HOST:PORT; without it, it fails: it never skips.
function(millrace_broker_test name)
  cmake_parse_arguments(ARG "" "STEM;EMBEDDED_TIMEOUT;KAFKA_TIMEOUT" "SOURCES;LINK" ${ARGN})
  millrace_test_program(${name} LABELS integration kafka SOURCES ${ARG_SOURCES} LINK ${ARG_LINK})
  millrace_test_case(${ARG_STEM}_embedded ${name} integration ${ARG_EMBEDDED_TIMEOUT} -- embedded)
  millrace_test_case(${ARG_STEM}_kafka ${name} kafka ${ARG_KAFKA_TIMEOUT} -- kafka)
endfunction()

# millrace_python_test(FILE LABEL label TARGET program [PREFIX prefix] [TIMEOUT seconds] [LOCK resource...] [SYSTEM_PYTHON])
# Each test method of a Python file is one CTest case, PREFIX.FILE.METHOD. The tests find the built programs in the folder
# of TARGET. SYSTEM_PYTHON: with the interpreter of Debian, which has Debian's Python packages.
function(millrace_python_test file)
  cmake_parse_arguments(ARG "SYSTEM_PYTHON" "LABEL;TARGET;PREFIX;TIMEOUT" "LOCK" ${ARGN})
  find_package(Python3 REQUIRED COMPONENTS Interpreter)
  set(python ${Python3_EXECUTABLE})
  if(ARG_SYSTEM_PYTHON)
    set(python /usr/bin/python3)
  endif()
  if(NOT ARG_PREFIX)
    set(ARG_PREFIX apps)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  math(EXPR timeout "${ARG_TIMEOUT} * ${MILLRACE_TIMEOUT_FACTOR}")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${file})
  file(STRINGS ${file} lines REGEX "^class |^    def test_")
  get_filename_component(stem ${file} NAME_WE)
  foreach(line IN LISTS lines)
    if(line MATCHES "^class ([A-Za-z0-9_]+)")
      set(class ${CMAKE_MATCH_1})
    elseif(line MATCHES "def (test_[a-z0-9_]+)")
      set(name ${ARG_PREFIX}.${stem}.${CMAKE_MATCH_1})
      add_test(NAME ${name} COMMAND ${python} ${CMAKE_CURRENT_SOURCE_DIR}/${file} -v ${class}.${CMAKE_MATCH_1})
      set_tests_properties(${name} PROPERTIES
        LABELS "${ARG_LABEL}" TIMEOUT "${timeout}" RESOURCE_LOCK "${ARG_LOCK}"
        ENVIRONMENT "MILLRACE_BIN_DIR=$<TARGET_FILE_DIR:${ARG_TARGET}>;PYTHONDONTWRITEBYTECODE=1")
    endif()
  endforeach()
endfunction()
