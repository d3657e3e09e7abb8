use std::future::{pending, ready};

use super::*;
use crate::breaker::instant_now;

/// Whether the call was made at all, and whether it succeeded.
async fn call(guard: &ServerGuard, outcome: impl Future<Output = Result<(), CallFailure>>) -> (bool, bool) {
    let mut made = false;
    let succeeded = guard.call(async {
        made = true;
        outcome.await
    });
    let succeeded = succeeded.await.is_ok();
    (made, succeeded)
}

fn away() -> impl Future<Output = Result<(), CallFailure>> {
    ready(Err(CallFailure::Away("away".into())))
}

#[tokio::test(start_paused = true)]
async fn what_hangs_is_given_up_and_left_alone_for_a_while() {
    let guard = ServerGuard::new("server", DEFAULT_TIMEOUT);
    let began = instant_now();
    assert_eq!(call(&guard, pending()).await, (true, false));
    assert!((DEFAULT_TIMEOUT..DEFAULT_TIMEOUT * 2).contains(&began.elapsed()), "{:?}", began.elapsed());
    assert_eq!(call(&guard, ready(Ok(()))).await, (false, false));
    time::advance(SETTINGS.open_period).await;
    assert_eq!(call(&guard, ready(Ok(()))).await, (true, true));
    assert_eq!(call(&guard, ready(Ok(()))).await, (true, true));
    assert_eq!(guard.connection_generation(), 1);
}

#[tokio::test(start_paused = true)]
async fn after_the_period_a_single_call_tries() {
    let guard = ServerGuard::new("server", DEFAULT_TIMEOUT);
    assert_eq!(call(&guard, away()).await, (true, false));
    time::advance(SETTINGS.open_period).await;
    let (probe, other) = tokio::join!(call(&guard, pending()), call(&guard, ready(Ok(()))));
    assert_eq!((probe, other), ((true, false), (false, false)));
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_was_dropped_does_not_keep_the_others_out_for_ever() {
    let guard = ServerGuard::new("server", DEFAULT_TIMEOUT);
    assert_eq!(call(&guard, away()).await, (true, false));
    time::advance(SETTINGS.open_period).await;
    let dropped = time::timeout(Duration::from_millis(1), call(&guard, pending())).await;
    assert!(dropped.is_err());
    time::advance(SETTINGS.open_period).await;
    assert_eq!(call(&guard, ready(Ok(()))).await, (true, true));
}

#[tokio::test]
async fn a_refusal_is_an_answer() {
    let guard = ServerGuard::new("server", DEFAULT_TIMEOUT);
    let refused = ready(Err(CallFailure::Refused("no".into())));
    assert_eq!(call(&guard, refused).await, (true, false));
    assert_eq!(call(&guard, ready(Ok(()))).await, (true, true));
    assert_eq!(guard.connection_generation(), 0);
}
