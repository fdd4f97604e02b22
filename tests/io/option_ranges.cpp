#include <set>

#include <latentcell/data/simulate_development.hpp>
#include <latentcell/data/simulate_multiomics.hpp>
#include <latentcell/data/simulate_tissue_slice.hpp>
#include <latentcell/generation/generation.hpp>
#include <latentcell/io/h5ad.hpp>
#include <latentcell/io/read_cells.hpp>
#include <latentcell/io/shard_cells.hpp>
#include <latentcell/kernel/factor_analysis.hpp>
#include <latentcell/latent/fine_tune.hpp>
#include <latentcell/latent/flow_likelihood.hpp>
#include <latentcell/latentcell.hpp>
#include <latentcell/metric/class_gaussian.hpp>
#include <latentcell/metric/class_negative_binomial.hpp>
#include <latentcell/metric/density_coverage.hpp>
#include <latentcell/metric/gene_set_scores.hpp>
#include <latentcell/metric/logistic_regression.hpp>
#include <latentcell/metric/sliced_wasserstein.hpp>
#include <latentcell/metric/stacking_weights.hpp>
#include <latentcell/metric/two_sample_auc.hpp>
#include <latentcell/metric/types_covered.hpp>
#include <latentcell/multiomics/multiomics.hpp>
#include <latentcell/perturbation/perturbation.hpp>
#include <latentcell/sample/log_likelihood.hpp>
#include <latentcell/spatial/spatial.hpp>
#include <latentcell/trajectory/trajectory.hpp>

#include "support/catch.hpp"

using namespace latentcell;

namespace {

/// Names of numbers and characters that may take any value.
const std::set<std::string> free_numbers{"seed", "delimiter", "fold_seed", "at", "joint"};

/// A number outside a range.
double outside(const OptionRange& range) {
  if (!std::isinf(range.low)) return range.low_open ? range.low : range.low - 1;
  return std::nan("");
}

/// Puts every number of the options outside its range, one at a time: each must be refused by name and value.
template <class Options>
void check_ranges(const std::string& owner, Options valid = {}) {
  INFO(owner);
  check_options(owner, valid);
  Index count = 0;
  visit_options(valid, [&](std::string_view, const auto&, const OptionRange&) { ++count; });
  CHECK(count > 0);
  for (Index k = 0; k < count; ++k) {
    Options wrong = valid;
    Index at = 0;
    std::string expected;
    visit_options(wrong, [&](std::string_view name, auto& value, const OptionRange& range) {
      if (at++ != k) return;
      using V = std::remove_reference_t<decltype(value)>;
      const auto place = [&](auto& number) {
        using N = std::remove_reference_t<decltype(number)>;
        if (!range.bounded) return;
        if (std::is_unsigned_v<N> && outside(range) < 0) return;
        number = static_cast<N>(outside(range));
        expected = owner + ": " + std::string(name) + " must be ";
      };
      if constexpr (std::is_enum_v<V>) {
        value = static_cast<V>(31);
        expected = owner + ": " + std::string(name) + " must be one of ";
      } else if constexpr (std::is_arithmetic_v<V> && !std::is_same_v<V, bool>) {
        INFO(name);
        CHECK((range.bounded || free_numbers.count(std::string(name.substr(name.rfind('.') + 1))) > 0));
        place(value);
      } else if constexpr (std::is_same_v<V, std::string>) {
        return;  // any text
      } else if constexpr (requires {
                             requires std::is_arithmetic_v<typename V::value_type>;
                             value.push_back({});
                           }) {
        CHECK(range.bounded);
        value.resize(1);
        place(value.front());
      }
    });
    if (expected.empty()) continue;
    CHECK_THROWS_WITH(check_options(owner, wrong), ContainsText(expected));
  }
}

template <class F>
std::string fault(F&& f) {
  try {
    f();
    return "accepted";
  } catch (const std::invalid_argument& e) {
    return e.what();
  }
}

struct Line {
  Param<double> slope{1, 1};
  static void visit(auto& self, auto&& f) { f("slope", self.slope); }
};

/// A source of one row.
struct OneRow {
  struct Batch {
    Index size() const { return 1; }
  };
  Index size() const { return 1; }
  Index batches() const { return 1; }
  void begin_epoch(Rng&) { left = true; }
  bool next(Batch&) { return std::exchange(left, false); }
  bool left = true;
};

std::string fit_fault(const FitOptions& options) {
  return fault([&] {
    Line line;
    OneRow rows;
    TrainState<double> state;
    const auto loss = [&](Tape<double>& tape, const OneRow::Batch&, const StepInfo&) { return tape.watch(line.slope); };
    fit_with(line, TrainingData{rows}, loss, options, state);
  });
}

}  // namespace

