// The fuzz targets under every build and sanitizer: the corpus, and of every seed cuts and mutations from a fixed seed.
#include <algorithm>
#include <filesystem>
#include <random>

#include <gtest/gtest.h>

#include "fuzz/targets.h"
#include "support/temporary_directory.h"

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
    auto const seeds = GetParam().seeds();
    ASSERT_FALSE(seeds.empty());
    for (auto const& seed : seeds) {
        // Every cut of a short one; of a long one, which takes longer to read, fewer.
        auto const rounds = seed.size() < 8192 ? 400U : 100U;
        for (std::size_t length = 0; length <= seed.size(); length += seed.size() / rounds + 1)
            GetParam().run(as_bytes(std::string_view(seed).substr(0, length)));
        GetParam().run(as_bytes(seed));
        for (unsigned round = 0; round < rounds; ++round) {
            auto text = seed;
            for (auto changes = random() % 6 + 1; changes > 0; --changes)
                mutate(text, random);
            GetParam().run(as_bytes(text));
        }
    }
}

TEST_P(FuzzTarget, KeepsItsPromisesOnTheCorpus)
{
    std::error_code none;
    for (auto const& entry :
        std::filesystem::directory_iterator(std::filesystem::path(MPC_FUZZ_CORPUS) / GetParam().name, none))
        GetParam().run(as_bytes(test::content_of(entry.path())));
}

TEST(FuzzCorpus, HasNoDirectoryWithoutATarget)
{
    auto const all = targets();
    for (auto const& entry : std::filesystem::directory_iterator(MPC_FUZZ_CORPUS))
        EXPECT_TRUE(std::ranges::any_of(all, [&](auto const& target) {
            return entry.path().filename() == target.name;
        })) << entry.path();
}

INSTANTIATE_TEST_SUITE_P(Every, FuzzTarget, testing::ValuesIn(targets()),
    [](auto const& instance) { return std::string(instance.param.name); });

}  // namespace
}  // namespace mpc::fuzz
