#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <set>
#include <thread>

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "base/exit_code.h"
#include "base/fd.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "support/raised_signal.h"
#include "support/temporary_directory.h"

namespace mpc {
namespace {

Result<int> half(int number)
{
    if (number % 2 != 0)
        return Error(ErrorKind::Invalid, "odd");
    return number / 2;
}

Result<int> quarter(int number) { return half(TRY(half(number).in("first half"))); }

TEST(Result, TryHandsOnTheValueOrTheErrorWithItsContext)
{
    EXPECT_EQ(*quarter(8), 2);
    EXPECT_EQ(quarter(6).error().message(), "odd");
    EXPECT_EQ(quarter(3).error().message(), "first half: odd");
}

TEST(Result, KeepsTheFirstExitCodeAndTheFirstRemedy)
{
    auto const result = half(1).exit_as(ExitCode::Pull).remedy("first").exit_as(ExitCode::Engine).remedy("second");
    EXPECT_EQ(result.error().exit_code(), ExitCode::Pull);
    EXPECT_EQ(result.error().remedy(), "first");
}

TEST(Result, IsADefectOfOursWhenNobodyChoseAnExitCode) { EXPECT_EQ(half(1).error().exit_code(), ExitCode::Internal); }

TEST(Hex, IsReadInEitherCaseAndWrittenInLower) { EXPECT_EQ(to_hex(*from_hex("00fFaB")), "00ffab"); }

TEST(Hex, RefusesOddLengthsAndOtherCharacters)
{
    EXPECT_FALSE(from_hex("abc").ok());
    EXPECT_FALSE(from_hex("0g").ok());
    EXPECT_FALSE(from_hex_exactly<2>("00").ok());
}

TEST(Base64, RoundTrips)
{
    EXPECT_EQ(to_base64(as_bytes("a?>")), "YT8+");
    EXPECT_EQ(to_base64url(as_bytes("a?>")), "YT8-");
    EXPECT_EQ(as_text(*from_base64("YT8+")), "a?>");
    EXPECT_FALSE(from_base64("YT8").ok());
    EXPECT_FALSE(from_base64("Y\1==").ok());
}

TEST(ReadFile, TellsWhatIsMissingFromWhatCannotBeRead)
{
    test::TemporaryDirectory const directory;
    EXPECT_EQ(read_file(directory / "none", 10).error().kind(), ErrorKind::NotFound);
    EXPECT_EQ(read_file(directory.path(), 10).error().kind(), ErrorKind::Io);
    auto const fifo = directory / "fifo";
    ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
    EXPECT_EQ(read_file(fifo, 10).error().kind(), ErrorKind::Io);
}

TEST(ReadFile, RefusesMoreThanItsLimit)
{
    test::TemporaryDirectory const directory;
    auto const path = directory.write("file", "12345");
    EXPECT_EQ(*read_file(path, 5), "12345");
    EXPECT_EQ(read_file(path, 4).error().kind(), ErrorKind::Invalid);
}

TEST(WriteFileAtomically, ReplacesTheContentAndLeavesNothingBeside)
{
    test::TemporaryDirectory const directory;
    auto const path = directory.write("file", "old");
    ASSERT_TRUE(write_file_atomically(path, "new").ok());
    EXPECT_EQ(test::content_of(path), "new");
    struct stat status {};
    ASSERT_EQ(stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0600U);
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory.path()), {}), 1);
}

TEST(WriteFileAtomically, TakesAPathWithoutADirectory)
{
    test::TemporaryDirectory const directory;
    auto const before = std::filesystem::current_path();
    std::filesystem::current_path(directory.path());
    auto const written = write_file_atomically("name", "new");
    std::filesystem::current_path(before);
    EXPECT_TRUE(written.ok());
    EXPECT_EQ(read_file(directory / "name", 10).value(), "new");
}

TEST(WriteFileAtomically, LeavesNothingBehindWhenItFails)
{
    test::TemporaryDirectory const directory;
    std::filesystem::create_directory(directory / "target");
    directory.write("target/inside", "");
    EXPECT_FALSE(write_file_atomically(directory / "target", "x").ok());
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory.path()), {}), 1);
}

TEST(WriteFileAtomically, DoesNotMeddleWithAnotherWriter)
{
    test::TemporaryDirectory const directory;
    auto const path = directory / "file";
    std::atomic<int> failures = 0;
    std::vector<std::jthread> writers;
    for (int writer = 0; writer < 4; ++writer)
        writers.emplace_back([&] {
            for (int i = 0; i < 25; ++i)
                failures += write_file_atomically(path, "content").ok() ? 0 : 1;
        });
    writers.clear();
    EXPECT_EQ(failures, 0);
    EXPECT_EQ(test::content_of(path), "content");
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory.path()), {}), 1);
}

