#include "mpcctl/image_build.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <thread>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "mpcctl/say.h"
#include "oci/build.h"
#include "oci/stage.h"
#include "json/json.h"

namespace mpc::ctl {

namespace {

constexpr std::size_t most_manifest_bytes = std::size_t { 16 } << 20;

Error usage(std::string message, std::string remedy)
{
    return Error(ErrorKind::Invalid, std::move(message)).exit_as(mpc::ExitCode::Usage).remedy(std::move(remedy));
}

template <typename T>
std::optional<T> whole_number(std::string_view text)
{
    T number = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size())
        return std::nullopt;
    return number;
}

Result<std::int64_t> epoch()
{
    auto const* const text = std::getenv("SOURCE_DATE_EPOCH");
    if (!text)
        return std::int64_t { 0 };
    auto const seconds = whole_number<std::int64_t>(text);
    if (!seconds || *seconds < 0)
        return usage("SOURCE_DATE_EPOCH is not a time", "set it to Unix seconds, or unset it for 0");
    return *seconds;
}

Result<oci::Owner> owner_of(std::string_view text)
{
    auto const colon = text.find(':');
    auto const uid = whole_number<std::uint64_t>(text.substr(0, colon));
    auto const gid = colon == std::string_view::npos ? uid : whole_number<std::uint64_t>(text.substr(colon + 1));
    if (!uid || !gid)
        return usage("--owner is not two numbers", "write UID:GID, such as 0:0; names differ between machines");
    return oci::Owner { .uid = *uid, .gid = *gid };
}

oci::Preserve preserve_of(std::vector<std::string> const& names)
{
    auto const has = [&](std::string_view name) { return std::ranges::find(names, name) != names.end(); };
    return { .modes = has("modes"), .owners = has("owners"), .capabilities = has("capabilities") };
}

/// SRC:DEST[:MODE]
Result<void> add_file(oci::Tree& tree, std::string const& text)
{
    auto const first = text.find(':');
    auto const second = first == std::string::npos ? first : text.find(':', first + 1);
    auto const where = "--file " + printable(text);
    if (first == std::string::npos || first == 0)
        return usage(where + " is malformed", "write SRC:DEST or SRC:DEST:MODE");
    std::optional<std::uint32_t> mode;
    if (second != std::string::npos)
        mode = TRY(oci::parse_mode(std::string_view(text).substr(second + 1))
                .in(where)
                .exit_as(mpc::ExitCode::Usage)
                .remedy("write SRC:DEST:MODE, such as tool:/bin/tool:755; paths with a colon can be in a --manifest"));
    return tree.add_file(text.substr(0, first), std::string_view(text).substr(first + 1, second - first - 1), mode)
        .in(where);
}

void tell_what_is_left_behind(oci::LeftBehind const& left)
{
    if (left.entries > 0)
        say(stderr, "note: extended attributes are left behind, of {} of the files: {} of {}{}\n", left.entries,
            printable(left.attribute, 80), printable(left.first), left.entries > 1 ? ", and others" : "");
}

/// A second build would find the outcome of the first among its files.
Result<void> check_outside(std::filesystem::path const& root, std::filesystem::path const& output)
{
    std::error_code error;
    auto const top = std::filesystem::canonical(root, error);
    if (error)
        return ok;  // which is found out when it is listed
    auto const above = output.has_parent_path() ? output.parent_path() : std::filesystem::path(".");
    auto const place = std::filesystem::weakly_canonical(above, error) / output.filename();
    if (std::mismatch(top.begin(), top.end(), place.begin(), place.end()).first == top.end())
        return usage(fmt::format("--output lies in --root, at {}", printable(place.string())),
            "give a place outside of " + printable(top.string()));
    return ok;
}

Result<oci::Tree> tree_of(ImageBuildOptions const& options, Interrupt const& interrupt)
{
    oci::Tree tree(TRY(owner_of(options.owner)));
    if (options.root)
        TRY(tree.add_root(*options.root, preserve_of(options.preserve), interrupt));
    if (options.manifest) {
        auto const text = TRY(read_file(*options.manifest, most_manifest_bytes)
                .remedy("give --manifest a file that exists and can be read"));
        TRY(tree.add_manifest(text, options.manifest->parent_path())
                .remedy("mend the manifest; mpcctl(1) says what an entry has"));
    }
    for (auto const& file : options.files)
        TRY(add_file(tree, file));
    if (tree.entries().empty())
        return usage("there is nothing to put into the image", "give --root, --file or --manifest");
    TRY(tree.complete());
    tell_what_is_left_behind(tree.left_behind());
    return tree;
}

/// NAME=VALUE, with a name.
Result<void> check_assignments(std::string const& option, std::vector<std::string> const& texts)
{
    for (auto const& text : texts)
        if (text.find('=') == 0 || text.find('=') == std::string::npos)
            return usage(option + " has no name and value", "write " + option + " NAME=VALUE");
    return ok;
}

Result<std::string> port_of(std::string const& text)
{
    auto const slash = std::min(text.find('/'), text.size());
    auto const port = whole_number<unsigned>(std::string_view(text).substr(0, slash));
    auto const protocol = slash == text.size() ? "/tcp" : text.substr(slash);
    if (!port || *port == 0 || *port > 65535 || (protocol != "/tcp" && protocol != "/udp"))
        return usage("--expose is not a port", "write a number from 1 to 65535, with /udp where it is not TCP");
    return std::to_string(*port) + protocol;
}

/// JSON can hold nothing else. (A terminal's other charset, or a script's mistake.)
Result<void> check_utf8(std::string const& option, std::vector<std::string> const& texts)
{
    if (!std::ranges::all_of(texts, is_utf8))
        return usage(option + " is not UTF-8, which an image's config must be", "write it as UTF-8");
    return ok;
}

Result<void> check_texts(ImageBuildOptions const& options)
{
    TRY(check_utf8("--entrypoint", options.entrypoint));
    TRY(check_utf8("--cmd", options.command));
    TRY(check_utf8("--env", options.env));
    TRY(check_utf8("--label", options.labels));
    TRY(check_utf8("--workdir", { options.workdir.value_or("") }));
    TRY(check_utf8("--user", { options.user.value_or("") }));
    if (options.workdir && !options.workdir->starts_with('/'))
        return usage("--workdir is not an absolute path", "begin it with /");
    return ok;
}

Result<oci::ContainerDefaults> defaults_of(ImageBuildOptions const& options)
{
    TRY(check_texts(options));
    TRY(check_assignments("--env", options.env));
    TRY(check_assignments("--label", options.labels));
    oci::ContainerDefaults defaults { .env = options.env, .workdir = options.workdir, .user = options.user };
    if (!options.entrypoint.empty())
        defaults.entrypoint = options.entrypoint;
    if (!options.command.empty())
        defaults.command = options.command;
    for (auto const& label : options.labels)
        defaults.labels[label.substr(0, label.find('='))] = label.substr(label.find('=') + 1);
    for (auto const& port : options.ports)
        defaults.ports.insert(TRY(port_of(port)));
    return defaults;
}

/// Of a base its own bytes are wanted, and the same ones tomorrow.
Result<oci::BaseImage> base_of(std::string const& text, ImageAccess const& access, Interrupt const& interrupt)
{
    auto const place = TRY(parse_image_place(text).in("--base"));
    auto const* const in_registry = std::get_if<RegistryPlace>(&place);
    if (std::holds_alternative<EnginePlace>(place) || (in_registry && !in_registry->digest))
        return usage("--base does not name an image by its digest",
            "write registry:NAME@sha256:..., or give a layout or an archive");
    return oci::BaseImage::read(TRY(open_image(place, access, interrupt).in("base"))).in("base");
}

oci::ImageForm form_of(oci::Place const& place)
{
    switch (place.form) {
    case oci::Place::Form::Layout: return oci::ImageForm::Layout;
    case oci::Place::Form::LayoutArchive: return oci::ImageForm::LayoutArchive;
    case oci::Place::Form::DockerArchive: return oci::ImageForm::DockerArchive;
    }
    return oci::ImageForm::Layout;
}

json::Object as_json(oci::BuiltImage const& built, std::string const& output)
{
    json::Array layers;
    for (auto const& layer : built.layers)
        layers.emplace_back(json::Object { { "digest", oci::LayerDigest(layer.digest).text() },
            { "diff_id", oci::DiffId(layer.diff_id).text() }, { "size", layer.size },
            { "unpacked_size", layer.tar_size }, { "compression", oci::name_of(layer.compression) } });
    return { { "output", output }, { "manifest_digest", built.manifest.text() }, { "image_id", built.id.text() },
        { "layers", std::move(layers) } };
}

Result<ImagePlace> output_of(ImageBuildOptions const& options)
{
    auto place = TRY(parse_image_place(options.output).in("--output"));
    auto const* const registry = std::get_if<RegistryPlace>(&place);
    auto const* const stored = std::get_if<oci::Place>(&place);
    if ((registry && registry->digest) || (stored && stored->digest))
        return usage("--output has a digest", "leave it out; the digest is what comes out");
    if (std::holds_alternative<EnginePlace>(place))
        return usage("--output is an engine", "write a docker-archive:FILE, and load it with docker load");
    if (registry && options.name)
        return usage("--name is for archives", "give the tag in --output");
    return place;
}

Result<oci::BuiltImage> put(oci::BuildRequest request, ImagePlace const& output, ImageAccess const& access,
    Interrupt const& interrupt)
{
    if (auto const* const stored = std::get_if<oci::Place>(&output))
        return oci::build_image(std::move(request), form_of(*stored), stored->path, interrupt)
            .remedy("make room where the image goes: there it is put together, beside its place");
    auto const stage = TRY(oci::Stage::in(oci::temporary_directory()).remedy(oci::temporary_remedy));
    oci::Place const layout { .form = oci::Place::Form::Layout, .path = stage.path() / "image" };
    auto built = TRY(oci::build_image(std::move(request), oci::ImageForm::Layout, layout.path, interrupt)
            .remedy(oci::temporary_remedy));
    TRY(push_image(TRY(oci::open_image(layout)), std::get<RegistryPlace>(output), access, interrupt));
    return built;
}

}  // namespace

