//! Graphviz.

use std::fmt::Write as _;

use super::picture::{Arrow, Picture, PictureNode};

/// One `digraph`, a cluster for each step.
pub(super) fn write(pictures: &[Picture]) -> String {
    let mut text = String::from("digraph policy {\n  rankdir=LR;\n  node [fontname=monospace, shape=box];\n");
    for picture in pictures {
        let _ = writeln!(text, "  subgraph cluster_{0} {{\n    label=\"{0}\";", picture.step);
        for node in &picture.nodes {
            write_node(&mut text, picture.step, node);
        }
        text.push_str("  }\n");
    }
    text.push_str("}\n");
    text
}

fn write_node(text: &mut String, step: &str, node: &PictureNode) {
    let shape = match node.kind {
        "match" => "diamond",
        "return" => "ellipse",
        _ => "box",
    };
    let _ = writeln!(text, "    {step}_{} [shape={shape}, label=\"{}\"];", node.id, joined(&node.lines()));
    for arrow in &node.arrows {
        write_arrow(text, step, node.id, arrow);
    }
}

fn write_arrow(text: &mut String, step: &str, from: u32, arrow: &Arrow) {
    let style = if arrow.label == "calls" { ", style=dashed" } else { "" };
    let label = joined(&arrow.lines());
    let _ = writeln!(text, "    {step}_{from} -> {step}_{} [label=\"{label}\"{style}];", arrow.to);
}

fn joined(lines: &[String]) -> String {
    let escaped = lines.iter().map(|line| line.replace('\\', "\\\\").replace('"', "\\\""));
    escaped.collect::<Vec<_>>().join("\\n")
}
