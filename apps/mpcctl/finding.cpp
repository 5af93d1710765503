#include "mpcctl/finding.h"

#include <utility>

namespace mpc::ctl {

char const* name_of(Level level)
{
    switch (level) {
    case Level::Good: return "ok";
    case Level::Skipped: return "skipped";
    case Level::Warning: return "warning";
    case Level::Problem: return "problem";
    }
    return "?";
}

Finding good(std::string what, std::string text) { return { Level::Good, std::move(what), std::move(text) }; }

Finding skipped(std::string what, std::string why) { return { Level::Skipped, std::move(what), std::move(why) }; }

Finding warning(std::string what, std::string text, std::string remedy)
{
    return { Level::Warning, std::move(what), std::move(text), std::move(remedy) };
}

Finding problem(std::string what, std::string text, std::string remedy)
{
    return { Level::Problem, std::move(what), std::move(text), std::move(remedy) };
}

}  // namespace mpc::ctl
