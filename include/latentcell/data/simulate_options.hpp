#pragma once

#include <latentcell/core/options.hpp>
#include <latentcell/core/types.hpp>

namespace LATENTCELL_NAMESPACE {

/// What a simulated tissue looks like. "Spread" is a standard deviation on the scale of natural logarithms.
struct SimulateOptions {
  Index cells = 2000;
  Index genes = 1000;
  Index types = 6;                   ///< cell types; two and two share a lineage, and with it half of their markers
  Index batch_covariate_levels = 1;  ///< of obs "batch"; each multiplies the genes' means by effects of its own
  Index factors = 3;             ///< directions of variation within a type; 0: cells of a type differ by noise alone
  double library = 250;          ///< counts of a typical cell; larger: fewer zeros
  double library_spread = 0.35;  ///< larger: more unequal cells of one type
  double type_library_spread = 0.2;     ///< larger: more unequal typical sizes of types
  double type_skew = 1;                 ///< type k of 1, 2, ... has a share of k^-type_skew; 0: equal shares
  double gene_spread = 1.9;             ///< spread of mean expression over genes; larger: more decades
  double marker_share = 0.05;           ///< share of the genes that a type, and that a lineage, switches
  double marker_strength = 1.4;         ///< mean log fold change of a marker; larger: types farther apart
  double factor_strength = 0.4;         ///< larger: more variation within a type
  double batch_effect_strength = 0.25;  ///< spread of each gene's log fold change between levels
  double dispersion = 0.25;             ///< 1 / theta of a gene with a mean of one; larger: noisier counts
  double dropout = 0;                   ///< chance that a count is lost, in [0, 1): zero inflation
  Index perturbations = 0;    ///< genes that can be perturbed; cells are then controls or perturbed, in equal parts
  bool combinations = false;  ///< as many cells again with two genes perturbed at once, in obs "A+B"
  bool doses = false;         ///< a dose of 0.25, 0.5 or 1 multiplies the effect: obs "dose"
  Index perturbation_programmes = 3;   ///< what all perturbations are mixtures of: a gene's mixture is its embedding
  double perturbation_strength = 1.5;  ///< larger: larger changes
  double response_spread = 0.3;        ///< how differently types respond to one perturbation, in strength
  double shared_response = 1;  ///< share of a response's variance over genes that all types have in common, in [0, 1];
                               ///< the rest is in genes of the type's own. 1: types differ in strength alone

  static void visit(auto& self, auto&& f) {
    f("cells", self.cells, at_least(1));
    f("genes", self.genes, at_least(1));
    f("types", self.types, at_least(1));
    f("batch_covariate_levels", self.batch_covariate_levels, at_least(1));
    f("factors", self.factors, at_least(0));
    f("library", self.library, above(0));
    f("library_spread", self.library_spread, at_least(0));
    f("type_library_spread", self.type_library_spread, at_least(0));
    f("type_skew", self.type_skew, at_least(0));
    f("gene_spread", self.gene_spread, at_least(0));
    f("marker_share", self.marker_share, in(0, 1));
    f("marker_strength", self.marker_strength, finite());
    f("factor_strength", self.factor_strength, at_least(0));
    f("batch_effect_strength", self.batch_effect_strength, at_least(0));
    f("dispersion", self.dispersion, above(0));
    f("dropout", self.dropout, in_half_open(0, 1));
    f("perturbations", self.perturbations, at_least(0));
    f("combinations", self.combinations);
    f("doses", self.doses);
    f("perturbation_programmes", self.perturbation_programmes, at_least(1));
    f("perturbation_strength", self.perturbation_strength, finite());
    f("response_spread", self.response_spread, at_least(0));
    f("shared_response", self.shared_response, in(0, 1));
  }
};

}  // namespace latentcell
