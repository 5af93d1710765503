// The fuzz targets under every build and sanitizer: seeds, every cut of them, and mutations from a fixed seed.
#include <random>

#include <gtest/gtest.h>

#include "fuzz/targets.h"

namespace mpc::fuzz {
namespace {

class FuzzTarget : public testing::TestWithParam<Target> {};

void mutate(std::string& text, std::minstd_rand& random)
{
    auto const somewhere = [&] { return text.empty() ? 0 : random() % text.size(); };
    constexpr std::string_view tokens[] = { "\"", "{", "}", "[", "]", "\\u0000", "=", "\n", "'''", "\xff",
        "99999999999999999999", "-1", "." };
    switch (random() % 4) {
    case 0: text.insert(somewhere(), tokens[random() % std::size(tokens)]); break;
    case 1: text.erase(somewhere(), random() % 8 + 1); break;
    case 2: text.insert(somewhere(), text.substr(somewhere(), random() % 32)); break;
    default:
        if (!text.empty())
            text[somewhere()] = static_cast<char>(random());
    }
}

TEST_P(FuzzTarget, KeepsItsPromisesOnCutsAndMutations)
{
    std::minstd_rand random(1);
    for (std::string const seed : GetParam().seeds) {
        for (std::size_t length = 0; length <= seed.size(); ++length)
            GetParam().run(as_bytes(std::string_view(seed).substr(0, length)));
        for (unsigned round = 0; round < 400; ++round) {
            auto text = seed;
            for (auto changes = random() % 6 + 1; changes > 0; --changes)
                mutate(text, random);
            GetParam().run(as_bytes(text));
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Every, FuzzTarget, testing::ValuesIn(targets().begin(), targets().end()),
    [](auto const& instance) { return std::string(instance.param.name); });

}  // namespace
}  // namespace mpc::fuzz
