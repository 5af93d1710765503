#include "oci/comparison.h"

#include <algorithm>
#include <array>
#include <set>
#include <unordered_map>

#include <fmt/format.h>

#include "base/log.h"

namespace mpc::oci {

namespace {

/// Says how an image was made, and nothing to a container (what engines and builders write besides the OCI's).
bool is_origin(std::string_view name)
{
    constexpr std::array<std::string_view, 11> origins { "author", "comment", "container", "container_config",
        "created", "docker_version", "history", "id", "parent", "parent_id", "throwaway" };
    return std::ranges::find(origins, name) != origins.end() || name.starts_with("moby.buildkit.");
}

/// Means the same as if it were not there: engines fill absent members with these.
bool is_empty(json::Value const* value)
{
    if (!value || value->is_null())
        return true;
    return (value->array() && value->array()->empty()) || (value->object() && value->object()->size() == 0)
        || (value->text() && value->text()->empty()) || (value->boolean() && !*value->boolean());
}

bool equal(json::Value const* a, json::Value const* b)
{
    return a && b && json::write_canonical(*a) == json::write_canonical(*b);
}

std::string text_of(json::Value const* value)
{
    return value ? printable(json::write_canonical(*value), 200) : "absent";
}

std::string pair_of(json::Value const* a, json::Value const* b)
{
    return fmt::format("{} | {}", text_of(a), text_of(b));
}

/// Calls with each name in one of the objects and its values, where they differ; nullptr where there is none.
template <typename Call>
void for_all_differing(json::Object const& a, json::Object const& b, Call const& call)
{
    std::set<std::string> names;
    for (auto const* object : { &a, &b })
        for (auto const& [name, value] : *object)
            names.insert(name);
    for (auto const& name : names)
        if (auto const *const left = a.find(name), *const right = b.find(name); !equal(left, right))
            call(name, left, right);
}

/// By inode the first of a file's names.
using FirstNames = std::unordered_map<std::size_t, std::string const*>;

FirstNames first_names(Files const& files)
{
    FirstNames names;
    for (auto const& [path, file] : files)
        if (file.inode != 0)
            names.emplace(file.inode, &path);
    return names;
}

class Comparer {
public:
    Comparer(Inventory const& a, Inventory const& b) : m_a(a), m_b(b) {}

    Comparison run()
    {
        compare_config();
        compare_all_files();
        compare_layers();
        compare_manifests();
        auto const matters = std::ranges::any_of(m_found, &Difference::matters);
        auto const likeness = m_found.empty() ? Likeness::Equal : matters ? Likeness::Different : Likeness::SameContent;
        std::ranges::stable_sort(m_found, {}, [](auto const& one) { return std::pair(!one.matters, one.subject); });
        return { likeness, std::move(m_found) };
    }

private:
    void differ(Subject subject, std::string where, std::string what)
    {
        m_found.push_back({ subject, std::move(where), std::move(what), true });
    }
    void note(Subject subject, std::string where, std::string what)
    {
        m_found.push_back({ subject, std::move(where), std::move(what), false });
    }

    void compare_all_files()
    {
        m_names_a = first_names(m_a.files);
        m_names_b = first_names(m_b.files);
        auto a = m_a.files.begin();
        auto b = m_b.files.begin();
        while (a != m_a.files.end() || b != m_b.files.end()) {
            if (b == m_b.files.end() || (a != m_a.files.end() && a->first < b->first)) {
                only_in("A", *a++);
            } else if (a == m_a.files.end() || b->first < a->first) {
                only_in("B", *b++);
            } else {
                compare_files("/" + printable(a->first), a->second, b->second);
                ++a;
                ++b;
            }
        }
    }

    static std::string summary(FileInventory const& file)
    {
        auto const& entry = file.entry;
        if (entry.type == TarType::File)
            return fmt::format("{} bytes, sha256:{}", entry.size, to_hex(file.content));
        if (entry.type == TarType::CharacterDevice || entry.type == TarType::BlockDevice)
            return fmt::format("{} {}:{}", name_of(entry.type), entry.device_major, entry.device_minor);
        return name_of(entry.type);
    }

