# The third-party libraries, and how a directory of src/ becomes a library with its tests.

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(OpenSSL 3 REQUIRED COMPONENTS Crypto)
find_package(CURL 7.87 REQUIRED)
find_package(yaml-cpp 0.7 REQUIRED)
pkg_check_modules(NETTLE REQUIRED nettle)

# By name and not by path, so that the static launcher takes the archive and the others the shared library.
add_library(nettle INTERFACE)
target_link_libraries(nettle INTERFACE -lnettle)

# Static, so that the bytes of a compressed layer depend on the tool's version and on nothing that the machine has.
pkg_check_modules(COMPRESSORS REQUIRED libdeflate libzstd zlib)
add_library(compressors INTERFACE)
target_link_libraries(compressors INTERFACE -l:libdeflate.a -l:libzstd.a -l:libz.a)

# mpc_library(NAME USES other libraries ...)
#   src/NAME/*.cpp becomes mpc_NAME; src/NAME/*_test.cpp are gathered for the unit tests.
#   USES is the whole of what the directory may use: the arrow of dependencies, checked by the linker.
function(mpc_library name)
  cmake_parse_arguments(ARG "" "" "USES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.cpp)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cpp$")
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  if(NOT sources)
    return()
  endif()
  add_library(mpc_${name} STATIC ${sources})
  target_link_libraries(mpc_${name} PUBLIC mpc_flags fmt::fmt-header-only)
  foreach(used IN LISTS ARG_USES)
    if(TARGET mpc_${used})
      target_link_libraries(mpc_${name} PUBLIC mpc_${used})
    else()
      target_link_libraries(mpc_${name} PUBLIC ${used})
    endif()
  endforeach()
  set_property(GLOBAL APPEND PROPERTY MPC_UNIT_TESTS ${tests})
  set_property(GLOBAL APPEND PROPERTY MPC_LIBRARIES mpc_${name})
endfunction()
