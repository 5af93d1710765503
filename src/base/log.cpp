#include "base/log.h"

#include <chrono>
#include <ctime>
#include <unistd.h>

#include <fmt/format.h>

#include "base/text.h"

namespace mpc {

namespace {

std::string utc_now(char const* format)
{
    auto const now = std::chrono::system_clock::now();
    auto const seconds = std::chrono::system_clock::to_time_t(now);
    std::tm parts {};
    gmtime_r(&seconds, &parts);
    char text[32];
    return { text, std::strftime(text, sizeof text, format, &parts) };
}

std::string text_line(std::string_view level, std::string_view step, std::string_view message,
    std::initializer_list<LogField> fields)
{
    auto line = utc_now("%H:%M:%S ");
    if (level != "info")
        line += fmt::format("{}: ", level);
    line += fmt::format("{}: {}", step, printable(message, uncut));
    char const* separator = " (";
    for (auto const& [name, value] : fields) {
        line += fmt::format("{}{}={}", separator, name, printable(value, uncut));
        separator = " ";
    }
    return line + (fields.size() > 0 ? ")\n" : "\n");
}

std::string json_line(std::string_view level, std::string_view step, std::string_view message,
    std::initializer_list<LogField> fields)
{
    auto line = fmt::format(R"({{"time":"{}","level":"{}","step":{},"message":{})", utc_now("%Y-%m-%dT%H:%M:%SZ"),
        level, json_quoted(step), json_quoted(valid_utf8(message)));
    for (auto const& [name, value] : fields)
        line += fmt::format(",{}:{}", json_quoted(name), json_quoted(valid_utf8(value)));
    return line + "}\n";
}

}  // namespace

void Log::write(std::string_view level, std::string_view step, std::string_view message,
    std::initializer_list<LogField> fields) const
{
    auto const line =
        m_format == LogFormat::Text ? text_line(level, step, message, fields) : json_line(level, step, message, fields);
    // A log that cannot be written must not stop the node.
    [[maybe_unused]] auto const written = ::write(m_fd, line.data(), line.size());
}

}  // namespace mpc
