// Like arguments.cpp, it sees CLI11.
#include "mpcctl/arguments_image.h"

#include <CLI/CLI.hpp>

namespace mpc::ctl {

namespace {

constexpr char const* input_place = "PLACE";
constexpr char const* output_place = "oci:DIR|oci-archive:FILE|docker-archive:FILE|registry:NAME[:TAG]";
constexpr char const* places = "PLACE is oci:DIR, oci-archive:FILE, docker-archive:FILE (the first two with @DIGEST "
                               "where there are several images), registry:NAME:TAG, registry:NAME@DIGEST, or "
                               "engine:NAME:TAG, which is what the Docker Engine has.";

/// How registries are spoken to.
void add_registry_access(CLI::App& command, ImageAccess& access)
{
    auto const group = "Registry and engine";
    command.add_option("--docker-config", access.docker_config, "A config.json with the registry's credentials")
        ->type_name("FILE")
        ->group(group);
    command.add_option("--registry-ca", access.registry_ca, "Authorities to believe instead of the system's")
        ->type_name("FILE")
        ->group(group);
    command.add_flag("--plain-http", access.plain_http, "Registries on other machines without TLS")->group(group);
}

void add_access(CLI::App& command, ImageAccess& access)
{
    add_registry_access(command, access);
    command.add_option("--engine", access.engine, "The Docker Engine's socket")
        ->type_name("SOCKET")
        ->capture_default_str()
        ->group("Registry and engine");
    command.footer(places);
}

void add_content(CLI::App& command, ImageBuildOptions& options)
{
    auto* const root = command.add_option("--root", options.root, "Everything below this directory");
    root->type_name("DIR");
    command.add_option("--file", options.files, "One file; more than once for more")
        ->type_name("SRC:DEST[:MODE]")
        ->allow_extra_args(false);
    command.add_option("--manifest", options.manifest, "JSON list of files, links and directories with their owners")
        ->type_name("FILE");
    command.add_option("--base", options.base, "Stacked on this image, whose layers are taken byte for byte")
        ->type_name("PLACE[@DIGEST]");
    command.add_option("--owner", options.owner, "Of everything that has no other")
        ->type_name("UID:GID")
        ->capture_default_str();
    command.add_option("--preserve", options.preserve, "Take these from the root as they are")
        ->type_name("modes|owners|capabilities")
        ->check(CLI::IsMember({ "modes", "owners", "capabilities" }))
        ->allow_extra_args(false)
        ->needs(root);
    for (auto* const option : command.get_options([](CLI::Option const* one) { return one->get_group() == "Options"; }))
        if (option->get_name() != "--help")
            option->group("Content");
}

/// What a container is started with.
void add_defaults(CLI::App& command, ImageBuildOptions& options)
{
    auto const group = "Container";
    auto const add_list = [&](char const* name, std::vector<std::string>& list, char const* text, char const* type) {
        command.add_option(name, list, text)->type_name(type)->allow_extra_args(false)->group(group);
    };
    add_list("--entrypoint", options.entrypoint, "The program; more than once for its arguments", "WORD");
    add_list("--cmd", options.command, "Default arguments, or the command; more than once", "WORD");
    add_list("--env", options.env, "A variable; more than once for more", "NAME=VALUE");
    add_list("--label", options.labels, "A label; more than once for more", "NAME=VALUE");
    add_list("--expose", options.ports, "A port that it listens on; more than once for more", "PORT[/udp]");
    command.add_option("--workdir", options.workdir, "Where it is started")->type_name("DIR")->group(group);
    command.add_option("--user", options.user, "As whom it is started")->type_name("USER[:GROUP]")->group(group);
}

void add_build(CLI::App& group, ImageBuildOptions& options, std::optional<Command>& chosen)
{
    auto* const build = group.add_subcommand("build", "An image whose digest depends on its content alone");
    add_content(*build, options);
    add_defaults(*build, options);
    build->add_option("--output", options.output, "Where it goes, and in which form")
        ->type_name(output_place)
        ->required();
    build->add_option("--name", options.name, "What `docker load` is to call it")->type_name("REPOSITORY:TAG");
    build->add_option("--compression", options.compression, "Of the layer: none, gzip or zstd")
        ->check(CLI::IsMember({ "none", "gzip", "zstd" }))
        ->capture_default_str();
    build->add_option("--threads", options.threads, "To compress with; changes no byte (default: one per processor)")
        ->check(CLI::Range(1, 256));
    build->add_flag("--json", options.json, "JSON instead of text");
    add_registry_access(*build, options.access);
    build->footer(places);
    build->callback([&options, &chosen] { chosen = options; });
}

}  // namespace

void add_image_commands(CLI::App& app, ImageCommands& commands, std::optional<Command>& chosen)
{
    auto* const group = app.add_subcommand("image", "Build images, and say what they are")->require_subcommand(1);
    add_build(*group, commands.build, chosen);

    auto* const digest = group->add_subcommand("digest", "An image's digests, computed from its bytes");
    digest->add_option("image", commands.digest.image, "Where it is")->type_name(input_place)->required();
    digest->add_option("--file", commands.digest.file, "Also the SHA-256 of this file in it")->type_name("PATH");
    digest->add_flag("--json", commands.digest.json, "JSON instead of text");
    add_access(*digest, commands.digest.access);
    digest->callback([&] { chosen = commands.digest; });

    auto* const compare =
        group->add_subcommand("compare", "Why two images differ (exit 13: same content; 10: different)");
    compare->add_option("a", commands.compare.a, "One image")->type_name(input_place)->required();
    compare->add_option("b", commands.compare.b, "The other")->type_name(input_place)->required();
    compare->add_flag("--json", commands.compare.json, "JSON instead of text");
    add_access(*compare, commands.compare.access);
    compare->callback([&] { chosen = commands.compare; });
}

}  // namespace mpc::ctl
