//! Results as tables in Markdown.

/// Hits among what was asked for.
#[derive(Default)]
pub struct Ratio {
    pub objects: Share,
    pub bytes: Share,
}

impl Ratio {
    pub fn count(&mut self, hit: bool, bytes: u64) {
        self.objects.count(hit, 1);
        self.bytes.count(hit, bytes);
    }
}

#[derive(Clone, Copy, Default)]
pub struct Share {
    hits: u64,
    of: u64,
}

impl Share {
    fn count(&mut self, hit: bool, weight: u64) {
        self.of += weight;
        self.hits += if hit { weight } else { 0 };
    }

    #[expect(clippy::cast_precision_loss, reason = "printed with two digits")]
    fn percent(self) -> f64 {
        100.0 * self.hits as f64 / self.of.max(1) as f64
    }
}

/// What all contenders did on one trace.
pub struct Row {
    pub trace: String,
    /// The room, in percent of all bytes.
    pub share: u64,
    /// Whether it is a loop, where a policy has all or nothing: left out of the means.
    pub is_loop: bool,
    pub ratios: Vec<Ratio>,
}

/// Prints the ratio of the first contender, and how many points the others have more; then their means and the worst.
pub fn print(title: &str, names: &[&str], rows: &[Row], pick: fn(&Ratio) -> Share) {
    println!("### {title}\n\n| trace | room | {} |\n|---|---:|{}", names.join(" | "), "---:|".repeat(names.len()));
    let points: Vec<Vec<f64>> = rows.iter().map(|row| gains(row, pick)).collect();
    for (row, points) in rows.iter().zip(&points) {
        println!("| {} | {} % | {} |", row.trace, row.share, cells(points));
    }
    let is_counted: Vec<bool> = rows.iter().map(|row| !row.is_loop).collect();
    let counted: Vec<&Vec<f64>> = points.iter().zip(is_counted).filter(|(_, is)| *is).map(|(row, _)| row).collect();
    let column = |at: usize| counted.iter().map(move |row| row[at]);
    #[expect(clippy::cast_precision_loss, reason = "some dozens of rows")]
    let means: Vec<f64> = (0..names.len()).map(|at| column(at).sum::<f64>() / counted.len() as f64).collect();
    let worst: Vec<f64> = (0..names.len()).map(|at| column(at).fold(f64::INFINITY, f64::min)).collect();
    println!("| **mean but for loops** | | {} |\n| **worst but for loops** | | {} |\n", cells(&means), cells(&worst));
}

/// The percentage of the first, and the differences of the others to it.
fn gains(row: &Row, pick: fn(&Ratio) -> Share) -> Vec<f64> {
    let percents: Vec<f64> = row.ratios.iter().map(|ratio| pick(ratio).percent()).collect();
    percents.iter().enumerate().map(|(at, percent)| if at == 0 { *percent } else { percent - percents[0] }).collect()
}

fn cells(points: &[f64]) -> String {
    let cell = |(at, points): (usize, &f64)| if at == 0 { format!("{points:.1}") } else { format!("{points:+.1}") };
    points.iter().enumerate().map(cell).collect::<Vec<_>>().join(" | ")
}
