use super::*;

const LEFT: Duration = Duration::from_secs(60);
const FIRST: RetryState =
    RetryState { past_first_target: false, retries: 0, max_retries: 2, adjusted: 0, key_refreshed: false };

fn decided(class: ErrorClass, state: &RetryState, left: Duration, jitter: f64) -> Decision {
    decide(&class.into(), state, None, left, jitter)
}

fn after(class: ErrorClass, state: &RetryState) -> Decision {
    decided(class, state, LEFT, 1.0)
}

fn back_off(milliseconds: u64) -> Decision {
    Decision::RetryAfter(Duration::from_millis(milliseconds))
}

#[test]
fn decides_for_a_fresh_first_target() {
    use Decision::*;
    for (class, decision) in [
        (ErrorClass::NotConnected, back_off(250)),
        (ErrorClass::ConnectionLost, back_off(0)),
        (ErrorClass::BadAnswer, back_off(250)),
        (ErrorClass::TooSlow, NextTarget),
        (ErrorClass::WrongFormat, NextTarget),
        (ErrorClass::TooLong, GiveUp),
        (ErrorClass::Refused, GiveUp),
        (ErrorClass::ContentFilter, GiveUp),
        (ErrorClass::Denied, GiveUp),
        (ErrorClass::UnsupportedParameter, GiveUp),
        (ErrorClass::Quota, GiveUp),
        (ErrorClass::GatewayNotSetUp, GiveUp),
        (ErrorClass::Forbidden, GiveUp),
        (ErrorClass::GuardrailDown, GiveUp),
        (ErrorClass::ContextLength, NextModel),
        (ErrorClass::ModelNotFound, NextModel),
        (ErrorClass::Key, RefreshKey),
        (ErrorClass::GatewayToken, RefreshKey),
        (ErrorClass::Misconfigured, FallbackBase),
        (ErrorClass::Other, FallbackBase),
        (ErrorClass::RateLimited, back_off(250)),
        (ErrorClass::Timeout, back_off(250)),
        (ErrorClass::Fault, back_off(250)),
    ] {
        assert_eq!(after(class, &FIRST), decision, "{class:?}");
    }
}

#[test]
fn refreshes_the_key_once() {
    let state = RetryState { key_refreshed: true, ..FIRST };
    assert_eq!(after(ErrorClass::Key, &state), Decision::FallbackBase);
    assert_eq!(after(ErrorClass::GatewayToken, &state), Decision::GiveUp);
}

#[test]
fn adjusts_three_times() {
    let error = UpstreamError::from(ErrorClass::UnsupportedParameter);
    let decided =
        |adjusted| decide(&error, &RetryState { adjusted, ..FIRST }, Some(Parameter::TopP), LEFT, 1.0);
    assert_eq!([0, 2].map(decided), [Decision::Adjust(Parameter::TopP); 2]);
    assert_eq!(decided(3), Decision::GiveUp);
}

#[test]
fn retries_a_lost_connection_at_once_and_then_backs_off() {
    let lost = ErrorClass::ConnectionLost;
    assert_eq!(decided(lost, &FIRST, LEFT, 1.0), back_off(0));
    assert_eq!(decided(lost, &RetryState { retries: 1, ..FIRST }, LEFT, 1.0), back_off(500));
}

#[test]
fn stops_retrying_at_the_limit_the_first_target_and_the_deadline() {
    let spent = RetryState { retries: 2, ..FIRST };
    let elsewhere = RetryState { past_first_target: true, ..FIRST };
    for state in [spent, elsewhere] {
        assert_eq!(after(ErrorClass::Fault, &state), Decision::NextTarget);
        assert_eq!(decided(ErrorClass::NotConnected, &state, LEFT, 0.0), Decision::NextTarget);
    }
    let late = Duration::from_millis(250);
    assert_eq!(decided(ErrorClass::NotConnected, &FIRST, late, 1.0), Decision::NextTarget);
    assert_eq!(decided(ErrorClass::NotConnected, &FIRST, late, 0.0), back_off(125));
}

#[test]
fn doubles_and_jitters_pauses() {
    let pauses = [0, 1, 2].map(|retries| {
        decided(ErrorClass::NotConnected, &RetryState { retries, max_retries: 5, ..FIRST }, LEFT, 1.0)
    });
    assert_eq!(pauses, [back_off(250), back_off(500), back_off(1000)]);
    assert_eq!(
        decided(ErrorClass::NotConnected, &FIRST, LEFT, 0.5),
        Decision::RetryAfter(Duration::from_micros(187_500))
    );
}

#[test]
fn waits_as_long_as_the_gateway_asks() {
    let wait = |seconds, should_retry| {
        let retry_after = Some(Duration::from_secs(seconds));
        let error = UpstreamError { retry_after, should_retry, ..ErrorClass::RateLimited.into() };
        decide(&error, &FIRST, None, LEFT, 0.0)
    };
    assert_eq!(wait(5, None), back_off(5000));
    assert_eq!(wait(6, None), Decision::NextTarget);
    assert_eq!(wait(6, Some(true)), Decision::NextTarget);
    assert_eq!(wait(1, Some(false)), Decision::NextTarget);
    for (class, decision) in [
        (ErrorClass::Other, back_off(125)),
        (ErrorClass::Refused, Decision::GiveUp),
        (ErrorClass::Quota, Decision::GiveUp),
        (ErrorClass::ContextLength, Decision::NextModel),
        (ErrorClass::Misconfigured, Decision::FallbackBase),
    ] {
        let error = UpstreamError { should_retry: Some(true), ..class.into() };
        assert_eq!(decide(&error, &FIRST, None, LEFT, 0.0), decision, "{class:?}");
    }
}
