#include "fuzz/targets.h"

#include <cstdlib>

namespace mpc::fuzz {

std::vector<Target> targets()
{
    std::vector<Target> all;
    for (auto const& some : { launcher_targets(), verifier_targets(), deploy_targets(), image_targets() })
        all.insert(all.end(), some.begin(), some.end());
    return all;
}

void require(bool holds)
{
    if (!holds)
        std::abort();
}

}  // namespace mpc::fuzz
