// The log: one line an entry, to people or to machines.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "base/text.h"  // what is logged of others is made printable

namespace mpc {

enum class LogFormat { Text, Json };

/// A name and a value of one entry. In production the log is public: values of user_config never come here.
using LogField = std::pair<std::string_view, std::string>;

/// Writes entries to standard error, each with one write. Text: "12:04:31 step: message (name=value ...)".
/// JSON: {"time","level","step","message",...fields}, times in UTC (RFC 3339).
class Log {
public:
    explicit Log(LogFormat format, int fd = 2) : m_format(format), m_fd(fd) {}

    void info(std::string_view step, std::string_view message, std::initializer_list<LogField> fields = {}) const
    {
        write("info", step, message, fields);
    }
    void warning(std::string_view step, std::string_view message, std::initializer_list<LogField> fields = {}) const
    {
        write("warning", step, message, fields);
    }
    void error(std::string_view step, std::string_view message, std::initializer_list<LogField> fields = {}) const
    {
        write("error", step, message, fields);
    }

private:
    void write(std::string_view level, std::string_view step, std::string_view message,
        std::initializer_list<LogField> fields) const;

    LogFormat m_format;
    int m_fd;
};

}  // namespace mpc
