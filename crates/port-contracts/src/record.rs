//! All of a system of record at once.

/// Stamps every family of a record's promises onto an adapter. The fixture is an async function without arguments that
/// gives a fresh, empty [`Backend`](crate::Backend).
///
/// ```text
/// async fn fixture() -> port_contracts::Backend { /* a fresh, empty record */ }
///
/// port_contracts::record!(fixture);
/// ```
#[macro_export]
macro_rules! record {
    ($($fixture:tt)+) => {
        $crate::store! { $($fixture)+ }
        $crate::users! { $($fixture)+ }
        $crate::accounts! { $($fixture)+ }
        $crate::api_keys! { $($fixture)+ }
        $crate::sessions! { $($fixture)+ }
        $crate::second_factors! { $($fixture)+ }
        $crate::products! { $($fixture)+ }
        $crate::orders! { $($fixture)+ }
        $crate::payments! { $($fixture)+ }
        $crate::payment_lists! { $($fixture)+ }
        $crate::events! { $($fixture)+ }
        $crate::findings! { $($fixture)+ }
        $crate::replies! { $($fixture)+ }
        $crate::account_tasks! { $($fixture)+ }
        $crate::webhooks! { $($fixture)+ }
        $crate::feed! { $($fixture)+ }
        $crate::overview! { $($fixture)+ }
        $crate::archive! { $($fixture)+ }
        $crate::audit! { $($fixture)+ }
    };
}
