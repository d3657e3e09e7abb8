//! Placing an order: requests with idempotency keys, a lock that saves work and decides nothing, and a commit that
//! holds claim, order and stock together.

use stateright::{Model, Property};

use crate::{assert_found, assert_sound};

/// The requests: two with one key, such as a retry on another instance, and one with another key.
const KEYS: [usize; 3] = [0, 0, 1];
const REQUESTS: usize = KEYS.len();
/// The pieces that an order takes.
const PIECES: i8 = 1;

/// A fault that the model must find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// A claim of a key that has one is accepted.
    NoUniqueKey,
    /// The claim is stored in a commit of its own, after the order.
    ClaimAfterwards,
    /// A refusal is sent without looking the key up once more.
    RefuseAtOnce,
    /// Stock is taken without its guard.
    NoStockGuard,
    /// A reply is sent before the commit.
    ReplyEarly,
}

/// Where a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Step {
    /// It was sent, perhaps again.
    Begun,
    /// It believes that it has the lock of its key.
    Locked,
    /// It has looked its key up and found no claim; it saw this stock.
    Decided(i8),
    /// Only with `ClaimAfterwards`: its order is committed and its claim is not.
    Half(u8),
    /// It has a reply that was not sent yet.
    Replying(Reply),
    /// The client has the reply.
    Answered(Reply),
}

/// What a client is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Reply {
    /// 201 with that order.
    Placed(u8),
    /// 409: out of stock.
    Refused,
}

/// The record, the lock service and the requests.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct State {
    /// The keys of the committed orders; an order's number is its position.
    orders: Vec<usize>,
    /// The order of each claimed key.
    claims: [Option<u8>; 2],
    stock: i8,
    /// Which request the lock service believes to hold the lock of each key.
    locks: [Option<usize>; 2],
    requests: [Step; REQUESTS],
    /// Requests that may still be ended by a crash or lose their reply, and are sent again.
    crashes_left: u8,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Action {
    /// The request gets the lock, or goes on without it because the service is unavailable.
    Lock(usize, bool),
    /// The lock service forgets a lock.
    Forget(usize),
    LookUp(usize),
    Commit(usize),
    Reply(usize),
    /// Its process dies, or the reply is lost; the client sends it again.
    Crash(usize),
}

struct OrderCreate(Option<Fault>);

impl OrderCreate {
    fn has(&self, fault: Fault) -> bool {
        self.0 == Some(fault)
    }

    /// The commit of a decision: claim, order and stock in one transaction, refused by the keys and guards of the record.
    fn commit(&self, state: &mut State, request: usize, seen_stock: i8) -> Step {
        let key = KEYS[request];
        let is_sold_out =
            if self.has(Fault::NoStockGuard) { seen_stock < PIECES } else { state.stock < PIECES };
        if is_sold_out {
            // A commit that is refused for two reasons may say either. So the key is looked up once more before a refusal:
            // the stock may have gone to the first request with it.
            return match state.claims[key] {
                Some(order) if !self.has(Fault::RefuseAtOnce) => Step::Replying(Reply::Placed(order)),
                Some(_) | None => Step::Replying(Reply::Refused),
            };
        }
        if let Some(order) = state.claims[key]
            && !self.has(Fault::NoUniqueKey)
            && !self.has(Fault::ClaimAfterwards)
        {
            return Step::Replying(Reply::Placed(order));
        }
        let order = u8::try_from(state.orders.len()).unwrap();
        state.orders.push(key);
        state.stock -= PIECES;
        if self.has(Fault::ClaimAfterwards) {
            return Step::Half(order);
        }
        state.claims[key] = Some(order);
        Step::Replying(Reply::Placed(order))
    }
}

