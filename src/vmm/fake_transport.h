// A VMM in memory for tests: says what a test wants for each method, and remembers what it was asked.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "vmm/client.h"
#include "json/json.h"

namespace mpc::vmm::test {

class FakeTransport : public Transport {
public:
    /// What the tests share with the fake after it has moved into a client.
    struct State {
        std::map<std::string, std::vector<http::Response>> answers {};  ///< by method; the last one stays
        http::Response log {};
        std::vector<std::pair<std::string, std::string>> calls {};  ///< method or target, and body
        std::optional<Error> error {};                              ///< of every call
        Duration silence {};                                        ///< that the last stream() was allowed
    };

    explicit FakeTransport(State& state) : m_state(state) {}

    Result<http::Response> post(std::string const& target, std::string const& body) override
    {
        auto const method = target.substr(6, target.find('?') - 6);
        m_state.calls.emplace_back(method, body);
        if (m_state.error)
            return *m_state.error;
        auto& answers = m_state.answers[method];
        if (answers.empty())
            return http::Response { .status = 400, .body = R"({"error":"Service not found"})" };
        auto answer = answers.front();
        if (answers.size() > 1)
            answers.erase(answers.begin());
        return answer;
    }

    Result<http::Response> stream(std::string const& target, http::OnPiece const& on_piece, Duration silence) override
    {
        m_state.silence = silence;
        m_state.calls.emplace_back(target, "");
        if (m_state.error)
            return *m_state.error;
        if (m_state.log.status != 200)
            return m_state.log;
        if (auto taken = on_piece(m_state.log.body); !taken.ok())
            return std::move(taken).error();
        return http::Response { .status = 200 };
    }

private:
    State& m_state;
};

inline http::Response answered(std::string body, unsigned status = 200)
{
    return { .status = status, .body = std::move(body) };
}

inline Client client_of(FakeTransport::State& state, std::vector<Secret> secrets = {})
{
    return Client(std::make_unique<FakeTransport>(state), std::move(secrets));
}

inline std::string const an_id = "0f1e2d3c-4b5a-4697-8877-665544332211";

/// A VM as dstack-vmm 0.5.8 describes it; `more` are members that go before its own.
inline std::string vm_json(std::string const& status = "running", std::string const& progress = "done",
    std::string const& boot_error = "", std::string const& id = an_id, std::string const& name = "node")
{
    return R"({"id":")" + id + R"(","name":")" + name + R"(","status":")" + status
        + R"(","uptime":"3m","app_url":null,"app_id":"2911e1f7","instance_id":"aa","configuration":{"name":")" + name
        + R"(","image":"dstack-0.5.8","compose_file":"{}","vcpu":8,"memory":65536,"disk_size":1000,"ports":[)"
          R"({"protocol":"tcp","host_port":8080,"vm_port":80,"host_address":"0.0.0.0"}],"encrypted_env":"",)"
          R"("user_config":"MPC_KEY=canary-value","hugepages":false},"exited_at":"","boot_progress":")"
        + progress + R"(","boot_error":")" + boot_error
        + R"(","shutdown_progress":"","image_version":"0.5.8","events":[)"
          R"({"event":"boot.progress","body":"done","timestamp":1786619449000}]})";
}

inline http::Response info_answer(std::string const& vm) { return answered(R"({"found":true,"info":)" + vm + "}"); }

}  // namespace mpc::vmm::test
