#include <latentcell/io/read_gene_sets.hpp>

#include <cstdio>
#include <fstream>

#include "support/catch.hpp"

using namespace latentcell;

namespace {

const char* const path = "latentcell_gene_sets_test.gmt";

std::vector<NamedGenes> read(const std::string& words) {
  std::ofstream(path) << words;
  struct Gone {
    ~Gone() { std::remove(path); }
  } gone;
  return io::read_gene_sets(path);
}

}  // namespace

TEST_CASE("read_gene_sets: names and genes, whatever the line ends; empty fields and sets go") {
  const std::vector<NamedGenes> sets = read("A\tsome words\tISG15\tIFI6\r\n\nB\t\tCD3E\t\tCD4\nC\tno genes\n");
  REQUIRE(sets.size() == 2);
  CHECK(sets[0].name == "A");
  CHECK(sets[0].genes == std::vector<std::string>{"ISG15", "IFI6"});
  CHECK(sets[1].name == "B");
  CHECK(sets[1].genes == std::vector<std::string>{"CD3E", "CD4"});
}

TEST_CASE("read_gene_sets: what is no such file is refused by name and line") {
  CHECK_THROWS_WITH(read("A\tx\tISG15\nnot a set\n"), ContainsText("latentcell_gene_sets_test.gmt") &&
                                                          ContainsText("2") &&
                                                          ContainsText("'not a set' is not a gene set"));
  CHECK_THROWS_WITH(read(""), ContainsText("holds no gene sets"));
  CHECK_THROWS_WITH(io::read_gene_sets("no_such.gmt"), ContainsText("no_such.gmt"));
}
