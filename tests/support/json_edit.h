// Changing one member of a JSON document, for tests that break exactly one thing.
#pragma once

#include <string>
#include <string_view>

#include "json/json.h"

namespace mpc::test {

/// The object without the member at a path such as "HostConfig.RestartPolicy.Name"; the same when there is none.
inline json::Object without(json::Object const& object, std::string_view path)
{
    auto const dot = path.find('.');
    json::Object changed;
    for (auto const& [name, value] : object) {
        if (name != path.substr(0, dot))
            changed.add(name, value);
        else if (dot != std::string_view::npos && value.object())
            changed.add(name, without(*value.object(), path.substr(dot + 1)));
    }
    return changed;
}

/// The object with that value at the path; missing objects on the way are made, other members keep their places.
inline json::Object with(json::Object const& object, std::string_view path, json::Value const& value)
{
    auto const dot = path.find('.');
    auto const head = std::string(path.substr(0, dot));
    auto const* old = object.find(head);
    auto const inner = old && old->object() ? *old->object() : json::Object();
    json::Value const replaced = dot == std::string_view::npos ? value : with(inner, path.substr(dot + 1), value);

    json::Object changed;
    for (auto const& [name, member] : object)
        changed.add(name, name == head ? replaced : member);
    changed.add(head, replaced);
    return changed;
}

/// The value at a path; null when there is none.
inline json::Value at(json::Object const& object, std::string_view path)
{
    auto const dot = path.find('.');
    auto const* value = object.find(path.substr(0, dot));
    if (!value)
        return {};
    if (dot == std::string_view::npos)
        return *value;
    return value->object() ? at(*value->object(), path.substr(dot + 1)) : json::Value();
}

/// The texts of a list at a path; empty when there is none.
inline std::vector<std::string> texts_at(json::Object const& object, std::string_view path)
{
    std::vector<std::string> texts;
    auto const value = at(object, path);
    for (auto const& element : value.array() ? *value.array() : json::Array()) {
        if (element.text())
            texts.push_back(*element.text());
    }
    return texts;
}

/// The text at a path; "" when there is none.
inline std::string text_at(json::Object const& object, std::string_view path)
{
    auto const value = at(object, path);
    return value.text() ? *value.text() : std::string();
}

}  // namespace mpc::test
