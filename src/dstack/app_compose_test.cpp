#include "dstack/app_compose.h"

#include <functional>

#include <gmock/gmock.h>

#include "hash/hash.h"
#include "support/reference_vectors.h"
#include "json/json.h"

namespace mpc::dstack {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

AppComposeOptions with(std::function<void(AppComposeOptions&)> const& choose)
{
    AppComposeOptions options { .name = "node", .docker_compose_file = "services: {}\n" };
    choose(options);
    return options;
}

/// The bytes for the smallest choices and one more.
std::string written(std::function<void(AppComposeOptions&)> const& choose)
{
    auto const text = write_app_compose(with(choose));
    return text.ok() ? *text : "error: " + text.error().message();
}

/// The choices of a node under the network's rules, with the name and compose file of an app-compose.
AppComposeOptions node_like(json::Object const& app_compose)
{
    return with([&](AppComposeOptions& options) {
        options.name = app_compose.require_text("name").value();
        options.docker_compose_file = app_compose.require_text("docker_compose_file").value();
        options.local_key_provider_enabled = options.public_logs = options.public_sysinfo = options.no_instance_id =
            true;
    });
}

TEST(AppComposeWriter, WritesEveryMemberThatIsNotOptionalInOrder)
{
    EXPECT_EQ(written([](auto&) {}),
        "{\n"
        "    \"manifest_version\": 2,\n"
        "    \"name\": \"node\",\n"
        "    \"runner\": \"docker-compose\",\n"
        "    \"docker_compose_file\": \"services: {}\\n\",\n"
        "    \"kms_enabled\": false,\n"
        "    \"gateway_enabled\": false,\n"
        "    \"local_key_provider_enabled\": false,\n"
        "    \"key_provider_id\": \"\",\n"
        "    \"public_logs\": false,\n"
        "    \"public_sysinfo\": false,\n"
        "    \"allowed_envs\": [],\n"
        "    \"no_instance_id\": false,\n"
        "    \"secure_time\": false\n"
        "}");
}

TEST(AppComposeWriter, WritesOptionalMembersLastAndInOrder)
{
    auto const text = written([](AppComposeOptions& options) {
        options.event_log_version = 2;
        options.swap_megabytes = 4096;
        options.pre_launch_script = "";
        options.key_provider = KeyProvider::Tpm;
    });
    EXPECT_TRUE(text.ends_with("    \"secure_time\": false,\n"
                               "    \"key_provider\": \"tpm\",\n"
                               "    \"pre_launch_script\": \"\",\n"
                               "    \"swap_size\": 4294967296,\n"
                               "    \"event_log_version\": 2\n"
                               "}"))
        << text;
}

TEST(AppComposeWriter, WritesEachFlagUnderItsOwnName)
{
    auto const check = [](char const* name, bool AppComposeOptions::* member) {
        auto const text = written([&](AppComposeOptions& options) { options.*member = true; });
        auto const object = json::read_object(text).value();
        for (auto const& [other, value] : object) {
            if (value.boolean()) {
                EXPECT_EQ(*value.boolean(), other == name) << other;
            }
        }
    };
    check("kms_enabled", &AppComposeOptions::kms_enabled);
    check("gateway_enabled", &AppComposeOptions::gateway_enabled);
    check("local_key_provider_enabled", &AppComposeOptions::local_key_provider_enabled);
    check("public_logs", &AppComposeOptions::public_logs);
    check("public_sysinfo", &AppComposeOptions::public_sysinfo);
    check("no_instance_id", &AppComposeOptions::no_instance_id);
    check("secure_time", &AppComposeOptions::secure_time);
}

TEST(AppComposeWriter, IndentsNamesOfTheEnvironment)
{
    auto const text = written([](AppComposeOptions& options) {
        options.kms_enabled = true;
        options.allowed_envs = { "B", "A" };
    });
    EXPECT_THAT(text, HasSubstr("    \"allowed_envs\": [\n        \"B\",\n        \"A\"\n    ],\n"));
}

TEST(AppComposeWriter, EscapesWhatJsonDemandsAndNothingElse)
{
    auto const text = written([](AppComposeOptions& options) {
        options.name = std::string("\"\\/\n\r\t\b\f\x01\x1f\x7f", 11) + '\0' + "\u00e4\u2028\U0001F600";
    });
    EXPECT_THAT(text,
        HasSubstr(R"("name": "\"\\/\n\r\t\b\f\u0001\u001f)"
                  "\x7f"
                  R"(\u0000)"
                  "\u00e4\u2028\U0001F600\",\n"));
}

TEST(AppComposeWriter, RefusesWhatIsNotUtf8ByItsName)
{
    for (auto const* bad : { "\xff", "\xc0\x80", "\xed\xa0\x80", "\xe2\x82" }) {
        EXPECT_EQ(written([&](AppComposeOptions& options) { options.docker_compose_file = bad; }),
            "error: docker_compose_file is not UTF-8 text");
        EXPECT_EQ(written([&](AppComposeOptions& options) { options.pre_launch_script = bad; }),
            "error: pre_launch_script is not UTF-8 text");
    }
}

TEST(AppComposeWriter, RefusesAnEnvironmentWithoutAKms)
{
    EXPECT_THAT(written([](AppComposeOptions& options) { options.allowed_envs = { "A" }; }), HasSubstr("needs a KMS"));
}

TEST(AppComposeWriter, RefusesAnUnknownEventLogVersionAndTooMuchSwap)
{
    EXPECT_THAT(written([](auto& options) { options.event_log_version = 3; }), HasSubstr("error: event_log_version"));
    EXPECT_THAT(written([](auto& options) { options.swap_megabytes = 1ULL << 44; }), HasSubstr("error: swap_size"));
}

TEST(AppComposeWriter, WritesTheGenuineDeploymentByteForByte)
{
    NEED_REFERENCE_VECTORS();
    auto const genuine = test::reference_vector("near-mpc/app_compose.json");
    auto const text = write_app_compose(node_like(json::read_object(genuine).value()));
    ASSERT_TRUE(text.ok());
    EXPECT_EQ(*text, genuine);
    EXPECT_EQ(to_hex(sha256({ as_bytes(*text) })), "2911e1f733466216dedb862d6d669e11256ee7a34ce4dbc66c4b807ba7a9c895");
}

TEST(AppComposeObjections, AreNoneForAPlainNode)
{
    EXPECT_THAT(objections(with([](auto& options) { options.key_provider_id = "ab01"; }), 1000), IsEmpty());
}

TEST(AppComposeObjections, NameWhatDstackStumblesOver)
{
    auto const first = [](std::function<void(AppComposeOptions&)> const& choose, std::size_t size = 1000) {
        auto const found = objections(with(choose), size);
        return found.size() == 1 ? found.front() : std::to_string(found.size()) + " objections";
    };
    EXPECT_THAT(first([](auto& options) { options.gateway_enabled = true; }), HasSubstr("needs kms_enabled"));
    EXPECT_THAT(first([](auto& options) { options.key_provider_id = "xy"; }), HasSubstr("not hex"));
    EXPECT_THAT(first([](auto& options) {
        options.key_provider_id = "ab";
        options.key_provider = KeyProvider::None;
    }),
        HasSubstr("must be empty"));
    EXPECT_THAT(first([](auto&) {}, 128 * 1024 + 1), HasSubstr("128 KiB"));
    EXPECT_THAT(first([](auto&) {}, 256 * 1024 + 1), HasSubstr("256 KiB"));
    EXPECT_EQ(first([](auto&) {}, 128 * 1024), "0 objections");
}

TEST(EnvNames, AreInTheOrderOfTheFileAndOnceEach)
{
    auto const names = parse_env_names("# A=1\n\n B = x=y \r\nC=\rB=2\nno assignment\nA=#\n_9=\"q\"");
    ASSERT_TRUE(names.ok());
    EXPECT_THAT(*names, ElementsAre("B", "C", "A", "_9"));
}

TEST(EnvNames, OfAnEmptyFileAreNone) { EXPECT_THAT(parse_env_names("").value(), IsEmpty()); }

TEST(EnvNames, AreRefusedByTheirLineAndNeverByTheirText)
{
    for (auto const* bad : { "export canary=1", "9canary=1", "=canary", "can-ary=1",
             "\xef\xbb\xbf"
             "canary=1",
             "can\u00e4ry=1" }) {
        auto const names = parse_env_names("A=1\r\n" + std::string(bad));
        ASSERT_FALSE(names.ok()) << bad;
        EXPECT_THAT(names.error().message(), HasSubstr("line 2")) << bad;
        EXPECT_EQ(names.error().message().find("canary"), std::string::npos);
    }
}

TEST(EnvNames, AreBounded)
{
    EXPECT_TRUE(parse_env_names(std::string(255, 'A') + "=").ok());
    EXPECT_FALSE(parse_env_names(std::string(256, 'A') + "=").ok());
    std::string many;
    for (auto i = 0; i < 1024; ++i)
        many += "A" + std::to_string(i) + "=\n";
    EXPECT_EQ(parse_env_names(many).value().size(), 1024U);
    EXPECT_FALSE(parse_env_names(many + "B=\n").ok());
    EXPECT_FALSE(parse_env_names(std::string((1 << 20) + 1, '#')).ok());
}

TEST(Megabytes, AreOfTheUnitsThatTheToolTakes)
{
    for (auto const& [text, expected] : std::initializer_list<std::pair<char const*, std::uint64_t>> { { "0", 0 },
             { "512", 512 }, { "512M", 512 }, { "512mb", 512 }, { "4G", 4096 }, { "4gb", 4096 }, { " 2T ", 2097152 },
             { "1.5G", 1536 }, { "0.5Tb", 524288 }, { "3.0", 3 } })
        EXPECT_EQ(parse_megabytes(text).value(), expected) << text;
}

TEST(Megabytes, RefusesEveryOtherForm)
{
    for (auto const* text :
        { "", "G", "-1", "+1", "1.", ".5G", "1.2.3", "1K", "1GBB", "1 G", "0.1G", "0.5", "1e3", "9999999999", "0x10" })
        EXPECT_FALSE(parse_megabytes(text).ok()) << text;
}

TEST(KeyProviders, HaveTheNamesOfTheTool)
{
    for (auto const* name : { "none", "kms", "local", "tpm" })
        EXPECT_STREQ(name_of(key_provider_named(name).value()), name);
    EXPECT_FALSE(key_provider_named("KMS").ok());
    EXPECT_FALSE(key_provider_named("").ok());
}

}  // namespace
}  // namespace mpc::dstack
