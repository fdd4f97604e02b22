#pragma once

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

/// One array of a file of reference numbers: a line "name rows columns", then the numbers, row by row.
struct Reference {
  std::vector<std::vector<double>> rows;
};

/// Reads array `name` of tests/reference/<file>; throws when the file, the array or a number is missing.
inline Reference read_reference(const std::string& file, const std::string& name) {
  const std::string path = std::string(LATENTCELL_TESTS_DIR) + "/reference/" + file;
  std::ifstream in(path);
  if (!in) throw std::runtime_error("read_reference: cannot open " + path);
  std::string line;
  while (std::getline(in, line)) {
    std::istringstream header(line);
    std::string found;
    std::size_t rows = 0, columns = 0;
    if (!(header >> found >> rows >> columns) || found != name) continue;
    Reference out;
    out.rows.assign(rows, std::vector<double>(columns));
    for (std::vector<double>& row : out.rows) {
      for (double& value : row) {
        if (std::string word; in >> word) {
          value = std::strtod(word.c_str(), nullptr);
        } else {
          throw std::runtime_error("read_reference: " + path + " ends within " + name);
        }
      }
    }
    return out;
  }
  throw std::runtime_error("read_reference: " + path + " has no array " + name);
}
