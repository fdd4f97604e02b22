#include <latentcell/generation/generate_to.hpp>

#include <csignal>
#include <filesystem>
#include <string>

#include <sys/resource.h>

#include <latentcell/io/h5ad.hpp>

#include "io/fixtures.hpp"
#include "support/catch.hpp"
#include "support/generator.hpp"

using namespace latentcell;
using namespace latentcell::generation;
using fixtures::message;

namespace {

constexpr Index count = 1300;

/// The cells of one call, and a run into files.
struct Runs {
  const Model& model = generator::shared().model;
  CompositionSampler wanted{training_composition(model), {.count = count}, Rng(5)};
  Rng rng{6};

  CellTable at_once() const {
    CompositionSampler all = wanted;
    Rng own = rng;
    return generate(model, all.next(count), {.steps = 3}, own);
  }
  GeneratedFiles to(const std::string& folder, Index cells_a_file, GenerateToOptions o = {}) const {
    o.how.steps = 3;
    o.cells_a_file = cells_a_file;
    return generate_to(model, wanted, folder, o, rng);
  }
};

void check_equal(const CellTable& a, const CellTable& b) {
  REQUIRE(a.cells() == b.cells());
  const CountsView x = a.counts.view(), y = b.counts.view();
  REQUIRE(x.nonzeros() == y.nonzeros());
  CHECK(std::equal(x.values, x.values + x.nonzeros(), y.values));
  CHECK(std::equal(x.columns, x.columns + x.nonzeros(), y.columns));
  CHECK(std::equal(x.row_start, x.row_start + x.rows + 1, y.row_start));
  CHECK(a.cell_names == b.cell_names);
  CHECK(a.gene_names == b.gene_names);
  CHECK(a.obs("cell_type") == b.obs("cell_type"));
  CHECK(a.obs("batch") == b.obs("batch"));
  CHECK(a.embeddings.at("X_latentcell") == b.embeddings.at("X_latentcell"));
}

}  // namespace

TEST_CASE("generate_to: the files are the cells of one call, bit by bit, wherever they are cut") {
  const Runs runs;
  const CellTable whole = runs.at_once();
  for (const Index cells_a_file : {137, 512, 5000}) {
    CAPTURE(cells_a_file);
    fixtures::TemporaryFolder folder;
    const GeneratedFiles files = runs.to(folder / "out", cells_a_file);
    CHECK(files.cells == count);
    CHECK(Index(files.paths.size()) == (count + cells_a_file - 1) / cells_a_file);
    CellTable joined;
    for (const std::string& path : files.paths) append_cells(joined, io::read_h5ad(path));
    check_equal(joined, whole);
    check_equal(io::read_h5ad(files.view), whole);
  }
}

TEST_CASE("generate_to: the bytes do not depend on threads, nor on the processes that share the files") {
  const Runs runs;
  fixtures::TemporaryFolder folder;
  const GeneratedFiles one = runs.to(folder / "one", 200);
  const int threads = latentcell::threads();
  set_threads(threads == 1 ? 2 : 1);
  const GeneratedFiles parts[] = {runs.to(folder / "parts", 200, {.first_file = 3, .files = 4}),
                                  runs.to(folder / "parts", 200, {.first_file = 0, .files = 3})};
  set_threads(threads);
  CHECK(parts[0].view == "");
  CHECK(parts[1].view == folder / "parts/whole.h5ad");
  REQUIRE(one.paths.size() == 7);
  for (std::size_t i = 0; i < one.paths.size(); ++i)
    CHECK(fixtures::read_bytes(one.paths[i]) == fixtures::read_bytes(parts[1].paths[i]));
  CHECK(fixtures::read_bytes(one.view) == fixtures::read_bytes(parts[1].view));
}

