#include <cstring>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include <unistd.h>

#include <latentcell/autoencoder/vae.hpp>
#include <latentcell/io/save_model.hpp>
#include <latentcell/nn/mlp.hpp>

#include "support/catch.hpp"

using namespace latentcell;
using io::SafeTensors;

namespace {

enum class Shade { light, dark };

struct PartOptions {
  Index width = 3;
  double level = 0.1;
  static void visit(auto& self, auto&& f) {
    f("width", self.width, fixed(at_least(1)));
    f("level", self.level);
  }
};

struct ModelOptions {
  PartOptions part = {};
  Shade shade = Shade::light;
  std::vector<PartOptions> others = {};
  std::optional<PartOptions> extra = {};
  std::vector<std::string> levels = {"a"};
  float dropout = 0.1f;
  static void visit(auto& self, auto&& f) {
    f("part", self.part);
    f("shade", self.shade);
    f("others", self.others);
    f("extra", self.extra);
    f("levels", self.levels);
    f("dropout", self.dropout, in_half_open(0, 1));
  }
};

struct Part {
  PartOptions options;
  Linear<float> layer;
  std::vector<std::string> names;
  Part(const PartOptions& o, Rng& rng) : options(o), layer(o.width, 2, rng) {}
  static void visit(auto& self, auto&& f) {
    f("layer", self.layer);
    f("names", self.names);
  }
};

struct Model {
  static constexpr std::string_view kind = "model";
  ModelOptions options;
  Part part;
  std::vector<Part> others;
  std::optional<Part> extra;
  Buffer<double> scale;
  double threshold = 0;
  Model(const ModelOptions& o, Rng& rng)
      : options(check_options("Model", o)), part(o.part, rng), scale(1, Index(o.levels.size())) {
    for (const PartOptions& p : o.others) others.emplace_back(p, rng);
    if (o.extra) extra.emplace(*o.extra, rng);
  }
  static void visit(auto& self, auto&& f) {
    f("part", self.part);
    f("others", self.others);
    f("extra", self.extra);
    f("scale", self.scale);
    f("threshold", self.threshold, in(0, 10));
  }
};

// A model with something of everything, nothing at its default.
Model made() {
  Rng rng(5);
  Model out({.part = {.width = 2, .level = 1.0 / 3},
             .shade = Shade::dark,
             .others = {{.width = 4}, {.width = 5, .level = std::numeric_limits<double>::infinity()}},
             .extra = PartOptions{.width = 6},
             .levels = {"x", "y\nz"},
             .dropout = 0.7f},
            rng);
  out.part.names = {"one", "two"};
  out.scale.value << 0.25, -3;
  out.threshold = 2.5;
  out.others[1].layer.weight.frozen = true;
  out.part.layer.bias.learning_rate = 5;
  return out;
}

// A user's own composition, without options of its own.
struct Mine {
  Part part;
  Vae<float, Poisson<float>> vae;
  static void visit(auto& self, auto&& f) {
    f("part", self.part);
    f("vae", self.vae);
  }
};

struct Twice {
  Buffer<float> a = Buffer<float>(1, 1), b = Buffer<float>(1, 1);
  static void visit(auto& self, auto&& f) {
    f("same", self.a);
    f("same", self.b);
  }
};
struct TwiceNamed {
  double a = 1, b = 2;
  static void visit(auto& self, auto&& f) {
    f("same", self.a);
    f("same", self.b);
  }
};

struct File {
  std::string path;
  File() {
    static int count = 0;
    path = (std::filesystem::temp_directory_path() / text("latentcell_save_model_", long(::getpid()), "_", count++))
               .string();
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() { std::filesystem::remove(path); }
};

template <class M>
std::string fault(const std::string& path) {
  try {
    io::load_model<M>(path);
    return "";
  } catch (const std::runtime_error& e) {
    return e.what();
  }
}

/// What loading says after one change of the file's content.
std::string after(auto&& change) {
  const File file;
  SafeTensors content = io::model_tensors(made());
  change(content);
  io::save_safetensors(file.path, content);
  const std::string said = fault<Model>(file.path);
  CHECK(said.find(file.path) != std::string::npos);
  return said;
}

}  // namespace

TEST_CASE("save_model: options, settings, values and training factors all come back") {
  const File file;
  const Model model = made();
  io::save_model(file.path, model);
  const Model read = io::load_model<Model>(file.path);
  CHECK(io::model_tensors(read).metadata == io::model_tensors(model).metadata);
  CHECK(read.options.part.level == 1.0 / 3);
  CHECK(read.options.shade == Shade::dark);
  CHECK(read.options.levels == std::vector<std::string>{"x", "y\nz"});
  CHECK(read.options.dropout == 0.7f);
  CHECK(std::isinf(read.others.at(1).options.level));
  CHECK(read.part.names == std::vector<std::string>{"one", "two"});
  CHECK(read.threshold == 2.5);
  CHECK(read.others[1].layer.weight.frozen);
  CHECK_FALSE(read.others[0].layer.weight.frozen);
  CHECK(read.part.layer.bias.learning_rate == 5);
  CHECK(read.scale.value == model.scale.value);
  CHECK(read.extra->layer.weight.value == model.extra->layer.weight.value);
}

TEST_CASE("save_model: enumerations are saved by name, options under the name of their module") {
  const auto entries = io::model_tensors(made()).metadata;
  CHECK(entries.at("options.shade") == "dark");
  CHECK(entries.at("options.others") == "2");
  CHECK(entries.at("others.1.options.width") == "5");
  CHECK(entries.at("latentcell.kind") == "model");
  CHECK(entries.at("latentcell.version") == version);
}

TEST_CASE("save_model: a composition of a user's own is loaded into one that was built alike") {
  const auto build = [](float dropout, std::uint64_t seed) {
    Rng rng(seed);
    return Mine{Part({.width = 3, .level = double(dropout)}, rng),
                Vae<float, Poisson<float>>({.genes = 6, .hidden = {4}, .latent = 2, .dropout = dropout}, rng)};
  };
  const File file;
  Mine model = build(0.3f, 1), read = build(0.1f, 2);
  model.vae.gene_names = {"a", "b", "c", "d", "e", "f"};
  io::save_model(file.path, model);
  io::load_into(file.path, read);
  CHECK(read.vae.options.dropout == 0.3f);
  CHECK(read.vae.first_tail.dropout == 0.3f);  // what a layer took of the options
  CHECK(read.vae.gene_names == model.vae.gene_names);
  CHECK(read.part.options.level == double(0.3f));
  CHECK(read.vae.heads[0].weight.value == model.vae.heads[0].weight.value);
  CHECK(io::read_options<CountAutoencoderOptions>(file.path, "vae.options").latent == 2);
}

TEST_CASE("save_model: load_into takes what is not fixed from the file") {
  const File file;
  io::save_model(file.path, made().part);
  Rng rng(1);
  Part part({.width = 2, .level = 9}, rng);
  io::load_into(file.path, part);
  CHECK(part.options.level == 1.0 / 3);
  CHECK(part.names.size() == 2);
  CHECK(part.layer.weight.value == made().part.layer.weight.value);
  CHECK(io::read_options<PartOptions>(file.path).width == 2);

  Part wide({.width = 3}, rng);
  const Matrix<float> before = wide.layer.weight.value;
  CHECK_THROWS_WITH(io::load_into(file.path, wide),
                    ContainsText("entry 'options.width' is '2' but the model was built with '3'"));
  CHECK(wide.options.level == 0.1);
  CHECK(wide.layer.weight.value == before);
}

TEST_CASE("save_model: a list that is in use keeps its length") {
  const File file;
  io::save_model(file.path, made().part);
  Rng rng(1);
  Part part({.width = 2}, rng);
  part.names = {"a", "b", "c"};
  CHECK_THROWS_WITH(io::load_into(file.path, part), ContainsText("entry 'names' has 2 elements but the model's has 3"));
  CHECK(part.options.level == 0.1);  // nothing of the file was taken
}

TEST_CASE("save_model: a damaged file is refused in a sentence that names it and the entry") {
  CHECK(after([](SafeTensors& f) { f.metadata.erase("options.dropout"); }).find("has no entry 'options.dropout'") !=
        std::string::npos);
  CHECK(after([](SafeTensors& f) { f.metadata.erase("part.names"); }).find("has no entry 'part.names'") !=
        std::string::npos);
  CHECK(after([](SafeTensors& f) {
          f.describe("options.extra_large", "1");
        }).find("has an entry 'options.extra_large' that the model does not have") != std::string::npos);
  CHECK(after([](SafeTensors& f) {
          f.metadata["options.dropout"] = "7";
        }).find("entry 'options.dropout' must be in [0, 1), got 7") != std::string::npos);
  CHECK(after([](SafeTensors& f) {
          f.metadata["threshold"] = "-1";
        }).find("entry 'threshold' must be in [0, 10], got -1") != std::string::npos);
  CHECK(after([](SafeTensors& f) {
          f.metadata["options.dropout"] = "much";
        }).find("entry 'options.dropout' is 'much', not a number") != std::string::npos);
  CHECK(after([](SafeTensors& f) {
          f.metadata["options.shade"] = "grey";
        }).find("entry 'options.shade' is 'grey', not one of light, dark") != std::string::npos);
  CHECK(after([](SafeTensors& f) {
          f.metadata["latentcell.kind"] = "other";
        }).find("holds a model of kind 'other', not 'model'") != std::string::npos);
  CHECK(after([](SafeTensors& f) { f.metadata["part.layer.bias.training"] = "1\n"; }).find("not three numbers") !=
        std::string::npos);
  CHECK(after([](SafeTensors& f) { f.tensors.pop_back(); }).find("has no tensor 'scale'") != std::string::npos);
  CHECK(after([](SafeTensors& f) {
          f.add("more", std::vector<float>{1}.data(), {1, 1});
        }).find("tensors but the model takes") != std::string::npos);
  CHECK(after([](SafeTensors& f) {
          f.tensors[0].shape = {1, Index(f.tensors[0].bytes.size() / 4)};
        }).find("but the model needs (") != std::string::npos);
  CHECK(after([](SafeTensors& f) { f.tensors.back().type = "I64"; }).find("holds I64 but the model needs F64") !=
        std::string::npos);
  // The module's own options against those that the model was built by.
  CHECK(after([](SafeTensors& f) {
          f.metadata["part.options.width"] = "9";
        }).find("entry 'part.options.width' is '9' but the model was built with '2'") != std::string::npos);
}

TEST_CASE("save_model: sizes that the file cannot hold are refused before they are allocated") {
  for (const char* size : {"99999999", "100000001", "9000000000000000000"}) {
    const std::string said = after([&](SafeTensors& f) { f.metadata["options.part.width"] = size; });
    INFO(said);
    CHECK((said.find("exceeds the") != std::string::npos || said.find("not a sensible size") != std::string::npos));
  }
  CHECK(after([](SafeTensors& f) {
          f.metadata["options.others"] = "1000000000";
        }).find("not a number of options up to") != std::string::npos);
}

TEST_CASE("save_model: numbers that are not finite or out of range are refused, each with its entry on one line") {
  for (const char* word : {"nan", "inf", "-inf"}) {
    CHECK(after([&](SafeTensors& f) { f.metadata["threshold"] = word; }).find("entry 'threshold' ") !=
          std::string::npos);
  }
  for (const char* factors : {"1e9\n0\n0\n", "nan\n0\n0\n", "-1\n0\n0\n", "1\n0\n7\n", "x\n0\n0\n"}) {
    const std::string said = after([&](SafeTensors& f) { f.metadata["part.layer.bias.training"] = factors; });
    CHECK(said.find("entry 'part.layer.bias.training' is '") != std::string::npos);
    CHECK(said.find('\n') == std::string::npos);
  }
  const std::string said = after([](SafeTensors& f) {
    for (SafeTensors::Tensor& t : f.tensors) {
      const float infinite = std::numeric_limits<float>::infinity();
      if (t.name == "part.layer.bias") std::memcpy(t.bytes.data(), &infinite, sizeof infinite);
    }
  });
  CHECK(said.find("tensor 'part.layer.bias' holds inf at 0: values must be finite") != std::string::npos);
}

TEST_CASE("save_model: any entry changed to anything is a model or a sentence, and takes no more than the file") {
  const std::vector<std::string> words = {"", "0", "-1", "nan", "inf", "1e308", "99999999", "9223372036854775807", "x"};
  const auto keys = [] {
    std::vector<std::string> out;
    for (const auto& [key, word] : io::model_tensors(made()).metadata) out.push_back(key);
    return out;
  }();
  REQUIRE(keys.size() > 5);
  for (const std::string& key : keys) {
    for (const std::string& word : words) {
      const File file;
      SafeTensors content = io::model_tensors(made());
      content.metadata[key] = word;
      io::save_safetensors(file.path, content);
      const std::string said = fault<Model>(file.path);
      INFO(key << " = " << word << ": " << said);
      CHECK(said.find('\n') == std::string::npos);
      CHECK(said.find("bad_alloc") == std::string::npos);
    }
  }
}

TEST_CASE("save_model: what cannot be loaded again is not saved") {
  Model model = made();
  model.options.dropout = 2;
  CHECK_THROWS_WITH(io::model_tensors(model), ContainsText("save_model: options.dropout must be in [0, 1), got 2"));
}

TEST_CASE("save_model: two things of one name are refused") {
  CHECK_THROWS_WITH(io::model_tensors(Twice{}), ContainsText("two Params or Buffers are called 'same'"));
  CHECK_THROWS_WITH(io::model_tensors(TwiceNamed{}), ContainsText("two entries of metadata are called 'same'"));
}
