#include <algorithm>

#include "dstack/app_compose.h"
#include "fuzz/targets.h"
#include "mpcctl/compose_render.h"
#include "near/view_call.h"
#include "near/views.h"
#include "json/json.h"

namespace mpc::fuzz {

namespace {

using Seeds = std::vector<std::string>;

/// Whatever is written reads back as the same text, and nothing but text that is not UTF-8 is refused.
void app_compose_writer(ByteView bytes)
{
    std::string const text(as_text(bytes));
    auto const written = dstack::write_app_compose({ .name = "node", .docker_compose_file = text });
    if (!written.ok())
        return;
    auto const object = json::read_object(*written);
    require(object.ok() && *object->require_text("docker_compose_file") == text);
}

void env_names(ByteView bytes)
{
    auto const names = dstack::parse_env_names(as_text(bytes));
    if (!names.ok())
        return;
    require(std::ranges::none_of(*names, [](auto const& name) { return name.empty() || name.size() > 255; }));
    require(dstack::write_app_compose({ .kms_enabled = true, .allowed_envs = *names }).ok());
}

/// What is rendered has no placeholder left.
void compose_template(ByteView bytes)
{
    image::ImageDigest const digest(std::array<std::uint8_t, 32> {});
    auto const rendered = ctl::render_compose(as_text(bytes), { .launcher = digest, .image = digest });
    if (rendered.ok())
        require(as_text(bytes).find("{{") != std::string_view::npos && rendered->size() > bytes.size());
}

void view_answer(ByteView bytes)
{
    auto const answer = near::parse_view_answer({ .status = 200, .body = std::string(as_text(bytes)) });
    require(answer.ok() || answer.error().message().size() < 300);
    auto const text = answer.ok() ? std::string_view(answer->value) : as_text(bytes);
    static_cast<void>(near::parse_allowed_images(text));
    static_cast<void>(near::parse_allowed_launchers(text));
    static_cast<void>(near::parse_allowed_composes(text));
    static_cast<void>(near::parse_allowed_measurements(text));
}

Seeds text_seeds() { return { "services: {}\n", "\"\\\b\f\x01\xc3\xa4\xf0\x9f\x98\x80", "\xff" }; }
Seeds env_seeds() { return { "# c\nA=1\r\nB = x=y\rA=2\n", "export A=1" }; }
Seeds template_seeds() { return { "a@sha256:{{LAUNCHER_IMAGE_HASH}}\n {{DEFAULT_IMAGE_DIGEST_HASH}}\n" }; }
Seeds view_seeds()
{
    auto const hex = std::string(64, 'a');
    return { R"({"jsonrpc":"2.0","id":"mpcctl","result":{"result":[91,93],"logs":[],"block_height":7}})",
        R"({"jsonrpc":"2.0","id":"mpcctl","error":{"cause":{"name":"UNKNOWN_ACCOUNT","info":{}},"data":"x"}})",
        R"([{"image_hash":")" + hex + R"(","expiry_timestamp_seconds":null},{"image_hash":")" + hex
            + R"(","expiry_timestamp_seconds":5}])",
        R"([")" + hex + "\"]" };
}

constexpr Target all_targets[] = {
    { "app_compose_writer", app_compose_writer, text_seeds },
    { "env_names", env_names, env_seeds },
    { "compose_template", compose_template, template_seeds },
    { "view_answer", view_answer, view_seeds },
};

}  // namespace

std::span<Target const> deploy_targets() { return all_targets; }

}  // namespace mpc::fuzz
