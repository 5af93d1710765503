// The documents here have the shape of what engine 20.10.24 answers, reduced to a few values of our own.
#include "docker/parse.h"

#include <gtest/gtest.h>

#include "support/json_edit.h"

namespace mpc::docker {
namespace {

using test::with;
using test::without;

std::string const id_a = "sha256:" + std::string(64, 'a');
std::string const id_b = "sha256:" + std::string(64, 'b');
std::string const container_id = std::string(64, 'c');

json::Object object(std::string const& text) { return json::read_object(text).value(); }

json::Object version_document(char const* oldest = "1.12", char const* newest = "1.41")
{
    return { { "Version", "20.10.24+dfsg1" }, { "ApiVersion", newest }, { "MinAPIVersion", oldest },
        { "Os", "linux" } };
}

json::Object image_document()
{
    return object(R"({"Id":")" + id_a + R"(","RepoTags":[],"RepoDigests":["near/mpc-node@)" + id_b + R"("],
        "Config":{"User":"1000","ExposedPorts":{"8080/tcp":{},"11780/tcp":{}},"Env":["PATH=/bin","A="],
            "Cmd":["/app/mpc-node"],"Volumes":{"/scratch":{}},"WorkingDir":"/app","Entrypoint":["/bin/sh","-c"],
            "OnBuild":null,"Labels":{"l":"1"}},
        "Architecture":"amd64","Os":"linux","Size":4982345})");
}

json::Object container_document()
{
    return object(R"({"Id":")" + container_id
        + R"(","Names":["/mpc-node","/other/alias"],"Image":"near/mpc-node","ImageID":")" + id_a
        + R"(","Ports":[{"PrivatePort":8080,"Type":"tcp"},
            {"IP":"0.0.0.0","PrivatePort":11780,"PublicPort":11781,"Type":"tcp"}],
        "Labels":{"l":"1"},"State":"running","Status":"Up","Mounts":[
            {"Type":"volume","Name":"mpc-data","Source":"/v/_data","Destination":"/data","Mode":"z","RW":true},
            {"Type":"bind","Source":"/tapp","Destination":"/tapp","Mode":"ro","RW":false},
            {"Type":"tmpfs","Source":"","Destination":"/tmp","Mode":"","RW":true}]})");
}

json::Object distribution_document()
{
    return object(R"({"Descriptor":{"mediaType":"application/vnd.oci.image.index.v1+json","digest":")" + id_a
        + R"(","size":517},
        "Platforms":[{"architecture":"amd64","os":"linux"},{"architecture":"arm64","os":"linux","variant":"v8"}]})");
}

std::string list_of(json::Object const& element) { return json::write(json::Array { element }); }

/// Every value of another type than the member has in the document, and none at all.
std::vector<json::Object> broken(json::Object const& document, std::string_view path, bool may_be_null = false)
{
    std::vector<json::Object> documents { without(document, path) };
    auto const proper = test::at(document, path);
    std::vector<json::Value> const others { 7, -1, 1.5, true, "canary", json::Array { 7 },
        json::Object { { "canary", 7 } } };
    for (auto const& other : others) {
        auto const same_type = (proper.text() && other.text()) || (proper.boolean() && other.boolean());
        if (!same_type)
            documents.push_back(with(document, path, other));
    }
    if (!may_be_null)
        documents.push_back(with(document, path, {}));
    return documents;
}

template <typename T>
void expect_invalid(Result<T> const& result, std::string const& body)
{
    ASSERT_FALSE(result.ok()) << body;
    EXPECT_EQ(result.error().kind(), ErrorKind::Invalid) << body;
    EXPECT_EQ(result.error().message().find("canary"), std::string::npos) << result.error().message();
}

TEST(ParseVersion, SpeaksTheHighestVersionThatBothKnow)
{
    EXPECT_EQ(parse_version(json::write(version_document()))->api_version, "1.41");
    EXPECT_EQ(parse_version(json::write(version_document("1.24", "1.47")))->api_version, "1.47");
    EXPECT_EQ(parse_version(json::write(version_document("1.44", "1.60")))->api_version, "1.51");
    EXPECT_EQ(parse_version(json::write(version_document("1.51", "2.0")))->api_version, "1.51");
    EXPECT_EQ(parse_version(json::write(version_document("1.9", "1.100")))->api_version, "1.51");
}

