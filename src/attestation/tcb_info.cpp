#include "attestation/tcb_info.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <tuple>

#include "base/bytes.h"

namespace mpc::attestation {

namespace {

constexpr json::Limits limits { .bytes = 1 << 20, .depth = 32 };

using StatusOf = std::optional<TcbStatus> (*)(std::string_view);

template <typename T>
Result<T> number(json::Object const& object, std::string_view name)
{
    auto const value = TRY(object.require_number(name));
    if (value > std::numeric_limits<T>::max())
        return Error(ErrorKind::Invalid,
            "\"" + std::string(name) + "\" is above " + std::to_string(std::numeric_limits<T>::max()));
    return static_cast<T>(value);
}

template <std::size_t N>
Result<std::array<std::uint8_t, N>> hex(json::Object const& object, std::string_view name)
{
    return from_hex_exactly<N>(TRY(object.require_text(name))).in(std::string(name));
}

Result<crypto::Time> time(json::Object const& object, std::string_view name)
{
    return crypto::parse_time(TRY(object.require_text(name))).in(std::string(name));
}

Result<json::Object const*> as_object(json::Value const& value, char const* what)
{
    if (!value.object())
        return Error(ErrorKind::Invalid, std::string(what) + " is not an object");
    return value.object();
}

Result<Issue> parse_issue(json::Object const& object)
{
    return Issue { TRY(time(object, "issueDate")), TRY(time(object, "nextUpdate")),
        TRY(number<std::uint32_t>(object, "tcbEvaluationDataNumber")) };
}

Result<Standing> parse_standing(json::Object const& level, StatusOf status_of)
{
    auto const status = status_of(TRY(level.require_text("tcbStatus")));
    if (!status)
        return Error(ErrorKind::Invalid, "\"tcbStatus\" is not one that Intel gives here");
    Standing standing { *status, TRY(time(level, "tcbDate")), {} };
    if (!level.find("advisoryIDs"))
        return standing;
    for (auto const& advisory : *TRY(level.require_array("advisoryIDs"))) {
        if (!advisory.text())
            return Error(ErrorKind::Invalid, "an advisory is not text");
        standing.advisories.push_back(*advisory.text());
    }
    return standing;
}

Result<Components> parse_components(json::Object const& tcb, std::string_view name)
{
    auto const& list = *TRY(tcb.require_array(name));
    Components components {};
    if (list.size() != components.size())
        return Error(ErrorKind::Invalid, "\"" + std::string(name) + "\" does not have 16 components");
    for (std::size_t i = 0; i < components.size(); ++i)
        components[i] = TRY(number<std::uint8_t>(*TRY(as_object(list[i], "a component")), "svn"));
    return components;
}

Result<PlatformLevel> parse_platform_level(json::Value const& value, bool tdx)
{
    auto const& level = *TRY(as_object(value, "a TCB level"));
    auto const& tcb = *TRY(level.require_object("tcb"));
    PlatformLevel parsed;
    parsed.sgx = TRY(parse_components(tcb, "sgxtcbcomponents"));
    parsed.pcesvn = TRY(number<std::uint16_t>(tcb, "pcesvn"));
    if (tdx)
        parsed.tdx = TRY(parse_components(tcb, "tdxtcbcomponents"));
    parsed.standing = TRY(parse_standing(level, signed_platform_status));
    return parsed;
}

/// Levels are a partial order: "the first that is reached" means something only in descending order.
template <typename Level, typename Key>
Result<void> sort_levels(std::vector<Level>& levels, Key key)
{
    std::ranges::sort(levels, [&](Level const& a, Level const& b) { return key(a) > key(b); });
    auto const twice =
        std::ranges::adjacent_find(levels, [&](Level const& a, Level const& b) { return key(a) == key(b); });
    if (twice != levels.end())
        return Error(ErrorKind::Invalid, "a TCB level occurs twice");
    return ok;
}

Result<std::vector<PlatformLevel>> parse_platform_levels(json::Object const& info, bool tdx)
{
    std::vector<PlatformLevel> levels;
    for (auto const& level : *TRY(info.require_array("tcbLevels")))
        levels.push_back(TRY(parse_platform_level(level, tdx)));
    TRY(sort_levels(levels, [](PlatformLevel const& level) { return std::tie(level.sgx, level.pcesvn, level.tdx); }));
    return levels;
}

Result<std::vector<EnclaveLevel>> parse_enclave_levels(json::Object const& enclave)
{
    std::vector<EnclaveLevel> levels;
    for (auto const& value : *TRY(enclave.require_array("tcbLevels"))) {
        auto const& level = *TRY(as_object(value, "a TCB level"));
        levels.push_back({ TRY(number<std::uint16_t>(*TRY(level.require_object("tcb")), "isvsvn")),
            TRY(parse_standing(level, signed_enclave_status)) });
    }
    TRY(sort_levels(levels, [](EnclaveLevel const& level) { return level.isvsvn; }));
    return levels;
}

Result<TdxModule> parse_module(json::Object const& module)
{
    TdxModule parsed;
    parsed.mrsigner = TRY(hex<48>(module, "mrsigner"));
    parsed.attributes = TRY(hex<8>(module, "attributes"));
    parsed.attributes_mask = TRY(hex<8>(module, "attributesMask"));
    return parsed;
}

Result<std::vector<TdxModule>> parse_modules(json::Object const& info)
{
    std::vector<TdxModule> modules;
    if (!info.find("tdxModuleIdentities"))
        return modules;
    for (auto const& value : *TRY(info.require_array("tdxModuleIdentities"))) {
        auto const& object = *TRY(as_object(value, "a TDX module identity"));
        auto module = TRY(parse_module(object));
        module.id = TRY(object.require_text("id"));
        for (auto const& other : modules) {
            if (other.id == module.id)
                return Error(ErrorKind::Invalid, "a TDX module identity occurs twice");
        }
        module.levels = TRY(parse_enclave_levels(object));
        modules.push_back(std::move(module));
    }
    return modules;
}

}  // namespace

Result<TcbInfo> parse_tcb_info(std::string_view text)
{
    auto const object = TRY(json::read_object(text, limits));
    TcbInfo info;
    info.id = TRY(object.require_text("id"));
    info.version = TRY(object.require_number("version"));
    info.tcb_type = TRY(object.require_number("tcbType"));
    info.issue = TRY(parse_issue(object));
    info.fmspc = TRY(hex<6>(object, "fmspc"));
    info.pceid = TRY(hex<2>(object, "pceId"));
    bool const tdx = info.id == "TDX";
    if (tdx) {
        info.base_module = TRY(parse_module(*TRY(object.require_object("tdxModule"))));
        info.modules = TRY(parse_modules(object));
    }
    info.levels = TRY(parse_platform_levels(object, tdx));
    return info;
}

Result<QeIdentity> parse_qe_identity(std::string_view text)
{
    auto const object = TRY(json::read_object(text, limits));
    QeIdentity identity;
    identity.id = TRY(object.require_text("id"));
    identity.version = TRY(object.require_number("version"));
    identity.issue = TRY(parse_issue(object));
    identity.miscselect = TRY(hex<4>(object, "miscselect"));
    identity.miscselect_mask = TRY(hex<4>(object, "miscselectMask"));
    identity.attributes = TRY(hex<16>(object, "attributes"));
    identity.attributes_mask = TRY(hex<16>(object, "attributesMask"));
    identity.mrsigner = TRY(hex<32>(object, "mrsigner"));
    identity.product_id = TRY(number<std::uint16_t>(object, "isvprodid"));
    identity.levels = TRY(parse_enclave_levels(object));
    return identity;
}

}  // namespace mpc::attestation
