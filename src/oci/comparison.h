// Why two images are not one: the smallest explanation of their difference.
#pragma once

#include "oci/inventory.h"

namespace mpc::oci {

enum class Likeness {
    Equal,        ///< one manifest; or one image ID and the same blobs where neither has a manifest
    SameContent,  ///< the same files for the same container: other compression, times, order, layers or history
    Different,    ///< files, modes, owners, links or what a container is started with
};
[[nodiscard]] char const* name_of(Likeness likeness);  ///< "equal", "same-content", "different"

/// What differs, what matters most first.
enum class Subject {
    Config,      ///< what a container is started with
    Content,     ///< a file's content, type or target, or that it is in one image only
    Properties,  ///< mode, owner, attributes
    Image,       ///< manifest, layers, history
    Implied,     ///< a directory that only one image's archives have, and that is the same in the other without
    Time,        ///< of a file
};

/// A difference between A and B, for people: what, and where.
struct Difference {
    Subject subject {};
    std::string where;    ///< "/app/mpc-node", "config: config.Env", "layers"
    std::string what;     ///< "content: 12 bytes, sha256:... | 13 bytes, sha256:..."
    bool matters = true;  ///< makes the images different
};

struct Comparison {
    Likeness likeness {};
    std::vector<Difference> differences {};  ///< those that matter first, then by subject, then by path
};

[[nodiscard]] Comparison compare(Inventory const& a, Inventory const& b);

}  // namespace mpc::oci
