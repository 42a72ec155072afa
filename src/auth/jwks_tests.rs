use super::KeySet;
use crate::memory_tests;
use jsonwebtoken::Algorithm;

const POINT: &str = "\"x\":\"AAAA\",\"y\":\"AAAA\"";

fn has(members: &str, algorithm: Algorithm) -> bool {
    let document = format!("{{\"keys\":[{{\"kid\":\"k\",{members}}}]}}");
    KeySet::parse(document.as_bytes()).is_some_and(|set| set.find("k", algorithm).is_some())
}

#[test]
fn a_key_verifies_only_the_algorithm_of_its_type() {
    for more in
        ["", ",\"alg\":\"RS256\"", ",\"use\":\"sig\"", ",\"key_ops\":[\"verify\",\"x\"]", ",\"n2\":{}"]
    {
        let members = format!("\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"{more}");
        assert!(has(&members, Algorithm::RS256), "{members}");
        assert!(!has(&members, Algorithm::ES256), "{members}");
    }
    assert!(has(&format!("\"kty\":\"EC\",\"crv\":\"P-256\",{POINT}"), Algorithm::ES256));
}

#[test]
fn leaves_out_keys_for_something_else() {
    let rsa = "\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"";
    let others = [
        format!("{rsa},\"alg\":\"RS512\""),
        format!("{rsa},\"alg\":\"HS256\""),
        format!("{rsa},\"use\":\"enc\""),
        format!("{rsa},\"key_ops\":[\"encrypt\"]"),
        format!("{rsa},\"key_ops\":\"verify\""),
        format!("{rsa},\"alg\":7"),
        "\"kty\":\"RSA\",\"e\":\"AQAB\"".to_owned(),
        format!("\"kty\":\"EC\",{POINT}"),
        "\"kty\":\"RSA\",\"n\":\"not base64!\",\"e\":\"AQAB\"".to_owned(),
        "\"kty\":\"oct\",\"k\":\"AAAA\"".to_owned(),
        format!("\"kty\":\"EC\",\"crv\":\"P-384\",{POINT}"),
        "\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AAAA\"".to_owned(),
    ];
    for members in others {
        for algorithm in [Algorithm::RS256, Algorithm::ES256, Algorithm::HS256] {
            assert!(!has(&members, algorithm), "{members}");
        }
    }
}

#[test]
fn rejects_everything_but_a_key_set() {
    for document in ["", "{}", "[]", "null", "{\"keys\":{}}", "<html>", "{\"keys\":[]"] {
        assert!(KeySet::parse(document.as_bytes()).is_none(), "{document}");
    }
    for document in ["{\"keys\":[]}", "{\"keys\":[7,null,{}],\"more\":1}"] {
        assert!(KeySet::parse(document.as_bytes()).is_some(), "{document}");
    }
}

#[test]
fn skips_nested_members_without_a_tree() {
    let key = "{\"kid\":\"k\",\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}";
    let wide = format!("[{}0]", "{\"\":[]},".repeat(100_000));
    let deep = format!("{}0{}", "{\"\":".repeat(200_000), "}".repeat(200_000));
    for value in [wide, deep] {
        let beside = format!("{{\"keys\":[{key}],\"x\":{value}}}");
        let inside =
            format!("{{\"keys\":[{{\"kid\":\"x\",\"kty\":\"RSA\",\"x5c\":{value}}},{key},{value}]}}");
        for document in [beside, inside] {
            let set = KeySet::parse(document.as_bytes());
            assert!(set.is_some_and(|set| set.0.len() == 1 && set.find("k", Algorithm::RS256).is_some()));
        }
        let none = KeySet::parse(format!("{{\"keys\":[{value}]}}").as_bytes());
        assert!(none.is_some_and(|set| set.0.is_empty()));
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(60))]

    #[test]
    fn a_key_set_takes_little_memory(json in memory_tests::large_json(&["keys", "kty", "kid", "n", "x5c"])) {
        memory_tests::is_bounded(&json, || KeySet::parse(json.as_bytes()))?;
    }
}