TEST_CASE("options: no number of any struct is without a range, and each is refused outside it") {
  check_ranges<CountAutoencoderOptions>("Vae", {.genes = 5});
  check_ranges<AdversaryOptions>("VqGan");
  check_ranges<JointPartOptions>("JointVae part", {.name = "rna", .genes = 5});
  check_ranges<JointVaeOptions>("JointVae", {.parts = {{.name = "rna", .genes = 5}}});
  check_ranges<LikelihoodOptions>("likelihood");
  check_ranges<DitOptions>("Dit");
  check_ranges<ResidualMlpOptions>("ResidualMlp");
  check_ranges<LatentUnetOptions>("LatentUnet");
  check_ranges<ContinuousCovariateOptions>("ContinuousCovariate");
  check_ranges<RectifiedFlow>("RectifiedFlow");
  check_ranges<Ddpm>("Ddpm");
  check_ranges<LatentFlowOptions>("LatentFlow");
  check_ranges<AdamWOptions>("AdamW");
  check_ranges<FitOptions>("fit");
  check_ranges<CheckpointOptions>("checkpoint");
  check_ranges<CellBatchesOptions>("CellBatches");
  check_ranges<JointBatchesOptions>("JointBatches");
  check_ranges<LatentBatchesOptions>("LatentBatches");
  check_ranges<CellFilterOptions>("filter_cells");
  check_ranges<GeneFilterOptions>("filter_genes");
  check_ranges<HighlyVariableOptions>("highly_variable");
  check_ranges<LoessOptions>("loess");
  check_ranges<NormalizeOptions>("normalize");
  check_ranges<SimulateOptions>("simulate");
  check_ranges<MultiomicsOptions>("simulate_multiomics");
  check_ranges<DevelopmentOptions>("simulate_development");
  check_ranges<TissueSliceOptions>("simulate_tissue_slice");
}

TEST_CASE("options: so are those of samplers, transport, metrics, kernels and files") {
  check_ranges<DenoiseOptions>("denoise");
  check_ranges<IntegrateOptions>("integrate");
  check_ranges<DormandPrinceOptions>("dormand_prince");
  check_ranges<GuidanceOptions>("guided");
  check_ranges<LogLikelihoodOptions>("log_likelihood");
  check_ranges<SinkhornOptions>("sinkhorn");
  check_ranges<UnbalancedOptions>("unbalanced_sinkhorn");
  check_ranges<GeodesicOptions>("GeodesicGraph");
  check_ranges<kernel::PcaOptions>("fit_pca");
  check_ranges<kernel::FactorAnalysisOptions>("fit_factor_analysis");
  check_ranges<metric::RandomForestOptions>("RandomForest");
  check_ranges<metric::TwoSampleAucOptions>("two_sample_auc");
  check_ranges<metric::LogisticRegressionOptions>("LogisticRegression");
  check_ranges<metric::ClassGaussianOptions>("ClassGaussian");
  check_ranges<metric::ClassNegativeBinomialOptions>("ClassNegativeBinomial");
  check_ranges<metric::DensityCoverageOptions>("density_coverage");
  check_ranges<metric::SlicedWassersteinOptions>("sliced_wasserstein");
  check_ranges<metric::StackingOptions>("stacking_weights");
  check_ranges<metric::TypesCoveredOptions>("types_covered");
  check_ranges<metric::GeneSetScoresOptions>("GeneSetScores");
  check_ranges<io::H5adWriteOptions>("write_h5ad");
  check_ranges<io::ReadOptions>("read_cells");
  check_ranges<io::ShardCellsOptions>("shard_cells");
}

