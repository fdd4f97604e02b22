#include <sstream>

#include <latentcell/evaluate/score_table.hpp>

#include "support/catch.hpp"

using namespace latentcell::evaluate;
using latentcell::Index;

namespace {

const double missing = std::numeric_limits<double>::quiet_NaN();

ScoreTable example() {
  ScoreTable t({{"r"},
                {"error", "log2", Better::lower},
                {"coverage", "", Better::neither, 0.5},
                {"genes", "", Better::neither}});
  t.add("held-out cells", Role::ceiling, {0.9, 0.1, 0.5, 7});
  t.add("mean", Role::baseline, {0.5, 0.5, 0.2, 7});
  t.add("ours", Role::model, {0.8, 0.2, 0.55, 7});
  t.add("ridge", Role::baseline, {0.6, 0.15, missing, 7});
  return t;
}

std::vector<std::string> lines(const std::string& of) {
  std::vector<std::string> out;
  std::istringstream in(of);
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

}  // namespace

TEST_CASE("ScoreTable: the best is the highest, the lowest or the nearest to the target; ceilings do not compete") {
  const ScoreTable t = example();
  CHECK(t.best("r") == 2);
  CHECK(t.best("error") == 3);
  CHECK(t.best("coverage") == 2);
  CHECK(t.best("genes") == -1);
  CHECK(ScoreTable({{"r"}}).best("r") == -1);
}

TEST_CASE("ScoreTable: what was not measured is not the best") {
  ScoreTable t({{"error", "", Better::lower}});
  t.add("a", Role::model, {missing});
  CHECK(t.best("error") == -1);
  t.add("b", Role::baseline, {3});
  t.add("c", Role::baseline, {3});
  CHECK(t.best("error") == 1);
}

TEST_CASE("ScoreTable: a value by names; unknown names and other numbers of values throw") {
  ScoreTable t = example();
  CHECK(t.value("ridge", "error") == 0.15);
  CHECK_THROWS_WITH(t.value("ridge", "speed"), ContainsText("no metric 'speed'"));
  CHECK_THROWS_WITH(t.value("ridg", "error"), ContainsText("no method 'ridg'"));
  CHECK_THROWS_WITH(t.add("x", Role::model, {1}), "ScoreTable: 'x' has 1 values but there are 4 metrics");
}

TEST_CASE("ScoreTable: as text, columns are aligned and the best is marked") {
  const std::vector<std::string> text = lines(example().to_text());
  REQUIRE(text.size() == 5);
  CHECK(text[0] == "                               r   error [log2]   coverage   genes");
  CHECK(text[1] == "held-out cells (ceiling)  0.9000         0.1000     0.5000       7");
  CHECK(text[2] == "mean (baseline)           0.5000         0.5000     0.2000       7");
  CHECK(text[3] == "ours                      0.8000*        0.2000     0.5500*      7");
  CHECK(text[4] == "ridge (baseline)          0.6000         0.1500*         -       7");
}

TEST_CASE("ScoreTable: as text, columns that do not fit stand below") {
  const std::vector<std::string> text = lines(example().to_text(55));
  REQUIRE(text.size() == 10);
  for (const std::string& line : text) CHECK(line.size() <= 55);
  CHECK(text[5].find("coverage") != std::string::npos);
  CHECK(text[8].rfind("ours ", 0) == 0);
}

TEST_CASE("ScoreTable: CSV reads back") {
  ScoreTable t({{"r"}, {"a \"b\", c"}});
  t.add("one, two", Role::model, {0.1, missing});
  t.add("half", Role::ceiling, {1.0 / 3.0, -2});
  const std::vector<std::string> csv = lines(t.to_csv());
  REQUIRE(csv.size() == 3);
  CHECK(csv[0] == "method,role,r,\"a \"\"b\"\", c\"");
  CHECK(csv[1] == "\"one, two\",model,0.1,");
  CHECK(csv[2].rfind("half,ceiling,", 0) == 0);
  CHECK(std::stod(csv[2].substr(13)) == 1.0 / 3.0);
}

TEST_CASE("ScoreTable: JSON has every metric and row, null for what was not measured") {
  ScoreTable t({{"r", "", Better::higher}, {"cover", "%", Better::neither, 0.5}});
  t.add("a\"b\n", Role::baseline, {0.25, missing});
  t.add("c", Role::ceiling, {1.0 / 3.0, std::numeric_limits<double>::infinity()});
  CHECK(t.to_json() ==
        "{\"metrics\":[{\"name\":\"r\",\"better\":\"higher\"},"
        "{\"name\":\"cover\",\"unit\":\"%\",\"better\":\"neither\",\"target\":0.5}],"
        "\"rows\":[{\"method\":\"a\\\"b\\u000a\",\"role\":\"baseline\",\"values\":[0.25,null]},"
        "{\"method\":\"c\",\"role\":\"ceiling\",\"values\":[0.3333333333333333,null]}]}");
}

TEST_CASE(
    "ScoreTable: the model is compared with the best baseline of each metric, and with the ceiling where it is above") {
  // r 0.8 against 0.6 and 0.9: two thirds of the way; error 0.2 against 0.15 and 0.1: one less than nothing; coverage
  // 0.05 off against 0.3 and 0: five sixths.
  const ScoreTable::Comparison c = example().compare();
  CHECK(c.method == "ours");
  CHECK(c.metrics == 3);
  CHECK(c.better == 2);
  REQUIRE(c.shares.size() == 3);
  CHECK(c.shares[0] == Approx(2.0 / 3));
  CHECK(c.shares[1] == Approx(-1));
  CHECK(c.shares[2] == Approx(5.0 / 6));
  CHECK(ScoreTable({{"r"}}).compare().method.empty());
}

namespace {

/// A model, two baselines and a ceiling in three metrics, with errors of 0.1.
ScoreTable with_errors(std::vector<double> model) {
  ScoreTable out({{.name = "w2", .better = Better::lower},
                  {.name = "coverage"},
                  {.name = "auc", .better = Better::neither, .target = 0.5}});
  const std::vector<double> error(3, 0.1);
  out.add("real", Role::ceiling, {1, 1, 0.5}, error);
  out.add("a", Role::baseline, {3, 0.5, 0.9}, error);
  out.add("b", Role::baseline, {2, 0.4, 0.8}, error);
  out.add("model", Role::model, std::move(model), error);
  return out;
}

}  // namespace

TEST_CASE("ScoreTable: of values with errors only those differ that are more than two errors apart") {
  const ScoreTable clear = with_errors({1.5, 0.9, 0.5}), near = with_errors({1.8, 0.7, 0.6});
  CHECK(clear.compare().better == 3);
  CHECK(clear.compare().undecided == 0);
  CHECK(near.compare().metrics == 3);
  CHECK(near.compare().better == 0);  // 2 errors of the difference are 0.283
  CHECK(near.compare().undecided == 3);
  CHECK(near.differ(near.rows()[1], near.rows()[2], 0));
  CHECK_FALSE(near.differ(near.rows()[1], near.rows()[2], 1));
  // Beyond the best baseline, but within the error of another, is not better than every baseline.
  ScoreTable wide({{.name = "coverage"}});
  wide.add("a", Role::baseline, {0.5}, {0.01});
  wide.add("b", Role::baseline, {0.4}, {0.3});
  wide.add("model", Role::model, {0.7}, {0.01});
  CHECK(wide.compare().better == 0);
}

TEST_CASE("ScoreTable: errors are shown and written, and all that do not differ from the best are marked") {
  const ScoreTable near = with_errors({1.8, 0.7, 0.6});
  const std::string shown = near.to_text();
  CHECK_THAT(shown, ContainsText("1.800\xC2\xB1"
                                 "0.100*"));
  CHECK_THAT(shown, ContainsText("2.000\xC2\xB1"
                                 "0.100*"));
  CHECK(shown.find("3.000\xC2\xB1"
                   "0.100*") == std::string::npos);
  CHECK(shown.find("1.000\xC2\xB1"
                   "0.100*") == std::string::npos);  // the ceiling does not compete
  CHECK_THAT(near.to_json(), ContainsText("\"values\":[1.8,0.7,0.6],\"error\":[0.1,0.1,0.1]"));
  CHECK_THAT(near.to_csv(), ContainsText("method,role,w2,coverage,auc,w2_error,coverage_error,auc_error\n"));
  CHECK_THAT(near.to_csv(), ContainsText("model,model,1.8,0.7,0.6,0.1,0.1,0.1\n"));
  ScoreTable wrong({{.name = "w2"}});
  CHECK_THROWS_AS(wrong.add("a", Role::model, {1.0}, {0.1, 0.2}), std::invalid_argument);
}
