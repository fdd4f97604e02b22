#include <latentcell/autoencoder/joint_vae.hpp>

#include <cmath>

#include <latentcell/core/threads.hpp>
#include <latentcell/data/simulate_multiomics.hpp>
#include <latentcell/train/fit_joint.hpp>

#include "support/catch.hpp"
#include "support/param_gradcheck.hpp"

using namespace latentcell;

namespace {

std::vector<Modality> made(Index cells) {
  Rng rng(4);
  const CellTable t = simulate_multiomics({.cells = cells, .genes = 30, .proteins = 4, .peaks = 20, .types = 3}, rng);
  return {{"rna", t.counts, std::vector<char>(to_size(cells), 1), t.gene_names},
          dense_modality("protein", t.embeddings.at("protein_expression")),
          dense_modality("peaks", t.embeddings.at("accessibility"))};
}

JointVaeOptions small(Observation protein = Observation::counts) {
  const auto part = [](const char* name, Index features, Observation o) {
    return JointPartOptions{.name = name, .genes = features, .observation = o, .hidden = {8}, .dropout = 0.0f};
  };
  return {.parts = {part("rna", 30, Observation::counts), part("protein", 4, protein),
                    part("peaks", 20, Observation::detection)},
          .latent = 3};
}

// All cells as one minibatch.
template <class F>
void with_batch(const std::vector<Modality>& cells, F&& f) {
  JointBatches source(cells, {.batch = cells.front().cells()});
  JointBatch batch;
  REQUIRE(source.next(batch));
  f(batch);
}

}  // namespace

TEST_CASE("JointVae: the posterior is the product of the experts shown and of the prior") {
  const std::vector<Modality> cells = made(4);
  Rng rng(2);
  const JointVae<double> model(small(), rng);
  with_batch(cells, [&](const JointBatch& batch) {
    Tape<double> tape(Mode::no_gradient);
    std::vector<Matrix<double>> mean, variance;
    for (std::size_t m = 0; m < 3; ++m) {
      const Posterior<double> q =
          JointPart<double>::with(model.parts[m], [&](const auto& e) { return e.encode(tape, batch.parts[m]); });
      mean.push_back(q.mean.value());
      variance.push_back(q.log_variance.value().array().exp());
    }
    // Cell 0 shows everything, 1 the RNA, 2 protein and peaks, 3 nothing.
    const std::vector<double> shown{1, 1, 0, 0, 1, 0, 1, 0, 1, 0, 1, 0};
    const Posterior<double> q = model.encode(tape, batch, shown);
    for (Index b = 0; b < 4; ++b) {
      for (Index j = 0; j < 3; ++j) {
        // Moments of the product of densities, summed on a grid.
        double mass = 0, first = 0, second = 0;
        for (double z = -12; z <= 12; z += 1e-3) {
          double log_p = -0.5 * z * z;
          for (std::size_t m = 0; m < 3; ++m) {
            const double gap = z - mean[m](b, j);
            log_p -= shown[m * 4 + to_size(b)] * 0.5 * gap * gap / variance[m](b, j);
          }
          const double p = std::exp(log_p);
          mass += p;
          first += p * z;
          second += p * z * z;
        }
        first /= mass;
        second /= mass;
        CHECK(q.mean.value()(b, j) == Approx(first).margin(1e-9));
        CHECK(std::exp(q.log_variance.value()(b, j)) == Approx(second - first * first).epsilon(1e-6));
      }
    }
  });
}

TEST_CASE("JointVae: what is not measured does not reach the posterior, nor what is asked of the others") {
  std::vector<Modality> cells = made(6);
  cells[1].measured[2] = 0;
  cells[0].measured[4] = 0;
  Rng rng(2);
  const JointVae<float> model(small(), rng);
  const auto look = [&](Mode mode) {
    std::pair<Matrix<float>, float> out;
    with_batch(cells, [&](const JointBatch& batch) {
      Tape<float> tape(mode, Rng(3));
      out = {model.encode(tape, batch).mean.value(), model.loss(tape, batch, 1.0).item()};
    });
    return out;
  };
  const auto before = look(Mode::train), judged = look(Mode::evaluate);
  const auto change = [&](Modality& m, Index cell) {
    Counts other(m.counts.cols());
    for (Index i = 0; i < m.cells(); ++i) {
      if (i == cell) {
        other.push(0, 40.0f);
        other.end_row();
      } else {
        other.push_row(m.counts.view(), i);
      }
    }
    m.counts = other;
  };
  change(cells[1], 2);
  change(cells[0], 4);
  const auto after = look(Mode::train);
  CHECK(after.first == before.first);
  CHECK(after.second == before.second);
  change(cells[1], 3);  // measured
  const auto moved = look(Mode::evaluate);
  CHECK((moved.first - judged.first).row(3).cwiseAbs().maxCoeff() > 1e-4f);
  CHECK(moved.second != judged.second);
}

