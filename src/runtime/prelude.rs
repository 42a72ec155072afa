//! The start of a reply in the form of [response streaming](https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html#runtimes-custom-response-streaming):
//! status and headers as JSON, then eight NUL bytes.

use http::{HeaderMap, StatusCode};
use serde::ser::{Serialize, SerializeMap, Serializer};

/// What stands between the prelude and the body.
pub const SEPARATOR: &[u8] = &[0; 8];

/// Room for the headers of a stream and some of the gateway's.
const USUAL_BYTES: usize = 512;

#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct Prelude<'a> {
    status_code: u16,
    headers: Headers<'a>,
    cookies: [&'a str; 0],
}

/// Each name has one value here: no reply sets a header twice.
struct Headers<'a>(&'a HeaderMap);

impl Serialize for Headers<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in self.0 {
            if let Ok(value) = value.to_str() {
                map.serialize_entry(name.as_str(), value)?;
            }
        }
        map.end()
    }
}

/// The JSON.
pub fn prelude(status: StatusCode, headers: &HeaderMap) -> Vec<u8> {
    let prelude = Prelude { status_code: status.as_u16(), headers: Headers(headers), cookies: [] };
    let mut json = Vec::with_capacity(USUAL_BYTES);
    // A map of names to texts always serializes.
    let _ = serde_json::to_writer(&mut json, &prelude);
    json
}
