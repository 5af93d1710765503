#include "mpcctl/approve.h"

#include <fmt/format.h>

#include "image/approved.h"
#include "mpcctl/option_values.h"
#include "mpcctl/output_file.h"
#include "mpcctl/say.h"
#include "json/json.h"

namespace mpc::ctl {

namespace {

std::string as_json(std::string const& text, std::filesystem::path const& output)
{
    auto object = json::read_object(text).value();
    object.add_new("output", output.string());
    return json::write_pretty(object) + "\n";
}

}  // namespace

Result<std::string> approved_text(std::vector<image::ImageDigest> const& digests)
{
    json::Array hashes;
    for (auto const& digest : digests)
        hashes.emplace_back(digest.text());
    auto text = json::write_pretty(json::Object { { "approved_hashes", std::move(hashes) } });
    // The launcher's own reader has the last word; it keeps a digest once, where it came first.
    auto const read_back = TRY(image::parse_approved(text).remedy("approve at least one digest, and at most some 800"));
    if (read_back.digests != digests)
        return Error(ErrorKind::Invalid, "a digest is there twice").remedy("give each digest once, the newest first");
    return text;
}

Result<ExitCode> run(ApproveOptions const& options, Interrupt const&)
{
    std::vector<image::ImageDigest> digests;
    for (auto const& text : options.digests)
        digests.push_back(TRY(parse_image_digest(text).in(fmt::format("digest {}", digests.size() + 1))));
    auto const text = TRY(approved_text(digests).exit_as(mpc::ExitCode::Usage));
    TRY(write_output(options.output, text));
    if (options.json)
        say("{}", as_json(text, options.output));
    else
        say("{} approved in {}; a launcher takes {}\n", digests.size(), options.output.string(),
            digests.front().text());
    return ExitCode::Done;
}

}  // namespace mpc::ctl
