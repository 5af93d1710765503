#include "fuzz/targets.h"

#include "config/user_config.h"
#include "docker/parse.h"
#include "docker/pull_stream.h"
#include "evidence/event_log.h"
#include "image/approved.h"
#include "image/reference.h"
#include "support/plans.h"

namespace mpc::fuzz {

namespace {

void json_text(ByteView bytes)
{
    if (auto const value = json::read(as_text(bytes)); value.ok()) {
        auto const text = json::write_canonical(*value);
        require(json::write_canonical(*json::read(text)) == text);
    }
}

void user_config(ByteView bytes)
{
    for (auto const platform : { config::Platform::Tee, config::Platform::NonTee }) {
        auto const user = config::read_user_config(as_text(bytes), platform);
        if (!user.ok()) {
            require(!user.error().remedy().empty());
            continue;
        }
        require(!user->tags.empty());
        if (auto const* file = std::get_if<config::NodeConfigFile>(&user->node)) {
            auto const text = config::render_node_config(*file, platform, test::digest_of('a'), "/a", "/b");
            require(text.find("image_hash") != std::string::npos);
        }
    }
}

void approved_digests(ByteView bytes)
{
    if (auto const approved = image::parse_approved(as_text(bytes)); approved.ok())
        require(!approved->digests.empty());
}

void image_reference(ByteView bytes)
{
    auto const reference = image::Reference::parse(as_text(bytes));
    if (reference.ok())
        require(!reference->registry().empty() && !reference->repository().empty());
}

void event_log(ByteView bytes)
{
    if (auto const log = evidence::parse_event_log(as_text(bytes)); log.ok())
        (void)evidence::replay_rtmr3(*log);
}

void engine_answers(ByteView bytes)
{
    auto const text = as_text(bytes);
    (void)docker::parse_version(text);
    (void)docker::parse_store(text);
    (void)docker::parse_images(text);
    (void)docker::parse_image(text);
    (void)docker::parse_containers(text);
    (void)docker::parse_distribution(text);
    (void)docker::parse_exit(text);
}

void pull_stream(ByteView bytes)
{
    // In one piece and byte by byte the verdict is the same.
    image::ManifestDigest const digest(test::digest_of('a').bytes());
    docker::Scrubber const none;
    docker::PullStream whole(digest, none);
    auto const fed = whole.feed(as_text(bytes)).ok() && whole.finish().ok();
    docker::PullStream pieces(digest, none);
    auto fine = true;
    for (std::size_t i = 0; fine && i < bytes.size(); ++i)
        fine = pieces.feed(as_text(bytes.subspan(i, 1))).ok();
    require((fine && pieces.finish().ok()) == fed);
}

using Seeds = std::vector<std::string>;

Seeds json_seeds() { return { R"({"a":[1,-2,3.5,true,null,"x\u0041"],"b":{}})" }; }

Seeds config_seeds() { return { test::toml_config, test::key_value_config }; }

Seeds approved_seeds()
{
    return { R"({"approved_hashes":["sha256:)" + std::string(64, 'a') + "\"]}", "sha256:" + std::string(64, 'a') };
}

Seeds reference_seeds() { return { "registry.example.com:5000/team/mpc-node:v1.0", "nearone/mpc-node" }; }

Seeds event_seeds()
{
    return { R"([{"imr":3,"event_type":134217729,"digest":"","event":"system-ready","event_payload":"00ff"}])" };
}

Seeds engine_seeds()
{
    auto const id = std::string(64, 'a');
    return {
        R"({"ApiVersion":"1.41","MinAPIVersion":"1.12","Version":"20.10.24"})",
        R"([{"Id":"sha256:)" + id + R"(","RepoDigests":null}])",
        R"([{"Id":")" + id
            + R"(","Names":["/x"],"ImageID":"sha256:a","State":"running","Labels":{},"Mounts":[],)"
              R"("Ports":[]}])",
    };
}

Seeds pull_seeds()
{
    return { "{\"status\":\"Pulling from x\",\"id\":\"1\"}\n{\"status\":\"Digest: sha256:" + std::string(64, 'a')
        + "\"}\n{\"status\":\"Status: Downloaded newer image for x\"}\n" };
}

constexpr Target all_targets[] = {
    { "json", json_text, json_seeds },
    { "user_config", user_config, config_seeds },
    { "approved_digests", approved_digests, approved_seeds },
    { "image_reference", image_reference, reference_seeds },
    { "event_log", event_log, event_seeds },
    { "engine_answers", engine_answers, engine_seeds },
    { "pull_stream", pull_stream, pull_seeds },
};

}  // namespace

std::span<Target const> launcher_targets() { return all_targets; }

}  // namespace mpc::fuzz
