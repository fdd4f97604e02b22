#pragma once

#include <cmath>
#include <cstdio>
#include <fstream>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/evaluate/generation_scores.hpp>

// The results of a comparison: one line a row, name=value pairs with tabs between. A run that was stopped goes on where
// its file ends.

namespace components {

using latentcell::text;

struct Row {
  std::vector<std::pair<std::string, std::string>> fields;

  Row& set(const std::string& name, const std::string& value) {
    fields.emplace_back(name, value);
    return *this;
  }
  Row& set(const std::string& name, double value) {
    char digits[32];
    std::snprintf(digits, sizeof digits, "%.6g", value);
    return set(name, std::string(digits));
  }
  Row& set(const latentcell::evaluate::GenerationScores& scores) {
    for (const auto& [name, value] : latentcell::evaluate::entries(scores)) {
      if (std::isfinite(value)) set(name, value);
    }
    return *this;
  }
};

class Rows {
 public:
  /// what: fields that every row of this run begins with
  Rows(std::string path, Row what) : path_(std::move(path)), what_(std::move(what)) {
    std::ifstream file(path_);
    for (std::string line; std::getline(file, line);) {
      if (line.starts_with(prefix())) done_.insert(block_of(line));
    }
  }

  /// A block is what one training gives; its rows are written together when it ends.
  bool has(const std::string& block) const { return done_.count(block) > 0; }

  void write(const std::string& block, const std::vector<Row>& rows) {
    std::string lines;
    for (const Row& row : rows) {
      lines += prefix() + "block=" + block;
      for (const auto& [name, value] : row.fields) lines += "\t" + name + "=" + value;
      lines += "\n";
    }
    std::FILE* const file = std::fopen(path_.c_str(), "ab");
    if (file == nullptr) latentcell::throw_runtime(path_, ": cannot be written");
    const bool good = std::fwrite(lines.data(), 1, lines.size(), file) == lines.size();
    if (std::fclose(file) != 0 || !good) latentcell::throw_runtime(path_, ": cannot be written: the disk may be full");
    done_.insert(block);
    std::printf("%s", lines.c_str());
    std::fflush(stdout);
  }

 private:
  std::string prefix() const {
    std::string out;
    for (const auto& [name, value] : what_.fields) out += name + "=" + value + "\t";
    return out;
  }
  std::string block_of(const std::string& line) const {
    const std::size_t at = prefix().size() + 6;  // after "block="
    return line.substr(at, line.find('\t', at) - at);
  }

  std::string path_;
  Row what_;
  std::set<std::string> done_;
};

}  // namespace components
