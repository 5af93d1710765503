#include "json/json.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace mpc::json {

namespace {

enum class Style { Compact, Pretty, Canonical };

class Writer {
public:
    explicit Writer(Style style) : m_style(style) {}

    std::string text;

    void value(Value const& value)
    {
        if (value.is_null())
            text += "null";
        else if (auto const* boolean = value.boolean())
            text += *boolean ? "true" : "false";
        else if (auto const* number = value.number())
            text += std::to_string(*number);
        else if (auto const* negative = value.negative())
            text += std::to_string(*negative);
        else if (auto const* real = value.real())
            text += *real == 0 ? "0" : fmt::format("{}", *real);  // without a sign (RFC 8785 section 3.2.2.3)
        else if (auto const* characters = value.text())
            string(*characters);
        else if (auto const* elements = value.array())
            array(*elements);
        else if (auto const* members = value.object())
            object(*members);
    }

private:
    void array(Array const& elements)
    {
        open('[');
        for (auto const& element : elements) {
            separate(&element != &elements.front());
            value(element);
        }
        close(']', elements.empty());
    }

    void object(Object const& members)
    {
        std::vector<Object::Member const*> ordered;
        for (auto const& member : members)
            ordered.push_back(&member);
        // JCS sorts by UTF-16 code units, which for our ASCII names is the order of bytes.
        if (m_style == Style::Canonical)
            std::ranges::sort(ordered, {}, [](auto const* member) { return member->name; });
        open('{');
        for (auto const* member : ordered) {
            separate(member != ordered.front());
            string(member->name);
            text += m_style == Style::Pretty ? ": " : ":";
            value(member->value);
        }
        close('}', ordered.empty());
    }

    void open(char bracket)
    {
        text += bracket;
        ++m_depth;
    }
    void separate(bool comma)
    {
        if (comma)
            text += ',';
        new_line();
    }
    void close(char bracket, bool empty)
    {
        --m_depth;
        if (!empty)
            new_line();
        text += bracket;
    }
    void new_line()
    {
        if (m_style == Style::Pretty)
            text += '\n' + std::string(2 * m_depth, ' ');
    }

    /// What is hashed or compared stands for no other text: there what is not UTF-8 stays so, and no reader takes it.
    void string(std::string_view string)
    {
        text += m_style == Style::Canonical || is_utf8(string) ? json_quoted(string) : json_quoted(valid_utf8(string));
    }

    Style m_style;
    std::size_t m_depth = 0;
};

std::string written(Value const& value, Style style)
{
    Writer writer(style);
    writer.value(value);
    return std::move(writer.text);
}

}  // namespace

std::string write(Value const& value) { return written(value, Style::Compact); }
std::string write_pretty(Value const& value) { return written(value, Style::Pretty); }
std::string write_canonical(Value const& value) { return written(value, Style::Canonical); }

}  // namespace mpc::json
