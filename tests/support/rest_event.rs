//! Events of an API Gateway REST API: payload format 1.0.

use super::event::Event;
use serde_json::{Map, Value, json};

/// The stage, which stands in the context's path but not in the event's.
const STAGE: &str = "prod";

impl Event {
    /// The same request as a REST API hands it over.
    pub fn into_rest(mut self) -> Self {
        let url = self.json.take();
        let (method, path) = (&url["requestContext"]["http"]["method"], url["rawPath"].as_str().unwrap());
        let headers = url["headers"].as_object().unwrap();
        let header_lists: Map<String, Value> =
            headers.iter().map(|(name, value)| (name.clone(), json!([value]))).collect();
        let query = url["rawQueryString"].as_str().unwrap();
        let (mut last, mut all) = (Map::new(), Map::new());
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            last.insert(name.to_owned(), json!(value));
            let list = all.entry(name).or_insert(json!([]));
            list.as_array_mut().unwrap().push(json!(value));
        }
        let or_null = |map: Map<String, Value>| if map.is_empty() { Value::Null } else { map.into() };
        self.json = json!({
            "resource": "/{proxy+}",
            "path": path,
            "httpMethod": method,
            "headers": headers,
            "multiValueHeaders": header_lists,
            "queryStringParameters": or_null(last),
            "multiValueQueryStringParameters": or_null(all),
            "pathParameters": {"proxy": path.trim_start_matches('/')},
            "stageVariables": null,
            "requestContext": {
                "resourceId": "2gxmpl",
                "resourcePath": "/{proxy+}",
                "httpMethod": method,
                "extendedRequestId": "JJbxmplHYosFVYQ=",
                "requestTime": "22/Nov/2026:00:00:00 +0000",
                "path": format!("/{STAGE}{path}"),
                "accountId": "123456789012",
                "protocol": "HTTP/1.1",
                "stage": STAGE,
                "domainPrefix": "70ixmpl4fl",
                "requestTimeEpoch": 1_795_305_600_000_u64,
                "requestId": "e66ed6dd-5c5c-4d5b-8b6c-xmpl12345678",
                "identity": {
                    "cognitoIdentityPoolId": null,
                    "accountId": null,
                    "caller": null,
                    "sourceIp": "192.0.2.7",
                    "user": null,
                    "userAgent": "the browser",
                    "userArn": null,
                },
                "domainName": "70ixmpl4fl.execute-api.us-east-1.amazonaws.com",
                "apiId": "70ixmpl4fl",
            },
            "body": url.get("body").unwrap_or(&Value::Null),
            "isBase64Encoded": url["isBase64Encoded"],
        });
        self
    }
}
