#pragma once

#include <cstdint>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

#include <latentcell/autodiff/param.hpp>
#include <latentcell/autodiff/var.hpp>
#include <latentcell/core/arena.hpp>
#include <latentcell/core/rng.hpp>
#include <latentcell/core/shape.hpp>
#include <latentcell/kernel/rows.hpp>

namespace LATENTCELL_NAMESPACE {

/// What a tape is for. train: gradients, dropout on. evaluate: gradients, dropout off. no_gradient: values only.
enum class Mode { train, evaluate, no_gradient };

/// Records operations as they run and plays their gradients back. A local object, one per training loop or thread.
/// Nodes are whole matrices; values, gradients and closures lie in one arena, so from the second round on a step of
/// the same shapes allocates nothing on the heap. First derivatives only.
template <class T>
class Tape {
 public:
  explicit Tape(Mode mode = Mode::train, Rng rng = Rng(0)) : mode_(mode), rng_(rng) {}
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;

  Mode mode() const { return mode_; }
  /// Turns dropout off or on for the ops recorded from here on: train and evaluate within one round.
  void set_mode(Mode mode) {
    LATENTCELL_REQUIRE((mode == Mode::no_gradient) == (mode_ == Mode::no_gradient),
                       "set_mode: a round has gradients throughout or nowhere; reset the tape to change that");
    mode_ = mode;
  }
  /// Random numbers of this step: dropout masks, posterior noise.
  Rng& rng() { return rng_; }

  /// An uninitialised (shape) matrix that carries a gradient where one of the parents does.
  template <class... Parents>
  Var<T> alloc(Shape shape, const Parents&... parents) {
    return add({arena_.template take<T>(shape.size()), nullptr, shape, (parents.needs_grad() || ...), false});
  }

  /// Numbers that no gradient is asked for: a window, not a copy; they must outlive backward().
  Var<T> constant(ConstView<T> x) { return constant(x, Shape(x.rows(), x.cols())); }
  Var<T> constant(ConstView<T> x, Shape shape) {
    LATENTCELL_REQUIRE(x.size() == shape.size(), "constant: ", x.size(), " numbers do not fill ", shape);
    return add({const_cast<T*>(x.data()), nullptr, shape, false, true});
  }

  /// An input that collects a gradient: a window, not a copy.
  Var<T> input(ConstView<T> x) { return input(x, Shape(x.rows(), x.cols())); }
  Var<T> input(ConstView<T> x, Shape shape) {
    LATENTCELL_REQUIRE(x.size() == shape.size(), "input: ", x.size(), " numbers do not fill ", shape);
    return add({const_cast<T*>(x.data()), nullptr, shape, mode_ != Mode::no_gradient, true});
  }

  /// The leaf of a Param; one per Param and round, however often it is used.
  Var<T> watch(const Param<T>& p) {
    for (std::size_t at = slot(&p);; at = (at + 1) & (leaves_.size() - 1)) {
      Leaf& leaf = leaves_[at];
      if (leaf.epoch == epoch_ && leaf.param == &p) return Var<T>(this, leaf.node, epoch_);
      if (leaf.epoch == epoch_) continue;
      const Var<T> v = p.frozen ? constant(latentcell::view(p.value)) : input(latentcell::view(p.value));
      leaf = {&p, v.index_, epoch_};
      if (++watched_ * 2 > leaves_.size()) grow_leaves();
      return v;
    }
  }

  /// Uninitialised memory for what backward() needs; valid until reset().
  T* scratch(Index n) { return arena_.template take<T>(n); }
  template <class U>
  U* scratch_of(Index n) {
    static_assert(std::is_trivially_destructible_v<U>, "the arena never runs destructors");
    return arena_.template take<U>(n);
  }

  /// Memory that an op works in and gives back when it is done, so that the next op finds it in cache. Nothing else may
  /// be taken from the tape while it lives.
  class Workspace {
   public:
    Workspace(const Workspace&) = delete;
    Workspace& operator=(const Workspace&) = delete;
    ~Workspace() { arena_.rewind(mark_); }
    T* data() const { return data_; }

   private:
    friend class Tape;
    Workspace(Arena& arena, Index n) : arena_(arena), mark_(arena.mark()), data_(arena.take<T>(n)) {}
    Arena& arena_;
    Arena::Mark mark_;
    T* data_;
  };
  Workspace workspace(Index n) { return Workspace(arena_, n); }