    void only_in(char const* which, Files::value_type const& file)
    {
        differ(Subject::Content, "/" + printable(file.first),
            fmt::format("only in {}: {}", which, summary(file.second)));
    }

    void compare_files(std::string const& where, FileInventory const& a, FileInventory const& b)
    {
        auto const& left = a.entry;
        auto const& right = b.entry;
        if (left.type != right.type)
            return differ(Subject::Content, where,
                fmt::format("type: {} | {}", name_of(left.type), name_of(right.type)));
        if (summary(a) != summary(b))
            differ(Subject::Content, where, fmt::format("content: {} | {}", summary(a), summary(b)));
        if (left.target != right.target)
            differ(Subject::Content, where,
                fmt::format("target: {} | {}", printable(left.target), printable(right.target)));
        compare_names(where, a, b);
        // Nobody looks at a symbolic link's mode.
        if (left.mode != right.mode && left.type != TarType::SymbolicLink)
            differ(Subject::Properties, where, fmt::format("mode: {:04o} | {:04o}", left.mode, right.mode));
        if (left.uid != right.uid || left.gid != right.gid)
            differ(Subject::Properties, where,
                fmt::format("owner: {}:{} | {}:{}", left.uid, left.gid, right.uid, right.gid));
        if (left.xattrs != right.xattrs)
            differ(Subject::Properties, where, "extended attributes");
        if (a.implied != b.implied)
            note(Subject::Implied, where, a.implied ? "only implied in A" : "only implied in B");
        else if (left.mtime != right.mtime)
            note(Subject::Time, where, fmt::format("time: {} | {}", left.mtime, right.mtime));
    }

    /// Who writes to a file with two names changes both. Which of them its archive calls the link is no difference.
    void compare_names(std::string const& where, FileInventory const& a, FileInventory const& b)
    {
        auto const other_name = [](FirstNames const& names, FileInventory const& file) -> std::string {
            auto const found = names.find(file.inode);
            return found == names.end() || *found->second == file.entry.path ? "none" : "/" + printable(*found->second);
        };
        auto const left = other_name(m_names_a, a);
        auto const right = other_name(m_names_b, b);
        if (left != right)
            differ(Subject::Content, where, fmt::format("is one file with: {} | {}", left, right));
    }

    void compare_config()
    {
        auto const before = m_found.size();
        for_all_differing(m_a.config, m_b.config, [this](auto const& name, auto const* left, auto const* right) {
            auto const where = "config: " + printable(name);
            if (name == "rootfs" && left && right && left->object() && right->object())
                return compare_rootfs(*left->object(), *right->object());
            if (name == "config" && left && right && left->object() && right->object())
                return compare_started(*left->object(), *right->object());
            if (is_origin(name) || (is_empty(left) && is_empty(right)))
                return note(Subject::Image, where, pair_of(left, right));
            differ(Subject::Config, where, pair_of(left, right));
        });
        if (m_found.size() == before && m_a.id != m_b.id && equal(m_a.config.find("rootfs"), m_b.config.find("rootfs")))
            note(Subject::Image, "config", "the same JSON, written otherwise");
    }

    /// Its diff ids are the layers'.
    void compare_rootfs(json::Object const& a, json::Object const& b)
    {
        for_all_differing(a, b, [this](auto const& name, auto const* left, auto const* right) {
            if (name != "diff_ids")
                note(Subject::Image, "config: rootfs." + printable(name), pair_of(left, right));
        });
    }

    /// Members of config.config, which a container is started with.
    void compare_started(json::Object const& a, json::Object const& b)
    {
        for_all_differing(a, b, [this](auto const& name, auto const* left, auto const* right) {
            auto const where = "config: config." + printable(name);
            // The image that the last step of an old builder began with.
            if (name == "Image" || (is_empty(left) && is_empty(right)))
                return note(Subject::Image, where, pair_of(left, right));
            if (!left || !right || !left->object() || !right->object())
                return differ(Subject::Config, where, pair_of(left, right));
            for_all_differing(*left->object(), *right->object(),
                [&](auto const& member, auto const* one, auto const* other) {
                    differ(Subject::Config, where + "." + printable(member), pair_of(one, other));
                });
        });
    }

