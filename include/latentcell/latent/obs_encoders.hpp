#pragma once

#include <charconv>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <latentcell/condition/covariates.hpp>
#include <latentcell/data/annotation.hpp>

namespace latentcell {

// Where an attribute's numbers stand in obs, one kind of column each. A reader has
//   name()                     what the attribute is called
//   columns()                  numbers of a cell
//   read(obs, to)              numbers of all cells, to (N, columns())
//   parse(words, to)           numbers of one cell, as a user writes them; throws where they mean nothing
//   write(cells, obs)          the way back

/// A column of labels: the number is the code of the level. Levels that were not trained on, missing labels and a
/// missing column are unknown.
struct LabelColumn {
  std::string column;
  std::vector<std::string> levels;

  static void visit(auto& self, auto&& f) {
    f("column", self.column);
    f("levels", self.levels);
  }

  const std::string& name() const { return column; }
  Index columns() const { return 1; }
  void read(const Annotation& obs, View<float> to) const {
    const std::vector<int> codes = obs.codes(column, levels);
    for (Index i = 0; i < to.rows(); ++i) to(i, 0) = codes[to_size(i)] < 0 ? unknown : float(codes[to_size(i)]);
  }
  /// Throws for a level that was not trained on: fine among cells to learn from, a mistake among cells to make.
  void require_known(const Annotation& obs) const {
    if (!obs.has(column)) return;
    const Categorical labels = obs.labels(column), trained{levels, {}};
    for (std::size_t l = 0; l < labels.levels.size(); ++l) {
      if (labels.count(int(l)) > 0) (void)trained.code(labels.levels[l]);
    }
  }
  void parse(std::string_view word, View<float> to) const { to(0, 0) = float(Categorical{levels, {}}.code(word)); }
  void write(ConstView<float> cells, Annotation& obs) const {
    Categorical out{levels, {}};
    for (Index i = 0; i < cells.rows(); ++i) {
      out.codes.push_back(std::isnan(cells(i, 0)) ? Categorical::missing : int(cells(i, 0)));
    }
    obs.set(column, std::move(out));
  }
};

/// Columns of numbers: a time, a dose, two coordinates. A missing column is unknown.
struct NumberColumns {
  std::vector<std::string> names;

  static void visit(auto& self, auto&& f) { f("names", self.names); }

