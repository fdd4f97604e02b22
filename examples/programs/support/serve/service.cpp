#include "service.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <stdexcept>

#include <latentcell/autodiff/params.hpp>
#include <latentcell/core/version.hpp>

#include "../labelled.hpp"
#include "h5ad_body.hpp"
#include "json_reader.hpp"
#include "page.hpp"
#include "serve_options.hpp"

namespace serve {

using lc::text;
using program::Json;

namespace {

constexpr const char *json_type = "application/json", *h5ad_type = "application/x-hdf5";
constexpr std::size_t most_generate_bytes = std::size_t{1} << 20;

struct Path {
  const char *name, *method;
};
constexpr std::array<Path, 8> paths = {{{"/", "GET"},
                                        {"/encode", "POST"},
                                        {"/generate", "POST"},
                                        {"/health", "GET"},
                                        {"/map", "GET"},
                                        {"/metrics", "GET"},
                                        {"/model", "GET"},
                                        {"/transfer", "POST"}}};

const Path* find_path(const std::string& name) {
  const auto at = std::find_if(paths.begin(), paths.end(), [&](const Path& p) { return name == p.name; });
  return at == paths.end() ? nullptr : &*at;
}

// The type without its parameters, as "application/json; charset=utf-8" has one.
std::string bare_type(const std::string& type) {
  std::string out = type.substr(0, type.find(';'));
  std::erase(out, ' ');
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return char(std::tolower(c)); });
  return out;
}
bool is_h5ad(const std::string& type) { return type == h5ad_type || type == "application/x-h5ad"; }

// What the answer is to be: as the request says, else JSON. Empty: nothing that there is.
std::string answer_type(const httplib::Request& request) {
  const std::string accept = request.get_header_value("Accept");
  if (accept.empty()) return json_type;
  for (std::size_t first = 0; first < accept.size();) {
    const std::size_t end = std::min(accept.find(',', first), accept.size());
    const std::string type = bare_type(accept.substr(first, end - first));
    if (type == json_type || type == "*/*" || type == "application/*") return json_type;
    if (is_h5ad(type)) return h5ad_type;
    first = end + 1;
  }
  return "";
}

// In a time that does not depend on how much of the token is right.
bool same_secret(const std::string& given, const std::string& right) {
  unsigned difference = unsigned(given.size() != right.size());
  for (std::size_t i = 0; i < given.size(); ++i)
    difference |= unsigned(static_cast<unsigned char>(given[i] ^ right[i % right.size()]));
  return difference == 0;
}

// A page of another site may send requests here under a name of its own that it lets point to this machine.
bool is_own_name(const std::string& host) {
  const bool in_brackets = !host.empty() && host.front() == '[';
  const std::size_t end = in_brackets ? host.find(']') : std::min(host.find(':'), host.size());
  if (end == std::string::npos) return false;
  const std::string name = host.substr(in_brackets, end - in_brackets), rest = host.substr(end + in_brackets);
  const bool is_port = rest.empty() || (rest.size() > 1 && rest.size() <= 6 && rest.front() == ':' &&
                                        rest.find_first_not_of("0123456789", 1) == std::string::npos);
  return is_port && (name == "::1") == in_brackets && program::is_loopback(name);
}

bool is_whole_number(const std::string& word) {
  return !word.empty() && word.size() <= 18 &&
         std::all_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; });
}

Reply with(Reply reply, const char* name, const std::string& value) {
  reply.headers.emplace_back(name, value);
  return reply;
}

Json provenance(const GenerateRequest* made) {
  Json out{{"program", "serve_cells"}, {"version", lc::version}, {"settings", Json::object()}};
  if (made == nullptr) return out;
  out["settings"] = {{"steps", made->steps}, {"guidance", made->guidance}};
  out["seed"] = made->seed;
  return out;
}

Reply h5ad_reply(lc::CellTable cells, const GenerateRequest* made = nullptr) {
  cells.strings.erase("latentcell");
  cells.stored["uns/latentcell"] = program::to_stored(provenance(made));
  return {200, h5ad_type, write_h5ad_body(std::move(cells)), {}};
}

Reply json_reply(JsonText& text) { return {200, json_type, text.close('}').take() + "\n", {}}; }

std::vector<std::string> level_of_each(const lc::CellTable& cells, const std::string& column) {
  const lc::Categorical labels = cells.obs(column);
  std::vector<std::string> out;
  for (const int code : labels.codes) out.push_back(code < 0 ? "" : labels.levels[lc::to_size(code)]);
  return out;
}

