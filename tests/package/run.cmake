# SPDX-License-Identifier: Apache-2.0
# Runs one package test: builds the program in folder WAY from scratch in WORK_DIR, runs it, and compares its output.
# WAY=apt is for scripts/check-deb.sh: apt has installed the package, and README_PROJECT has README.md's project.
function(run)
  execute_process(COMMAND ${ARGV} COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endfunction()

set(build_dir ${WORK_DIR}/build)
set(source_dir ${CMAKE_CURRENT_LIST_DIR}/find_package)
set(installed ${WORK_DIR}/installed)
if(WAY STREQUAL "deb")
  set(installed ${WORK_DIR}/unpacked/usr)
elseif(WAY STREQUAL "apt")
  set(installed /usr)
endif()
set(options -G ${GENERATOR} -D CMAKE_BUILD_TYPE=${BUILD_TYPE} -D CMAKE_CXX_COMPILER=${COMPILER}
            -D CMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER})
if(WAY STREQUAL "add_subdirectory" OR WAY STREQUAL "shared")
  set(source_dir ${CMAKE_CURRENT_LIST_DIR}/add_subdirectory)
  # As deep below the source tree as the main build. So ccache, to which paths are relative, has the framework's objects.
  set(build_dir ${MILLRACE_BINARY_DIR}-package-${WAY})
  # The flags of the main build, for the same reason.
  list(APPEND options -D MILLRACE_SOURCE_DIR=${MILLRACE_SOURCE_DIR} -D MILLRACE_WERROR=${WERROR})
  if(WAY STREQUAL "shared")
    # Nothing else compiles these objects, so they are compiled fast.
    list(APPEND options -D BUILD_SHARED_LIBS=ON -D CMAKE_CXX_FLAGS_RELEASE=-O0)
  endif()
else()
  # The installed headers must work without the source tree. The program sees no other part of Millrace.
  list(APPEND options -D CMAKE_PREFIX_PATH=${installed})
endif()
file(REMOVE_RECURSE ${WORK_DIR} ${build_dir})
file(MAKE_DIRECTORY ${WORK_DIR})

if(WAY STREQUAL "find_package")
  run(${CMAKE_COMMAND} --install ${MILLRACE_BINARY_DIR} --prefix ${installed})
elseif(WAY STREQUAL "deb")
  run(${CMAKE_CPACK_COMMAND} --config ${MILLRACE_BINARY_DIR}/CPackConfig.cmake -B ${WORK_DIR})
  file(GLOB package ${WORK_DIR}/*.deb)
  run(dpkg-deb --extract ${package} ${WORK_DIR}/unpacked)
  # The package can be installed here: this machine has all that it depends on, in the versions that it names.
  execute_process(COMMAND dpkg-deb --field ${package} Depends OUTPUT_VARIABLE depends COMMAND_ERROR_IS_FATAL ANY)
  run(dpkg-checkbuilddeps -d ${depends} /dev/null)
endif()
if(EXISTS ${installed}/bin/topics)
  # Runs the installed program outside of the build: it creates a topic and lists it.
  set(broker --broker embedded:${WORK_DIR}/broker)
  run(${installed}/bin/topics create prices ${broker})
  execute_process(COMMAND ${installed}/bin/topics list ${broker} OUTPUT_VARIABLE output COMMAND_ERROR_IS_FATAL ANY)
  if(NOT output MATCHES "prices +1 partition")
    message(FATAL_ERROR "topics list printed: ${output}")
  endif()
elseif(NOT source_dir MATCHES "add_subdirectory$")
  message(FATAL_ERROR "bin/topics is not installed")
endif()
# README.md's project is built with the sources of Millrace, and with an installed Millrace, both of which it accepts.
if(NOT README_PROJECT)
  set(README_PROJECT ${WORK_DIR}/readme)
  run(${CMAKE_COMMAND} -E env PYTHONDONTWRITEBYTECODE=1 ${PYTHON} ${MILLRACE_SOURCE_DIR}/tests/readme/readme_blocks.py
      ${README_PROJECT})
endif()
if(WAY STREQUAL "add_subdirectory")
  list(APPEND options -D README_PROJECT=${README_PROJECT})
endif()
run(${CMAKE_COMMAND} -S ${source_dir} -B ${build_dir} ${options})
run(${CMAKE_COMMAND} --build ${build_dir} --target package_app)

set(readme_build "")
if(WAY STREQUAL "add_subdirectory")
  set(readme_build ${build_dir}/readme)
  run(${CMAKE_COMMAND} --build ${build_dir} --target hot_readings --target hot_readings_test)
elseif(WAY STREQUAL "find_package" OR WAY STREQUAL "apt")
  set(readme_build ${WORK_DIR}/readme-build)
  run(${CMAKE_COMMAND} -S ${README_PROJECT} -B ${readme_build} ${options}
      "-DCMAKE_CXX_FLAGS=-Wall -Wextra -Werror")
  run(${CMAKE_COMMAND} --build ${readme_build})
endif()
if(readme_build)
  run(${CMAKE_CTEST_COMMAND} --test-dir ${readme_build} --no-tests=error --output-on-failure)
endif()

execute_process(COMMAND ${build_dir}/package_app OUTPUT_VARIABLE output COMMAND_ERROR_IS_FATAL ANY)
if(NOT output STREQUAL "IBM 201.5 04:00, 28 March\n")
  message(FATAL_ERROR "package_app printed: ${output}")
endif()
execute_process(COMMAND ${build_dir}/package_app --describe OUTPUT_VARIABLE output COMMAND_ERROR_IS_FATAL ANY)
if(NOT output MATCHES "topics: \\[prices\\]")
  message(FATAL_ERROR "package_app --describe printed: ${output}")
endif()