  /// Returns n uninitialised numbers: a gradient buffer, or temporary storage of backward(). Reuses a free buffer of
  /// the same size if there is one.
  T* gradient_memory(Index n) {
    for (std::size_t i = spare_.size(); i > 0; --i) {
      if (spare_[i - 1].size != n) continue;
      T* const found = spare_[i - 1].data;
      spare_.erase(spare_.begin() + std::ptrdiff_t(i - 1));
      return found;
    }
    return arena_.template take<T>(n);
  }

  /// Records how the gradient of y reaches its parents. f runs in backward(), last recorded first, where a gradient
  /// has arrived at y.
  template <class F>
  void on_backward(const Var<T>& y, F f) {
    static_assert(std::is_trivially_destructible_v<F>,
                  "a gradient closure may capture Vars, pointers and numbers only: the arena never runs destructors");
    if (!y.needs_grad()) return;
    void* at = arena_.take(sizeof(F));
    if (node(y).first_step < 0) node(y).first_step = std::int32_t(steps_.size());
    steps_.push_back({[](void* p) { (*static_cast<F*>(p))(); }, ::new (at) F(f), y.index_});
  }

  /// Adds the gradient of the (1, 1) loss to every leaf it depends on. May be called several times: leaves add up,
  /// what lies between starts at zero each time, and its gradients are gone when backward() returns: their memory
  /// serves the steps that follow.
  void backward(const Var<T>& loss) {
    LATENTCELL_REQUIRE(loss.shape().size() == 1, "backward: needs a (1, 1) loss, got ", loss.shape());
    const T one = T(1);
    backward(loss, ConstView<T>(&one, 1, 1));
  }
  /// The same for any Var, with the gradient to start from.   seed (rows, cols)
  void backward(const Var<T>& y, ConstView<T> seed) {
    LATENTCELL_REQUIRE(mode_ != Mode::no_gradient, "backward: the tape was made with Mode::no_gradient");
    LATENTCELL_REQUIRE(seed.rows() == y.rows() && seed.cols() == y.cols(), "backward: seed is (", seed.rows(), ", ",
                       seed.cols(), ") but the Var is ", y.shape());
    LATENTCELL_REQUIRE(y.needs_grad(), "backward: nothing that the Var depends on asks for a gradient");
    for (Node& n : nodes_) {
      if (n.leaf) continue;
      n.grad = nullptr;
      n.spent = false;
    }
    y.grad() += seed;
    for (std::size_t i = steps_.size(); i > 0; --i) {
      const Step& step = steps_[i - 1];
      if (nodes_[std::size_t(step.node)].grad == nullptr) continue;
      running_ = std::int32_t(i - 1);
      step.run(step.closure);
      Node& n = nodes_[std::size_t(step.node)];
      if (n.first_step < running_) continue;
      if (n.grad != nullptr) spare_.push_back({std::exchange(n.grad, nullptr), n.shape.size()});
      n.spent = true;
    }
  }

  /// Adds a finished gradient that lies in this tape's memory; where none has arrived yet the memory itself is taken
  /// over, so the caller must not use it again.   g (rows, cols of x)
  void hand_gradient(const Var<T>& x, T* g) {
    Node& n = node(x);
    if (n.grad == nullptr) {
      n.grad = g;
    } else {
      kernel::add_scaled(n.shape.size(), T(1), g, n.grad);
    }
  }

  /// Adds the gradient that has arrived at y to that of x, of the same size: the last thing that the closure of y does.
  /// Where none has arrived at x yet and y needs its own no more, x takes over its memory.
  void pass_gradient(const Var<T>& y, const Var<T>& x) {
    Node &from = node(y), &to = node(x);
    if (to.grad == nullptr && from.first_step == running_) {
      LATENTCELL_REQUIRE(!to.spent, "pass_gradient: the gradient of the Var of shape ", to.shape, " is gone");
      to.grad = std::exchange(from.grad, nullptr);
    } else {
      add_gradient(y, x);
    }
  }
  /// The same where y is still needed.
  void add_gradient(const Var<T>& y, const Var<T>& x) {
    auto slot = x.slot();
    const T* const from = node(y).grad;
    if (slot.add) {
      kernel::add_scaled(x.shape().size(), T(1), from, slot.grad.data());
    } else {
      std::copy_n(from, x.shape().size(), slot.grad.data());
    }
  }

