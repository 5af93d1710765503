#include "docker/patience.h"

#include <algorithm>

#include "docker/number.h"
#include "docker/parse.h"

namespace mpc::docker {

namespace {

/// One number and unit of a Go duration, taken from the front of `text`; nullopt when there is none.
std::optional<double> take_seconds(std::string_view& text)
{
    auto const digits = std::min(text.find_first_not_of("0123456789."), text.size());
    double number = 0;
    if (!read_whole(text.substr(0, digits), number))
        return std::nullopt;
    auto const rest = text.substr(digits);
    constexpr std::pair<std::string_view, double> units[] = { { "ns", 1e-9 }, { "us", 1e-6 }, { "\u00b5s", 1e-6 },
        { "\u03bcs", 1e-6 }, { "ms", 1e-3 }, { "s", 1 }, { "m", 60 }, { "h", 3600 } };
    for (auto const& [unit, seconds] : units) {
        if (rest.starts_with(unit)) {
            text = rest.substr(unit.size());
            return number * seconds;
        }
    }
    text = {};
    return number;
}

std::string lower_case(std::string_view text)
{
    std::string lower(text);
    for (auto& c : lower)
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return lower;
}

/// Seconds as the API's own type, rounded up, at most a day: whatever a registry asks for, no number overflows here.
Duration wait_of(double seconds)
{
    auto const milliseconds = std::min(seconds, 24.0 * 3600) * 1000;
    auto const whole = static_cast<Duration::rep>(milliseconds);
    return Duration(static_cast<double>(whole) < milliseconds ? whole + 1 : whole);
}

}  // namespace

Patience patience_after(http::Response const& answer)
{
    auto const is_our_fault = answer.status >= 400 && answer.status < 500;
    Patience patience { .worth_a_retry = !is_our_fault || answer.status == 408 || answer.status == 429 };
    if (!patience.worth_a_retry)
        return patience;
    std::uint32_t seconds = 0;
    if (read_whole(answer.header("Retry-After"), seconds))
        patience.retry_after = wait_of(seconds);
    else
        patience.retry_after = find_retry_after(refusal_text(answer.body));
    return patience;
}

std::optional<Duration> find_retry_after(std::string_view text)
{
    constexpr std::string_view name = "retry-after:";
    auto const at = lower_case(text).find(name);
    if (at == std::string::npos)
        return std::nullopt;
    text.remove_prefix(at + name.size());
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    auto const first = take_seconds(text);
    if (!first)
        return std::nullopt;
    auto seconds = *first;
    while (auto const more = take_seconds(text))
        seconds += *more;
    return wait_of(seconds);
}

}  // namespace mpc::docker
