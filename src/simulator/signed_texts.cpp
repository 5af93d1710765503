#include "simulator/signed_texts.h"

#include <fmt/format.h>

namespace mpc::simulator {

namespace {

std::string quoted_list(std::vector<std::string> const& items)
{
    std::string text;
    for (auto const& item : items)
        text += (text.empty() ? "\"" : ",\"") + item + "\"";
    return "[" + text + "]";
}

std::string standing_of(std::string const& date, std::string const& status, std::vector<std::string> const& advisories)
{
    auto const list = advisories.empty() ? "" : R"(,"advisoryIDs":)" + quoted_list(advisories);
    return fmt::format(R"("tcbDate":"{}","tcbStatus":"{}"{})", date, status, list);
}

std::string components(std::array<unsigned, 16> const& svns)
{
    std::string text;
    for (auto const svn : svns)
        text += fmt::format(R"({}{{"svn":{}}})", text.empty() ? "" : ",", svn);
    return "[" + text + "]";
}

template <typename Spec, typename Write>
std::string list_of(std::vector<Spec> const& specs, Write write)
{
    std::string text;
    for (auto const& spec : specs)
        text += (text.empty() ? "" : ",") + write(spec);
    return "[" + text + "]";
}

std::string json_of_level(LevelSpec const& level)
{
    return fmt::format(R"({{"tcb":{{"sgxtcbcomponents":{},"pcesvn":{},"tdxtcbcomponents":{}}},{}}})",
        components(level.sgx), level.pcesvn, components(level.tdx),
        standing_of(level.date, level.status, level.advisories));
}

std::string json_of_enclave_level(EnclaveLevelSpec const& level)
{
    return fmt::format(R"({{"tcb":{{"isvsvn":{}}},{}}})", level.isvsvn,
        standing_of(level.date, level.status, level.advisories));
}

std::string module_members(ModuleSpec const& module)
{
    return fmt::format(R"("mrsigner":"{}","attributes":"{}","attributesMask":"{}")", module.mrsigner, module.attributes,
        module.attributes_mask);
}

std::string json_of_module(ModuleSpec const& module)
{
    return fmt::format(R"({{"id":"{}",{},"tcbLevels":{}}})", module.id, module_members(module),
        list_of(module.levels, json_of_enclave_level));
}

}  // namespace

std::string json_of(TcbInfoSpec const& spec)
{
    return fmt::format(R"({{"id":"{}","version":{},"issueDate":"{}","nextUpdate":"{}","fmspc":"{}","pceId":"{}",)"
                       R"("tcbType":{},"tcbEvaluationDataNumber":{},"tdxModule":{{{}}},"tdxModuleIdentities":{},)"
                       R"("tcbLevels":{}}})",
        spec.id, spec.version, spec.issue_date, spec.next_update, spec.fmspc, spec.pceid, spec.tcb_type,
        spec.evaluation_number, module_members(spec.base_module), list_of(spec.modules, json_of_module),
        list_of(spec.levels, json_of_level));
}

std::string json_of(QeIdentitySpec const& spec)
{
    return fmt::format(R"({{"id":"{}","version":{},"issueDate":"{}","nextUpdate":"{}","tcbEvaluationDataNumber":{},)"
                       R"("miscselect":"{}","miscselectMask":"{}","attributes":"{}","attributesMask":"{}",)"
                       R"("mrsigner":"{}","isvprodid":{},"tcbLevels":{}}})",
        spec.id, spec.version, spec.issue_date, spec.next_update, spec.evaluation_number, spec.miscselect,
        spec.miscselect_mask, spec.attributes, spec.attributes_mask, spec.mrsigner, spec.product_id,
        list_of(spec.levels, json_of_enclave_level));
}

}  // namespace mpc::simulator
