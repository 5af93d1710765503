#include "crypto/time.h"

#include <ctime>
#include <optional>

#include <fmt/compile.h>
#include <openssl/asn1.h>

namespace mpc::crypto {

namespace {

/// A date and time of day as numbers, if they exist.
Result<Time> make_time(int year, unsigned month, unsigned day, int hour, int minute, int second)
{
    auto const date = std::chrono::year(year) / std::chrono::month(month) / std::chrono::day(day);
    if (!date.ok() || hour > 23 || minute > 59 || second > 59)
        return Error(ErrorKind::Invalid, "there is no such date or time of day");
    return Time(std::chrono::sys_days(date)) + std::chrono::hours(hour) + std::chrono::minutes(minute)
        + std::chrono::seconds(second);
}

/// The digits at the position as a number; nullopt when one is no digit.
std::optional<int> digits(std::string_view text, std::size_t at, std::size_t count)
{
    int number = 0;
    for (auto const c : text.substr(at, count)) {
        if (c < '0' || c > '9')
            return std::nullopt;
        number = number * 10 + (c - '0');
    }
    return number;
}

}  // namespace

Result<Time> parse_time(std::string_view text)
{
    static constexpr std::string_view form = "dddd-dd-ddTdd:dd:ddZ";
    bool fits = text.size() == form.size();
    for (std::size_t i = 0; fits && i < form.size(); ++i)
        fits = form[i] == 'd' || form[i] == text[i];
    if (!fits)
        return Error(ErrorKind::Invalid, "a time must have the form YYYY-MM-DDTHH:MM:SSZ");
    auto const year = digits(text, 0, 4), month = digits(text, 5, 2), day = digits(text, 8, 2);
    auto const hour = digits(text, 11, 2), minute = digits(text, 14, 2), second = digits(text, 17, 2);
    if (!year || !month || !day || !hour || !minute || !second)
        return Error(ErrorKind::Invalid, "a time must have the form YYYY-MM-DDTHH:MM:SSZ");
    return make_time(*year, static_cast<unsigned>(*month), static_cast<unsigned>(*day), *hour, *minute, *second);
}

std::string to_text(Time time)
{
    auto const day = std::chrono::floor<std::chrono::days>(time);
    std::chrono::year_month_day const date(day);
    std::chrono::hh_mm_ss const clock(time - day);
    return fmt::format(FMT_COMPILE("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z"), int(date.year()), unsigned(date.month()),
        unsigned(date.day()), clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

Result<Time> from_asn1(asn1_string_st const* time)
{
    std::tm parts {};
    if (!time || ASN1_TIME_to_tm(time, &parts) != 1)
        return Error(ErrorKind::Invalid, "not an ASN.1 time");
    return make_time(parts.tm_year + 1900, static_cast<unsigned>(parts.tm_mon + 1),
        static_cast<unsigned>(parts.tm_mday), parts.tm_hour, parts.tm_min, parts.tm_sec);
}

}  // namespace mpc::crypto
