// libFuzzer's entry: the target is chosen by the program's name, fuzz_<target>.
#include <cstdlib>
#include <string_view>

#include "fuzz/targets.h"

namespace {

mpc::fuzz::Target const* chosen = nullptr;

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char*** arguments)
{
    std::string_view const program = (*arguments)[0];
    for (auto const& target : mpc::fuzz::targets()) {
        if (program.ends_with(std::string("fuzz_") + target.name))
            chosen = &target;
    }
    if (!chosen)
        std::abort();
    return 0;
}

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    chosen->run({ data, size });
    return 0;
}
