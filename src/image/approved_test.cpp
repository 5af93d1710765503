#include "image/approved.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "support/temporary_directory.h"

namespace mpc::image {
namespace {

std::string h(char c) { return "sha256:" + std::string(64, c); }

std::string json_of(std::initializer_list<char> digests)
{
    std::string list;
    for (auto const c : digests)
        list += (list.empty() ? "\"" : ",\"") + h(c) + "\"";
    return "{\"approved_hashes\":[" + list + "]}";
}

std::string texts_of(Approved const& approved)
{
    std::string texts;
    for (auto const& digest : approved.digests)
        texts += digest.hex().front();
    return texts;
}

bool is_refused(std::string_view content)
{
    auto const approved = parse_approved(content);
    return !approved.ok() && approved.error().kind() == ErrorKind::Invalid;
}

TEST(ParseApproved, KeepsTheOrderOfTheList)  // E4, D6
{
    auto const approved = parse_approved(json_of({ 'b', 'a', 'c' }));
    ASSERT_TRUE(approved.ok());
    EXPECT_EQ(texts_of(*approved), "bac");
    EXPECT_EQ(approved->form, ApprovedForm::Json);
}

TEST(ParseApproved, ReadsTheIndentedJsonThatTheNodeWrites)  // J7
{
    EXPECT_TRUE(parse_approved("{\n  \"approved_hashes\": [\n    \"" + h('a') + "\"\n  ]\n}\n").ok());
}

TEST(ParseApproved, IgnoresUnknownMembers)  // E10
{
    EXPECT_TRUE(parse_approved("{\"version\":2,\"approved_hashes\":[\"" + h('a') + "\"],\"x\":{\"y\":[1]}}").ok());
}

TEST(ParseApproved, KeepsADigestOnceThatOccursTwice)
{
    EXPECT_EQ(texts_of(*parse_approved(json_of({ 'a', 'b', 'a' }))), "ab");
}

TEST(ParseApproved, ReadsThePrefixedTextOfOldNodes)  // E11
{
    auto const approved = parse_approved(h('a'));
    ASSERT_TRUE(approved.ok());
    EXPECT_EQ(texts_of(*approved), "a");
    EXPECT_EQ(approved->form, ApprovedForm::PrefixedText);
}

TEST(ParseApproved, ReadsTheBareHexOfTheOldestNodes)  // E11
{
    auto const approved = parse_approved(std::string(64, 'a'));
    ASSERT_TRUE(approved.ok());
    EXPECT_EQ(texts_of(*approved), "a");
    EXPECT_EQ(approved->form, ApprovedForm::BareText);
}

TEST(ParseApproved, ToleratesWhiteSpaceAroundTheTextForms)
{
    EXPECT_TRUE(parse_approved(h('a') + "\n").ok());
    EXPECT_TRUE(parse_approved(" \t" + std::string(64, 'a') + "\r\n").ok());
}

TEST(ParseApproved, RefusesAnEmptyFile)  // E7
{
    EXPECT_TRUE(is_refused(""));
    EXPECT_TRUE(is_refused(" \n\t"));
}

TEST(ParseApproved, RefusesAnEmptyList)  // E7
{
    EXPECT_TRUE(is_refused(R"({"approved_hashes":[]})"));
}

TEST(ParseApproved, RefusesAMissingList)  // E7
{
    EXPECT_TRUE(is_refused("{}"));
    EXPECT_TRUE(is_refused("{\"approved_hash\":[\"" + h('a') + "\"]}"));
}

TEST(ParseApproved, RefusesWhatIsNotAList)  // E7
{
    EXPECT_TRUE(is_refused("{\"approved_hashes\":\"" + h('a') + "\"}"));
    EXPECT_TRUE(is_refused(R"({"approved_hashes":null})"));
    EXPECT_TRUE(is_refused("[\"" + h('a') + "\"]"));
    EXPECT_TRUE(is_refused("\"" + h('a') + "\""));
}

TEST(ParseApproved, RefusesTheWholeFileForOneMalformedEntry)  // E8
{
    for (auto const* entry : { "\"sha256:newest\"", "1", "null", "[]", "\"\"" })
        EXPECT_TRUE(is_refused("{\"approved_hashes\":[\"" + h('a') + "\"," + entry + "]}")) << entry;
}

TEST(ParseApproved, NamesTheEntryThatIsMalformed)
{
    auto const approved = parse_approved("{\"approved_hashes\":[\"" + h('a') + "\",\"" + std::string(64, 'a') + "\"]}");
    EXPECT_NE(approved.error().message().find("entry 2"), std::string::npos);
}

TEST(ParseApproved, RefusesAnUpperCaseDigestInEveryForm)
{
    EXPECT_TRUE(is_refused(json_of({ 'A' })));
    EXPECT_TRUE(is_refused(h('A')));
    EXPECT_TRUE(is_refused(std::string(64, 'A')));
}

TEST(ParseApproved, RefusesTheListTwice)
{
    auto const list = "\"approved_hashes\":[\"" + h('a') + "\"]";
    EXPECT_TRUE(is_refused("{" + list + "," + list + "}"));
}

TEST(ParseApproved, RefusesTextAfterTheValue)
{
    EXPECT_TRUE(is_refused(json_of({ 'a' }) + "x"));
    EXPECT_TRUE(is_refused(json_of({ 'a' }) + json_of({ 'b' })));
    EXPECT_TRUE(is_refused(h('a') + "\n" + h('b')));
    EXPECT_TRUE(is_refused(std::string(64, 'a') + " " + std::string(64, 'b')));
}

TEST(ParseApproved, RefusesAFileThatWasCutShortAnywhere)
{
    auto const whole = json_of({ 'a', 'b' });
    for (std::size_t length = 0; length < whole.size(); ++length)
        EXPECT_TRUE(is_refused(whole.substr(0, length))) << length;
    EXPECT_TRUE(is_refused(h('a').substr(0, 70)));
    EXPECT_TRUE(is_refused(std::string(63, 'a')));
}

TEST(ParseApproved, RefusesBytesThatAreNoText)
{
    EXPECT_TRUE(is_refused(std::string(32, '\xaa')));
    EXPECT_TRUE(is_refused(std::string(64, '\0')));
    EXPECT_TRUE(is_refused(std::string(64, 'a') + std::string(1, '\0')));
    EXPECT_TRUE(is_refused("\xef\xbb\xbf" + json_of({ 'a' })));
}

TEST(ParseApproved, RefusesMoreThan64KiB)
{
    auto const text = h('a');
    EXPECT_TRUE(parse_approved(text + std::string(65536 - text.size(), ' ')).ok());
    EXPECT_TRUE(is_refused(text + std::string(65537 - text.size(), ' ')));
}

TEST(ParseApproved, CutsALongNameInItsError)
{
    auto const name = "\"" + std::string(20000, 'n') + "\":1";
    EXPECT_LT(parse_approved("{" + name + "," + name + "}").error().message().size(), 300U);
}

class ReadApproved : public testing::Test {
protected:
    Result<std::optional<Approved>> read() const { return read_approved(m_directory.path()); }
    void expect_refused() const
    {
        auto const result = read();
        ASSERT_FALSE(result.ok());
        EXPECT_EQ(result.error().exit_code(), ExitCode::Digest);
        EXPECT_FALSE(result.error().remedy().empty());
        EXPECT_NE(result.error().message().find(m_directory.path().string()), std::string::npos);
    }

