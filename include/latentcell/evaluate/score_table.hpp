#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <latentcell/core/error.hpp>
#include <latentcell/core/types.hpp>

namespace LATENTCELL_NAMESPACE::evaluate {

/// What a row of a score table stands for.
enum class Role {
  model,     ///< is evaluated
  baseline,  ///< what a model has to beat
  ceiling,   ///< held-out real cells against each other, or the like: the best that can be had; does not compete
};

/// Which values of a metric are good.
enum class Better {
  higher,
  lower,
  neither,  ///< the nearest to Metric::target; without a target the metric ranks nothing
};

/// One column of a score table.
struct Metric {
  std::string name;
  std::string unit = "";
  Better better = Better::higher;
  double target = std::numeric_limits<double>::quiet_NaN();  ///< of Better::neither, for example coverage 0.5
};

namespace detail {

/// The shortest decimal number that reads back as the same double; always with a point or an exponent.
inline std::string exact_number(double value) {
  char digits[64];
  const auto end = std::to_chars(digits, digits + sizeof digits, value);
  const std::string out(digits, end.ptr);
  return out.find_first_not_of("-0123456789") == std::string::npos ? out + ".0" : out;
}

inline std::string json_text(std::string_view words) {
  std::string out = "\"";
  for (const char c : words) {
    char code[8];
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) < 0x20) {
      std::snprintf(code, sizeof code, "\\u%04x", unsigned(static_cast<unsigned char>(c)));
      out += code;
    } else {
      out += c;
    }
  }
  return out + '"';
}

inline std::string csv_text(const std::string& words) {
  if (words.find_first_of(",\"\r\n") == std::string::npos) return words;
  std::string out = "\"";
  for (const char c : words) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + '"';
}

