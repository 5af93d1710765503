#include <gtest/gtest.h>

#include "net/url.h"

namespace mpc::net {
namespace {

TEST(Url, KeepsTheQueryOutOfWhatIsShown)
{
    auto const url = Url::parse("https://Example.com:8081/a/b?key=secret");
    ASSERT_TRUE(url.ok()) << url.error().message();
    EXPECT_EQ(url->text(), "https://Example.com:8081/a/b?key=secret");
    EXPECT_EQ(url->display(), "https://Example.com:8081/a/b");
    EXPECT_EQ(url->host(), "example.com");
    EXPECT_TRUE(url->has_query());
    EXPECT_FALSE(Url::parse("http://[::1]:80/")->has_query());
}

TEST(Url, RefusesEveryOtherScheme)
{
    for (auto const* text : { "file:///etc/passwd", "ftp://example.com/", "gopher://example.com/", "unix:///x" })
        EXPECT_FALSE(Url::parse(text).ok()) << text;
}

TEST(Url, RefusesWhatIsNotAbsolute)
{
    for (auto const* text :
        { "", "example.com", "/path", "//example.com/", "https://", "https:///path", "https:/path" })
        EXPECT_FALSE(Url::parse(text).ok()) << text;
}

TEST(Url, RefusesPasswordsAndDoesNotRepeatThem)
{
    auto const url = Url::parse("https://alice:hunter2@example.com/");
    ASSERT_FALSE(url.ok());
    EXPECT_EQ(url.error().message().find("hunter2"), std::string::npos);
    EXPECT_EQ(url.error().message().find("alice"), std::string::npos);
    EXPECT_FALSE(url.error().remedy().empty());
}

TEST(Url, RefusesFragmentsSpacesControlCharactersAndForeignLetters)
{
    for (auto const* text : { "https://example.com/#x", "https://example.com/a b", "https://example.com/\r\nHost: x",
             "https://ex\xc3\xa4mple.com/", "https://example.com/\x7f" })
        EXPECT_FALSE(Url::parse(text).ok()) << text;
    EXPECT_FALSE(Url::parse(std::string_view("https://example.com/\0x", 22)).ok());
}

TEST(Url, RefusesAHostThatHidesBytesBehindPercentSigns)
{
    for (auto const* text :
        { "https://ex%ca.example/", "https://example%2ecom@evil/", "https://a%0d%0ab/", "https://a%20b/" })
        EXPECT_FALSE(Url::parse(text).ok()) << text;
    EXPECT_TRUE(Url::parse("https://example.com/a%20b").ok());
}

TEST(Url, IsAtMostTwoKibibytes)
{
    std::string const start = "https://example.com/";
    EXPECT_TRUE(Url::parse(start + std::string(2048 - start.size(), 'a')).ok());
    EXPECT_FALSE(Url::parse(start + std::string(2049 - start.size(), 'a')).ok());
}

TEST(Loopback, IsThisMachineHoweverItIsWritten)
{
    for (auto const* host :
        { "localhost", "localhost.", "a.localhost", "a.localhost.", "127.0.0.1", "127.255.255.255", "0.0.0.0", "::1",
            "[::1]", "[0:0:0:0:0:0:0:1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f09:807]", "[::ffff:0.0.0.0]" })
        EXPECT_TRUE(is_loopback(host)) << host;
    for (auto const* host :
        { "", ".", "localhost.example.org", "notlocalhost", "localhost..", "127.example.org", "127.0.0.1.example.org",
            "128.0.0.1", "0.0.0.1", "::2", "[::ffff:8.8.8.8]", "[::fffe:127.0.0.1]", "[fe80::1]" })
        EXPECT_FALSE(is_loopback(host)) << host;
    EXPECT_TRUE(is_loopback(Url::parse("http://0x7f.1:80/")->host()));
}

TEST(Url, SendsSecretsWithTlsOrToThisMachineOnly)
{
    for (auto const* text : { "https://example.com/", "http://localhost:8080/", "http://127.0.0.1/",
             "http://127.9.8.7/", "http://[::1]:80/" })
        EXPECT_TRUE(Url::parse(text)->is_private()) << text;
    for (auto const* text :
        { "http://example.com/", "http://127.example.org/", "http://127.0.0.1.example.org/", "http://128.0.0.1/",
            "http://localhost.example.org/", "http://[::2]/", "http://[::ffff:8.8.8.8]/", "http://localhost./" })
        EXPECT_FALSE(Url::parse(text)->is_private()) << text;
}

TEST(Url, KnowsThisMachineInEveryFormOfAnAddress)
{
    for (auto const* text : { "http://0.0.0.0/", "http://[::]/", "http://[::ffff:127.0.0.1]/", "http://2130706433/" })
        EXPECT_TRUE(is_loopback(Url::parse(text)->host())) << text;
}

TEST(Url, KnowsAddressesOfTheLink)
{
    for (auto const* text : { "http://169.254.169.254/", "http://[fe80::1]/", "http://[FEBF::1]/",
             "http://[::ffff:169.254.0.1]/", "http://2852039166/", "http://0xa9fea9fe/" })
        EXPECT_TRUE(is_link_local(Url::parse(text)->host())) << text;
    for (auto const* text : { "http://169.255.0.1/", "http://[fec0::1]/", "http://[::1]/", "http://10.0.0.1/",
             "http://fe80.example/", "http://169.254.169.254.example/", "http://localhost/" })
        EXPECT_FALSE(is_link_local(Url::parse(text)->host())) << text;
}

TEST(Url, LeadsOnAsAnswersSay)
{
    auto const url = Url::parse("https://host.example:8443/a/b?q=1").value();
    EXPECT_EQ(url.origin(), "https://host.example:8443");
    EXPECT_EQ(url.resolve("c?r=2")->text(), "https://host.example:8443/a/c?r=2");
    EXPECT_EQ(url.resolve("/c")->text(), "https://host.example:8443/c");
    EXPECT_EQ(url.resolve("//other.example/c")->text(), "https://other.example/c");
    EXPECT_EQ(url.resolve("http://other.example")->text(), "http://other.example/");
    for (std::string const bad : { "file:///etc/passwd", "https://me:mine@other.example/", "/a b", "/a#b" })
        EXPECT_FALSE(url.resolve(bad).ok()) << bad;
}

}  // namespace
}  // namespace mpc::net