impl Model for OrderCreate {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        // Too little for two orders, and enough for one of each request: then only the keys decide.
        let stocks = [1, 3].into_iter();
        let start = |stock| State {
            orders: Vec::new(),
            claims: [None; 2],
            stock,
            locks: [None; 2],
            requests: [Step::Begun; REQUESTS],
            crashes_left: 2,
        };
        stocks.map(start).collect()
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        for (request, step) in state.requests.iter().enumerate() {
            match step {
                Step::Begun => {
                    actions.push(Action::Lock(request, false));
                    if state.locks[KEYS[request]].is_none() {
                        actions.push(Action::Lock(request, true));
                    }
                }
                Step::Locked => actions.push(Action::LookUp(request)),
                Step::Decided(_) | Step::Half(_) => actions.push(Action::Commit(request)),
                Step::Replying(_) => actions.push(Action::Reply(request)),
                Step::Answered(_) => {}
            }
            if state.crashes_left > 0 && !matches!(step, Step::Begun | Step::Answered(_)) {
                actions.push(Action::Crash(request));
            }
        }
        actions.extend((0..2).filter(|it| state.locks[*it].is_some()).map(Action::Forget));
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::Lock(request, is_granted) => {
                if is_granted {
                    state.locks[KEYS[request]] = Some(request);
                }
                state.requests[request] = Step::Locked;
            }
            Action::Forget(key) => state.locks[key] = None,
            Action::LookUp(request) => {
                state.requests[request] = match state.claims[KEYS[request]] {
                    Some(order) => Step::Replying(Reply::Placed(order)),
                    None if self.has(Fault::ReplyEarly) => {
                        Step::Replying(Reply::Placed(u8::try_from(state.orders.len()).unwrap()))
                    }
                    None => Step::Decided(state.stock),
                };
            }
            Action::Commit(request) => {
                state.requests[request] = match state.requests[request] {
                    Step::Decided(seen) => self.commit(&mut state, request, seen),
                    Step::Half(order) => {
                        state.claims[KEYS[request]] = Some(order);
                        Step::Replying(Reply::Placed(order))
                    }
                    Step::Begun | Step::Locked | Step::Replying(_) | Step::Answered(_) => return None,
                };
            }
            Action::Reply(request) => {
                let Step::Replying(reply) = state.requests[request] else { return None };
                state.requests[request] = Step::Answered(reply);
                let lock = &mut state.locks[KEYS[request]];
                *lock = lock.filter(|it| *it != request);
            }
            Action::Crash(request) => {
                // Its lock stays until the service forgets it.
                state.requests[request] = Step::Begun;
                state.crashes_left -= 1;
            }
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("one order for a key", |_, state: &State| {
                (0..2).all(|key| state.orders.iter().filter(|it| **it == key).count() <= 1)
            }),
            Property::always("an answered order is in the record, for its key", |_, state: &State| {
                state.requests.iter().zip(KEYS).all(|(step, key)| match step {
                    Step::Answered(Reply::Placed(order)) => {
                        state.orders.get(usize::from(*order)) == Some(&key)
                    }
                    Step::Answered(Reply::Refused)
                    | Step::Begun
                    | Step::Locked
                    | Step::Decided(_)
                    | Step::Half(_)
                    | Step::Replying(_) => true,
                })
            }),
            Property::always("who has an order is not refused", |_, state: &State| {
                state.requests.iter().zip(KEYS).all(|(step, key)| {
                    *step != Step::Answered(Reply::Refused) || !state.orders.contains(&key)
                })
            }),
            Property::always("stock is not below zero", |_, state: &State| state.stock >= 0),
            Property::sometimes("two requests of a key are past the lock", |_, state: &State| {
                state.requests[..2].iter().all(|it| matches!(it, Step::Decided(_) | Step::Replying(_)))
            }),
            Property::sometimes("another customer was faster", |_, state: &State| {
                state.requests[0] == Step::Answered(Reply::Refused)
            }),
        ]
    }
}

/// The number of states, when every property holds.
pub(crate) fn search_sound() -> usize {
    assert_sound("order-create", OrderCreate(None))
}

#[test]
fn a_key_has_one_order_whatever_becomes_of_its_lock() {
    for (fault, property) in [
        (Fault::NoUniqueKey, "one order for a key"),
        (Fault::ClaimAfterwards, "one order for a key"),
        (Fault::RefuseAtOnce, "who has an order is not refused"),
        (Fault::NoStockGuard, "stock is not below zero"),
        (Fault::ReplyEarly, "an answered order is in the record, for its key"),
    ] {
        assert_found(OrderCreate(Some(fault)), property);
    }
}