/// Columns that words take on a screen: bytes that continue a UTF-8 character take none.
inline std::size_t shown_width(const std::string& words) {
  return std::size_t(std::count_if(words.begin(), words.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}
inline std::string blanks_beside(const std::string& words, std::size_t width) {
  const std::size_t shown = shown_width(words);
  return std::string(width > shown ? width - shown : 0, ' ');
}

inline const char* name_of(Role role) {
  return role == Role::model ? "model" : role == Role::baseline ? "baseline" : "ceiling";
}
inline const char* name_of(Better better) {
  return better == Better::higher ? "higher" : better == Better::lower ? "lower" : "neither";
}

}  // namespace detail

/// Scores of a model, its baselines and its ceiling: one row per method, one column per metric. Prints itself and
/// writes itself as JSON and CSV.
class ScoreTable {
 public:
  struct Row {
    std::string method;
    Role role = Role::model;
    std::vector<double> values;  ///< one per metric; NaN: not measured
    std::vector<double> error;   ///< one per metric of values that samples were taken for, else empty; NaN: unknown
  };

  ScoreTable() = default;
  explicit ScoreTable(std::vector<Metric> metrics) : metrics_(std::move(metrics)) {}

  /// Appends a method. Two methods with errors differ where their values are more than two errors apart, the errors
  /// added in quadrature; what does not differ is not better.
  /// values: one per metric, NaN where not measured; error: one per metric or none
  void add(std::string method, Role role, std::vector<double> values, std::vector<double> error = {}) {
    LATENTCELL_REQUIRE(values.size() == metrics_.size(), "ScoreTable: '", method, "' has ", values.size(),
                       " values but there are ", metrics_.size(), " metrics");
    LATENTCELL_REQUIRE(error.empty() || error.size() == metrics_.size(), "ScoreTable: '", method, "' has ",
                       error.size(), " errors but there are ", metrics_.size(), " metrics");
    rows_.push_back({std::move(method), role, std::move(values), std::move(error)});
  }

  const std::vector<Metric>& metrics() const { return metrics_; }
  const std::vector<Row>& rows() const { return rows_; }

  /// Returns one score.
  /// Throws std::invalid_argument for a method or a metric that is not in the table.
  double value(std::string_view method, std::string_view metric) const {
    for (const Row& row : rows_) {
      if (row.method == method) return row.values[column(metric)];
    }
    throw_invalid("ScoreTable: there is no method '", method, "' among the ", rows_.size());
  }

  /// Returns the row with the best value of a metric, -1 where none can be ranked. Ceilings do not compete; of equal
  /// ones the first.
  Index best(std::string_view metric) const { return best_of(column(metric), {Role::model, Role::baseline}); }

  /// Returns the table for reading: aligned columns, `*` behind the best and what does not differ from it, columns that
  /// do not fit below each other.
  std::string to_text(std::size_t most_width = 110) const {
    std::size_t first = 0;
    for (const Row& row : rows_) first = std::max(first, detail::shown_width(label(row)));
    std::vector<std::vector<std::string>> cells;
    std::vector<std::size_t> width;
    for (std::size_t m = 0; m < metrics_.size(); ++m) {
      cells.push_back(column_text(m));
      std::size_t w = 0;
      for (const std::string& cell : cells.back()) w = std::max(w, detail::shown_width(cell));
      width.push_back(w + 2);
    }
    std::string out;
    for (std::size_t begin = 0, end = 0; begin < metrics_.size(); begin = end) {
      std::size_t used = first + width[begin];
      for (end = begin + 1; end < metrics_.size() && used + width[end] <= most_width; ++end) used += width[end];
      for (std::size_t r = 0; r <= rows_.size(); ++r) {
        std::string line = r == 0 ? "" : label(rows_[r - 1]);
        line += detail::blanks_beside(line, first);
        for (std::size_t m = begin; m < end; ++m) line += detail::blanks_beside(cells[m][r], width[m]) + cells[m][r];
        line.erase(line.find_last_not_of(' ') + 1);
        out += line + '\n';
      }
    }
    return out;
  }

  /// Returns {"metrics": [{"name", "unit", "better", "target"}], "rows": [{"method", "role", "values": [number or null,
  /// in the order of metrics], "error": the same where there are some}]}.
  std::string to_json() const {
    std::string out = "{\"metrics\":[";
    for (std::size_t m = 0; m < metrics_.size(); ++m) {
      const Metric& of = metrics_[m];
      out += (m == 0 ? "{\"name\":" : ",{\"name\":") + detail::json_text(of.name);
      if (!of.unit.empty()) out += ",\"unit\":" + detail::json_text(of.unit);
      out += std::string(",\"better\":\"") + detail::name_of(of.better) + '"';
      if (std::isfinite(of.target)) out += ",\"target\":" + detail::exact_number(of.target);
      out += '}';
    }
    out += "],\"rows\":[";
    for (std::size_t r = 0; r < rows_.size(); ++r) {
      out += (r == 0 ? "{\"method\":" : ",{\"method\":") + detail::json_text(rows_[r].method);
      out += std::string(",\"role\":\"") + detail::name_of(rows_[r].role) + "\",\"values\":";
      out += json_list(rows_[r].values);
      if (!rows_[r].error.empty()) out += ",\"error\":" + json_list(rows_[r].error);
      out += "}";
    }
    return out + "]}";
  }

  /// Returns one line per method: method, role, the metrics and errors where there are some; empty where not measured.
  std::string to_csv() const {
    const bool errors = std::any_of(rows_.begin(), rows_.end(), [](const Row& row) { return !row.error.empty(); });
    std::string out = "method,role";
    for (const Metric& m : metrics_) out += "," + detail::csv_text(m.name);
    for (const Metric& m : metrics_) out += errors ? "," + detail::csv_text(m.name + "_error") : "";
    out += '\n';
    const auto number = [](double v) { return "," + (std::isfinite(v) ? detail::exact_number(v) : std::string()); };
    for (const Row& row : rows_) {
      out += detail::csv_text(row.method) + "," + detail::name_of(row.role);
      for (const double v : row.values) out += number(v);
      for (std::size_t m = 0; errors && m < metrics_.size(); ++m) out += number(error_of(row, m));
      out += '\n';
    }
    return out;
  }

  /// How the first model of the table compares with the baselines and the ceiling.
  struct Comparison {
    std::string method;          ///< empty: the table has no model
    Index metrics = 0;           ///< that rank the model and a baseline
    Index better = 0;            ///< of these, where the model beats every baseline
    Index undecided = 0;         ///< of these, where it does not differ from the best baseline
    std::vector<double> shares;  ///< of the way from the best baseline to the ceiling, where that one is better
  };
  Comparison compare() const {
    const auto model = std::find_if(rows_.begin(), rows_.end(), [](const Row& r) { return r.role == Role::model; });
    if (model == rows_.end()) return {};
    Comparison out;
    out.method = model->method;
    for (std::size_t m = 0; m < metrics_.size(); ++m) {
      const Index rival = best_of(m, {Role::baseline}), top = best_of(m, {Role::ceiling});
      const double own = gain(m, model->values[m]);
      if (rival < 0 || std::isnan(own)) continue;
      const double base = gain(m, rows_[to_size(rival)].values[m]);
      ++out.metrics;
      const Row& best = rows_[to_size(rival)];
      if (own > base && beats_baselines(*model, m)) ++out.better;
      if (error_of(*model, m) + error_of(best, m) > 0 && !differ(*model, best, m)) ++out.undecided;
      if (top < 0) continue;
      const double whole = gain(m, rows_[to_size(top)].values[m]) - base;
      if (whole > 0 && differ(rows_[to_size(top)], best, m)) out.shares.push_back((own - base) / whole);
    }
    return out;
  }

  /// Whether two rows are more than two errors apart, or have other values where there is no error.
  bool differ(const Row& a, const Row& b, std::size_t metric) const {
    const double error = std::hypot(error_of(a, metric), error_of(b, metric));
    return std::abs(gain(metric, a.values[metric]) - gain(metric, b.values[metric])) > 2 * error;
  }

 private:
  static double error_of(const Row& row, std::size_t m) {
    return row.error.empty() || !std::isfinite(row.error[m]) ? 0.0 : row.error[m];
  }
  static std::string json_list(const std::vector<double>& values) {
    std::string out = "[";
    for (std::size_t m = 0; m < values.size(); ++m)
      out += (m == 0 ? "" : ",") + (std::isfinite(values[m]) ? detail::exact_number(values[m]) : std::string("null"));
    return out + "]";
  }
  bool beats_baselines(const Row& model, std::size_t m) const {
    return std::all_of(rows_.begin(), rows_.end(), [&](const Row& row) {
      return row.role != Role::baseline || std::isnan(gain(m, row.values[m])) || differ(model, row, m);
    });
  }

  std::size_t column(std::string_view metric) const {
    for (std::size_t m = 0; m < metrics_.size(); ++m) {
      if (metrics_[m].name == metric) return m;
    }
    throw_invalid("ScoreTable: there is no metric '", metric, "' among the ", metrics_.size());
  }

  /// Larger is better; NaN where the metric does not rank.
  double gain(std::size_t m, double value) const {
    const Metric& of = metrics_[m];
    if (of.better == Better::higher) return value;
    return of.better == Better::lower ? -value : -std::abs(value - of.target);
  }

  Index best_of(std::size_t m, std::initializer_list<Role> roles) const {
    Index out = -1;
    double most = 0;
    for (std::size_t r = 0; r < rows_.size(); ++r) {
      const double here = gain(m, rows_[r].values[m]);
      if (std::find(roles.begin(), roles.end(), rows_[r].role) == roles.end() || std::isnan(here)) continue;
      if (out < 0 || here > most) out = Index(r), most = here;
    }
    return out;
  }

  static std::string label(const Row& row) {
    return row.role == Role::model ? row.method : row.method + " (" + detail::name_of(row.role) + ")";
  }

  /// Decimals that show four digits of a column's largest value; none where all are whole numbers.
  int decimals_of(std::size_t m) const {
    double largest = 0;
    bool whole = true;
    for (const Row& row : rows_) {
      const double v = row.values[m];
      if (!std::isfinite(v)) continue;
      largest = std::max(largest, std::abs(v));
      whole = whole && v == std::floor(v);
    }
    if (whole) return 0;
    return std::clamp(3 - int(std::floor(std::log10(largest))), 0, 6);
  }

  /// Header and values of a column.
  std::vector<std::string> column_text(std::size_t m) const {
    const int decimals = decimals_of(m);
    std::vector<std::string> out = {metrics_[m].name + (metrics_[m].unit.empty() ? "" : " [" + metrics_[m].unit + "]")};
    const Index winner = best_of(m, {Role::model, Role::baseline});
    const auto number = [&](double value) {
      char digits[64];
      std::snprintf(digits, sizeof digits, "%.*f", decimals, value);
      return std::string(digits);
    };
    for (std::size_t r = 0; r < rows_.size(); ++r) {
      const Row& row = rows_[r];
      const bool measured = std::isfinite(row.values[m]);
      out.push_back(measured ? number(row.values[m]) : "-");
      if (measured && error_of(row, m) > 0) out.back() += "\xC2\xB1" + number(error_of(row, m));
      const bool best = winner >= 0 && measured && row.role != Role::ceiling &&
                        (Index(r) == winner || (error_of(row, m) > 0 && !differ(row, rows_[to_size(winner)], m)));
      out.back() += best && rows_.size() > 1 ? '*' : ' ';
    }
    out.front() += ' ';
    return out;
  }

  std::vector<Metric> metrics_;
  std::vector<Row> rows_;
};

}  // namespace latentcell::evaluate
