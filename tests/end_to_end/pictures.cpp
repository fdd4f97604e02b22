#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include <unistd.h>

#include <latentcell/core/rng.hpp>
#include <latentcell/data/simulate.hpp>
#include <latentcell/evaluate/score_table.hpp>

#include "../../examples/programs/support/plot/augmentation.hpp"
#include "../../examples/programs/support/plot/compared.hpp"
#include "../../examples/programs/support/plot/generation.hpp"
#include "../../examples/programs/support/plot/mapping.hpp"
#include "../../examples/programs/support/plot/multiomics.hpp"
#include "../../examples/programs/support/plot/perturbation.hpp"
#include "../../examples/programs/support/plot/spatial.hpp"
#include "../../examples/programs/support/plot/trajectory.hpp"
#include "support/catch.hpp"

// The pictures of the programs: that labels of any bytes make no harm, that words stay in their panels, and that a
// picture that fails is a note. LATENTCELL_PICTURES names a folder to keep the pictures in, to look at them.

namespace {

namespace fs = std::filesystem;
namespace lc = latentcell;
using lc::Index;
using plots::Points;

const std::vector<std::string> hostile = {
    "5' end",
    "\"B\" cells",
    "back\\slash\\",
    "`touch pwned`",
    "a_b^c{d}@e&f~g",
    "100% %g %s",
    "two\nlines\tand a tab",
    "\x1b[31mred\x1b[0m",
    "no UTF-8 \xFF\xC3",
    std::string("nul\0byte", 8),
    "T细胞 β-Zellen",
    "'; system('touch pwned'); plot '",
    "a label that is far too long for any panel of any picture that we draw, or two",
    "#comment",
    "$HOME ${x} @x",
    "<b>R&D</b>"};

std::string bytes_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// A folder for the pictures of a test: kept where LATENTCELL_PICTURES asks for it.
struct Folder {
  explicit Folder(const std::string& name) {
    const char* keep = std::getenv("LATENTCELL_PICTURES");
    kept = keep != nullptr;
    path =
        kept ? fs::path(keep) / name : fs::temp_directory_path() / lc::text("pictures-", long(::getpid()), "-", name);
    fs::create_directories(path);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code ignored;
    if (!kept) fs::remove_all(path, ignored);
  }
  std::string string() const { return path.string(); }

  /// Whether there is a whole PNG and a whole PDF of that name.
  bool has(const std::string& name) const {
    const std::string png = bytes_of(path / (name + ".png")), pdf = bytes_of(path / (name + ".pdf"));
    return png.size() > 2000 && png.compare(1, 3, "PNG") == 0 && png.compare(png.size() - 8, 4, "IEND") == 0 &&
           pdf.size() > 2000 && pdf.compare(0, 5, "%PDF-") == 0 &&
           pdf.find("%%EOF", pdf.size() - 16) != std::string::npos;
  }

  fs::path path;
  bool kept;
};

bool skipped() {
  if (plots::Gnuplot::present()) return false;
  WARN("skipped: gnuplot is missing");
  return true;
}

/// Labels by the given names in turn, the first the most frequent.
lc::Categorical labels_of(const std::vector<std::string>& names, Index cells) {
  lc::Categorical out{names, {}};
  lc::Rng rng(4);
  for (Index i = 0; i < cells; ++i)
    out.codes.push_back(int(double(names.size()) * std::min(rng.uniform(), rng.uniform())));
  return out;
}

/// Points about a centre of each label.
lc::Matrix<float> clusters(const lc::Categorical& label, Index columns, double spread) {
  lc::Matrix<float> out(label.size(), columns);
  lc::Rng rng(5);
  for (Index i = 0; i < out.rows(); ++i) {
    lc::Rng own(lc::to_size(label.codes[lc::to_size(i)]) + 7);
    for (Index j = 0; j < columns; ++j) out(i, j) = float(3 * own.normal() / double(j + 1) + spread * rng.normal());
  }
  return out;
}

lc::CellTable table_of(const std::vector<std::string>& names, std::uint64_t seed) {
  lc::Rng rng(seed);
  lc::CellTable out = lc::simulate({.cells = 400, .genes = 120, .types = 6}, rng);
  lc::Categorical label = out.obs("cell_type");
  for (std::size_t l = 0; l < label.levels.size(); ++l) label.levels[l] = names[l % names.size()];
  out.cell_columns.set(names[3], label);
  return out;
}

lc::StageReport stage_of(const std::string& name, int epochs) {
  lc::StageReport out;
  out.name = name;
  for (int k = 1; k <= epochs; ++k) {
    lc::EpochReport e;
    e.epoch = k, e.loss = 300 + 200.0 / k;
    if (k % 2 == 0) e.validation = 310 + 210.0 / k;
    out.history.epochs.push_back(e);
  }
  return out;
}

}  // namespace

