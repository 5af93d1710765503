# Every flag of the project, in one INTERFACE target.

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

# Objects are shared between checkouts in different directories, which -ffile-prefix-map makes equal anyhow.
find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER
    ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE})
endif()

option(MPC_SANITIZE "Build with AddressSanitizer and UndefinedBehaviorSanitizer" OFF)
option(MPC_FUZZ "Build the libFuzzer targets (needs clang)" OFF)

add_library(mpc_flags INTERFACE)
target_include_directories(mpc_flags INTERFACE ${PROJECT_SOURCE_DIR}/src)
target_compile_definitions(mpc_flags INTERFACE MPC_VERSION="${PROJECT_VERSION}")
target_compile_options(mpc_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast
  -Wnon-virtual-dtor -Woverloaded-virtual -Wswitch-enum -Werror
  -fstack-protector-strong -fcf-protection=full -fstack-clash-protection
  -ffile-prefix-map=${PROJECT_SOURCE_DIR}=.
  -ffunction-sections -fdata-sections)
target_link_options(mpc_flags INTERFACE
  -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,--gc-sections -Wl,--build-id=none)

if(MPC_SANITIZE)
  # g++ 12 sees uninitialised variants where the sanitizer's own code is.
  target_compile_options(mpc_flags INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=all
    -fno-omit-frame-pointer -Wno-maybe-uninitialized)
  target_link_options(mpc_flags INTERFACE -fsanitize=address,undefined)
else()
  target_compile_definitions(mpc_flags INTERFACE _GLIBCXX_ASSERTIONS
    $<$<NOT:$<CONFIG:Debug>>:_FORTIFY_SOURCE=2>)
endif()
if(MPC_FUZZ)
  target_compile_options(mpc_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
