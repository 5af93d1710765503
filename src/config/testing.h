// What the tests of this directory share. Not part of the product.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/user_config.h"

namespace mpc::config::testing {

inline Result<UserConfig> read(std::string_view content, Platform platform = Platform::Tee)
{
    return read_user_config(content, platform);
}

/// The configuration, or a failed test and a default one.
inline UserConfig read_good(std::string_view content, Platform platform = Platform::Tee)
{
    auto config = read(content, platform);
    if (config.ok())
        return std::move(config).value();
    ADD_FAILURE() << config.error().message();
    return read_user_config("A=b", platform).value();
}

/// The error, which must be one of configuration and come with a remedy.
inline Error read_bad(std::string_view content, Platform platform = Platform::Tee)
{
    auto const config = read(content, platform);
    if (config.ok()) {
        ADD_FAILURE() << "was accepted:\n" << content;
        return { ErrorKind::Internal, "" };
    }
    EXPECT_EQ(config.error().kind(), ErrorKind::Invalid);
    EXPECT_EQ(config.error().exit_code(), ExitCode::Config);
    EXPECT_FALSE(config.error().remedy().empty()) << config.error().message();
    EXPECT_TRUE(config.error().message().starts_with("user_config: ")) << config.error().message();
    return config.error();
}

inline std::string message_of_bad(std::string_view content, Platform platform = Platform::Tee)
{
    return read_bad(content, platform).message();
}

/// A TOML user_config: a good [launcher_config], except that it holds `launcher` instead if that is given.
inline std::string toml(std::string_view node,
    std::string_view launcher = "image_reference = \"nearone/mpc-node\"\nport_mappings = []\n")
{
    return "[launcher_config]\n" + std::string(launcher) + "\n[mpc_node_config]\n" + std::string(node);
}

inline std::map<std::string, std::string> variables_of(UserConfig const& config)
{
    std::map<std::string, std::string> variables;
    for (auto const& variable : std::get<NodeEnvironment>(config.node).variables)
        variables[variable.name] = variable.value.reveal();
    return variables;
}

inline std::string node_table_of(UserConfig const& config)
{
    return std::get<NodeConfigFile>(config.node).content.reveal();
}

inline std::vector<std::string> sensitive_of(UserConfig const& config)
{
    std::vector<std::string> texts;
    for (auto const& secret : config.sensitive)
        texts.push_back(secret.reveal());
    return texts;
}

/// All warnings, one a line.
inline std::string warnings_of(UserConfig const& config)
{
    std::string all;
    for (auto const& warning : config.warnings)
        all += warning + "\n";
    return all;
}

inline std::string digest_text(char c) { return "sha256:" + std::string(64, c); }

}  // namespace mpc::config::testing
