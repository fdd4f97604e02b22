#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include <latentcell/core/options.hpp>
#include <latentcell/core/error.hpp>
#include <latentcell/core/rng.hpp>
#include <latentcell/core/types.hpp>
#include <latentcell/kernel/parallel.hpp>

namespace LATENTCELL_NAMESPACE::metric {

/// Settings of RandomForest.
struct RandomForestOptions {
  Index trees = 300;   ///< more make the probabilities smoother
  Index depth = 8;     ///< splits between root and leaf at most; deeper fits finer and noisier
  Index features = 0;  ///< features tried at each split; 0: the square root of their number

  static void visit(auto& self, auto&& f) {
    f("trees", self.trees, at_least(1));
    f("depth", self.depth, at_least(1));
    f("features", self.features, at_least(0));
  }
};

namespace detail {

// Features as ranks among their distinct values: splits need the order alone, and small whole numbers make counting
// quick.
struct RankedFeatures {
  Index rows = 0, cols = 0;
  std::vector<std::uint32_t> rank;         // (D, N): feature by feature
  std::vector<std::vector<float>> values;  // (D): the distinct values, ascending

  explicit RankedFeatures(ConstView<float> x)
      : rows(x.rows()), cols(x.cols()), rank(to_size(x.size())), values(to_size(x.cols())) {
    kernel::parallel_ranges(cols, 8, [&](Index first, Index last) {
      for (Index f = first; f < last; ++f) {
        std::vector<float>& distinct = values[to_size(f)];
        for (Index i = 0; i < rows; ++i) distinct.push_back(x(i, f));
        std::sort(distinct.begin(), distinct.end());
        distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
        for (Index i = 0; i < rows; ++i) {
          rank[to_size(f * rows + i)] =
              std::uint32_t(std::lower_bound(distinct.begin(), distinct.end(), x(i, f)) - distinct.begin());
        }
      }
    });
  }
};

struct TreeNode {
  Index feature = -1;   // -1: a leaf
  float threshold = 0;  // left where x <= threshold
  Index left = 0;       // children are left and left + 1
  Index leaf = 0;       // first of its class shares
};

struct Tree {
  std::vector<TreeNode> nodes;
  std::vector<double> shares;  // (leaves, classes)
};

class TreeGrower {
 public:
  TreeGrower(const RankedFeatures& x, std::span<const int> labels, Index classes, Index depth, Index tries)
      : x_(x),
        labels_(labels),
        classes_(classes),
        depth_(depth),
        tries_(tries),
        features_(to_size(x.cols)),
        total_(to_size(classes)),
        left_(to_size(classes)) {
    std::iota(features_.begin(), features_.end(), Index(0));
  }

  Tree grow(Rng rng) {
    weight_.assign(to_size(x_.rows), 0);
    for (Index i = 0; i < x_.rows; ++i) ++weight_[std::size_t(rng.below(std::uint64_t(x_.rows)))];
    bag_.clear();
    for (Index i = 0; i < x_.rows; ++i) {
      if (weight_[to_size(i)] > 0) bag_.push_back(i);
    }
    Tree tree;
    tree.nodes.emplace_back();
    std::vector<Job> jobs{{0, 0, Index(bag_.size()), 0}};
    while (!jobs.empty()) {
      const Job job = jobs.back();
      jobs.pop_back();
      const Index size = count(job);
      Split split;
      if (job.depth < depth_ && size > 0) split = best_split(job, double(size), rng);
      if (split.feature < 0) {
        tree.nodes[to_size(job.node)].leaf = Index(tree.shares.size());
        for (double c : total_) tree.shares.push_back(c / double(weight_sum_));
        continue;
      }
      const std::uint32_t* rank = x_.rank.data() + split.feature * x_.rows;
      const auto middle = std::partition(bag_.begin() + job.first, bag_.begin() + job.last,
                                         [&](Index i) { return rank[i] <= split.below; });
      const Index cut = Index(middle - bag_.begin()), children = Index(tree.nodes.size());
      const std::vector<float>& values = x_.values[to_size(split.feature)];
      const float low = values[split.below], high = values[split.above];
      const float between = 0.5f * low + 0.5f * high;
      tree.nodes[to_size(job.node)] = {split.feature, between >= low && between < high ? between : low, children, 0};
      tree.nodes.resize(tree.nodes.size() + 2);
      jobs.push_back({children + 1, cut, job.last, job.depth + 1});
      jobs.push_back({children, job.first, cut, job.depth + 1});
    }
    return tree;
  }