Result<ExitCode> run(ImageBuildOptions const& options, Interrupt const& interrupt)
{
    auto const output = TRY(output_of(options));
    oci::LayerOptions layer;
    layer.epoch = TRY(epoch());
    layer.compression = *oci::compression_named(options.compression);
    layer.threads = options.threads > 0 ? options.threads : std::max(std::thread::hardware_concurrency(), 1U);
    auto defaults = TRY(defaults_of(options));
    if (auto const* const stored = std::get_if<oci::Place>(&output); stored && options.root)
        TRY(check_outside(*options.root, stored->path));
    auto tree = TRY(tree_of(options, interrupt));
    oci::BuildRequest request { .tree = std::move(tree), .layer = layer, .defaults = std::move(defaults) };
    if (options.name)
        request.name = TRY(image::Reference::parse(*options.name).in("--name").exit_as(mpc::ExitCode::Usage));
    if (options.base)
        request.base = TRY(base_of(*options.base, options.access, interrupt));
    // A file that may grow no more is then an error of writing, after which nothing is left.
    std::signal(SIGXFSZ, SIG_IGN);
    auto const built = TRY(put(std::move(request), output, options.access, interrupt));
    if (options.json)
        say("{}\n", json::write_pretty(as_json(built, options.output)));
    else
        say("manifest digest  {}\nimage ID         {}\nwritten to       {}\n", built.manifest.text(), built.id.text(),
            options.output);
    return ExitCode::Done;
}

}  // namespace mpc::ctl
