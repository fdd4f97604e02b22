#pragma once

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include <latentcell/core/counts.hpp>
#include <latentcell/core/types.hpp>

/// Numbers of a reference implementation, by name. The file tests/reference/<name>.txt holds arrays, one after another:
/// a line "name rows cols", then rows * cols numbers.
class Reference {
 public:
  explicit Reference(const std::string& name) {
#ifdef LATENTCELL_TESTS_DIR
    const std::filesystem::path tests = LATENTCELL_TESTS_DIR;
#else
    const std::filesystem::path tests = std::filesystem::path(__FILE__).parent_path().parent_path();
#endif
    const std::string path = (tests / "reference" / (name + ".txt")).string();
    std::ifstream in(path);
    if (!in) throw std::runtime_error("reference: cannot open " + path);
    std::string array;
    latentcell::Index rows = 0, cols = 0;
    while (in >> array >> rows >> cols) {
      latentcell::Matrix<double> m(rows, cols);
      // Streams do not read "inf" and "nan"; strtod does.
      std::string word;
      for (latentcell::Index k = 0; k < m.size() && in >> word; ++k) m.data()[k] = std::strtod(word.c_str(), nullptr);
      if (!in) throw std::runtime_error("reference: " + path + " ends within '" + array + "'");
      arrays_.emplace(array, m);
    }
  }

  const latentcell::Matrix<double>& matrix(const std::string& name) const {
    const auto at = arrays_.find(name);
    if (at == arrays_.end()) throw std::runtime_error("reference: no array '" + name + "'");
    return at->second;
  }
  latentcell::Matrix<float> floats(const std::string& name) const { return matrix(name).cast<float>(); }
  double number(const std::string& name) const { return matrix(name)(0, 0); }
  std::vector<double> vector(const std::string& name) const {
    const latentcell::Matrix<double>& m = matrix(name);
    return std::vector<double>(m.data(), m.data() + m.size());
  }
  std::vector<int> integers(const std::string& name) const {
    std::vector<int> out;
    for (double v : vector(name)) out.push_back(int(v));
    return out;
  }
  /// The non-zeros of an array.
  latentcell::Counts counts(const std::string& name) const {
    const latentcell::Matrix<double>& m = matrix(name);
    latentcell::Counts out(m.cols());
    for (latentcell::Index r = 0; r < m.rows(); ++r) {
      for (latentcell::Index c = 0; c < m.cols(); ++c) {
        if (m(r, c) != 0.0) out.push(std::int32_t(c), float(m(r, c)));
      }
      out.end_row();
    }
    return out;
  }

 private:
  std::map<std::string, latentcell::Matrix<double>> arrays_;
};

/// The largest difference to the numbers of a reference, relative to those above one.     a and b of one size
template <class A>
double farthest(const A& a, const latentcell::Matrix<double>& b) {
  if (a.rows() != b.rows() || a.cols() != b.cols()) {
    throw std::runtime_error("farthest: (" + std::to_string(a.rows()) + ", " + std::to_string(a.cols()) +
                             ") but the reference is (" + std::to_string(b.rows()) + ", " + std::to_string(b.cols()) +
                             ")");
  }
  double worst = 0;
  for (latentcell::Index i = 0; i < b.rows(); ++i) {
    for (latentcell::Index j = 0; j < b.cols(); ++j) {
      const double off = std::abs(double(a(i, j)) - b(i, j)) / std::max(1.0, std::abs(b(i, j)));
      worst = std::isnan(off) ? off : std::max(worst, off);
      if (std::isnan(worst)) return worst;
    }
  }
  return worst;
}
