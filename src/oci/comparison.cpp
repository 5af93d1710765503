#include "oci/comparison.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/log.h"

namespace mpc::oci {

namespace {

class Comparer {
public:
    Comparer(Inventory const& a, Inventory const& b) : m_a(a), m_b(b) {}

    Comparison run()
    {
        for_all_names(m_a.files, m_b.files, [this](auto const* a, auto const* b) { compare_files(a, b); });
        compare_objects("config: ", m_a.config, m_b.config);
        compare_layers();
        if (m_a.manifest != m_b.manifest)
            note("manifest", fmt::format("{} | {}", text_of(m_a.manifest), text_of(m_b.manifest)));
        auto const matters = std::ranges::any_of(m_found, &Difference::matters);
        auto const likeness = m_found.empty() ? Likeness::Equal : matters ? Likeness::Different : Likeness::SameContent;
        return { likeness, std::move(m_found) };
    }

private:
    void differ(std::string where, std::string what) { m_found.push_back({ std::move(where), std::move(what), true }); }
    void note(std::string where, std::string what) { m_found.push_back({ std::move(where), std::move(what), false }); }

    static std::string text_of(std::optional<image::ManifestDigest> const& digest)
    {
        return digest ? digest->text() : "none";
    }

    /// Calls with the elements of both maps that have one name; nullptr where it has none.
    template <typename Map, typename Call>
    static void for_all_names(Map const& a, Map const& b, Call const& call)
    {
        std::set<std::string> names;
        for (auto const* map : { &a, &b })
            for (auto const& [name, element] : *map)
                names.insert(name);
        for (auto const& name : names) {
            auto const in_a = a.find(name);
            auto const in_b = b.find(name);
            call(in_a == a.end() ? nullptr : &in_a->second, in_b == b.end() ? nullptr : &in_b->second);
        }
    }

    static std::string summary(FileInventory const& file)
    {
        if (file.entry.type == TarType::File || file.entry.type == TarType::HardLink)
            return fmt::format("{} bytes, sha256:{}", file.entry.size, to_hex(file.content));
        return name_of(file.entry.type);
    }

    void compare_files(FileInventory const* a, FileInventory const* b)
    {
        auto const where = "/" + printable((a ? a : b)->entry.path);
        if (!a || !b)
            return differ(where, fmt::format("only in {}: {}", a ? "A" : "B", summary(a ? *a : *b)));
        auto const& left = a->entry;
        auto const& right = b->entry;
        if (left.type != right.type)
            return differ(where, fmt::format("type: {} | {}", name_of(left.type), name_of(right.type)));
        if (a->content != b->content)
            differ(where, fmt::format("content: {} | {}", summary(*a), summary(*b)));
        if (left.target != right.target)
            differ(where, fmt::format("target: {} | {}", printable(left.target), printable(right.target)));
        if (left.mode != right.mode)
            differ(where, fmt::format("mode: {:04o} | {:04o}", left.mode, right.mode));
        if (left.uid != right.uid || left.gid != right.gid)
            differ(where, fmt::format("owner: {}:{} | {}:{}", left.uid, left.gid, right.uid, right.gid));
        if (left.xattrs != right.xattrs)
            differ(where, "extended attributes");
        if (left.mtime != right.mtime)
            note(where, fmt::format("time: {} | {}", left.mtime, right.mtime));
    }

    static std::string text_of(json::Value const* value)
    {
        return value ? printable(json::write_canonical(*value), 200) : "absent";
    }

    /// Members that say when and how an image was made do not matter to what it does; diff_ids are the layers'.
    void compare_objects(std::string const& prefix, json::Object const& a, json::Object const& b)
    {
        std::set<std::string> names;
        for (auto const* object : { &a, &b })
            for (auto const& [name, value] : *object)
                names.insert(name);
        for (auto const& name : names) {
            auto const* const left = a.find(name);
            auto const* const right = b.find(name);
            auto const is_top = prefix == "config: ";
            if (is_top && name == "rootfs")
                continue;
            if (left && right && json::write_canonical(*left) == json::write_canonical(*right))
                continue;
            auto const where = prefix + printable(name);
            if (left && right && left->object() && right->object())
                compare_objects(where + ".", *left->object(), *right->object());
            else if (is_top && (name == "created" || name == "history"))
                note(where, fmt::format("{} | {}", text_of(left), text_of(right)));
            else
                differ(where, fmt::format("{} | {}", text_of(left), text_of(right)));
        }
    }

    void compare_layers()
    {
        if (m_a.layers.size() != m_b.layers.size())
            return note("layers", fmt::format("{} | {}", m_a.layers.size(), m_b.layers.size()));
        for (std::size_t at = 0; at < m_a.layers.size(); ++at) {
            auto const& a = m_a.layers[at];
            auto const& b = m_b.layers[at];
            auto const where = fmt::format("layer {}", at + 1);
            if (a.diff_id != b.diff_id)
                note(where, fmt::format("diff id: {} | {}", a.diff_id.text(), b.diff_id.text()));
            else if (a.digest != b.digest)
                note(where,
                    fmt::format("compression: {}, {} bytes, {} | {}, {} bytes, {}", name_of(a.compression), a.size,
                        a.digest.text(), name_of(b.compression), b.size, b.digest.text()));
        }
    }

    Inventory const& m_a;
    Inventory const& m_b;
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
