#include <filesystem>
#include <fstream>
#include <regex>
#include <set>

#include <latentcell/autodiff/gradcheck.hpp>

#include "support/catch.hpp"
#include "support/op_cases.hpp"

using namespace latentcell;
using support::window;

TEST_CASE("op: every gradient agrees with central differences, with every instruction set") {
  for (kernel::Isa isa : {kernel::Isa::portable, kernel::Isa::avx2, kernel::Isa::avx512}) {
    kernel::limit_isa(isa);
    for (const support::OpCase& c : support::op_cases()) {
      const GradcheckResult result = gradcheck(c.run, c.inputs, c.shapes, {.floor = 1e-3});
      INFO(c.name << ": " << result.where << ", instruction set " << int(isa));
      CHECK(result.worst < 1e-6);
    }
  }
  kernel::limit_isa(kernel::Isa::avx512);
}

TEST_CASE("op: a gradient is added to what is there already") {
  for (const support::OpCase& c : support::op_cases()) {
    Tape<double> tape;
    std::vector<Matrix<double>> once;
    for (const int rounds : {1, 3}) {
      tape.reset(Mode::train, Rng(5));
      std::vector<Var<double>> x;
      for (std::size_t i = 0; i < c.inputs.size(); ++i) {
        const ConstView<double> values = window(c.inputs[i]);
        x.push_back(c.shapes.empty() ? tape.input(values) : tape.input(values, c.shapes[i]));
      }
      const Var<double> y = c.run(tape, x);
      const Matrix<double> seed = support::made_matrix(y.rows(), y.cols(), 77);
      for (int k = 0; k < rounds; ++k) tape.backward(y, window(seed));
      for (std::size_t i = 0; i < x.size(); ++i) {
        if (rounds == 1) {
          once.emplace_back(x[i].upstream());
        } else {
          INFO(c.name << ", input " << i);
          CHECK((x[i].upstream() - 3.0 * once[i]).cwiseAbs().maxCoeff() <= 1e-12 * (1 + once[i].cwiseAbs().maxCoeff()));
        }
      }
    }
  }
}

TEST_CASE("op: without gradients the values are the same") {
  for (const support::OpCase& c : support::op_cases()) {
    Tape<double> with(Mode::train, Rng(9)), without(Mode::no_gradient, Rng(9));
    if (c.name == "dropout") continue;  // the identity unless the tape trains
    const auto run = [&](Tape<double>& tape) {
      std::vector<Var<double>> x;
      for (std::size_t i = 0; i < c.inputs.size(); ++i) {
        const ConstView<double> values = window(c.inputs[i]);
        x.push_back(c.shapes.empty() ? tape.input(values) : tape.input(values, c.shapes[i]));
      }
      return c.run(tape, x);
    };
    const Var<double> a = run(with), b = run(without);
    INFO(c.name);
    CHECK(a.value() == b.value());
    CHECK(a.shape() == b.shape());
    CHECK(a.needs_grad());
    CHECK_FALSE(b.needs_grad());
  }
}

TEST_CASE("op: the list of cases names every operation of the room") {
  std::set<std::string> tried;
  for (const support::OpCase& c : support::op_cases()) tried.insert(c.name.substr(0, c.name.find_first_of(" ,")));
  const std::regex function("^Var<T> ([a-z_]+)\\(");
  const auto room = std::filesystem::path(LATENTCELL_TESTS_DIR).parent_path() / "include/latentcell/op";
  int found = 0;
  for (const auto& entry : std::filesystem::directory_iterator(room)) {
    std::ifstream in(entry.path());
    for (std::string line; std::getline(in, line);) {
      std::smatch match;
      if (!std::regex_search(line, match, function) || match[1] == "map_elements") continue;
      ++found;
      INFO(entry.path().filename() << ": " << match[1]);
      CHECK(tried.count(match[1]) == 1);
    }
  }
  CHECK(found >= 20);
}