    test::TemporaryDirectory m_directory;
};

TEST_F(ReadApproved, FindsNothingInAnEmptyDirectory)  // E1
{
    auto const result = read();
    ASSERT_TRUE(result.ok());
    EXPECT_EQ(*result, std::nullopt);
}

TEST_F(ReadApproved, ReadsTheNewestPath)
{
    auto const path = m_directory.write("image-digest.bin", json_of({ 'a' }));
    auto const result = read();
    ASSERT_TRUE(result.ok() && result.value());
    EXPECT_EQ(texts_of(*result.value()), "a");
    EXPECT_EQ(result.value()->path, path);
}

TEST_F(ReadApproved, ReadsTheOldPathWhenThereIsNoNewOne)
{
    auto const path = m_directory.write("image-digest", std::string(64, 'b'));
    auto const result = read();
    ASSERT_TRUE(result.ok() && result.value());
    EXPECT_EQ(texts_of(*result.value()), "b");
    EXPECT_EQ(result.value()->path, path);
}

TEST_F(ReadApproved, PrefersTheNewestPath)
{
    m_directory.write("image-digest", std::string(64, 'b'));
    m_directory.write("image-digest.bin", json_of({ 'a' }));
    EXPECT_EQ(texts_of(*read().value()), "a");
}

TEST_F(ReadApproved, NeverFallsBackFromACorruptFileToTheOldPath)
{
    m_directory.write("image-digest", std::string(64, 'b'));
    m_directory.write("image-digest.bin", "{");
    expect_refused();
}

TEST_F(ReadApproved, NeverTakesACorruptFileForNone)  // E7, L4
{
    for (auto const* content : { "", "not JSON", "{}", R"({"approved_hashes":[]})", R"({"approved_hashes":"x"})" }) {
        m_directory.write("image-digest.bin", content);
        expect_refused();
    }
}

TEST_F(ReadApproved, IgnoresTheTemporaryFileOfTheWriter)  // J7
{
    m_directory.write("image-digest.tmp", json_of({ 'a' }));
    EXPECT_EQ(*read(), std::nullopt);
}

TEST_F(ReadApproved, RefusesADirectoryInTheFilesPlace)  // E9
{
    std::filesystem::create_directory(m_directory / "image-digest.bin");
    expect_refused();
}

TEST_F(ReadApproved, RefusesADirectoryInTheOldFilesPlace)
{
    std::filesystem::create_directory(m_directory / "image-digest");
    expect_refused();
}

TEST_F(ReadApproved, RefusesAFifoWithoutWaitingForItsWriter)
{
    ASSERT_EQ(mkfifo((m_directory / "image-digest.bin").c_str(), 0600), 0);
    expect_refused();
}

TEST_F(ReadApproved, NeverTakesADanglingLinkForNone)
{
    std::filesystem::create_symlink("nowhere", m_directory / "image-digest.bin");
    expect_refused();
}

TEST_F(ReadApproved, RefusesALinkToAGoodFile)
{
    m_directory.write("elsewhere", json_of({ 'a' }));
    std::filesystem::create_symlink("elsewhere", m_directory / "image-digest.bin");
    expect_refused();
}

TEST_F(ReadApproved, RefusesAFileThatIsTooLarge)
{
    m_directory.write("image-digest.bin", h('a') + std::string(65536, ' '));
    expect_refused();
}

TEST_F(ReadApproved, NeverTakesAPathThatCannotBeLookedUpForNone)
{
    // The directory can be reached under this long name; the file in it has a longer one than the system allows.
    auto name = m_directory.path().string() + "/";
    while (name.size() < 4088)
        name += "./";
    ASSERT_TRUE(std::filesystem::is_directory(name));
    EXPECT_EQ(read_approved(name).error().kind(), ErrorKind::Io);
}

TEST_F(ReadApproved, RefusesASharedDirectoryThatIsNotThere)
{
    EXPECT_EQ(read_approved(m_directory / "absent").error().exit_code(), ExitCode::Digest);
    EXPECT_FALSE(read_approved(m_directory.write("a-file", "")).ok());
}

}  // namespace
}  // namespace mpc::image
