#pragma once

// The per-element kernels of the observation models: value and gradients of the log-probability, usable without a tape.
#include <latentcell/kernel/bernoulli.hpp>
#include <latentcell/kernel/gaussian.hpp>
#include <latentcell/kernel/negative_binomial.hpp>
#include <latentcell/kernel/poisson.hpp>
#include <latentcell/kernel/zero_inflated.hpp>
