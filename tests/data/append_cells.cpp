#include <cmath>

#include <latentcell/data/append_cells.hpp>

#include <cmath>

#include "support/catch.hpp"

using namespace latentcell;

namespace {

CellTable cells(const std::string& name, const std::string& level) {
  CellTable t;
  t.counts = Counts(2, {0, 1}, {1}, {3});
  t.cell_names = {name};
  t.gene_names = {"a", "b"};
  t.cell_columns = labelled("type", Categorical{{level}, {0}});
  t.cell_columns.set("dose", std::vector<double>{0.5});
  t.gene_columns = Annotation(2);
  t.embeddings["X"] = Matrix<float>::Constant(1, 2, 7);
  return t;
}

}  // namespace

TEST_CASE("append_cells: an empty table becomes a copy") {
  CellTable all;
  append_cells(all, cells("one", "x"));
  append_cells(all, cells("two", "x"));
  all.check();
  CHECK(all.cell_names == std::vector<std::string>{"one", "two"});
  CHECK(all.embeddings.at("X").rows() == 2);
}

TEST_CASE("append_cells: counts, names, columns and embeddings stand below each other") {
  CellTable all = cells("one", "x");
  CellTable more = cells("two", "y");
  more.cell_columns.set("extra", std::vector<double>{1});
  append_cells(all, more);
  all.check();
  CHECK(all.cells() == 2);
  CHECK(all.cell_names == std::vector<std::string>{"one", "two"});
  CHECK(all.obs("type").levels == std::vector<std::string>{"x", "y"});
  CHECK(all.obs("type").codes == std::vector<int>{0, 1});
  CHECK(std::get<std::vector<double>>(all.cell_columns.get("dose")) == std::vector<double>{0.5, 0.5});
  const std::vector<double> extra = all.cell_columns.numbers("extra");
  CHECK(std::isnan(extra[0]));
  CHECK(extra[1] == 1);
  CHECK(all.embeddings.at("X").rows() == 2);
  CHECK(all.counts.nonzeros() == 2);
}

TEST_CASE("append_cells: what only one table has is missing in the other") {
  CellTable all = cells("one", "x"), other = cells("two", "y");
  all.cell_columns.set("id", Integers{{7}, NumberType::int64, {}});
  all.cell_columns.set("doublet", Booleans{{1}, {}});
  all.cell_columns.set("word", std::vector<std::string>{"w"});
  other.cell_columns.set("donor", Categorical{{"d"}, {0}});
  other.embeddings["X_umap"] = Matrix<float>::Constant(1, 2, 3);
  other.embeddings["X"] = Matrix<float>::Constant(1, 5, 3);
  all.stored["obsp/distances"] = stored_real(1);
  all.stored["uns/name"] = stored_text("n");
  append_cells(all, other);
  all.check();
  CHECK(all.cell_columns.get("id") == Column(Integers{{7, 0}, NumberType::int64, std::vector<char>{0, 1}}));
  CHECK(all.cell_columns.get("doublet") == Column(Booleans{{1, 0}, std::vector<char>{0, 1}}));
  CHECK(all.cell_columns.get("word") == Column(std::vector<std::string>{"w", ""}));
  CHECK(all.obs("donor") == Categorical{{"d"}, {-1, 0}});
  CHECK(std::isnan(all.embeddings.at("X_umap")(0, 1)));
  CHECK(all.embeddings.at("X_umap")(1, 1) == 3);
  CHECK(all.embeddings.count("X") == 0);  // of another width in each
  CHECK(all.stored.size() == 1);
}

TEST_CASE("append_cells: words beside labels become labels") {
  CellTable all = cells("one", "x");
  CellTable other = cells("two", "y");
  all.cell_columns.set("type", std::vector<std::string>{"x"});
  append_cells(all, other);
  CHECK(all.obs("type").levels == std::vector<std::string>{"x", "y"});
  CHECK(all.obs("type").codes == std::vector<int>{0, 1});
}

