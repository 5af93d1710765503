// How long a verification takes beside the P-256 verifications that it cannot do without, over how many cores a batch
// scales, and how the replay of an event log grows. Prints medians and ratios; asserts nothing but the verdicts.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <thread>

#include <fmt/format.h>

#include "attestation/verify.h"
#include "simulator/attested_node.h"

namespace mpc {
namespace {

using Microseconds = std::chrono::duration<double, std::micro>;
using Call = std::function<bool()>;

/// Of this thread, so that a busy machine does not count.
double cpu_microseconds()
{
    timespec time {};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}

double median(std::vector<double> values)
{
    auto const middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::ranges::nth_element(values, middle);
    return *middle;
}

/// Median CPU time of one call of each, in turn, so that they share the machine's moods.
std::vector<double> side_by_side(std::vector<Call> const& functions, int calls = 100, int rounds = 25)
{
    std::vector<std::vector<double>> times(functions.size());
    for (int round = 0; round < rounds; ++round) {
        for (std::size_t f = 0; f < functions.size(); ++f) {
            auto const start = cpu_microseconds();
            for (int i = 0; i < calls; ++i) {
                if (!functions[f]())
                    std::abort();
            }
            times[f].push_back((cpu_microseconds() - start) / calls);
        }
    }
    std::vector<double> medians;
    std::ranges::transform(times, std::back_inserter(medians), median);
    return medians;
}

/// The signatures of one platform: three on its own, six on what Intel publishes.
struct Signatures {
    attestation::SignedQuote const& quote;
    attestation::Collateral const& collateral;

    [[nodiscard]] bool platform() const
    {
        auto const& pck = quote.pck_chain[0];
        return pck.signed_by(quote.pck_chain[1].key())
            && pck.key().verifies(quote.qe_report_bytes, quote.qe_report_signature)
            && crypto::P256Key::from_point(quote.attestation_key)->verifies(quote.signed_bytes, quote.signature);
    }
    [[nodiscard]] bool published() const
    {
        auto const& root = collateral.pck_crl_chain[1].key();
        auto const& ca = collateral.pck_crl_chain[0];
        auto const& tcb_signer = collateral.tcb_info.chain[0];
        auto const& qe_signer = collateral.qe_identity.chain[0];
        return collateral.root_crl.signed_by(root) && ca.signed_by(root) && collateral.pck_crl.signed_by(ca.key())
            && tcb_signer.signed_by(root)
            && tcb_signer.key().verifies(as_bytes(collateral.tcb_info.text), collateral.tcb_info.signature)
            && qe_signer.key().verifies(as_bytes(collateral.qe_identity.text), collateral.qe_identity.signature);
    }
};

void single(simulator::BuiltNode const& node)
{
    Signatures const signatures { node.evidence.quote, node.collateral };
    auto const verified = attestation::VerifiedCollateral::verify(node.collateral, node.policy.root(), node.now);
    auto const trusted = [](attestation::Report const& report) {
        return report.verdict == attestation::Verdict::Trusted;
    };
    auto const times = side_by_side({
        [&] { return signatures.platform() && signatures.published(); },
        [&] { return trusted(node.verify()); },
        [&] { return signatures.platform(); },
        [&] { return trusted(attestation::verify(node.evidence, verified, node.policy)); },
    });
    fmt::print("one verification, {} signature checks in its report:\n", node.verify().checks.signatures());
    fmt::print("  its P-256 verifications alone  {:8.1f} us\n", times[0]);
    fmt::print("  with fresh collateral          {:8.1f} us   ratio {:.2f}\n", times[1], times[1] / times[0]);
    fmt::print("  three of them alone            {:8.1f} us\n", times[2]);
    fmt::print("  with verified collateral       {:8.1f} us   ratio {:.2f}\n", times[3], times[3] / times[2]);
}

void batch(simulator::BuiltNode const& node)
{
    constexpr int quotes = 2000;
    auto const verified = attestation::VerifiedCollateral::verify(node.collateral, node.policy.root(), node.now);
    auto const timed = [&](unsigned threads) {
        auto const work = [&] {
            for (unsigned i = 0; i < quotes / threads; ++i) {
                if (attestation::verify(node.evidence, verified, node.policy).verdict != attestation::Verdict::Trusted)
                    std::abort();
            }
        };
        auto const start = std::chrono::steady_clock::now();
        {
            std::vector<std::jthread> others;
            for (unsigned i = 1; i < threads; ++i)
                others.emplace_back(work);
            work();
        }
        return Microseconds(std::chrono::steady_clock::now() - start).count();
    };
    auto const one = timed(1);
    auto const cores = std::max(1U, std::thread::hardware_concurrency());
    auto const all = timed(cores);
    fmt::print("{} quotes of one platform: {:.0f} a second on one core, {:.0f} on {}: {:.2f} times\n", quotes,
        quotes / one * 1e6, quotes / all * 1e6, cores, one / all);
}

void replay()
{
    fmt::print("replay of an event log:\n");
    double before = 0;
    for (std::size_t const events : { 1'000U, 10'000U, 100'000U }) {
        evidence::EventLog const log(events, simulator::runtime_event("event", Bytes(32, 1)));
        auto const time = side_by_side({ [&] { return evidence::replay_rtmr3(log).ok(); } }, 1, 15).front();
        auto const each = time / static_cast<double>(events);
        fmt::print("  {:6} events  {:6.2f} us each{}\n", events, each,
            before > 0 ? fmt::format("   ratio to a tenth as many {:.2f}", each / before) : "");
        before = each;
    }
}

}  // namespace
}  // namespace mpc

int main()
{
    auto const now = mpc::crypto::Time(std::chrono::days(20000));
    auto const node = mpc::simulator::AttestedNode::create(mpc::simulator::Seed(1), now).value().build().value();
    mpc::single(node);
    mpc::batch(node);
    mpc::replay();
}
