// The only file that sees nlohmann-json. Its SAX parser does not recurse, and hands us every name, so that equal names,
// which its DOM drops without a word, are seen.
#include "json/json.h"

#include <unordered_set>

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace mpc::json {

namespace {

constexpr std::size_t longest_name = 60;  // in a message

/// Builds a Value from the parser's events, on a stack of open containers.
class Builder final : public nlohmann::json_sax<nlohmann::json> {
public:
    explicit Builder(std::size_t depth) : m_depth(depth) {}

    Value root;
    std::string problem;
    std::size_t position = 0;

    bool null() override { return put({}); }
    bool boolean(bool value) override { return put(value); }
    bool number_integer(number_integer_t value) override { return put(value); }
    bool number_unsigned(number_unsigned_t value) override { return put(value); }
    bool number_float(number_float_t value, string_t const&) override { return put(value); }
    bool string(string_t& value) override { return put(std::move(value)); }
    bool binary(binary_t&) override { return fail("binary value"); }
    bool start_object(std::size_t) override { return open(Object()); }
    bool start_array(std::size_t) override { return open(Array()); }
    bool end_object() override { return close(); }
    bool end_array() override { return close(); }
    bool key(string_t& name) override
    {
        m_open.back().name = name;
        return m_open.back().names.insert(name).second
            || fail("the name \"" + printable(name, longest_name) + "\" twice in one object");
    }
    bool parse_error(std::size_t at, std::string const&, nlohmann::json::exception const&) override
    {
        position = at;
        return fail("not JSON");
    }

private:
    struct Container {
        Value value;
        std::string name;                       // of the member that is being read
        std::unordered_set<std::string> names;  // of an object, so that a large one is read in linear time
    };

    bool fail(std::string text)
    {
        if (problem.empty())
            problem = std::move(text);
        return false;
    }
    bool open(Value value)
    {
        if (m_open.size() >= m_depth)
            return fail("nested too deeply");
        m_open.push_back({ std::move(value), {}, {} });
        return true;
    }
    bool close()
    {
        auto value = std::move(m_open.back().value);
        m_open.pop_back();
        return put(std::move(value));
    }
    bool put(Value value)
    {
        if (m_open.empty())
            root = std::move(value);
        else if (auto* array = m_open.back().value.array())
            array->push_back(std::move(value));
        else
            m_open.back().value.object()->add_new(std::move(m_open.back().name), std::move(value));
        return true;
    }

    std::size_t m_depth;
    std::vector<Container> m_open;
};

}  // namespace

Result<Value> read(std::string_view text, Limits limits)
{
    if (text.size() > limits.bytes)
        return Error(ErrorKind::Invalid, "JSON text of more than " + std::to_string(limits.bytes) + " bytes");
    // The library passes over it, and so a text would not be the bytes that were signed.
    if (text.starts_with("\xef\xbb\xbf"))
        return Error(ErrorKind::Invalid, "a byte order mark before the JSON text");
    Builder builder(limits.depth);
    if (nlohmann::json::sax_parse(text.begin(), text.end(), &builder))
        return std::move(builder.root);
    auto where = builder.position > 0 ? " (at byte " + std::to_string(builder.position) + ")" : std::string();
    return Error(ErrorKind::Invalid, builder.problem + where);
}

Result<Object> read_object(std::string_view text, Limits limits)
{
    auto value = TRY(read(text, limits));
    if (!value.object())
        return Error(ErrorKind::Invalid, "not a JSON object");
    return std::move(*value.object());
}

}  // namespace mpc::json
