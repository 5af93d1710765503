#include "simulator/compose_file.h"

#include <gmock/gmock.h>

namespace mpc::simulator {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

ComposeService service_of(std::string const& members)
{
    auto const file = parse_compose_file("services:\n  launcher:\n    image: one\n" + members);
    EXPECT_TRUE(file.ok()) << (file.ok() ? "" : file.error().message());
    return file.ok() ? file->services.at(0) : ComposeService {};
}

std::string refusal(std::string const& text)
{
    auto const file = parse_compose_file(text);
    return file.ok() ? "" : file.error().message();
}

TEST(ComposeFile, TakesTheEnvironmentAsAListOrAMap)
{
    EXPECT_THAT(service_of("    environment: [A=1, B=2]\n").environment, ElementsAre("A=1", "B=2"));
    EXPECT_THAT(service_of("    environment: {A: 1, B: two}\n").environment, ElementsAre("A=1", "B=two"));
}

TEST(ComposeFile, GivesNamedVolumesTheirRealNames)
{
    auto const volumes = "    volumes: ['data:/data:ro', '/tapp:/tapp']\nvolumes:\n  data:\n";
    EXPECT_THAT(service_of(volumes).binds, ElementsAre("dstack_data:/data:ro", "/tapp:/tapp"));
    EXPECT_THAT(service_of(std::string(volumes) + "    name: own\n").binds.at(0), "own:/data:ro");
}

TEST(ComposeFile, NamesAContainerAsComposeDoes)
{
    EXPECT_EQ(service_of("").container_name, "dstack-launcher-1");
    EXPECT_EQ(service_of("    container_name: mine\n").container_name, "mine");
}

TEST(ComposeFile, NamesWhatItDoesNotKnow)
{
    EXPECT_THAT(refusal("services: {a: {image: one, privileged: true}}"), HasSubstr("service a: \"privileged\""));
    EXPECT_THAT(refusal("services: {a: {image: one}}\nsecrets: {}"), HasSubstr("\"secrets\" is not known"));
    EXPECT_THAT(refusal("services: {a: {image: one, volumes: ['data:/x']}}"), HasSubstr("\"data\" is not declared"));
}

TEST(ComposeFile, PassesOverNothingThatComposeWouldDo)
{
    for (auto const* const member :
        { "ports: ['80:80']", "networks: [own]", "depends_on: [b]", "env_file: x", "build: .", "privileged: false",
            "devices: [/dev/x]", "healthcheck: {}", "extends: {}", "profiles: [p]", "expose: ['1']" }) {
        std::string const name(member, std::string_view(member).find(':'));
        EXPECT_THAT(refusal(std::string("services: {a: {image: one, ") + member + "}}"),
            HasSubstr("service a: \"" + name + "\" is not known"));
    }
    for (auto const* const member : { "networks: {own: {}}", "configs: {}", "include: [x]", "x-own: 1" }) {
        std::string const name(member, std::string_view(member).find(':'));
        EXPECT_THAT(refusal(std::string("services: {a: {image: one}}\n") + member),
            HasSubstr("\"" + name + "\" is not known"));
    }
}

TEST(ComposeFile, RefusesVariables)
{
    EXPECT_THAT(refusal("services: {a: {image: '${IMAGE}'}}"), HasSubstr("variables are not known"));
}

TEST(ComposeFile, RefusesWhatIsNoComposeFile)
{
    EXPECT_THAT(refusal("just text"), HasSubstr("it is not a map"));
    EXPECT_THAT(refusal("services: [unclosed"), HasSubstr("compose file"));
    EXPECT_THAT(refusal("services: {a: {container_name: one}}"), HasSubstr("has no image"));
    EXPECT_THAT(refusal(std::string(256 * 1024 + 1, ' ')), HasSubstr("larger than 256 KiB"));
}

}  // namespace
}  // namespace mpc::simulator
