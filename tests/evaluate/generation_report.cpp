#include <set>
#include <string>

#include <latentcell/evaluate/generation_report.hpp>

#include "support/catch.hpp"

using namespace latentcell::evaluate;

TEST_CASE("GenerationReport: rows have names of their own") {
  const std::set<std::string> names = {row::held_out, row::class_gaussian, row::class_negative_binomial, row::prior,
                                       row::generated};
  CHECK(names.size() == 5);
}
