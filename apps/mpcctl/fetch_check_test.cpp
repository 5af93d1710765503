#include "mpcctl/fetch_check.h"

#include <gtest/gtest.h>

#include "hash/hash.h"
#include "net/loopback_server.h"
#include "oci/image_json.h"
#include "json/json.h"

namespace mpc::ctl {
namespace {

using test::LoopbackServer;
using test::Reply;

std::string digest_of(std::string const& bytes) { return "sha256:" + to_hex(sha256({ as_bytes(bytes) })); }

json::Object descriptor(std::string const& bytes)
{
    return { { "mediaType", "any" }, { "digest", digest_of(bytes) }, { "size", bytes.size() } };
}

std::string config_for(std::string const& os, std::string const& architecture)
{
    return json::write(json::Object { { "os", os }, { "architecture", architecture } });
}

/// A registry with one image, of which a test may spoil a part.
struct Fetching : testing::Test {
    std::string const layer = "a layer";
    std::string config = config_for("linux", "amd64");
    std::map<std::string, std::string> served {};
    std::map<std::string, std::string> statuses {};
    LoopbackServer const server { [this](std::string const& target) { return answer(target); } };
    Interrupt const interrupt = Interrupt::never();
    std::string manifest;

    Fetching()
    {
        serve_blob(layer);
        set_config(config);
    }
    Reply answer(std::string const& target)
    {
        auto const path = target.substr(std::string("/v2/mpc/node/").size());
        if (auto const status = statuses.find(path); status != statuses.end())
            return Reply::with_status(status->second);
        auto const found = served.find(path);
        return found == served.end() ? Reply::with_status("404 Not Found") : Reply::of(found->second);
    }
    void serve_blob(std::string const& bytes) { served["blobs/" + digest_of(bytes)] = bytes; }
    std::string serve_manifest(std::string const& bytes)
    {
        served["manifests/" + digest_of(bytes)] = bytes;
        return digest_of(bytes);
    }
    void set_config(std::string const& bytes)
    {
        config = bytes;
        serve_blob(config);
        manifest = json::write(json::Object {
            { "config", descriptor(config) }, { "layers", json::Array { descriptor(layer) } } });
        serve_manifest(manifest);
    }
    std::string index_of(std::string const& bytes, std::string const& architecture = "amd64")
    {
        auto entry = descriptor(bytes);
        entry.add("platform", json::Object { { "os", "linux" }, { "architecture", architecture } });
        auto other = descriptor("another");
        other.add("platform", json::Object { { "os", "linux" }, { "architecture", "arm64" } });
        return json::write(json::Object { { "manifests", json::Array { other, entry } } });
    }
    [[nodiscard]] Result<FetchableImage> find(std::string const& digest,
        std::vector<std::string> const& tags = { "v1" })
    {
        auto const name = server.url().substr(std::string("http://").size()) + "/mpc/node";
        auto registry = net::Registry::of(image::Reference::parse(name).value(), {}, interrupt).value();
        return find_in_registry(registry, tags, image::ImageDigest::parse(digest).value());
    }
    void expect_error(Result<FetchableImage> const& found, ErrorKind kind, std::string const& text)
    {
        ASSERT_FALSE(found.ok());
        EXPECT_EQ(found.error().kind(), kind) << found.error().message();
        EXPECT_NE(found.error().message().find(text), std::string::npos) << found.error().message();
    }
};

TEST_F(Fetching, FindsAManifest)
{
    auto const found = find(digest_of(manifest)).value();
    EXPECT_EQ(found.as, "manifest digest");
    EXPECT_EQ(found.layers, 1U);
    EXPECT_EQ(found.bytes, layer.size());
}

TEST_F(Fetching, FindsTheImageForUsInAnIndex)
{
    EXPECT_TRUE(find(serve_manifest(index_of(manifest))).ok());
    expect_error(find(serve_manifest(index_of(manifest, "riscv64"))), ErrorKind::Mismatch, "no image for linux/amd64");
}

TEST_F(Fetching, FindsAnImageIdBehindATag)
{
    served["manifests/v2"] = manifest;
    EXPECT_EQ(find(digest_of(config), { "v1", "v2" })->as, "image ID behind the tag v2");
    served["manifests/v2"] = index_of(manifest);
    EXPECT_TRUE(find(digest_of(config), { "v1", "v2" }).ok());
}

TEST_F(Fetching, LooksAtTheTagsWhereTheRegistryStumblesOverAnImageId)
{
    served["manifests/v1"] = manifest;
    statuses["manifests/" + digest_of(config)] = "500 Internal Server Error";
    EXPECT_TRUE(find(digest_of(config)).ok());
    served.erase("blobs/" + digest_of(layer));
    expect_error(find(digest_of(config)), ErrorKind::NotFound, "not its layer");
    set_config(config_for("linux", "amd64") + " ");
    statuses["manifests/" + digest_of(config)] = "500 Internal Server Error";
    expect_error(find(digest_of(config)), ErrorKind::Mismatch, "none of the tags");
    served.erase("manifests/v1");
    expect_error(find(digest_of(config)), ErrorKind::Refused, "status 500");
}

TEST_F(Fetching, RefusesWhatIsNowhere)
{
    auto const unknown = "sha256:" + std::string(64, 'c');
    expect_error(find(unknown), ErrorKind::NotFound, "neither a manifest " + unknown);
    served["manifests/v1"] = manifest;
    expect_error(find(unknown), ErrorKind::Mismatch, "none of the tags");
}

TEST_F(Fetching, RefusesATagThatTheRegistryDoesNotGive)
{
    statuses["manifests/v1"] = "403 Forbidden";
    expect_error(find(digest_of(config)), ErrorKind::Refused, "does not give the tag v1");
}

TEST_F(Fetching, RefusesOtherBytes)
{
    auto const digest = digest_of(manifest);
    served["manifests/" + digest] = manifest + " ";
    served["manifests/v1"] = manifest;
    expect_error(find(digest), ErrorKind::Mismatch, "has the digest");
}

TEST_F(Fetching, RefusesAnImageThatIsNotAllThere)
{
    served.erase("blobs/" + digest_of(layer));
    expect_error(find(digest_of(manifest)), ErrorKind::NotFound, "not its layer " + digest_of(layer));
    served.erase("blobs/" + digest_of(config));
    expect_error(find(digest_of(manifest)), ErrorKind::NotFound, "there is not the blob " + digest_of(config));
}

TEST_F(Fetching, RefusesAnotherPlatform)
{
    set_config(config_for("linux", "arm64"));
    expect_error(find(digest_of(manifest)), ErrorKind::Mismatch, "for linux/arm64");
    set_config(config_for("windows", "amd64"));
    expect_error(find(digest_of(manifest)), ErrorKind::Mismatch, "for windows/amd64");
}

TEST_F(Fetching, RefusesWhatIsNoManifestOrTwo)
{
    auto both = json::read_object(index_of(manifest)).value();
    both.add("config", descriptor(config));
    expect_error(find(serve_manifest(json::write(both))), ErrorKind::Invalid, "an index and a manifest at once");
    auto const index = index_of(manifest);
    serve_manifest(index);
    expect_error(find(serve_manifest(index_of(index))), ErrorKind::Invalid, "another index");
    for (std::string const bad : { "", "<html>", "{}", R"({"config":{},"layers":[]})" })
        EXPECT_FALSE(find(serve_manifest(bad)).ok()) << bad;
}

TEST_F(Fetching, BoundsConfigAndLayers)
{
    json::Array layers(oci::most_layers + 1, json::Value(descriptor(layer)));
    expect_error(find(serve_manifest(json::write(json::Object {
                     { "config", descriptor(config) }, { "layers", layers } }))),
        ErrorKind::Invalid, "layers; at most");
    json::Object const huge { { "mediaType", "any" }, { "digest", digest_of(config) },
        { "size", std::uint64_t { 1 } << 40 } };
    expect_error(find(serve_manifest(json::write(json::Object { { "config", huge }, { "layers", json::Array() } }))),
        ErrorKind::Invalid, "more than 4 MiB");
}

}  // namespace
}  // namespace mpc::ctl