  /// Forgets every gradient and keeps the values.
  void clear_gradients() {
    for (Node& n : nodes_) n.grad = nullptr;
  }

  /// The gradient of a Param, or null where it took no part.   (rows of value, cols of value)
  const T* grad(const Param<T>& p) const {
    for (std::size_t at = slot(&p);; at = (at + 1) & (leaves_.size() - 1)) {
      const Leaf& leaf = leaves_[at];
      if (leaf.epoch != epoch_) return nullptr;
      if (leaf.param == &p) return nodes_[std::size_t(leaf.node)].grad;
    }
  }
  T* grad(const Param<T>& p) { return const_cast<T*>(std::as_const(*this).grad(p)); }

  /// Starts a new round: every Var of the last one becomes invalid, the memory stays.
  void reset() {
    arena_.reset();
    nodes_.clear();
    steps_.clear();
    spare_.clear();
    watched_ = 0;
    ++epoch_;
  }
  void reset(Mode mode, Rng rng) {
    reset();
    mode_ = mode;
    rng_ = rng;
  }

  /// Bytes held for values, gradients and closures.
  std::size_t memory() const { return arena_.capacity(); }

 private:
  friend class Var<T>;
  struct Node {
    T* value;
    T* grad;
    Shape shape;
    bool needs_grad;
    bool leaf;
    std::int32_t first_step = -1;  // its first closure, the last to run: after it the gradient is not needed
    bool spent = false;            // whether that has run and the gradient's memory is given away
  };
  struct Spare {
    T* data;
    Index size;
  };
  struct Step {
    void (*run)(void*);
    void* closure;
    std::int32_t node;
  };
  struct Leaf {
    const Param<T>* param = nullptr;
    std::int32_t node = 0;
    std::uint32_t epoch = 0;
  };

  Var<T> add(const Node& n) {
    nodes_.push_back(n);
    return Var<T>(this, std::int32_t(nodes_.size()) - 1, epoch_);
  }
  Node& node(const Var<T>& v) {
    if (v.epoch_ != epoch_) [[unlikely]]
      throw_invalid("Var: used after its tape was reset");
    return nodes_[std::size_t(v.index_)];
  }
  T* gradient_of(const Var<T>& v) {
    Node& n = node(v);
    if (n.grad == nullptr) std::fill_n(fresh_gradient(v), n.shape.size(), T(0));
    return n.grad;
  }
  T* fresh_gradient(const Var<T>& v) {
    Node& n = node(v);
    LATENTCELL_REQUIRE(n.needs_grad, "grad: the Var of shape ", n.shape, " carries no gradient");
    LATENTCELL_REQUIRE(!n.spent, "grad: the gradient of this Var of shape ", n.shape,
                       " was handed on in backward() and is gone; gradients that stay are those of Params and of "
                       "Tape::input");
    return n.grad = gradient_memory(n.shape.size());
  }
  std::size_t slot(const Param<T>* p) const {
    return (reinterpret_cast<std::uintptr_t>(p) * 0x9E3779B97F4A7C15u >> 32) & (leaves_.size() - 1);
  }
  void grow_leaves() {
    std::vector<Leaf> old(leaves_.size() * 2);
    old.swap(leaves_);
    for (const Leaf& leaf : old) {
      if (leaf.epoch != epoch_) continue;
      std::size_t at = slot(leaf.param);
      while (leaves_[at].epoch == epoch_) at = (at + 1) & (leaves_.size() - 1);
      leaves_[at] = leaf;
    }
  }

  Mode mode_;
  Rng rng_;
  Arena arena_;
  std::vector<Node> nodes_;
  std::vector<Step> steps_;
  std::vector<Spare> spare_;  // memory of gradients that have been handed on
  std::vector<Leaf> leaves_ = std::vector<Leaf>(64);
  std::size_t watched_ = 0;
  std::uint32_t epoch_ = 1;
  std::int32_t running_ = 0;  // the step that backward() is at
};

#ifdef LATENTCELL_INSTANCES
extern template class Var<float>;
extern template class Tape<float>;
#endif

}  // namespace latentcell
