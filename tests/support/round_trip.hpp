#pragma once

#include <filesystem>
#include <string>

#include <unistd.h>

#include <latentcell/io/save_model.hpp>

#include "support/catch.hpp"

namespace LATENTCELL_NAMESPACE::support {

/// A path for one file, which is removed in the end.
struct TemporaryFile {
  std::string path;
  TemporaryFile() {
    static int count = 0;
    path = (std::filesystem::temp_directory_path() / text("latentcell_", long(::getpid()), "_", count++)).string();
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() { std::filesystem::remove(path); }
};

/// Compares every option, setting and value, bit for bit.
template <class Model>
void check_same(const Model& a, const Model& b) {
  const io::SafeTensors one = io::model_tensors(a), two = io::model_tensors(b);
  CHECK(one.metadata == two.metadata);
  REQUIRE(one.tensors.size() == two.tensors.size());
  for (std::size_t i = 0; i < one.tensors.size(); ++i) {
    INFO(one.tensors[i].name);
    CHECK(one.tensors[i].name == two.tensors[i].name);
    CHECK(one.tensors[i].bytes == two.tensors[i].bytes);
  }
}

/// Trains a model, saves it, loads it by load(path), and holds that both are the same, now and after more training.
template <class Model, class Train, class Load>
void check_round_trip(Model model, const Train& train, const Load& load) {
  train(model);
  const TemporaryFile file;
  io::save_model(file.path, model);
  Model read = load(file.path);
  check_same(model, read);
  train(model);
  train(read);
  check_same(model, read);
}

}  // namespace latentcell::support
