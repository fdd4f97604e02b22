#include <latentcell/train/stages.hpp>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "train/small_run.hpp"

using namespace small_run;

namespace {

std::vector<float> numbers(const Net& net) {
  std::vector<float> out;
  lc::visit_state(net, [&](std::string_view, const auto& p) {
    out.insert(out.end(), p.value.data(), p.value.data() + p.value.size());
  });
  return out;
}

// Trains one stage; further hooks come before the stages' own.
template <class... Hooks>
lc::FitStatus train(lc::Stages& stages, const char* name, Net& net, int epochs, Hooks... hooks) {
  const lc::FitOptions options{.epochs = epochs};
  return stages.run<float>(name, options, net, [&](lc::TrainState<float>& state, auto&& hook) {
    small_run::run(net, state, options, Watch::no, hooks..., hook);
  });
}

lc::StagesOptions quiet(const Folder& folder, lc::Resume resume = lc::Resume::no) {
  return {.folder = folder.path.string(), .resume = resume, .progress = nullptr};
}

}  // namespace

TEST_CASE("Stages: in memory it trains as fit_with does, and reports each stage") {
  Net alone, first, second;
  lc::TrainState<float> state;
  run(alone, state, {.epochs = 3}, Watch::no);
  lc::Stages stages;
  CHECK(train(stages, "one", first, 3) == lc::FitStatus::finished);
  CHECK(train(stages, "two", second, 2) == lc::FitStatus::finished);
  CHECK(numbers(first) == numbers(alone));
  REQUIRE(stages.reports().size() == 2);
  CHECK(stages.reports()[0].name == "one");
  CHECK(stages.reports()[1].name == "two");
  CHECK(stages.reports()[0].history.epochs.size() == 3);
  CHECK(stages.reports()[0].history.epochs.back().loss == state.history.epochs.back().loss);
  CHECK(stages.reports()[1].options.epochs == 2);
}

TEST_CASE("Stages: a stage that was stopped is resumed with the same bits") {
  const Folder folder;
  Net whole, stopped, resumed;
  lc::Stages memory;
  train(memory, "net", whole, 5);
  lc::Stages begun(quiet(folder));
  CHECK(train(begun, "net", stopped, 5, stop_after(2)) == lc::FitStatus::interrupted);
  CHECK(begun.reports().empty());
  CHECK(numbers(stopped) != numbers(whole));
  std::vector<std::string> lines;
  lc::StagesOptions options = quiet(folder, lc::Resume::yes);
  options.notice = [&](const std::string& line) { lines.push_back(line); };
  lc::Stages again(options);
  CHECK(train(again, "net", resumed, 5) == lc::FitStatus::finished);
  CHECK(numbers(resumed) == numbers(whole));
  REQUIRE(lines.size() == 2);
  CHECK(lines[0] == "net: resumes after epoch 2");
  CHECK(lines[1].rfind("net: 5 epochs, loss ", 0) == 0);
  CHECK(lines[1].find("(3 epochs and ") != std::string::npos);
  std::ifstream table(folder.file("net.csv"));
  std::string line;
  int rows = 0;
  while (std::getline(table, line)) ++rows;
  CHECK(rows == 6);
}

TEST_CASE("Stages: a summary of a stage that ran at once says its time once") {
  Net net;
  std::vector<std::string> lines, begun;
  lc::StagesOptions options{.progress = nullptr};
  options.notice = [&](const std::string& line) { lines.push_back(line); };
  options.activity = [&](const std::string& what) { begun.push_back(what); };
  lc::Stages stages(options);
  train(stages, "net", net, 2);
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].rfind("net: 2 epochs, loss ", 0) == 0);
  CHECK(lines[0].find("in this run") == std::string::npos);
  CHECK(begun == std::vector<std::string>{"training net"});
}

TEST_CASE("Stages: progress is shown before the first epoch ends, with the time of all planned stages") {
  std::FILE* out = std::tmpfile();
  REQUIRE(out != nullptr);
  Net net;
  lc::StagesOptions options;
  options.progress = std::make_shared<lc::ProgressDisplay>(out, 0);
  lc::Stages stages(options);
  stages.plan("net", 1);
  stages.plan("other", 1);
  std::this_thread::sleep_for(std::chrono::milliseconds(250));  // it draws at most every 0.2 s
  train(stages, "net", net, 3);
  std::rewind(out);
  std::string said(4096, ' ');
  said.resize(std::fread(said.data(), 1, said.size(), out));
  CHECK(said.find(" 1/3  ") != std::string::npos);
  CHECK(said.find("loss") == std::string::npos);
  CHECK(said.find(" s for all stages") != std::string::npos);
  std::fclose(out);
}

