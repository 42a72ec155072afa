use super::*;
use proptest::prelude::*;
use serde::de::IgnoredAny;

fn skips(text: &str) -> bool {
    let mut reader = Reader::new(text);
    reader.skip().is_some() && reader.end().is_some()
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok()
}

fn string(text: &str) -> Option<Cow<'_, str>> {
    let mut reader = Reader::new(text);
    let string = reader.string()?;
    reader.end().map(|()| string)
}

#[test]
fn it_takes_json_and_nothing_else() {
    for text in [
        "",
        " ",
        "null",
        " null ",
        "nul",
        "nulll",
        "true",
        "false",
        "tru",
        "0",
        "-0",
        "-",
        "01",
        "-01",
        "1.",
        ".1",
        "1.5",
        "1.5e",
        "1e5",
        "1E+5",
        "1e-05",
        "1e+",
        "+1",
        "1 2",
        "NaN",
        "1x",
        "[]",
        "[ ]",
        "[1]",
        "[1,]",
        "[,1]",
        "[1 2]",
        "[1,2",
        "[1}",
        "]",
        "{}",
        "{ }",
        "{1:2}",
        r#"{"a"}"#,
        r#"{"a":}"#,
        r#"{"a":1,}"#,
        r#"{"a":1]"#,
        r#"{"a":1 "b":2}"#,
        r#"{"a":1,"b":[{},{"c":[[]]}]}"#,
        r#"{,}"#,
        r#"{"a":1}}"#,
        r#""#,
        r#"""#,
        r#""\"#,
        r#""\""#,
        r#""\"""#,
        r#""\x""#,
        r#""\u12""#,
        r#""\u12G4""#,
        r#""\u12aF""#,
        r#""\ud83d""#,
        "\"\n\"",
        "\"\u{7f}\"",
        "\"é日🚢\"",
        "\"\u{1f}12345678\"",
        "\"1234567\u{0}\"",
        "\u{feff}1",
        "\u{a0}1",
        "1\u{c}",
        r#"{"a":"b"#,
        r#"{"\u0061":1}"#,
        "[[[[[[",
        "[{]}",
    ] {
        assert_eq!(skips(text), is_json(text), "{text:?}");
    }
}

#[test]
fn depth_costs_no_stack() {
    for depth in [1, 128, 129, 100_000] {
        let array = "[".repeat(depth) + &"]".repeat(depth);
        let object = "{\"a\":".repeat(depth) + "1" + &"}".repeat(depth);
        let both = "[{\"a\":".repeat(depth) + "1" + &"}]".repeat(depth);
        for text in [&array, &object, &both] {
            assert!(skips(text), "{depth}");
            assert!(!skips(&text[..text.len() - 1]), "{depth}");
            assert!(!skips(&format!("{text}]")), "{depth}");
        }
    }
}

#[test]
fn members_elements_and_texts() {
    let mut reader = Reader::new(r#" {"a" : "x\n" , "\u0062":[1, "two" ,{}], "c":{"d":null } } "#);
    let mut seen = Vec::new();
    let read = reader.object(|value, name| {
        match value.next()? {
            b'"' => seen.push(value.string()?.into_owned()),
            b'[' => value.array(|element| element.raw().map(|raw| seen.push(raw.to_owned())))?,
            _ => seen.push(value.raw()?.to_owned()),
        }
        seen.push(name.into_owned());
        Some(())
    });
    assert_eq!(read.and_then(|()| reader.end()), Some(()));
    assert_eq!(seen, ["x\n", "a", "1", "\"two\"", "{}", "b", "{\"d\":null }", "c"]);
}

#[test]
fn only_escapes_are_copied() {
    assert!(matches!(string(r#""日本""#), Some(Cow::Borrowed("日本"))));
    assert!(matches!(string(r#""日\u672c\n""#), Some(Cow::Owned(text)) if text == "日本\n"));
}

#[test]
fn escapes() {
    for (quoted, text) in [
        (r#"\"\\\/\b\f\n\r\t"#, Some("\"\\/\u{8}\u{c}\n\r\t")),
        (r"a\u00e9z", Some("aéz")),
        (r"\uFFFF\u0000", Some("\u{FFFF}\0")),
        (r"\ud83d\udea2!", Some("🚢!")),
        (r"\ud83d", None),
        (r"\ud83dx", None),
        (r"\ud83d\n", None),
        (r"\ud83d\ud83d", None),
        (r"\ud83d\u0041", None),
        (r"\udea2\ud83d", None),
        (r"\", None),
        (r"\u12", None),
        (r"\u+123", None),
        (r"\u12é", None),
        (r"\x", None),
    ] {
        let json = format!("\"{quoted}\"");
        assert_eq!(string(&json).as_deref(), text, "{quoted}");
        assert_eq!(serde_json::from_str::<String>(&json).ok().as_deref(), text, "{quoted}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// Pieces of JSON in any order: most are none, many almost.
    #[test]
    fn it_takes_what_serde_takes(
        pieces in prop::collection::vec(
            prop::sample::select(vec![
                "{", "}", "[", "]", ",", ":", "\"", "\"a\"", "\"a\":", "\\", "\\u", "0", "1", "-", ".", "e", "E+",
                "null", "true", "false", " ", "\n", "é", "\u{1}", "\\\"", "ab12",
            ]),
            0..14,
        ),
    ) {
        let text = pieces.concat();
        prop_assert_eq!(skips(&text), is_json(&text), "{:?}", text);
    }

    /// JSON, whole and with one of its bytes replaced.
    #[test]
    fn it_notices_what_serde_notices(
        strings in prop::collection::vec(any::<String>(), 1..4), at in any::<prop::sample::Index>(), byte in 0_u8..0x80,
    ) {
        let json = serde_json::json!({"a": strings, "b": {"c": [1.5e-7, -3, null, true], "d": strings[0]}}).to_string();
        prop_assert!(skips(&json));
        let mut bytes = json.into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(text) = String::from_utf8(bytes) {
            prop_assert_eq!(skips(&text), is_json(&text), "{:?}", text);
        }
    }

    #[test]
    fn what_serde_writes_is_read_back(text in any::<String>()) {
        let json = serde_json::to_string(&text).unwrap_or_default();
        prop_assert_eq!(string(&json).map(Cow::into_owned), Some(text));
    }

    #[test]
    fn strings_are_read_as_serde_reads_them(
        quoted in r#"([a-zé🚢 ]|\\["\\/bfnrtx]|\\u(d8|dc|00)[0-9a-fA-F]{2}|["\n]){0,16}"#,
    ) {
        let json = format!("\"{quoted}\"");
        prop_assert_eq!(string(&json).map(Cow::into_owned), serde_json::from_str::<String>(&json).ok());
        prop_assert_eq!(skips(&json), is_json(&json));
    }
}