TEST(ParseVersion, RefusesAnEngineThatIsTooOld)
{
    auto const refused = parse_version(json::write(version_document("1.12", "1.40")));
    EXPECT_EQ(refused.error().kind(), ErrorKind::Refused);
    EXPECT_NE(refused.error().message().find("1.40"), std::string::npos);
    EXPECT_NE(refused.error().remedy().find("20.10"), std::string::npos);
}

TEST(ParseVersion, RefusesAnEngineThatIsTooNew)
{
    auto const refused = parse_version(json::write(version_document("1.52", "1.60")));
    EXPECT_EQ(refused.error().kind(), ErrorKind::Refused);
    EXPECT_NE(refused.error().message().find("1.52"), std::string::npos);
    EXPECT_FALSE(refused.error().remedy().empty());
}

TEST(ParseVersion, RefusesWhatIsNoVersion)
{
    for (auto const* version :
        { "", "1", "1.", ".41", "1.41.2", "1.4x", "v1.41", "-1.41", "1.-41", " 1.41", "1.99999999999" }) {
        expect_invalid(parse_version(json::write(version_document("1.12", version))), version);
        expect_invalid(parse_version(json::write(version_document(version, "1.41"))), version);
    }
}

TEST(ParseVersion, NeedsEachMember)
{
    for (auto const* member : { "Version", "ApiVersion", "MinAPIVersion" }) {
        for (auto const& document : broken(version_document(), member))
            expect_invalid(parse_version(json::write(document)), json::write(document));
    }
}

TEST(ParseVersion, MakesTheEnginesNamePrintableAndShort)
{
    auto const version =
        parse_version(json::write(with(version_document(), "Version", "20\n10" + std::string(500, 'x'))))->version;
    EXPECT_EQ(version.find('\n'), std::string::npos);
    EXPECT_LT(version.size(), 80U);
}

TEST(ParseStore, TellsTheTwoStoresApart)
{
    EXPECT_EQ(parse_store(R"({"DriverStatus":[["Backing Filesystem","extfs"]]})").value(), ImageStore::Classic);
    EXPECT_EQ(parse_store(R"({"DriverStatus":[["a","b"],["driver-type","io.containerd.snapshotter.v1"]]})").value(),
        ImageStore::Containerd);
    EXPECT_EQ(parse_store(R"({"DriverStatus":null})").value(), ImageStore::Classic);
    EXPECT_EQ(parse_store(R"({"DriverStatus":[["driver-type","other"],["x","io.containerd.snapshotter.v1"]]})").value(),
        ImageStore::Classic);
}

TEST(ParseStore, RefusesAStatusOfAnotherShape)
{
    for (auto const* body :
        { "{}", R"({"DriverStatus":"x"})", R"({"DriverStatus":[{}]})", R"({"DriverStatus":[["a"]]})",
            R"({"DriverStatus":[["driver-type",7]]})", R"({"DriverStatus":[["a","b","c"]]})" })
        expect_invalid(parse_store(body), body);
}

TEST(ParseImages, ReadsIdsAndDigests)
{
    auto const images = parse_images(R"([{"Id":")" + id_a + R"(","RepoDigests":["x@)" + id_b
        + R"("],"RepoTags":null,"Labels":null},)" + R"({"Id":")" + id_b + R"(","RepoDigests":null}])");
    ASSERT_TRUE(images.ok());
    ASSERT_EQ(images.value().size(), 2U);
    EXPECT_EQ(images.value()[0].id, id_a);
    EXPECT_EQ(images.value()[0].repo_digests, (std::vector<std::string> { "x@" + id_b }));
    EXPECT_TRUE(images.value()[1].repo_digests.empty());
}

TEST(ParseImages, LeavesOutTheDigestThatSaysNone)
{
    auto const images = parse_images(R"([{"Id":")" + id_a + R"(","RepoDigests":["<none>@<none>"]}])");
    EXPECT_TRUE(images.value()[0].repo_digests.empty());
}

TEST(ParseImages, NeedsEachMember)
{
    json::Object const image { { "Id", id_a }, { "RepoDigests", json::Array { "x@" + id_b } } };
    ASSERT_TRUE(parse_images(list_of(image)).ok());
    for (auto const& document : broken(image, "Id"))
        expect_invalid(parse_images(list_of(document)), json::write(document));
    for (auto const& document : broken(image, "RepoDigests", true))
        expect_invalid(parse_images(list_of(document)), json::write(document));
}