TEST_CASE("pictures: gnuplot writes the words of any label and runs none of them") {
  if (skipped()) return;
  const Folder folder("words");
  const fs::path before = fs::current_path();
  fs::current_path(folder.path);
  for (const std::string& words : hostile) {
    // SVG has its words in plain text.
    std::ofstream("script") << "set encoding utf8\nset terminal svg noenhanced\nset output 'out.svg'\nset title "
                            << lc::gnuplot_text(words) << "\nset xtics (" << lc::gnuplot_tick(words)
                            << " 1)\nset label " << lc::gnuplot_text(words) << " at 1,1\nplot [0:2] x title "
                            << lc::gnuplot_text(words) << "\n";
    REQUIRE(std::system("gnuplot -d script > said 2>&1") == 0);
    std::string expected;
    for (const char c : lc::safe_text(words))
      expected += c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '\'' ? "’" : std::string(1, c);
    const std::string svg = bytes_of("out.svg");
    int found = 0;
    for (std::size_t at = svg.find(expected); at != std::string::npos; at = svg.find(expected, at + 1)) ++found;
    INFO(expected);
    CHECK(found >= 4);
  }
  CHECK_FALSE(fs::exists("pwned"));
  fs::current_path(before);
}

TEST_CASE("pictures: hostile labels make no harm in any picture") {
  if (skipped()) return;
  const Folder folder("hostile");
  const std::string column = hostile[3];
  const lc::CellTable real = table_of(hostile, 1), generated = table_of(hostile, 2);
  const lc::Categorical many = labels_of(hostile, 900);
  const lc::Matrix<float> z = clusters(many, 5, 0.5);

  plots::loss_curves(folder.string() + "/loss_curves",
                     {stage_of(hostile[1], 30), stage_of("flow", 80), stage_of("none", 0)});
  CHECK(folder.has("loss_curves"));
  plots::latents(folder.string() + "/latents", {z, z, many, many, column});
  CHECK(folder.has("latents"));
  plots::real_and_generated(folder.string() + "/real_and_generated", {real.counts, real.obs(column)},
                            {generated.counts, generated.obs(column)}, column);
  CHECK(folder.has("real_and_generated"));
  plots::mean_variance(folder.string() + "/mean_variance", real.counts, generated.counts);
  CHECK(folder.has("mean_variance"));
  plots::zeros_per_gene(folder.string() + "/zeros_per_gene", real.counts, generated.counts);
  CHECK(folder.has("zeros_per_gene"));
  plots::library_sizes(folder.string() + "/library_sizes", real.counts, generated.counts);
  CHECK(folder.has("library_sizes"));

  const std::vector<std::string> levels = real.obs(column).levels;
  const std::size_t n = levels.size();
  plots::augmentation(folder.string(), {real, generated, column, levels},
                      {std::vector<Index>(n, 20),
                       {{hostile[0], std::vector<double>(n, 0.5)}, {hostile[8], std::vector<double>(n, 0.75)}}});
  CHECK(folder.has("augmentation"));

  lc::LatentTable reference, query;
  reference.mean = query.mean = z;
  reference.cell_columns = lc::Annotation(z.rows());
  reference.cell_columns.set(column, many);
  const std::vector<double> confidence(lc::to_size(z.rows()), 0.7);
  plots::mapped_labels(folder.string(), {reference, query, confidence, many, column});
  CHECK(folder.has("transfer"));

  lc::CellTable control = real;
  for (std::size_t g = 0; g < control.gene_names.size(); ++g)
    control.gene_names[g] = hostile[g % hostile.size()] + lc::text(g);
  lc::CellTable predicted = control, truth = control;
  predicted.counts = generated.counts;
  truth.counts = table_of(hostile, 3).counts;
  plots::perturbation(folder.string(), {hostile[11], hostile[6], control, predicted, truth, hostile[7]});
  CHECK(folder.has(plots::file_name(hostile[11] + "_" + hostile[6])));

  const lc::Matrix<float> at = z.leftCols(2);
  std::vector<double> time;
  for (Index i = 0; i < at.rows(); ++i) time.push_back(double(at(i, 0)));
  plots::trajectory(folder.string(), {at, time, {at.topRows(5), at.topRows(5) * 1.1f}, at * 1.05f, at},
                    {hostile[0], hostile[7], hostile[6], hostile[8]});
  CHECK(folder.has(plots::file_name("time_" + hostile[6])));

  const lc::Matrix<float> values = z.array().abs(), worse = values.array() * 0.8f + 0.1f;
  const std::vector<std::string> five(hostile.begin(), hostile.begin() + 5);
  std::vector<double> r(5, 0.9);
  r[2] = NAN;
  plots::proteins(folder.string(), {five, worse, values, {{hostile[0], r}, {"latentcell", r}}});
  CHECK(folder.has("proteins"));
  const std::vector<int> slice(lc::to_size(at.rows()), 0);
  plots::imputed_genes(folder.string(), {five, at, values, slice, at, values, worse, worse, hostile[5], 0});
  CHECK(folder.has("genes"));
  CHECK_FALSE(fs::exists("pwned"));
}

