// What the tests of the simulated guest agent share.
#pragma once

#include <gtest/gtest.h>

#include "evidence/quote.h"
#include "simulator/guest_agent.h"

namespace mpc::simulator {

/// A simulated agent, called without a socket between.
class GuestAgentTest : public testing::Test {
protected:
    void boot(GuestAgentOptions options = {})
    {
        auto agent = simulator::GuestAgent::boot(std::move(options));
        ASSERT_TRUE(agent.ok()) << agent.error().message();
        m_agent = std::move(agent).value();
    }
    void boot_with(Misbehaviour misbehaviour) { boot({ .misbehaviours = { std::move(misbehaviour) } }); }

    http::Answer post(std::string const& method, std::string body = "{}", std::string type = "application/json")
    {
        return m_agent->handle({ .method = http::Method::Post,
            .target = "/" + method,
            .headers = { { "content-type", type } },
            .body = std::move(body) });
    }
    http::Answer get(std::string target) { return m_agent->handle({ .target = std::move(target) }); }
    http::Answer emit(std::string_view name, std::string_view payload_hex = "01")
    {
        return post("EmitEvent", json::write(json::Object { { "event", name }, { "payload", payload_hex } }));
    }

    static json::Object object_in(http::Answer const& answer)
    {
        EXPECT_EQ(answer.response.status, 200U) << answer.response.body;
        EXPECT_EQ(answer.response.header("Content-Type"), "application/json");
        auto object = json::read_object(answer.response.body);
        EXPECT_TRUE(object.ok());
        return object.ok() ? *object : json::Object();
    }
    static std::string error_in(http::Answer const& answer)
    {
        EXPECT_EQ(answer.response.status, 400U);
        auto const object = json::read_object(answer.response.body);
        return object.ok() ? object->require_text("error").value() : "not JSON";
    }
    /// Quote and log of a GetQuote for that report data.
    struct Evidence {
        evidence::QuoteView view;
        evidence::EventLog log;
    };
    Evidence evidence_for(std::string const& report_data = "")
    {
        auto const object = object_in(post("GetQuote", R"({"report_data":")" + report_data + R"("})"));
        auto const quote = from_hex(object.require_text("quote").value()).value();
        return { evidence::parse_quote(quote).value(),
            evidence::parse_event_log(object.require_text("event_log").value()).value() };
    }
    std::vector<std::string> runtime_event_names()
    {
        std::vector<std::string> names;
        for (auto const& event : m_agent->log()) {
            if (event.imr == 3)
                names.push_back(event.name);
        }
        return names;
    }
    std::string payload_of(std::string_view name)
    {
        auto const payloads = evidence::payloads_of(m_agent->log(), name);
        return payloads.size() == 1 ? to_hex(payloads[0]) : std::to_string(payloads.size()) + " of them";
    }
    bool the_log_explains_rtmr3(std::size_t* events = nullptr)
    {
        auto const evidence = evidence_for();
        if (events)
            *events = evidence::payloads_of(evidence.log, "e").size();
        return evidence::replay_rtmr3(evidence.log).value() == evidence.view.rtmrs[3];
    }

    std::unique_ptr<simulator::GuestAgent> m_agent;
};

}  // namespace mpc::simulator
