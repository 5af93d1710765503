#include "scrubber.h"

#include <algorithm>

namespace mpc::launcher {

docker::Scrubber scrubber_of(std::span<Secret const> values)
{
    return [values = std::vector<Secret>(values.begin(), values.end())](std::string_view text) {
        std::vector<bool> hidden(text.size());
        for (auto const& value : values) {
            for (auto at = text.find(value.reveal()); at < text.size(); at = text.find(value.reveal(), at + 1))
                std::fill_n(hidden.begin() + static_cast<std::ptrdiff_t>(at), value.size(), true);
        }
        std::string scrubbed;
        for (std::size_t at = 0; at < text.size(); ++at) {
            if (!hidden[at])
                scrubbed += text[at];
            else if (at == 0 || !hidden[at - 1])
                scrubbed += "[user_config]";
        }
        return scrubbed;
    };
}

}  // namespace mpc::launcher