TEST_CASE("pictures: of many labels 29 are named, in one order, and the rest is one") {
  std::vector<std::string> names;
  for (int k = 0; k < 45; ++k) names.push_back(lc::text("type ", k));
  const lc::Categorical labels = labels_of(names, 4000);
  const plots::Legend legend({&labels});
  CHECK(legend.names.size() == 29);
  CHECK(legend.others == 16);
  CHECK(legend.rank("type 0") == 0);
  CHECK(legend.rank("type 44") == -1);
  CHECK(legend.color(legend.rank("type 44")) == plots::other_color);
  std::set<std::string> colors;
  for (int k = 0; k < 29; ++k) colors.insert(legend.color(k));
  CHECK(colors.size() == 29);
  Index least = 4000;
  for (const std::string& name : legend.names) least = std::min(least, labels.count(labels.code_of(name)));
  for (int k = 0; k < 45; ++k) {
    if (legend.rank(names[std::size_t(k)]) < 0) CHECK(labels.count(k) <= least);
  }
  if (skipped()) return;
  const Folder folder("many");
  const lc::Matrix<float> z = clusters(labels, 4, 0.4);
  plots::latents(folder.string() + "/latents", {z, z, labels, labels, "cell_type"});
  CHECK(folder.has("latents"));
}

TEST_CASE("pictures: a legend is of the labels that cells have") {
  const lc::Categorical a{{"x", "none", "y"}, {0, 2, 2, -1}}, b{{"z", "y"}, {0, 1}};
  const plots::Legend legend({&a, &b});
  CHECK(legend.names == std::vector<std::string>{"x", "y", "z"});
  CHECK(legend.unlabelled == 1);
  CHECK(plots::ranks_of(legend, b) == std::vector<int>{2, 1});
  CHECK(plots::ranks_of(legend, a) == std::vector<int>{0, 1, 1, -1});
  CHECK(plots::Legend({}).names.empty());
}

