#include "near/account.h"

namespace mpc::near {

Result<AccountId> AccountId::parse(std::string_view text)
{
    bool between = true;  // a part must begin or go on here
    bool allowed = text.size() >= 2 && text.size() <= 64;
    for (char const c : text) {
        bool const joins = c == '.' || c == '-' || c == '_';
        bool const is_part = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        allowed = allowed && (is_part || (joins && !between));
        between = joins;
    }
    if (!allowed || between)
        return Error(ErrorKind::Invalid, "not the name of a NEAR account")
            .remedy("give an account such as v1.signer: 2 to 64 of a-z, 0-9, and single . - _ between them");
    return AccountId(text);
}

}  // namespace mpc::near
