#include "simulator/sealed_disk.h"

#include <cstdlib>

#include <gmock/gmock.h>

namespace mpc::simulator {
namespace {

/// An empty disk.
class SealedDisk : public testing::Test {
protected:
    SealedDisk()
    {
        std::string name = (std::filesystem::temp_directory_path() / "mpc-disk-XXXXXX").string();
        m_disk = mkdtemp(name.data());
    }
    ~SealedDisk() override { std::filesystem::remove_all(m_disk); }

    static std::string key(SealedTo const& to, std::uint64_t seed = 1)
    {
        return sealing_key_fingerprint(to, Seed(seed));
    }

    std::filesystem::path m_disk;
};

TEST_F(SealedDisk, OpensWithTheKeyThatSealedIt)
{
    EXPECT_EQ(*open_disk(m_disk, key({ .os_image = "one" })), DiskState::Initialised);
    EXPECT_EQ(*open_disk(m_disk, key({ .os_image = "one" })), DiskState::Opened);
}

TEST_F(SealedDisk, DoesNotOpenWithAnother)
{
    ASSERT_TRUE(open_disk(m_disk, key({ .os_image = "one" })).ok());
    auto const opened = open_disk(m_disk, key({ .os_image = "two" }));
    ASSERT_FALSE(opened.ok());
    EXPECT_THAT(opened.error().message(), testing::HasSubstr("No key available with this passphrase"));
}

TEST_F(SealedDisk, HasAnotherKeyForEachThingThatItIsSealedTo)
{
    SealedTo const base { .os_image = "one" };
    auto compose = base;
    compose.compose_hash[0] = 1;
    auto vcpu = base;
    vcpu.vcpu = 2;
    auto memory = base;
    memory.memory = 2048;
    for (auto const& other : { key(compose), key(vcpu), key(memory), key(base, 2) })
        EXPECT_NE(other, key(base));
}

}  // namespace
}  // namespace mpc::simulator
