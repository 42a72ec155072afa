//! Which paths there are, which method each takes, and whose words its callers expect. Knows neither callers nor bodies.

use crate::{
    dialect::Dialect,
    failure::{Failure, Kind},
};

/// A route of the contract's section 2.
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

    /// The path, which is also the route's name in logs.
    pub fn path(self) -> &'static str {
        match self {
            Self::Conversations => "/conversations",
            Self::ChatCompletions => "/v1/chat/completions",
            Self::Models => "/v1/models",
            Self::Health => "/health",
        }
    }

    /// The one method that the path takes.
    pub fn method(self) -> &'static str {
        match self {
            Self::Conversations | Self::ChatCompletions => "POST",
            Self::Models | Self::Health => "GET",
        }
    }

    /// Finds the route of a request.
    ///
    /// ```
    /// use gptdock::{failure::Kind, route::Route};
    ///
    /// assert_eq!(Route::find("GET", "/health"), Ok(Route::Health));
    /// let refused = Route::find("GET", "/conversations").unwrap_err();
    /// assert_eq!((refused.kind, refused.allow), (Kind::MethodNotAllowed, Some("POST")));
    /// ```
    ///
    /// # Errors
    /// [`Kind::NotFound`], or [`Kind::MethodNotAllowed`] with the method that the path takes.
    pub fn find(method: &str, path: &str) -> Result<Self, Failure> {
        let route = Self::ALL.into_iter().find(|route| route.path() == path).ok_or(Kind::NotFound)?;
        if route.method() == method {
            return Ok(route);
        }
        Err(Failure { allow: Some(route.method()), ..Kind::MethodNotAllowed.into() })
    }

    /// The dialect that callers of a path expect, whether or not there is such a path.
    pub fn dialect(path: &str) -> Dialect {
        if path == "/v1" || path.starts_with("/v1/") { Dialect::OpenAi } else { Dialect::Web }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_routes_and_says_why_not() {
        for route in Route::ALL {
            assert_eq!(Route::find(route.method(), route.path()), Ok(route));
            let refused = Failure { allow: Some(route.method()), ..Kind::MethodNotAllowed.into() };
            assert_eq!(Route::find("DELETE", route.path()), Err(refused));
        }
        for path in ["", "/", "/conversations/", "/Conversations", "/v1", "/v2/models"] {
            assert_eq!(Route::find("GET", path), Err(Kind::NotFound.into()), "{path}");
        }
        assert_eq!(Route::dialect("/v1/nothing"), Dialect::OpenAi);
        assert_eq!(Route::dialect("/v10"), Dialect::Web);
    }
}
