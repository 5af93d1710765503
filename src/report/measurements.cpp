#include "report/measurements.h"

namespace mpc::report {

namespace {

/// As the quote has it: the lowest byte first.
std::string little_endian_hex(std::uint64_t value)
{
    std::array<std::uint8_t, 8> bytes {};
    for (std::size_t i = 0; i < bytes.size(); ++i)
        bytes[i] = static_cast<std::uint8_t>(value >> (8 * i));
    return to_hex(bytes);
}

}  // namespace

std::vector<Measurement> measurements_of(attestation::TdReport const& td)
{
    std::vector<Measurement> rows {
        { "mrtd", "MRTD", "the virtual firmware, as it was loaded", to_hex(td.mrtd) },
        { "rtmr0", "RTMR0", "the firmware's configuration and the virtual hardware", td.rtmrs[0].hex() },
        { "rtmr1", "RTMR1", "the kernel", td.rtmrs[1].hex() },
        { "rtmr2", "RTMR2", "the kernel's command line and the initial file system", td.rtmrs[2].hex() },
        { "rtmr3", "RTMR3", "what dstack and the launcher measured while they ran", td.rtmrs[3].hex() },
        { "mr_config_id", "MRCONFIGID", "the application, as dstack was told to run it", to_hex(td.mr_config_id) },
        { "report_data", "REPORTDATA", "what the quote was taken for: the node's keys, or a launch receipt",
            to_hex(td.report_data) },
        { "td_attributes", "TDATTRIBUTES", "the virtual machine's attributes, lowest byte first",
            little_endian_hex(td.td_attributes) },
        { "tee_tcb_svn", "TEE_TCB_SVN", "security versions of the TDX module at the launch", to_hex(td.tee_tcb_svn) },
        { "mr_signer_seam", "MRSIGNERSEAM", "who signed the TDX module: zeros for Intel", to_hex(td.mr_signer_seam) },
        { "seam_attributes", "SEAMATTRIBUTES", "the TDX module's attributes", to_hex(td.seam_attributes) },
    };
    if (td.td15) {
        rows.push_back({ "tee_tcb_svn2", "TEE_TCB_SVN2", "security versions of the TDX module that runs now",
            to_hex(td.td15->tee_tcb_svn2) });
        rows.push_back({ "mr_service_td", "MRSERVICETD", "the service TD bound to it: zeros for none",
            to_hex(td.td15->mr_service_td) });
    }
    return rows;
}

}  // namespace mpc::report
