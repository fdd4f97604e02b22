// The components side by side on real cells: autoencoders, objectives, backbones, ways for a condition to enter, two
// attributes, the latent against the genes themselves, and the flow against a GAN. Half of the cells of a file train,
// the other half judges. Every row is written as it ends; a run that was stopped goes on where its file ends.
// benchmarks/task/components.py makes tables of the file.

#include <sys/resource.h>

#include <cstdio>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "components/attributes.hpp"
#include "components/autoencoders.hpp"
#include "components/fine_tuning.hpp"
#include "components/flows.hpp"
#include "components/gan.hpp"
#include "components/genes.hpp"

int main(int argc, char** argv) try {
  namespace lc = latentcell;
  components::Settings s;
  CLI::App app("Compares the components of latent diffusion on the cells of a file.");
  app.add_option("data", s.data, ".h5ad or any other format that read_cells takes")->required();
  app.add_option("--rows", s.rows, "file of results, added to")->capture_default_str();
  app.add_option("--models", s.models, "folder of trained autoencoders, shared by the parts and by later runs");
  app.add_option("--label", s.label, "obs column of the cell types")->capture_default_str();
  app.add_option("--condition", s.condition, "a second obs column, for part e");
  app.add_option("--parts", s.parts, "letters of the parts to run")->capture_default_str();
  app.add_option("--seeds", s.seeds, "of splits and training")->delimiter(',')->capture_default_str();
  app.add_option("--threads", s.threads)->capture_default_str();
  app.add_option("--autoencoder-steps", s.autoencoder_steps)->capture_default_str();
  app.add_option("--flow-steps", s.flow_steps)->capture_default_str();
  app.add_flag("--nested", s.nested, "use the training half alone, cut in two again: for choices, not for results");
  CLI11_PARSE(app, argc, argv);
  lc::set_threads(s.threads);
  const lc::CellTable all = lc::io::read_cells(s.data);
  std::string name = std::filesystem::path(s.data).stem().string();
  if (s.nested) {
    name += " nested";
    if (!s.models.empty()) s.models += "/nested";
  }
  for (const std::uint64_t seed : s.seeds) {
    components::Row what;
    what.set("data", name).set("seed", std::to_string(seed));
    components::Rows rows(s.rows, what);
    lc::Rng rng(seed, 4);
    lc::Split split = lc::stratified_split(all.obs(s.label), 0.5, rng);
    const lc::CellTable cells = s.nested ? all.select_cells(split.train) : all;
    if (s.nested) split = lc::stratified_split(cells.obs(s.label), 0.5, rng);
    components::Study study(s, seed, cells.select_cells(split.train), cells.select_cells(split.test), rows);
    for (const char part : s.parts) {
      if (part == 'a') components::compare_autoencoders(study);
      if (part == 'b') components::compare_objectives(study);
      if (part == 'c') components::compare_backbones(study);
      if (part == 'd') components::compare_injections(study);
      if (part == 'e' && !s.condition.empty()) components::compare_attributes(study);
      if (part == 'f') components::compare_fine_tuning(study);
      if (part == 'g') components::compare_spaces(study);
      if (part == 'h') components::compare_gan(study);
    }
  }
} catch (const std::exception& e) {
  std::fprintf(stderr, "components: %s\n", e.what());
  return 1;
}
