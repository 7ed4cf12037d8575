// The problem with a slow path of the obvious kind, where each serving thread sleeps the latency and then reads:
// its depth is its number of threads. libfuse's ten give 128 KiB requests of 5 ms 250 MB/s, whatever bandwidth
// was asked for, and a reader that keeps 64 requests in flight is measured as if it kept 10.
//
// So a request is not answered by the thread that takes it. One thread reads the device: it stamps the arrival,
// books the bytes on the shared link, puts the request under its due time and takes the next. A few threads wait
// for the earliest due time, read the source and answer. What is in flight is bounded by the kernel alone.
#include "stoker/lab/slowpath.hpp"

#include <sys/prctl.h>
#include <sys/resource.h>

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace stoker::lab {
namespace {

// They only read and copy, some 0.1 ms a request of 1 MiB from memory; a source on a disk wants depth as well.
constexpr std::size_t k_servers = 16;
constexpr int k_timer_slack_ns = 1000;  // Linux lets a wait end 50 us late unless told

// Each file that a client has open is one of ours. Where the limit stays, the client gets EMFILE.
void raise_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

void serve(DueQueue& queue) {
  ::prctl(PR_SET_TIMERSLACK, k_timer_slack_ns, 0, 0, 0);
  std::vector<std::byte> buffer(k_largest_read);
  queue.serve(buffer);
}

// The threads of one mount. They end in the order that lets each finish what it has: first the queue, which
// the receiver may wait for, then the receiver, then the servers.
class Crew {
public:
  Crew(FuseMount& mount, DueQueue& queue) : m_queue(queue) {
    for (std::size_t i = 0; i < k_servers; ++i) m_servers.emplace_back([&queue] { serve(queue); });
    m_receiver = std::jthread([this, &mount](const std::stop_token& stop) {
      mount.receive(stop);
      const std::scoped_lock lock(m_mutex);
      m_ended = true;
      m_end.notify_all();
    });
  }
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;
  ~Crew() {
    m_queue.close();
    m_receiver.request_stop();
    m_receiver.join();
    m_servers.clear();
  }

  // Until stop, or until the mount is gone.
  void wait(const std::stop_token& stop) {
    std::unique_lock lock(m_mutex);
    m_end.wait(lock, stop, [this] { return m_ended; });
  }

private:
  DueQueue& m_queue;
  std::mutex m_mutex;
  std::condition_variable_any m_end;
  bool m_ended = false;
  std::vector<std::jthread> m_servers;
  std::jthread m_receiver;
};

}  // namespace

Result<SlowPathUse> run_slowpath(const SlowPathPlan& plan, const std::function<void()>& mounted, const std::stop_token& stop) {
  TRY(check(plan.shape));
  TRY_ASSIGN(const auto places, check_places(plan.source, plan.point));
  TRY(check_fuse());
  TRY_ASSIGN(const auto source, SourceTree::open(places.source));
  raise_file_limit();
  DueQueue queue(plan.shape);
  View view(*source, queue);
  TRY_ASSIGN(const auto mount, FuseMount::make(view, places.point));
  const os::Stamp begun = os::now();
  SlowPathUse use;
  {
    Crew crew(*mount, queue);
    mounted();
    crew.wait(stop);
    TRY_ASSIGN(use.unmounted, mount->unmount());
  }
  use.seconds = os::since(begun);
  const auto [requests, max_in_flight] = queue.counts();
  const auto [reads, bytes] = view.counts();
  use.requests = requests;
  use.max_in_flight = max_in_flight;
  use.reads = reads;
  use.bytes = bytes;
  return use;
}

}  // namespace stoker::lab
