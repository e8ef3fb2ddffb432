# Runs one package test: builds the program in folder WAY from scratch in WORK_DIR, runs it, and compares its output.
function(run)
  execute_process(COMMAND ${ARGV} COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endfunction()

set(build_dir ${WORK_DIR}/build)
if(WAY STREQUAL "add_subdirectory")
  # As deep below the source tree as the main build. So ccache, to which paths are relative, has the framework's objects.
  set(build_dir ${MILLRACE_BINARY_DIR}-package)
endif()
file(REMOVE_RECURSE ${WORK_DIR} ${build_dir})
set(options -G ${GENERATOR} -D CMAKE_BUILD_TYPE=${BUILD_TYPE} -D CMAKE_CXX_COMPILER=${COMPILER}
            -D CMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER})
if(WAY STREQUAL "find_package")
  run(${CMAKE_COMMAND} --install ${MILLRACE_BINARY_DIR} --prefix ${WORK_DIR}/installed)
  # Runs the installed program outside of the build: it creates a topic and lists it.
  set(broker --broker embedded:${WORK_DIR}/broker)
  run(${WORK_DIR}/installed/bin/topics create prices ${broker})
  execute_process(COMMAND ${WORK_DIR}/installed/bin/topics list ${broker} OUTPUT_VARIABLE output COMMAND_ERROR_IS_FATAL ANY)
  if(NOT output MATCHES "prices +1 partition")
    message(FATAL_ERROR "topics list printed: ${output}")
  endif()
  # The installed headers must work without the source tree. The program sees no other part of Millrace.
  list(APPEND options -D CMAKE_PREFIX_PATH=${WORK_DIR}/installed)
else()
  # The flags of the main build, for the same reason.
  list(APPEND options -D MILLRACE_SOURCE_DIR=${MILLRACE_SOURCE_DIR} -D MILLRACE_WERROR=${WERROR})
endif()
run(${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR}/${WAY} -B ${build_dir} ${options})
run(${CMAKE_COMMAND} --build ${build_dir} --target package_app)

execute_process(COMMAND ${build_dir}/package_app OUTPUT_VARIABLE output COMMAND_ERROR_IS_FATAL ANY)
if(NOT output STREQUAL "IBM 201.5 04:00, 28 March\n")
  message(FATAL_ERROR "package_app printed: ${output}")
endif()
execute_process(COMMAND ${build_dir}/package_app --describe OUTPUT_VARIABLE output COMMAND_ERROR_IS_FATAL ANY)
if(NOT output MATCHES "topics: \\[prices\\]")
  message(FATAL_ERROR "package_app --describe printed: ${output}")
endif()
