// Errors as values. A function that can fail returns Result<T>; TRY() hands a failure on.
#pragma once

#include <concepts>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "base/exit_code.h"

namespace mpc {

/// What happened, for code that has to decide; people read the message.
enum class ErrorKind {
    Internal,     ///< a defect of ours
    Invalid,      ///< input malformed or forbidden
    NotFound,     ///< a file, container or image is not there
    Io,           ///< the operating system refused
    Timeout,      ///< a deadline passed, or a stream fell silent
    Interrupted,  ///< we were asked to end (SIGTERM, SIGINT)
    Unreachable,  ///< nobody answers at the socket
    Refused,      ///< the other side answered, with a no
    Mismatch,     ///< two things that must be equal are not
};

/// A cause, and what the operator can do about it. Neither ever holds a value of user_config or a secret.
class [[nodiscard]] Error {
public:
    Error(ErrorKind kind, std::string message) : m_kind(kind), m_message(std::move(message)) {}

    [[nodiscard]] ErrorKind kind() const { return m_kind; }
    [[nodiscard]] std::string const& message() const { return m_message; }
    [[nodiscard]] std::string const& remedy() const { return m_remedy; }

    /// The exit code chosen by whoever knew best, that is first; Internal when nobody did.
    [[nodiscard]] ExitCode exit_code() const { return m_exit_code.value_or(ExitCode::Internal); }

    /// Puts "where: " before the message.
    Error&& in(std::string const& where) &&
    {
        m_message = where + ": " + m_message;
        return std::move(*this);
    }
    /// One sentence that says what to do; the first one given stays.
    Error&& remedy(std::string sentence) &&
    {
        if (m_remedy.empty())
            m_remedy = std::move(sentence);
        return std::move(*this);
    }
    /// The exit code, unless a callee has set one already.
    Error&& exit_as(ExitCode code) &&
    {
        if (!m_exit_code)
            m_exit_code = code;
        return std::move(*this);
    }

private:
    ErrorKind m_kind;
    std::string m_message;
    std::string m_remedy;
    std::optional<ExitCode> m_exit_code;
};

/// A value or an Error. (std::expected of g++ 12 has no monadic operations and may be discarded in silence.)
template <typename T>
class [[nodiscard]] Result {
public:
    /// From a T, or from what converts to one (as std::optional's constructor does).
    template <typename U = T>
        requires(std::convertible_to<U, T> && !std::same_as<std::remove_cvref_t<U>, Error>
            && !std::same_as<std::remove_cvref_t<U>, Result>)
    Result(U&& value) : m_state(std::in_place_index<0>, std::forward<U>(value))
    {
    }
    Result(Error error) : m_state(std::in_place_index<1>, std::move(error)) {}

    [[nodiscard]] bool ok() const { return m_state.index() == 0; }
    explicit operator bool() const { return ok(); }

    [[nodiscard]] T& value() & { return std::get<0>(m_state); }
    [[nodiscard]] T const& value() const& { return std::get<0>(m_state); }
    [[nodiscard]] T&& value() && { return std::get<0>(std::move(m_state)); }
    [[nodiscard]] Error const& error() const& { return std::get<1>(m_state); }
    [[nodiscard]] Error&& error() && { return std::get<1>(std::move(m_state)); }
    [[nodiscard]] Error&& error() & { return std::get<1>(std::move(m_state)); }

    T& operator*() & { return value(); }
    T const& operator*() const& { return value(); }
    T* operator->() { return &value(); }
    T const* operator->() const { return &value(); }

    /// The same result, with "where: " before the message if it is an error.
    Result&& in(std::string const& where) &&
    {
        if (!ok())
            static_cast<void>(std::move(error()).in(where));
        return std::move(*this);
    }
    /// The same result, with a remedy if it is an error that has none.
    Result&& remedy(std::string sentence) &&
    {
        if (!ok())
            static_cast<void>(std::move(error()).remedy(std::move(sentence)));
        return std::move(*this);
    }
    /// The same result, with an exit code if it is an error that has none.
    Result&& exit_as(ExitCode code) &&
    {
        if (!ok())
            static_cast<void>(std::move(error()).exit_as(code));
        return std::move(*this);
    }

private:
    std::variant<T, Error> m_state;
};

/// What Result<void> holds; `return ok;` ends a function that had nothing to say.
struct Ok {};
inline constexpr Ok ok {};

template <>
class [[nodiscard]] Result<void> : public Result<Ok> {
public:
    Result(Ok) : Result<Ok>(Ok {}) {}
    Result(Error error) : Result<Ok>(std::move(error)) {}
    Result(Result<Ok>&& other) : Result<Ok>(std::move(other)) {}
};

}  // namespace mpc

#define MPC_TRY_CONCATENATE_(a, b) a##b
#define MPC_TRY_NAME_(counter) MPC_TRY_CONCATENATE_(try_result_, counter)
#define MPC_TRY_(name, expression)                                                                                     \
    __extension__({                                                                                                    \
        auto name = (expression);                                                                                      \
        if (!name.ok())                                                                                                \
            return std::move(name).error();                                                                            \
        std::move(name).value();                                                                                       \
    })

/// The value of a Result, or return its Error from the calling function.
#define TRY(...) MPC_TRY_(MPC_TRY_NAME_(__COUNTER__), (__VA_ARGS__))
