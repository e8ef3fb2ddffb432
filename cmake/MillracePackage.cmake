# SPDX-License-Identifier: Apache-2.0
# cpack: a Debian package of what cmake --install installs, for the Debian release on which it is made.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME libmillrace-dev)
set(CPACK_PACKAGE_VENDOR "The Millrace authors")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Kafka Streams for C++: headers, libraries and tools")
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "The Millrace authors")
# The libraries that the programs load.
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# What whoever links the static libraries needs. The same list is in millraceConfig.cmake.in.
string(JOIN ", " CPACK_DEBIAN_PACKAGE_DEPENDS
  "cmake (>= 3.25)" g++ pkg-config libboost-dev libcli11-dev libfmt-dev libgoogle-perftools-dev libicu-dev librdkafka-dev
  librocksdb-dev libsimdjson-dev libspdlog-dev nlohmann-json3-dev)
# What the connectors need, for those who use them. The same names are in their dependencies.cmake.
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "libcurl4-openssl-dev, libmongoc-dev, libssl-dev")
include(CPack)
