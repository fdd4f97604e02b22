#include <string>
#include <vector>

#include <latentcell/io/sort_rows.hpp>
#include <latentcell/io/unique_names.hpp>

#include "io/fixtures.hpp"
#include "support/catch.hpp"

using namespace latentcell;

TEST_CASE("sort_rows: sorts, adds up and drops zeros without changing the matrix") {
  std::vector<std::string> notes;
  const io::RawRows raw{{0, 3, 3, 4, 9}, {2, 0, 1, 0, 3, 1, 3, 1, 3}, {1, 2, 3, 0, 4, 5, -4, 6, 0}};
  Matrix<float> expected(4, 4);
  expected << 2, 3, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 11, 0, 0;
  const Counts counts = io::sort_rows(4, raw, "here", notes);
  CHECK(fixtures::dense(counts) == expected);
  CHECK(counts.nonzeros() == 4);
  CHECK(notes == std::vector<std::string>{"here: 3 entries are given more than once: added up"});
}

TEST_CASE("transpose: twice gives the sorted matrix back") {
  std::vector<std::string> notes;
  const io::RawRows raw{{0, 3, 3, 4}, {2, 0, 1, 2}, {1, 2, 3, 4}};
  const io::RawRows turned = io::transpose(3, raw);
  CHECK(fixtures::dense(io::sort_rows(3, turned, "", notes)) ==
        fixtures::dense(io::sort_rows(3, raw, "", notes)).transpose());
  CHECK(fixtures::dense(io::sort_rows(3, io::transpose(3, turned), "", notes)) ==
        fixtures::dense(io::sort_rows(3, raw, "", notes)));
  CHECK(notes.empty());
}

TEST_CASE("make_unique: passes over names that are taken, as anndata does") {
  std::vector<std::string> names{"a", "a", "a-1", "b", "a", "b", "a-1"};
  CHECK(io::make_unique(names) == 4);
  CHECK(names == std::vector<std::string>{"a", "a-2", "a-1", "b", "a-3", "b-1", "a-1-1"});
  CHECK(io::make_unique(names) == 0);
}
