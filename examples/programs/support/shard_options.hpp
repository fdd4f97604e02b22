#pragma once

#include <string>
#include <vector>

#include <latentcell/io/shard_cells.hpp>

#include "options.hpp"

namespace program {

struct ShardSettings : Common {
  std::vector<std::string> files;
  std::string folder = "shards";
  double gigabytes = 2;
  lc::io::ShardCellsOptions shards = {};
};

inline ShardSettings parse_shards(int argc, char** argv) {
  const About about{"shard_cells",
                    "Shuffles the cells of h5ad files of any size, once, into shards that are read fast in blocks.",
                    {"shard_cells --data a.h5ad --data b.h5ad --out shards",
                     "shard_cells --data atlas.h5ad --layer counts --cells 50000 --memory 4 --out shards"}};
  ShardSettings s;
  CLI::App app;
  begin_group(app, group::input);
  app.add_option("--data", s.files, "h5ad files; genes that not all of them have are left out")
      ->required()
      ->expected(1, 65536);
  app.add_option("--layer", s.layers, "layer to read in place of X in all files, or raw")->expected(1, 1);
  app.add_flag("--round", s.round, "round values that are no whole numbers, as corrected counts are");
  app.add_flag("--trust-input", s.trust_input, "read HDF5 without a child process that opens the file first");
  begin_group(app, group::output);
  app.add_option("--out", s.folder, "folder to write shard_0000.h5ad, ... into: a new one, or an empty one");
  add_member(app, "--cells", s.shards, s.shards.cells, "cells in a shard, at most; fewer where memory is not enough");
  add_member(app, "--compression", s.shards, s.shards.compression, "gzip level of the shards; 0: none");
  begin_group(app, group::run);
  app.add_option("--seed", s.seed, "of the order");
  app.add_option("--memory", s.gigabytes, "GB that the run may take")->check(CLI::Range(0.1, 1e6));
  app.add_flag("--quiet", s.quiet, "print the last line, warnings and errors alone");
  parse(app, s, about, argc, argv);
  return s;
}

}  // namespace program
