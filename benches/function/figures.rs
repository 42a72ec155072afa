//! Measured figures, and tables of them in Markdown.

/// One value for each row, key and round.
pub struct Figures {
    pub rows: Vec<String>,
    pub values: Vec<(String, &'static str, f64)>,
}

/// Key, title and digits of each column.
const COLUMNS: [(&str, &str, usize); 16] = [
    ("cold_ms", "cold start ms", 1),
    ("cold_token_ms", "first token after it ms", 2),
    ("added_p50_ms", "added to first token p50 ms", 3),
    ("added_p99_ms", "p99 ms", 3),
    ("chunk_p50_us", "chunk p50 µs", 0),
    ("chunk_p99_us", "p99 µs", 0),
    ("cpu_ms", "processor ms for 400 tokens", 1),
    ("chunks_per_s", "chunks/s", 0),
    ("memory_mb", "memory MB", 1),
    ("many_p99_us", "64 streams: chunk p99 µs", 0),
    ("many_memory_mb", "memory MB", 1),
    ("word_ms", "first word ms", 1),
    ("longest_ms", "longest path ms", 0),
    ("sum_ms", "all one after the other ms", 0),
    ("word_ratio", "times the longest path", 2),
    ("dollars", "a million conversations $", 2),
];

impl Figures {
    fn values(&self, row: &str, key: &str) -> impl Iterator<Item = f64> {
        self.values.iter().filter(move |value| value.0 == row && value.1 == key).map(|value| value.2)
    }

    pub fn median(&self, row: &str, key: &str) -> Option<f64> {
        quantile(self.values(row, key), 0.5)
    }

    /// The median of the rounds' ratios: what slows both rows of a round cancels out.
    pub fn ratio(&self, row: &str, base: &str, key: &str) -> Option<f64> {
        let pairs = self.values(row, key).zip(self.values(base, key));
        quantile(pairs.map(|(one, base)| one / base), 0.5)
    }

    /// The medians, of the columns that were measured.
    pub fn table(&self) -> String {
        let mut columns = COLUMNS.to_vec();
        columns.retain(|column| self.values.iter().any(|value| value.1 == column.0));
        let titles: Vec<&str> = columns.iter().map(|column| column.1).collect();
        let cell = |row: &String, (key, _, digits): &(&str, &str, usize)| {
            self.median(row, key).map_or("–".to_owned(), |value| format!("{value:.digits$}"))
        };
        let cells = |row| columns.iter().map(|column| cell(row, column)).collect();
        markdown(&titles, self.rows.iter().map(|row| (row.clone(), cells(row))))
    }
}

/// A table whose first column, the rows' names, has no title.
pub fn markdown(titles: &[&str], rows: impl Iterator<Item = (String, Vec<String>)>) -> String {
    let head = format!("| | {} |\n|---|{}\n", titles.join(" | "), "---:|".repeat(titles.len()));
    head + &rows.map(|(name, cells)| format!("| {name} | {} |\n", cells.join(" | "))).collect::<String>()
}

/// The value that this part of the values lies below.
pub fn quantile(values: impl IntoIterator<Item = f64>, part: f64) -> Option<f64> {
    let mut sorted: Vec<f64> = values.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    sorted.get((sorted.len().saturating_sub(1) as f64 * part).round() as usize).copied()
}
