#include <latentcell/spatial/slices.hpp>

#include "spatial/planted_tissue.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using spatial::Tissue;

namespace {

Tissue with_genes(const std::vector<Index>& genes, std::uint64_t seed) {
  Tissue t = planted::tissue({.spots = 20, .genes = 6}, seed);
  t.cells = t.cells.select_genes(genes);
  return t;
}

}  // namespace

TEST_CASE("join_slices: genes that all measured slices have; a held-out slice is not asked for its genes") {
  const std::vector<std::optional<Tissue>> slices{with_genes({0, 1, 2, 3}, 1), std::nullopt,
                                                  with_genes({1, 2, 3, 4}, 2), with_genes({3, 4, 5}, 3)};
  const Tissue all = spatial::join_slices(slices);
  CHECK(all.cells.gene_names == std::vector<std::string>{"gene_4"});
  CHECK(all.slices == 4);
  CHECK(all.cells.cells() == 60);
  CHECK(all.locations.slice[20] == 2);
  CHECK(all.locations.coordinates.row(45) == slices[3]->locations.coordinates.row(5));
  CHECK(all.cells.cell_names[20] == "slice3_spot_1");
  CHECK(std::get<std::vector<double>>(all.cells.cell_columns.get("slice"))[59] == 4);
  const Tissue held_out = spatial::join_slices(slices, 3);
  CHECK(held_out.cells.gene_names == std::vector<std::string>{"gene_2", "gene_3", "gene_4"});
  CHECK(held_out.cells.cells() == 60);
  // The same without the slice: its genes have no part.
  std::vector<std::optional<Tissue>> without = slices;
  without[3].reset();
  CHECK(spatial::join_slices(without).cells.gene_names == held_out.cells.gene_names);
  CHECK_THROWS_WITH(spatial::join_slices({std::nullopt, with_genes({0}, 1)}, 1), ContainsText("none of 2 slices"));
  CHECK_THROWS_WITH(spatial::join_slices({with_genes({0}, 1), with_genes({1}, 2)}), ContainsText("no gene in common"));
}

TEST_CASE("assign_slices: numbers from 1 become slices from 0; others are refused with the cell's name") {
  Tissue t = planted::tissue({.spots = 20, .genes = 4}, 1);
  CHECK_THROWS_WITH(spatial::assign_slices(t, 3), ContainsText("needs obs 'slice'"));
  std::vector<double> numbers(20, 3.0);
  numbers[0] = 1;
  t.cells.cell_columns.set("slice", numbers);
  spatial::assign_slices(t, 3);
  CHECK(t.slices == 3);
  CHECK(t.locations.slice[0] == 0);
  CHECK(t.locations.slice[19] == 2);
  CHECK_THROWS_WITH(spatial::assign_slices(t, 2), ContainsText("'spot_2' lies in no slice: 3 is none of 1 to 2"));
  numbers[4] = 1.5;
  t.cells.cell_columns.set("slice", numbers);
  CHECK_THROWS_WITH(spatial::assign_slices(t, 3), ContainsText("'spot_5' lies in no slice"));
  // A label is a number, not a range of times.
  std::vector<std::string> labels(20, "2");
  t.cells.cell_columns.set("slice", to_categorical(labels));
  spatial::assign_slices(t, 3);
  CHECK(t.locations.slice[7] == 1);
  labels[7] = "1-3";
  t.cells.cell_columns.set("slice", to_categorical(labels));
  CHECK_THROWS_WITH(spatial::assign_slices(t, 3), ContainsText("'1-3' is no number"));
  numbers[4] = 0;
  t.cells.cell_columns.set("slice", numbers);
  CHECK_THROWS_WITH(spatial::assign_slices(t, 3), ContainsText("'spot_5' lies in no slice"));
}
