#include "oci/image_json.h"

#include <gtest/gtest.h>

namespace mpc::oci {
namespace {

std::string digest_text(char c) { return "sha256:" + std::string(64, c); }

std::string descriptor(std::string_view type, char c, std::string const& more = "")
{
    return R"({"digest":")" + digest_text(c) + R"(","mediaType":")" + std::string(type) + R"(","size":7)" + more + "}";
}

std::string for_platform(char c, std::string const& os, std::string const& architecture)
{
    return descriptor(media::manifest, c,
        R"(,"platform":{"architecture":")" + architecture + R"(","os":")" + os + R"("})");
}

std::string index_of(std::string const& manifests) { return R"({"manifests":[)" + manifests + "]}"; }

std::string manifest_of(std::string const& layers)
{
    return R"({"config":)" + descriptor(media::config, 'c') + R"(,"layers":[)" + layers + "]}";
}

template <typename T>
void expect_refused(Result<T> const& result, std::string const& why)
{
    ASSERT_FALSE(result.ok());
    EXPECT_NE(result.error().message().find(why), std::string::npos) << result.error().message();
}

std::string many(std::string const& element)
{
    std::string all = element;
    for (std::size_t count = 0; count < most_layers; ++count)
        all += "," + element;
    return all;
}

TEST(ChooseImage, TakesTheOneForThisPlatformAmongSeveral)
{
    auto const index = index_of(for_platform('a', "linux", "arm64") + "," + for_platform('b', "linux", "amd64") + ","
        + for_platform('c', "windows", "amd64"));
    EXPECT_EQ(choose_image(index)->digest.text(), digest_text('b'));
}

TEST(ChooseImage, TakesTheOnlyOneWhateverItIsFor)
{
    EXPECT_EQ(choose_image(index_of(for_platform('a', "linux", "arm64")))->digest.text(), digest_text('a'));
}

TEST(ChooseImage, TakesTheOneThatIsWanted)
{
    auto const index = index_of(for_platform('a', "linux", "amd64") + "," + for_platform('b', "linux", "amd64"));
    auto const wanted = [](char c) { return image::ManifestDigest::parse(digest_text(c)).value(); };
    EXPECT_EQ(choose_image(index, wanted('b'))->digest.text(), digest_text('b'));
    expect_refused(choose_image(index, wanted('c')), "is not among its images");
    expect_refused(choose_image(index), "2 images for linux/amd64");
    expect_refused(choose_image(index_of("")), "0 images for linux/amd64");
}

TEST(ChooseImage, RefusesWhatIsMalformed)
{
    expect_refused(choose_image("[]"), "");
    expect_refused(choose_image("{}"), "manifests");
    expect_refused(choose_image(index_of("7")), "it is no object");
    expect_refused(choose_image(index_of(R"({"mediaType":"x","size":1})")), "digest");
    expect_refused(choose_image(index_of(R"({"digest":")" + digest_text('A') + R"(","mediaType":"x","size":1})")),
        "digest");
    expect_refused(choose_image(index_of(descriptor("x", 'a', R"(,"platform":{"os":"linux"})"))), "architecture");
}

TEST(IsIndex, TellsAnIndexFromAManifestAndRefusesBothAtOnce)
{
    EXPECT_TRUE(is_index(index_of(descriptor("x", 'a'))).value());
    EXPECT_FALSE(is_index(manifest_of(descriptor("x", 'a'))).value());
    expect_refused(is_index(R"({"manifests":[],"config":{}})"), "at once");
    expect_refused(is_index(R"({"manifests":[],"layers":[]})"), "at once");
    expect_refused(is_index("[]"), "");
}

TEST(ParseManifest, TellsConfigAndLayersInOrder)
{
    auto const manifest = parse_manifest(manifest_of(descriptor("x", 'a') + "," + descriptor("y", 'b'))).value();
    EXPECT_EQ(manifest.config.digest.text(), digest_text('c'));
    ASSERT_EQ(manifest.layers.size(), 2);
    EXPECT_EQ(manifest.layers[1].media_type, "y");
    EXPECT_EQ(manifest.layers[1].size, 7);
}

TEST(ParseManifest, RefusesWhatIsMalformed)
{
    expect_refused(parse_manifest(R"({"layers":[]})"), "no config");
    expect_refused(parse_manifest(R"({"config":{},"layers":[]})"), "config: ");
    expect_refused(parse_manifest(manifest_of(descriptor("x", 'a') + ",7")), "layer 2: it is no object");
    expect_refused(parse_manifest(manifest_of(many(descriptor("x", 'a')))), "has 513 layers");
}

TEST(ParseDiffIds, RefusesWhatIsMalformed)
{
    auto const config = [](std::string const& ids) { return R"({"rootfs":{"diff_ids":[)" + ids + "]}}"; };
    EXPECT_EQ(parse_diff_ids(config("\"" + digest_text('d') + "\""))->front().text(), digest_text('d'));
    expect_refused(parse_diff_ids("{}"), "rootfs");
    expect_refused(parse_diff_ids(config("7")), "an entry is no text");
    expect_refused(parse_diff_ids(config("\"sha256:1\"")), "diff_ids");
    expect_refused(parse_diff_ids(config(many("\"" + digest_text('d') + "\""))), "has 513 layers");
}

TEST(ParseSavedImages, TakesOneImageOnly)
{
    std::string const one = R"({"Config":"c.json","Layers":["1/layer.tar"],"RepoTags":null})";
    auto const image = parse_saved_images("[" + one + "]").value();
    EXPECT_EQ(image.config, "c.json");
    EXPECT_EQ(image.layers, std::vector<std::string>({ "1/layer.tar" }));
    expect_refused(parse_saved_images("[]"), "does not list one image");
    expect_refused(parse_saved_images("[" + one + "," + one + "]"), "does not list one image");
    expect_refused(parse_saved_images("{}"), "does not list one image");
    expect_refused(parse_saved_images(R"([{"Config":"c","Layers":[7]}])"), "a layer's name is no text");
    expect_refused(parse_saved_images(R"([{"Config":"c","Layers":[)" + many("\"l\"") + "]}]"), "has 513 layers");
}

}  // namespace
}  // namespace mpc::oci
