#include "net/challenge.h"

#include <algorithm>

namespace mpc::net {

namespace {

constexpr std::size_t most_challenges = 8;
constexpr std::size_t most_parameters = 16;

Error invalid(char const* why) { return { ErrorKind::Invalid, std::string("WWW-Authenticate: ") + why }; }

/// RFC 9110, 5.6.2.
bool is_of_a_token(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
        || std::string_view("!#$%&'*+-.^_`|~").contains(c);
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

class Reader {
public:
    explicit Reader(std::string_view text) : m_rest(text) {}

    [[nodiscard]] bool at_end() const { return m_rest.empty(); }
    [[nodiscard]] bool take(char c)
    {
        if (!m_rest.starts_with(c))
            return false;
        m_rest.remove_prefix(1);
        return true;
    }
    void skip(std::string_view blank)
    {
        m_rest.remove_prefix(std::min(m_rest.find_first_not_of(blank), m_rest.size()));
    }
    [[nodiscard]] std::string_view token()
    {
        auto const end = std::ranges::find_if_not(m_rest, is_of_a_token);
        auto const word = m_rest.substr(0, static_cast<std::size_t>(end - m_rest.begin()));
        m_rest.remove_prefix(word.size());
        return word;
    }
    [[nodiscard]] std::string lower_case_token()
    {
        std::string word(token());
        std::ranges::transform(word, word.begin(), lower);
        return word;
    }
    /// A token or a quoted string.
    Result<std::string> value()
    {
        if (!take('"')) {
            auto const word = token();
            return word.empty() ? Result<std::string>(invalid("a parameter has no value")) : std::string(word);
        }
        std::string text;
        while (!m_rest.empty() && !m_rest.starts_with('"')) {
            static_cast<void>(take('\\'));
            if (m_rest.empty())
                break;
            text += m_rest.front();
            m_rest.remove_prefix(1);
        }
        return take('"') ? Result<std::string>(std::move(text)) : invalid("a quoted value does not end");
    }

private:
    std::string_view m_rest;
};

Result<void> add(std::vector<Challenge>& challenges, std::string name, std::string value)
{
    if (challenges.empty())
        return invalid("a parameter before any scheme");
    auto& challenge = challenges.back();
    if (challenge.parameter(name) || challenge.parameters.size() == most_parameters)
        return invalid("a parameter twice, or too many of them");
    challenge.parameters.emplace_back(std::move(name), std::move(value));
    return ok;
}

}  // namespace

std::string const* Challenge::parameter(std::string_view name) const
{
    auto const found = std::ranges::find(parameters, name, &std::pair<std::string, std::string>::first);
    return found == parameters.end() ? nullptr : &found->second;
}

Result<std::vector<Challenge>> parse_challenges(std::string_view text)
{
    Reader reader(text);
    std::vector<Challenge> challenges;
    for (reader.skip(" \t,"); !reader.at_end(); reader.skip(" \t,")) {
        auto word = reader.lower_case_token();
        if (word.empty())
            return invalid("neither a scheme nor a parameter");
        if (reader.take('=')) {
            TRY(add(challenges, std::move(word), TRY(reader.value())));
            continue;
        }
        if (challenges.size() == most_challenges)
            return invalid("too many schemes");
        challenges.push_back({ .scheme = std::move(word) });
    }
    return challenges;
}

}  // namespace mpc::net
