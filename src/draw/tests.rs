use super::figure::{Figure, figure};
use super::measure::cell_width;
use super::scene::{Rect, Scene};
use super::width::text_width;
use super::*;
use crate::base::Source;
use crate::check::{Facts, check};
use crate::syntax::parse;

const FRONT: &str = "---\ninput: 32x32x3\nclasses: 3\n---\n";

const RESIDUAL: &str = "let block(f) = Residual[Conv(f, padding: same) -> BatchNorm -> Relu -> Conv(f, padding: same) -> BatchNorm] -> Relu\n\
    let down(f) = Add[Conv(f, stride: 2, padding: same) -> BatchNorm | Conv(f, 1x1, stride: 2) -> BatchNorm] -> Relu\n\
    Conv(16, padding: same) -> block(16) * 2 -> [down([32, 64]) -> block([32, 64])] * 2 -> GlobalAvgPool -> Dense -> Softmax";

const INCEPTION: &str = "[Concat[Conv(8, 1x1) -> Relu | Conv(4, 1x1) -> Relu -> Conv(8, padding: same) -> Relu | Identity\n\
    | MaxPool(3, 1, same) -> Conv(8, 1x1)]] * 2 -> Multiply[Identity | GlobalAvgPool -> Dense(8) -> Relu -> Dense(51) -> Sigmoid]\n\
    -> GlobalAvgPool -> Dense -> Softmax";

fn net(text: &str) -> Net {
    let text = if text.trim_start().starts_with("---") { text.to_owned() } else { format!("{FRONT}{text}") };
    let source = Source::new("test.net", text);
    let checked = check(&source, &parse(&source).0, &Facts::default());
    checked.net.unwrap_or_else(|| panic!("{:#?}", checked.diagnostics))
}

/// Every shipped spec, and networks with branches.
fn figures() -> Vec<Figure> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("specs");
    let entries = std::fs::read_dir(folder).expect("the specs are there").flatten();
    let shipped = entries.filter(|entry| entry.path().extension().is_some_and(|extension| extension == "net"));
    let mut texts: Vec<String> = shipped.map(|entry| std::fs::read_to_string(entry.path()).expect("UTF-8")).collect();
    assert!(texts.len() >= 4, "the specs are there");
    texts.extend([RESIDUAL, INCEPTION].map(str::to_owned));
    let nets = texts.iter().map(|text| net(text));
    nets.flat_map(|net| [Repeats::Folded, Repeats::Unfolded].map(|repeats| figure(&net, "a <b>", repeats))).collect()
}

fn scenes() -> Vec<Scene> {
    figures().iter().map(layout::layout).collect()
}

fn overlap(one: Rect, other: Rect) -> bool {
    one.x < other.right() && other.x < one.right() && one.y < other.bottom() && other.y < one.bottom()
}

fn contains(outer: Rect, inner: Rect) -> bool {
    outer.x <= inner.x && outer.y <= inner.y && inner.right() <= outer.right() && inner.bottom() <= outer.bottom()
}

#[test]
fn no_two_boxes_overlap_and_all_lie_in_the_picture() {
    for scene in scenes() {
        let page = Rect { x: 0, y: 0, width: scene.width, height: scene.height };
        for (at, one) in scene.boxes.iter().enumerate() {
            assert!(contains(page, one.rect), "{one:?}");
            for other in &scene.boxes[at + 1..] {
                assert!(!overlap(one.rect, other.rect), "{one:?}\n{other:?}");
            }
        }
        assert!(scene.frames.iter().all(|frame| contains(page, frame.rect)));
    }
}

#[test]
fn every_text_fits_its_box() {
    for scene in scenes() {
        for layer in &scene.boxes {
            assert!(cell_width(&layer.cell) <= layer.rect.width, "{layer:?}");
        }
    }
}

#[test]
fn a_frame_holds_boxes_and_frames_whole_or_not_at_all() {
    for scene in scenes() {
        for frame in &scene.frames {
            let boxes = scene.boxes.iter().map(|layer| layer.rect);
            let frames = scene.frames.iter().map(|frame| frame.rect).filter(|rect| *rect != frame.rect);
            for rect in boxes.chain(frames) {
                let whole = contains(frame.rect, rect) || contains(rect, frame.rect);
                assert!(whole || !overlap(frame.rect, rect), "{frame:?}\n{rect:?}");
            }
        }
    }
}

/// The room that a label takes.
fn room(label: &scene::Label) -> Rect {
    let [x, y] = label.at;
    Rect { x, y: y - 9, width: text_width(&label.text, measure::SMALL), height: 11 }
}

