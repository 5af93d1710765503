// What Intel signs about platforms and enclaves (PCS API v4): TCB Info version 3 and QE identity version 2.
// Only for texts whose signature was verified.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "attestation/tcb_status.h"
#include "crypto/time.h"
#include "json/json.h"

namespace mpc::attestation {

using Components = std::array<std::uint8_t, 16>;

/// What a level says about whoever reaches it.
struct Standing {
    TcbStatus status {};
    crypto::Time date {};
    std::vector<std::string> advisories;
};

/// A level of the platform: reached when every component is at least as high.
struct PlatformLevel {
    Components sgx {};
    std::uint16_t pcesvn = 0;
    Components tdx {};
    Standing standing;
};

/// A level of an enclave or of the TDX module.
struct EnclaveLevel {
    std::uint16_t isvsvn = 0;
    Standing standing;
};

/// From when until when, and of which TCB evaluation data set.
struct Issue {
    crypto::Time issued {};
    crypto::Time next_update {};
    std::uint32_t evaluation_number = 0;
};

struct TdxModule {
    std::string id;  ///< "TDX_03"; empty for the base module, whose levels are in the platform's
    std::array<std::uint8_t, 48> mrsigner {};
    std::array<std::uint8_t, 8> attributes {};
    std::array<std::uint8_t, 8> attributes_mask {};
    std::vector<EnclaveLevel> levels;  ///< highest first
};

struct TcbInfo {
    std::string id;
    std::uint64_t version = 0;
    std::uint64_t tcb_type = 0;
    Issue issue;
    std::array<std::uint8_t, 6> fmspc {};
    std::array<std::uint8_t, 2> pceid {};
    TdxModule base_module;
    std::vector<TdxModule> modules;
    std::vector<PlatformLevel> levels;  ///< highest first: by SGX components, PCESVN, TDX components
};

struct QeIdentity {
    std::string id;
    std::uint64_t version = 0;
    Issue issue;
    std::array<std::uint8_t, 4> miscselect {};
    std::array<std::uint8_t, 4> miscselect_mask {};
    std::array<std::uint8_t, 16> attributes {};
    std::array<std::uint8_t, 16> attributes_mask {};
    std::array<std::uint8_t, 32> mrsigner {};
    std::uint16_t product_id = 0;
    std::vector<EnclaveLevel> levels;  ///< highest first
};

/// At most 1 MiB and 32 levels of nesting. Members that Intel may add are ignored, those that are known are strict:
/// every one present, numbers whole and in range, hex of its length, exactly 16 components, no level twice, no module
/// twice. `id`, `version` and `tcbType` are read, not judged; TDX members are required only of a TDX text. Errors:
/// Invalid.
[[nodiscard]] Result<TcbInfo> parse_tcb_info(std::string_view text);
[[nodiscard]] Result<QeIdentity> parse_qe_identity(std::string_view text);

}  // namespace mpc::attestation