TEST_CASE("pictures: words neither leave the panel nor cover each other where there is room") {
  const plots::Frame frame{0, 1, 0, 1, 400, 300};
  std::vector<plots::Words> wishes;
  for (int k = 0; k < 12; ++k)
    wishes.push_back({lc::text("monocytes ", k), k < 6 ? 395.0 : 200.0, k < 6 ? -20.0 : 150.0});
  const std::vector<plots::Words> placed = plots::place_words(wishes, frame, 7);
  REQUIRE(placed.size() == wishes.size());
  for (std::size_t i = 0; i < placed.size(); ++i) {
    const double half = 3.5 * double(placed[i].text.size());
    CHECK(placed[i].x - half >= 0);
    CHECK(placed[i].x + half <= 400);
    CHECK(placed[i].y >= 9);
    CHECK(placed[i].y <= 291);
    for (std::size_t j = 0; j < i; ++j) {
      const double other = 3.5 * double(placed[j].text.size());
      const bool apart =
          std::abs(placed[i].x - placed[j].x) >= half + other || std::abs(placed[i].y - placed[j].y) >= 18;
      CHECK(apart);
    }
  }
  CHECK(placed[6].x == 200);  // the first comes where it wishes
  CHECK(placed[6].y == 150);
  const plots::Words beside = plots::place_words({{"IFIT1", 200, 150}}, frame, 8, {{200, 150}}).front();
  CHECK((std::abs(beside.x - 200) >= 26 || std::abs(beside.y - 150) >= 12));  // points stay in sight
  const plots::Frame tiny{0, 1, 0, 1, 30, 20};
  for (const plots::Words& w : plots::place_words(wishes, tiny, 7)) CHECK((w.x == 15 && w.y >= 9 && w.y <= 11));
}

TEST_CASE("pictures: names stand among their own cells, at one place in all panels") {
  const lc::Categorical label{{"a", "b"}, {0, 0, 0, 1, 1, 1}};
  plots::Cloud first{lc::Matrix<float>(6, 2), label}, second = first;
  first.at << 0, 0, 1, 1, 20, 2, 100, 100, 110, 101, 101, 90;
  second.at.setConstant(50);
  const plots::Legend legend({&label});
  const plots::Frame frame = plots::frame_of({&first.at, &second.at}, {0, 0, 500, 500}, plots::Units::equal);
  const auto places = plots::label_places({&first, &second}, legend, frame);
  REQUIRE(places.size() == 2);
  CHECK(places[0].text == "a");
  CHECK(std::abs(places[0].x - frame.pixel_x(1)) < 6);
  CHECK(std::abs(places[1].y - frame.pixel_y(100)) < 6);
}

TEST_CASE("pictures: a frame holds all points; units are equal where they are to be") {
  lc::Matrix<float> at(3, 2);
  at << 0, 0, 10, 1, NAN, 5;
  const plots::Frame equal = plots::frame_of({&at}, {0, 0, 400, 300}, plots::Units::equal);
  CHECK((equal.right - equal.left) / 400 == Approx((equal.high - equal.low) / 300));
  CHECK(equal.left < 0);
  CHECK(equal.right > 10);
  CHECK(equal.high > 1);
  const plots::Frame own = plots::frame_of({&at}, {0, 0, 400, 300}, plots::Units::own);
  CHECK(own.high - own.low == Approx(1.08));
  const plots::Frame square = plots::square_frame({{0, 2}, {NAN, 9}, {-1, 1}}, {0, 0, 300, 300});
  CHECK(square.left == square.low);
  CHECK(square.right == square.high);
  CHECK(square.left < -1);
  CHECK(square.right > 2);
  CHECK(square.right < 3);
  const lc::Matrix<float> none(0, 2);
  CHECK(plots::frame_of({&none}, {0, 0, 400, 300}, plots::Units::own).right > 0);
}

TEST_CASE("pictures: best, median and worst genes are told by their correlation") {
  lc::Rng rng(1);
  lc::Matrix<float> truth(200, 4), predicted(200, 4);
  for (Index i = 0; i < 200; ++i) {
    for (Index k = 0; k < 4; ++k) {
      truth(i, k) = k == 2 ? 1.0f : float(rng.normal());
      predicted(i, k) = truth(i, k) + float(k == 0 ? 2.0 : 0.3) * float(rng.normal());
    }
    predicted(i, 3) = float(rng.normal());
  }
  const std::vector<std::string> names{"middle", "best", "flat", "worst"};
  const lc::Matrix<float> at = lc::Matrix<float>::Random(200, 2);
  const std::vector<int> slice(200, 0);
  const auto order = plots::rank_genes({names, at, truth, slice, at, truth, predicted, predicted, "kriging", 0});
  REQUIRE(order.size() == 3);
  CHECK(order[0].gene == 1);
  CHECK(order[0].r > 0.9);
  CHECK(order[2].gene == 3);
  CHECK(std::abs(order[2].r) < 0.3);
}

