#include "attestation/prediction.h"

#include <algorithm>
#include <charconv>

#include "attestation/app_compose.h"

namespace mpc::attestation {

namespace {

constexpr std::uint32_t runtime_register = 3;

/// Which of the events that came with later versions there are.
struct Events {
    bool gpu_policy = false;
    bool storage_fs = false;
};

Error unknown_version()
{
    return Error(ErrorKind::Invalid, "the dstack version is not one from 0.5.0 to 0.6")
        .remedy("give the version of the guest image, such as 0.5.8");
}

Result<Events> events_of(std::string_view version)
{
    unsigned minor = 0;
    unsigned patch = 0;
    auto const* const end = version.data() + version.size();
    if (!version.starts_with("0."))
        return unknown_version();
    auto const first = std::from_chars(version.data() + 2, end, minor);
    if (first.ec != std::errc() || first.ptr == end || *first.ptr != '.')
        return unknown_version();
    auto const second = std::from_chars(first.ptr + 1, end, patch);
    if (second.ec != std::errc() || second.ptr != end || minor < 5 || minor > 6)
        return unknown_version();
    return Events { .gpu_policy = minor == 6, .storage_fs = minor == 6 || patch >= 5 };
}

Bytes bytes_of(std::string_view text) { return { text.begin(), text.end() }; }

bool flag(json::Object const& object, std::string_view name)
{
    auto const* value = object.find(name);
    return value && value->boolean() && *value->boolean();
}

Result<void> check_key_provider(std::string const& payload, json::Object const& app_compose)
{
    auto const provider = TRY(json::read_object(payload).in("key provider"));
    TRY(provider.allow_only({ "name", "id" }).in("key provider"));
    auto const name = TRY(provider.require_text("name").in("key provider"));
    TRY(provider.require_text("id").in("key provider"));
    if (name == "local-sgx" && !flag(app_compose, "local_key_provider_enabled"))
        return Error(ErrorKind::Invalid, "the key provider is local-sgx, which the app-compose does not enable");
    return ok;
}

Result<Bytes> instance_id_of(Deployment const& deployment, json::Object const& app_compose)
{
    bool const none = flag(app_compose, "no_instance_id");
    if (none && deployment.instance_id)
        return Error(ErrorKind::Invalid, "an instance id was given, but the app-compose says no_instance_id");
    if (none)
        return Bytes();
    if (!deployment.instance_id || deployment.instance_id->size() != 20)
        return Error(ErrorKind::Invalid, "the instance id, which the app-compose asks for, is not known")
            .remedy("give the 20 bytes of the machine's instance id in hex; it is made at its first boot");
    return *deployment.instance_id;
}

Result<std::string> storage_fs_of(json::Object const& app_compose)
{
    return app_compose.find("storage_fs") ? app_compose.require_text("storage_fs") : Result<std::string>("zfs");
}

/// Members that bring events of their own, or whose events depend on more than is known here.
Result<void> check_predictable(json::Object const& app_compose)
{
    for (auto const* name : { "init_script", "requirements" }) {
        auto const* value = app_compose.find(name);
        if (value && !value->is_null())
            return Error(ErrorKind::Invalid,
                std::string("app-compose: the events of \"") + name + "\" are not predicted");
    }
    if (flag(app_compose, "kms_enabled"))
        return Error(ErrorKind::Invalid, "app-compose: the events of a KMS depend on its certificates")
            .remedy("predict deployments with a local key provider only; the network accepts no other");
    return ok;
}

class Recorder {
public:
    explicit Recorder(Prediction& prediction) : m_prediction(prediction) {}
    void event(std::string_view name, Bytes payload = {})
    {
        auto const digest = evidence::runtime_event_digest(name, payload);
        m_prediction.rtmr3.extend(digest);
        m_prediction.events.push_back({ .imr = runtime_register,
            .type = evidence::runtime_event_type,
            .digest = digest,
            .name = std::string(name),
            .payload = std::move(payload) });
    }

private:
    Prediction& m_prediction;
};

}  // namespace

Result<Prediction> predict(Deployment const& deployment)
{
    auto const events = TRY(events_of(deployment.dstack_version));
    auto const app_compose = TRY(parse_app_compose(deployment.app_compose));
    TRY(check_predictable(app_compose));
    TRY(check_key_provider(deployment.key_provider, app_compose));
    auto instance_id = TRY(instance_id_of(deployment, app_compose));
    auto const storage_fs = TRY(storage_fs_of(app_compose).in("app-compose"));

    Prediction prediction;
    auto const& hash = prediction.compose_hash = sha256({ as_bytes(deployment.app_compose) });
    prediction.app_id.assign(hash.begin(), hash.begin() + 20);
    prediction.mr_config_id[0] = 1;
    std::ranges::copy(hash, prediction.mr_config_id.begin() + 1);
    prediction.broken_rule = broken_rule(app_compose);
    if (auto const* compose = app_compose.find("docker_compose_file"); compose && compose->text())
        prediction.launcher_compose_hash = sha256({ as_bytes(*compose->text()) });

    Recorder record(prediction);
    record.event("system-preparing");
    record.event("app-id", prediction.app_id);
    record.event("compose-hash", Bytes(hash.begin(), hash.end()));
    if (events.gpu_policy) {
        auto const no_policy = sha256({ as_bytes("{}") });
        record.event("gpu-policy-hash", Bytes(no_policy.begin(), no_policy.end()));
    }
    record.event("instance-id", std::move(instance_id));
    record.event("boot-mr-done");
    record.event("key-provider", bytes_of(deployment.key_provider));
    if (events.storage_fs)
        record.event("storage-fs", bytes_of(storage_fs));
    record.event("system-ready");
    auto const& digest = deployment.image_digest.bytes();
    record.event(evidence::image_digest_event, Bytes(digest.begin(), digest.end()));
    return prediction;
}

}  // namespace mpc::attestation
