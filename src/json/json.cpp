#include "json/json.h"

#include <algorithm>

#include "base/text.h"

namespace mpc::json {

namespace {

constexpr std::size_t longest_name = 60;  // in a message

Error wrong_type(std::string_view name, char const* expected)
{
    return { ErrorKind::Invalid, "\"" + std::string(name) + "\" is not " + expected };
}

}  // namespace

Object::Object() = default;
Object::Object(Object const&) = default;
Object::Object(Object&&) noexcept = default;
Object& Object::operator=(Object const&) = default;
Object& Object::operator=(Object&&) noexcept = default;
Object::~Object() = default;

Object::Object(std::initializer_list<Member> members)
{
    for (auto const& [name, value] : members)
        add(name, value);
}

Value const* Object::find(std::string_view name) const
{
    for (auto const& [member, value] : m_members) {
        if (member == name)
            return &value;
    }
    return nullptr;
}

Result<Value const*> Object::require(std::string_view name) const
{
    if (auto const* value = find(name))
        return value;
    return Error(ErrorKind::Invalid, "\"" + std::string(name) + "\" is missing");
}

Result<std::string> Object::require_text(std::string_view name) const
{
    auto const* value = TRY(require(name))->text();
    if (!value)
        return wrong_type(name, "text");
    return *value;
}

Result<std::uint64_t> Object::require_number(std::string_view name) const
{
    auto const* value = TRY(require(name))->number();
    if (!value)
        return wrong_type(name, "a whole number of zero or more");
    return *value;
}

Result<bool> Object::require_bool(std::string_view name) const
{
    auto const* value = TRY(require(name))->boolean();
    if (!value)
        return wrong_type(name, "true or false");
    return *value;
}

Result<Array const*> Object::require_array(std::string_view name) const
{
    auto const* value = TRY(require(name))->array();
    if (!value)
        return wrong_type(name, "a list");
    return value;
}

Result<Object const*> Object::require_object(std::string_view name) const
{
    auto const* value = TRY(require(name))->object();
    if (!value)
        return wrong_type(name, "an object");
    return value;
}

Result<void> Object::allow_only(std::initializer_list<std::string_view> known) const
{
    for (auto const& [name, value] : m_members) {
        if (std::find(known.begin(), known.end(), name) == known.end())
            return Error(ErrorKind::Invalid, "unknown member \"" + printable(name, longest_name) + "\"");
    }
    return ok;
}

bool Object::add(std::string name, Value value)
{
    if (find(name))
        return false;
    add_new(std::move(name), std::move(value));
    return true;
}

std::size_t Object::size() const { return m_members.size(); }

std::vector<Object::Member>::const_iterator Object::begin() const { return m_members.begin(); }

std::vector<Object::Member>::const_iterator Object::end() const { return m_members.end(); }

void Object::add_new(std::string name, Value value) { m_members.push_back({ std::move(name), std::move(value) }); }

}  // namespace mpc::json
