//! The routes: paths, methods and the API format of each.

use crate::{
    api_format::ApiFormat,
    error::{ApiError, ApiErrorKind},
};

/// A route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// `POST /conversations`
    Conversations,
    /// `POST /v1/chat/completions`
    ChatCompletions,
    /// `GET /v1/models`
    Models,
    /// `GET /health`
    Health,
}

impl Route {
    const ALL: [Self; 4] = [Self::Conversations, Self::ChatCompletions, Self::Models, Self::Health];

    /// The method and the path.
    fn row(self) -> (&'static str, &'static str) {
        match self {
            Self::Conversations => ("POST", "/conversations"),
            Self::ChatCompletions => ("POST", "/v1/chat/completions"),
            Self::Models => ("GET", "/v1/models"),
            Self::Health => ("GET", "/health"),
        }
    }

    /// The path, which is also the route's name in logs.
    pub fn path(self) -> &'static str {
        self.row().1
    }

    /// Finds the route of a request.
    ///
    /// # Errors
    /// [`ApiErrorKind::NotFound`], or [`ApiErrorKind::MethodNotAllowed`] with the path's method in `allow`.
    pub fn find(method: &str, path: &str) -> Result<Self, ApiError> {
        let route = Self::ALL.into_iter().find(|route| route.path() == path).ok_or(ApiErrorKind::NotFound)?;
        if route.row().0 == method {
            return Ok(route);
        }
        Err(ApiError { allow: Some(route.row().0), ..ApiErrorKind::MethodNotAllowed.into() })
    }
}

/// The API format of a path, whether or not the path exists.
pub fn api_format(path: &str) -> ApiFormat {
    if path == "/v1" || path.starts_with("/v1/") { ApiFormat::OpenAi } else { ApiFormat::ChatGptWeb }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_routes() {
        for route in Route::ALL {
            assert_eq!(Route::find(route.row().0, route.path()), Ok(route));
        }
    }

    #[test]
    fn names_the_allowed_method() {
        for route in Route::ALL {
            let error = ApiError { allow: Some(route.row().0), ..ApiErrorKind::MethodNotAllowed.into() };
            assert_eq!(Route::find("DELETE", route.path()), Err(error));
        }
    }

    #[test]
    fn rejects_unknown_paths() {
        for path in ["", "/", "/conversations/", "/Conversations", "/v1", "/v2/models"] {
            assert_eq!(Route::find("GET", path), Err(ApiErrorKind::NotFound.into()), "{path}");
        }
    }

    #[test]
    fn takes_the_format_from_the_path() {
        assert_eq!(api_format("/v1/nothing"), ApiFormat::OpenAi);
        assert_eq!(api_format("/v10"), ApiFormat::ChatGptWeb);
    }
}
