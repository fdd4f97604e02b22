#pragma once

#include "study.hpp"

// Part e: two attributes at once, and a combination of them that no training cell has.

namespace components {

/// Cells told apart by both attributes.
inline lc::CellTable with_both(lc::CellTable cells, const Settings& s) {
  const lc::Categorical type = cells.obs(s.label), condition = cells.obs(s.condition);
  std::vector<std::string> both;
  for (Index i = 0; i < cells.cells(); ++i) {
    const std::size_t row = lc::to_size(i);
    both.push_back(type.levels[std::size_t(type.codes[row])] + " " +
                   condition.levels[std::size_t(condition.codes[row])]);
  }
  cells.cell_columns.set("both", lc::to_categorical(both));
  return cells;
}

inline void compare_attributes(Study& study) {
  Rows& rows = *study.rows;
  const Settings& s = study.settings;
  const lc::CellTable train = with_both(study.train, s), judged = with_both(study.judged, s);
  const std::vector<std::string> conditions = Study::present_levels(train, s.condition);
  const auto flow_of = [&](const lc::LatentTable& latents) {
    lc::Rng own(study.seed, 6);
    const Index width = 128;
    auto both = lc::conditions(
        lc::Combine::sum,
        lc::from_obs(s.label, study.levels, lc::CategoricalCovariate<float>(Index(study.levels.size()), width, own)),
        lc::from_obs(s.condition, conditions, lc::CategoricalCovariate<float>(Index(conditions.size()), width, own)));
    lc::LatentFlow flow(lc::RectifiedFlow{}, study.mlp(), std::move(both));
    lc::fit(flow, latents, study.flow_training(latents));
    return flow;
  };
  const auto ways = [&](auto&& use) {
    for (const float w : {1.0f, 1.5f, 2.0f, 4.0f}) {
      use("joint", w, lc::SampleOptions{.steps = 25, .guidance = w});
      use("per attribute", w, lc::SampleOptions{.steps = 25, .guidance_each = {{s.label, w}, {s.condition, w}}});
    }
  };
  if (!rows.has("e:both known")) {
    const NbVae vae = study.frozen_autoencoder();
    const auto flow = flow_of(lc::encode(vae, train));
    lc::evaluate::Evaluator judge(train, judged, "both", {.seed = study.seed});
    std::vector<Row> out;
    const auto obs_of = [&](const std::vector<int>& codes) {
      std::vector<std::string> type, condition;
      for (const int code : codes) {
        const std::string& level = judge.levels()[std::size_t(code)];
        const std::size_t cut = level.rfind(' ');
        type.push_back(level.substr(0, cut));
        condition.push_back(level.substr(cut + 1));
      }
      lc::Annotation obs(Index(codes.size()));
      obs.set(s.label, lc::to_categorical(type));
      obs.set(s.condition, lc::to_categorical(condition));
      return obs;
    };
    const auto judge_counts = [&](const lc::CellTable& cells, lc::evaluate::GenerationScores& j) {
      std::vector<Index> every(lc::to_size(cells.cells()));
      std::iota(every.begin(), every.end(), Index(0));
      judge.score_logged(lc::kernel::log_normalize(lc::evaluate::select_counts(cells, every, judge.genes())),
                         lc::evaluate::MetricSet::points, j);
    };
    lc::evaluate::GenerationScores fresh;
    judge.score_ceiling(judged, lc::evaluate::MetricSet::points, fresh);
    out.push_back(Row().set("way", "fresh real cells").set("guidance", 0.0).set(fresh));
    ways([&](const char* way, float weight, lc::SampleOptions o) {
      o.cells = obs_of(judge.reference().codes);
      lc::Rng rng(study.seed, 7), draws(study.seed, 8);
      lc::evaluate::GenerationScores j;
      judge_counts(lc::draw(vae, flow.generate(o, rng), draws), j);
      out.push_back(Row().set("way", way).set("guidance", double(weight)).set(j));
    });
    rows.write("e:both known", out);
  }
  if (rows.has("e:one combination held out")) return;
  // The largest combination of the last condition is kept from both stages.
  const lc::Categorical all = train.obs("both");
  std::string held;
  Index most = 0;
  for (std::size_t l = 0; l < all.levels.size(); ++l) {
    if (all.levels[l].ends_with(" " + conditions.back()) && all.count(int(l)) > most) {
      most = all.count(int(l));
      held = all.levels[l];
    }
  }
  const std::string type = held.substr(0, held.rfind(' '));
  std::vector<Index> seen;
  for (Index i = 0; i < train.cells(); ++i) {
    if (all.levels[std::size_t(all.codes[lc::to_size(i)])] != held) seen.push_back(i);
  }
  const lc::CellTable part = train.select_cells(seen);
  lc::Rng rng(study.seed, 5);
  lc::VaeOptions options = study.vae_options();
  NbVae vae(options, rng, {.dispersion = lc::Dispersion::gene_cell});
  study.fit_autoencoder(vae, part);
  const auto flow = flow_of(lc::encode(vae, part));
  lc::evaluate::Evaluator judge(train, judged, "both", {.seed = study.seed});
  const int code = lc::Categorical{judge.levels(), {}}.code_of(held);
  std::vector<Index> real_rows;
  for (std::size_t i = 0; i < judge.reference().codes.size(); ++i) {
    if (judge.reference().codes[i] == code) real_rows.push_back(Index(i));
  }
  const Index n = Index(real_rows.size());
  const lc::Matrix<float> real = lc::metric::pick_rows(lc::view(judge.reference().points), real_rows);
  const std::vector<int> right(lc::to_size(n), code);
  const auto row_of = [&](const char* way, double weight, const lc::CellTable& cells) {
    lc::Rng pick(study.seed, 13);
    std::vector<Index> some(lc::to_size(cells.cells()));
    std::iota(some.begin(), some.end(), Index(0));
    lc::shuffle(std::span<Index>(some), pick);
    std::vector<Index> taken;
    for (Index i = 0; i < n; ++i) taken.push_back(some[lc::to_size(i) % some.size()]);
    const lc::Counts logged = lc::kernel::log_normalize(lc::evaluate::select_counts(cells, taken, judge.genes()));
    const lc::Matrix<float> points = lc::kernel::project(judge.pca(), logged);
    Row row;
    row.set("way", way).set("guidance", weight);
    row.set("w2", lc::metric::wasserstein2(lc::view(real), lc::view(points)));
    row.set("nearest_neighbor", lc::metric::nearest_neighbor_test(lc::view(real), lc::view(points)).accuracy);
    row.set("coverage", lc::metric::density_coverage(lc::view(real), lc::view(points), {.neighbors = 5}).coverage);
    row.set("label_accuracy", judge.reference().label_accuracy(lc::view(points), right));
    return row;
  };
  const auto cells_with = [&](const lc::CellTable& from, auto keep) {
    const lc::Categorical label = from.obs("both");
    std::vector<Index> at;
    for (Index i = 0; i < from.cells(); ++i) {
      if (keep(label.levels[std::size_t(label.codes[lc::to_size(i)])])) at.push_back(i);
    }
    return from.select_cells(at);
  };
  std::vector<Row> out;
  out.push_back(row_of("training cells of the combination (best possible)", 0,
                       cells_with(train, [&](const std::string& l) { return l == held; })));
  out.push_back(row_of("same type, other condition", 0,
                       cells_with(part, [&](const std::string& l) { return l.starts_with(type + " ") && l != held; })));
  out.push_back(row_of("same condition, other types", 0,
                       cells_with(part, [&](const std::string& l) { return l.ends_with(" " + conditions.back()); })));
  ways([&](const char* way, float weight, lc::SampleOptions o) {
    o.count = n;
    o.condition = {{s.label, type}, {s.condition, conditions.back()}};
    lc::Rng own(study.seed, 7), draws(study.seed, 8);
    out.push_back(row_of(way, double(weight), lc::draw(vae, flow.generate(o, own), draws)));
  });
  for (Row& row : out) row.set("held", held);
  rows.write("e:one combination held out", out);
}

}  // namespace components
