#include "mpcctl/policy_file.h"

#include <fmt/format.h>

#include "base/fd.h"
#include "config/toml_values.h"

namespace mpc::ctl {

namespace {

constexpr std::size_t size_limit = std::size_t { 1 } << 20;

/// Reads a list member with a parser for its texts; absent is nullopt.
template <typename Parse>
auto read_list(json::Object const& object, std::string const& name, Parse parse)
    -> Result<std::optional<std::vector<std::remove_cvref_t<decltype(parse(std::string()).value())>>>>
{
    using Item = std::remove_cvref_t<decltype(parse(std::string()).value())>;
    if (!object.find(name))
        return std::optional<std::vector<Item>>();
    std::vector<Item> items;
    for (auto const& value : *TRY(object.require_array(name))) {
        auto const place = fmt::format("{}, entry {}", name, items.size() + 1);
        if (!value.text())
            return Error(ErrorKind::Invalid, place + ": must be text in quotes");
        items.push_back(TRY(parse(*value.text()).in(place)));
    }
    return std::optional(std::move(items));
}

Result<attestation::TcbStatus> parse_status(std::string const& text)
{
    if (auto const status = attestation::tcb_status(text))
        return *status;
    return Error(ErrorKind::Invalid, "no TCB status of Intel's")
        .remedy("write it as Intel does: UpToDate, SWHardeningNeeded, ConfigurationNeeded, OutOfDate, ...");
}

Result<std::string> parse_advisory(std::string const& text)
{
    if (text.empty())
        return Error(ErrorKind::Invalid, "is empty").remedy("write it as Intel does: INTEL-SA-00837");
    return text;
}

Result<std::optional<std::uint32_t>> read_number(json::Object const& object, std::string const& name,
    std::uint64_t most)
{
    if (!object.find(name))
        return std::optional<std::uint32_t>();
    auto const number = TRY(object.require_number(name));
    if (number == 0 || number > most)
        return Error(ErrorKind::Invalid, fmt::format("{} must be from 1 to {}", name, most));
    return std::optional(static_cast<std::uint32_t>(number));
}

Result<Sha384> read_measurement(json::Object const& object, std::string const& name)
{
    return from_hex_exactly<48>(TRY(object.require_text(name))).in(name);
}

Result<attestation::MeasurementSet> read_measurement_set(json::Value const& value)
{
    if (!value.object())
        return Error(ErrorKind::Invalid, "must be a table");
    auto const& object = *value.object();
    TRY(object.allow_only({ "name", "mrtd", "rtmr0", "rtmr1", "rtmr2", "key_provider_digest" }));
    attestation::MeasurementSet set;
    set.name = TRY(object.require_text("name"));
    set.mrtd = TRY(read_measurement(object, "mrtd"));
    set.rtmr0 = TRY(read_measurement(object, "rtmr0"));
    set.rtmr1 = TRY(read_measurement(object, "rtmr1"));
    set.rtmr2 = TRY(read_measurement(object, "rtmr2"));
    set.key_provider_digest = TRY(read_measurement(object, "key_provider_digest"));
    return set;
}

Result<bool> read_flag(json::Object const& object, std::string const& name)
{
    return object.find(name) ? object.require_bool(name) : Result<bool>(false);
}

Result<void> read_loosenings(json::Object const& object, PolicyFile& file)
{
    TRY(object.allow_only({ "simulated_root", "debug_td", "migratable_td", "bound_service_td" }));
    if (object.find("simulated_root"))
        file.simulated_root = TRY(object.require_text("simulated_root"));
    if (TRY(read_flag(object, "debug_td")))
        file.policy.allow(attestation::DebugTd());
    if (TRY(read_flag(object, "migratable_td")))
        file.policy.allow(attestation::MigratableTd());
    if (TRY(read_flag(object, "bound_service_td")))
        file.policy.allow(attestation::BoundServiceTd());
    return ok;
}

/// Where a list decides what is accepted, an absent one is an empty one.
Result<void> read_lists(json::Object const& object, attestation::Policy& policy)
{
    auto const digest = [](std::string const& text) { return image::ImageDigest::parse(text); };
    auto const hash = [](std::string const& text) { return from_hex_exactly<32>(text); };
    if (auto digests = TRY(read_list(object, "image_digests", digest)))
        policy.image_digests = *std::move(digests);
    if (auto hashes = TRY(read_list(object, "launcher_compose_hashes", hash)))
        policy.launcher_compose_hashes = *std::move(hashes);
    if (auto statuses = TRY(read_list(object, "tcb_statuses", parse_status))) {
        if (statuses->empty())
            return Error(ErrorKind::Invalid, "tcb_statuses is empty: no platform could be accepted")
                .remedy("write tcb_statuses = [\"UpToDate\"], or leave it away, which means the same");
        policy.tcb_statuses = *std::move(statuses);
    }
    policy.advisories = TRY(read_list(object, "advisories", parse_advisory));
    return ok;
}

Result<PolicyFile> read(json::Object const& object)
{
    PolicyFile file;
    TRY(object
            .allow_only({ "image_digests", "launcher_compose_hashes", "tcb_statuses", "advisories",
                "maximum_collateral_age_days", "minimum_tcb_evaluation_number", "measurements", "loosen" })
            .remedy("correct the name of the key, or remove it; docs/policy-file.md lists them"));
    TRY(read_lists(object, file.policy));
    if (auto const days = TRY(read_number(object, "maximum_collateral_age_days", 3650)))
        file.policy.maximum_collateral_age = std::chrono::days(*days);
    file.policy.minimum_tcb_evaluation_number = TRY(read_number(object, "minimum_tcb_evaluation_number", 1000000));
    if (object.find("measurements")) {
        for (auto const& value : *TRY(object.require_array("measurements"))) {
            auto const place = fmt::format("measurements, entry {}", file.policy.measurements.size() + 1);
            file.policy.measurements.push_back(TRY(read_measurement_set(value).in(place)));
        }
    }
    if (object.find("loosen"))
        TRY(read_loosenings(*TRY(object.require_object("loosen")), file).in("loosen"));
    return file;
}

}  // namespace

Result<PolicyFile> PolicyFile::parse(std::string_view toml)
{
    return read(TRY(config::read_toml_values(toml).in("policy"))).in("policy");
}

Result<attestation::SimulatedRoot> read_simulated_root(std::filesystem::path const& path)
{
    auto const text = TRY(read_file(path, size_limit).in("simulated root"));
    if (!text.starts_with("-----BEGIN"))
        return attestation::SimulatedRoot { TRY(crypto::Certificate::parse(as_bytes(text)).in(path.string())).der() };
    auto const chain = TRY(crypto::parse_chain(text, 1).in(path.string()));
    return attestation::SimulatedRoot { chain.front().der() };
}

Result<attestation::Policy> read_policy(std::filesystem::path const& path)
{
    auto file = TRY(PolicyFile::parse(TRY(read_file(path, size_limit).in("policy"))).in(path.string()));
    if (file.simulated_root)
        file.policy.allow(TRY(read_simulated_root(path.parent_path() / *file.simulated_root)));
    return std::move(file.policy);
}

}  // namespace mpc::ctl