    void compare_layers()
    {
        if (m_a.layers.size() != m_b.layers.size())
            return note(Subject::Image, "layers", fmt::format("{} | {}", m_a.layers.size(), m_b.layers.size()));
        for (std::size_t at = 0; at < m_a.layers.size(); ++at) {
            auto const& a = m_a.layers[at];
            auto const& b = m_b.layers[at];
            auto const where = fmt::format("layer {}", at + 1);
            if (a.diff_id != b.diff_id)
                note(Subject::Image, where,
                    fmt::format("{}; diff id: {} | {}", reason(a, b), a.diff_id.text(), b.diff_id.text()));
            else if (a.digest != b.digest)
                note(Subject::Image, where,
                    fmt::format("compression: {}, {} bytes, {} | {}, {} bytes, {}", name_of(a.compression), a.size,
                        a.digest.text(), name_of(b.compression), b.size, b.digest.text()));
        }
    }

    /// Why two archives are not one.
    [[nodiscard]] std::string reason(LayerInventory const& a, LayerInventory const& b) const
    {
        auto const is_file = [](Difference const& one) { return one.where.starts_with('/'); };
        if (a.entries_sorted != b.entries_sorted)
            return std::ranges::any_of(m_found, is_file)
                ? "other entries"
                : "other entries to the same effect (which name of a file is its link, what a layer above replaces)";
        if (a.entries_in_order != b.entries_in_order)
            return "the same entries in another order";
        if (a.forms != b.forms)
            return fmt::format("the same entries, with headers of another form: {} | {}", a.forms, b.forms);
        return "the same entries, written otherwise (names of owners, fractions of times, padding)";
    }

    void compare_manifests()
    {
        if (m_a.manifest == m_b.manifest)
            return;
        auto const text = [](auto const& digest) { return digest ? digest->text() : "none"; };
        auto const before = m_found.size();
        if (m_a.manifest && m_b.manifest)
            compare_described("manifest: ", m_a.manifest_members, m_b.manifest_members);
        auto const is_explained = m_found.size() != before || !m_a.manifest || !m_b.manifest || m_a.id != m_b.id
            || !equal(m_a.manifest_members.find("layers"), m_b.manifest_members.find("layers"));
        note(Subject::Image, "manifest",
            fmt::format("{}digest: {} | {}", is_explained ? "" : "the same JSON, written otherwise; ",
                text(m_a.manifest), text(m_b.manifest)));
    }

    /// All that a manifest says of its blobs, but for digest and size, which the blobs themselves tell.
    void compare_described(std::string const& prefix, json::Object const& a, json::Object const& b)
    {
        for_all_differing(a, b, [&](auto const& name, auto const* left, auto const* right) {
            auto const is_of_descriptor = prefix != "manifest: " && !prefix.ends_with("annotations.");
            if (is_of_descriptor && (name == "digest" || name == "size"))
                return;
            auto const where = prefix + printable(name);
            if (left && right && left->object() && right->object())
                return compare_described(where + ".", *left->object(), *right->object());
            if (name != "layers" || !left || !right || !left->array() || !right->array())
                return note(Subject::Image, where, pair_of(left, right));
            auto const& layers_a = *left->array();
            auto const& layers_b = *right->array();
            for (std::size_t at = 0; at < std::min(layers_a.size(), layers_b.size()); ++at)
                if (layers_a[at].object() && layers_b[at].object())
                    compare_described(fmt::format("manifest: layer {}: ", at + 1), *layers_a[at].object(),
                        *layers_b[at].object());
        });
    }

    Inventory const& m_a;
    Inventory const& m_b;
    FirstNames m_names_a;
    FirstNames m_names_b;
    std::vector<Difference> m_found;
};

}  // namespace

char const* name_of(Likeness likeness)
{
    switch (likeness) {
    case Likeness::Equal: return "equal";
    case Likeness::SameContent: return "same-content";
    case Likeness::Different: return "different";
    }
    return "different";
}

Comparison compare(Inventory const& a, Inventory const& b) { return Comparer(a, b).run(); }

}  // namespace mpc::oci