 private:
  struct Job {
    Index node, first, last, depth;
  };
  // A feature in the cells of a node: its ranks, and the least and the greatest of them.
  struct Candidate {
    Index feature;
    const std::uint32_t* rank;
    std::uint32_t low, high;
  };
  struct Split {
    Index feature = -1;
    std::uint32_t below = 0, above = 0;  // the ranks next to the cut
    double score = -1;
  };

  // Class weights of a node into total_. Returns 0 where one class is alone: nothing is left to split.
  Index count(const Job& job) {
    std::fill(total_.begin(), total_.end(), 0.0);
    for (Index k = job.first; k < job.last; ++k) {
      const Index i = bag_[to_size(k)];
      total_[std::size_t(labels_[to_size(i)])] += double(weight_[to_size(i)]);
    }
    weight_sum_ = Index(std::accumulate(total_.begin(), total_.end(), 0.0));
    const double largest = *std::max_element(total_.begin(), total_.end());
    return largest == double(weight_sum_) ? 0 : weight_sum_;
  }

  // Least Gini impurity over `tries_` random features; features that are constant here count as tried, but at least one
  // that varies is tried where there is one.
  Split best_split(const Job& job, double size, Rng& rng) {
    Split best;
    bool varied = false;
    for (Index tried = 0; tried < x_.cols && (tried < tries_ || !varied); ++tried) {
      std::swap(features_[to_size(tried)],
                features_[to_size(tried + Index(rng.below(std::uint64_t(x_.cols - tried))))]);
      const Index feature = features_[to_size(tried)];
      const std::uint32_t* rank = x_.rank.data() + feature * x_.rows;
      std::uint32_t low = rank[bag_[to_size(job.first)]], high = low;
      for (Index k = job.first; k < job.last; ++k) {
        low = std::min(low, rank[bag_[to_size(k)]]);
        high = std::max(high, rank[bag_[to_size(k)]]);
      }
      if (low == high) continue;
      varied = true;
      std::fill(left_.begin(), left_.end(), 0.0);
      left_size_ = left_square_ = 0;
      right_square_ = 0;
      for (double c : total_) right_square_ += c * c;
      if (Index(high - low) < 4 * (job.last - job.first)) {
        scan_counted(job, {feature, rank, low, high}, size, best);
      } else {
        scan_sorted(job, {feature, rank, low, high}, size, best);
      }
    }
    return best;
  }

  // Moves weight w of one class to the left and keeps the sums of squares.
  void move_left(std::size_t label, double w) {
    double& here = left_[label];
    const double there = total_[label] - here;
    left_square_ += w * (2.0 * here + w);
    right_square_ -= w * (2.0 * there - w);
    here += w;
    left_size_ += w;
  }

  void consider(Index feature, std::uint32_t below, std::uint32_t above, double size, Split& best) const {
    const double score = left_square_ / left_size_ + right_square_ / (size - left_size_);
    if (score > best.score) best = {feature, below, above, score};
  }

  // Many cells: weights are counted rank by rank.
  void scan_counted(const Job& job, const Candidate& of, double size, Split& best) {
    const std::uint32_t low = of.low, high = of.high;
    const std::size_t classes = to_size(classes_), bins = std::size_t(high - low) + 1;
    bins_.assign(bins * classes, 0);
    for (Index k = job.first; k < job.last; ++k) {
      const std::size_t i = to_size(bag_[to_size(k)]);
      bins_[std::size_t(of.rank[i] - low) * classes + std::size_t(labels_[i])] += weight_[i];
    }
    std::uint32_t previous = low;
    for (std::size_t b = 0; b < bins; ++b) {
      const std::int32_t* weights = bins_.data() + b * classes;
      bool any = false;
      for (std::size_t c = 0; c < classes; ++c) any = any || weights[c] > 0;
      if (!any) continue;
      const std::uint32_t here = low + std::uint32_t(b);
      if (b > 0) consider(of.feature, previous, here, size, best);
      for (std::size_t c = 0; c < classes; ++c) {
        if (weights[c] > 0) move_left(c, double(weights[c]));
      }
      previous = here;
    }
  }

