// Genuine data of other projects, read where it lies; never copied into the repository.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "support/temporary_directory.h"
#include "json/json.h"

/// Ends a test that needs the reference vectors where there are none.
#define NEED_REFERENCE_VECTORS()                                                                                       \
    if (std::getenv("REFERENCE_VECTORS") == nullptr)                                                                   \
    GTEST_SKIP() << "skipped: no reference vectors"

namespace mpc::test {

/// The content of a file under $REFERENCE_VECTORS, which is set (see NEED_REFERENCE_VECTORS).
inline std::string reference_vector(std::filesystem::path const& name)
{
    return content_of(std::getenv("REFERENCE_VECTORS") / name);
}

/// The quote of an MPC node, which near/mpc stores as a list of numbers.
inline Bytes reference_mpc_quote()
{
    auto const numbers = json::read(reference_vector("near-mpc/quote.json"));
    Bytes quote;
    for (auto const& number : *numbers->array())
        quote.push_back(static_cast<std::uint8_t>(*number.number()));
    return quote;
}

}  // namespace mpc::test
