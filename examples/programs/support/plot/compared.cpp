#include "compared.hpp"

#include <cctype>
#include <cmath>
#include <cstdint>

#include "gnuplot.hpp"

namespace plots {

std::string compared(const nlohmann::ordered_json& scores, const std::string& metric) {
  if (!scores.is_object() || !scores.contains("rows")) return "";
  std::string better = "higher", own, base, ceiling;
  std::size_t at = 0, count = 0;  // values are in the order of metrics
  for (const auto& m : scores.at("metrics")) {
    ++count;
    if (m.at("name") != metric) continue;
    at = count;
    better = m.at("better").get<std::string>();
  }
  if (at == 0) return "";
  double best = NAN;
  for (const auto& row : scores.at("rows")) {
    const auto& value = row.at("values").at(at - 1);
    if (!value.is_number()) continue;
    const double v = value.get<double>();
    const std::string role = row.at("role").get<std::string>();
    if (role == "model" && own.empty()) own = metric + " " + fixed(v, 3);
    if (role == "ceiling" && ceiling.empty()) ceiling = "; ceiling " + fixed(v, 3);
    if (role != "baseline" || better == "neither") continue;
    if (!std::isfinite(best) || (better == "higher" ? v > best : v < best)) {
      best = v;
      base = "; best baseline " + fixed(v, 3) + " (" + row.at("method").get<std::string>() + ")";
    }
  }
  return own.empty() ? "" : own + base + ceiling;
}

std::string file_name(const std::string& words) {
  std::string out;
  bool loses = words.size() > 120;
  std::uint32_t hash = 2166136261u;  // FNV-1a
  const std::string safe = lc::safe_text(words);
  for (const char letter : words) hash = (hash ^ static_cast<unsigned char>(letter)) * 16777619u;
  for (const char letter : safe) {
    const bool plain = std::isalnum(static_cast<unsigned char>(letter)) != 0 || (letter & 0x80) != 0 || letter == '+' ||
                       letter == '-' || letter == '_' || (letter == '.' && !out.empty());
    loses = loses || (!plain && letter != ' ');
    out += plain ? letter : '_';
  }
  if (safe == words && !loses) return out;
  char number[16];
  std::snprintf(number, sizeof number, "_%08x", unsigned(hash));
  const std::string first = lc::shorten_text(out, 41), ellipsis = "…";
  return (first == out ? out : first.substr(0, first.size() - ellipsis.size())) + number;
}

}  // namespace plots
