#include <latentcell/io/read_gene_embeddings.hpp>

#include <cstdio>
#include <fstream>

#include "support/catch.hpp"

using namespace latentcell;

namespace {

const char* const path = "latentcell_gene_embeddings_test.csv";

io::GeneEmbeddings read(const std::string& words) {
  std::ofstream(path) << words;
  struct Gone {
    ~Gone() { std::remove(path); }
  } gone;
  return io::read_gene_embeddings(path);
}

}  // namespace

TEST_CASE("read_gene_embeddings: names and numbers, with a header or without, whatever the line ends") {
  for (const char* header : {"", "gene,x,y\n", ",e 1,e 2\r\n"}) {
    const io::GeneEmbeddings e = read(std::string(header) + "STAT1,0.5,-2e-1\r\n\n\"IRF1\", 1 ,0\n");
    CHECK(e.genes == std::vector<std::string>{"STAT1", "IRF1"});
    REQUIRE(e.values.rows() == 2);
    REQUIRE(e.values.cols() == 2);
    CHECK(e.values(0, 0) == 0.5f);
    CHECK(e.values(0, 1) == -0.2f);
    CHECK(e.values(1, 0) == 1.0f);
  }
}

TEST_CASE("read_gene_embeddings: ragged rows, words, infinities, genes twice and empty files are refused by line") {
  CHECK_THROWS_WITH(read("A,1,2\nB,1\n"),
                    ContainsText("line 2") && ContainsText("'B' has 1 numbers but the lines before it have 2"));
  CHECK_THROWS_WITH(read("gene,x,y\nB,1\n"), ContainsText("line 2") && ContainsText("'B' has 1 numbers"));
  CHECK_THROWS_WITH(read("A,1,2\nB,1,low\n"),
                    ContainsText("line 2") && ContainsText("field 3, 'low', is not a finite number"));
  CHECK_THROWS_WITH(read("A,1,low\nB,1,2\n"), ContainsText("line 1") && ContainsText("field 3, 'low'"));
  CHECK_THROWS_WITH(read("A,1,2\nB,,2\n"), ContainsText("field 2, '', is not a finite number"));
  CHECK_THROWS_WITH(read("A,1,2\nB,inf,2\n"), ContainsText("'inf', is not a finite number"));
  CHECK_THROWS_WITH(read("A,1\nB,2\nA,3\n"), ContainsText("line 3") && ContainsText("'A' already occurs in line 1"));
  CHECK_THROWS_WITH(read("A,1\n,2\n"), ContainsText("line 2") && ContainsText("no name"));
  CHECK_THROWS_WITH(read("A\nB\n"), ContainsText("line 1") && ContainsText("is not a gene's name and its numbers"));
  CHECK_THROWS_WITH(read("gene,x\n"), ContainsText("holds no embeddings"));
  CHECK_THROWS_WITH(read(""), ContainsText("holds no embeddings"));
  CHECK_THROWS_WITH(io::read_gene_embeddings("no_such.csv"), ContainsText("no_such.csv"));
}
