// libFuzzer's entry: the target is chosen by the program's name, fuzz_<target>.
//
//   fuzz                names of the targets, one a line
//   fuzz TARGET DIR     writes the target's seeds into a directory
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>

#include "fuzz/targets.h"

namespace {

mpc::fuzz::Target const* chosen = nullptr;

[[noreturn]] void write_seeds(mpc::fuzz::Target const& target, std::string const& directory)
{
    auto number = 0;
    for (auto const& seed : target.seeds())
        std::ofstream(directory + "/seed-" + std::to_string(++number), std::ios::binary) << seed;
    std::exit(0);
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* count, char*** arguments)
{
    static auto const targets = mpc::fuzz::targets();
    std::string_view const program = (*arguments)[0];
    for (auto const& target : targets) {
        if (program.ends_with(std::string("/fuzz_") + target.name))
            chosen = &target;
        if (*count == 3 && program.ends_with("/fuzz") && std::string_view((*arguments)[1]) == target.name)
            write_seeds(target, (*arguments)[2]);
    }
    if (!chosen) {
        for (auto const& target : targets)
            std::puts(target.name);
        std::exit(*count == 1 ? 0 : 2);
    }
    return 0;
}

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    chosen->run({ data, size });
    return 0;
}
