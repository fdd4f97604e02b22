#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "support/catch.hpp"

// Reads the `#include` lines of include/latentcell and holds them against the chains of docs/design.md, section 1.

namespace {

namespace fs = std::filesystem;

using Rooms = std::set<std::string>;
using Files = std::map<std::string, std::vector<std::string>>;  // "op/linear.hpp" -> its lines

/// Every room with the rooms it may include, as the chains say: the rooms named here and all that those may include.
std::map<std::string, Rooms> allowed_rooms() {
  std::map<std::string, Rooms> allowed = {
      {"core", {}},
      {"kernel", {"core"}},
      {"autodiff", {"kernel"}},
      {"op", {"autodiff"}},
      {"nn", {"op"}},
      {"likelihood", {"nn"}},
      {"condition", {"nn"}},
      {"autoencoder", {"likelihood", "condition", "optim"}},
      {"backbone", {"likelihood", "condition"}},
      {"data", {"kernel"}},
      {"transport", {"kernel"}},
      {"sample", {"kernel"}},
      {"metric", {"kernel", "transport"}},
      {"flow", {"op", "transport"}},
      {"optim", {"autodiff"}},
      {"io", {"autodiff", "data"}},
      {"train", {"optim", "data", "io"}},
      {"distributed", {"train"}},
      {"latent", {"autoencoder", "backbone", "flow", "sample", "transport", "train"}},
      {"conformal", {"backbone", "flow", "sample", "train", "metric"}},
      {"evaluate", {"data", "metric"}},
      {"generation", {"latent", "evaluate"}},
      {"perturbation", {"generation"}},
      {"mapping", {"generation"}},
      {"trajectory", {"latent", "evaluate"}},
      {"multiomics", {"latent", "conformal", "evaluate"}},
      {"spatial", {"latent", "conformal", "evaluate"}},
  };
  // A room stands for what it may include as well; chains are short, so a few rounds close the relation.
  for (std::size_t round = 0; round < allowed.size(); ++round) {
    for (auto& [room, may] : allowed) {
      const Rooms direct = may;
      for (const std::string& other : direct) may.insert(allowed[other].begin(), allowed[other].end());
    }
  }
  return allowed;
}

/// What stands between the brackets of an `#include <...>` line, else an empty string.
std::string included(const std::string& line) {
  const std::size_t hash = line.find_first_not_of(" \t");
  if (hash == std::string::npos || line[hash] != '#' || line.find("include") == std::string::npos) return {};
  const std::size_t open = line.find('<'), close = line.find('>');
  return open == std::string::npos || close == std::string::npos ? std::string()
                                                                 : line.substr(open + 1, close - open - 1);
}

/// "latentcell/op/linear.hpp" and "op/linear.hpp" are in the room "op"; "latentcell.hpp" is in none.
std::string room_of(std::string path) {
  if (path.rfind("latentcell/", 0) == 0) path.erase(0, 11);
  const std::size_t slash = path.find('/');
  return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

std::vector<std::string> wrong_edges(const Files& files) {
  const auto allowed = allowed_rooms();
  std::vector<std::string> wrong;
  for (const auto& [path, lines] : files) {
    const std::string room = room_of(path);
    if (!room.empty() && allowed.count(room) == 0) wrong.push_back(path + " stands in a room the design does not have");
    for (const std::string& line : lines) {
      const std::string other = included(line);
      if (other.rfind("latentcell/", 0) != 0) {
        if (line.find("#include \"") == 0) wrong.push_back(path + " includes with quotation marks");
        continue;
      }
      const std::string to = room_of(other);
      if (to.empty()) {
        wrong.push_back(path + " includes the umbrella");
      } else if (room.empty() ? to == "distributed" : to != room && allowed.at(room).count(to) == 0) {
        wrong.push_back(path + " includes " + other);
      }
    }
  }
  return wrong;
}

/// Headers that a header reaches over any number of `#include` lines, ours and others'.
Rooms reached(const Files& files, const std::string& from) {
  Rooms seen;
  std::vector<std::string> left = {from};
  while (!left.empty()) {
    const std::string path = left.back();
    left.pop_back();
    const auto file = files.find(path);
    if (file == files.end()) continue;
    for (const std::string& line : file->second) {
      std::string other = included(line);
      if (other.rfind("latentcell/", 0) == 0) other.erase(0, 11);
      if (!other.empty() && seen.insert(other).second) left.push_back(other);
    }
  }
  return seen;
}

std::vector<std::string> broken_rules(const Files& files) {
  std::vector<std::string> broken;
  for (const auto& [path, lines] : files) {
    if (lines.empty() || lines.front() != "#pragma once") broken.push_back(path + " does not begin with #pragma once");
    for (const std::string& line : lines) {
      const std::string other = included(line);
      if (other == "iostream" || other == "regex" || other == "format") broken.push_back(path + " includes " + other);
      if (other == "Eigen/Dense" || other == "Eigen/Eigenvalues" || other == "Eigen/QR" || other == "Eigen/SVD")
        broken.push_back(path + " includes " + other + ", whose decompositions are slow to compile");
      if (line.find("#pragma omp") != std::string::npos && room_of(path) != "kernel")
        broken.push_back(path + " has an OpenMP pragma outside kernel");
      if (line.rfind("using namespace", 0) == 0) broken.push_back(path + " has a using directive");
      if (line.rfind("namespace latentcell", 0) == 0)
        broken.push_back(path + " opens namespace latentcell, not LATENTCELL_NAMESPACE: core/version.hpp");
    }
  }
  const Rooms umbrella = reached(files, "latentcell.hpp");
  for (const char* other : {"hdf5.h", "zlib.h", "mpi.h"})
    if (umbrella.count(other) != 0) broken.push_back(std::string("the umbrella reaches ") + other);
  return broken;
}

/// Headers that do not reach core/version.hpp: an old compiler would say something else than its message.
std::vector<std::string> without_version(const Files& files) {
  std::vector<std::string> without;
  for (const auto& [path, lines] : files)
    if (path != "core/version.hpp" && reached(files, path).count("core/version.hpp") == 0) without.push_back(path);
  return without;
}

Files headers() {
  const fs::path root = fs::path(LATENTCELL_TESTS_DIR).parent_path() / "include" / "latentcell";
  Files files;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root)) {
    if (entry.path().extension() != ".hpp") continue;
    std::ifstream in(entry.path());
    std::vector<std::string>& lines = files[fs::relative(entry.path(), root).generic_string()];
    for (std::string line; std::getline(in, line);) lines.push_back(line);
  }
  return files;
}

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("layering: every include follows the chains of the design") {
  const Files files = headers();
  CHECK(files.size() > 10);
  CHECK(wrong_edges(files) == Words{});
}

