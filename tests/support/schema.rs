//! As much of JSON Schema as AWS's schema of the embedded metric format uses. A keyword that is not known here is an
//! error, so that nothing of a schema goes unchecked.

use serde_json::Value;

/// Where `value` does not follow `schema`.
pub fn check(schema: &Value, value: &Value, place: &str) -> Result<(), String> {
    let keywords = schema.as_object().ok_or("a schema is an object")?;
    for (keyword, rule) in keywords {
        let holds = match keyword.as_str() {
            "$id" | "$comment" | "title" | "examples" => true,
            "type" => is_type(value, rule.as_str().unwrap_or_default())?,
            "required" => all(rule, |name| Ok(value.get(name.as_str().unwrap_or_default()).is_some()))?,
            "properties" => {
                for (name, schema) in rule.as_object().into_iter().flatten() {
                    if let Some(member) = value.get(name) {
                        check(schema, member, &format!("{place}.{name}"))?;
                    }
                }
                true
            }
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    check(rule, item, &format!("{place}[{index}]"))?;
                }
                true
            }
            "minItems" | "maxItems" => in_bound(keyword, value.as_array().map(Vec::len), rule),
            "minLength" | "maxLength" => {
                in_bound(keyword, value.as_str().map(|text| text.chars().count()), rule)
            }
            "pattern" => matches(rule.as_str().unwrap_or_default(), value.as_str().unwrap_or_default())?,
            other => return Err(format!("the keyword {other} is not known")),
        };
        if !holds {
            return Err(format!("{place} breaks {keyword} {rule}: {value}"));
        }
    }
    Ok(())
}

fn all(list: &Value, holds: impl Fn(&Value) -> Result<bool, String>) -> Result<bool, String> {
    list.as_array().into_iter().flatten().try_fold(true, |so_far, item| Ok(so_far && holds(item)?))
}

fn is_type(value: &Value, name: &str) -> Result<bool, String> {
    Ok(match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        other => return Err(format!("the type {other} is not known")),
    })
}

fn in_bound(keyword: &str, length: Option<usize>, bound: &Value) -> bool {
    let bound = bound.as_u64().unwrap_or_default();
    length.is_none_or(|length| match keyword.starts_with("min") {
        true => length as u64 >= bound,
        false => length as u64 <= bound,
    })
}

/// Patterns of the form `^(one|another)$`, where `.*` is any text.
fn matches(pattern: &str, text: &str) -> Result<bool, String> {
    let inner = pattern.strip_prefix("^(").and_then(|rest| rest.strip_suffix(")$"));
    let inner = inner.ok_or_else(|| format!("the pattern {pattern} is not known"))?.replace("\\/", "/");
    Ok(inner.split('|').any(|choice| choice == ".*" || choice == text))
}