TEST_CASE("append_cells: labels of numbers beside reals are reals; narrow integers widen; padded codes stay labels") {
  CellTable all = cells("one", "x"), more = cells("two", "y");
  all.cell_columns.set("cluster", std::vector<double>{3});
  more.cell_columns.set("cluster", Categorical{{"3", "12"}, {1}});
  Integers narrow;
  narrow.type = NumberType::int8;
  narrow.values = {5};
  all.cell_columns.set("id", narrow);
  more.cell_columns.set("id", Categorical{{"300"}, {0}});
  all.cell_columns.set("code", narrow);
  more.cell_columns.set("code", Categorical{{"007"}, {0}});
  all.cell_columns.set("gone", std::vector<double>{1.5});
  more.cell_columns.set("gone", Categorical{{"2"}, {-1}});
  append_cells(all, more);
  CHECK(std::get<std::vector<double>>(all.cell_columns.get("cluster")) == std::vector<double>{3, 12});
  CHECK(std::get<Integers>(all.cell_columns.get("id")).type == NumberType::int64);
  CHECK(std::get<Integers>(all.cell_columns.get("id")).values == std::vector<std::int64_t>{5, 300});
  CHECK(all.obs("code").levels == std::vector<std::string>{"5", "007"});
  CHECK(std::isnan(std::get<std::vector<double>>(all.cell_columns.get("gone"))[1]));
}

TEST_CASE("append_cells: other genes and other kinds of columns are refused") {
  CellTable all = cells("one", "x"), other = cells("two", "y");
  other.gene_names = {"a", "c"};
  CHECK_THROWS_WITH(append_cells(all, other), Catch::Contains("other genes"));
  other = cells("two", "y");
  other.cell_columns.set("dose", Categorical{{"high"}, {0}});
  CHECK_THROWS_WITH(append_cells(all, other), Catch::Contains("'dose' is of another kind"));
}

TEST_CASE("append_cells: labels that are padded codes or no finite numbers stay labels beside reals") {
  for (const char* label : {"007", "-01", "00", "nan", "inf", "-inf"}) {
    INFO(label);
    CellTable all = cells("one", "x"), more = cells("two", "y");
    all.cell_columns.set("k", Categorical{{label}, {0}});
    more.cell_columns.set("k", Categorical{{"0", "0.5", "-0.25"}, {1}});
    append_cells(all, more);
    CHECK(all.obs("k").levels.front() == label);
    more.cell_columns.set("k", std::vector<double>{3});
    CHECK_THROWS_WITH(append_cells(all, more), Catch::Contains("'k' is of another kind"));
  }
  CellTable all = cells("one", "x"), more = cells("two", "y");
  all.cell_columns.set("k", Categorical{{"0", "0.5", "-0.25"}, {2}});
  more.cell_columns.set("k", std::vector<double>{3});
  append_cells(all, more);
  CHECK(std::get<std::vector<double>>(all.cell_columns.get("k")) == std::vector<double>{-0.25, 3});
}

TEST_CASE("append_cells: columns keep their type beside labels of the same values") {
  const auto of = [](Column column) {
    CellTable t = cells("c", "a");
    t.cell_columns.set("k", std::move(column));
    return t;
  };
  const auto joined = [&](Column a, Column b) {
    CellTable all = of(std::move(a)), more = of(std::move(b));
    append_cells(all, more);
    return all.cell_columns.get("k");
  };
  const Integers three{{3}, NumberType::int32, {}};
  CHECK(joined(three, Categorical{{"10", "3"}, {0}}) == Column(Integers{{3, 10}, NumberType::int32, {}}));
  CHECK(joined(Categorical{{"10", "3"}, {0}}, three) == Column(Integers{{10, 3}, NumberType::int32, {}}));
  CHECK(joined(three, Categorical{{"3"}, {-1}}) ==
        Column(Integers{{3, 0}, NumberType::int32, std::vector<char>{0, 1}}));
  CHECK(joined(three, Categorical{{"none"}, {0}}) == Column(Categorical{{"3", "none"}, {0, 1}}));
  CHECK(joined(three, Integers{{5}, NumberType::int64, {}}) == Column(Integers{{3, 5}, NumberType::int64, {}}));
  CHECK(joined(three, std::vector<double>{0.5}) == Column(std::vector<double>{3, 0.5}));
  CHECK(joined(Booleans{{1}, {}}, Categorical{{"False", "True"}, {0}}) == Column(Booleans{{1, 0}, {}}));
  CHECK(joined(Booleans{{1}, {}}, Booleans{{0}, std::vector<char>{1}}) ==
        Column(Booleans{{1, 0}, std::vector<char>{0, 1}}));
  CHECK(joined(NullableTexts{{"x"}, {0}}, std::vector<std::string>{"y"}) == Column(Categorical{{"x", "y"}, {0, 1}}));
  const Column ordered = joined(Categorical{{"a", "b"}, {1}, true}, Categorical{{"b"}, {0}});
  CHECK(ordered == Column(Categorical{{"a", "b"}, {1, 1}}));
  CHECK(std::get<Categorical>(ordered).ordered);
}
