#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace plots {

/// A score of the model beside the best baseline and the ceiling, for a note in a picture: "r 0.950; best baseline
/// 0.882 (latent arithmetic); ceiling 0.989". Empty where the model has none. scores: a table as ScoreTable::to_json
/// writes it; null: nothing was evaluated
std::string compared(const nlohmann::ordered_json& scores, const std::string& metric);

/// A file name from any words: letters of any alphabet, digits and + - . stay, the rest becomes _. Words that lose more
/// than blanks get a number of their own, so that no two become one.
std::string file_name(const std::string& words);

}  // namespace plots