TEST_CASE("options: so are those of stages, generation and the wings") {
  check_ranges<StepTarget>("epochs_for_steps");
  check_ranges<ProgressOptions>("progress");
  check_ranges<StagesOptions>("Stages");
  check_ranges<SampleOptions>("generate");
  check_ranges<OtFlowOptions>("fit_ot_flow");
  check_ranges<FineTuneOptions>("fine_tune");
  check_ranges<TeacherOptions>("teacher_paths");
  check_ranges<GeneScaleOptions>("group_gene_scales");
  check_ranges<ImportanceOptions>("two_stage_log_likelihood");
  check_ranges<conformal::EnsembleFitOptions>("conformal::fit");
  check_ranges<conformal::IntervalOptions>("predict_intervals");
  check_ranges<generation::SampleCompositionOptions>("sample_composition");
  check_ranges<multiomics::DatasetOptions>("make_dataset");
  check_ranges<multiomics::TrainingOptions>("multiomics::fit");
  check_ranges<multiomics::JointTranslateOptions>("translate");
  check_ranges<multiomics::CrossValidationOptions>("cross_validate");
  check_ranges<perturbation::DatasetOptions>("make_dataset");
  check_ranges<spatial::TrainingOptions>("spatial::fit");
  check_ranges<spatial::ImputeOptions>("impute");
  check_ranges<spatial::VariogramOptions>("fit_variogram");
  check_ranges<spatial::LocationBaselineOptions>("location_baselines");
  check_ranges<spatial::SpotSamplingOptions>("spot_cell_moments");
  check_ranges<trajectory::FateOptions>("fate_probabilities");
  check_ranges<trajectory::TrainingOptions>("trajectory::fit");
  check_ranges<trajectory::TimeSplitOptions>("split_times", {.holdout = trajectory::TimeRange{0, 1}});
  check_ranges<trajectory::InterpolateOptions>("interpolate_at");
}

TEST_CASE("options: a model refuses nonsense where it is built") {
  Rng rng(1);
  using Model = Vae<float, Poisson<float>>;
  const auto vae = [&](CountAutoencoderOptions o) {
    o.genes = 5;
    return fault([&] { Model(o, rng); });
  };
  CHECK(vae({.kl_weight = -1}) == "Vae: kl_weight must be at least 0, got -1");
  CHECK(vae({.latent = -4}) == "Vae: latent must be at least 1, got -4");
  CHECK(vae({.hidden = {0}}) == "Vae: hidden must be at least 1, got 0 (element 0)");
  CHECK(vae({.dropout = 7}) == "Vae: dropout must be in [0, 1), got 7");
  CHECK(vae({.shrink = 0.5f}) == "Vae: has no shrink; leave it at its default");
  CHECK(fault([&] { ResidualMlp<float>({.width = 0}, rng); }) == "ResidualMlp: width must be at least 1, got 0");
  CHECK(fault([&] { ResidualMlp<float>({.depth = -1}, rng); }) == "ResidualMlp: depth must be at least 0, got -1");
  CHECK(fault([&] { Dit<float>({.dropout = 7}, rng); }) == "Dit: dropout must be in [0, 1), got 7");
  CHECK(fault([&] { Dit<float>({.latent = -4}, rng); }) == "Dit: latent must be at least 1, got -4");
  CHECK(fault([&] {
          LatentUnet<float>({.widths = {8, -1}}, rng);
        }) == "LatentUnet: widths must be at least 1, got -1 (element 1)");
}

TEST_CASE("options: fit refuses nonsense before the first step") {
  CHECK(fit_fault({.learning_rate = -1}) == "fit: learning_rate must be above 0, got -1");
  CHECK(fit_fault({.beta2 = 1.5f}) == "fit: beta2 must be in [0, 1), got 1.5");
  CHECK(fit_fault({.warmup = 5}) == "fit: warmup must be in [0, 1], got 5");
  CHECK(fit_fault({.clip = -1}) == "fit: clip must be at least 0, got -1");
  CHECK(fit_fault({.ema = 2}) == "fit: ema must be in [0, 1), got 2");
  CHECK(fit_fault({.patience = -2}) == "fit: patience must be at least 0, got -2");
  CHECK(fit_fault({.batch = 0}) == "fit: batch must be at least 1, got 0");
  CHECK(fit_fault({.epochs = 0}) == "accepted");
}