  const std::string& name() const { return names.front(); }
  Index columns() const { return Index(names.size()); }
  void read(const Annotation& obs, View<float> to) const {
    for (Index k = 0; k < columns(); ++k) {
      const std::string& column = names[to_size(k)];
      if (!obs.has(column)) {
        to.col(k).setConstant(unknown);
        continue;
      }
      const auto* numbers = std::get_if<std::vector<double>>(&obs.get(column));
      if (numbers == nullptr) throw_invalid("column '", column, "' holds labels, not numbers");
      for (Index i = 0; i < to.rows(); ++i) to(i, k) = float((*numbers)[to_size(i)]);
    }
  }
  /// As many numbers as there are columns, with commas between them.
  void parse(std::string_view words, View<float> to) const {
    std::string_view rest = words;
    for (Index k = 0; k < columns(); ++k) {
      const std::string_view word = rest.substr(0, rest.find(','));
      double value = 0;
      const auto end = std::from_chars(word.data(), word.data() + word.size(), value);
      LATENTCELL_REQUIRE(end.ec == std::errc() && end.ptr == word.data() + word.size(), "'", words, "' is not ",
                         columns(), columns() == 1 ? " number" : " numbers with commas between them", " for '", name(),
                         "'");
      to(0, k) = float(value);
      rest.remove_prefix(std::min(rest.size(), word.size() + 1));
    }
    LATENTCELL_REQUIRE(rest.empty(), "'", words, "' holds more than ", columns(), " numbers for '", name(), "'");
  }
  void write(ConstView<float> cells, Annotation& obs) const {
    for (Index k = 0; k < columns(); ++k) {
      std::vector<double> out;
      for (Index i = 0; i < cells.rows(); ++i) out.push_back(double(cells(i, k)));
      obs.set(names[to_size(k)], std::move(out));
    }
  }
};

/// The names that a label joins, in their order: "A+B" has "A" and "B".
inline std::vector<std::string> joined_names(std::string_view label, char joint = '+') {
  std::vector<std::string> out;
  for (std::size_t at = 0; at <= label.size();) {
    const std::size_t end = std::min(label.find(joint, at), label.size());
    out.emplace_back(label.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

/// A column of perturbed genes, their names joined: "control", "STAT1", "STAT1+IRF1".
struct GeneColumn {
  std::string column;
  std::vector<std::string> genes;   ///< that can be perturbed
  std::string control = "control";  ///< what stands where no gene is perturbed
  char joint = '+';                 ///< between the genes of a combination

  static void visit(auto& self, auto&& f) {
    f("column", self.column);
    f("genes", self.genes);
    f("control", self.control);
    f("joint", self.joint);
  }

  const std::string& name() const { return column; }
  Index columns() const { return Index(genes.size()); }
  void read(const Annotation& obs, View<float> to) const {
    if (!obs.has(column)) {
      to.setConstant(unknown);
      return;
    }
    const Categorical labels = obs.labels(column);
    Matrix<float> of_level(Index(labels.levels.size()) + 1, columns());
    for (Index l = 0; l < Index(labels.levels.size()); ++l) fill(labels.levels[to_size(l)], of_level.row(l).data());
    of_level.bottomRows(1).setConstant(unknown);
    for (Index i = 0; i < to.rows(); ++i) {
      const int code = labels.codes[to_size(i)];
      to.row(i) = of_level.row(code < 0 ? of_level.rows() - 1 : Index(code));
    }
  }
  void parse(std::string_view words, View<float> to) const { fill(words, to.data()); }
  void write(ConstView<float> cells, Annotation& obs) const {
    std::vector<std::string> out;
    for (Index i = 0; i < cells.rows(); ++i) {
      std::string label;
      for (Index g = 0; g < columns(); ++g) {
        if (cells(i, g) > 0) label += (label.empty() ? "" : std::string(1, joint)) + genes[to_size(g)];
      }
      const bool known = !is_unknown(cells.data() + i * columns(), columns());
      out.push_back(!known ? "" : label.empty() ? control : label);
    }
    obs.set(column, to_categorical(out));
  }

 private:
  void fill(std::string_view label, float* to) const {
    std::fill_n(to, columns(), 0.0f);
    if (label == control) return;
    for (const std::string& gene : joined_names(label, joint)) {
      const auto at = std::find(genes.begin(), genes.end(), gene);
      LATENTCELL_REQUIRE(at != genes.end(), "perturbation '", label, "' of column '", column, "' names '", gene,
                         "', which is neither '", control, "' nor one of the ", genes.size(), " genes");
      to[at - genes.begin()] += 1;
    }
  }
};

/// An encoder with the obs columns that it reads.
template <class Reader, class Encoder>
struct FromObs {
  Reader reader;
  Encoder conditioner;

  FromObs(Reader r, Encoder e) : reader(std::move(r)), conditioner(std::move(e)) {
    LATENTCELL_REQUIRE(reader.columns() == conditioner.columns(), "from_obs: '", reader.name(), "' gives ",
                       reader.columns(), " numbers a cell but its encoder reads ", conditioner.columns());
  }

  static constexpr Index attributes = 1;
  Index columns() const { return reader.columns(); }
  Index width() const { return conditioner.width(); }
  /// Calls f(reader, first column) for each attribute.
  void each(auto&& f) const { f(reader, Index(0)); }
  /// cells (B, columns()) -> (B, width())
  Var<float> operator()(Tape<float>& tape, ConstView<float> cells) const { return conditioner(tape, cells); }

  static void visit(auto& self, auto&& f) {
    f("reader", self.reader);
    f("conditioner", self.conditioner);
  }
};

/// Labels.
template <class E>
FromObs<LabelColumn, E> from_obs(std::string column, std::vector<std::string> levels, E encoder) {
  LATENTCELL_REQUIRE(Index(levels.size()) == encoder.levels(), "from_obs: column '", column, "' has ", levels.size(),
                     " levels but its conditioner ", encoder.levels());
  return {{std::move(column), std::move(levels)}, std::move(encoder)};
}

/// Numbers, one column each.
template <class E>
FromObs<NumberColumns, E> from_obs(NumberColumns columns, E encoder) {
  LATENTCELL_REQUIRE(!columns.names.empty(), "from_obs: no column is named");
  return {std::move(columns), std::move(encoder)};
}

/// Perturbed genes.
template <class E>
FromObs<GeneColumn, E> from_obs(GeneColumn column, E encoder) {
  return {std::move(column), std::move(encoder)};
}

}  // namespace latentcell