GenerateRequest parse_generate(const std::string& body) {
  GenerateRequest out;
  JsonReader in(body);
  in.object([&](const std::string& key) {
    if (key == "labels") {
      in.array([&] { out.labels.push_back(in.string()); });
    } else if (key == "count") {
      out.count = in.number<Index>();
    } else if (key == "seed") {
      out.seed = in.number<std::uint64_t>();
    } else if (key == "steps") {
      out.steps = in.number<Index>();
    } else if (key == "guidance") {
      out.guidance = in.number<double>();
    } else if (key == "counts") {
      out.counts = in.boolean();
    } else {
      throw Refusal{422,
                    "there is no field '" + key + "' here: there are labels, count, seed, steps, guidance, counts"};
    }
  });
  in.end();
  return out;
}

}  // namespace

/// A request with its body. A job owns it together with the thread that waits for the answer.
struct Service::Question {
  explicit Question(ByteBudget& budget) : share(std::make_shared<ByteBudget::Share>(budget)) {}

  std::string path, type, answer_type, layer, body;
  std::optional<TemporaryFile> file;
  std::shared_ptr<ByteBudget::Share> share;
  Reply reply;
  Index cells = 0;
};

Service::Service(const ServedModel& model, const ServiceOptions& options, const WorkQueue::Options& work)
    : model_(model), options_(options), budget_(4 * options.most_body_bytes), work_(work) {}

Callbacks Service::callbacks() {
  return {[this](const httplib::Request& request) { return without_body(request); },
          [this](const httplib::Request& request, const ReadBody& read, const std::function<bool()>& is_gone) {
            return with_body(request, read, is_gone);
          },
          [this](const std::string& path, int status, double seconds) { answered(path, status, seconds); }};
}

// ---- before the body

std::optional<Reply> Service::refused(const httplib::Request& request) const {
  const Path* const path = find_path(request.path);
  if (options_.is_local && options_.token.empty() && !is_own_name(request.get_header_value("Host")))
    return error_reply(403, "this server answers requests to localhost alone; give it a --token for others");
  if (path == nullptr)
    return error_reply(404,
                       "there is no such path; there are /, /encode, /generate, /health, /map, /metrics, /model "
                       "and /transfer");
  const bool open = request.path == "/" || request.path == "/health";
  if (!options_.token.empty() && !open &&
      !same_secret(request.get_header_value("Authorization"), "Bearer " + options_.token))
    return with(error_reply(401, "the header 'Authorization: Bearer TOKEN' is missing or wrong"), "WWW-Authenticate",
                "Bearer");
  const bool is_head = request.method == "HEAD" && std::string(path->method) == "GET";
  if (request.method != path->method && !is_head)
    return with(error_reply(405, text(request.path, " takes ", path->method)), "Allow", path->method);
  return std::nullopt;
}

std::optional<Reply> Service::refused_body(const httplib::Request& request) const {
  if (request.path == "/transfer" && !model_.labels_cells())
    return error_reply(404,
                       "the model generates cells and labels none: serve the mapped.safetensors of "
                       "transfer_labels --checkpoint");
  const std::string length = request.get_header_value("Content-Length");
  if (request.has_header("Transfer-Encoding") || request.get_header_value_count("Content-Length") != 1 ||
      !is_whole_number(length))
    return error_reply(411, "the header Content-Length must say how long the body is");
  for (const auto& [name, value] : request.params) {
    if (name != "layer" || !is_h5ad(bare_type(request.get_header_value("Content-Type"))))
      return error_reply(422, "the path has no parameter '" + name + "'; with an h5ad body there is layer");
  }
  const std::size_t most = request.path == "/generate" ? most_generate_bytes : options_.most_body_bytes;
  if (std::strtoull(length.c_str(), nullptr, 10) > most)
    return error_reply(413, text("the body has ", length, " bytes, it may have ", most));
  if (request.has_header("Content-Encoding"))
    return error_reply(415, "the body must not be compressed: an h5ad file is, inside");
  const std::string type = bare_type(request.get_header_value("Content-Type"));
  const bool right = type == json_type || (is_h5ad(type) && request.path != "/generate");
  if (!right)
    return error_reply(415, text("the header Content-Type must be ", json_type,
                                 request.path == "/generate" ? "" : text(" or ", h5ad_type)));
  if (answer_type(request).empty())
    return error_reply(406, text("there are answers of the types ", json_type, " and ", h5ad_type));
  return std::nullopt;
}

