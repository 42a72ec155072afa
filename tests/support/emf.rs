//! What CloudWatch takes for a line of the embedded metric format: AWS's JSON schema, and the rules that its
//! specification adds in words.

use super::schema;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::LazyLock;

static SCHEMA: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../data/emf.schema.json")).unwrap());
/// The limits of the specification.
const MAX_LINE_BYTES: usize = 256 * 1024;
const MAX_METRICS: usize = 100;
const MAX_DIMENSION_CHARS: usize = 1024;

/// What is wrong with a line.
pub fn check(line: &str) -> Result<(), String> {
    if line.len() > MAX_LINE_BYTES {
        return Err("over 256 KB".to_owned());
    }
    let document: Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
    schema::check(&SCHEMA, &document, "$")?;
    let mut directives = document["_aws"]["CloudWatchMetrics"].as_array().into_iter().flatten();
    directives.try_for_each(|directive| check_targets(&document, directive))
}

/// The members that a directive refers to must be there, and be what they are referred to as.
fn check_targets(document: &Value, directive: &Value) -> Result<(), String> {
    let dimensions = directive["Dimensions"].as_array().into_iter().flatten();
    for name in dimensions.flat_map(|set| set.as_array().into_iter().flatten()) {
        let value = name.as_str().and_then(|name| document.get(name)).and_then(Value::as_str);
        let value = value.ok_or_else(|| format!("dimension {name} has no text"))?;
        // CloudWatch's own rules for a dimension's value.
        let fine = value.is_ascii() && !value.trim().is_empty() && !value.starts_with(':');
        if !fine || value.len() > MAX_DIMENSION_CHARS {
            return Err(format!("dimension {name} can't be {value:?}"));
        }
    }
    let metrics: Vec<&Value> = directive["Metrics"].as_array().into_iter().flatten().collect();
    let names: BTreeSet<&str> = metrics.iter().filter_map(|metric| metric["Name"].as_str()).collect();
    if metrics.len() > MAX_METRICS || names.len() != metrics.len() {
        return Err("too many metrics, or one of them twice".to_owned());
    }
    match names.iter().find(|name| !document[**name].is_number()) {
        Some(name) => Err(format!("metric {name} has no number")),
        None => Ok(()),
    }
}
