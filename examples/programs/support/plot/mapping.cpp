#include "mapping.hpp"

#include <algorithm>
#include <numeric>

namespace plots {

void mapped_labels(const std::string& folder, const MappedLabels& of) {
  attempt("transfer", [&] {
    lc::Matrix<float> both(of.reference.cells() + of.query.cells(), of.query.latent());
    both << of.reference.mean, of.query.mean;
    const Plane plane = plane_of(both);
    const Cloud a{plane.project(lc::view(of.reference.mean)), of.reference.cell_columns.labels(of.column)},
        b{plane.project(lc::view(of.query.mean)), of.label};
    const Legend legend({&a.label, &b.label});
    const Box boxes[] = {{90, 760, 530, 530}, {740, 760, 530, 530}, {90, 70, 530, 530}, {780, 70, 490, 530}};
    const Frame frame = frame_of({&a.at, &b.at}, boxes[0], Units::equal);
    const std::vector<Words> places = label_places({&a, &b}, legend, frame);
    const std::string x = plane.axis("latent ", 1), y = plane.axis("latent ", 2);
    const std::vector<Index> shown = rows_to_draw(b.at.rows(), 4000);
    const std::string scores = compared(of.scores, "accuracy");
    Gnuplot g(1320, 1370);
    g.panel(boxes[0],
            {"Reference cells by " + of.column, x, y, cells_shown(std::min<Index>(a.at.rows(), 4000), a.at.rows())});
    labelled_cells(g, {a, legend, places, rows_to_draw(a.at.rows(), 4000)}, frame);
    g.panel(boxes[1], {"New cells by predicted label", x, y,
                       lc::text(cells_shown(Index(shown.size()), b.at.rows()), scores.empty() ? "" : "; ", scores)});
    labelled_cells(g, {b, legend, places, shown}, frame);
    double sum = 0;
    Points sure;
    for (const double v : of.confidence) sum += v / double(of.confidence.size());
    for (const Index i : shown) sure.push_back({double(b.at(i, 0)), double(b.at(i, 1)), of.confidence[lc::to_size(i)]});
    g.panel(boxes[2], {"New cells by confidence", x, y,
                       lc::text("share of neighbors that agree on the label; mean ", fixed(sum, 2))});
    set_ranges(g, frame);
    viridis(g);
    color_bar(g, {boxes[2].left + boxes[2].width + 20, boxes[2].bottom + 60, 14, 400}, "");
    g.line("set cbrange [0:1]");
    note_if_empty(g, sure);
    g.line("plot ", g.data(sure), " using 1:2:3 with points pointtype 7 pointsize ", point_size(sure.size()),
           " linecolor palette");
    key_panel(g, boxes[3], legend, of.column);
    g.draw(folder + "/transfer");
  });
}

}  // namespace plots
