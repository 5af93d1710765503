// mpcctl image compare: whether two images are one, and if not, why.
#pragma once

#include <string>

#include "base/interrupt.h"
#include "mpcctl/exit_code.h"
#include "mpcctl/image_place.h"

namespace mpc::ctl {

struct ImageCompareOptions {
    std::string a;  ///< an image place
    std::string b;
    ImageAccess access {};
    bool json = false;
};

/// Prints the verdict and the differences. Done when equal, SameContent, or NotTrusted when they differ. Errors: what
/// open_image() and take_inventory() refuse.
[[nodiscard]] Result<ExitCode> run(ImageCompareOptions const& options, Interrupt const& interrupt);

}  // namespace mpc::ctl