  // Few cells: they are sorted.
  void scan_sorted(const Job& job, const Candidate& of, double size, Split& best) {
    sorted_.clear();
    for (Index k = job.first; k < job.last; ++k) {
      const Index i = bag_[to_size(k)];
      sorted_.emplace_back(of.rank[i], std::uint32_t(i));
    }
    std::sort(sorted_.begin(), sorted_.end());
    for (std::size_t k = 0; k < sorted_.size(); ++k) {
      if (k > 0 && sorted_[k - 1].first != sorted_[k].first) {
        consider(of.feature, sorted_[k - 1].first, sorted_[k].first, size, best);
      }
      const std::size_t i = sorted_[k].second;
      move_left(std::size_t(labels_[i]), double(weight_[i]));
    }
  }

  const RankedFeatures& x_;
  std::span<const int> labels_;
  Index classes_, depth_, tries_;
  std::vector<Index> features_, bag_;
  std::vector<std::int32_t> weight_, bins_;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> sorted_;
  std::vector<double> total_, left_;
  Index weight_sum_ = 0;
  double left_size_ = 0, left_square_ = 0, right_square_ = 0;
};

}  // namespace detail

/// A forest of classification trees, each grown on a bootstrap sample with Gini splits over a random choice of features
/// (Breiman 2001). Splits are exact, halfway between neighboring values.
class RandomForest {
 public:
  /// x (N, D), finite; labels (N) in [0, classes). Trees are grown side by side and depend on rng and the data alone.
  RandomForest(ConstView<float> x, std::span<const int> labels, Index classes, const RandomForestOptions& options,
               Rng& rng)
      : classes_(classes), features_(x.cols()) {
    LATENTCELL_REQUIRE(x.rows() > 0 && x.cols() > 0, "RandomForest: needs rows and features, got (", x.rows(), ", ",
                       x.cols(), ")");
    LATENTCELL_REQUIRE(Index(labels.size()) == x.rows(), "RandomForest: ", labels.size(), " labels for ", x.rows(),
                       " rows");
    check_options("RandomForest", options);
    for (const int label : labels) {
      LATENTCELL_REQUIRE(label >= 0 && label < classes, "RandomForest: label ", label, " of ", classes, " classes");
    }
    for (Index k = 0; k < x.size(); ++k) {
      LATENTCELL_REQUIRE(std::isfinite(x.data()[k]), "RandomForest: feature ", k % x.cols(), " of row ", k / x.cols(),
                         " is not finite");
    }
    const detail::RankedFeatures ranked(x);
    const Index root = std::max<Index>(1, Index(std::sqrt(double(x.cols()))));
    const Index tries = options.features > 0 ? std::min(options.features, x.cols()) : root;
    const Rng seeds = rng.fork();
    trees_.resize(to_size(options.trees));
    kernel::parallel_items(options.trees, [&](Index t) {
      detail::TreeGrower grower(ranked, labels, classes, options.depth, tries);
      trees_[to_size(t)] = grower.grow(seeds.at(std::uint64_t(t)));
    });
  }

  /// Class probabilities: the mean over trees of the class shares in a row's leaf.      x (N, D) -> (N, classes)
  Matrix<double> probabilities(ConstView<float> x) const {
    LATENTCELL_REQUIRE(x.cols() == features_, "RandomForest: grown on ", features_, " features, given ", x.cols());
    Matrix<double> out = Matrix<double>::Zero(x.rows(), classes_);
    kernel::parallel_ranges(x.rows(), 8, [&](Index first, Index last) {
      for (Index i = first; i < last; ++i) {
        for (const detail::Tree& tree : trees_) {
          const detail::TreeNode* node = tree.nodes.data();
          while (node->feature >= 0) {
            node = tree.nodes.data() + node->left + Index(x(i, node->feature) > node->threshold);
          }
          for (Index c = 0; c < classes_; ++c) out(i, c) += tree.shares[to_size(node->leaf + c)];
        }
        for (Index c = 0; c < classes_; ++c) out(i, c) /= double(trees_.size());
      }
    });
    return out;
  }

 private:
  Index classes_, features_;
  std::vector<detail::Tree> trees_;
};

}  // namespace latentcell::metric
