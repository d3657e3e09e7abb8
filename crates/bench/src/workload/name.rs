//! The names of the workloads.

/// A workload, as it is named on the command line and in the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Name {
    /// A server of the same framework that returns fixed bytes.
    Hello,
    /// Orders are read.
    Read,
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
    pub(crate) const ALL: [Self; 13] = [
        Self::Hello,
        Self::Read,
        Self::Replay,
        Self::Place,
        Self::RawPlace,
        Self::PlaceHot,
        Self::Callback,
        Self::RawCallback,
        Self::Pay,
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
            Self::Replay => "replay",
            Self::Place => "place",
            Self::RawPlace => "raw-place",
            Self::PlaceHot => "place-hot",
            Self::Callback => "callback",
            Self::RawCallback => "raw-callback",
            Self::Pay => "pay",
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
        if matches!(self, Self::IdlePlace | Self::IdleRead) { 1 } else { clients }
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
