//! What workloads share: the shops, and the database of the raw workloads. Each is made when it is first needed.

use std::{path::PathBuf, sync::Arc};

use tokio::sync::OnceCell;

use super::{
    Name, Workload,
    callback::Callback,
    mixed::Mixed,
    name::LOGIN_CLIENTS,
    pay::Pay,
    place::Place,
    raw_callback::RawCallback,
    raw_database::RawDatabase,
    raw_place::RawPlace,
    read::{Hello, Read},
    read_cold::ReadCold,
    replay::Replay,
};
use crate::{
    error::BenchResult,
    footprint::Footprint,
    shop::{Basket, Shop},
    stack::{Processes, Stack},
};

/// The cost of password hashes as in production, for the workload that logs in.
const PRODUCTION_HASHES: &[(&str, &str)] = &[("IDEM_BCRYPT_COST", "12")];

/// Makes workloads.
#[derive(Debug)]
pub(crate) struct Fixtures {
    customers: usize,
    orders: usize,
    log: Option<PathBuf>,
    on_servers: OnceCell<Arc<Shop>>,
    embedded: OnceCell<Arc<Shop>>,
    /// As `on_servers`, with a cost of password hashes as in production.
    slow_hashes: OnceCell<Arc<Shop>>,
    raw: OnceCell<Arc<RawDatabase>>,
}

impl Fixtures {
    /// Nothing is started yet. `orders` is the number of those that are read and replayed, `log` the file for the
    /// services' logs.
    pub(crate) fn new(customers: usize, orders: usize, log: Option<PathBuf>) -> Self {
        Self {
            customers,
            orders,
            log,
            on_servers: OnceCell::new(),
            embedded: OnceCell::new(),
            slow_hashes: OnceCell::new(),
            raw: OnceCell::new(),
        }
    }

    /// A workload, ready for its first round.
    pub(crate) async fn prepare_workload(&self, name: Name) -> BenchResult<Arc<dyn Workload>> {
        let (many, hot) = (Basket::TwoOfMany, Basket::HotProduct);
        Ok(match name {
            Name::Hello => Arc::new(Hello::prepare(&self.shop_on_servers().await?).await?),
            Name::Read | Name::IdleRead => {
                Arc::new(Read::prepare(self.shop_on_servers().await?, self.orders).await?)
            }
            Name::ReadCold => Arc::new(ReadCold::prepare(self.shop_on_servers().await?).await?),
            Name::Replay => Arc::new(Replay::prepare(self.shop_on_servers().await?, self.orders).await?),
            Name::Place | Name::IdlePlace => {
                Arc::new(Place { shop: self.shop_on_servers().await?, basket: many })
            }
            Name::PlaceHot => Arc::new(Place { shop: self.shop_on_servers().await?, basket: hot }),
            Name::RawPlace => Arc::new(RawPlace(self.raw_database().await?)),
            Name::Callback => Arc::new(Callback::new(self.shop_on_servers().await?)),
            Name::RawCallback => Arc::new(RawCallback::new(self.raw_database().await?)),
            Name::Pay => Arc::new(Pay::new(self.shop_on_servers().await?)),
            Name::MixedQuiet | Name::Mixed => Arc::new(
                Mixed::prepare(self.shop_with_slow_hashes().await?, self.orders, self.customers).await?,
            ),
            Name::EmbeddedPlace => Arc::new(Place { shop: self.embedded_shop().await?, basket: many }),
            Name::EmbeddedRead => Arc::new(Read::prepare(self.embedded_shop().await?, self.orders).await?),
        })
    }

    /// Everything that runs, beside the processes of single workloads.
    pub(crate) fn processes(&self) -> Vec<Processes> {
        let shops = [self.on_servers.get(), self.embedded.get(), self.slow_hashes.get()];
        shops.into_iter().flatten().map(|it| it.stack().processes()).collect()
    }

    /// The time of a start, memory and size of the service.
    pub(crate) async fn measure_footprint(&self) -> BenchResult<Footprint> {
        Footprint::measure(self.shop_on_servers().await?.stack().command()).await
    }

    async fn shop_on_servers(&self) -> BenchResult<Arc<Shop>> {
        let make = async || {
            let stack = Stack::start_on_servers(&[], self.log.as_deref()).await?;
            Shop::open(stack, self.customers).await.map(Arc::new)
        };
        self.on_servers.get_or_try_init(make).await.map(Arc::clone)
    }

    async fn shop_with_slow_hashes(&self) -> BenchResult<Arc<Shop>> {
        let make = async || {
            let stack = Stack::start_on_servers(PRODUCTION_HASHES, self.log.as_deref()).await?;
            Shop::open(stack, LOGIN_CLIENTS).await.map(Arc::new)
        };
        self.slow_hashes.get_or_try_init(make).await.map(Arc::clone)
    }

    async fn embedded_shop(&self) -> BenchResult<Arc<Shop>> {
        let make = async || {
            let stack = Stack::start_embedded(self.log.as_deref()).await?;
            Shop::open(stack, self.customers).await.map(Arc::new)
        };
        self.embedded.get_or_try_init(make).await.map(Arc::clone)
    }

    async fn raw_database(&self) -> BenchResult<Arc<RawDatabase>> {
        let shop = self.shop_on_servers().await?;
        let make = async || RawDatabase::prepare(&shop).await.map(Arc::new);
        self.raw.get_or_try_init(make).await.map(Arc::clone)
    }
}
