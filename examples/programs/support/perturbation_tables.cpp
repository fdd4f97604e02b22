#include "perturbation_tables.hpp"

#include <filesystem>

#include <latentcell/io/read_gene_sets.hpp>

#include "plot/compared.hpp"

namespace program {

namespace {

constexpr std::uint64_t control_genes_stream = 43;
constexpr std::size_t shown = 5;  // on the console and in the report

using Changes = std::vector<lc::perturbation::Change>;

std::string quoted(const std::string& word) {
  std::string out = "\"";
  for (const char c : word) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + '"';
}

void add_rows(std::string& to, const std::string& group, const Changes& changes) {
  for (const lc::perturbation::Change& c : changes)
    to += lc::text(quoted(group), ',', c.rank, ',', quoted(c.name), ',', c.change(), ',', c.low, ',', c.high, ',',
                   c.control, ',', c.predicted, '\n');
}

/// "ISG15 +2.1, IFI6 +1.8": the largest of one direction.
std::string largest(const Changes& changes, int sign) {
  std::string out;
  std::size_t n = 0;
  for (const lc::perturbation::Change& c : changes) {
    if (n == shown || c.change() * sign <= 0) continue;
    char digits[32];
    std::snprintf(digits, sizeof digits, " %+.2f", c.change());
    out += (n++ == 0 ? "" : ", ") + c.name + digits;
  }
  return out.empty() ? "none" : out;
}

Json to_json(const Changes& changes) {
  Json out = Json::array();
  for (std::size_t i = 0; i < std::min(changes.size(), 2 * shown); ++i)
    out.push_back({{"name", changes[i].name},
                   {"change", changes[i].change()},
                   {"low", changes[i].low},
                   {"high", changes[i].high}});
  return out;
}

std::string first_line(const char* kind) {
  return std::string("group,rank,") + kind + ",change,low,high,control,predicted\n";
}

}  // namespace

ChangeTables::ChangeTables(const PerturbationSettings& s, const lc::perturbation::Options& columns,
                           const std::vector<std::string>& genes, Report& report)
    : settings_(s), columns_(columns), rng_(s.seed, control_genes_stream), report_(report) {
  if (!s.gene_sets.empty()) sets_ = lc::io::read_gene_sets(s.gene_sets);
  if (!sets_.empty()) (void)naming(s.gene_sets, [&] { return lc::perturbation::scored_gene_sets(genes, sets_); });
  std::error_code trouble;
  if (!s.tables.empty()) std::filesystem::create_directories(s.tables, trouble);
  if (trouble) lc::throw_runtime(s.tables, ": cannot be created: ", trouble.message());
}

void ChangeTables::add(const lc::CellTable& controls, const lc::CellTable& predicted, const std::string& perturbation) {
  const lc::Categorical group = lc::perturbation::group_labels(controls.cell_columns, columns_);
  std::string genes = first_line("gene"), sets = first_line("gene_set");
  for (std::size_t g = 0; g < group.levels.size(); ++g) {
    std::vector<Index> rows;
    for (std::size_t i = 0; i < group.codes.size(); ++i) {
      if (group.codes[i] == int(g)) rows.push_back(Index(i));
    }
    if (rows.size() < 2) continue;
    const lc::CellTable before = controls.select_cells(rows), after = predicted.select_cells(rows);
    const Changes changes = lc::perturbation::gene_changes(before, after);
    print_line(lc::text("'", group.levels[g], "' under '", perturbation, "', change of mean log1p(CP10K): up ",
                        largest(changes, 1), "; down ", largest(changes, -1)));
    Json one{{"group", group.levels[g]}, {"condition", perturbation}, {"genes", to_json(changes)}};
    add_rows(genes, group.levels[g], changes);
    if (!sets_.empty()) {
      const Changes of_sets = lc::perturbation::gene_set_changes(before, after, sets_, rng_);
      print_line(lc::text("  scores of gene sets: up ", largest(of_sets, 1), "; down ", largest(of_sets, -1)));
      add_rows(sets, group.levels[g], of_sets);
      one["gene_sets"] = to_json(of_sets);
    }
    report_["changes"].push_back(std::move(one));
  }
  if (settings_.tables.empty()) return;
  const std::string path = settings_.tables + "/" + plots::file_name(perturbation);
  write_text(path + "_gene.csv", genes);
  if (!sets_.empty()) write_text(path + "_gene_set.csv", sets);
}

}  // namespace program