TEST_CASE("generate_to: a run that was stopped goes on after its last file, and only the same run does") {
  const Runs runs;
  fixtures::TemporaryFolder folder;
  const GeneratedFiles whole = runs.to(folder / "whole", 300);
  Index seen = 0;
  const auto stop = [&](Index done, Index of) {
    CHECK(of == count);
    seen = done;
    return done < 600;
  };
  const GeneratedFiles half = runs.to(folder / "half", 300, {.go_on = stop});
  CHECK(seen == 600);
  CHECK(half.view == "");
  CHECK(std::filesystem::exists(half.paths[1]));
  CHECK_FALSE(std::filesystem::exists(half.paths[2]));
  const auto time = std::filesystem::last_write_time(half.paths[0]);
  const GeneratedFiles rest = runs.to(folder / "half", 300);
  CHECK(rest.kept == 2);
  CHECK(std::filesystem::last_write_time(rest.paths[0]) == time);
  for (std::size_t i = 0; i < whole.paths.size(); ++i)
    CHECK(fixtures::read_bytes(whole.paths[i]) == fixtures::read_bytes(rest.paths[i]));
  CHECK(fixtures::read_bytes(whole.view) == fixtures::read_bytes(rest.view));

  const auto refused = [&](const auto& run) { return message([&] { run(); }); };
  const char* other = "holds cells of another run";
  CHECK_THAT(refused([&] { runs.to(folder / "half", 200); }), ContainsText(other));
  CHECK_THAT(refused([&] { runs.to(folder / "half", 300, {.made_of = "more"}); }), ContainsText(other));
  CHECK_THAT(refused([&] { runs.to(folder / "half", 300, {.how = {.guidance = 1.2f}}); }), ContainsText(other));
  Model changed = runs.model;
  changed.gene_scale.value(0, 0) += 0.01f;
  CHECK_THAT(refused([&] {
               generate_to(changed, runs.wanted, folder / "half", {.how = {.steps = 3}, .cells_a_file = 300}, runs.rng);
             }),
             ContainsText(other));
  CHECK_THAT(refused([&] {
               generate_to(runs.model, runs.wanted, folder / "half", {.how = {.steps = 3}, .cells_a_file = 300},
                           Rng(7));
             }),
             ContainsText(other));
}

TEST_CASE("generate_to: what is added to the cells of a file is in the files and in the view") {
  const Runs runs;
  fixtures::TemporaryFolder folder;
  const auto mark = [](CellTable& cells) {
    cells.cell_columns.set("generated", Booleans{std::vector<char>(to_size(cells.cells()), 1), {}});
    cells.stored["uns/latentcell"] = stored_mapping({{"seed", stored_integer(6)}});
  };
  const GeneratedFiles files = runs.to(folder / "out", 600, {.made_of = "mark", .finish = mark});
  const CellTable read = io::read_h5ad(files.view);
  CHECK(std::get<Booleans>(read.cell_columns.get("generated")).values == std::vector<char>(to_size(count), 1));
  CHECK(read.stored.count("uns/latentcell") == 1);
}

TEST_CASE("generate_to: wrong options, a folder of other cells, a full disk") {
  const Runs runs;
  fixtures::TemporaryFolder folder;
  CHECK_THROWS_AS(runs.to(folder / "out", 0), std::invalid_argument);
  CHECK_THROWS_WITH(runs.to(folder / "out", 300, {.first_file = 5}), ContainsText("first_file 5 of 5 files"));
  fixtures::write_bytes(folder / "mine.h5ad", "x");
  CHECK_THROWS_WITH(runs.to(folder / "", 300), ContainsText("mine.h5ad of something else"));
  fixtures::write_bytes(folder / "file", "x");
  CHECK_THROWS_WITH(runs.to(folder / "file", 300), ContainsText("cannot be created"));

  rlimit limit{};
  getrlimit(RLIMIT_FSIZE, &limit);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const auto fill = [&](Index done, Index) {  // the second file does not fit
    const rlimit small{done >= 300 ? 4096 : limit.rlim_cur, limit.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
    return true;
  };
  const std::string said = message([&] { runs.to(folder / "full", 300, {.go_on = fill}); });
  setrlimit(RLIMIT_FSIZE, &limit);
  std::signal(SIGXFSZ, handler);
  CHECK_THAT(said, ContainsText("cells_0001.h5ad: cannot be written"));
  CHECK(runs.to(folder / "full", 300).kept == 1);
}
