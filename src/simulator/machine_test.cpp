#include "simulator/machine.h"

#include <gtest/gtest.h>

#include "evidence/quote.h"

namespace mpc::simulator {
namespace {

class SimulatedMachine : public testing::Test {
protected:
    static MeasuredVm boot()
    {
        return { VmIdentity::from(default_app_compose(), Seed(7)).value(), Seed(7), Dialect::of("0.5.8").value() };
    }
    static std::array<std::uint8_t, 64> report_data() { return { 1, 2, 3 }; }

    Machine m_machine = Machine::create(Seed(7)).value();
    MeasuredVm m_vm = boot();
    Bytes m_quote = m_machine.quote(m_vm, report_data()).value();
};

TEST_F(SimulatedMachine, QuotesWhatTheVirtualMachineMeasures)
{
    auto const view = evidence::parse_quote(m_quote);
    ASSERT_TRUE(view.ok()) << view.error().message();
    EXPECT_EQ(view->version, 4);
    EXPECT_EQ(view->mrtd, m_vm.identity().mrtd);
    EXPECT_EQ(view->mr_config_id, m_vm.identity().mr_config_id());
    EXPECT_EQ(view->rtmrs, m_vm.rtmrs());
    EXPECT_EQ(view->report_data, report_data());
}

TEST_F(SimulatedMachine, PadsItsQuotesWithZerosAsDstackDoes)
{
    EXPECT_EQ(m_quote.size(), 5006U);
    auto const quote = attestation::SignedQuote::parse(m_quote);
    ASSERT_TRUE(quote.ok()) << quote.error().message();
    EXPECT_GT(quote->trailing_bytes, 0U);
}

TEST_F(SimulatedMachine, QuotesWithItsOwnCertificates)
{
    auto const chain = attestation::SignedQuote::parse(m_quote).value().pck_chain;
    EXPECT_EQ(chain[2].der(), m_machine.root());
    EXPECT_EQ(m_machine.quote(m_vm, report_data()).value(), m_quote);
}

/// The common name of an app's certificate.
std::string app_name_in(Machine const& machine, std::string const& app_name)
{
    auto const chain = crypto::parse_chain(machine.issue_app_certificate(app_name).value(), 1);
    return chain.ok() ? chain.value().front().common_name() : chain.error().message();
}

TEST_F(SimulatedMachine, IssuesACertificateForTheAppWhateverItsName)
{
    EXPECT_EQ(app_name_in(m_machine, "node"), "SIMULATED node");
    EXPECT_EQ(app_name_in(m_machine, ""), "SIMULATED ");
    EXPECT_EQ(app_name_in(m_machine, std::string(200, 'n')), "SIMULATED " + std::string(54, 'n'));
    EXPECT_EQ(app_name_in(m_machine, std::string(53, 'n') + "\xc3\xa9"), "SIMULATED " + std::string(53, 'n'));
}

}  // namespace
}  // namespace mpc::simulator
