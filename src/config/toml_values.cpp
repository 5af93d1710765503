#include "config/toml_values.h"

#include <fmt/format.h>

#include "config/toml.h"
#include "config/toml_depth.h"

namespace mpc::config {

namespace {

constexpr std::size_t size_limit = std::size_t { 1 } << 20;

Error at(toml::source_position place, std::string const& what)
{
    return { ErrorKind::Invalid, fmt::format("line {}, column {}: {}", place.line, place.column, what) };
}

Result<json::Value> value_of(toml::node const& node);

Result<json::Object> object_of(toml::table const& table)
{
    json::Object object;
    for (auto const& [key, item] : table)
        object.add_new(std::string(key.str()), TRY(value_of(item)));
    return object;
}

/// The depth of the document was bounded when it was read.
Result<json::Value> value_of(toml::node const& node)
{
    if (auto const* table = node.as_table())
        return json::Value(TRY(object_of(*table)));
    if (auto const* text = node.as_string())
        return json::Value(text->get());
    if (auto const* number = node.as_integer())
        return json::Value(number->get());
    if (auto const* real = node.as_floating_point())
        return json::Value(real->get());
    if (auto const* boolean = node.as_boolean())
        return json::Value(boolean->get());
    auto const* list = node.as_array();
    if (!list)
        return at(node.source().begin, "a date or a time is not expected here").remedy("put it in quotes");
    json::Array array;
    for (auto const& item : *list)
        array.push_back(TRY(value_of(item)));
    return json::Value(std::move(array));
}

}  // namespace

Result<json::Object> read_toml_values(std::string_view content)
{
    if (content.size() > size_limit)
        return Error(ErrorKind::Invalid, "more than 1 MiB");
    TRY(check_key_parts(content));
    auto const document = toml::parse(content);
    if (!document)
        return at(document.error().source().begin, "not valid TOML")
            .remedy("correct the TOML at that place: each key once, text in quotes, one setting a line");
    return object_of(document.table());
}

}  // namespace mpc::config
