// Reading a report in a test.
#pragma once

#include <string>

#include "attestation/report.h"

namespace mpc::test {

/// Names of the checks that failed, in order, with spaces between; empty when none did. "Wrong in exactly one way" is
/// one name.
inline std::string failed_checks(attestation::Report const& report)
{
    std::string names;
    for (auto const& check : report.checks) {
        if (check.result == attestation::CheckResult::Fail)
            names += (names.empty() ? "" : " ") + std::string(name_of(check.id));
    }
    return names;
}

}  // namespace mpc::test
