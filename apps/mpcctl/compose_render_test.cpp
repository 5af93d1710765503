#include "mpcctl/compose_render.h"

#include <gmock/gmock.h>

#include "support/reference_vectors.h"

namespace mpc::ctl {
namespace {

using testing::HasSubstr;

image::ImageDigest digest(char c) { return image::ImageDigest::parse("sha256:" + std::string(64, c)).value(); }

/// The outcome with both digests, or "error: ...".
std::string rendered(std::string_view text, ComposeDigests const& digests = { digest('a'), digest('b') })
{
    auto const result = render_compose(text, digests);
    return result.ok() ? *result : "error: " + result.error().message();
}

TEST(ComposeRender, FillsInBareHexAndLeavesEveryOtherByte)
{
    auto const other = std::string("\xff\0 {a: {b: c}} } }} {", 20) + "\r\n";
    EXPECT_EQ(rendered(other + "x@sha256:{{LAUNCHER_IMAGE_HASH}}\n{{DEFAULT_IMAGE_DIGEST_HASH}}{{LAUNCHER_IMAGE_HASH}}"
                  + other),
        other + "x@sha256:" + std::string(64, 'a') + "\n" + std::string(64, 'b') + std::string(64, 'a') + other);
}

TEST(ComposeRender, NeedsOnlyTheDigestsThatTheTemplateAsksFor)
{
    EXPECT_EQ(rendered("{{LAUNCHER_IMAGE_HASH}}", { .launcher = digest('a') }), std::string(64, 'a'));
    EXPECT_EQ(rendered("{{DEFAULT_IMAGE_DIGEST_HASH}}", { .image = digest('b') }), std::string(64, 'b'));
}

TEST(ComposeRender, RefusesAPlaceholderThatIsNotFilledByNameAndPlace)
{
    auto const text =
        rendered("a\nbc {{LAUNCHER_IMAGE_HASH}}\n{{DEFAULT_IMAGE_DIGEST_HASH}}", { .image = digest('b') });
    EXPECT_THAT(text,
        HasSubstr("error: line 2, column 4: {{LAUNCHER_IMAGE_HASH}} is not filled, as --launcher-digest"));
}

TEST(ComposeRender, RefusesUnknownPlaceholdersByNameAndPlace)
{
    auto const text =
        rendered("{{LAUNCHER_IMAGE_HASH}}{{DEFAULT_IMAGE_DIGEST_HASH}}\n {{IMAGE}} {{ LAUNCHER_IMAGE_HASH }}");
    EXPECT_EQ(text,
        "error: line 2, column 2: unknown placeholder {{IMAGE}}; "
        "line 2, column 12: unknown placeholder {{ LAUNCHER_IMAGE_HASH }}");
}

TEST(ComposeRender, RefusesAPlaceholderThatDoesNotEnd)
{
    EXPECT_THAT(rendered("{{LAUNCHER_IMAGE_HASH}}\n{{DEFAULT_IMAGE_DIGEST_HASH}"),
        HasSubstr("line 2, column 1: \"{{\" begins"));
    EXPECT_THAT(rendered("{{" + std::string(100, 'A') + "}}"), HasSubstr("line 1, column 1: \"{{\" begins"));
}

TEST(ComposeRender, ShowsAFewPlacesOfMany)
{
    std::string many;
    for (auto i = 0; i < 1000; ++i)
        many += "{{X}}\n";
    auto const text = rendered(many);
    EXPECT_THAT(text, HasSubstr("line 10,"));
    EXPECT_EQ(text.find("line 11,"), std::string::npos);
}

TEST(ComposeRender, ShowsNoControlCharacterOfAName)
{
    EXPECT_THAT(rendered("{{\x1b[31m}}"), HasSubstr("placeholder {{ [31m}}"));
}

TEST(ComposeRender, RefusesADigestWithoutAPlaceholder)
{
    EXPECT_THAT(rendered("{{LAUNCHER_IMAGE_HASH}}"), HasSubstr("{{DEFAULT_IMAGE_DIGEST_HASH}} occurs nowhere"));
    EXPECT_THAT(rendered("{{DEFAULT_IMAGE_DIGEST_HASH}}"), HasSubstr("{{LAUNCHER_IMAGE_HASH}} occurs nowhere"));
    EXPECT_THAT(rendered(""), HasSubstr("occurs nowhere"));
}

/// What a genuine node ran: the network's template, and a service for the collection of fixtures, which is taken out
/// here.
TEST(ComposeRender, GivesWhatAGenuineNodeRan)
{
    NEED_REFERENCE_VECTORS();
    auto genuine = test::reference_vector("near-mpc/launcher_image_compose.yaml");
    auto const service = genuine.find("  # Prints the node's in-enclave signer key");
    genuine.erase(service, genuine.find("\nvolumes:", service) + 1 - service);
    auto const launcher =
        image::ImageDigest::parse("sha256:5618a93a78c9ac9173e7ebf7c8af173bd675be6832a2f8c2a9a7149ac2678f54");
    auto const node = image::ImageDigest::parse("sha256:" + test::reference_vector("near-mpc/mpc_image_digest.txt"));
    EXPECT_EQ(rendered(test::reference_vector("near-mpc/launcher_docker_compose.yaml.template"), { *launcher, *node }),
        genuine);
}

}  // namespace
}  // namespace mpc::ctl
