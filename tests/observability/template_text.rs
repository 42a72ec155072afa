//! The metrics that a CloudFormation template names, found in its text: in alarms (`MetricName:` beside a
//! `Namespace:`), in searches (`{GPTDock,Route} MetricName="…"`), and in a dashboard's arrays (`["GPTDock", "…"`).

/// The namespace, the name and the number of the line.
pub type Named = (String, String, usize);

/// How far from a metric's name its namespace may stand, in lines.
const NEAR: usize = 4;

/// Every metric that `text` names, but for names that CloudFormation makes up.
pub fn metrics(text: &str) -> Result<Vec<Named>, String> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        for (at, mark) in line.match_indices("MetricName") {
            let rest = line[at + mark.len()..].trim_start_matches([':', '=', '(', ' ', '\'', '"', '\\']);
            // Names that CloudFormation makes up, and those of AWS WAF, which has a namespace of its own.
            if rest.starts_with('!') || line.contains("VisibilityConfig") {
                continue;
            }
            let namespace = searched(&line[..at]).or_else(|| beside(&lines, index));
            let namespace = namespace.ok_or_else(|| format!("line {}: of which namespace?", index + 1))?;
            // A search may name several: `MetricName=("A" OR "B")`.
            let end = rest.find(['\'', ')', ',']).unwrap_or(rest.len());
            let names = words(&rest[..end]).filter(|word| word != "OR");
            found.extend(names.map(|name| (namespace.clone(), name, index + 1)));
        }
        found.extend(arrays(line).map(|(namespace, name)| (namespace, name, index + 1)));
    }
    Ok(found)
}

/// The sets of dimensions that searches name: `{GPTDock,Route,Model}`.
pub fn searched_dimensions(text: &str, namespace: &str) -> Vec<Vec<String>> {
    let mark = format!("{{{namespace}");
    let sets = after(text, &mark).map(|rest| rest.split('}').next().unwrap_or_default());
    sets.map(|set| words(set).collect()).collect()
}

fn after<'t>(text: &'t str, mark: &'t str) -> impl Iterator<Item = &'t str> {
    text.match_indices(mark).map(|(at, _)| &text[at + mark.len()..])
}

fn words(text: &str) -> impl Iterator<Item = String> {
    let of_a_name = |c: char| c.is_ascii_alphanumeric() || c == '/';
    text.split(move |c| !of_a_name(c)).filter(|word| !word.is_empty()).map(str::to_owned)
}

/// The namespace of a search whose condition follows on this text: the last braces' first word.
fn searched(before: &str) -> Option<String> {
    let (set, _) = before.rsplit_once('{')?.1.split_once('}')?;
    words(set).next()
}

/// The namespace that stands nearest.
fn beside(lines: &[&str], index: usize) -> Option<String> {
    let near = (0..=NEAR).flat_map(|far| [index.checked_sub(far), Some(index + far)]);
    let near = near.flatten().filter_map(|index| lines.get(index));
    let mut named =
        near.filter_map(|line| words(&line.split_once("Namespace")?.1.replace("!Sub", "")).next());
    named.next()
}

/// `["GPTDock", "Requests"`, the quotes escaped or not.
fn arrays(line: &str) -> impl Iterator<Item = (String, String)> {
    after(line, "[").filter_map(|rest| {
        let quoted = rest.trim_start_matches(['\\', '"', '\'', ' ']);
        let mut parts = quoted.split(',').map(|part| part.trim_matches(['\\', '"', '\'', ' ', ']']));
        let namespace = parts.next().filter(|name| *name == "GPTDock" || name.starts_with("AWS/"))?;
        Some((namespace.to_owned(), parts.next()?.to_owned()))
    })
}
