#include "oci/stage.h"

#include <cstdlib>

#include <fmt/format.h>

#include "base/fd.h"

namespace mpc::oci {

Result<Stage> Stage::in(std::filesystem::path const& directory)
{
    auto name = (directory / ".mpcctl-image-XXXXXX").string();
    if (!mkdtemp(name.data()))
        return Error(ErrorKind::Io, fmt::format("cannot write to {}: {}", directory.string(), errno_text()));
    return Stage(name);
}

Stage::~Stage()
{
    std::error_code ignored;
    if (!m_path.empty())
        std::filesystem::remove_all(m_path, ignored);
}

}  // namespace mpc::oci
