#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "support/catch.hpp"
#include "train/small_run.hpp"

#include <latentcell/train/progress.hpp>

using namespace small_run;

namespace {

lc::History history(std::vector<lc::EpochReport> epochs) {
  lc::History h;
  h.epochs = std::move(epochs);
  return h;
}

}  // namespace

TEST_CASE("progress: the line says epoch, loss, validation, rate and remaining time") {
  const auto line = [](const char* label, std::vector<lc::EpochReport> epochs) {
    return lc::progress_line(label, lc::StageProgress::of(history(std::move(epochs))));
  };
  CHECK(line("flow", {{1, 4, 2.0, NAN, 0.1, 30, 600}, {2, 4, 1.234567, NAN, 0.1, 30, 600}}) ==
        "flow [============............] 2/4  loss 1.2346  20 cells/s  1:00 left");
  CHECK(line("", {{1, 1, 2.0, 3.5, 0.1, 2, 600}}) ==
        "[========================] 1/1  loss 2  validation 3.5  300 cells/s  0 s left");
  CHECK(lc::progress_line("flow",
                          {.epoch = 1, .epochs = 4, .share = 0.125, .seconds_left = 8, .seconds_left_in_all = 90}) ==
        "flow [===.....................] 1/4  8 s left, 1:30 for all stages");
  CHECK(lc::clock_text(7.4) == "7 s");
  CHECK(lc::clock_text(0) == "0 s");
  CHECK(lc::clock_text(0.31) == "0.4 s");
  CHECK(lc::clock_text(0.97) == "1 s");
  CHECK(lc::clock_text(187) == "3:07");
  CHECK(lc::clock_text(3731) == "1:02:11");
}

TEST_CASE("progress: the time left is that of the last ten epochs") {
  std::vector<lc::EpochReport> epochs;
  for (int e = 1; e <= 30; ++e) epochs.push_back({e, 40, 1.0, NAN, 0.1, e <= 20 ? 1000.0 : 2.0, 600});
  CHECK(lc::StageProgress::of(history(epochs)).seconds_left == Approx(20));
}

TEST_CASE("progress: where the output is no terminal, a line now and then") {
  std::FILE* out = std::tmpfile();
  REQUIRE(out != nullptr);
  Net net;
  lc::TrainState<float> state;
  run(net, state, {.epochs = 3}, Watch::no, lc::progress({.label = "net", .out = out, .every = 0}));
  std::rewind(out);
  std::string said(4096, ' ');
  said.resize(std::fread(said.data(), 1, said.size(), out));
  CHECK(std::count(said.begin(), said.end(), '\n') == 3);
  CHECK(said.find("net [========................] 1/3") == 0);
  CHECK(said.find('\r') == std::string::npos);
  std::fclose(out);
  CHECK_THROWS_WITH(lc::progress({.every = -1}), "progress: every must be at least 0, got -1");
}

TEST_CASE("progress: where the output is no terminal, the last line alone within half a minute") {
  std::FILE* out = std::tmpfile();
  REQUIRE(out != nullptr);
  Net net;
  lc::TrainState<float> state;
  run(net, state, {.epochs = 3}, Watch::no, lc::progress({.label = "net", .out = out}));
  std::rewind(out);
  std::string lines(1000, '\0');
  lines.resize(std::fread(lines.data(), 1, lines.size(), out));
  CHECK(std::count(lines.begin(), lines.end(), '\n') == 1);
  CHECK_THAT(lines, ContainsText("3/3") && ContainsText("in all"));
  std::fclose(out);
}

TEST_CASE("progress: one line on a terminal, redrawn, ended once") {
  const int controller = ::posix_openpt(O_RDWR | O_NOCTTY);
  if (controller < 0 || ::grantpt(controller) != 0 || ::unlockpt(controller) != 0) {
    WARN("this machine has no pseudo-terminals");
    return;
  }
  std::FILE* out = std::fopen(::ptsname(controller), "w");
  REQUIRE(out != nullptr);
  Net net;
  lc::TrainState<float> state;
  run(net, state, {.epochs = 3}, Watch::no, lc::progress({.label = "net", .out = out}));
  std::string seen;
  pollfd waiting{controller, POLLIN, 0};
  while (seen.find('\n') == std::string::npos && ::poll(&waiting, 1, 2000) > 0) {
    char buffer[4096];
    const ssize_t n = ::read(controller, buffer, sizeof buffer);
    if (n <= 0) break;
    seen.append(buffer, lc::to_size(n));
  }
  CHECK(seen.rfind("\rnet [", 0) == 0);
  CHECK(std::count(seen.begin(), seen.end(), '\n') == 1);
  REQUIRE(!seen.empty());
  CHECK(seen.back() == '\n');
  for (const char* part : {" 1/3 ", " 2/3 ", " 3/3 "}) CHECK(seen.find(part) != std::string::npos);
  std::fclose(out);
  ::close(controller);
}
