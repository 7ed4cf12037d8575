#include "stoker/net/http_client.hpp"

#include <fmt/core.h>
#include <httplib.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace stoker::net {
namespace {

constexpr std::size_t k_body_limit = 1 << 20;
constexpr std::chrono::seconds k_later{5};  // httplib's own timeouts come after the deadline, or say "read failed" first
constexpr Seconds k_longest{86400};  // beyond it a timeout is "for ever"; keeps the arithmetic in range

// Ends the exchange at the deadline whatever the server does: httplib's own timeouts begin anew with every byte,
// so that one byte a second would never end.
class Deadline {
public:
  Deadline(httplib::Client& client, Seconds time)
      : m_watch([this, &client, time](const std::stop_token& stop) {
          std::unique_lock lock(m_mutex);
          m_over.wait_for(lock, stop, time, [] { return false; });
          if (stop.stop_requested()) return;
          m_passed = true;
          client.stop();
        }) {}
  // Whether it passed; it cannot pass any more once this returned.
  bool settle() {
    m_watch.request_stop();
    m_watch.join();
    return m_passed;
  }

private:
  std::mutex m_mutex;
  std::condition_variable_any m_over;
  bool m_passed = false;
  std::jthread m_watch;  // last: it uses the others
};

Error failure(const Target& target, httplib::Error error, bool passed, Seconds timeout) {
  const std::string where = fmt::format("http://{}:{}{}", target.host, target.port, target.path);
  if (passed || error == httplib::Error::ConnectionTimeout) return {ErrorKind::timeout, fmt::format("{} gave no answer in {}", where, format_duration(timeout))};
  return {ErrorKind::unavailable, fmt::format("{}: {}", where, httplib::to_string(error))};
}

Result<Answer> exchange(const Target& target, httplib::Request request, Seconds timeout) {
  const Seconds time = std::clamp(timeout, Seconds(0.001), k_longest);
  const auto allowed = std::chrono::duration_cast<std::chrono::microseconds>(time);
  httplib::Client client(target.host, target.port);
  client.set_connection_timeout(allowed);
  client.set_read_timeout(allowed + k_later);
  client.set_write_timeout(allowed + k_later);
  client.set_keep_alive(false);
  client.set_follow_location(false);

  Answer answer;
  bool cut = false;
  request.path = target.path;
  request.response_handler = [&](const httplib::Response& head) {
    answer.status = head.status;
    return true;
  };
  request.content_receiver = [&](const char* data, std::size_t size, std::uint64_t, std::uint64_t) {
    const std::size_t room = k_body_limit - answer.body.size();
    answer.body.append(data, std::min(size, room));
    cut = size > room;
    return !cut;
  };
  httplib::Response response;
  httplib::Error error = httplib::Error::Success;
  Deadline deadline(client, time);
  const bool sent = client.send(request, response, error);
  const bool passed = deadline.settle();
  if (!sent && !cut) return fail(failure(target, error, passed, timeout));
  answer.status = sent ? response.status : answer.status;
  return answer;
}

}  // namespace

Result<Answer> get(const Target& target, Seconds timeout) {
  httplib::Request request;
  request.method = "GET";
  return exchange(target, std::move(request), timeout);
}

Result<Answer> post_json(const Target& target, const std::string& body, Seconds timeout) {
  httplib::Request request;
  request.method = "POST";
  request.set_header("Content-Type", "application/json");
  request.body = body;
  return exchange(target, std::move(request), timeout);
}

}  // namespace stoker::net