#[test]
fn edges_and_labels_keep_off_the_boxes() {
    for scene in scenes() {
        for layer in &scene.boxes {
            let inside = Rect {
                x: layer.rect.x + 1,
                y: layer.rect.y + 1,
                width: layer.rect.width - 2,
                height: layer.rect.height - 2,
            };
            for edge in &scene.edges {
                for piece in edge.points.windows(2) {
                    let [x, y] = [0, 1].map(|side| piece[0][side].min(piece[1][side]));
                    let [width, height] = [0, 1].map(|side| (piece[0][side] - piece[1][side]).abs() + 1);
                    assert!(!overlap(inside, Rect { x, y, width, height }), "{layer:?}\n{edge:?}");
                }
            }
            for label in &scene.labels {
                assert!(!overlap(layer.rect, room(label)), "{layer:?}\n{label:?}");
            }
        }
        for (at, one) in scene.labels.iter().enumerate() {
            assert!(scene.labels[at + 1..].iter().all(|other| !overlap(room(one), room(other))), "{one:?}");
        }
    }
}

#[test]
fn edges_are_upright_or_level() {
    for scene in scenes() {
        for piece in scene.edges.iter().flat_map(|edge| edge.points.windows(2)) {
            assert!(piece[0][0] == piece[1][0] || piece[0][1] == piece[1][1], "{piece:?}");
        }
    }
}

#[test]
fn a_picture_has_every_layer_once_folded_or_not() {
    let net = net(RESIDUAL);
    let cells = |repeats| layout::layout(&figure(&net, "", repeats)).boxes.len() - 2;
    assert_eq!(cells(Repeats::Unfolded), net.layers.len());
    assert!(cells(Repeats::Folded) < net.layers.len() / 2 + 4);
}

#[test]
fn a_long_network_becomes_columns_and_a_page() {
    let text = format!("{} GlobalAvgPool -> Dense -> Softmax", "Conv(8, padding: same) -> Relu -> ".repeat(60));
    let scene = layout::layout(&figure(&net(&text), "", Repeats::Folded));
    assert!(scene.height < 2 * scene.width, "{}×{}", scene.width, scene.height);
}

#[test]
fn deep_nesting_is_drawn_in_no_time() {
    let text = format!("{}Conv(3, 1x1){} -> Flatten -> Dense -> Softmax", "Residual[".repeat(60), "]".repeat(60));
    let scene = layout::layout(&figure(&net(&text), "", Repeats::Folded));
    assert_eq!(scene.boxes.len(), 66);
}

#[test]
fn what_leaves_a_repeat_is_what_its_last_run_gives() {
    let net = net("[Conv(4) -> [MaxPool(2, stride: 1)] * 2] * 3 -> Flatten -> Dense -> Softmax");
    let figure = figure(&net, "", Repeats::Folded);
    assert_eq!(figure.parts[1].shape(), "20×20×4");
    let figure::Part::Frame { body, .. } = &figure.parts[1] else { panic!("{:?}", figure.parts[1]) };
    assert_eq!(body[1].shape(), "28×28×4 … 20×20×4");
}

#[test]
fn the_same_block_again_is_a_run_more_and_a_block_of_a_layer_needs_no_frame() {
    let net = net(
        "let conv(f) = Conv(f, padding: same) -> BatchNorm\nlet block(f) = Residual[conv(f) -> Relu -> conv(f)] -> Relu\n\
         conv(8) -> Relu -> block(8) -> block(8) -> GlobalAvgPool -> Dense -> Softmax",
    );
    let times = |repeats| {
        let scene = layout::layout(&figure(&net, "", repeats));
        scene.frames.into_iter().map(|frame| (frame.name, frame.times)).collect::<Vec<_>>()
    };
    let frame = |times: &str| ("block".to_owned(), times.to_owned());
    assert_eq!(times(Repeats::Folded), [frame("×2")]);
    assert_eq!(times(Repeats::Unfolded), [frame(""), frame("")]);
}

#[test]
fn text_is_escaped_in_every_language() {
    let net = net("Flatten -> Dense -> Softmax");
    let name = "a\"<b>&\\\u{1}\n";
    let svg = draw(&net, name, Repeats::Folded, Language::Svg);
    assert!(svg.contains("<title>a&quot;&lt;b&gt;&amp;\\\u{FFFD}\u{FFFD}</title>"), "{svg}");
    assert!(draw(&net, name, Repeats::Folded, Language::Dot).starts_with("digraph \"a\\\"<b>&\\\\ \\n\" {"));
}

#[test]
fn the_pictures_of_a_residual_network() {
    let net = net(RESIDUAL);
    for (name, language) in [("svg", Language::Svg), ("dot", Language::Dot), ("mermaid", Language::Mermaid)] {
        let picture = draw(&net, "residual", Repeats::Folded, language);
        assert_eq!(picture, draw(&net, "residual", Repeats::Folded, language), "the same bytes each time");
        insta::assert_snapshot!(name, picture);
    }
}
