#include <latentcell/core/rng.hpp>
#include <latentcell/kernel/count_likelihood.hpp>

#include <benchmark/benchmark.h>

#include <cmath>
#include <vector>

// Elements per second, value and gradients together, on one core: rows of 2048 genes as the count decoder handles them.

namespace {

using namespace latentcell;
using namespace latentcell::kernel;

struct Row {
  static constexpr Index genes = 2048;
  std::vector<float> log_theta, theta, inv_theta, log_mu, mu, logit_pi;
  std::vector<float> log_prob, d_log_mu, d_log_theta, d_logit_pi;
  std::vector<float> x;
  std::vector<std::int32_t> columns;

  explicit Row(double share_of_nonzeros) {
    Rng rng(1);
    for (auto* v :
         {&log_theta, &theta, &inv_theta, &log_mu, &mu, &logit_pi, &log_prob, &d_log_mu, &d_log_theta, &d_logit_pi}) {
      v->resize(std::size_t(genes));
    }
    for (std::size_t i = 0; i < std::size_t(genes); ++i) {
      log_theta[i] = float(rng.uniform() * 6 - 2);
      log_mu[i] = float(rng.uniform() * 8 - 5);
      mu[i] = std::exp(log_mu[i]);
      logit_pi[i] = float(rng.uniform() * 6 - 4);
      if (rng.uniform() < share_of_nonzeros) {
        x.push_back(1.0f + std::floor(float(rng.uniform()) * 9.0f));
        columns.push_back(std::int32_t(i));
      }
    }
    dispersions();
  }
  void dispersions() { nb_dispersions(genes, log_theta.data(), theta.data(), inv_theta.data()); }
  NbDispersions<float> at() const { return {theta.data(), inv_theta.data()}; }
  NbTerms<float> out() { return {log_prob.data(), d_log_mu.data(), d_log_theta.data()}; }
};

void negative_binomial_zeros(benchmark::State& state) {
  Row row(0);
  for (auto _ : state) {
    nb_zero(Row::genes, row.mu.data(), row.at(), row.out());
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * Row::genes);
}
BENCHMARK(negative_binomial_zeros);

void negative_binomial_zeros_from_logs(benchmark::State& state) {
  Row row(0);
  for (auto _ : state) {
    const float* from = row.log_mu.data();
    float* to = row.mu.data();
#pragma omp simd
    for (Index i = 0; i < Row::genes; ++i) to[i] = fast::exp(from[i]);
    nb_zero(Row::genes, row.mu.data(), row.at(), row.out());
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * Row::genes);
}
BENCHMARK(negative_binomial_zeros_from_logs);

void negative_binomial_dispersions(benchmark::State& state) {
  Row row(0);
  for (auto _ : state) {
    row.dispersions();
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * Row::genes);
}
BENCHMARK(negative_binomial_dispersions);

void negative_binomial_nonzeros(benchmark::State& state) {
  Row row(0.1);
  for (auto _ : state) {
    nb_nonzero(Index(row.x.size()), row.x.data(), row.columns.data(), 0, row.mu.data(), row.at(), row.out());
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * Index(row.x.size()));
}
BENCHMARK(negative_binomial_nonzeros);

void negative_binomial_row(benchmark::State& state) {  // a whole row, one gene in ten not zero
  Row row(0.1);
  for (auto _ : state) {
    nb_zero(Row::genes, row.mu.data(), row.at(), row.out());
    nb_nonzero(Index(row.x.size()), row.x.data(), row.columns.data(), 0, row.mu.data(), row.at(), row.out());
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * Row::genes);
}
BENCHMARK(negative_binomial_row);

void negative_binomial_row_in_double(benchmark::State& state) {  // the standard library, element by element
  Row row(0.1);
  for (auto _ : state) {
    for (std::size_t i = 0; i < std::size_t(Row::genes); ++i) {
      const double mu = double(row.mu[i]), theta = double(row.theta[i]);
      const double x = i % 10 == 0 ? 3.0 : 0.0;
      row.log_prob[i] = float(fast::lgamma(x + theta) - fast::lgamma(theta) - fast::lgamma(x + 1.0) +
                              theta * std::log(theta / (theta + mu)) + x * std::log(mu / (theta + mu)));
      row.d_log_mu[i] = float(theta * (x - mu) / (theta + mu));
      row.d_log_theta[i] = float(theta * (fast::digamma(x + theta) - fast::digamma(theta) +
                                          std::log(theta / (theta + mu)) + (mu - x) / (theta + mu)));
    }
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * Row::genes);
}
BENCHMARK(negative_binomial_row_in_double);

void zero_inflated_zeros(benchmark::State& state) {
  Row row(0);
  for (auto _ : state) {
    zinb_zero(Row::genes, row.mu.data(), row.at(), row.logit_pi.data(), row.out(), row.d_logit_pi.data());
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * Row::genes);
}
BENCHMARK(zero_inflated_zeros);

void zero_inflated_nonzeros(benchmark::State& state) {
  Row row(0.1);
  for (auto _ : state) {
    zinb_nonzero(Index(row.x.size()), row.x.data(), row.columns.data(), 0, row.mu.data(), row.at(), row.logit_pi.data(),
                 row.out(), row.d_logit_pi.data());
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * Index(row.x.size()));
}
BENCHMARK(zero_inflated_nonzeros);

void poisson_nonzeros(benchmark::State& state) {
  Row row(0.1);
  for (auto _ : state) {
    poisson_nonzero(Index(row.x.size()), row.x.data(), row.columns.data(), 0, row.mu.data(), row.log_prob.data(),
                    row.d_log_mu.data());
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * Index(row.x.size()));
}
BENCHMARK(poisson_nonzeros);

}  // namespace
