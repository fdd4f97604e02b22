#include <latentcell/trajectory/fate_report.hpp>

#include <cmath>
#include <limits>

#include "moving_cells.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using moving_cells::constant_velocity;
using moving_cells::two_lines;
using trajectory::fate_report;
using trajectory::FateReport;

TEST_CASE("fate_report: mean fates of each label, and how many cells are settled, by label and by time") {
  // Cells of the lower line stay; the velocity is 0 in y. Half of the cells of time 0 are labelled "early".
  LatentTable reference = two_lines(40, {0, 2}, 1);
  std::vector<std::string> names;
  for (Index i = 0; i < 80; ++i) names.push_back(i < 20 ? "early" : i % 2 == 0 ? "lower" : "upper");
  reference.cell_columns.set("line", to_categorical(names));
  auto model = constant_velocity(2, 3, 0);
  model.options.paths.window = 40;
  Rng rng(2);
  const FateReport report = fate_report(model, reference, "line", {}, rng);
  REQUIRE(report.labels.size() == 3);
  const FateReport::Label& early = report.labels[0];
  CHECK(early.label == "early");
  CHECK(early.cells == 20);
  CHECK(early.settled == 1);
  REQUIRE(early.fates.size() == 2);  // none becomes "early"
  CHECK(early.fates[0].second == Approx(0.5));
  CHECK(early.fates[0].second + early.fates[1].second == Approx(1));
  CHECK(report.labels[1].cells == 30);
  CHECK(report.labels[1].fates.front().first == "lower");
  CHECK(report.labels[1].fates.front().second == Approx(1));
  CHECK(report.settled_by_time == std::vector<std::pair<double, double>>{{0, 1}, {2, 1}});
  CHECK(report.to_text() ==
        "  early (20 cells):  upper 0.50  lower 0.50;  settled 1.00\n"
        "  lower (30 cells):  lower 1.00;  settled 1.00\n"
        "  upper (30 cells):  upper 1.00;  settled 1.00\n");
}

TEST_CASE("fate_report: a fate is settled from a probability of 0.8 on") {
  // Five cells at the end, of which `same` are "a": every cell's fate is "a" with probability same / 5.
  for (const int same : {3, 4, 5}) {
    LatentTable reference;
    reference.mean = Matrix<float>::Zero(5, 2);
    reference.cell_columns = Annotation(5);
    reference.cell_columns.set("time", std::vector<double>(5, 2.0));
    std::vector<int> codes(5, 1);
    for (int i = 0; i < same; ++i) codes[to_size(i)] = 0;
    reference.cell_columns.set("line", Categorical{{"a", "b"}, codes});
    Rng rng(2);
    const FateReport report = fate_report(constant_velocity(2, 0, 0), reference, "line", {.neighbors = 5}, rng);
    CHECK(report.labels[0].settled == (same >= 4 ? 1 : 0));
  }
}

TEST_CASE("fate_report: cells without a time are left out") {
  LatentTable reference = two_lines(10, {0, 2}, 1);
  std::vector<double> time = read_times(reference.cell_columns, "time");
  time[3] = std::numeric_limits<double>::quiet_NaN();
  reference.cell_columns.set("time", time);
  Rng rng(2);
  const FateReport report = fate_report(constant_velocity(2, 3, 0), reference, "line", {}, rng);
  REQUIRE(report.settled_by_time.size() == 2);
  CHECK(report.labels[0].cells + report.labels[1].cells == 19);
}

TEST_CASE("fate_report: cells later than the fates have none") {
  const LatentTable reference = two_lines(10, {0, 1, 2}, 1);
  Rng rng(2);
  const FateReport report = fate_report(constant_velocity(2, 3, 0), reference, "line", {.at = 1}, rng);
  REQUIRE(report.settled_by_time.size() == 2);
  CHECK(report.settled_by_time.back().first == 1);
  CHECK(report.labels[0].cells == 10);
}