std::optional<Reply> Service::without_body(const httplib::Request& request) {
  if (auto reply = refused(request)) return reply;
  if (request.method == "POST") return refused_body(request);
  if (request.path == "/health") return Reply{200, json_type, "{\"status\":\"ok\"}\n", {}};
  if (request.path == "/model") return model_page();
  if (request.path == "/map") return map_page();
  if (request.path == "/metrics")
    return Reply{200,
                 "text/plain; version=0.0.4",
                 metrics_.to_text({in_flight_(), work_.waiting(), model_.kind(), lc::version}),
                 {}};
  return Reply{200,
               "text/html; charset=utf-8",
               page,
               {{"Content-Security-Policy",
                 "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; "
                 "img-src data: blob:; form-action 'none'; frame-ancestors 'none'; base-uri 'none'"},
                {"Referrer-Policy", "no-referrer"}}};
}

// ---- with the body

Reply Service::with_body(const httplib::Request& request, const ReadBody& read, const std::function<bool()>& is_gone) {
  const auto question = std::make_shared<Question>(budget_);
  question->path = request.path;
  question->type = bare_type(request.get_header_value("Content-Type"));
  question->answer_type = answer_type(request);
  question->layer = request.get_param_value("layer");
  bool fits = true, stored = true;
  try {
    // What a client announces is not taken at its word.
    constexpr std::size_t most_at_first = std::size_t{1} << 25;
    const std::size_t length = std::strtoull(request.get_header_value("Content-Length").c_str(), nullptr, 10);
    if (is_h5ad(question->type)) {
      question->file.emplace();
    } else {
      question->body.reserve(std::min(length, most_at_first));
    }
    const bool whole = read([&](const char* bytes, std::size_t count) {
      fits = question->share->take(count);
      if (fits && question->file) stored = question->file->append(bytes, count);
      if (fits && !question->file) question->body.append(bytes, count);
      return fits && stored;
    });
    if (!fits)
      return with(error_reply(503, "the bodies of other requests take all memory that there is for them"),
                  "Retry-After", "1");
    if (!stored) return error_reply(503, "the body cannot be stored: the disk is full");
    if (!whole) return error_reply(400, text("the body did not arrive whole in time"));
  } catch (const std::bad_alloc&) {
    return with(error_reply(503, "the memory is not enough for the body"), "Retry-After", "1");
  } catch (const std::runtime_error& e) {
    return error_reply(503, e.what());
  }
  return computed(question, is_gone);
}

Reply Service::computed(std::shared_ptr<Question> question, const std::function<bool()>& is_gone) {
  const auto job = [this, question](const Cancelled& cancelled) {
    question->reply = answer(*question, cancelled);
    question->body = {};
    question->file.reset();
  };
  switch (work_.run(job, after(options_.seconds), is_gone)) {
    case WorkQueue::Outcome::done:
      break;
    case WorkQueue::Outcome::failed:
      return with(error_reply(503, "the memory is not enough: ask for fewer cells"), "Retry-After", "1");
    case WorkQueue::Outcome::full:
      return with(error_reply(503, "too many requests wait already"), "Retry-After", "1");
    case WorkQueue::Outcome::late_in_queue:
      return with(error_reply(503, text("other requests took all of the ", options_.seconds, " s of this one")),
                  "Retry-After", "1");
    case WorkQueue::Outcome::late:
      return error_reply(504, text("the answer takes longer than ", options_.seconds, " s: ask for fewer cells"));
    case WorkQueue::Outcome::abandoned:
      return error_reply(499, "the client went away");
  }
  // The body is gone: what is left is the answer.
  question->share->give_back();
  if (!question->share->take(question->reply.body.size()))
    return with(error_reply(503, "the answers to other requests take all memory that there is for them"), "Retry-After",
                "1");
  if (question->cells > 0) metrics_.cells(question->path, question->cells);
  question->reply.held = question->share;
  return std::move(question->reply);
}

Reply Service::answer(Question& question, const Cancelled& cancelled) {
  try {
    if (question.path == "/encode") return answer_encode(question, cancelled);
    if (question.path == "/transfer") return answer_transfer(question, cancelled);
    return answer_generate(question, cancelled);
  } catch (const Refusal& e) {
    return error_reply(e.status, e.sentence);
  } catch (const JsonError& e) {
    return error_reply(400, e.what());
  } catch (const std::invalid_argument& e) {
    return error_reply(422, program::sentence(e));
  } catch (const std::bad_alloc&) {
    return with(error_reply(503, "the memory is not enough: ask for fewer cells"), "Retry-After", "1");
  } catch (const std::exception& e) {
    return error_reply(500, e.what());
  }
}

lc::CellTable Service::cells_of(Question& question) const {
  if (question.file)
    return read_h5ad_body(*question.file, {options_.most_cells, 8 * options_.most_body_bytes, question.layer});
  return parse_cells(question.body, {model_.genes(), options_.most_cells});
}

