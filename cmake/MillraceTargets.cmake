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
# One static library of the framework. Which layer may include which is checked by scripts/check-layers.py.
function(millrace_layer name)
  cmake_parse_arguments(ARG "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(millrace_${name} STATIC ${ARG_SOURCES})
  add_library(millrace::${name} ALIAS millrace_${name})
  set_target_properties(millrace_${name} PROPERTIES EXPORT_NAME ${name} POSITION_INDEPENDENT_CODE ON)
  target_compile_features(millrace_${name} PUBLIC cxx_std_20)
  target_include_directories(
    millrace_${name}
    PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/framework/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>
    PRIVATE ${PROJECT_SOURCE_DIR}/framework/src)
  target_link_libraries(millrace_${name} PUBLIC ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE} $<BUILD_INTERFACE:millrace_warnings>)
  set_property(GLOBAL APPEND PROPERTY MILLRACE_LAYERS millrace_${name})
endfunction()

# millrace_executable(NAME SOURCES ... [LINK ...]): a program that uses Millrace as any user would.
function(millrace_executable name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE millrace::millrace millrace::tcmalloc ${ARG_LINK} millrace_warnings)
endfunction()

# millrace_test(NAME LABEL unit|integration|... SOURCES ... [LINK ...] [TIMEOUT seconds])
# A Boost.Test executable that may look into framework/src; one CTest case per executable. The target
# millrace_tests_LABEL builds all of one label.
function(millrace_test name)
  cmake_parse_arguments(ARG "" "LABEL;TIMEOUT" "SOURCES;LINK" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  math(EXPR ARG_TIMEOUT "${ARG_TIMEOUT} * ${MILLRACE_TIMEOUT_FACTOR}")
  add_executable(${name} ${ARG_SOURCES} ${PROJECT_SOURCE_DIR}/tests/support/test_main.cpp)
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/framework/src ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(${name} PRIVATE ${ARG_LINK} Boost::unit_test_framework millrace_warnings)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  add_test(NAME ${name} COMMAND ${name} --log_level=test_suite --color_output=no)
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABEL}" TIMEOUT ${ARG_TIMEOUT})
  if(NOT TARGET millrace_tests_${ARG_LABEL})
    add_custom_target(millrace_tests_${ARG_LABEL})
  endif()
  add_dependencies(millrace_tests_${ARG_LABEL} ${name})
endfunction()
