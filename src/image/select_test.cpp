#include <gtest/gtest.h>

#include "image/approved.h"

namespace mpc::image {
namespace {

ImageDigest digest(char c) { return *ImageDigest::parse("sha256:" + std::string(64, c)); }

std::optional<Approved> approved(std::string_view digests)
{
    Approved list { .digests = {}, .form = ApprovedForm::Json, .path = "image-digest.bin" };
    for (auto const c : digests)
        list.digests.push_back(digest(c));
    return list;
}

void expect_selected(Result<Selection> const& selection, char expected, Choice choice)
{
    ASSERT_TRUE(selection.ok()) << selection.error().message();
    EXPECT_EQ(selection->digest, digest(expected));
    EXPECT_EQ(selection->choice, choice);
}

void expect_refused(Result<Selection> const& selection)
{
    ASSERT_FALSE(selection.ok());
    EXPECT_EQ(selection.error().kind(), ErrorKind::Invalid);
    EXPECT_EQ(selection.error().exit_code(), ExitCode::Digest);
    EXPECT_FALSE(selection.error().remedy().empty());
}

TEST(Select, TakesTheDefaultWhenThereIsNoFile)  // E1
{
    expect_selected(select(std::nullopt, std::nullopt, digest('d')), 'd', Choice::Default);
}

TEST(Select, TakesTheNewestApprovedDigest)  // E4
{
    expect_selected(select(approved("bac"), std::nullopt, digest('d')), 'b', Choice::Newest);
}

TEST(Select, TakesAnOverrideThatIsApproved)  // E2
{
    expect_selected(select(approved("bac"), digest('a'), digest('d')), 'a', Choice::Override);
}

TEST(Select, RefusesAnOverrideThatIsNotApproved)  // E3
{
    expect_refused(select(approved("bac"), digest('e'), digest('d')));
}

TEST(Select, RefusesTheDefaultAsAnOverrideThatIsNotApproved)  // E3: a file outranks the default
{
    expect_refused(select(approved("bac"), digest('d'), digest('d')));
}

TEST(Select, TakesAnOverrideWithoutAFileOnlyWhenItIsTheDefault)  // E5
{
    expect_selected(select(std::nullopt, digest('d'), digest('d')), 'd', Choice::Default);
    expect_refused(select(std::nullopt, digest('a'), digest('d')));
}

TEST(Select, RefusesAnEmptyAllowList)
{
    expect_refused(select(approved(""), std::nullopt, digest('d')));
    expect_refused(select(approved(""), digest('d'), digest('d')));
}

TEST(Select, NeverEchoesTheOverride)
{
    for (auto const& selection :
        { select(approved("b"), digest('e'), digest('d')), select(std::nullopt, digest('e'), digest('d')) }) {
        EXPECT_EQ(selection.error().message().find("eeee"), std::string::npos);
        EXPECT_EQ(selection.error().remedy().find("eeee"), std::string::npos);
    }
}

}  // namespace
}  // namespace mpc::image