TEST_CASE("JointVae: everything is shown when judging, some hidden in training and never all") {
  const std::vector<Modality> cells = made(40);
  Rng rng(2);
  JointVaeOptions o = small();
  o.kl_warmup = 0;
  o.hide = 0.9f;
  JointVae<double> model(o, rng);
  with_batch(cells, [&](const JointBatch& batch) {
    Tape<double> tape(Mode::evaluate);
    const std::vector<double> all(3 * 40, 1.0);
    const Matrix<double> z = model.encode(tape, batch).mean.value();
    CHECK(z == model.encode(tape, batch, all).mean.value());
    // The KL of a cell of which nothing is shown is 0; a modality that says nothing has no KL either. So with experts
    // that all are sure, the KL tells how much was shown.
    for (JointPart<double>& part : model.parts) {
      JointPart<double>::with(part, [](auto& e) {
        e.to_log_variance.weight.value.setZero();
        e.to_log_variance.bias.value.setConstant(-6);
        e.to_mean.weight.value.setZero();
      });
    }
    const auto kl = [&](Mode mode, double weight) {
      model.options.kl_weight = float(weight);
      Tape<double> own(mode, Rng(5));
      return model.loss(own, batch, 1.0).item();
    };
    const double trained = kl(Mode::train, 1) - kl(Mode::train, 0),
                 full = kl(Mode::evaluate, 1) - kl(Mode::evaluate, 0);
    const auto of = [](double experts) {  // three dimensions, precision 1 + experts e^6
      const double precision = 1 + experts * std::exp(6.0);
      return 3 * 0.5 * (1 / precision - 1 + std::log(precision));
    };
    CHECK(full == Approx(of(3)));
    CHECK(trained < 0.98 * of(3));
    CHECK(trained > 0.999 * of(1));
  });
}

TEST_CASE("JointVae: gradients of the whole loss agree with central differences") {
  const int before = threads();
  set_threads(1);
  std::vector<Modality> cells = made(6);
  cells[1].measured[2] = 0;
  cells[0].measured[4] = 0;
  for (const Observation protein : {Observation::counts, Observation::protein_mixture}) {
    Rng rng(2);
    JointVaeOptions o = small(protein);
    o.parts[1].weight = 3;
    o.kl_weight = 0.7f;
    JointVae<double> model(o, rng);
    model.initialize_from_data({cells[0].counts, cells[1].counts, cells[2].counts});
    each_param(model, [&](Param<double>& p) {
      for (Index i = 0; i < p.value.size(); ++i) p.value.data()[i] += 0.1 * rng.normal();
    });
    with_batch(cells, [&](const JointBatch& batch) {
      Tape<double> tape;
      const auto loss = [&] {
        tape.reset(Mode::train, Rng(6));
        return model.loss(tape, batch, 1.0);
      };
      support::check_param_gradients(tape, model, loss, 5e-6);
    });
  }
  set_threads(before);
}

TEST_CASE("JointBatches: modalities keep in step; shares of molecules are split") {
  const std::vector<Modality> cells = made(20);
  JointBatches source(cells, {.batch = 8, .count_thinning = {0.5f, 1.0f, 1.0f}});
  Rng rng(1);
  source.begin_epoch(rng);
  Index seen = 0;
  for (JointBatch batch; source.next(batch); seen += batch.size()) {
    for (std::size_t m = 1; m < 3; ++m)
      CHECK(std::equal(batch.parts[0].cell.begin(), batch.parts[0].cell.end(), batch.parts[m].cell.begin()));
    CHECK(batch.parts[0].input.rows == batch.size());
    CHECK(batch.parts[1].input.rows == 0);
  }
  CHECK(seen == 20);
}

