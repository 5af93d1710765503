#include "mpcctl/compose_render.h"

#include <algorithm>
#include <array>
#include <vector>

#include <fmt/format.h>

#include "base/fd.h"
#include "base/log.h"
#include "hash/hash.h"
#include "mpcctl/option_values.h"
#include "mpcctl/output_file.h"
#include "mpcctl/say.h"
#include "json/json.h"

namespace mpc::ctl {

namespace {

constexpr std::size_t template_limit = std::size_t { 1 } << 20;
constexpr std::size_t longest_name = 64;  // that is looked for and shown
constexpr std::size_t most_complaints = 10;

struct Placeholder {
    std::string_view name;
    std::optional<image::ImageDigest> const& digest;
    char const* given_by;
    bool is_used = false;
};

/// One reading of a template, from its beginning to its end.
class Rendering {
public:
    Rendering(std::string_view text, ComposeDigests const& digests)
        : m_text(text), m_known { Placeholder { "LAUNCHER_IMAGE_HASH", digests.launcher, digests.launcher_given_by },
              Placeholder { "DEFAULT_IMAGE_DIGEST_HASH", digests.image, digests.image_given_by } }
    {
    }

    Result<std::string> run()
    {
        for (std::size_t at = 0; at < m_text.size();) {
            auto const open = std::min(m_text.find("{{", at), m_text.size());
            m_out += m_text.substr(at, open - at);
            at = open == m_text.size() ? open : fill(open);
        }
        if (!m_complaints.empty())
            return Error(ErrorKind::Invalid, fmt::format("{}", fmt::join(m_complaints, "; ")))
                .remedy(fmt::format("the placeholders are {{{{LAUNCHER_IMAGE_HASH}}}} and "
                                    "{{{{DEFAULT_IMAGE_DIGEST_HASH}}}}, filled by {} and {}",
                    m_known[0].given_by, m_known[1].given_by));
        for (auto const& known : m_known) {
            if (known.digest && !known.is_used)
                return Error(ErrorKind::Invalid,
                    fmt::format("{{{{{}}}}} occurs nowhere, so the digest would not be in it", known.name))
                    .remedy(fmt::format("give the template that is meant, or leave {} away", known.given_by));
        }
        return std::move(m_out);
    }

private:
    /// Handles what begins with "{{"; returns where to go on.
    std::size_t fill(std::size_t open)
    {
        auto const end = m_text.substr(open, longest_name + 4).find("}}");
        if (end == m_text.npos) {
            complain(open, "\"{{\" begins a placeholder that does not end");
            return open + 2;
        }
        auto const name = m_text.substr(open + 2, end - 2);
        auto* const known = std::ranges::find(m_known, name, &Placeholder::name);
        if (known == m_known.end())
            complain(open, fmt::format("unknown placeholder {{{{{}}}}}", printable(name)));
        else if (!known->digest)
            complain(open, fmt::format("{{{{{}}}}} is not filled, as {} is missing", name, known->given_by));
        else
            m_out += known->digest->hex();
        if (known != m_known.end())
            known->is_used = true;
        return open + end + 2;
    }

    void complain(std::size_t at, std::string const& what)
    {
        if (m_complaints.size() == most_complaints)
            return;
        auto const before = m_text.substr(0, at);
        auto const line = std::ranges::count(before, '\n') + 1;
        auto const column = at - (before.rfind('\n') + 1) + 1;  // npos + 1 is 0
        m_complaints.push_back(fmt::format("line {}, column {}: {}", line, column, what));
    }

    std::string_view m_text;
    std::array<Placeholder, 2> m_known;
    std::string m_out;
    std::vector<std::string> m_complaints;
};

Result<std::optional<image::ImageDigest>> digest_of(std::optional<std::string> const& text, std::string const& option)
{
    if (!text)
        return std::optional<image::ImageDigest>();
    return std::optional(TRY(parse_image_digest(*text).in(option)));
}

std::string as_json(ComposeDigests const& digests, std::string const& hash, std::filesystem::path const& output)
{
    auto const optional = [](auto const& digest) { return digest ? json::Value(digest->text()) : json::Value(); };
    return json::write_pretty(json::Object { { "sha256", hash }, { "launcher_digest", optional(digests.launcher) },
               { "image_digest", optional(digests.image) }, { "output", output.string() } })
        + "\n";
}

}  // namespace

Result<std::string> render_compose(std::string_view text, ComposeDigests const& digests)
{
    return Rendering(text, digests).run();
}

Result<ExitCode> run(ComposeRenderOptions const& options, Interrupt const&)
{
    ComposeDigests digests;
    digests.launcher = TRY(digest_of(options.launcher_digest, "--launcher-digest"));
    digests.image = TRY(digest_of(options.image_digest, "--image-digest"));
    if (!digests.launcher && !digests.image)
        return Error(ErrorKind::Invalid, "no digest was given")
            .exit_as(mpc::ExitCode::Usage)
            .remedy("give --launcher-digest and --image-digest");
    auto const text = TRY(read_file(options.template_file, template_limit)
            .in("--template")
            .remedy("give --template a readable file of at most 1 MiB"));
    auto const rendered = TRY(render_compose(text, digests).in(options.template_file.string()));
    auto const hash = to_hex(sha256({ as_bytes(rendered) }));
    if (!options.output) {
        say("{}", rendered);
        say(stderr, "SHA-256 {}\n", hash);
        return ExitCode::Done;
    }
    TRY(write_measured_output(*options.output, rendered));
    if (options.json)
        say("{}", as_json(digests, hash, *options.output));
    else
        say("SHA-256     {}\nwritten to  {}\n", hash, options.output->string());
    return ExitCode::Done;
}

}  // namespace mpc::ctl