TEST_CASE("Stages: a finished stage is not trained again, and without resuming it is") {
  const Folder folder;
  Net first, second, third;
  lc::Stages begun(quiet(folder));
  train(begun, "net", first, 3);
  int epochs = 0;
  const auto count = [&](const auto&, const auto&) { ++epochs; };
  lc::Stages again(quiet(folder, lc::Resume::yes));
  CHECK(train(again, "net", second, 3, count) == lc::FitStatus::finished);
  CHECK(epochs == 0);
  CHECK(numbers(second) == numbers(first));
  CHECK(again.reports().at(0).history.epochs.size() == 3);
  lc::Stages anew(quiet(folder));
  CHECK(train(anew, "net", third, 3, count) == lc::FitStatus::finished);
  CHECK(epochs == 3);
}

TEST_CASE("Stages: a signal ends the epoch under way, with a checkpoint") {
  const Folder folder;
  Net net;
  const auto raise = [](const auto&, const auto& s) {
    if (s.history.epochs.size() == 2) REQUIRE(std::raise(SIGTERM) == 0);
  };
  lc::Stages stages(quiet(folder));
  CHECK(train(stages, "net", net, 5, raise) == lc::FitStatus::interrupted);
  lc::TrainState<float> state;
  lc::restore_training(folder.file("net.safetensors"), net, state);
  CHECK(state.history.epochs.size() == 2);
}

TEST_CASE("Stages: resuming without a folder, or into one that is not there, throws") {
  CHECK_THROWS_WITH(lc::Stages({.resume = lc::Resume::yes}), "Stages: resuming needs a folder");
  CHECK_THROWS_WITH(lc::Stages({.checkpoint = {.seconds = -1}}),
                    "Stages: checkpoint.seconds must be at least 0, got -1");
  CHECK_THROWS_WITH(lc::Stages({.on_signal = static_cast<lc::OnSignal>(9)}),
                    "Stages: on_signal must be one of ends_program, ends_training, got 9");
  Net net;
  lc::Stages nowhere({.folder = "/no/such/folder", .progress = nullptr});
  CHECK_THROWS_WITH(train(nowhere, "net", net, 1), ContainsText("/no/such/folder"));
}

TEST_CASE("Stages: a checkpoint of another run is refused in a sentence") {
  const Folder folder;
  Net net, other;
  lc::StagesOptions options = quiet(folder);
  options.identity = "a.h5ad, seed 1";
  lc::Stages begun(options);
  CHECK(train(begun, "net", net, 5, stop_after(2)) == lc::FitStatus::interrupted);
  options.resume = lc::Resume::yes;
  lc::Stages same(options);
  CHECK(train(same, "net", other, 5) == lc::FitStatus::finished);
  options.identity = "b.h5ad, seed 1";
  lc::Stages another(options);
  CHECK_THROWS_WITH(train(another, "net", other, 5), ContainsText("net.safetensors: is the checkpoint of another run"));
  lc::Stages unnamed(quiet(folder));
  CHECK(train(unnamed, "unnamed", net, 1) == lc::FitStatus::finished);
  CHECK_THROWS_WITH(train(another, "unnamed", other, 1), ContainsText("is the checkpoint of another run"));
}

TEST_CASE("Stages: a folder that goes away ends the run, or is told and the training goes on") {
  Net net, other;
  const auto remove = [](const Folder& folder) {
    return [&folder](const auto&, const auto& s) {
      if (s.history.epochs.size() == 1) std::filesystem::remove_all(folder.path);
    };
  };
  const Folder first, second;
  lc::StagesOptions options = quiet(first);
  options.checkpoint = {.seconds = 0};
  lc::Stages strict(options);
  CHECK_THROWS_WITH(train(strict, "net", net, 3, remove(first)), ContainsText("cannot be written"));
  std::vector<std::string> said;
  options.folder = second.path.string();
  options.save_failed = [&](const std::string& why) { said.push_back(why); };
  lc::Stages lenient(options);
  CHECK(train(lenient, "net", other, 3, remove(second)) == lc::FitStatus::finished);
  CHECK(train(lenient, "next", other, 2) == lc::FitStatus::finished);
  REQUIRE(said.size() >= 3);
  CHECK_THAT(said[0], ContainsText("cannot be written"));
}

TEST_CASE("Stages: after a signal no further stage begins") {
  const Folder folder;
  Net net;
  lc::Stages stages(quiet(folder));
  const lc::StopOnSignal program;
  std::raise(SIGHUP);
  CHECK(train(stages, "net", net, 5) == lc::FitStatus::interrupted);
  CHECK_FALSE(std::filesystem::exists(folder.file("net.safetensors")));
}