TEST(WriteFileAtomically, RemovesWhatAWriterLeftThatWasKilled)
{
    test::TemporaryDirectory const directory;
    auto const yesterday = std::filesystem::file_time_type::clock::now() - std::chrono::hours(24);
    for (std::string const name : { ".file.new", ".file.a1B2c3.new" })
        std::filesystem::last_write_time(directory.write(name, ""), yesterday);
    std::set<std::string> const others { ".file.backup", ".file.other.name.new", ".filea1B2c34.new",
        ".other.a1B2c3.new", "file.new" };
    for (auto const& name : others)
        std::filesystem::last_write_time(directory.write(name, ""), yesterday);
    directory.write(".file.d4E5f6.new", "under way");
    ASSERT_TRUE(write_file_atomically(directory / "file", "new").ok());
    auto expected = others;
    expected.insert({ "file", ".file.d4E5f6.new" });
    std::set<std::string> names;
    for (auto const& entry : std::filesystem::directory_iterator(directory.path()))
        names.insert(entry.path().filename());
    EXPECT_EQ(names, expected);
}

TEST(AppendToFile, DoesNotFollowALink)
{
    test::TemporaryDirectory const directory;
    auto const path = directory.write("file", "a");
    ASSERT_TRUE(append_to_file(path, "b").ok());
    EXPECT_EQ(test::content_of(path), "ab");
    std::filesystem::create_symlink(path, directory / "link");
    EXPECT_FALSE(append_to_file(directory / "link", "c").ok());
}

TEST(Interrupt, CutsASleepShortAndStaysRaised)
{
    auto const interrupt = std::move(Interrupt::on_signals({ SIGUSR2 })).value();
    EXPECT_TRUE(interrupt.sleep(Duration(1)).ok());
    test::RaisedSignal const raised(SIGUSR2);
    EXPECT_EQ(interrupt.sleep(std::chrono::hours(1)).error().kind(), ErrorKind::Interrupted);
    EXPECT_TRUE(interrupt.raised());
}

TEST(Interrupt, MayBeRaisedByHandFromAnotherThread)
{
    auto const interrupt = std::move(Interrupt::by_hand()).value();
    EXPECT_TRUE(interrupt.sleep(Duration(1)).ok());
    std::jthread const raises([&] { interrupt.raise(); });
    EXPECT_EQ(interrupt.sleep(std::chrono::hours(1)).error().kind(), ErrorKind::Interrupted);
    EXPECT_TRUE(interrupt.raised());
}

TEST(Deadline, IsNeverNegativeAndNeverLaterThanEitherBound)
{
    EXPECT_TRUE(Deadline::after(Duration(-5)).passed());
    EXPECT_LE(Deadline::after(std::chrono::hours(1)).at_most(Duration(10)).remaining(), Duration(10));
    EXPECT_LE(Deadline::after(Duration(10)).at_most(std::chrono::hours(1)).remaining(), Duration(10));
}

std::string logged(LogFormat format, auto use)
{
    test::TemporaryDirectory const directory;
    auto const path = directory.write("log", "");
    Fd const file(open(path.c_str(), O_WRONLY));
    use(Log(format, file.get()));
    return test::content_of(path);
}

TEST(Log, WritesTextForPeople)
{
    auto const line =
        logged(LogFormat::Text, [](Log const& log) { log.warning("pull", "slow", { { "retries", "2" } }); });
    EXPECT_EQ(line.substr(9), "warning: pull: slow (retries=2)\n");
}

TEST(Log, LetsNoForeignTextMakeALineOfItsOwn)
{
    auto const line = logged(LogFormat::Text, [](Log const& log) { log.info("a", "b\nc", { { "d", "e\n\x1b[2J" } }); });
    EXPECT_EQ(line.substr(9), "a: b c (d=e  [2J)\n");
}

TEST(Log, WritesOneJsonObjectALineForMachines)
{
    auto const line = logged(LogFormat::Json, [](Log const& log) { log.info("a", "b\"\n", { { "c", "\x01" } }); });
    EXPECT_NE(line.find(R"("level":"info","step":"a","message":"b\"\n","c":"\u0001"})"), std::string::npos) << line;
    EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
}

TEST(Log, WritesJsonAlsoOfWhatIsNotUtf8)
{
    auto const line = logged(LogFormat::Json, [](Log const& log) { log.info("a", "b\xff", { { "c", "\x80" } }); });
    EXPECT_NE(line.find("\"message\":\"b\xef\xbf\xbd\",\"c\":\"\xef\xbf\xbd\"}"), std::string::npos) << line;
}

}  // namespace
}  // namespace mpc