Reply Service::answer_encode(Question& question, const Cancelled& cancelled) {
  lc::CellTable cells = cells_of(question);
  cancelled.check();
  EncodedCells found = model_.encode(cells);
  question.cells = cells.cells();
  if (question.answer_type == h5ad_type) {
    program::keep_embedding(cells, "X_latentcell");
    cells.embeddings["X_latentcell"] = std::move(found.latents.mean);
    cells.embeddings["X_latentcell_deviation"] = std::move(found.latents.deviation);
    return h5ad_reply(std::move(cells));
  }
  JsonText out;
  out.open('{').key("cells").strings(cells.cell_names);
  out.key("latents").rows(found.latents.mean);
  out.key("deviations").rows(found.latents.deviation);
  out.key("library").numbers(found.latents.library);
  out.key("shared_genes").number(found.shared_genes);
  return json_reply(out);
}

Reply Service::answer_transfer(Question& question, const Cancelled& cancelled) {
  lc::CellTable cells = cells_of(question);
  cancelled.check();
  const lc::mapping::MappedCells found = model_.transfer(cells);
  question.cells = cells.cells();
  if (question.answer_type == h5ad_type) {
    program::set_labels(cells, model_.label(), model_.levels(), found);
    return h5ad_reply(std::move(cells));
  }
  JsonText out;
  out.open('{').key("cells").strings(cells.cell_names);
  out.key("labels").open('[');
  for (const int code : found.label) out.string(model_.levels()[lc::to_size(code)]);
  out.close(']').key("confidence").numbers(found.confidence);
  out.key("distance").numbers(found.distance);
  out.key("latents").rows(found.latents.mean);
  return json_reply(out);
}

Reply Service::answer_generate(Question& question, const Cancelled& cancelled) {
  const GenerateRequest request = parse_generate(question.body);
  if (request.count > options_.most_cells)
    throw Refusal{413, text("count is ", request.count, ", one request may ask for ", options_.most_cells, " cells")};
  lc::CellTable cells = model_.generate(request, cancelled);
  question.cells = cells.cells();
  if (question.answer_type == h5ad_type) {
    program::mark_cells(cells, "generated", 1);
    return h5ad_reply(std::move(cells), &request);
  }
  JsonText out;
  out.open('{').key("seed").number(request.seed);
  out.key("cells").strings(cells.cell_names);
  out.key("labels").strings(level_of_each(cells, model_.label()));
  if (const std::string& batch = model_.generator().options.batch_covariate; !batch.empty())
    out.key("batch").strings(level_of_each(cells, batch));
  out.key("latents").rows(cells.embeddings.at("X_latentcell"));
  if (request.counts) out.key("genes").strings(cells.gene_names).key("counts").counts(cells.counts);
  return json_reply(out);
}

// ---- pages

Reply Service::model_page() const {
  const auto& o = model_.generator().options;
  Json labels = Json::array();
  const std::vector<Index> sizes = model_.level_sizes();
  for (std::size_t i = 0; i < sizes.size(); ++i) labels.push_back({{"name", o.levels[i]}, {"cells", sizes[i]}});
  const Json out{
      {"kind", model_.kind()},
      {"version", lc::version},
      {"label", o.label},
      {"labels", labels},
      {"batch", {{"name", o.batch_covariate}, {"levels", o.batch_covariate_levels}}},
      {"latent", o.vae.latent},
      {"parameters", lc::parameter_count(model_.generator())},
      {"paths", model_.labels_cells() ? Json{"/encode", "/transfer", "/generate"} : Json{"/encode", "/generate"}},
      {"limits",
       {{"cells", options_.most_cells}, {"body_bytes", options_.most_body_bytes}, {"seconds", options_.seconds}}},
      {"options", model_.options()},
      {"genes", model_.genes()}};
  return {200, json_type, out.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n", {}};
}

Reply Service::map_page() const {
  const LatentMap& map = model_.map();
  const lc::Categorical labels = map.latents.cell_columns.labels(model_.label());
  JsonText out;
  out.open('{').key("labels").strings(labels.levels);
  out.key("label").numbers(labels.codes);
  out.key("places").rows(map.places);
  out.key("mean").open('[');
  for (Index j = 0; j < map.mean.cols(); ++j) out.number(map.mean(j));
  out.close(']').key("axes").rows(map.axes);
  return json_reply(out);
}

void Service::answered(const std::string& path, int status, double seconds) {
  const std::string name = find_path(path) != nullptr ? path : "other";
  metrics_.answered(name, status, seconds);
  if (!options_.quiet) program::print_line(text(name, " ", status, " ", std::lround(1e3 * seconds), " ms"));
}

}  // namespace serve
