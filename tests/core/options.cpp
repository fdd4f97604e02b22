#include <latentcell/core/options.hpp>

#include "support/catch.hpp"

using namespace latentcell;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

enum class Shade { light, dark };

struct Inner {
  Shade shade = Shade::dark;
  float share = 0.5f;
  static void visit(auto& self, auto&& f) {
    f("shade", self.shade);
    f("share", self.share, in(0, 1));
  }
};

struct Outer {
  Index width = 4;
  std::vector<Index> hidden = {8};
  Inner inner = {};
  std::optional<Inner> maybe = {};
  std::vector<Inner> list = {};
  std::optional<float> rate = {};
  std::string name = "x";
  static void visit(auto& self, auto&& f) {
    f("width", self.width, fixed(at_least(1)));
    f("hidden", self.hidden, each(at_least(1), 1));
    f("inner", self.inner);
    f("maybe", self.maybe);
    f("list", self.list);
    f("rate", self.rate, above(0));
    f("name", self.name);
  }
};

std::string fault(const Outer& o) {
  try {
    const Outer& same = check_options("Model", o);
    return &same == &o ? "" : "another object";
  } catch (const std::invalid_argument& e) {
    return e.what();
  }
}

}  // namespace

TEST_CASE("options: a range holds what it says, its ends as it says, and NaN never") {
  struct Case {
    OptionRange range;
    std::string words;
    bool low, between, high;  // whether 1, 1.5 and 2 are allowed
  };
  for (const Case& c :
       {Case{at_least(1), "at least 1", true, true, true}, Case{above(1), "above 1", false, true, true},
        Case{in(1, 2), "in [1, 2]", true, true, true}, Case{in_open(1, 2), "in (1, 2)", false, true, false},
        Case{in_half_open(1, 2), "in [1, 2)", true, true, false},
        Case{above_up_to(1, 2), "in (1, 2]", false, true, true}}) {
    INFO(c.words);
    CHECK(c.range.to_string() == c.words);
    CHECK(c.range.contains(1) == c.low);
    CHECK(c.range.contains(1.5) == c.between);
    CHECK(c.range.contains(2) == c.high);
    CHECK_FALSE(c.range.contains(0.999));
    CHECK_FALSE(c.range.contains(std::nan("")));
    CHECK_FALSE(c.range.contains(infinity));
    CHECK_FALSE(c.range.contains(-infinity));
  }
  CHECK(finite().contains(-1e300));
  CHECK_FALSE(finite().contains(-infinity));
  CHECK(OptionRange{}.contains(std::nan("")));
}

TEST_CASE("options: a wrong value is refused by owner, name, range and number") {
  CHECK(fault({}) == "");
  CHECK(fault({.width = 0}) == "Model: width must be at least 1, got 0");
  CHECK(fault({.hidden = {}}) == "Model: hidden must have at least 1 element, got 0");
  CHECK(fault({.hidden = {3, -2}}) == "Model: hidden must be at least 1, got -2 (element 1)");
  CHECK(fault({.inner = {.share = 1.5f}}) == "Model: inner.share must be in [0, 1], got 1.5");
  CHECK(fault({.inner = {.shade = Shade(2)}}) == "Model: inner.shade must be one of light, dark, got 2");
  CHECK(fault({.maybe = Inner{.share = -1}}) == "Model: maybe.share must be in [0, 1], got -1");
  CHECK(fault({.list = {Inner{}, Inner{.share = -1}}}) == "Model: list.1.share must be in [0, 1], got -1");
  CHECK(fault({.rate = 0.0f}) == "Model: rate must be above 0, got 0");
  CHECK(fault({.rate = 0.1f}) == "");
}

TEST_CASE("options: visit_options gives every option once, nested ones with dotted names") {
  Outer o{.maybe = Inner{}, .list = {Inner{}}};
  std::string names;
  visit_options(std::as_const(o), [&](std::string_view name, const auto&, const OptionRange& range) {
    names += std::string(name) + (range.is_fixed ? "! " : " ");
  });
  CHECK(names == "width! hidden inner.shade inner.share maybe.shade maybe.share list.0.shade list.0.share rate name ");
  visit_options(o, [](std::string_view name, auto& value, const OptionRange&) {
    if constexpr (std::is_same_v<std::remove_reference_t<decltype(value)>, Index>) {
      if (name == "width") value = 7;
    }
  });
  CHECK(o.width == 7);
}

TEST_CASE("options: what an owner does not have must stay at its default") {
  require_defaults("Model", Outer{.width = 9}, {"inner", "rate"});
  CHECK_THROWS_WITH(require_defaults("Model", Outer{.inner = {.share = 0.25f}}, {"inner", "rate"}),
                    ContainsText("Model: has no inner.share; leave it at its default"));
  CHECK_THROWS_WITH(require_defaults("Model", Outer{.rate = 1.0f}, {"inner", "rate"}), ContainsText("has no rate"));
}
