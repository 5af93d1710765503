#include "remedies.h"

namespace mpc::launcher {

std::string_view usual_remedy(ExitCode code)
{
    switch (code) {
    case ExitCode::Done: return "";
    case ExitCode::Internal: return "this is a defect of mpc-launcher: please report it with this log";
    case ExitCode::Usage: return "see mpc-launcher --help";
    case ExitCode::Environment: return "mend the launcher's compose file, which is measured";
    case ExitCode::Config: return "mend the line or key that is named, and give the VM the new user_config";
    case ExitCode::Digest: return "restore the approved-digests file, or correct the override";
    case ExitCode::Pull:
        return "check that the registry can be reached and holds the image, then start the launcher again";
    case ExitCode::Image: return "check the image's name and tags in user_config against the approved digest";
    case ExitCode::Measurement:
        return "look at the guest agent's log, then start the launcher again: it measures nothing twice; if that does "
               "not "
               "help, reboot the CVM";
    case ExitCode::Reboot: return "reboot the CVM: RTMR3 can only be set back by a new boot";
    case ExitCode::Engine: return "look at the Docker Engine's log, then start the launcher again";
    case ExitCode::Container: return "check the Docker Engine's own configuration and version";
    case ExitCode::Node: return "read the node's log, then start the launcher again";
    }
    return "";
}

}  // namespace mpc::launcher
