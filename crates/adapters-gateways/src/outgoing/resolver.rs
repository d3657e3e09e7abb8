//! Names to addresses that were checked.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    vec,
};

use async_trait::async_trait;
use hyper_util::client::legacy::connect::dns::Name;
use tower_service::Service;

use super::address::AddressGuard;

/// The most addresses of one name that are looked at.
const ADDRESSES_MAX: usize = 32;

/// Resolves names to addresses.
#[async_trait]
pub trait NameResolver: Send + Sync {
    /// All addresses of a name.
    ///
    /// # Errors
    /// [`io::Error`] when there are none, or they cannot be found out.
    async fn resolve_name(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

/// Resolves names as the system does.
#[derive(Debug, Clone, Copy)]
pub struct SystemResolver;

#[async_trait]
impl NameResolver for SystemResolver {
    async fn resolve_name(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((name, 0)).await?.map(|it| it.ip()).collect())
    }
}

/// The name leads to an address that messages are not sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the address is not allowed")]
pub(super) struct RefusedAddress;

/// The resolver of a connector: it gives the connector only addresses that were checked.
#[derive(Clone)]
pub(super) struct CheckingResolver {
    resolver: Arc<dyn NameResolver>,
    guard: AddressGuard,
}

impl CheckingResolver {
    pub(super) fn new(resolver: Arc<dyn NameResolver>, guard: AddressGuard) -> Self {
        Self { resolver, guard }
    }

    async fn resolve_checked(self, name: Name) -> io::Result<vec::IntoIter<SocketAddr>> {
        let mut found = self.resolver.resolve_name(name.as_str()).await?;
        found.truncate(ADDRESSES_MAX);
        // One that is refused refuses the name: who controls it could have mixed both on purpose.
        if !found.iter().all(|it| self.guard.is_allowed(*it)) {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, RefusedAddress));
        }
        // The connector puts the port of the URL in the place of 0.
        Ok(found.into_iter().map(|it| SocketAddr::new(it, 0)).collect::<Vec<_>>().into_iter())
    }
}

impl Service<Name> for CheckingResolver {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        Box::pin(self.clone().resolve_checked(name))
    }
}