TEST(ParseImages, RefusesAnIdThatIsNoDigest)
{
    for (auto const& id : { std::string("sha256:abc"), std::string(64, 'a'), "sha256:" + std::string(64, 'A'),
             "sha512:" + std::string(128, 'a') })
        expect_invalid(parse_images(list_of({ { "Id", id }, { "RepoDigests", json::Array() } })), id);
}

TEST(ParseImages, RefusesWhatIsNoListOfObjects)
{
    for (auto const* body : { "", "{}", "null", "[7]", "[null]", "[[]]", "[{}", "[]x", "<html>canary</html>" })
        expect_invalid(parse_images(body), body);
}

TEST(ParseImage, ReadsWhatAContainerInherits)
{
    auto const image = parse_image(json::write(image_document()));
    ASSERT_TRUE(image.ok()) << image.error().message();
    EXPECT_EQ(image->id, id_a);
    EXPECT_EQ(image->repo_digests, (std::vector<std::string> { "near/mpc-node@" + id_b }));
    EXPECT_EQ(image->os, "linux");
    EXPECT_EQ(image->architecture, "amd64");
    EXPECT_EQ(image->media_type, "");
    EXPECT_EQ(image->environment, (std::vector<std::string> { "PATH=/bin", "A=" }));
    EXPECT_EQ(image->entrypoint, (std::vector<std::string> { "/bin/sh", "-c" }));
    EXPECT_EQ(image->command, (std::vector<std::string> { "/app/mpc-node" }));
    EXPECT_EQ(image->user, "1000");
    EXPECT_EQ(image->working_directory, "/app");
    EXPECT_EQ(image->labels, (std::map<std::string, std::string> { { "l", "1" } }));
    EXPECT_EQ(image->volumes, (std::vector<std::string> { "/scratch" }));
    EXPECT_EQ(image->exposed_ports, (std::vector<std::string> { "8080/tcp", "11780/tcp" }));
}

TEST(ParseImage, ReadsTheMediaTypeWhereTheEngineTells)
{
    EXPECT_EQ(parse_image(json::write(with(image_document(), "Descriptor.mediaType", "application/x")))->media_type,
        "application/x");
    EXPECT_EQ(parse_image(json::write(with(image_document(), "Descriptor", {})))->media_type, "");
    expect_invalid(parse_image(json::write(with(image_document(), "Descriptor.mediaType", 7))), "mediaType");
}

TEST(ParseImage, TakesAnEmptyConfigForAnImageThatSetsNothing)
{
    for (auto const* config :
        { "{}", "null", R"({"Env":null,"Cmd":null,"Entrypoint":null,"Volumes":null,"Labels":null,"User":""})" }) {
        auto const image = parse_image(json::write(with(image_document(), "Config", json::read(config).value())));
        ASSERT_TRUE(image.ok()) << config;
        EXPECT_TRUE(image->environment.empty() && image->command.empty() && image->entrypoint.empty()) << config;
    }
}

TEST(ParseImage, NeedsEachMember)
{
    for (auto const* member : { "Id", "Os", "Architecture" }) {
        for (auto const& document : broken(image_document(), member))
            expect_invalid(parse_image(json::write(document)), json::write(document));
    }
    for (auto const& document : broken(image_document(), "RepoDigests", true))
        expect_invalid(parse_image(json::write(document)), json::write(document));
    expect_invalid(parse_image(json::write(without(image_document(), "Config"))), "no Config");
}

TEST(ParseImage, RefusesConfigMembersOfAnotherType)
{
    for (auto const* member :
        { "Config.Env", "Config.Cmd", "Config.Entrypoint", "Config.User", "Config.WorkingDir", "Config.Labels" }) {
        for (auto const& document : broken(image_document(), member, true)) {
            if (document.find("Config")->object()->find(std::string_view(member).substr(7)))
                expect_invalid(parse_image(json::write(document)), json::write(document));
        }
    }
    for (auto const* member : { "Config.Volumes", "Config.ExposedPorts" }) {
        for (json::Value const& value :
            { json::Value("canary"), json::Value(json::Array { "canary" }), json::Value(7) })
            expect_invalid(parse_image(json::write(with(image_document(), member, value))), member);
    }
}

