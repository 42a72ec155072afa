use super::*;

const LEFT: Duration = Duration::from_secs(60);
const FIRST: Tried = Tried {
    past_first_target: false,
    retries: 0,
    max_retries: 2,
    stale: 0,
    key_refreshed: false,
    adjustments: Adjustments { other_token_limit: false, no_temperature: false },
};

fn refused(class: Class) -> Refusal {
    Refusal { class, status: 0, code: None, param: None, retry_after: None, should_retry: None }
}

fn decided(class: Class, tried: &Tried) -> Decision {
    decide(&Trouble::Refused(refused(class)), tried, LEFT, 1.0)
}

fn back_off(milliseconds: u64) -> Decision {
    Decision::RetryAfter(Duration::from_millis(milliseconds))
}

#[test]
fn first_target_fresh() {
    use Decision::{GiveUp, Go, NoTemperature, OtherTokenLimit, Reconnect, RefreshKey};
    for (trouble, decision) in [
        (Trouble::NotConnected, back_off(250)),
        (Trouble::ConnectionLost, back_off(250)),
        (Trouble::BadAnswer, back_off(250)),
        (Trouble::StaleConnection, Reconnect),
        (Trouble::NoAnswer, Go(Next::Target)),
        (Trouble::SlowFirstEvent, Go(Next::Target)),
        (Trouble::Silent, Go(Next::Target)),
        (Trouble::TooLong, GiveUp),
    ] {
        assert_eq!(decide(&trouble, &FIRST, LEFT, 1.0), decision, "{trouble:?}");
    }
    for (class, decision) in [
        (Class::Request, GiveUp),
        (Class::Quota, GiveUp),
        (Class::ContextLength, Go(Next::Model)),
        (Class::ModelNotFound, Go(Next::Model)),
        (Class::TokenLimitName, OtherTokenLimit),
        (Class::Temperature, NoTemperature),
        (Class::Key, RefreshKey),
        (Class::Misconfigured, Go(Next::FallbackBase)),
        (Class::Other, Go(Next::FallbackBase)),
        (Class::RateLimited, back_off(250)),
        (Class::Timeout, back_off(250)),
        (Class::Fault, back_off(250)),
    ] {
        assert_eq!(decided(class, &FIRST), decision, "{class:?}");
    }
}

#[test]
fn what_is_tried_once_is_not_tried_twice() {
    let tried = Tried {
        key_refreshed: true,
        adjustments: Adjustments { other_token_limit: true, no_temperature: true },
        stale: 3,
        ..FIRST
    };
    assert_eq!(decided(Class::Key, &tried), Decision::Go(Next::FallbackBase));
    assert_eq!(decided(Class::TokenLimitName, &tried), Decision::GiveUp);
    assert_eq!(decided(Class::Temperature, &tried), Decision::GiveUp);
    assert_eq!(decide(&Trouble::StaleConnection, &tried, LEFT, 1.0), back_off(250));
}

#[test]
fn retries_end_with_the_budget_the_first_target_and_the_deadline() {
    let spent = Tried { retries: 2, ..FIRST };
    let elsewhere = Tried { past_first_target: true, ..FIRST };
    for tried in [spent, elsewhere] {
        assert_eq!(decided(Class::Fault, &tried), Decision::Go(Next::Target));
        assert_eq!(decide(&Trouble::NotConnected, &tried, LEFT, 0.0), Decision::Go(Next::Target));
    }
    let late = Duration::from_millis(250);
    assert_eq!(decide(&Trouble::NotConnected, &FIRST, late, 1.0), Decision::Go(Next::Target));
    assert_eq!(decide(&Trouble::NotConnected, &FIRST, late, 0.0), back_off(125));
}

#[test]
fn pauses_double_and_are_jittered() {
    let pauses = [0, 1, 2].map(|retries| {
        decide(&Trouble::NotConnected, &Tried { retries, max_retries: 5, ..FIRST }, LEFT, 1.0)
    });
    assert_eq!(pauses, [back_off(250), back_off(500), back_off(1000)]);
    assert_eq!(
        decide(&Trouble::NotConnected, &FIRST, LEFT, 0.5),
        Decision::RetryAfter(Duration::from_micros(187_500))
    );
}

#[test]
fn what_the_gateway_asks_for() {
    let wait = |seconds, should_retry| {
        let retry_after = Some(Duration::from_secs(seconds));
        let refusal = Refusal { retry_after, should_retry, ..refused(Class::RateLimited) };
        decide(&Trouble::Refused(refusal), &FIRST, LEFT, 0.0)
    };
    assert_eq!(wait(5, None), back_off(5000));
    assert_eq!(wait(6, None), Decision::Go(Next::Target));
    assert_eq!(wait(6, Some(true)), Decision::Go(Next::Target));
    assert_eq!(wait(1, Some(false)), Decision::Go(Next::Target));
    for (class, decision) in [
        (Class::Other, back_off(125)),
        (Class::Request, Decision::GiveUp),
        (Class::Quota, Decision::GiveUp),
        (Class::ContextLength, Decision::Go(Next::Model)),
        (Class::Misconfigured, Decision::Go(Next::FallbackBase)),
    ] {
        let refusal = Refusal { should_retry: Some(true), ..refused(class) };
        assert_eq!(decide(&Trouble::Refused(refusal), &FIRST, LEFT, 0.0), decision, "{class:?}");
    }
}
