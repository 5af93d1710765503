#include "config/nearest.h"

#include <algorithm>
#include <numeric>
#include <vector>

namespace mpc::config {

namespace {

std::size_t distance(std::string_view a, std::string_view b)
{
    // row[j] is the distance between the part of a read so far and the first j characters of b.
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t { 0 });
    for (auto const c : a) {
        auto diagonal = row[0]++;
        for (std::size_t j = 0; j < b.size(); ++j) {
            auto const above = row[j + 1];
            row[j + 1] = std::min({ above + 1, row[j] + 1, diagonal + (c == b[j] ? 0U : 1U) });
            diagonal = above;
        }
    }
    return row.back();
}

}  // namespace

Nearest nearest(std::string_view name, std::span<std::string_view const> known)
{
    Nearest best { known.front(), distance(name, known.front()) };
    for (auto const candidate : known.subspan(1))
        if (auto const d = distance(name, candidate); d < best.distance)
            best = { candidate, d };
    return best;
}

}  // namespace mpc::config