TEST_CASE("pictures: a score stands beside the best baseline") {
  using lc::evaluate::Role;
  lc::evaluate::ScoreTable table({{"r"}, {.name = "w2", .better = lc::evaluate::Better::lower}});
  table.add("latentcell", Role::model, {0.9, 2.0});
  table.add("mean", Role::baseline, {0.5, 3.0});
  table.add("shift", Role::baseline, {0.7, std::nan("")});
  table.add("split half", Role::ceiling, {0.99, 1.0});
  const auto scores = nlohmann::ordered_json::parse(table.to_json());  // as in reports
  CHECK(plots::compared(scores, "r") == "r 0.900; best baseline 0.700 (shift); ceiling 0.990");
  CHECK(plots::compared(scores, "w2") == "w2 2.000; best baseline 3.000 (mean); ceiling 1.000");
  CHECK(plots::compared(scores, "mmd") == "");
  CHECK(plots::compared(nullptr, "r") == "");
}

TEST_CASE("pictures: different groups have different files") {
  CHECK(plots::file_name("CD14 Mono_STIM") == "CD14_Mono_STIM");
  CHECK(plots::file_name("time_4.5") == "time_4.5");
  CHECK(plots::file_name("T细胞_IFN-β") == "T细胞_IFN-β");
  std::set<std::string> names;
  for (const std::string& words : hostile) {
    const std::string name = plots::file_name(words);
    CHECK(name.size() < 200);
    CHECK(name.find('/') == std::string::npos);
    CHECK(name == lc::safe_text(name));
    names.insert(name);
  }
  CHECK(names.size() == hostile.size());
  CHECK(plots::file_name("a/b") != plots::file_name("a_b"));
  CHECK(plots::file_name("../x").find('/') == std::string::npos);
  CHECK(plots::file_name(std::string(300, 'x')) != plots::file_name(std::string(301, 'x')));
}

TEST_CASE("pictures: one that fails is a note, and the folder of its data goes") {
  if (skipped()) return;
  const Folder folder("failing");
  int drawn = 0;
  CHECK_NOTHROW(plots::attempt("a picture", [&] {
    plots::Gnuplot g(300, 200);
    g.panel({40, 40, 200, 100}, {"title", "x", "y"});
    g.line("plot no_such_function(x)");
    g.draw(folder.string() + "/no");
    ++drawn;
  }));
  CHECK_NOTHROW(plots::loss_curves(folder.string() + "/no_such_folder/loss", {stage_of("flow", 3)}));
  CHECK_NOTHROW(plots::attempt("another", [] { throw std::bad_alloc(); }));
  CHECK(drawn == 0);
  CHECK(fs::is_empty(folder.path));
}

TEST_CASE("pictures: numbers have thousands and decimals") {
  CHECK(plots::grouped(0) == "0");
  CHECK(plots::grouped(999) == "999");
  CHECK(plots::grouped(1234567) == "1,234,567");
  CHECK(plots::grouped(-1000) == "-1,000");
  CHECK(plots::fixed(0.125, 2) == "0.12");
}

TEST_CASE("pictures: points are nothing or few, and pictures are drawn") {
  if (skipped()) return;
  const Folder folder("few");
  const lc::Categorical none{{}, {}}, missing{{"a"}, {-1, -1, -1}};
  const lc::Matrix<float> three = lc::Matrix<float>::Random(3, 2), same = lc::Matrix<float>::Constant(3, 2, 1.0f);
  plots::latents(folder.string() + "/unlabelled", {three, three, missing, missing, "label"});
  CHECK(folder.has("unlabelled"));
  plots::trajectory(folder.string(), {same, {0, 0, 0}, {}, same, lc::Matrix<float>(0, 2)}, {"x", "y", "1"});
  CHECK(folder.has("time_1"));
}
