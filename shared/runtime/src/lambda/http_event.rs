//! Events of an HTTP API (payload 2.0) and of function URLs: the request they describe, and the answer they want.
//!
//! Nothing in an event can make this fail. What cannot be a request becomes one that the edge refuses with 400.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};
use http_body_util::BodyExt;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::edge::Unreadable;

/// A gateway leaves out what there is not; an emulator may write null for it.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct HttpEvent {
    raw_path: Option<String>,
    raw_query_string: Option<String>,
    headers: Option<BTreeMap<String, String>>,
    cookies: Option<Vec<String>>,
    request_context: RequestContext,
    body: Option<String>,
    is_base64_encoded: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RequestContext {
    http: Http,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Http {
    method: String,
}

/// The request that an event describes.
pub(super) fn request(event: Value) -> Request<Body> {
    readable(event).unwrap_or_else(|| {
        let mut request = Request::new(Body::empty());
        request.extensions_mut().insert(Unreadable);
        request
    })
}

fn readable(event: Value) -> Option<Request<Body>> {
    let event: HttpEvent = serde_json::from_value(event).ok()?;
    let mut request = Request::new(body(&event)?);
    *request.method_mut() = Method::from_bytes(event.request_context.http.method.as_bytes()).ok()?;
    *request.uri_mut() = uri(&event)?;
    *request.headers_mut() = headers(&event)?;
    Some(request)
}

fn body(event: &HttpEvent) -> Option<Body> {
    let text = event.body.clone().unwrap_or_default();
    if event.is_base64_encoded.unwrap_or_default() {
        STANDARD.decode(text).ok().map(Body::from)
    } else {
        Some(Body::from(text))
    }
}

fn uri(event: &HttpEvent) -> Option<Uri> {
    let path = event.raw_path.as_deref().filter(|path| path.starts_with('/'))?;
    match event.raw_query_string.as_deref() {
        None | Some("") => path.parse().ok(),
        Some(query) => format!("{path}?{query}").parse().ok(),
    }
}

fn headers(event: &HttpEvent) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    for (name, value) in event.headers.iter().flatten() {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        headers.append(name, HeaderValue::from_bytes(value.as_bytes()).ok()?);
    }
    let cookies = event.cookies.clone().unwrap_or_default();
    if !cookies.is_empty() {
        headers.insert(COOKIE, HeaderValue::from_bytes(cookies.join("; ").as_bytes()).ok()?);
    }
    Some(headers)
}

/// The response as the gateway wants it.
pub(super) async fn answer(response: Response) -> Value {
    let (parts, body) = response.into_parts();
    // The bodies of our answers are in memory; one that breaks off is sent as far as it came.
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let (body, is_base64) = match std::str::from_utf8(&body) {
        Ok(text) => (text.to_owned(), false),
        Err(_) => (STANDARD.encode(&body), true),
    };
    let cookies: Vec<_> = texts(&parts.headers, &SET_COOKIE).collect();
    json!({
        "statusCode": parts.status.as_u16(),
        "headers": joined(&parts.headers),
        "cookies": cookies,
        "body": body,
        "isBase64Encoded": is_base64,
    })
}

fn joined(headers: &HeaderMap) -> Map<String, Value> {
    let names = headers.keys().filter(|name| **name != SET_COOKIE);
    names.map(|name| (name.to_string(), json!(texts(headers, name).collect::<Vec<_>>().join(",")))).collect()
}

fn texts<'a>(headers: &'a HeaderMap, name: &'a HeaderName) -> impl Iterator<Item = &'a str> {
    headers.get_all(name).iter().filter_map(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::response::IntoResponse;

    fn event() -> Value {
        json!({
            "version": "2.0",
            "rawPath": "/api/v1/telegram/webhook",
            "rawQueryString": "a=1&b=%20",
            "headers": { "content-type": "application/json", "x-one": "1" },
            "cookies": ["a=1", "b=2"],
            "requestContext": { "http": { "method": "POST", "path": "/", "sourceIp": "203.0.113.9" }, "stage": "$default" },
            "body": "{\"a\":\"é\"}",
            "isBase64Encoded": false
        })
    }

    async fn body_of(request: Request<Body>) -> Vec<u8> {
        request.into_body().collect().await.expect("a body").to_bytes().to_vec()
    }

    fn is_unreadable(event: Value) -> bool {
        request(event).extensions().get::<Unreadable>().is_some()
    }

    #[tokio::test]
    async fn an_event_is_read_as_the_request_it_describes() {
        let read = request(event());
        assert_eq!(read.method(), Method::POST);
        assert_eq!(read.uri(), "/api/v1/telegram/webhook?a=1&b=%20");
        assert_eq!(read.headers()["x-one"], "1");
        assert_eq!(read.headers()[COOKIE], "a=1; b=2");
        assert_eq!(body_of(read).await, "{\"a\":\"é\"}".as_bytes());
    }

    #[tokio::test]
    async fn the_same_body_arrives_from_both_encodings() {
        let mut encoded = event();
        encoded["body"] = json!(STANDARD.encode("{\"a\":\"é\"}"));
        encoded["isBase64Encoded"] = json!(true);
        assert_eq!(body_of(request(encoded)).await, body_of(request(event())).await);
    }

    #[tokio::test]
    async fn null_is_as_good_as_left_out() {
        let mut event = event();
        for pointer in ["/rawQueryString", "/headers", "/cookies", "/body", "/isBase64Encoded"] {
            *event.pointer_mut(pointer).expect("a field") = Value::Null;
        }
        let read = request(event);
        assert_eq!(read.uri(), "/api/v1/telegram/webhook");
        assert!(read.headers().is_empty());
        assert!(body_of(read).await.is_empty());
    }

    #[test]
    fn what_cannot_be_a_request_is_marked_and_never_fails() {
        for (pointer, value) in [
            ("/isBase64Encoded", json!(true)),
            ("/isBase64Encoded", json!("no")),
            ("/rawPath", json!("no-slash")),
            ("/rawPath", json!("/with space")),
            ("/rawPath", json!("")),
            ("/requestContext/http/method", json!("PO ST")),
            ("/requestContext/http/method", json!("")),
            ("/requestContext/http", json!(null)),
            ("/headers/x-one", json!("a\nb")),
            ("/headers", json!({ "no name": "1" })),
            ("/headers", json!([])),
            ("/body", json!({})),
        ] {
            let mut broken = event();
            *broken.pointer_mut(pointer).expect("a field") = value.clone();
            assert!(is_unreadable(broken), "{pointer} {value}");
        }
        assert!(!is_unreadable(event()));
    }

    #[tokio::test]
    async fn an_answer_has_text_or_base64_and_its_cookies_apart() {
        let response =
            (http::StatusCode::CREATED, [("set-cookie", "a=1"), ("x-a", "b")], "text").into_response();
        let told = answer(response).await;
        assert_eq!(told["statusCode"], 201);
        assert_eq!(told["headers"]["x-a"], "b");
        assert_eq!(told["cookies"], json!(["a=1"]));
        assert_eq!((&told["body"], &told["isBase64Encoded"]), (&json!("text"), &json!(false)));

        let binary = answer([0xff_u8, 0x00].into_response()).await;
        assert_eq!((&binary["body"], &binary["isBase64Encoded"]), (&json!("/wA="), &json!(true)));
    }
}
