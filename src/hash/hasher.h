// SHA-256 of bytes that come in pieces, over nettle.
#pragma once

#include <nettle/sha2.h>

#include "hash/hash.h"

namespace mpc {

class Sha256Hasher {
public:
    Sha256Hasher() { sha256_init(&m_context); }
    void update(ByteView bytes)
    {
        sha256_update(&m_context, bytes.size(), bytes.data());
        m_size += bytes.size();
    }
    /// Of everything up to now; to be asked for once.
    [[nodiscard]] Sha256 digest()
    {
        Sha256 digest {};
        sha256_digest(&m_context, digest.size(), digest.data());
        return digest;
    }
    [[nodiscard]] std::uint64_t size() const { return m_size; }

private:
    sha256_ctx m_context {};
    std::uint64_t m_size = 0;
};

}  // namespace mpc
