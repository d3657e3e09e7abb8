//! The names of the workloads.

/// The clients of `mixed` that only log in.
pub(super) const LOGIN_CLIENTS: usize = 20;

/// A workload, as it is named on the command line and in the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Name {
    /// A server of the same framework that returns fixed bytes.
    Hello,
    /// Orders are read.
    Read,
    /// Orders are read that only the shared caches have.
    ReadCold,
    /// Orders are placed again under the same key.
    Replay,
    /// Orders of two of many products are placed.
    Place,
    /// The rows of such orders are written without the service.
    RawPlace,
    /// Orders of one product are placed, the same for all.
    PlaceHot,
    /// Notices of payments are delivered, each four times.
    Callback,
    /// The rows of such notices are written without the service.
    RawCallback,
    /// Payments are started and captured.
    Pay,
    /// Reads, orders and notices at once.
    MixedQuiet,
    /// As `MixedQuiet`, while other clients log in.
    Mixed,
    /// As `Place`, with SQLite.
    EmbeddedPlace,
    /// As `Read`, with SQLite.
    EmbeddedRead,
    /// As `Place`, with one client.
    IdlePlace,
    /// As `Read`, with one client.
    IdleRead,
}

impl Name {
    /// All workloads, in the order in which a round runs them.
    pub(crate) const ALL: [Self; 16] = [
        Self::Hello,
        Self::Read,
        Self::ReadCold,
        Self::Replay,
        Self::Place,
        Self::RawPlace,
        Self::PlaceHot,
        Self::Callback,
        Self::RawCallback,
        Self::Pay,
        Self::MixedQuiet,
        Self::Mixed,
        Self::EmbeddedPlace,
        Self::EmbeddedRead,
        Self::IdlePlace,
        Self::IdleRead,
    ];

    /// The text of the name.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Hello => "hello",
            Self::Read => "read",
            Self::ReadCold => "read-cold",
            Self::Replay => "replay",
            Self::Place => "place",
            Self::RawPlace => "raw-place",
            Self::PlaceHot => "place-hot",
            Self::Callback => "callback",
            Self::RawCallback => "raw-callback",
            Self::Pay => "pay",
            Self::MixedQuiet => "mixed-quiet",
            Self::Mixed => "mixed",
            Self::EmbeddedPlace => "embedded-place",
            Self::EmbeddedRead => "embedded-read",
            Self::IdlePlace => "idle-place",
            Self::IdleRead => "idle-read",
        }
    }

    /// What one operation is, as the report explains it.
    pub(crate) const fn description(self) -> &'static str {
        match self {
            Self::Hello => {
                "a server of the same HTTP framework returns fixed bytes, as many as an order has: the ceiling"
            }
            Self::Read => "`GET /v1/orders/{orderNumber}` of 10,000 orders, each by its customer",
            Self::ReadCold => "`read` of orders that an instance has in no cache of its own, each once",
            Self::Replay => "`POST /v1/orders` again, with the key and the body of an order that exists",
            Self::Place => {
                "`POST /v1/orders` of two of 1000 products with tracked stock, each client another customer"
            }
            Self::RawPlace => {
                "the same rows in one transaction for each order, by the bare driver without HTTP"
            }
            Self::PlaceHot => "`POST /v1/orders` of one product, the same for all",
            Self::Callback => {
                "a signed notice that a pending payment is captured; each is delivered four times in a row"
            }
            Self::RawCallback => {
                "the same rows by the bare driver: one transaction, then three reads of the event"
            }
            Self::Pay => "a payment is started by its customer and captured by an operator: two requests",
            Self::MixedQuiet => "80 % reads, 15 % orders, 5 % notices; passwords are hashed as in production",
            Self::Mixed => {
                "`mixed-quiet`, while 20 more clients log in without pause; logins are not counted"
            }
            Self::EmbeddedPlace => "`place` with SQLite",
            Self::EmbeddedRead => "`read` with SQLite",
            Self::IdlePlace => "`place` with one client: its median is the shortest time of an order",
            Self::IdleRead => "`read` with one client",
        }
    }

    /// The workload with that name.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }

    /// The number of clients, if `clients` were asked for.
    pub(crate) const fn clients(self, clients: usize) -> usize {
        match self {
            Self::IdlePlace | Self::IdleRead => 1,
            Self::Mixed => clients.saturating_add(LOGIN_CLIENTS),
            Self::Hello
            | Self::Read
            | Self::ReadCold
            | Self::Replay
            | Self::Place
            | Self::RawPlace
            | Self::PlaceHot
            | Self::Callback
            | Self::RawCallback
            | Self::Pay
            | Self::MixedQuiet
            | Self::EmbeddedPlace
            | Self::EmbeddedRead => clients,
        }
    }
}

/// The names of all workloads, for the usage.
pub(crate) fn all_names() -> String {
    Name::ALL.map(Name::as_str).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_as_it_is_written() {
        for name in Name::ALL {
            assert_eq!(Name::parse(name.as_str()), Some(name));
        }
        assert_eq!(Name::parse("Place"), None);
    }

    #[test]
    fn one_client_is_idle() {
        assert_eq!((Name::IdleRead.clients(64), Name::Read.clients(64)), (1, 64));
    }
}