TEST_CASE("fit: a joint autoencoder learns from cells that lack some; any modality alone finds the types") {
  const int before = threads();
  set_threads(1);
  Rng rng(4);
  const Index n = 300;
  const CellTable t = simulate_multiomics(
      {.cells = n, .genes = 60, .proteins = 8, .peaks = 60, .types = 3, .factors = 1, .strength = 1.5}, rng);
  std::vector<Modality> cells{{"rna", t.counts, std::vector<char>(to_size(n), 1), t.gene_names},
                              dense_modality("protein", t.embeddings.at("protein_expression")),
                              dense_modality("peaks", t.embeddings.at("accessibility"))};
  for (Index i = 0; i < n; ++i) {
    if (i % 3 == 1) cells[1].measured[to_size(i)] = 0;
    if (i % 3 == 2) cells[2].measured[to_size(i)] = 0;
  }
  JointVaeOptions o = small();
  o.parts[0].genes = o.parts[2].genes = 60;
  o.parts[1].genes = 8;
  for (JointPartOptions& p : o.parts) p.hidden = {32};
  o.parts[1].weight = 5;
  JointVae<float> model(o, rng);
  const History history = fit(model, cells, {.epochs = 40, .batch = 32, .learning_rate = 3e-3f, .seed = 1});
  CHECK(history.epochs.back().loss < 0.97 * history.epochs.front().loss);

  const std::vector<int> type = t.cell_columns.labels("cell_type").codes;
  // Share of cells whose type the mean of the types' mean latents names, of the cells that have modality m.
  const auto named = [&](std::size_t shown) {
    std::vector<Modality> part = cells;
    for (std::size_t m = 0; m < 3; ++m) {
      if (m != shown) part[m] = hide(part[m]);
    }
    double right = 0, all = 0;
    with_batch(part, [&](const JointBatch& batch) {
      Tape<float> tape(Mode::no_gradient);
      const Matrix<float> z = model.encode(tape, batch).mean.value();
      Matrix<float> centre = Matrix<float>::Zero(3, z.cols());
      std::vector<float> count(3, 0.0f);
      for (Index i = 0; i < n; ++i) {
        if (!cells[shown].measured[to_size(i)]) continue;
        centre.row(type[to_size(i)]) += z.row(i);
        count[to_size(type[to_size(i)])] += 1;
      }
      for (Index k = 0; k < 3; ++k) centre.row(k) /= count[to_size(k)];
      for (Index i = 0; i < n; ++i) {
        if (!cells[shown].measured[to_size(i)]) continue;
        Index best = 0;
        (centre.rowwise() - z.row(i)).rowwise().squaredNorm().minCoeff(&best);
        right += best == type[to_size(i)];
        all += 1;
      }
    });
    return right / all;
  };
  for (std::size_t m = 0; m < 3; ++m) {
    INFO("modality " << m);
    CHECK(named(m) > 0.8);
  }
  set_threads(before);
}

TEST_CASE("JointVae: settings and cells that do not fit are named") {
  Rng rng(1);
  CHECK_THROWS_WITH(JointVae<float>({}, rng), ContainsText("JointVae: needs at least one modality"));
  JointVaeOptions o = small();
  o.hide = 1;
  CHECK_THROWS_WITH(JointVae<float>(o, rng), ContainsText("JointVae: hide must be in [0, 1), got 1"));
  o = small();
  o.parts[1].weight = 0;
  CHECK_THROWS_WITH(JointVae<float>(o, rng), ContainsText("weight must be above 0, got 0"));
  JointVae<float> model(small(), rng);
  std::vector<Modality> cells = made(6);
  CHECK_THROWS_WITH(model.initialize_from_data({cells[0].counts}), ContainsText("1 modalities but the model has 3"));
  cells[1] = hide(cells[1]);
  CHECK_THROWS_WITH(fit(model, cells, {.epochs = 1, .batch = 4}), ContainsText("only 0 cells have 'protein'"));
  for (Modality& m : cells) m = hide(m);
  CHECK_THROWS_WITH(fit(model, cells, {.epochs = 1, .batch = 4}), ContainsText("no cell has any of the modalities"));
  cells = made(6);
  std::swap(cells[0], cells[2]);
  with_batch(cells, [&](const JointBatch& batch) {
    Tape<float> tape(Mode::no_gradient);
    CHECK_THROWS_WITH(model.encode(tape, batch), ContainsText("'rna' has 20 features but the model takes 30"));
  });
  cells[1] = made(5)[1];
  CHECK_THROWS_WITH(JointBatches(cells), ContainsText("'protein' has 5 cells and 5 marks but 'peaks' 6 cells"));
}
