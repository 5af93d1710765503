// What Intel signs about platforms and enclaves, of the simulated ones: TCB Info and QE identity.
#pragma once

#include <array>
#include <string>
#include <vector>

namespace mpc::simulator {

/// A TCB level as Intel writes it.
struct LevelSpec {
    std::array<unsigned, 16> sgx { 4, 4, 2, 2, 4, 1, 0, 5 };
    unsigned pcesvn = 11;
    std::array<unsigned, 16> tdx { 5, 0, 4 };
    std::string status = "UpToDate";
    std::vector<std::string> advisories {};
    std::string date = "2025-08-13T00:00:00Z";
};

struct EnclaveLevelSpec {
    unsigned isvsvn = 0;
    std::string status = "UpToDate";
    std::vector<std::string> advisories {};
    std::string date = "2025-08-13T00:00:00Z";
};

struct ModuleSpec {
    std::string id {};
    std::string mrsigner = std::string(96, '0');
    std::string attributes = "0000000000000000";
    std::string attributes_mask = "FFFFFFFFFFFFFFFF";
    std::vector<EnclaveLevelSpec> levels { { .isvsvn = 5 } };
};

struct TcbInfoSpec {
    std::string id = "TDX";
    unsigned version = 3;
    unsigned tcb_type = 0;
    std::string issue_date = "2026-08-01T00:00:00Z";
    std::string next_update = "2026-08-31T00:00:00Z";
    std::string fmspc = "B0C06F000000";
    std::string pceid = "0000";
    unsigned evaluation_number = 20;
    ModuleSpec base_module {};
    std::vector<ModuleSpec> modules { { .id = "TDX_01" } };
    std::vector<LevelSpec> levels { LevelSpec() };
};
/// Intel PCS API v4, Get TDX TCB Info. Texts are written as they are: no quotation marks in them.
[[nodiscard]] std::string json_of(TcbInfoSpec const& spec);

struct QeIdentitySpec {
    std::string id = "TD_QE";
    unsigned version = 2;
    std::string issue_date = "2026-08-01T00:00:00Z";
    std::string next_update = "2026-08-31T00:00:00Z";
    unsigned evaluation_number = 19;
    std::string miscselect = "00000000";
    std::string miscselect_mask = "FFFFFFFF";
    std::string attributes = "11000000000000000000000000000000";
    std::string attributes_mask = "FBFFFFFFFFFFFFFF0000000000000000";
    std::string mrsigner = "DC9E2A7C6F948F17474E34A7FC43ED030F7C1563F1BABDDF6340C82E0E54A8C5";
    unsigned product_id = 2;
    std::vector<EnclaveLevelSpec> levels { { .isvsvn = 4 } };
};
/// Intel PCS API v4, Get TDX QE Identity.
[[nodiscard]] std::string json_of(QeIdentitySpec const& spec);

}  // namespace mpc::simulator
