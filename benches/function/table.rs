//! The figures as Markdown.

use crate::figures::{COLUMNS, Figures};

/// Every table; those that compare do so with each of the bases that was measured.
pub fn print(figures: &Figures, bases: &[&str]) {
    println!("\nMedians of the rounds:\n");
    rows(figures, |name, key, digits| figures.median(name, key).map(|value| format!("{value:.digits$}")));
    for base in bases.iter().filter(|base| figures.names().any(|name| name == **base)) {
        println!("\nTimes `{base}` (medians of the rounds' ratios):\n");
        rows(figures, |name, key, _| figures.ratio(name, base, key).map(|ratio| format!("{ratio:.2}")));
        println!("\nMore than `{base}` (medians of the rounds' differences):\n");
        rows(figures, |name, key, digits| {
            figures.difference(name, base, key).map(|difference| format!("{difference:.digits$}"))
        });
    }
    println!("\nLowest and highest of the rounds:\n");
    rows(figures, |name, key, digits| {
        let values = figures.values(name, key);
        let lowest = values.iter().copied().reduce(f64::min)?;
        let highest = values.iter().copied().reduce(f64::max)?;
        Some(format!("{lowest:.digits$} to {highest:.digits$}"))
    });
}

fn rows(figures: &Figures, cell: impl Fn(&str, &str, usize) -> Option<String>) {
    let titles: Vec<&str> = COLUMNS.iter().map(|column| column.title).collect();
    println!("| | {} |", titles.join(" | "));
    println!("|---|{}", "---:|".repeat(COLUMNS.len()));
    for name in figures.names() {
        let cells = COLUMNS.iter().map(|column| cell(name, column.key, column.digits));
        let cells: Vec<String> = cells.map(|cell| cell.unwrap_or_else(|| "–".to_owned())).collect();
        println!("| {name} | {} |", cells.join(" | "));
    }
}
