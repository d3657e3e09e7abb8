//! What an operator may do who has no second factor although one is required.

use application::{OperatorTotp, Policy, UserCaller};

use crate::http::{
    RouteName,
    problem::{Kind, Problem},
};

/// The routes that lead to a second factor, and those that leave.
const OPEN_ROUTES: &[&str] = &[
    "GET /v1/me",
    "POST /v1/me/second-factor",
    "POST /v1/me/second-factor/confirm",
    "PUT /v1/me/password",
    "POST /v1/auth/logout",
];

/// Refuses an operator without a second factor where one is required, but for the routes that enrol one.
pub(super) fn require_factor(policy: &Policy, caller: &UserCaller, route: RouteName) -> Result<(), Problem> {
    let required = match policy.operator_totp {
        OperatorTotp::Optional => false,
        OperatorTotp::Required => caller.is_operator() && caller.user.second_factor_at.is_none(),
    };
    if required && !OPEN_ROUTES.contains(&route.name) {
        Err(Kind::SecondFactorRequired.into())
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::ROUTES;

    #[test]
    fn every_open_route_exists() {
        for open in OPEN_ROUTES {
            assert!(ROUTES.iter().any(|it| it.name == *open), "{open}");
        }
    }
}
