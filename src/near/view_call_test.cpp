#include "near/view_call.h"

#include <gmock/gmock.h>

#include "json/json.h"

namespace mpc::near {
namespace {

using testing::HasSubstr;

Result<ViewAnswer> parsed(std::string const& body, unsigned status = 200)
{
    return parse_view_answer({ .status = status, .body = body });
}

Error error_of(std::string const& body, unsigned status = 200)
{
    auto result = parsed(body, status);
    if (result.ok())
        return { ErrorKind::Internal, "it did not fail" };
    return std::move(result).error();
}

std::string with_result(std::string const& result)
{
    return R"({"jsonrpc":"2.0","id":"mpcctl","result":)" + result + "}";
}
std::string with_error(std::string const& error) { return R"({"jsonrpc":"2.0","id":"mpcctl","error":)" + error + "}"; }

/// As nearcore writes an error of a handler.
std::string handler_error(std::string const& cause, std::string const& data)
{
    return with_error(R"({"name":"HANDLER_ERROR","cause":{"info":{"block_height":1},"name":")" + cause
        + R"("},"code":-32000,"message":"Server error","data":")" + data + "\"}");
}

TEST(ViewRequest, IsACallWithoutArgumentsInTheFinalState)
{
    EXPECT_EQ(view_request(AccountId::parse("v1.signer").value(), "allowed"),
        R"({"jsonrpc":"2.0","id":"mpcctl","method":"query","params":{"request_type":"call_function",)"
        R"("finality":"final","account_id":"v1.signer","method_name":"allowed","args_base64":"e30="}})");
}

TEST(ViewAnswer, IsTheBytesOfTheResult)
{
    auto const answer = parsed(with_result(R"({"result":[91,0,255,93],"logs":[],"block_height":7,"block_hash":"x"})"));
    ASSERT_TRUE(answer.ok()) << answer.error().message();
    EXPECT_EQ(answer->value, std::string("[\0\xff]", 4));
    EXPECT_EQ(answer->block_height, 7U);
}

TEST(ViewAnswer, OfAMissingMethodIsNotFoundInEveryForm)
{
    for (auto const& body :
        { with_result(R"({"error":"wasm execution failed with error: MethodNotFound","logs":[],"block_height":1})"),
            handler_error("CONTRACT_EXECUTION_ERROR", "wasm execution failed: FunctionCallError: MethodNotFound"),
            with_error(
                R"({"cause":{"info":{"vm_error":{"FunctionCallError":{"MethodResolveError":"MethodNotFound"}}}}})") })
        EXPECT_EQ(error_of(body).kind(), ErrorKind::NotFound) << body;
}

TEST(ViewAnswer, OfTheNetworkIsRefused)
{
    for (auto const* cause : { "UNKNOWN_ACCOUNT", "INVALID_ACCOUNT", "NO_CONTRACT_CODE", "CONTRACT_EXECUTION_ERROR" }) {
        auto const error = error_of(handler_error(cause, "account x does not exist"));
        EXPECT_EQ(error.kind(), ErrorKind::Refused) << cause;
        EXPECT_THAT(error.message(), HasSubstr(std::string(cause) + ": account x does not exist"));
        EXPECT_FALSE(error.remedy().empty());
    }
    EXPECT_EQ(error_of(with_result(R"({"error":"wasm execution failed: HostError","block_height":1})")).kind(),
        ErrorKind::Refused);
}

TEST(ViewAnswer, OfATroubledEndpointIsUnreachable)
{
    for (auto const& [body, status] : std::initializer_list<std::pair<std::string, unsigned>> {
             { handler_error("NO_SYNCED_BLOCKS", "not in sync"), 200 }, { handler_error("INTERNAL_ERROR", "x"), 500 },
             { handler_error("TIMEOUT_ERROR", "x"), 408 }, { with_error(R"({"code":-429,"message":"slow"})"), 429 },
             { "<html>502</html>", 502 }, { "", 503 }, { with_result("{}"), 500 } }) {
        auto const error = error_of(body, status);
        EXPECT_EQ(error.kind(), ErrorKind::Unreachable) << body;
    }
    EXPECT_THAT(error_of("<html>", 502).message(), HasSubstr("status 502"));
}

TEST(ViewAnswer, ThatIsAWebPageIsCalledSo)
{
    auto const error = error_of("\n <!DOCTYPE html><html>");
    EXPECT_EQ(error.kind(), ErrorKind::Invalid);
    EXPECT_THAT(error.message(), HasSubstr("web page"));
}

TEST(ViewAnswer, OfWrongShapesIsInvalid)
{
    for (auto const& body :
        std::initializer_list<std::string> { "", "null", "[]", "{", "{}", with_result("null"), with_result("[]"),
            with_result(R"({"block_height":1})"), with_result(R"({"result":"e30=","block_height":1})"),
            with_result(R"({"result":[256],"block_height":1})"), with_result(R"({"result":[-1],"block_height":1})"),
            with_result(R"({"result":[1.5],"block_height":1})"), with_result(R"({"result":["1"],"block_height":1})"),
            with_result(R"({"result":[1]})"), with_result(R"({"result":[1],"block_height":"1"})"),
            with_error(R"("text")"), R"({"jsonrpc":"2.0","id":"other","result":{"result":[],"block_height":1}})",
            R"({"jsonrpc":"1.0","id":"mpcctl","result":{"result":[],"block_height":1}})",
            R"({"id":"mpcctl","result":{"result":[],"block_height":1}})" })
        EXPECT_EQ(error_of(body).kind(), ErrorKind::Invalid) << body;
}

TEST(ViewAnswer, ShowsForeignWordsShortAndPrintable)
{
    auto const error = error_of(handler_error("UNKNOWN_ACCOUNT", "\\u001b[31m" + std::string(5000, 'x')));
    EXPECT_LT(error.message().size(), 250U);
    EXPECT_EQ(error.message().find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace mpc::near