TEST(ParseContainers, ReadsNamesWithoutTheirSlashStateLabelsMountsAndPublishedPorts)
{
    auto const containers = parse_containers(list_of(container_document()));
    ASSERT_TRUE(containers.ok()) << containers.error().message();
    auto const& container = containers.value().front();
    EXPECT_EQ(container.id, container_id);
    EXPECT_EQ(container.names, (std::vector<std::string> { "mpc-node", "other/alias" }));
    EXPECT_EQ(container.image_id, id_a);
    EXPECT_EQ(container.state, "running");
    EXPECT_EQ(container.labels.at("l"), "1");
    ASSERT_EQ(container.mounts.size(), 3U);
    EXPECT_EQ(container.mounts[0].name, "mpc-data");
    EXPECT_EQ(container.mounts[0].source, "/v/_data");
    EXPECT_TRUE(container.mounts[0].writable);
    EXPECT_EQ(container.mounts[1].type, "bind");
    EXPECT_EQ(container.mounts[1].name, "");
    EXPECT_EQ(container.mounts[1].destination, "/tapp");
    EXPECT_FALSE(container.mounts[1].writable);
    ASSERT_EQ(container.ports.size(), 1U);
    EXPECT_EQ(container.ports[0].host, 11781);
    EXPECT_EQ(container.ports[0].container, 11780);
    EXPECT_EQ(container.ports[0].protocol, "tcp");
    EXPECT_EQ(container.ports[0].address, "0.0.0.0");
}

TEST(ParseContainers, TakesNullForEmpty)
{
    auto document = container_document();
    for (auto const* member : { "Names", "Labels", "Mounts", "Ports" })
        document = with(document, member, {});
    EXPECT_TRUE(parse_containers(list_of(document)).ok());
    EXPECT_TRUE(parse_containers("[]").value().empty());
}

TEST(ParseContainers, KnowsEveryStateAndNoOther)
{
    for (auto const* state : { "created", "running", "paused", "restarting", "removing", "exited", "dead" })
        EXPECT_TRUE(parse_containers(list_of(with(container_document(), "State", state))).ok()) << state;
    for (auto const* state : { "", "Running", "canary", "running " })
        expect_invalid(parse_containers(list_of(with(container_document(), "State", state))), state);
}

TEST(ParseContainers, NeedsEachMember)
{
    for (auto const* member : { "Id", "ImageID", "State" }) {
        for (auto const& document : broken(container_document(), member))
            expect_invalid(parse_containers(list_of(document)), json::write(document));
    }
    for (auto const* member : { "Names", "Labels", "Mounts", "Ports" }) {
        for (auto const& document : broken(container_document(), member, true))
            expect_invalid(parse_containers(list_of(document)), json::write(document));
    }
}

TEST(ParseContainers, NeedsEachMemberOfAMount)
{
    auto const mount = object(R"({"Type":"volume","Destination":"/data","RW":true})");
    ASSERT_TRUE(parse_containers(list_of(with(container_document(), "Mounts", json::Array { mount }))).ok());
    for (auto const* member : { "Type", "Destination", "RW" }) {
        for (auto const& one : broken(mount, member))
            expect_invalid(parse_containers(list_of(with(container_document(), "Mounts", json::Array { one }))),
                json::write(one));
    }
    for (auto const* member : { "Name", "Source" })
        expect_invalid(parse_containers(list_of(with(container_document(), "Mounts",
                           json::Array { with(mount, member, 7) }))),
            member);
}

TEST(ParseContainers, RefusesPortsThatAreNone)
{
    for (auto const* port : { R"({"PrivatePort":65536,"Type":"tcp"})", R"({"PrivatePort":-1,"Type":"tcp"})",
             R"({"Type":"tcp"})", R"({"PrivatePort":80})", R"({"PrivatePort":80,"PublicPort":70000,"Type":"tcp"})",
             R"({"PrivatePort":80,"PublicPort":"80","Type":"tcp"})", R"({"PrivatePort":80,"Type":"tcp","IP":7})" })
        expect_invalid(parse_containers(list_of(with(container_document(), "Ports", json::Array { object(port) }))),
            port);
}

TEST(ParseContainers, SaysWhichContainerWasNotUnderstood)
{
    auto const body = json::write(json::Array { container_document(), without(container_document(), "State") });
    EXPECT_NE(parse_containers(body).error().message().find("[1]"), std::string::npos);
}

