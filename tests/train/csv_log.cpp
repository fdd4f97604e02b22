#include <fstream>
#include <sstream>

#include "support/catch.hpp"
#include "train/small_run.hpp"

#include <latentcell/train/csv_log.hpp>

using namespace small_run;

namespace {

std::vector<std::string> lines(const std::string& file) {
  std::ifstream in(file);
  std::vector<std::string> out;
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

}  // namespace

TEST_CASE("csv_log: one row an epoch under one header, validation empty where there is none") {
  const Folder folder;
  const std::string file = folder.file("log.csv");
  Net net;
  lc::TrainState<float> state;
  run(net, state, {.epochs = 3}, Watch::no, lc::csv_log(file));
  const auto rows = lines(file);
  REQUIRE(rows.size() == 4);
  CHECK(rows[0] == "epoch,loss,validation,rate,seconds,cells");
  for (int i = 1; i <= 3; ++i) {
    std::istringstream in(rows[lc::to_size(i)]);
    std::vector<std::string> cell;
    for (std::string c; std::getline(in, c, ',');) cell.push_back(c);
    REQUIRE(cell.size() == 6);
    CHECK(cell[0] == std::to_string(i));
    CHECK(std::stod(cell[1]) == Approx(state.history.epochs[lc::to_size(i - 1)].loss));
    CHECK(cell[2].empty());
    CHECK(cell[5] == "40");
  }
  CHECK(folder.entries() == 1);

  Net watched;
  lc::TrainState<float> other;
  run(watched, other, {.epochs = 1}, Watch::yes, lc::csv_log(file));
  REQUIRE(lines(file).size() == 2);
  CHECK(lines(file)[1].find(",,") == std::string::npos);
}

TEST_CASE("csv_log: a run that goes on repeats no epoch and loses none") {
  const Folder folder;
  const std::string file = folder.file("log.csv");
  Net net;
  lc::TrainState<float> state;
  run(net, state, {.epochs = 4}, Watch::no, stop_after(2), lc::csv_log(file));
  // Epochs after the last checkpoint are run again; the old rows of these go.
  std::ofstream(file, std::ios::app) << "3,1,,1,1,1\n4,1,,1,1,1\n";
  state.stop = false;
  run(net, state, {.epochs = 4}, Watch::no, lc::csv_log(file));
  const auto rows = lines(file);
  REQUIRE(rows.size() == 5);
  for (int i = 1; i <= 4; ++i) CHECK(rows[lc::to_size(i)].rfind(std::to_string(i) + ",", 0) == 0);
  CHECK(rows[3] != "3,1,,1,1,1");
}

TEST_CASE("csv_log: a file that cannot be written is named") {
  Net net;
  lc::TrainState<float> state;
  REQUIRE_THROWS_WITH(run(net, state, {.epochs = 1}, Watch::no, lc::csv_log("/no/such/folder/log.csv")),
                      ContainsText("/no/such/folder/log.csv: cannot be written"));
}
