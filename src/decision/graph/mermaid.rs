//! Mermaid flowcharts.

use std::fmt::Write as _;

use super::picture::{Picture, PictureNode};

/// One flowchart, a subgraph for each step.
pub(super) fn write(pictures: &[Picture]) -> String {
    let mut text = String::from("flowchart LR\n");
    for picture in pictures {
        let _ = writeln!(text, "  subgraph {0}_step [\"{0}\"]", picture.step);
        for node in &picture.nodes {
            write_node(&mut text, picture.step, node);
        }
        text.push_str("  end\n");
    }
    text
}

fn write_node(text: &mut String, step: &str, node: &PictureNode) {
    let (open, close) = match node.kind {
        "match" => ("{", "}"),
        "return" => ("([", "])"),
        _ => ("[", "]"),
    };
    let _ = writeln!(text, "    {step}_{}{open}\"{}\"{close}", node.id, joined(&node.lines()));
    for arrow in &node.arrows {
        let line = if arrow.label == "calls" { "-.->" } else { "-->" };
        let label = joined(&arrow.lines());
        let label = if label.is_empty() { label } else { format!("|\"{label}\"|") };
        let _ = writeln!(text, "    {step}_{} {line}{label} {step}_{}", node.id, arrow.to);
    }
}

/// Mermaid knows HTML entities in quoted text, and no backslashes.
fn joined(lines: &[String]) -> String {
    let escape = |line: &String| {
        line.replace('&', "&amp;")
            .replace('"', "&quot;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('#', "&num;")
    };
    lines.iter().map(escape).collect::<Vec<_>>().join("<br/>")
}