TEST(ParseCreated, ReadsTheId)
{
    EXPECT_EQ(parse_created(R"({"Id":")" + container_id + R"(","Warnings":[]})").value(), container_id);
    for (auto const& body : { std::string("{}"), std::string("[]"), std::string(R"({"Id":7})"),
             std::string(R"({"Id":""})"), R"({"Id":")" + std::string(63, 'a') + R"("})",
             R"({"Id":")" + std::string(64, 'A') + R"("})", R"({"Id":"../../)" + std::string(58, 'a') + R"("})" })
        expect_invalid(parse_created(body), body);
}

TEST(ParseDistribution, ReadsDigestMediaTypeAndPlatforms)
{
    auto const distribution = parse_distribution(json::write(distribution_document()));
    ASSERT_TRUE(distribution.ok()) << distribution.error().message();
    EXPECT_EQ(distribution->digest.text(), id_a);
    EXPECT_EQ(distribution->media_type, "application/vnd.oci.image.index.v1+json");
    EXPECT_EQ(distribution->platforms, (std::vector<std::string> { "linux/amd64", "linux/arm64/v8" }));
    EXPECT_TRUE(parse_distribution(json::write(with(distribution_document(), "Platforms", {})))->platforms.empty());
}

TEST(ParseDistribution, NeedsEachMember)
{
    for (auto const* member : { "Descriptor", "Descriptor.digest", "Descriptor.mediaType" }) {
        for (auto const& document : broken(distribution_document(), member))
            expect_invalid(parse_distribution(json::write(document)), json::write(document));
    }
    for (auto const& document : broken(distribution_document(), "Platforms", true))
        expect_invalid(parse_distribution(json::write(document)), json::write(document));
    for (auto const* platform : { R"({"os":"linux"})", R"({"architecture":"amd64"})",
             R"({"os":7,"architecture":"amd64"})", R"({"os":"linux","architecture":"arm","variant":7})" })
        expect_invalid(parse_distribution(json::write(with(distribution_document(), "Platforms",
                           json::Array { object(platform) }))),
            platform);
}

TEST(ParseDistribution, RefusesADigestOfAnotherForm)
{
    for (auto const& digest : { std::string("sha256:canary"), std::string(64, 'a'), "sha256:" + std::string(64, 'A') })
        expect_invalid(parse_distribution(json::write(with(distribution_document(), "Descriptor.digest", digest))),
            digest);
}

TEST(ParseExit, ReadsTheCode)
{
    EXPECT_EQ(parse_exit(R"({"Error":null,"StatusCode":137})")->code, 137);
    EXPECT_EQ(parse_exit(R"({"StatusCode":0})")->code, 0);
    EXPECT_EQ(parse_exit(R"({"StatusCode":-1})")->code, -1);
}

TEST(ParseExit, RefusesWhatIsNoCode)
{
    for (auto const* body : { "", "{}", R"({"StatusCode":"0"})", R"({"StatusCode":null})", R"({"StatusCode":1.5})",
             R"({"StatusCode":9999999999})", R"({"StatusCode":0,"Error":"x"})",
             R"({"StatusCode":0,"Error":{"Message":7}})" })
        expect_invalid(parse_exit(body), body);
}

TEST(ParseExit, IsAnErrorWhereTheEngineCouldNotWait)
{
    EXPECT_EQ(parse_exit(R"({"Error":{"Message":"canary"},"StatusCode":0})").error().kind(), ErrorKind::Refused);
    EXPECT_TRUE(parse_exit(R"({"Error":{"Message":""},"StatusCode":0})").ok());
}

TEST(RefusalText, IsTheMessageOrTheWholeBody)
{
    EXPECT_EQ(refusal_text(R"({"message":"No such container: x"})"), "No such container: x");
    EXPECT_EQ(refusal_text("client version 1.11 is too old"), "client version 1.11 is too old");
    EXPECT_EQ(refusal_text(R"({"message":7})"), R"({"message":7})");
    EXPECT_EQ(refusal_text(""), "");
}

TEST(Clean, ScrubsBeforeItCuts)
{
    // A secret across the place of the cut must not leave its first half.
    auto const text = std::string(395, 'x') + "canary-secret";
    Scrubber const scrubber = [](std::string_view foreign) {
        std::string scrubbed(foreign);
        auto const at = scrubbed.find("canary-secret");
        return at == std::string::npos ? scrubbed : scrubbed.replace(at, 13, "***");
    };
    EXPECT_EQ(clean(scrubber, text).find("can"), std::string::npos);
    EXPECT_EQ(clean({}, "a\nb"), "a b");
}

}  // namespace
}  // namespace mpc::docker
