//! What one event means for the stream: read in one pass, without building a tree.

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// What an upstream event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// JSON that goes on to the caller, with the number of choices that it finishes.
    Chunk {
        /// How many `choices` carry a `finish_reason`.
        finished: u32,
    },
    /// `[DONE]`.
    Done,
    /// JSON with a non-null `error`.
    Error,
    /// Not JSON.
    Malformed,
}

/// Judges a payload as [`Decoder::next`](super::Decoder::next) returns it. Chunks are those of OpenAI's
/// [chat completion stream](https://platform.openai.com/docs/api-reference/chat-streaming).
///
/// ```
/// use gptdock::sse::{Verdict, judge};
///
/// assert_eq!(judge(br#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#), Verdict::Chunk { finished: 1 });
/// assert_eq!(judge(br#"{"error":{"message":"overloaded"}}"#), Verdict::Error);
/// assert_eq!(judge(b"[DONE]"), Verdict::Done);
/// assert_eq!(judge(b"<html>"), Verdict::Malformed);
/// ```
pub fn judge(payload: &[u8]) -> Verdict {
    let payload = payload.trim_ascii();
    if payload == super::DONE {
        return Verdict::Done;
    }
    let Ok(text) = std::str::from_utf8(payload) else { return Verdict::Malformed };
    match serde_json::from_str(text) {
        Err(_) => Verdict::Malformed,
        Ok(Top { has_error: true, .. }) => Verdict::Error,
        Ok(Top { finished, .. }) => Verdict::Chunk { finished },
    }
}

/// The two members of a chunk that decide. Other JSON, an array or a number, has neither.
#[derive(Default)]
struct Top {
    has_error: bool,
    finished: u32,
}

/// Accepts any JSON value where only one shape says something.
macro_rules! any_other_value {
    ($empty:expr) => {
        fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
            f.write_str("any JSON value")
        }
        fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
            Ok($empty)
        }
        fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
            Ok($empty)
        }
        fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
            Ok($empty)
        }
        fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
            Ok($empty)
        }
        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok($empty)
        }
    };
}

impl<'de> Deserialize<'de> for Top {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TopVisitor;
        impl<'de> Visitor<'de> for TopVisitor {
            type Value = Top;
            any_other_value!(Top::default());
            fn visit_str<E>(self, _: &str) -> Result<Top, E> {
                Ok(Top::default())
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Top, A::Error> {
                while items.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Top::default())
            }
            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Top, A::Error> {
                let mut top = Top::default();
                while let Some(name) = members.next_key()? {
                    match name {
                        Name::Error => top.has_error |= !members.next_value::<IsNull>()?.0,
                        Name::Choices => top.finished = members.next_value::<Finished>()?.0,
                        Name::FinishReason | Name::Other => drop(members.next_value::<IgnoredAny>()?),
                    }
                }
                Ok(top)
            }
        }
        deserializer.deserialize_any(TopVisitor)
    }
}

enum Name {
    Error,
    Choices,
    FinishReason,
    Other,
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameVisitor;
        impl Visitor<'_> for NameVisitor {
            type Value = Name;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a member's name")
            }
            fn visit_str<E>(self, name: &str) -> Result<Name, E> {
                Ok(match name {
                    "error" => Name::Error,
                    "choices" => Name::Choices,
                    "finish_reason" => Name::FinishReason,
                    _ => Name::Other,
                })
            }
        }
        deserializer.deserialize_str(NameVisitor)
    }
}

/// Whether a value is `null`.
struct IsNull(bool);

impl<'de> Deserialize<'de> for IsNull {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::<IgnoredAny>::deserialize(deserializer).map(|value| Self(value.is_none()))
    }
}

/// Whether a value is a reason to have finished: some gateways send an empty one with every token.
struct IsReason(bool);

impl<'de> Deserialize<'de> for IsReason {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Option::<&RawValue>::deserialize(deserializer)?;
        Ok(Self(value.is_some_and(|value| value.get() != r#""""#)))
    }
}

/// How many elements of a `choices` array carry a `finish_reason`.
struct Finished(u32);

impl<'de> Deserialize<'de> for Finished {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ChoicesVisitor;
        impl<'de> Visitor<'de> for ChoicesVisitor {
            type Value = Finished;
            any_other_value!(Finished(0));
            fn visit_str<E>(self, _: &str) -> Result<Finished, E> {
                Ok(Finished(0))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut choices: A) -> Result<Finished, A::Error> {
                let mut finished = 0;
                while let Some(Finished(one)) = choices.next_element()? {
                    finished += one;
                }
                Ok(Finished(finished))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut choice: A) -> Result<Finished, A::Error> {
                let mut finished = 0;
                while let Some(name) = choice.next_key()? {
                    match name {
                        Name::FinishReason => finished = u32::from(choice.next_value::<IsReason>()?.0),
                        _ => drop(choice.next_value::<IgnoredAny>()?),
                    }
                }
                Ok(Finished(finished))
            }
        }
        deserializer.deserialize_any(ChoicesVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts() {
        for (payload, verdict) in [
            (r#"[DONE]"#, Verdict::Done),
            (r#" [DONE] "#, Verdict::Done),
            (
                r#"{"choices":[{"delta":{"content":"a"},"finish_reason":null}]}"#,
                Verdict::Chunk { finished: 0 },
            ),
            (
                r#"{"choices":[{"finish_reason":"stop"},{"index":1,"finish_reason":"length"}]}"#,
                Verdict::Chunk { finished: 2 },
            ),
            (r#"{"choices":[{"finish_reason":""}]}"#, Verdict::Chunk { finished: 0 }),
            (r#"{"choices":[{"delta":{"finish_reason":"stop"}}]}"#, Verdict::Chunk { finished: 0 }),
            (r#"{"choices":[],"usage":{"total_tokens":9},"error":null}"#, Verdict::Chunk { finished: 0 }),
            (r#"{"choices":null}"#, Verdict::Chunk { finished: 0 }),
            (r#"{"id":"a","id":"b"}"#, Verdict::Chunk { finished: 0 }),
            (r#"[{"error":1}]"#, Verdict::Chunk { finished: 0 }),
            (r#"12"#, Verdict::Chunk { finished: 0 }),
            (r#""text""#, Verdict::Chunk { finished: 0 }),
            (r#"{"error":{"message":"x"}}"#, Verdict::Error),
            (r#"{"error":"x","choices":[]}"#, Verdict::Error),
            (r#"{"choices":[{"delta":{"content":"a"}"#, Verdict::Malformed),
            (r#"{"a":1} {"#, Verdict::Malformed),
            (r#"[DONE]."#, Verdict::Malformed),
            (r#"upstream error"#, Verdict::Malformed),
            (r#"{"a":"\x"}"#, Verdict::Malformed),
        ] {
            assert_eq!(judge(payload.as_bytes()), verdict, "{payload}");
        }
        assert_eq!(judge(b"{\"a\":\"\xFF\"}"), Verdict::Malformed);
    }
}
