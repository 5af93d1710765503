// JSON: strict reading, canonical writing.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace mpc::json {

class Value;
using Array = std::vector<Value>;
/// Members in the order of the text, names unique.
class Object;

/// Bounds on foreign text; the defaults suit an answer of the engine or the agent.
struct Limits {
    std::size_t bytes = std::size_t { 16 } << 20;
    std::size_t depth = 64;
};

/// Members in the order in which they were read or added; a name occurs once.
class Object {
public:
    struct Member;  ///< a name and its value: `for (auto const& [name, value] : object)`

    Object();
    Object(std::initializer_list<Member> members);
    // Defined in the source, where a Member is complete: it holds a Value, which may hold an Object.
    Object(Object const&);
    Object(Object&&) noexcept;
    Object& operator=(Object const&);
    Object& operator=(Object&&) noexcept;
    ~Object();

    /// nullptr when there is no such member.
    [[nodiscard]] Value const* find(std::string_view name) const;
    /// The member, which must exist. Errors: Invalid, naming it.
    [[nodiscard]] Result<Value const*> require(std::string_view name) const;
    /// A member that must exist and be text, a whole number >= 0, an array, an object, a boolean. Errors: Invalid.
    [[nodiscard]] Result<std::string> require_text(std::string_view name) const;
    [[nodiscard]] Result<std::uint64_t> require_number(std::string_view name) const;
    [[nodiscard]] Result<bool> require_bool(std::string_view name) const;
    [[nodiscard]] Result<Array const*> require_array(std::string_view name) const;
    [[nodiscard]] Result<Object const*> require_object(std::string_view name) const;
    /// Errors: Invalid, naming the first member that is not among `known`, printable and cut.
    [[nodiscard]] Result<void> allow_only(std::initializer_list<std::string_view> known) const;

    /// Adds a member; false (and no change) when the name is taken. Looks at every member.
    bool add(std::string name, Value value);
    /// Adds a member whose name the caller knows to be new.
    void add_new(std::string name, Value value);

    [[nodiscard]] std::size_t size() const;
    [[nodiscard]] std::vector<Member>::const_iterator begin() const;
    [[nodiscard]] std::vector<Member>::const_iterator end() const;

private:
    std::vector<Member> m_members;
};

/// One JSON value. Whole numbers keep their sign and all 64 bits; others are doubles.
class Value {
public:
    Value() = default;               ///< null
    Value(std::nullptr_t) = delete;  ///< would be taken for text
    Value(bool value) : m_value(value) {}
    template <std::integral T>
        requires(!std::same_as<T, bool>)
    Value(T value)
    {
        if constexpr (std::is_signed_v<T>) {
            if (value < 0) {
                m_value = static_cast<std::int64_t>(value);
                return;
            }
        }
        m_value = static_cast<std::uint64_t>(value);
    }
    Value(double value) : m_value(value) {}
    Value(std::string value) : m_value(std::move(value)) {}
    Value(std::string_view value) : m_value(std::string(value)) {}
    Value(char const* value) : m_value(std::string(value)) {}
    Value(Array value) : m_value(std::move(value)) {}
    Value(Object value) : m_value(std::move(value)) {}

    [[nodiscard]] bool is_null() const { return std::holds_alternative<std::monostate>(m_value); }
    /// nullptr (for objects, arrays, text) or an empty optional-like pointer when the value is of another type.
    [[nodiscard]] bool const* boolean() const { return std::get_if<bool>(&m_value); }
    [[nodiscard]] std::uint64_t const* number() const { return std::get_if<std::uint64_t>(&m_value); }
    [[nodiscard]] std::int64_t const* negative() const { return std::get_if<std::int64_t>(&m_value); }
    [[nodiscard]] double const* real() const { return std::get_if<double>(&m_value); }
    [[nodiscard]] std::string const* text() const { return std::get_if<std::string>(&m_value); }
    [[nodiscard]] Array const* array() const { return std::get_if<Array>(&m_value); }
    [[nodiscard]] Object const* object() const { return std::get_if<Object>(&m_value); }
    Array* array() { return std::get_if<Array>(&m_value); }
    Object* object() { return std::get_if<Object>(&m_value); }

private:
    std::variant<std::monostate, bool, std::uint64_t, std::int64_t, double, std::string, Array, Object> m_value;
};

struct Object::Member {
    std::string name;
    Value value;
};

/// Reads one JSON text (RFC 8259). Refuses what RFC 8259 leaves open and attackers use: equal names in one object, text
/// after the value, invalid UTF-8, nesting or size beyond the limits.
/// Errors: Invalid, with the byte offset and never with the text itself, but for a name that occurs twice, printable.
[[nodiscard]] Result<Value> read(std::string_view text, Limits limits = {});
/// As read, for a text that must be an object.
[[nodiscard]] Result<Object> read_object(std::string_view text, Limits limits = {});

/// Compact, members in their own order. What is not UTF-8 is written as U+FFFD, so that a reader takes it.
[[nodiscard]] std::string write(Value const& value);
/// As write, indented by two spaces, for people.
[[nodiscard]] std::string write_pretty(Value const& value);
/// RFC 8785 (JCS): compact, members sorted by name; equal values give equal bytes. Of numbers, whole ones only, as
/// ours are. What is not UTF-8 stays so and is no JSON: a text that is hashed or compared stands for no other one.
[[nodiscard]] std::string write_canonical(Value const& value);

}  // namespace mpc::json