TEST_CASE("layering: headers keep the rules for headers") { CHECK(broken_rules(headers()) == Words{}); }

TEST_CASE("layering: every header reaches core/version.hpp") {
  CHECK(without_version(headers()) == Words{});
  CHECK(without_version({{"core/version.hpp", {}},
                         {"core/a.hpp", {"#include <vector>", "#include <latentcell/core/version.hpp>"}},
                         {"op/b.hpp", {"#include <latentcell/core/a.hpp>"}},
                         {"op/c.hpp", {"#include <vector>"}}}) == Words{"op/c.hpp"});
}

TEST_CASE("layering: a wrong edge is found") {
  CHECK(wrong_edges({{"sample/a.hpp", {"#include <latentcell/backbone/dit.hpp>"}}}) ==
        Words{"sample/a.hpp includes latentcell/backbone/dit.hpp"});
  CHECK(wrong_edges({{"flow/a.hpp", {"  #  include <latentcell/autoencoder/vae.hpp>"}}}).size() == 1);
  CHECK(wrong_edges({{"autoencoder/a.hpp", {"#include <latentcell/data/cell_table.hpp>"}}}).size() == 1);
  CHECK(wrong_edges({{"backbone/a.hpp", {"#include <latentcell/train/fit.hpp>"}}}).size() == 1);
  CHECK(wrong_edges({{"train/a.hpp", {"#include <latentcell/latent/latent_flow.hpp>"}}}).size() == 1);
  CHECK(wrong_edges({{"core/a.hpp", {"#include <latentcell/kernel/gemm.hpp>"}}}).size() == 1);
  CHECK(wrong_edges({{"op/a.hpp", {"#include <latentcell/latentcell.hpp>"}}}).size() == 1);
  CHECK(wrong_edges({{"op/a.hpp", {"#include \"linear.hpp\""}}}).size() == 1);
  CHECK(wrong_edges({{"spatial/a.hpp", {"#include <latentcell/multiomics/model.hpp>"}}}).size() == 1);
  CHECK(wrong_edges({{"trajectory/a.hpp", {"#include <latentcell/generation/model.hpp>"}}}).size() == 1);
  CHECK(wrong_edges({{"evaluate/a.hpp", {"#include <latentcell/autodiff/tape.hpp>"}}}).size() == 1);
  CHECK(wrong_edges({{"latent/a.hpp", {"#include <latentcell/conformal/ensemble.hpp>"}}}).size() == 1);
  CHECK(wrong_edges({{"pipeline/a.hpp", {}}}).size() == 1);
  CHECK(wrong_edges({{"cellar/a.hpp", {}}}).size() == 1);
}

TEST_CASE("layering: an edge along a chain is right") {
  CHECK(wrong_edges({{"backbone/a.hpp", {"#include <latentcell/core/types.hpp>", "#include <Eigen/Core>"}},
                     {"train/a.hpp", {"#include <latentcell/kernel/gemm.hpp>"}},
                     {"metric/a.hpp", {"#include <latentcell/transport/assignment.hpp>"}},
                     {"latentcell.hpp", {"#include <latentcell/latent/latent_flow.hpp>"}}})
            .empty());
}

TEST_CASE("layering: a broken rule is found") {
  CHECK(broken_rules({{"op/a.hpp", {"#pragma once", "#pragma omp simd"}}}).size() == 1);
  CHECK(broken_rules({{"op/a.hpp", {"#include <vector>"}}}).size() == 1);
  CHECK(broken_rules({{"op/a.hpp", {"#pragma once", "namespace latentcell {"}}}).size() == 1);
  CHECK(broken_rules({{"op/a.hpp", {"#pragma once", "#include <iostream>"}}}).size() == 1);
  CHECK(broken_rules({{"latentcell.hpp", {"#pragma once", "#include <latentcell/latent/a.hpp>"}},
                      {"latent/a.hpp", {"#pragma once", "#include <latentcell/io/h5ad.hpp>"}},
                      {"io/h5ad.hpp", {"#pragma once", "#include <hdf5.h>"}}}) == Words{"the umbrella reaches hdf5.h"});
}
